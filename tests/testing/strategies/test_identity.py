"""Identity coaching that can come to be."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given

from coachwork.programs.identity import (
    CoachState,
    IdentityStatus,
    Phase,
    Question,
    QuestionStatus,
)
from coachwork.testing import strategies as st
from coachwork.testing.strategies._programs import parts_of_programs
from tests.drawn import few, reaches
from tests.programs.identity.invariants import broken_by


@few
@given(state=st.coach_states())
def test_what_must_hold_of_a_coach_state_holds(state: CoachState) -> None:
    """It was played from its beginning; what a coach who spoke first noted, no message led to."""
    told = tuple(
        question
        if question.status is QuestionStatus.OPEN or question.message is not None
        else evolve(question, message="s-1.1")
        for question in state.asked_questions
    )
    assert not broken_by(evolve(state, asked_questions=told))


def test_coaching_reaches_every_form() -> None:
    """All phases, identities in all states, joined ones, and questions whatever became of them."""
    reaches(st.coach_states(), Phase, lambda state: state.current_phase)
    missing: set[str] = {*IdentityStatus, "combined", "nested"}

    def all_seen(state: CoachState) -> bool:
        for one in state.identities:
            missing.discard(one.status)
            missing.discard("" if one.combined_into is None else "combined")
            missing.discard("" if one.nested_under is None else "nested")
        return not missing

    reaches(st.coach_states(), [True], all_seen)
    reaches(st.identities(), told=lambda identity: identity.status is IdentityStatus.PROPOSED)
    answered = [QuestionStatus.ANSWERED, QuestionStatus.DECLINED]
    reaches(parts_of_programs()[Question], answered, lambda question: question.status)
