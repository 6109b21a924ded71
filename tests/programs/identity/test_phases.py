"""The phases' table: its rows, its guards with their reasons, and what entering has for effects."""

from __future__ import annotations

from typing import Final

import pytest
from attrs import evolve

from coachwork.machine import Moved, Refused
from coachwork.programs.identity import (
    EVENT_TO,
    PHASES,
    Category,
    CoachState,
    Phase,
    PhaseEffect,
    PhaseEvent,
    QuestionStatus,
)
from coachwork.programs.identity._phases import entered, move_on
from tests.programs.identity.people import (
    ACCEPTED,
    ARCHIVED,
    COMPLETED,
    CREATION,
    INTEGRATED,
    INTEGRATION,
    KNOWING,
    LATER,
    PROPOSED,
    REFINED,
    REFINEMENT,
    coach_state,
    identity,
    question,
)

TABLE: Final[dict[Phase, dict[Phase, tuple[str, ...]]]] = {
    KNOWING: {CREATION: ("a question was asked", "every question is answered or declined")},
    CREATION: {REFINEMENT: ("every category has an identity or is skipped",), KNOWING: ()},
    REFINEMENT: {
        INTEGRATION: ("there is an identity", "every identity is refined"),
        CREATION: (),
        KNOWING: (),
    },
    INTEGRATION: {
        COMPLETED: ("there is an identity", "every identity is integrated"),
        REFINEMENT: (),
        CREATION: (),
        KNOWING: (),
    },
    COMPLETED: {},
}
"""Where each phase leads, and who guards it, copied by hand."""


def enter(state: CoachState, phase: Phase) -> CoachState:
    """Return the state after entering a phase, with all effects."""
    answer = PHASES.step(state, EVENT_TO[phase], LATER)
    assert isinstance(answer, Moved), answer
    return entered(answer.value, answer.effects, LATER)


def reasons(state: CoachState, phase: Phase) -> tuple[tuple[str, str], ...]:
    """Return the guards that refuse, with their reasons."""
    answer = PHASES.step(state, EVENT_TO[phase], LATER)
    assert isinstance(answer, Refused), answer
    assert not answer.impossible
    return answer.reasons


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("to", Phase)
def test_the_table_is_as_it_should_be(phase: Phase, to: Phase) -> None:
    """It goes on by one phase, and back by as many as one likes, until it is completed."""
    row = PHASES.table[phase].get(EVENT_TO[to])
    if to in TABLE[phase]:
        assert row is not None
        assert row.to is to
        assert tuple(guard.name for guard in row.guards) == TABLE[phase][to]
        assert row.effects[-1] is PhaseEffect.MOVE_ON
    else:
        assert row is None


def test_each_phase_has_an_event() -> None:
    """And no two have the same."""
    assert set(EVENT_TO) == set(Phase)
    assert set(EVENT_TO.values()) == set(PhaseEvent)
    assert PHASES.initial == (KNOWING,)
    assert PHASES.ends == (COMPLETED,)


# --- guards ----------------------------------------------------------------------------------


def test_nobody_is_known_who_was_asked_nothing() -> None:
    """A question has to be asked."""
    assert reasons(coach_state(KNOWING), CREATION) == (
        ("a question was asked", "no question was asked yet"),
    )


def test_a_question_waits_for_its_answer() -> None:
    """Each question is answered or declined before it goes on."""
    asked = tuple(question(status, status) for status in QuestionStatus)
    state = coach_state(KNOWING, asked_questions=asked)
    assert reasons(state, CREATION) == (
        (
            "every question is answered or declined",
            "questions neither answered nor declined: 1",
        ),
    )
    assert enter(evolve(state, asked_questions=asked[1:]), CREATION).current_phase is CREATION


def test_a_category_waits_for_an_identity() -> None:
    """The reason names those that have none and are not skipped."""
    most = [one for one in Category if one not in {Category.GOALS, Category.CREATIVITY}]
    state = coach_state(
        CREATION,
        *(identity(one.title(), category=one) for one in most),
        identity("Gone", ARCHIVED, Category.GOALS),
    )
    assert reasons(state, REFINEMENT) == (
        (
            "every category has an identity or is skipped",
            "neither an identity nor skipped: GOALS, CREATIVITY",
        ),
    )
    skipped = evolve(state, skipped_identity_categories=(Category.GOALS, Category.CREATIVITY))
    assert enter(skipped, REFINEMENT).current_phase is REFINEMENT


def test_an_identity_waits_to_be_refined() -> None:
    """The reason names those that are not; integrated ones are, archived ones need not be."""
    state = coach_state(
        REFINEMENT,
        identity("Done", REFINED),
        identity("More", INTEGRATED),
        identity("Gone", ARCHIVED),
        identity("Open", ACCEPTED),
        identity("New", PROPOSED),
    )
    assert reasons(state, INTEGRATION) == (
        ("every identity is refined", 'not yet refined: "Open", "New"'),
    )
    ready = evolve(state, identities=state.identities[:3])
    assert enter(ready, INTEGRATION).current_phase is INTEGRATION


def test_an_identity_waits_to_be_integrated() -> None:
    """The reason names those that are not, and counts what is too many to name."""
    done = (identity("Done", INTEGRATED), identity("Gone", ARCHIVED))
    waiting = [identity(f"No{number}", REFINED) for number in range(7)]
    state = coach_state(INTEGRATION, *done, *waiting)
    assert reasons(state, COMPLETED) == (
        (
            "every identity is integrated",
            'not yet integrated: "No0", "No1", "No2", "No3", "No4" and 2 more',
        ),
    )
    five = evolve(state, identities=(*done, *waiting[:5]))
    assert reasons(five, COMPLETED)[0][1].endswith('"No4"')
    assert enter(evolve(state, identities=done), COMPLETED).current_phase is COMPLETED


@pytest.mark.parametrize("phase, to", [(REFINEMENT, INTEGRATION), (INTEGRATION, COMPLETED)])
def test_where_everything_was_set_aside_it_does_not_go_on(phase: Phase, to: Phase) -> None:
    """There has to be an identity to go on with."""
    assert reasons(coach_state(phase, identity("Gone", ARCHIVED)), to) == (
        ("there is an identity", "there is no identity"),
    )


# --- effects ---------------------------------------------------------------------------------


def test_entering_refinement_accepts_what_is_proposed() -> None:
    """And the oldest one that is not yet refined becomes the current one."""
    everything = [*(one for one in Category if one is not Category.PASSIONS)]
    state = coach_state(
        CREATION,
        identity("Done", REFINED),
        identity("Gone", ARCHIVED),
        identity("New"),
        identity("Old", ACCEPTED),
        skipped_identity_categories=tuple(everything),
        proposed_identity="i-new",
    )
    after = enter(state, REFINEMENT)
    assert [one.status for one in after.identities] == [REFINED, ARCHIVED, ACCEPTED, ACCEPTED]
    assert after.identities[2].updated_at == LATER
    assert after.identities[3] is state.identities[3]
    assert after.proposed_identity is None
    assert after.current_identity == "i-new"


def test_entering_integration_turns_to_the_oldest_refined_one() -> None:
    """Whatever was current before."""
    state = coach_state(
        REFINEMENT,
        identity("Done", INTEGRATED),
        identity("One", REFINED),
        identity("Two", REFINED),
        current_identity=None,
    )
    assert enter(state, INTEGRATION).current_identity == "i-one"


def test_entering_completion_leaves_no_current_identity() -> None:
    """There is nothing left to work on."""
    state = coach_state(INTEGRATION, identity("Done", INTEGRATED), current_identity="i-done")
    assert enter(state, COMPLETED).current_identity is None


@pytest.mark.parametrize("phase", [REFINEMENT, INTEGRATION])
def test_going_back_to_creation_turns_to_what_is_open(phase: Phase) -> None:
    """The focus goes to an open category, and nothing is current any more."""
    state = coach_state(
        phase,
        identity("Runner", REFINED, Category.PASSIONS),
        identity("Honest", REFINED, Category.VALUES),
        current_identity="i-runner",
    )
    after = enter(state, CREATION)
    assert after.identity_focus is Category.STRENGTHS
    assert (after.current_identity, after.proposed_identity) == (None, None)
    assert after.identities == state.identities


def test_entering_creation_turns_to_what_is_open() -> None:
    """After going back, something may have an identity already."""
    state = coach_state(
        KNOWING,
        identity("Runner", category=Category.PASSIONS),
        asked_questions=(question("Who?", QuestionStatus.DECLINED),),
    )
    after = enter(state, CREATION)
    assert after.identity_focus is Category.VALUES
    assert after.proposed_identity == "i-runner"


def test_the_focus_stays_where_it_is_open_or_where_nothing_is() -> None:
    """A focus that still makes sense is kept."""
    there = coach_state(REFINEMENT, identity_focus=Category.CAREER)
    assert enter(there, CREATION).identity_focus is Category.CAREER
    skipped = tuple(one for one in Category if one is not Category.CAREER)
    full = coach_state(
        REFINEMENT,
        identity("Boss", category=Category.CAREER),
        identity_focus=Category.CAREER,
        skipped_identity_categories=skipped,
    )
    assert enter(full, CREATION).identity_focus is Category.CAREER


def test_going_back_to_refinement_turns_to_what_is_accepted() -> None:
    """What is refined stays so, and needs not be refined again."""
    state = coach_state(
        INTEGRATION, identity("Done", REFINED), identity("More", INTEGRATED), current_identity="x"
    )
    after = enter(state, REFINEMENT)
    assert after.current_identity is None
    assert after.identities == state.identities


@pytest.mark.parametrize("phase", [CREATION, REFINEMENT, INTEGRATION])
def test_going_back_to_getting_to_know_somebody_lets_go(phase: Phase) -> None:
    """Nothing is being proposed or worked on there."""
    state = coach_state(phase, identity("New"), proposed_identity="i-new", current_identity="i-new")
    after = enter(state, KNOWING)
    assert (after.current_identity, after.proposed_identity) == (None, None)
    assert after.identities == state.identities


def test_the_work_stays_with_what_is_pending() -> None:
    """It moves on only from what is not: to the oldest one, or to none."""
    one, two, done = identity("One", ACCEPTED), identity("Two", ACCEPTED), identity("Done", REFINED)
    for current, then in [("i-two", "i-two"), ("i-done", "i-one"), (None, "i-one")]:
        state = coach_state(REFINEMENT, done, one, two, current_identity=current)
        assert move_on(state, LATER).current_identity == then
    state = coach_state(REFINEMENT, done, current_identity="i-done")
    assert move_on(state, LATER).current_identity is None


def test_what_is_being_proposed_moves_on_likewise() -> None:
    """In creation the proposed one moves on, and nothing is current."""
    one, two = identity("One"), identity("Two")
    state = coach_state(CREATION, one, two, proposed_identity="i-two", current_identity="i-one")
    after = move_on(state, LATER)
    assert (after.proposed_identity, after.current_identity) == ("i-two", None)
    gone = evolve(state, identities=(one, evolve(two, status=ACCEPTED)))
    assert move_on(gone, LATER).proposed_identity == "i-one"
