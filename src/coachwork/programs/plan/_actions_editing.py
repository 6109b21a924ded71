"""The action by which an answer that was given before is changed."""

from __future__ import annotations

from attrs import evolve, field, frozen

from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.plan._keeping import outdated, replaced
from coachwork.programs.plan._state import CoachingPlan
from coachwork.programs.plan._steps import Step
from coachwork.programs.plan._table import PlanEvent, moved
from coachwork.programs.plan._texts import MAX_RESPONSE
from coachwork.programs.texts import text_of

Answer = Done[CoachingPlan] | Refusal


@frozen
class EditAnswer:
    """Change an answer that the person gave before. It is judged anew, and worked on next.

    Attributes:
        step: The step whose answer it is.
        response: The new answer, in the person's own words.
    """

    step: Step
    response: str = field(validator=text_of(MAX_RESPONSE), repr=False)


def edit_answer(plan: CoachingPlan, given: EditAnswer, moment: Moment) -> Answer:
    """Open the step again with the new answer, and turn to it.

    The steps after it stay complete, but for the synthesis, which is made from it; what agents
    wrote from the old answer is outdated.
    """
    old = plan.step(given.step)
    if old is None:
        return Refusal(f"{given.step} is not a step of this plan")
    if not old.response and old.step is not plan.current_step:
        return Refusal(f"{given.step} has no answer yet")
    opened = evolve(
        old,
        response=given.response,
        complete=False,
        confidence=0.0,
        criteria=(),
        attempts=0,
        ask_differently=False,
        message=moment.message or old.message,
    )
    after = replaced(plan, opened)
    synthesis = plan.step(Step.SYNTHESIS)
    if synthesis is not None and synthesis.order > old.order:
        after = replaced(after, evolve(synthesis, complete=False, confidence=0.0))
    after = outdated(evolve(after, current_step=old.step, help_wanted=None))
    after = moved(after, PlanEvent.EDIT_STEP, moment.now)
    return Done(after, f"changed the answer to {given.step}")
