"""Going from one phase to another, as an action."""

from __future__ import annotations

import pytest

from coachwork.actions import Component, RefusalCode, Sender
from coachwork.programs.identity import Category, Phase, QuestionStatus
from tests.programs.identity.people import (
    ACCEPTED,
    COMPLETED,
    CREATION,
    INTEGRATED,
    INTEGRATION,
    KNOWING,
    REFINED,
    REFINEMENT,
    applied,
    bad,
    coach_state,
    identity,
    question,
    refused,
)

READY = {
    KNOWING: coach_state(KNOWING, asked_questions=(question("Who?", QuestionStatus.DECLINED),)),
    CREATION: coach_state(CREATION, *(identity(one.title(), category=one) for one in Category)),
    REFINEMENT: coach_state(REFINEMENT, identity("One", REFINED), identity("Two", INTEGRATED)),
    INTEGRATION: coach_state(INTEGRATION, identity("One", INTEGRATED)),
}
"""In each phase a state that may go on."""


@pytest.mark.parametrize(
    "phase, to",
    [
        (KNOWING, CREATION),
        (CREATION, REFINEMENT),
        (CREATION, KNOWING),
        (REFINEMENT, INTEGRATION),
        (REFINEMENT, CREATION),
        (REFINEMENT, KNOWING),
        (INTEGRATION, COMPLETED),
        (INTEGRATION, REFINEMENT),
        (INTEGRATION, CREATION),
        (INTEGRATION, KNOWING),
    ],
)
@pytest.mark.parametrize("sender", [Sender.COACH, Sender.USER])
def test_a_phase_is_entered(phase: Phase, to: Phase, sender: Sender) -> None:
    """Forward where nothing is open, and back; both may do it, and it is shown."""
    state, action = applied(READY[phase], "transition_phase", sender, to=to.value)
    assert state.current_phase is to
    assert action.summary == f"went from {phase} to {to}"
    assert action.component == Component(kind="phase", data={"from": phase.value, "to": to.value})


def test_entering_has_its_effects() -> None:
    """What the table names is carried out."""
    state, _ = applied(READY[CREATION], "transition_phase", to="IDENTITY_REFINEMENT")
    assert {one.status for one in state.identities} == {ACCEPTED}
    assert state.current_identity == "i-passions"


@pytest.mark.parametrize(
    "phase, to, possible",
    [
        (KNOWING, KNOWING, "IDENTITY_CREATION"),
        (KNOWING, COMPLETED, "IDENTITY_CREATION"),
        (CREATION, INTEGRATION, "IDENTITY_REFINEMENT, GET_TO_KNOW_YOU"),
    ],
)
def test_where_the_table_does_not_lead_nobody_goes(phase: Phase, to: Phase, possible: str) -> None:
    """The reason tells where it does."""
    why = refused(READY[phase], "transition_phase", to=to.value)
    assert why == f"from {phase} it can go to {possible}, not to {to}"


def test_what_is_open_is_told() -> None:
    """The reasons of all guards that refuse."""
    assert refused(coach_state(KNOWING), "transition_phase", to=CREATION.value) == (
        "no question was asked yet"
    )
    why = refused(coach_state(REFINEMENT), "transition_phase", to=INTEGRATION.value)
    assert why == "there is no identity"
    state = coach_state(INTEGRATION, identity("One", REFINED))
    assert refused(state, "transition_phase", to=COMPLETED.value) == 'not yet integrated: "One"'


def test_what_is_completed_stays_so() -> None:
    """No action is allowed any more."""
    state = coach_state(COMPLETED)
    refused(state, "transition_phase", code=RefusalCode.WRONG_PHASE, to=INTEGRATION.value)
    assert bad(coach_state(), "transition_phase", to="completed").startswith(
        "transition_phase: to: expected one of"
    )
