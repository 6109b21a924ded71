"""The steps, and what a good answer to each of them tells."""

from __future__ import annotations

from coachwork.programs.plan import GOALS, Criterion, Step


def test_the_steps_are_those_of_the_coaching() -> None:
    """Six, in their order; they are stored in lower case."""
    assert [*Step] == [
        "vision", "mission", "clientele", "differentiation", "offre", "synthesis",
    ]  # fmt: skip


def test_each_step_has_a_goal_and_criteria_of_its_own() -> None:
    """No criterion belongs to two, and none to nothing."""
    assert tuple(GOALS) == tuple(Step)
    belonging = [criterion for goal in GOALS.values() for criterion in goal.criteria]
    assert belonging == [*Criterion]
    for goal in GOALS.values():
        assert goal.title
        assert goal.question.endswith("?")
        assert all(goal.criteria.values())
