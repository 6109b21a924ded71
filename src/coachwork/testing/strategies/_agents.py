"""How far the agents of programs are, and what may become of them."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from coachwork.jobs import ErrorCode
from coachwork.programs import (
    MAX_AGENT,
    AgentRun,
    AgentRuns,
    AgentStatus,
    BeginAgent,
    FailAgent,
    FinishAgent,
    RunAgentAgain,
)
from coachwork.testing.strategies._leaves import utc_instants
from coachwork.testing.strategies._plain import sound_data

_MOST: Final = 9


@cache
def agent_names() -> st.SearchStrategy[str]:
    """Return a strategy of all that can be the name of an agent."""
    shape = re.compile(rf"[a-z][a-z0-9_]{{0,{MAX_AGENT - 1}}}", re.ASCII)
    return st.sampled_from(["market", "a" * MAX_AGENT]) | st.from_regex(shape, fullmatch=True)


@cache
def _codes() -> st.SearchStrategy[str]:
    """Return a strategy of why an attempt may have failed."""
    return st.sampled_from(ErrorCode).map(str)


@cache
def agent_run_values() -> st.SearchStrategy[AgentRun]:
    """Return a strategy of how far an agent may be."""
    counts = st.integers(0, _MOST)
    return st.builds(
        _run,
        agent_names(),
        st.sampled_from(AgentStatus),
        counts,
        counts,
        counts,
        utc_instants(),
        _codes(),
    )


def _run(
    name: str,
    status: AgentStatus,
    run: int,
    failures: int,
    lost: int,
    until: datetime,
    code: str,
) -> AgentRun:
    """Return how far an agent is, with counts that fit each other."""
    done = status is AgentStatus.SUCCEEDED
    if status is not AgentStatus.WAITING:
        run = max(1, run)
    failures = max(min(failures, run - done), status is AgentStatus.FAILED)
    lost = max(0, min(lost, run - failures - (status is not AgentStatus.WAITING)))
    return AgentRun(
        name,
        status,
        run=run,
        failures=failures,
        until=until if status is AgentStatus.RUNNING else None,
        error=code if failures and not done else None,
        successes=run - failures - lost if done else 0,
        lost=lost,
    )


@cache
def agent_runs() -> st.SearchStrategy[AgentRuns]:
    """Return a strategy of how far the agents of a program may be."""
    some = st.lists(agent_run_values(), max_size=4, unique_by=lambda run: run.agent)
    return some.map(lambda runs: AgentRuns(tuple(runs)))


@cache
def parts_of_agents() -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for each class that tells of agents."""
    numbers = st.integers(1, _MOST)
    return {
        AgentRun: agent_run_values(),
        AgentRuns: agent_runs(),
        BeginAgent: st.builds(BeginAgent, agent_names(), numbers, utc_instants()),
        FailAgent: st.builds(FailAgent, agent_names(), numbers, _codes()),
        FinishAgent: st.builds(FinishAgent, agent_names(), numbers, sound_data()),
        RunAgentAgain: st.builds(RunAgentAgain, agent_names()),
    }
