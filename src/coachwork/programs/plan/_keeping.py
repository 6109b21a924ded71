"""What every action of the talk keeps beside what it does: time, messages, counts and room.

`kept` stands around each of them in the catalogue, so that none can forget it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from attrs import evolve

from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.plan._room import MAX_TALK, newest, weight
from coachwork.programs.plan._state import CoachingPlan, CoachingStep, PlanStatus
from coachwork.programs.plan._steps import Step

P = TypeVar("P")

NO_ROOM = Refusal("there is no room for more text: say it in fewer words")


def kept(
    apply: Callable[[CoachingPlan, P, Moment], Done[CoachingPlan] | Refusal],
) -> Callable[[CoachingPlan, P, Moment], Done[CoachingPlan] | Refusal]:
    """Return an action that does what *apply* does, and keeps what every action keeps."""

    def applied(plan: CoachingPlan, given: P, moment: Moment) -> Done[CoachingPlan] | Refusal:
        answer = apply(heard(plan, moment), given, moment)
        if isinstance(answer, Refusal):
            return answer
        after = counted(answer.state)
        # What makes a plan no heavier always fits.
        if weight(after) > max(MAX_TALK, weight(plan)):
            return NO_ROOM
        return Done(after, answer.summary, answer.component)

    return applied


def heard(plan: CoachingPlan, moment: Moment) -> CoachingPlan:
    """Return *plan* with the time since the moment before, and the message that is heard now.

    A gap counts up to `PlanPolicy.idle`, for the whole plan and, while answers are worked on, for
    the current step. Time never goes back.
    """
    now = max(plan.last_at, moment.now)
    gap = min(now - plan.last_at, plan.policy.idle)
    worked = gap if plan.status is PlanStatus.IN_PROGRESS else timedelta(0)
    current = plan.current
    plan = replaced(plan, evolve(current, duration=current.duration + worked))
    known, message = plan.conversation, moment.message
    if message is not None and message not in known:
        known = newest((*known, message))
    return evolve(
        touched(plan, moment),
        last_at=now,
        conversation=known,
        coaching_duration=plan.coaching_duration + gap,
    )


def about_another(plan: CoachingPlan, step: Step) -> Refusal | None:
    """Refuse what is about another *step* than the current one, or return None."""
    if step is plan.current_step:
        return None
    return Refusal(f"that was for {step}; now it is about {plan.current_step}")


def touched(plan: CoachingPlan, moment: Moment) -> CoachingPlan:
    """Return *plan* as one that was changed at that moment."""
    return evolve(plan, updated_at=max(plan.updated_at, moment.now))


def counted(plan: CoachingPlan) -> CoachingPlan:
    """Return *plan* with everything that is counted from its steps.

    The overall confidence is the mean over all steps of the plan, where an open one counts 0: it
    grows as the plan does, and no single sure answer makes up for those that are missing.
    """
    sure = sum(step.confidence for step in plan.steps if step.complete)
    return evolve(
        plan,
        coaching_plan=tuple(step.step for step in plan.steps),
        step_completion={step.step: step.complete for step in plan.steps},
        coaching_confidence=sure / len(plan.steps),
        retry_count=sum(step.retries for step in plan.steps),
    )


def replaced(plan: CoachingPlan, changed: CoachingStep) -> CoachingPlan:
    """Return *plan* with a *changed* step in the place of the one of its name."""
    steps = tuple(changed if step.step is changed.step else step for step in plan.steps)
    return evolve(plan, steps=steps)


def outdated(plan: CoachingPlan) -> CoachingPlan:
    """Return *plan* where what agents wrote was made from other answers than there are now."""
    return evolve(plan, sections=tuple(evolve(one, stale=True) for one in plan.sections))
