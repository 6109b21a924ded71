"""How far agents are, as it is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from coachwork.messages import Usage
from coachwork.plain import from_plain, json_schema, to_json
from coachwork.programs import AgentRuns, AgentStatus
from coachwork.workflows import AgentsView, AgentView
from coachwork.workflows._agents_view import agents_view
from tests.programs.essays import AGENTS, ESSAY, NOON, Essay, Phase
from tests.programs.habits import HABITS, Habits

FACTS, STYLE, TEXT = AGENTS
LATER: Final = NOON + timedelta(minutes=1)


def view(runs: AgentRuns) -> AgentsView:
    """Tell how far the agents of an essay are."""
    return agents_view(ESSAY, "s-1", Essay(Phase.WRITING, runs=runs), NOON)


def test_each_agent_is_told_with_what_is_declared_of_it() -> None:
    """In the order of their declaration, whatever was begun first."""
    told = view(AgentRuns().begun("style", LATER).begun("facts", LATER))
    assert [one.name for one in told.agents] == ["facts", "style", "text"]
    assert told.agents[1] == AgentView(
        name="style",
        description="",
        stage=1,
        required=False,
        status=AgentStatus.RUNNING,
        run=1,
        failures=0,
        attempts=1,
        until=LATER,
        error=None,
        successes=0,
        usage=Usage(),
        lost=0,
        losses=10,
    )


def test_runs_that_were_lost_are_told() -> None:
    """How many, and how many there may be."""
    told = view(AgentRuns().begun("style", NOON).begun("style", LATER)).agents[1]
    assert (told.run, told.lost, told.failures, told.losses) == (2, 1, 0, 10)


@pytest.mark.parametrize(
    "runs, counts, due, finished",
    [
        (AgentRuns(), (3, 0, 0, 0), ("facts", "style"), False),
        (AgentRuns().begun("facts", LATER), (2, 1, 0, 0), ("style",), False),
        (AgentRuns().begun("facts", NOON), (2, 1, 0, 0), ("facts", "style"), False),
        (
            AgentRuns().begun("facts", LATER).succeeded("facts").failed(STYLE, "X"),
            (1, 0, 1, 1),
            ("text",),
            False,
        ),
        (
            AgentRuns().succeeded("facts").failed(STYLE, "X").succeeded("text"),
            (0, 0, 2, 1),
            (),
            True,
        ),
    ],
)
def test_they_are_counted(
    runs: AgentRuns, counts: tuple[int, int, int, int], due: tuple[str, ...], *, finished: bool
) -> None:
    """By their status; together they are all."""
    told = view(runs)
    assert (told.waiting, told.running, told.succeeded, told.failed) == counts
    assert sum(counts) == len(told.agents)
    assert (told.due, told.is_finished) == (due, finished)


@pytest.mark.parametrize(
    "phase, runs, pending",
    [
        (Phase.WRITING, AgentRuns(), False),
        (Phase.WRITING, AgentRuns().begun("facts", LATER), True),
        (Phase.FAILED, AgentRuns().begun("facts", LATER), False),
        (Phase.WRITING, AgentRuns().begun("facts", NOON).failed(FACTS, "X", until=LATER), True),
        (
            Phase.WRITING,
            AgentRuns().begun("text", LATER).failed(FACTS, "X").failed(FACTS, "X"),
            True,
        ),
        (
            Phase.WRITING,
            AgentRuns()
            .begun("text", LATER)
            .failed(FACTS, "X")
            .failed(FACTS, "X")
            .succeeded("style"),
            False,
        ),
    ],
    ids=["waiting", "running", "another phase", "a pause", "one is due", "nothing will be due"],
)
def test_whether_it_is_worth_while_to_wait(phase: Phase, runs: AgentRuns, *, pending: bool) -> None:
    """Only where something may come of it: nobody waits for what can never be begun again."""
    told = agents_view(ESSAY, "s-1", Essay(phase, runs=runs), NOON)
    assert told.is_pending is pending


def test_a_program_without_agents_has_nothing_to_tell() -> None:
    """It is finished from the beginning on."""
    told = agents_view(HABITS, "s-1", Habits(), NOON)
    assert (told.agents, told.due, told.is_finished) == ((), (), True)


def test_it_has_a_plain_form() -> None:
    """For a front end that shows it."""
    told = view(AgentRuns().begun("facts", LATER))
    assert from_plain(to_json(told), AgentsView) == told
    assert json_schema(AgentsView)["type"] == "object"
