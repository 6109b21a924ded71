"""What programs leave behind."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve
from hypothesis import given

from coachwork.actions import ActionStatus, Audit, Component, RefusalCode, Sender
from coachwork.plain import from_plain, to_json
from coachwork.programs import Moment, Program, Progress, Scope, read_state
from coachwork.programs.identity import (
    IDENTITY,
    CoachState,
    IdentityStatus,
    Phase,
    Question,
    QuestionStatus,
)
from coachwork.testing import strategies as st
from coachwork.testing.strategies._diary import PROGRAMS
from coachwork.testing.strategies._programs import parts_of_programs
from tests.drawn import few, reaches, some
from tests.programs.identity.invariants import broken_by

BY_ID: Final[dict[str, Program[Any]]] = {program.id: program for program in (*PROGRAMS, IDENTITY)}


@few
@given(progress=st.progresses())
def test_a_state_is_one_of_its_program(progress: Progress) -> None:
    """It can be read, is in the phase that is told of it, and knows whose it is."""
    program = BY_ID[progress.program]
    state = read_state(program, progress)
    assert program.phase(state) == progress.phase
    assert progress.begun_at <= progress.updated_at
    assert progress.audits > 0
    assert (progress.subject is not None) == (program.scope is Scope.SESSION)


@few
@given(audit=st.audits())
def test_an_audit_tells_of_one_reply_or_click(audit: Audit) -> None:
    """A click is one action; ids begin with the audit's, and a reason stands for a refusal."""
    assert audit.sender is Sender.COACH or (len(audit.actions), audit.answers) == (1, None)
    for number, action in enumerate(audit.actions, 1):
        assert action.id == f"{audit.id}.{number}"
        assert (action.code is None) == (action.status is ActionStatus.APPLIED)
    assert audit.phase in BY_ID[audit.program].phases.table


def test_they_reach_every_form() -> None:
    """States of all programs; actions of both senders, with every reason to refuse one."""
    reaches(st.progresses(), BY_ID, lambda progress: progress.program)
    reaches(st.progresses(), told=lambda progress: progress.scenario is None)
    reaches(st.audits(), Sender, lambda audit: audit.sender)
    reaches(st.audits(), told=lambda audit: audit.excess > 0)
    reaches(st.audits(), told=lambda audit: audit.answers is None)
    reaches(st.actions(), told=lambda action: action.component is None)
    reaches(st.actions(), [None, *RefusalCode], lambda action: action.code)


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


@few
@given(moment=st.moments())
def test_a_moment_answers_another_id_each_time(moment: Moment) -> None:
    """So that an application can test its actions with it."""
    assert len({moment.new_id() for _ in range(3)}) == 3


@few
@given(component=st.components())
def test_a_component_has_a_plain_form(component: Component) -> None:
    """It goes out and comes back."""
    assert from_plain(to_json(component), Component) == component


def test_components_and_buttons_reach_every_form() -> None:
    """With buttons and without; with parameters and without."""
    reaches(st.components(), told=lambda component: bool(component.buttons))
    reaches(st.buttons(), told=lambda button: bool(button.parameters))


def test_the_parts_of_programs() -> None:
    """Everything that a program is worked on with can be drawn by itself."""
    for kind, strategy in parts_of_programs().items():
        assert all(type(part) is kind for part in some(strategy, 5))
