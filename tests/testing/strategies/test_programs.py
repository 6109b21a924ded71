"""What programs leave behind."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import given

from coachwork.actions import ActionStatus, Audit, Sender
from coachwork.programs import Moment, Program, Progress, Scope, read_state
from coachwork.programs.identity import IDENTITY
from coachwork.programs.plan import PLAN
from coachwork.testing import strategies as st
from coachwork.testing.strategies._diary import PROGRAMS
from coachwork.testing.strategies._programs import parts_of_programs
from tests.drawn import few, reaches, some

BY_ID: Final[dict[str, Program[Any]]] = {
    program.id: program for program in (*PROGRAMS, IDENTITY, PLAN)
}


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
    reaches(st.audits(), told=lambda audit: audit.answers is None)
    reaches(st.actions(), told=lambda action: action.component is None)


@few
@given(moment=st.moments())
def test_a_moment_answers_another_id_each_time(moment: Moment) -> None:
    """So that an application can test its actions with it."""
    assert len({moment.new_id() for _ in range(3)}) == 3


def test_the_parts_of_programs() -> None:
    """Everything that a program is worked on with can be drawn by itself."""
    for kind, strategy in parts_of_programs().items():
        assert all(type(part) is kind for part in some(strategy, 5))
