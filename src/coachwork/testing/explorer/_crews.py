"""What always holds of the sub-agents of programs, as the log of actions tells it.

No agent begins again after a success unless somebody asks for it; each answer is taken once, for
the run that is under way; two runs of one agent are under way only where the first is taken for
lost, which happens as often as it may and no more; and agents that are not finished do not wait for
ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

from attrs import define

from coachwork.actions import Action, ActionStatus, Audit, Sender
from coachwork.effects import RunAgent
from coachwork.plain import from_plain
from coachwork.programs import LOST, AgentRuns, AgentStatus, BeginAgent, Program
from coachwork.records import AUDIT, account_key
from coachwork.sessions import AccountStatus
from coachwork.testing.explorer._invariants import Records

S = TypeVar("S")

_BY_AGENTS: Final = frozenset({"begin_agent", "finish_agent", "fail_agent"})
_OPEN: Final = frozenset({AgentStatus.WAITING, AgentStatus.RUNNING})
_EARLY: Final = datetime.min.replace(tzinfo=UTC)


@define
class _Life:
    """What the log has told of an agent so far.

    Attributes:
        run: The number of its last run.
        until: Until when that one is awaited (UTC), while it is.
        done: Whether it has succeeded since anybody but an agent did something last.
        lost: How many of its runs were lost since then.
        all_lost: How many ever were.
    """

    run: int = 0
    until: datetime | None = None
    done: bool = False
    lost: int = 0
    all_lost: int = 0

    def lose(self) -> None:
        """Count a run that was lost."""
        self.lost += 1
        self.all_lost += 1


def crew_faults(program: Program[S], state: S, audits: Iterable[Audit]) -> Iterator[str]:
    """Return what does not hold of the agents of a program.

    Args:
        program: The program.
        state: Its state.
        audits: All that led to it, in order.
    """
    if program.runs is None or not program.agents:
        return
    lives = {agent.name: _Life() for agent in program.agents}
    successes = Counter[str]()
    for audit in audits:
        for action in audit.actions:
            if action.status is ActionStatus.APPLIED:
                yield from _told(lives, successes, audit, action)
    runs = program.runs(state)
    for agent in program.agents:
        name, life, told = agent.name, lives[agent.name], runs.of(agent.name)
        counts = (told.run, told.successes) == (life.run, successes[name])
        if not (counts and life.lost <= told.lost <= life.all_lost):
            yield f"6: agent {name}: counted otherwise than the log tells"
        if told.lost >= agent.losses and told.status in _OPEN:
            yield f"6: agent {name}: run on although too many runs were lost"
    if _is_stuck(program, state, runs):
        yield f"10: agents of {program.id}: not finished, and none will ever be due"


def _told(
    lives: dict[str, _Life], successes: Counter[str], audit: Audit, action: Action
) -> Iterator[str]:
    """Return what is wrong with one action that was applied, and note what it tells."""
    if audit.sender is not Sender.AGENT:
        for life in lives.values():
            life.done, life.lost = False, 0
        return
    if action.type not in _BY_AGENTS:
        return
    given = cast("dict[str, Any]", action.parameters)
    name, run = str(given["agent"]), given["run"]
    life = lives[name]
    if action.type == "begin_agent":
        begun = from_plain(given, BeginAgent)
        if life.done:
            yield f"6: agent {name}: begun again after its success"
        if life.until is not None and audit.at < life.until:
            yield f"6: agent {name}: begun while it is running"
        if life.until is not None:
            life.lose()
        life.run, life.until = begun.run, begun.until
    else:
        if life.until is None or run != life.run:
            yield f"6: agent {name}: heard of for a run that is not under way"
        if given.get("code") == LOST:
            life.lose()
        life.until = None
        life.done = action.type == "finish_agent"
        successes[name] += life.done


def _is_stuck(program: Program[S], state: S, runs: AgentRuns) -> bool:
    """Whether agents that may run wait for ever, though none that is required has failed."""
    if runs.is_finished(program.agents) or runs.failed_required(program.agents):
        return False
    over = max((run.until for run in runs.runs if run.until is not None), default=_EARLY)
    may_begin = program.is_allowed(program.by_name["begin_agent"], state)
    return may_begin and not program.due_agents(state, over)


def run_faults(ask: RunAgent, records: Records, *, again: bool) -> Iterator[str]:
    """Return what is wrong with a question to an agent.

    Args:
        ask: The question.
        records: What is stored.
        again: Whether the same was asked before.
    """
    told = ask.ask
    if again:
        yield f"6: agent {told.agent}: asked twice for run {told.run}"
    account = records.get(account_key(ask.tenant, ask.user))
    if account is None or account.facts.status != AccountStatus.OPEN:
        return  # all that is the user's is being deleted, or was
    begun = [
        action
        for record in records.values()
        if record.key.kind == AUDIT.name and record.facts.session == told.session
        for action in AUDIT.read(record).value.actions
        if (action.type, action.status) == ("begin_agent", ActionStatus.APPLIED)
    ]
    runs = [cast("dict[str, Any]", action.parameters) for action in begun]
    if not any((run["agent"], run["run"]) == (told.agent, told.run) for run in runs):
        yield f"6: agent {told.agent}: asked for run {told.run}, which was not begun"
