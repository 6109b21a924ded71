"""How far the sub-agents of a program are, as people and front ends see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import field, frozen

from coachwork.messages import Usage
from coachwork.programs import Agent, AgentRun, AgentRuns, AgentStatus, Program


@frozen(kw_only=True)
class AgentView:
    """How far one agent is.

    Attributes:
        name: Its name.
        description: What it does, in a sentence, for people.
        stage: When it runs: stages in ascending order.
        required: Whether the others wait for its success.
        status: How far it is.
        run: How often it was begun.
        failures: How many attempts have failed since it was last asked for.
        attempts: After how many of them it has failed.
        until: While it is running: when it is taken for lost (UTC); while it waits: when it may be
            begun at the earliest, or None: at once.
        error: The code of its last failure since it was last asked for, or None.
        successes: How often its answer was taken.
        usage: What its runs have cost.
        lost: How many runs were not heard of in time since it was last asked for.
        losses: After how many of them it has failed.
    """

    name: str
    description: str = field(repr=False)
    stage: int
    required: bool
    status: AgentStatus
    run: int
    failures: int
    attempts: int
    until: datetime | None
    error: str | None
    successes: int
    usage: Usage
    lost: int
    losses: int


@frozen(kw_only=True)
class AgentsView:
    """How far all agents of a program are.

    Attributes:
        program: The program's id.
        session: The session's id.
        phase: The program's phase.
        agents: Each of them, in the order of their declaration.
        due: The names of those that may be begun now.
        waiting: How many wait.
        running: How many run.
        succeeded: How many have succeeded.
        failed: How many have failed.
        is_pending: Whether it is worth while to wait: some run elsewhere, or wait for their time,
            and may be begun when it has come, if they are not heard of before.
        is_finished: Whether all required ones have succeeded, and all others succeeded or failed.
    """

    program: str
    session: str
    phase: str
    agents: tuple[AgentView, ...]
    due: tuple[str, ...]
    waiting: int
    running: int
    succeeded: int
    failed: int
    is_pending: bool
    is_finished: bool


def agents_view(program: Program[Any], session: str, state: object, now: datetime) -> AgentsView:
    """Return how far the agents of *program* are.

    Args:
        program: The program.
        session: The session's id.
        state: The program's state.
        now: The instant (UTC).
    """
    runs = AgentRuns() if program.runs is None else program.runs(state)
    views = tuple(_view(agent, runs.of(agent.name)) for agent in program.agents)
    statuses = [view.status for view in views]
    until = max((view.until for view in views if view.until is not None), default=None)
    return AgentsView(
        program=program.id,
        session=session,
        phase=str(program.phase(state)),
        agents=views,
        due=tuple(agent.name for agent in program.due_agents(state, now)),
        waiting=statuses.count(AgentStatus.WAITING),
        running=statuses.count(AgentStatus.RUNNING),
        succeeded=statuses.count(AgentStatus.SUCCEEDED),
        failed=statuses.count(AgentStatus.FAILED),
        is_pending=until is not None and bool(program.due_agents(state, until)),
        is_finished=runs.is_finished(program.agents),
    )


def _view(agent: Agent[Any], run: AgentRun) -> AgentView:
    """Return how far one agent is."""
    return AgentView(
        name=agent.name,
        description=agent.description,
        stage=agent.stage,
        required=agent.required,
        status=run.status,
        run=run.run,
        failures=run.failures,
        attempts=agent.attempts,
        until=run.until,
        error=run.error,
        successes=run.successes,
        usage=run.usage,
        lost=run.lost,
        losses=agent.losses,
    )
