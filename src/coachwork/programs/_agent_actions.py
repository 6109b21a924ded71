"""The actions by which sub-agents change a program's state; each is one entry of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from attrs import field, frozen

from coachwork.errors import ValidationError
from coachwork.messages import NO_USAGE, Usage
from coachwork.plain import from_plain
from coachwork.programs._agents import LOST, MAX_AGENT, Agent, AgentRun, AgentRuns, AgentStatus
from coachwork.programs._program import ActionType, Done, Moment, Refusal

S = TypeVar("S")

MAX_CODE: Final = 64
"""The most characters of the code of a failure."""

Hook: TypeAlias = Callable[[S, Agent[S], Moment], S]
"""What else changes when something becomes of an agent: given the state, it answers the next."""

Taken: TypeAlias = Callable[[S, Agent[S], Any, Moment], S]
"""Takes an agent's answer, an instance of `Agent.result`: given the state, it answers the next."""


def _name(_instance: object, _attribute: object, value: str) -> None:
    if not 0 < len(value) <= MAX_AGENT:
        raise ValidationError("agent", f"1 to {MAX_AGENT} characters")


def _code(_instance: object, _attribute: object, value: str) -> None:
    if not 0 < len(value) <= MAX_CODE:
        raise ValidationError("code", f"1 to {MAX_CODE} characters")


@frozen
class BeginAgent:
    """Begin another run of an agent.

    Attributes:
        agent: The agent's name.
        run: The number of the run, one more than that of the run before.
        until: When the run is taken for lost (UTC).
    """

    agent: str = field(validator=_name)
    run: int
    until: datetime


@frozen
class FinishAgent:
    """Take the answer of an agent's run.

    Attributes:
        agent: The agent's name.
        run: The number of the run.
        result: The answer as plain data, of the form that the agent declares.
        usage: What it cost.
    """

    agent: str = field(validator=_name)
    run: int
    result: object = field(repr=False)
    usage: Usage = NO_USAGE


@frozen
class FailAgent:
    """Count a run of an agent that has failed.

    Attributes:
        agent: The agent's name.
        run: The number of the run.
        code: Why it failed; `LOST` of the last run that may be lost, and of no other.
        usage: What it cost all the same.
        until: When the agent may be begun again at the earliest (UTC), or None: at once.
    """

    agent: str = field(validator=_name)
    run: int
    code: str = field(validator=_code)
    usage: Usage = NO_USAGE
    until: datetime | None = None


@frozen
class RunAgentAgain:
    """Ask for an agent anew, and for it alone, whatever became of it before.

    Attributes:
        agent: The agent's name.
    """

    agent: str = field(validator=_name)


def agent_actions(
    agents: Sequence[Agent[S]],
    get: Callable[[S], AgentRuns],
    put: Callable[[S, AgentRuns], S],
    taken: Taken[S],
    *,
    phases: Iterable[StrEnum],
    again_phases: Iterable[StrEnum] | None = None,
    begun: Hook[S] | None = None,
    failed: Hook[S] | None = None,
    again: Hook[S] | None = None,
) -> tuple[ActionType[S, Any], ...]:
    """Return the four actions that a program with agents needs in its catalogue.

    Args:
        agents: The program's agents.
        get: Answers how far they are, of a state.
        put: Answers the state with that replaced.
        taken: Takes an agent's answer: it is given a state in which the agent has succeeded, and
            answers the next one.
        phases: The phases in which agents run: begin, and are heard of.
        again_phases: The phases in which the user may ask for one of them anew; those of *phases*
            where it is left out. Where that does not move on to one of *phases*, it should be one
            of them itself, or nothing will come of it.
        begun: What else changes when one has begun.
        failed: What else changes when an attempt has failed.
        again: What else changes when one is asked for anew.

    Returns:
        ``begin_agent``, ``finish_agent`` and ``fail_agent``, for agents alone, and
        ``run_agent_again``, for the user.
    """
    deeds = _Deeds({agent.name: agent for agent in agents}, agents, get, put)
    run_phases = frozenset(phases)
    asked = run_phases if again_phases is None else frozenset(again_phases)

    def begin(state: S, given: BeginAgent, moment: Moment) -> Done[S] | Refusal:
        return deeds.begin(state, given, moment, begun)

    def finish(state: S, given: FinishAgent, moment: Moment) -> Done[S] | Refusal:
        return deeds.finish(state, given, moment, taken)

    def fail(state: S, given: FailAgent, moment: Moment) -> Done[S] | Refusal:
        return deeds.fail(state, given, moment, failed)

    def run_again(state: S, given: RunAgentAgain, moment: Moment) -> Done[S] | Refusal:
        return deeds.again(state, given, moment, again)

    return (
        ActionType(BeginAgent, begin, run_phases, "agent"),
        ActionType(FinishAgent, finish, run_phases, "agent"),
        ActionType(FailAgent, fail, run_phases, "agent"),
        ActionType(RunAgentAgain, run_again, asked, "user"),
    )


@frozen
class _Deeds(Generic[S]):
    """What may become of an agent: the count is kept here, all else is the program's."""

    by_name: dict[str, Agent[S]]
    agents: Sequence[Agent[S]]
    get: Callable[[S], AgentRuns]
    put: Callable[[S, AgentRuns], S]

    def begin(
        self, state: S, given: BeginAgent, moment: Moment, hook: Hook[S] | None
    ) -> Done[S] | Refusal:
        """Begin a run, if the agent may be begun and nobody else was faster."""
        runs = self.get(state)
        if given.agent not in runs.due(self.agents, moment.now):
            return Refusal(f"{given.agent} is not to be begun now")
        if given.run != runs.of(given.agent).run + 1:
            return Refusal(f"the run {given.run} of {given.agent} is not the next")
        if runs.is_given_up(self.by_name[given.agent], moment.now):
            return Refusal(f"too many runs of {given.agent} were lost")
        state = self.put(state, runs.begun(given.agent, given.until))
        return self._done(state, given.agent, moment, hook, f"began {given.agent}")

    def finish(
        self, state: S, given: FinishAgent, moment: Moment, taken: Taken[S]
    ) -> Done[S] | Refusal:
        """Take an answer, if it is that of the run that is awaited."""
        runs = self.get(state)
        if not self._is_awaited(runs, given.agent, given.run):
            return _not_awaited(given)
        agent = self.by_name[given.agent]
        try:
            result = from_plain(given.result, agent.result)
        except ValidationError as fault:
            return Refusal(f"{agent.name}: {fault.field}: expected {fault.expected}")
        state = self.put(state, runs.succeeded(agent.name, given.usage))
        return Done(taken(state, agent, result, moment), f"{agent.name} has answered")

    def fail(
        self, state: S, given: FailAgent, moment: Moment, hook: Hook[S] | None
    ) -> Done[S] | Refusal:
        """Count a failure, if it is that of the run that is awaited.

        A run that is said to be lost has to be, and to be the last one that may be.
        """
        runs = self.get(state)
        if not self._is_awaited(runs, given.agent, given.run):
            return _not_awaited(given)
        agent = self.by_name[given.agent]
        if given.code != LOST:
            after = runs.failed(agent, given.code, given.usage, given.until)
        elif runs.is_given_up(agent, moment.now):
            after = runs.given_up(agent)
        else:
            return Refusal(f"the run {given.run} of {given.agent} is not to be given up")
        told = f"{given.agent} failed ({given.code})"
        return self._done(self.put(state, after), given.agent, moment, hook, told)

    def again(
        self, state: S, given: RunAgentAgain, moment: Moment, hook: Hook[S] | None
    ) -> Done[S] | Refusal:
        """Ask for an agent anew, unless it is on its way already."""
        if given.agent not in self.by_name:
            return Refusal("there is no such agent")
        runs = self.get(state)
        if runs.of(given.agent).status in {AgentStatus.WAITING, AgentStatus.RUNNING}:
            return Refusal(f"{given.agent} is on its way")
        state = self.put(state, runs.again(given.agent))
        return self._done(state, given.agent, moment, hook, f"{given.agent} is to run again")

    def _is_awaited(self, runs: AgentRuns, name: str, number: int) -> bool:
        """Whether the run of that number is the one that is heard of next."""
        run: AgentRun = runs.of(name)
        known = name in self.by_name and run.status is AgentStatus.RUNNING
        return known and run.run == number

    def _done(
        self, state: S, name: str, moment: Moment, hook: Hook[S] | None, told: str
    ) -> Done[S]:
        """Return what was done, with what else changes by it."""
        after = state if hook is None else hook(state, self.by_name[name], moment)
        return Done(after, told)


def _not_awaited(given: FinishAgent | FailAgent) -> Refusal:
    """Return the refusal of what is heard too late, or of an agent that does not run."""
    return Refusal(f"the run {given.run} of {given.agent} is not awaited")
