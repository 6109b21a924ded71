"""Sub-agents of a program: who is to be asked for what, and how far each of them is.

The theory
    An *agent* is a question to a model that is no part of the talk: what it is told is made from
    the state, and its answer goes into the state. Agents have *stages*: those of one stage run side
    by side, the next stage waits until the one before it is finished.

    How far each agent is stands in the program's state, as `AgentRuns`, and changes by actions
    alone (`coachwork.programs.agent_actions`), each written in one commit with the state. So a
    crash loses an attempt at most: a run that is not heard of in time may be begun again, and a
    late answer is refused by the number of its run. What has succeeded is never begun again unless
    somebody asks for it (brief, section 7).

    Lost runs are counted by themselves, beside the failures: a deploy that ends ten processes is no
    fault of an agent. But one that takes its process with it each time would be run without end,
    so there may be a number of them only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from attrs import evolve, field, frozen

from coachwork.errors import ValidationError
from coachwork.messages import NO_USAGE, Usage
from coachwork.plain import json_schema

S = TypeVar("S")

MAX_AGENT: Final = 64
"""The most characters of an agent's name."""

MAX_ATTEMPTS: Final = 100
"""The most failed attempts that may be allowed."""

MAX_LOSSES: Final = 100
"""The most lost runs that may be allowed."""

LOST: Final = "LOST"
"""The code of the failure of an agent of which too many runs were lost."""


class AgentStatus(StrEnum):
    """How far an agent is."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@frozen(kw_only=True, eq=False)
class Agent(Generic[S]):
    """A sub-agent of a program: what it is told, and what it is to answer.

    Attributes:
        name: Its name, at most `MAX_AGENT` of a-z, 0-9 and _, a letter first.
        prompt: All that it is told: a pure function of the state.
        result: The class of its answer (attrs, dataclass, TypedDict ...).
        stage: When it runs: stages in ascending order, the agents of one stage side by side.
        required: Whether the others wait for its success; else they go on where it has failed.
        timeout: How many seconds one attempt may take.
        attempts: After how many failed attempts it has failed.
        losses: After how many lost runs it has failed, with the code `LOST`: runs that were begun
            and not heard of in time, since their process died or was too slow.
        model: The name of the model that is to be asked, or None for the port's own.
        description: What it does, in a sentence, for people.

    Raises:
        ValidationError: A field is not what it should be; it names the field.
        MisuseError: The class of the answer has no plain form.
    """

    name: str
    prompt: Callable[[S], str] = field(repr=False)
    result: type[Any]
    stage: int = 1
    required: bool = True
    timeout: float = 60.0
    attempts: int = 3
    losses: int = 10
    model: str | None = None
    description: str = ""

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        if not is_agent_name(self.name):
            raise ValidationError(
                "agent.name", f"at most {MAX_AGENT} of a-z, 0-9 and _, a letter first"
            )
        where = f"agent {self.name!r}"
        if not callable(self.prompt):
            raise ValidationError(f"{where}.prompt", "a function")
        if type(self.stage) is not int or self.stage < 1:
            raise ValidationError(f"{where}.stage", "a whole number from 1 on")
        if not _is_a(self.required, bool):
            raise ValidationError(f"{where}.required", "True or False")
        if type(self.timeout) not in {int, float} or not 0 < self.timeout <= _MOST_SECONDS:
            raise ValidationError(f"{where}.timeout", "a number of seconds, up to a day")
        for field_, number, most in (
            ("attempts", self.attempts, MAX_ATTEMPTS),
            ("losses", self.losses, MAX_LOSSES),
        ):
            if type(number) is not int or not 1 <= number <= most:
                raise ValidationError(f"{where}.{field_}", f"a whole number from 1 to {most}")
        if not (self.model is None or _is_a(self.model, str)):
            raise ValidationError(f"{where}.model", "a text or None")
        if not _is_a(self.description, str):
            raise ValidationError(f"{where}.description", "a text")
        # What can be described can be read: a class without a plain form is an error here.
        json_schema(self.result)


@frozen
class AgentRun:
    """How far one agent is.

    Attributes:
        agent: Its name.
        status: How far it is.
        run: How often it was begun; an answer of an earlier run is refused.
        failures: How many attempts have failed since it was last asked for.
        until: While it is running: when it is taken for lost (UTC), and may be begun again; while
            it waits: when it may be begun at the earliest, or None: at once.
        error: The code of its last failure since it was last asked for, or None.
        successes: How often its answer was taken.
        usage: What all its runs have cost that were heard of.
        lost: How many runs were not heard of in time since it was last asked for.
    """

    agent: str
    status: AgentStatus = AgentStatus.WAITING
    run: int = 0
    failures: int = 0
    until: datetime | None = None
    error: str | None = None
    successes: int = 0
    usage: Usage = NO_USAGE
    lost: int = 0


@frozen
class AgentRuns:
    """How far the agents of a program are; an agent that is not listed is waiting.

    Attributes:
        runs: One for each agent that was begun or asked for, in that order.
    """

    runs: tuple[AgentRun, ...] = ()

    def of(self, name: str) -> AgentRun:
        """Return how far the agent of that name is."""
        return next((run for run in self.runs if run.agent == name), AgentRun(name))

    def due(self, agents: Sequence[Agent[Any]], now: datetime) -> tuple[str, ...]:
        """Return the names of those that may be begun now, in the order of *agents*.

        They are of the lowest stage that is not finished, and wait, or are taken for lost.
        """
        open_ = [agent.stage for agent in agents if not self._is_settled(agent)]
        return tuple(
            agent.name
            for agent in agents
            if open_ and agent.stage == min(open_) and self._may_begin(agent.name, now)
        )

    def waiting(self, agents: Iterable[Agent[Any]]) -> AgentRuns:
        """Return the same where all *agents* are asked for, whatever became of them before."""
        runs = self
        for agent in agents:
            runs = runs.again(agent.name)
        return runs

    def again(self, name: str) -> AgentRuns:
        """Return the same where the agent of that name is asked for anew."""
        run = self.of(name)
        return self._with(AgentRun(name, run=run.run, successes=run.successes, usage=run.usage))

    def begun(self, name: str, until: datetime) -> AgentRuns:
        """Return the same where that agent has begun another run, and has time *until* then.

        Where one is running it is lost, and counted as that.
        """
        run = self.of(name)
        lost = run.lost + (run.status is AgentStatus.RUNNING)
        return self._with(
            evolve(run, status=AgentStatus.RUNNING, run=run.run + 1, until=until, lost=lost)
        )

    def is_given_up(self, agent: Agent[Any], now: datetime) -> bool:
        """Whether the run of *agent* is lost *now*, and no other one is to be begun.

        It is the last one that may be lost; what is left is to count it (see `given_up`).
        """
        run = self.of(agent.name)
        running = run.status is AgentStatus.RUNNING and self._may_begin(agent.name, now)
        return running and run.lost + 1 >= agent.losses

    def given_up(self, agent: Agent[Any]) -> AgentRuns:
        """Return the same where *agent* has failed, whatever its attempts, for its run is lost."""
        run = self.of(agent.name)
        return self._with(
            evolve(
                run,
                status=AgentStatus.FAILED,
                failures=run.failures + 1,
                until=None,
                error=LOST,
                lost=run.lost + 1,
            )
        )

    def succeeded(self, name: str, usage: Usage = NO_USAGE) -> AgentRuns:
        """Return the same where the answer of that agent was taken, which cost *usage*."""
        run = self.of(name)
        return self._with(
            evolve(
                run,
                status=AgentStatus.SUCCEEDED,
                until=None,
                error=None,
                successes=run.successes + 1,
                usage=run.usage + usage,
            )
        )

    def failed(
        self,
        agent: Agent[Any],
        code: str,
        usage: Usage = NO_USAGE,
        until: datetime | None = None,
    ) -> AgentRuns:
        """Return the same where an attempt of *agent* has failed, which cost *usage*.

        If it has another attempt it waits for that, *until* then at least.
        """
        run = self.of(agent.name)
        failures = run.failures + 1
        status = AgentStatus.FAILED if failures >= agent.attempts else AgentStatus.WAITING
        return self._with(
            evolve(
                run,
                status=status,
                failures=failures,
                until=until if status is AgentStatus.WAITING else None,
                error=code,
                usage=run.usage + usage,
            )
        )

    def is_finished(self, agents: Iterable[Agent[Any]]) -> bool:
        """Whether all required ones have succeeded, and all others succeeded or failed."""
        return all(self._is_settled(agent) for agent in agents)

    def failed_required(self, agents: Iterable[Agent[Any]]) -> tuple[str, ...]:
        """Return the names of the required ones that have failed."""
        return tuple(
            agent.name
            for agent in agents
            if agent.required and self.of(agent.name).status is AgentStatus.FAILED
        )

    def _is_settled(self, agent: Agent[Any]) -> bool:
        """Whether nobody waits for *agent*."""
        status = self.of(agent.name).status
        lost = not agent.required and status is AgentStatus.FAILED
        return lost or status is AgentStatus.SUCCEEDED

    def _may_begin(self, name: str, now: datetime) -> bool:
        """Whether the agent of that name waits, or is taken for lost, and its time has come."""
        run = self.of(name)
        is_open = run.status in {AgentStatus.WAITING, AgentStatus.RUNNING}
        return is_open and (run.until is None or run.until <= now)

    def _with(self, run: AgentRun) -> AgentRuns:
        """Return the same with *run* in the place of the agent's one, or at the end."""
        if all(old.agent != run.agent for old in self.runs):
            return AgentRuns((*self.runs, run))
        return AgentRuns(tuple(run if old.agent == run.agent else old for old in self.runs))


_MOST_SECONDS: Final = 24 * 60 * 60


def is_agent_name(name: object) -> bool:
    """Whether *name* can be the name of an agent."""
    fits = isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", name)
    return bool(fits) and len(str(name)) <= MAX_AGENT


def _is_a(value: object, kind: type) -> bool:
    """Like ``isinstance``, of something whose declared type may be wrong."""
    return isinstance(value, kind)
