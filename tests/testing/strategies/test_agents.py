"""How far agents are, as it is drawn."""

from __future__ import annotations

from hypothesis import given

from coachwork.programs import AgentRun, AgentRuns, AgentStatus
from coachwork.programs._agents import is_agent_name
from coachwork.testing import strategies as st
from coachwork.testing.strategies._agents import parts_of_agents
from tests.drawn import few, reaches, some


@few
@given(run=st.of(AgentRun))
def test_its_counts_fit_each_other(run: AgentRun) -> None:
    """As they do where programs count them."""
    assert is_agent_name(run.agent)
    heard = run.failures + run.successes
    assert heard <= run.run or run.status is AgentStatus.WAITING
    assert not run.lost or heard + run.lost <= run.run
    assert (run.until is not None) is (run.status is AgentStatus.RUNNING)
    assert (run.successes > 0) is (run.status is AgentStatus.SUCCEEDED)
    if run.error is not None:
        assert run.failures > 0


@few
@given(runs=st.of(AgentRuns))
def test_each_agent_stands_there_once(runs: AgentRuns) -> None:
    """It is found by its name."""
    for run in runs.runs:
        assert runs.of(run.agent) is run


def test_every_status_is_reached() -> None:
    """With and without a failure."""
    reaches(st.of(AgentRun), AgentStatus, lambda run: run.status)
    reaches(st.of(AgentRun), told=lambda run: run.error is None)
    reaches(st.of(AgentRun), told=lambda run: run.lost > 0)


def test_the_parts_of_agents() -> None:
    """Everything that tells of them can be drawn by itself."""
    for kind, strategy in parts_of_agents().items():
        assert all(type(part) is kind for part in some(strategy, 5))
