"""What holds of every plan, of every action that changes one, and of a whole log."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from coachwork.actions import Action, ActionStatus, RefusalCode
from coachwork.plain import to_json
from coachwork.programs import MAX_STATE, AgentStatus
from coachwork.programs.plan import CoachingPlan, PlanStatus, Step
from coachwork.programs.plan._room import MAX_TALK, weight

WAYS: Final[Mapping[PlanStatus, frozenset[PlanStatus]]] = {
    PlanStatus.INITIALIZED: frozenset({PlanStatus.IN_PROGRESS}),
    PlanStatus.IN_PROGRESS: frozenset(
        {PlanStatus.IN_PROGRESS, PlanStatus.COACHING_COMPLETE, PlanStatus.FAILED}
    ),
    PlanStatus.COACHING_COMPLETE: frozenset(
        {
            PlanStatus.IN_PROGRESS,
            PlanStatus.SUB_AGENTS_RUNNING,
            PlanStatus.BRIEF_READY,
            PlanStatus.FAILED,
        }
    ),
    PlanStatus.SUB_AGENTS_RUNNING: frozenset({PlanStatus.BRIEF_READY, PlanStatus.FAILED}),
    PlanStatus.BRIEF_READY: frozenset({PlanStatus.IN_PROGRESS, PlanStatus.COMPLETED}),
    PlanStatus.COMPLETED: frozenset(),
    PlanStatus.FAILED: frozenset(),
}
"""Where each status leads, copied by hand."""

_TALK: Final = frozenset({PlanStatus.INITIALIZED, PlanStatus.IN_PROGRESS, PlanStatus.FAILED})
_WHOLE: Final = frozenset({PlanStatus.BRIEF_READY, PlanStatus.COMPLETED})


def broken_by(plan: CoachingPlan) -> list[str]:
    """Tell what of a plan cannot be."""
    parts = (_of_order, _of_steps, _of_work, _of_counts, _of_brief, _of_bounds)
    return [fault for part in parts for fault in part(plan)]


def _of_order(plan: CoachingPlan) -> Iterator[str]:
    names = [step.step for step in plan.steps]
    if len(set(names)) != len(names) or not names:
        yield "a step is there twice, or none is"
    if [step.order for step in plan.steps] != [*range(1, len(names) + 1)]:
        yield "steps are out of order"
    if set(names) != set(Step) and not plan.policy.subset:
        yield "a step is missing"
    if Step.SYNTHESIS in names[:-1] and not plan.policy.synthesis_anywhere:
        yield "the synthesis is not the last"
    if plan.current_step not in names:
        yield "the current step is none of the plan"


def _of_steps(plan: CoachingPlan) -> Iterator[str]:
    for step in plan.steps:
        if not (math.isfinite(step.confidence) and 0 <= step.confidence <= 1):
            yield "a confidence is none"
        if step.complete and not step.response:
            yield "a complete step has no answer"
        if step.attempts > step.retries:
            yield "there are more tries since than there were"
        if step.attempts >= plan.policy.retries and plan.status is not PlanStatus.FAILED:
            yield "retries are used up, and nothing came of it"


def _of_work(plan: CoachingPlan) -> Iterator[str]:
    is_open = not all(step.complete for step in plan.steps)
    if plan.status is PlanStatus.IN_PROGRESS:
        current = [step for step in plan.steps if step.step is plan.current_step]
        if not is_open or any(step.complete for step in current):
            yield "what is worked on is complete"
    elif plan.help_wanted is not None:
        yield "help is wanted with nothing"
    if plan.status not in _TALK and is_open:
        yield "it went on with an open step"


def _of_counts(plan: CoachingPlan) -> Iterator[str]:
    sure = [step.confidence if step.complete else 0 for step in plan.steps]
    if not math.isclose(plan.coaching_confidence, sum(sure) / len(sure), abs_tol=1e-12):
        yield "the confidence is not the mean of the steps"
    if plan.step_completion != {step.step: step.complete for step in plan.steps}:
        yield "the completion does not agree with the steps"
    if plan.coaching_plan != tuple(step.step for step in plan.steps):
        yield "the order does not agree with the steps"
    if plan.retry_count != sum(step.retries for step in plan.steps):
        yield "the retries do not agree with the steps"
    if sum((step.duration for step in plan.steps), timedelta(0)) > plan.coaching_duration:
        yield "steps took longer than the whole"
    if len(set(plan.conversation)) != len(plan.conversation):
        yield "a message is told twice"


def _of_brief(plan: CoachingPlan) -> Iterator[str]:
    written = Counter(section.name for section in plan.sections)
    if any(count > 1 for count in written.values()):
        yield "a section is there twice"
    for section in plan.sections:
        if section.version != plan.runs.of(section.name).successes:
            yield "a section was written more often than its agent succeeded, or less"
    if (plan.brief_version > 0) < (plan.status in _WHOLE):
        yield "a brief is ready and has no version"
    if plan.status in _WHOLE:
        done = {run.agent for run in plan.runs.runs if run.successes > 0}
        if not done >= set(plan.required):
            yield "a brief is ready without a required section"
    for run in plan.runs.runs:
        if run.status is AgentStatus.SUCCEEDED and plan.section(run.agent) is None:
            yield "an agent has succeeded and wrote nothing"


def _of_bounds(plan: CoachingPlan) -> Iterator[str]:
    if weight(plan) > MAX_TALK:
        yield "there is too much talk"
    if len(json.dumps(to_json(plan))) > MAX_STATE:
        yield "it cannot be kept"


# --- one action ------------------------------------------------------------------------------


def broken_between(
    before: CoachingPlan, action: Action, after: CoachingPlan, message: str | None = None
) -> list[str]:
    """Tell what of an action cannot be that a message has led to."""
    return [
        *_of_moves(before, action, after),
        *_of_retries(before, action, after, message),
        *_of_answers(before, action, after),
    ]


def _of_moves(before: CoachingPlan, action: Action, after: CoachingPlan) -> Iterator[str]:
    is_applied = action.status is ActionStatus.APPLIED
    if not is_applied and not _is_unfit(before, action) and after != before:
        yield "a refused action changed something"
    if is_applied and not WAYS[before.status]:
        yield "something changed after the end"
    if after.status is not before.status and after.status not in WAYS[before.status]:
        yield f"{before.status} led to {after.status}"
    if after.updated_at < before.updated_at or after.last_at < before.last_at:
        yield "time went back"
    if after.coaching_duration - before.coaching_duration > before.policy.idle:
        yield "a gap was longer than it may be"
    if after.policy != before.policy:
        yield "the policy changed"
    if after.brief_version < before.brief_version:
        yield "the brief went back"


def _of_retries(
    before: CoachingPlan, action: Action, after: CoachingPlan, message: str | None
) -> Iterator[str]:
    is_new = message is None or message != before.failed_message
    counts = is_new and _counts_as_try(before, action)
    expected = before.retry_count + counts
    if after.retry_count != expected:
        yield f"{after.retry_count} retries where there should be {expected}"
    if after.failed_message != (message if counts else before.failed_message):
        yield "it is not known which message has failed"


def _of_answers(before: CoachingPlan, action: Action, after: CoachingPlan) -> Iterator[str]:
    for old in before.steps:
        new = after.step(old.step)
        if new and new.response != old.response and old.step != _step_of(before, action):
            yield "an answer has landed in another step"
    if action.type == "edit_answer":
        return
    for old in before.steps:
        new = after.step(old.step)
        if old.complete and (new is None or (new.complete, new.response) != (True, old.response)):
            yield "a complete step did not stay complete"
    finished = [step.step for step in after.steps if step.complete]
    known = [step.step for step in before.steps if step.complete]
    fresh = set(finished) - set(known)
    if fresh and (action.type != "assess_answer" or fresh != {before.current_step}):
        yield "a step was completed that was not assessed"


def _step_of(before: CoachingPlan, action: Action) -> object:
    """Return the step that an action is about: the one that it names, or else the current one."""
    given = action.parameters
    assert isinstance(given, dict)
    return given.get("step", before.current_step)


def _is_unfit(before: CoachingPlan, action: Action) -> bool:
    """Whether an action is an assessment that cannot be read, and counts."""
    return (
        action.type == "assess_answer"
        and action.code is RefusalCode.BAD_PARAMETERS
        and before.status is PlanStatus.IN_PROGRESS
        and before.help_wanted is None
    )


def _counts_as_try(before: CoachingPlan, action: Action) -> bool:
    """Whether an action is an assessment that failed, as its parameters tell."""
    if _is_unfit(before, action):
        return True
    if action.type != "assess_answer" or action.status is ActionStatus.REFUSED:
        return False
    given = action.parameters
    assert isinstance(given, dict)
    confidence = given["confidence"]
    assert isinstance(confidence, int | float)
    answered = given.get("response") or before.current.response
    enough = given["complete"] and confidence >= before.policy.threshold
    return not (enough and answered)


# --- a whole log -----------------------------------------------------------------------------


def broken_in_log(actions: Iterable[Action], plan: CoachingPlan) -> list[str]:
    """Tell what of a log of actions, and of the plan that it has led to, cannot be."""
    done: set[str] = set()
    successes: Counter[str] = Counter()
    found: list[str] = []
    for action in actions:
        given = action.parameters
        if action.status is ActionStatus.REFUSED or not isinstance(given, dict):
            continue
        agent = str(given.get("agent"))
        if action.type == "start_agents":
            done.clear()  # it is the program that says which of them are asked
        elif action.type == "run_agent_again":
            done.discard(agent)
        elif action.type == "finish_agent":
            done.add(agent)
            successes[agent] += 1
        elif action.type == "begin_agent" and agent in done:
            found.append(f"{agent} was begun after it had succeeded")
    counted = Counter({run.agent: run.successes for run in plan.runs.runs if run.successes})
    if counted != successes:
        found.append("successes do not agree with the log")
    return found
