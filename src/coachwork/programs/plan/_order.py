"""The order of the steps: which ones are allowed, and the steps that an order makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import evolve

from coachwork.programs.plan._policy import PlanPolicy
from coachwork.programs.plan._state import CoachingStep
from coachwork.programs.plan._steps import Step

ALL_STEPS: Final = tuple(Step)
"""The steps in the order in which they come where the plan says no other."""


def fault_of_order(order: Sequence[Step], policy: PlanPolicy) -> str | None:
    """Return what is wrong with an *order*, or None.

    An order repeats no step. It leaves none out, and ends with the synthesis, unless the policy
    says otherwise.
    """
    if not order:
        return "an order has at least one step"
    repeated = [step for place, step in enumerate(order) if step in order[:place]]
    if repeated:
        return f"repeated: {', '.join(dict.fromkeys(repeated))}"
    missing = [step for step in ALL_STEPS if step not in order]
    if missing and not policy.subset:
        return f"missing: {', '.join(missing)}"
    if Step.SYNTHESIS in order[:-1] and not policy.synthesis_anywhere:
        return "the synthesis comes last"
    return None


def steps_in(order: Sequence[Step], known: Sequence[CoachingStep] = ()) -> tuple[CoachingStep, ...]:
    """Return the steps in that *order*: those that are *known* as they are, and new ones."""
    by_name = {step.step: step for step in known}
    return tuple(
        evolve(by_name[name], order=place)
        if name in by_name
        else CoachingStep(step=name, order=place)
        for place, name in enumerate(order, 1)
    )
