"""Actions on how a plan is to go: begin, choose an order, tell about culture and sector."""

from __future__ import annotations

from typing import Final

from attrs import Attribute, evolve, field, frozen

from coachwork.errors import ValidationError
from coachwork.plain import JSON
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.plan._keeping import outdated
from coachwork.programs.plan._order import fault_of_order, steps_in
from coachwork.programs.plan._room import MAX_CONTEXT, plain_weight
from coachwork.programs.plan._state import CoachingPlan, CoachingStep, PlanStatus
from coachwork.programs.plan._steps import Step
from coachwork.programs.plan._table import PlanEvent, moved
from coachwork.programs.texts import is_deeper, is_tellable, quoted

Answer = Done[CoachingPlan] | Refusal

MAX_CONTEXT_NAME: Final = 64
"""The most characters of a name in a context."""

MAX_CONTEXT_DEPTH: Final = 8
"""How deep lists and objects of a context may stand in each other."""


@frozen
class StartCoaching:
    """Begin with the first step, once the person is ready."""


def start_coaching(plan: CoachingPlan, _given: StartCoaching, moment: Moment) -> Answer:
    """Begin."""
    after = moved(plan, PlanEvent.START_COACHING, moment.now)
    return Done(after, f"began with {after.current_step}")


# --- order -----------------------------------------------------------------------------------


@frozen
class SetOrder:
    """Work on the steps in another order, because it suits this person or business better.

    Attributes:
        order: The steps in the order in which they are to come.
    """

    order: tuple[Step, ...]


def set_order(plan: CoachingPlan, given: SetOrder, moment: Moment) -> Answer:
    """Change the order; what was answered stays, and so does the step that is being worked on."""
    if fault := fault_of_order(given.order, plan.policy):
        return Refusal(fault)
    if given.order == plan.coaching_plan:
        return Refusal("that is the order already")
    lost = [step.step for step in plan.steps if step.step not in given.order and _is_begun(step)]
    if lost:
        return Refusal(f"cannot be left out, for it was worked on: {', '.join(lost)}")
    steps = steps_in(given.order, plan.steps)
    current = _current(plan, steps)
    after = evolve(plan, steps=steps, current_step=current)
    if current is not plan.current_step:
        after = evolve(after, help_wanted=None)
    if plan.status is PlanStatus.IN_PROGRESS:
        event = PlanEvent.PROCESS_STEP if after.open_steps else PlanEvent.COMPLETE_ALL_STEPS
        after = moved(after, event, moment.now)
    return Done(after, f"changed the order to {', '.join(given.order)}")


def _is_begun(step: CoachingStep) -> bool:
    """Whether there is something about *step* that would be lost."""
    return bool(step.response or step.retries)


def _current(plan: CoachingPlan, steps: tuple[CoachingStep, ...]) -> Step:
    """Return the step to work on: the current one while it has been begun, else the first open."""
    waiting = [step.step for step in steps if not step.complete]
    if not waiting:
        return steps[-1].step
    begun = plan.current_step in waiting and _is_begun(plan.current)
    return plan.current_step if begun else waiting[0]


# --- contexts --------------------------------------------------------------------------------


def _check_context(
    _instance: object, attribute: Attribute[dict[str, JSON]], value: dict[str, JSON]
) -> None:
    """Refuse a context that could not be kept or told.

    Raises:
        ValidationError: It could not.
    """
    if is_deeper(value, MAX_CONTEXT_DEPTH + 1):  # the context itself is a level
        raise ValidationError(attribute.name, f"at most {MAX_CONTEXT_DEPTH} levels of nesting")
    if any(not 0 < len(name) <= MAX_CONTEXT_NAME for name in value):
        raise ValidationError(attribute.name, f"names of 1 to {MAX_CONTEXT_NAME} characters")
    if not is_tellable(quoted(value)):
        raise ValidationError(attribute.name, "text without lone surrogates")


@frozen
class SetContext:
    """Keep what is learned about the culture and the place, or about the sector of the business.

    Attributes:
        cultural: Facts by name, such as country, region or customs; null removes a name.
        sector: Facts by name, such as sector, size of the market or competition; null removes one.
    """

    cultural: dict[str, JSON] = field(factory=dict[str, JSON], validator=_check_context, repr=False)
    sector: dict[str, JSON] = field(factory=dict[str, JSON], validator=_check_context, repr=False)


def set_context(plan: CoachingPlan, given: SetContext, _moment: Moment) -> Answer:
    """Add to both contexts, name by name; what is there already is replaced."""
    cultural = _merged(plan.cultural_context, given.cultural)
    sector = _merged(plan.sector_context, given.sector)
    if (cultural, sector) == (plan.cultural_context, plan.sector_context):
        return Refusal("all of that is known already")
    if max(plain_weight(cultural), plain_weight(sector)) > MAX_CONTEXT:
        return Refusal("there is no room for more context")
    after = evolve(outdated(plan), cultural_context=cultural, sector_context=sector)
    names = ", ".join(map(quoted, (*given.cultural, *given.sector)))
    return Done(after, f"kept what is known of {names}")


def _merged(known: dict[str, JSON], told: dict[str, JSON]) -> dict[str, JSON]:
    return {name: value for name, value in {**known, **told}.items() if value is not None}
