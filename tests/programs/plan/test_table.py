"""The plan's table: its rows, its guards with their reasons, and what follows from them."""

from __future__ import annotations

from typing import Final

import pytest
from attrs import evolve

from coachwork.errors import TransitionRefusedError
from coachwork.programs import AgentRuns, AgentStatus, Refusal
from coachwork.programs.plan import (
    PLAN,
    PLAN_TABLE,
    CoachingPlan,
    PlanEvent,
    PlanPolicy,
    PlanStatus,
    Step,
)
from coachwork.programs.plan._table import happened, moved
from tests.programs.plan.plans import (
    AGENTS,
    BRIEF_READY,
    COACHING_COMPLETE,
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    INITIALIZED,
    LATER,
    RUNNING,
    plan,
    section,
    with_step,
)

_Rows = dict[str, tuple[PlanStatus, tuple[str, ...], tuple[str, ...]]]

READY: Final = (BRIEF_READY, ("every agent is finished",), ("count the brief's version",))

TABLE: Final[dict[PlanStatus, _Rows]] = {
    INITIALIZED: {"start_coaching": (IN_PROGRESS, (), ())},
    IN_PROGRESS: {
        "process_step": (IN_PROGRESS, ("a step is open",), ("turn to the next open step",)),
        "edit_step": (IN_PROGRESS, ("a step is open",), ()),
        "complete_all_steps": (COACHING_COMPLETE, ("every step is complete",), ()),
        "validation_error": (FAILED, ("the retries of a step are used up",), ()),
    },
    COACHING_COMPLETE: {
        "trigger_agents": (RUNNING, (), ("ask the agents",)),
        "agents_complete": READY,
        "edit_step": (IN_PROGRESS, ("a step is open",), ()),
        "agent_failure": (FAILED, (), ()),
    },
    RUNNING: {
        "agents_complete": READY,
        "agent_failure": (FAILED, (), ()),
    },
    BRIEF_READY: {
        "generate_business_brief": (COMPLETED, ("no section is being written",), ()),
        "edit_step": (IN_PROGRESS, ("a step is open",), ()),
    },
    COMPLETED: {},
    FAILED: {},
}
"""Where each event leads, who guards it and what follows, copied by hand."""


def test_the_table_is_as_it_should_be() -> None:
    """Every state, event, guard and effect."""
    found = {
        status: {
            event.value: (row.to, tuple(one.name for one in row.guards), row.effects)
            for event, row in rows.items()
        }
        for status, rows in PLAN_TABLE.table.items()
    }
    assert found == TABLE
    assert PLAN_TABLE.initial == (INITIALIZED,)
    assert PLAN_TABLE.ends == (COMPLETED, FAILED)


def why_not(state: CoachingPlan, event: PlanEvent) -> str:
    """Return why an event cannot happen."""
    answer = happened(state, event, LATER)
    assert isinstance(answer, Refusal), answer.status
    with pytest.raises(TransitionRefusedError):
        moved(state, event, LATER)
    return answer.reason


def led(state: CoachingPlan, event: PlanEvent) -> CoachingPlan:
    """Return what an event leads to, by both ways of asking."""
    answer = happened(state, event, LATER)
    assert answer == moved(state, event, LATER)
    assert not isinstance(answer, Refusal)
    return answer


def test_what_the_table_has_not_cannot_happen() -> None:
    """The reason names the event and the status."""
    assert why_not(plan(COMPLETED), PlanEvent.EDIT_STEP) == (
        "edit_step cannot happen to a plan that is COMPLETED"
    )


# --- steps -----------------------------------------------------------------------------------


def test_coaching_is_complete_when_every_step_is() -> None:
    """And it goes on to the next open step before that; the reason names the open ones."""
    done = evolve(plan(COACHING_COMPLETE), status=IN_PROGRESS)
    assert led(done, PlanEvent.COMPLETE_ALL_STEPS).status is COACHING_COMPLETE
    assert why_not(done, PlanEvent.PROCESS_STEP) == "every step is complete"
    open_ = with_step(with_step(done, Step.MISSION, complete=False), Step.OFFRE, complete=False)
    assert why_not(open_, PlanEvent.COMPLETE_ALL_STEPS) == "not complete: mission, offre"
    assert led(open_, PlanEvent.PROCESS_STEP).current_step is Step.MISSION
    there = evolve(open_, current_step=Step.OFFRE)
    assert led(there, PlanEvent.PROCESS_STEP).current_step is Step.OFFRE


def test_a_plan_fails_when_retries_are_used_up() -> None:
    """Not before; those of complete steps do not count."""
    fresh = plan(IN_PROGRESS, policy=PlanPolicy(retries=2))
    assert why_not(fresh, PlanEvent.VALIDATION_ERROR) == "there are retries left"
    once = with_step(fresh, Step.VISION, attempts=1)
    assert why_not(once, PlanEvent.VALIDATION_ERROR) == "there are retries left"
    twice = with_step(fresh, Step.VISION, attempts=2)
    assert led(twice, PlanEvent.VALIDATION_ERROR).status is FAILED
    over = with_step(twice, Step.VISION, complete=True)
    assert why_not(over, PlanEvent.VALIDATION_ERROR) == "there are retries left"
    done = evolve(plan(COACHING_COMPLETE), status=IN_PROGRESS)
    assert why_not(done, PlanEvent.VALIDATION_ERROR) == "there are retries left"


@pytest.mark.parametrize("status", [COACHING_COMPLETE, BRIEF_READY])
def test_editing_leads_back(status: PlanStatus) -> None:
    """To being in progress, where a step was opened."""
    assert why_not(plan(status), PlanEvent.EDIT_STEP) == "every step is complete"
    opened = with_step(plan(status), Step.OFFRE, complete=False)
    assert led(opened, PlanEvent.EDIT_STEP).status is IN_PROGRESS


# --- agents ----------------------------------------------------------------------------------


def finished(*but: str) -> AgentRuns:
    """Return runs where all agents but some have succeeded."""
    runs = AgentRuns().waiting(PLAN.agents)
    for name in AGENTS:
        if name not in but:
            runs = runs.begun(name, LATER).succeeded(name)
    return runs


def test_the_brief_is_ready_when_every_agent_is_finished() -> None:
    """The reason names those who are not; the brief gets its version."""
    waiting = plan(RUNNING, runs=finished("finance", "market").begun("market", LATER))
    assert why_not(waiting, PlanEvent.AGENTS_COMPLETE) == "not written yet: market, finance"
    ready = led(plan(RUNNING, runs=finished()), PlanEvent.AGENTS_COMPLETE)
    assert (ready.status, ready.brief_version) == (BRIEF_READY, 1)


def failing(name: str) -> AgentRuns:
    """Return runs where one agent has failed, and all others have succeeded."""
    agent = next(one for one in PLAN.agents if one.name == name)
    runs = finished(name)
    for _ in range(agent.attempts):
        runs = runs.begun(name, LATER).failed(agent, "LLM_ERROR")
    assert runs.of(name).status is AgentStatus.FAILED
    return runs


def test_a_required_agent_that_failed_is_missed_and_an_optional_one_is_not() -> None:
    """The reason tells that it has failed."""
    assert why_not(plan(RUNNING, runs=failing("market")), PlanEvent.AGENTS_COMPLETE) == (
        "failed: market"
    )
    assert led(plan(RUNNING, runs=failing("risks")), PlanEvent.AGENTS_COMPLETE).brief_version == 1


def test_what_was_made_from_other_answers_is_to_be_written_again() -> None:
    """Unless its agent was asked since, and failed."""
    stale = tuple(section(name, stale=name == "risks") for name in AGENTS)
    state = plan(COACHING_COMPLETE, runs=finished(), sections=stale)
    assert why_not(state, PlanEvent.AGENTS_COMPLETE) == "made from other answers: risks"
    tried = evolve(state, status=RUNNING, runs=failing("risks"))
    assert led(tried, PlanEvent.AGENTS_COMPLETE).status is BRIEF_READY


def test_those_are_asked_whose_sections_are_missing_or_outdated() -> None:
    """The others are not begun again; each counts its runs on."""
    sections = (section("market"), section("finance", stale=True))
    state = plan(COACHING_COMPLETE, runs=failing("risks"), sections=sections)
    after = led(state, PlanEvent.TRIGGER_AGENTS)
    asked = [run.agent for run in after.runs.runs if run.status is AgentStatus.WAITING]
    assert asked == ["customers", "competition", "finance", "risks"]
    assert after.runs.of("market") == state.runs.of("market")
    assert [run.run for run in after.runs.runs] == [run.run for run in state.runs.runs]


def test_a_brief_is_accepted_when_nobody_writes() -> None:
    """A section that is being written anew is waited for."""
    ready = plan(BRIEF_READY)
    assert led(ready, PlanEvent.GENERATE_BUSINESS_BRIEF).status is COMPLETED
    anew = evolve(ready, runs=ready.runs.again("finance"))
    assert why_not(anew, PlanEvent.GENERATE_BUSINESS_BRIEF) == "not written yet: finance"
    failed = evolve(ready, runs=failing("market"))
    assert led(failed, PlanEvent.GENERATE_BUSINESS_BRIEF).status is COMPLETED


@pytest.mark.parametrize("status", [COACHING_COMPLETE, RUNNING])
def test_a_plan_can_fail_for_its_agents(status: PlanStatus) -> None:
    """Before they run, and while they do."""
    assert led(plan(status), PlanEvent.AGENT_FAILURE).status is FAILED
