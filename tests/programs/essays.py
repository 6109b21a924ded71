"""A small program with sub-agents in two stages, declared with public parts only."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

from attrs import evolve, field, frozen

from coachwork.errors import ValidationError
from coachwork.machine import Machine, Row
from coachwork.programs import (
    ActionType,
    Agent,
    AgentRuns,
    Done,
    Moment,
    Program,
    Scope,
    agent_actions,
)

NOON: Final = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)


class Phase(StrEnum):
    """How far the essay is."""

    TALK = "TALK"
    WRITING = "WRITING"
    READY = "READY"
    PRINTED = "PRINTED"
    FAILED = "FAILED"


class Event(StrEnum):
    """What happens to it."""

    WRITE = "write"
    WRITTEN = "written"
    FAIL = "fail"
    PRINT = "print"


def _not_empty(_instance: object, _attribute: object, value: str) -> None:
    if not value:
        raise ValidationError("text", "a text that is not empty")


@frozen
class Section:
    """What an agent writes."""

    text: str = field(validator=_not_empty)


@frozen
class Part:
    """A section as the essay keeps it.

    Attributes:
        agent: Who wrote it.
        text: What it says.
        version: How often it was written.
    """

    agent: str
    text: str
    version: int


@frozen
class Essay:
    """The state."""

    phase: Phase = Phase.TALK
    subject: str = ""
    runs: AgentRuns = field(factory=AgentRuns)
    parts: tuple[Part, ...] = ()
    version: int = 0
    failures: int = 0


def _became(old: Essay, to: Phase, _now: datetime, _given: None) -> Essay:
    return evolve(old, phase=to)


PHASES: Final = Machine[Essay, Phase, Event, None, Any](
    name="essay",
    states=Phase,
    events=Event,
    initial=(Phase.TALK,),
    ends=(Phase.PRINTED, Phase.FAILED),
    state=attrgetter("phase"),
    table={
        Phase.TALK: {Event.WRITE: Row(Phase.WRITING, _became)},
        Phase.WRITING: {
            Event.WRITTEN: Row(Phase.READY, _became),
            Event.FAIL: Row(Phase.FAILED, _became),
        },
        Phase.READY: {Event.PRINT: Row(Phase.PRINTED, _became)},
        Phase.PRINTED: {},
        Phase.FAILED: {},
    },
)


def _told(state: Essay) -> str:
    known = "".join(f" {part.agent}: {part.text}" for part in state.parts)
    return f"Write about {state.subject}.{known}"


AGENTS: Final = (
    Agent[Essay](name="facts", prompt=_told, result=Section, timeout=20, attempts=2, losses=3),
    Agent[Essay](name="style", prompt=_told, result=Section, required=False, attempts=1),
    Agent[Essay](name="text", prompt=_told, result=Section, stage=2, model="large"),
)


@frozen
class Write:
    """Let it be written.

    Attributes:
        subject: What about.
    """

    subject: str


def write(state: Essay, given: Write, moment: Moment) -> Done[Essay]:
    """Ask for all agents."""
    state = evolve(state, subject=given.subject, runs=state.runs.waiting(AGENTS))
    return Done(PHASES.move(state, Event.WRITE, moment.now).value, "asked for it")


@frozen
class Print:
    """Print it."""


def print_(state: Essay, _given: Print, moment: Moment) -> Done[Essay]:
    """Move along the table."""
    return Done(PHASES.move(state, Event.PRINT, moment.now).value, "printed")


def _put(state: Essay, runs: AgentRuns) -> Essay:
    return evolve(state, runs=runs)


def _moved(state: Essay, moment: Moment) -> Essay:
    """Move on where nobody is waited for."""
    if state.phase is not Phase.WRITING or not state.runs.is_finished(AGENTS):
        return state
    return PHASES.move(state, Event.WRITTEN, moment.now).value


def _taken(state: Essay, agent: Agent[Essay], result: Section, moment: Moment) -> Essay:
    """Put a section in its place."""
    old = {part.agent: part for part in state.parts}
    version = old[agent.name].version + 1 if agent.name in old else 1
    old[agent.name] = Part(agent.name, result.text, version)
    return _moved(evolve(state, parts=tuple(old.values()), version=state.version + 1), moment)


def _failed(state: Essay, agent: Agent[Essay], moment: Moment) -> Essay:
    """Count the failure; fail with an agent that nothing goes on without."""
    state = evolve(state, failures=state.failures + 1)
    if agent.name in state.runs.failed_required(AGENTS) and state.phase is Phase.WRITING:
        return PHASES.move(state, Event.FAIL, moment.now).value
    return _moved(state, moment)


ESSAY: Final = Program(
    id="essay",
    state=Essay,
    phases=PHASES,
    prompt=_told,
    scope=Scope.SESSION,
    actions=(
        ActionType(Write, write, [Phase.TALK]),
        ActionType(Print, print_, [Phase.READY], "user"),
        *agent_actions(
            AGENTS,
            attrgetter("runs"),
            _put,
            _taken,
            phases=[Phase.WRITING, Phase.READY],
            failed=_failed,
        ),
    ),
    agents=AGENTS,
    runs=attrgetter("runs"),
)
