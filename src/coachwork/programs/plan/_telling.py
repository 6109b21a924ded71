"""What the model is told about a plan: what is known, what is open, and what is to be done.

The words of people stand in quotes, as JSON has them, so that a line of theirs is never taken for
one of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from coachwork.programs.plan._state import CoachingPlan, CoachingStep, HelpKind, PlanStatus
from coachwork.programs.plan._steps import GOALS
from coachwork.programs.texts import quoted

_TASKS: Final[Mapping[PlanStatus, str]] = {
    PlanStatus.INITIALIZED: (
        "Welcome the person, find out about their business, their place and their sector, and keep "
        "what you learn. Begin with the first step when they are ready."
    ),
    PlanStatus.IN_PROGRESS: (
        "Work with the person on the current step, and on no other: ask for an answer, and judge "
        "each one that they give. Where something is missing, ask for it, and give examples that "
        "fit their place and sector."
    ),
    PlanStatus.COACHING_COMPLETE: (
        "Every step is complete. Tell the person so, and let agents write the brief when they "
        "agree. They may still change an answer."
    ),
    PlanStatus.SUB_AGENTS_RUNNING: (
        "Agents are writing the brief. Tell the person how far they are, and ask for patience."
    ),
    PlanStatus.BRIEF_READY: (
        "The brief is ready. Go through it with the person, until they accept it or change an "
        "answer."
    ),
    PlanStatus.COMPLETED: "The plan is completed; nothing of it changes any more.",
    PlanStatus.FAILED: "The plan has failed; nothing of it changes any more.",
}
"""What the coach has to do, per status."""

_HELP: Final[Mapping[HelpKind, str]] = {
    HelpKind.GUIDING_QUESTIONS: "questions that lead to an answer",
    HelpKind.REFORMULATION: "better words for the answer so far",
    HelpKind.PROPOSALS: "proposals to choose from",
}


def told_plan(plan: CoachingPlan) -> str:
    """Return what the model is told about *plan*."""
    parts = [
        iter([_TASKS[plan.status]]),
        _current(plan) if plan.status is PlanStatus.IN_PROGRESS else iter(()),
        _steps(plan),
        _contexts(plan),
        _agents(plan),
    ]
    blocks = ("\n".join(part) for part in parts)
    return "\n\n".join(block for block in blocks if block)


def _current(plan: CoachingPlan) -> Iterator[str]:
    """Tell the step that is worked on: what it is about, and what is wanted now."""
    step = plan.current
    goal = GOALS[step.step]
    yield f"Current step: {step.step}. {goal.question}"
    yield "A good answer meets these criteria:"
    for criterion, meaning in goal.criteria.items():
        met = " (met)" if criterion in step.criteria else ""
        yield f"- {criterion}: {meaning}{met}"
    if step.response:
        yield f"The answer so far: {quoted(step.response)}"
    if step.clarifying_question:
        yield f"You asked last: {quoted(step.clarifying_question)}"
    if step.retries:
        yield f"Answers that would not do yet: {step.retries}."
    if step.ask_differently:
        yield "Asking like that has led to nothing: ask in quite another way, and in small parts."
    if plan.help_wanted is not None:
        yield f"The person wants help: give {_HELP[plan.help_wanted]}, and judge no answer before."


def _steps(plan: CoachingPlan) -> Iterator[str]:
    yield "Steps in their order:"
    for step in plan.steps:
        yield _step(plan, step)
    yield f"Overall confidence: {plan.coaching_confidence:.2f}."


def _step(plan: CoachingPlan, step: CoachingStep) -> str:
    if step.complete:
        return f"- {step.step}: complete ({step.confidence:.2f}), {quoted(step.response)}"
    is_current = step.step is plan.current_step and plan.status is PlanStatus.IN_PROGRESS
    return f"- {step.step}: {'current' if is_current else 'open'}"


def _contexts(plan: CoachingPlan) -> Iterator[str]:
    if plan.cultural_context:
        yield f"Culture and place: {quoted(plan.cultural_context)}."
    if plan.sector_context:
        yield f"Sector: {quoted(plan.sector_context)}."


def _agents(plan: CoachingPlan) -> Iterator[str]:
    """Tell how far the agents are, once they were asked."""
    if plan.status not in _WITH_AGENTS or not plan.runs.runs:
        return
    yield "Sections of the brief that agents write:"
    for run in plan.runs.runs:
        section = plan.section(run.agent)
        title = "" if section is None else f", {quoted(section.title)} (version {section.version})"
        yield f"- {run.agent}: {run.status}{title}"


_WITH_AGENTS: Final = frozenset(
    {
        PlanStatus.SUB_AGENTS_RUNNING,
        PlanStatus.BRIEF_READY,
        PlanStatus.COMPLETED,
        PlanStatus.FAILED,
    }
)
"""Where the coach has to know how far agents are."""
