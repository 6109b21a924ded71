"""How actions find and change things."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachwork.actions import Component
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.identity import CoachState, IdentityEvent
from coachwork.programs.identity._changing import (
    added,
    done,
    found,
    living,
    named,
    replaced,
    stepped,
)
from coachwork.programs.identity._room import MAX_WEIGHT
from tests.programs.identity.people import (
    ACCEPTED,
    ARCHIVED,
    CREATION,
    LATER,
    REFINED,
    REFINEMENT,
    coach_state,
    identity,
)
from tests.specimens import NOON

MOMENT = Moment(LATER, lambda: "new")
RUNNER = identity("Runner")
GONE = identity("Gone", ARCHIVED)
STATE = coach_state(CREATION, GONE, RUNNER)
FULL = coach_state(CREATION, who_you_are=("x" * MAX_WEIGHT,))


def test_an_action_is_a_change_of_that_moment() -> None:
    """Summary and component come along; an instant never goes back."""
    shown = Component(kind="x")
    answer = done(STATE, MOMENT, "did it", shown)
    assert answer.state.updated_at == LATER
    assert (answer.summary, answer.component) == ("did it", shown)
    earlier = Moment(NOON - timedelta(days=1), lambda: "new")
    assert done(STATE, earlier, "did it").state.updated_at == NOON


def test_what_adds_needs_room() -> None:
    """What adds nothing does not."""
    assert isinstance(added(STATE, MOMENT, "did it"), Done)
    assert isinstance(added(FULL, MOMENT, "did it"), Refusal)
    assert isinstance(done(FULL, MOMENT, "did it"), Done)


@pytest.mark.parametrize("reference", ["i-runner", "Runner", "RUNNER", "  runner "])
def test_an_identity_is_found_by_id_or_name(reference: str) -> None:
    """A name is found whatever its case and its blanks."""
    assert found(STATE, reference) is RUNNER
    assert living(STATE, reference) is RUNNER


def test_an_id_comes_before_a_name() -> None:
    """Nobody hides an identity by calling another one like its id."""
    liar = identity("i-runner", id="i-2")
    assert found(coach_state(CREATION, liar, RUNNER), "i-runner") is RUNNER


def test_what_is_archived_is_found_by_id_alone() -> None:
    """Its name is free for another one."""
    assert found(STATE, "i-gone") is GONE
    assert living(STATE, "i-gone") == Refusal('"Gone" is archived')
    assert found(STATE, "Gone") == Refusal('there is no identity "Gone"')
    assert named(STATE, "gone") is None


def test_what_is_not_there_is_not_found() -> None:
    """The refusal quotes what was asked for."""
    assert found(STATE, "Swim\nmer") == Refusal('there is no identity "Swim\\nmer"')
    assert living(STATE, "x") == Refusal('there is no identity "x"')


def test_an_identity_keeps_its_place() -> None:
    """Changed ones stand where they stood."""
    other = identity("Runner", ACCEPTED)
    assert replaced(STATE, other).identities == (GONE, other)
    assert replaced(STATE).identities == STATE.identities


def test_a_step_is_one_of_the_table_and_the_work_moves_on() -> None:
    """The identity may bring other changes along."""
    one, two = identity("One", ACCEPTED), identity("Two", ACCEPTED)
    state = coach_state(REFINEMENT, one, two, current_identity="i-one")
    changed = identity("One", ACCEPTED, statement="I am one")
    after = stepped(state, changed, IdentityEvent.REFINE, LATER)
    assert isinstance(after, CoachState)
    assert after.identities[0].statement == "I am one"
    assert after.identities[0].status is REFINED
    assert after.current_identity == "i-two"


@pytest.mark.parametrize(
    "status, event, why",
    [
        ("accepted", IdentityEvent.ACCEPT, '"Runner" is accepted; possible is refine, archive'),
        ("archived", IdentityEvent.REFINE, '"Runner" is archived; possible is nothing any more'),
    ],
)
def test_a_step_that_is_none_is_refused(status: str, event: IdentityEvent, why: str) -> None:
    """The refusal tells how far the identity is, and what is possible."""
    runner = identity("Runner", {"accepted": ACCEPTED, "archived": ARCHIVED}[status])
    assert stepped(coach_state(CREATION, runner), runner, event, LATER) == Refusal(why)
