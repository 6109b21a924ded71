"""What is kept of a plan."""

from __future__ import annotations

import pytest
from attrs import evolve, fields

from coachwork.plain import from_plain, to_json
from coachwork.programs.plan import CoachingPlan, CoachingStep, PlanStatus, Step
from tests.programs.plan.plans import BRIEF_READY, IN_PROGRESS, plan, section, with_step


def test_a_plan_has_every_field_that_was_asked_for() -> None:
    """Those of the coaching session, and of each of its steps."""
    assert {
        "status", "current_step", "step_completion", "coaching_confidence", "retry_count",
        "cultural_context", "sector_context", "coaching_plan", "conversation", "coaching_duration",
    } <= {one.name for one in fields(CoachingPlan)}  # fmt: skip
    assert {
        "step", "order", "response", "coach_message", "examples", "criteria", "confidence",
        "complete", "duration",
    } <= {one.name for one in fields(CoachingStep)}  # fmt: skip


@pytest.mark.parametrize("status", PlanStatus)
def test_a_plan_comes_back_from_plain_data(status: PlanStatus) -> None:
    """With policy, steps, agents and sections; statuses are upper case, and steps lower case."""
    state = evolve(plan(status), cultural_context={"country": "Senegal", "customs": ["teranga"]})
    plain = to_json(state)
    assert from_plain(plain, CoachingPlan) == state
    assert isinstance(plain, dict)
    assert plain["status"] == status.upper()
    assert plain["step_completion"] == {
        step.value: status not in {PlanStatus.INITIALIZED, PlanStatus.IN_PROGRESS} for step in Step
    }


def test_steps_are_found() -> None:
    """The current one, the open ones, and each by its name."""
    state = with_step(plan(IN_PROGRESS), Step.VISION, complete=True)
    assert state.current.step is Step.VISION
    assert [one.step for one in state.open_steps] == [*Step][1:]
    assert state.step(Step.OFFRE) is state.steps[4]
    assert evolve(state, steps=state.steps[:2]).step(Step.OFFRE) is None


def test_sections_are_found_by_the_name_of_the_agent() -> None:
    """Where there is one."""
    state = plan(BRIEF_READY)
    assert state.section("finance") == section("finance")
    assert state.section("nobody") is None
