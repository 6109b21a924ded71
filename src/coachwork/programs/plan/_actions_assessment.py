"""The action by which an answer is judged: complete enough to go on, or one more try."""

from __future__ import annotations

from attrs import evolve, field, frozen

from coachwork.actions import Button, Component
from coachwork.plain import JSON
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.plan._keeping import about_another, counted, heard, replaced
from coachwork.programs.plan._policy import AtLimit, share
from coachwork.programs.plan._state import CoachingPlan, CoachingStep
from coachwork.programs.plan._steps import GOALS, Criterion, Step
from coachwork.programs.plan._table import PlanEvent, moved
from coachwork.programs.plan._texts import (
    MAX_AT_ONCE,
    MAX_FEEDBACK,
    MAX_QUESTION,
    MAX_RESPONSE,
)
from coachwork.programs.texts import optional_text_of, texts_of

_Applied = Done[CoachingPlan]
Answer = _Applied | Refusal


@frozen
class AssessAnswer:
    """Judge the person's answer to the current step. Do so for each answer that they give.

    Attributes:
        step: The step that it is about.
        complete: Whether the answer tells all that the step needs.
        confidence: How much you rely on the answer as it is, from 0 to 1.
        response: The answer so far, in the person's own words; left out, the one that is kept.
        feedback: What you say of the answer.
        clarifying_question: What you ask about what is missing, where something is.
        examples: Examples of what a good answer tells.
        reformulation: The answer in better words, where there are some.
        criteria: Which of the step's criteria the answer meets.
    """

    step: Step
    complete: bool
    confidence: float = field(validator=share)
    response: str = field(default="", validator=optional_text_of(MAX_RESPONSE), repr=False)
    feedback: str = field(default="", validator=optional_text_of(MAX_FEEDBACK), repr=False)
    clarifying_question: str = field(
        default="", validator=optional_text_of(MAX_QUESTION), repr=False
    )
    examples: tuple[str, ...] = field(
        default=(),
        validator=texts_of(MAX_QUESTION, least_texts=0, most_texts=MAX_AT_ONCE),
        repr=False,
    )
    reformulation: str = field(default="", validator=optional_text_of(MAX_RESPONSE), repr=False)
    criteria: tuple[Criterion, ...] = ()


def assess_answer(plan: CoachingPlan, given: AssessAnswer, moment: Moment) -> Answer:
    """Complete the step and turn to the next open one, or count a try that failed.

    One about another step than the current counts as nothing: an edit or another order may have
    turned away from it since the reply was thought of.
    """
    if (other := about_another(plan, given.step)) is not None:
        return other
    if plan.help_wanted is not None:
        return Refusal(f"the person wants {plan.help_wanted.replace('_', ' ')}: give that first")
    old = plan.current
    step = evolve(
        old,
        response=given.response or old.response,
        coach_message=given.feedback,
        clarifying_question=given.clarifying_question,
        examples=given.examples,
        reformulation=given.reformulation,
        criteria=tuple(one for one in GOALS[old.step].criteria if one in given.criteria),
        confidence=given.confidence,
        message=moment.message or old.message,
    )
    is_enough = given.complete and given.confidence >= plan.policy.threshold
    if is_enough and step.response:
        return _completed(plan, step, moment, "completed")
    return _failed(plan, step, moment)


def unfit_assessment(plan: CoachingPlan, moment: Moment) -> CoachingPlan:
    """Count an assessment that cannot be read (NaN, out of range, missing) as one that failed.

    No answer is accepted by it: the one that is kept may be older than the one that was meant.
    It counts as nothing while help is wanted, as any other assessment, and where another one that
    the same message led to has failed before.
    """
    if plan.help_wanted is not None or _has_failed(plan, moment):
        return plan
    plan = heard(plan, moment)
    return counted(_failed(plan, plan.current, moment, is_judged=False).state)


def _completed(plan: CoachingPlan, step: CoachingStep, moment: Moment, how: str) -> _Applied:
    """Complete *step*, and turn to the next open one, or to the end of the coaching."""
    done = evolve(step, complete=True, attempts=0, ask_differently=False)
    plan = replaced(plan, done)
    event = PlanEvent.PROCESS_STEP if plan.open_steps else PlanEvent.COMPLETE_ALL_STEPS
    after = moved(plan, event, moment.now)
    following = after.current_step.value if after.open_steps else None
    data: dict[str, JSON] = {
        "step": step.step.value,
        "confidence": step.confidence,
        "next": following,
    }
    summary = f"{how} {step.step} with confidence {step.confidence:.2f}"
    return Done(after, summary, Component(kind="step_complete", data=data))


def _failed(
    plan: CoachingPlan, step: CoachingStep, moment: Moment, *, is_judged: bool = True
) -> _Applied:
    """Count a try that failed, one a message; when the retries are used up, the policy decides."""
    policy = plan.policy
    if not _has_failed(plan, moment):
        step = evolve(step, retries=step.retries + 1, attempts=step.attempts + 1)
        plan = evolve(plan, failed_message=moment.message)
    used_up = step.attempts >= policy.retries
    if used_up and policy.at_limit is AtLimit.ACCEPT and is_judged and step.response:
        no_surer = evolve(step, confidence=min(step.confidence, policy.threshold))
        return _completed(plan, no_surer, moment, "accepted")
    if used_up and policy.at_limit is AtLimit.FAIL:
        event, told = PlanEvent.VALIDATION_ERROR, "failed, for its retries are used up"
    elif used_up:
        step = evolve(step, attempts=0, ask_differently=True)
        event, told = PlanEvent.PROCESS_STEP, "stays open and is to be asked differently"
    else:
        event, told = PlanEvent.PROCESS_STEP, f"stays open, try {step.attempts} of {policy.retries}"
    after = moved(replaced(plan, step), event, moment.now)
    return Done(after, f"{step.step} {told}", _clarification(step))


def _has_failed(plan: CoachingPlan, moment: Moment) -> bool:
    """Whether an answer that came with the same message has failed before, and counted."""
    return moment.message is not None and moment.message == plan.failed_message


def _clarification(step: CoachingStep) -> Component | None:
    """Return what a front end shows of an answer that will not do yet, where there is something."""
    if not (step.clarifying_question or step.examples or step.reformulation):
        return None
    data: dict[str, JSON] = {
        "step": step.step.value,
        "feedback": step.coach_message,
        "question": step.clarifying_question,
        "examples": [*step.examples],
        "reformulation": step.reformulation,
    }
    shown = (step.reformulation,) if step.reformulation else ()
    return Component(
        kind="clarification",
        data=data,
        buttons=tuple(use_button("Use these words", step, text) for text in shown),
    )


def use_button(label: str, step: CoachingStep, text: str) -> Button:
    """Return the button that makes *text* the answer to *step*, to be judged next."""
    return Button(
        label=label, action="use_text", parameters={"step": step.step.value, "text": text}
    )
