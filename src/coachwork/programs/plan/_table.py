"""The transition table of a plan's status (brief, section 7).

Theory
------

A plan is *initialized* with its order of steps, and *in progress* from the first question on. There
each answer is assessed: one that will do completes its step, and the next open one is turned to.
When no step is open, the *coaching is complete*; when the retries of a step are used up and the
policy wants it so, the plan has *failed*.

Then *sub-agents run*, who write the sections of the brief. Each finished section stays, whatever
becomes of the others. When every agent is finished, the *brief is ready*: single sections may be
written anew, which changes no status, until the brief is accepted and the plan *completed*. Where a
required agent's attempts are used up, the plan has failed once no other agent is running; so it has
when the person gives up.

An answer may be *edited* until agents run, and again once the brief is ready. That leads back to
being in progress, for the step is open again; what agents wrote stays until they are asked anew.

Rows have effects, carried out by `happened` and `moved`:

* the *next open step* is turned to;
* those agents are *asked* whose sections are missing or were made from other answers;
* the brief's *version* is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final

from attrs import evolve

from coachwork.machine import Guard, Machine, Moved, Refused, Row
from coachwork.programs import AgentStatus, Refusal
from coachwork.programs.plan._state import BriefSection, CoachingPlan, PlanStatus


class PlanEvent(StrEnum):
    """What can happen to a plan."""

    START_COACHING = "start_coaching"
    PROCESS_STEP = "process_step"
    EDIT_STEP = "edit_step"
    COMPLETE_ALL_STEPS = "complete_all_steps"
    VALIDATION_ERROR = "validation_error"
    TRIGGER_AGENTS = "trigger_agents"
    AGENTS_COMPLETE = "agents_complete"
    AGENT_FAILURE = "agent_failure"
    GENERATE_BUSINESS_BRIEF = "generate_business_brief"


class PlanEffect(StrEnum):
    """What follows in the plan."""

    NEXT_STEP = "turn to the next open step"
    ASK_AGENTS = "ask the agents"
    NEW_VERSION = "count the brief's version"


def is_outdated(plan: CoachingPlan, section: BriefSection) -> bool:
    """Whether a section was made from other answers, and its agent was not asked again."""
    return section.stale and plan.runs.of(section.name).status is AgentStatus.SUCCEEDED


# --- guards ----------------------------------------------------------------------------------


def _some_open(plan: CoachingPlan, _now: datetime) -> str | None:
    return None if plan.open_steps else "every step is complete"


def _none_open(plan: CoachingPlan, _now: datetime) -> str | None:
    missing = ", ".join(step.step for step in plan.open_steps)
    return f"not complete: {missing}" if missing else None


def _used_up(plan: CoachingPlan, _now: datetime) -> str | None:
    most = max(step.attempts for step in plan.open_steps) if plan.open_steps else 0
    return None if most >= plan.policy.retries else "there are retries left"


def _finished(plan: CoachingPlan, now: datetime) -> str | None:
    failed = [run.agent for run in plan.runs.runs if run.status is AgentStatus.FAILED]
    missing = ", ".join(name for name in failed if name in plan.required)
    stale = ", ".join(section.name for section in plan.sections if is_outdated(plan, section))
    if missing:
        return f"failed: {missing}"
    return f"made from other answers: {stale}" if stale else _at_work(plan, now)


def _at_work(plan: CoachingPlan, _now: datetime) -> str | None:
    missing = ", ".join(run.agent for run in plan.runs.runs if run.status in _ON_THE_WAY)
    return f"not written yet: {missing}" if missing else None


_ON_THE_WAY: Final = frozenset({AgentStatus.WAITING, AgentStatus.RUNNING})

STEP_OPEN: Final = Guard("a step is open", _some_open)
STEPS_COMPLETE: Final = Guard("every step is complete", _none_open)
RETRIES_USED_UP: Final = Guard("the retries of a step are used up", _used_up)
AGENTS_FINISHED: Final = Guard("every agent is finished", _finished)
NOBODY_WRITES: Final = Guard("no section is being written", _at_work)


# --- effects ---------------------------------------------------------------------------------


def _next_step(plan: CoachingPlan) -> CoachingPlan:
    following = plan.open_steps
    if not following or plan.current in following:
        return plan
    return evolve(plan, current_step=following[0].step)


def _ask_agents(plan: CoachingPlan) -> CoachingPlan:
    runs = plan.runs
    for run in runs.runs:
        section = plan.section(run.agent)
        if section is None or section.stale:
            runs = runs.again(run.agent)
    return evolve(plan, runs=runs)


def _new_version(plan: CoachingPlan) -> CoachingPlan:
    return evolve(plan, brief_version=plan.brief_version + 1)


_EFFECTS: Final[Mapping[PlanEffect, Callable[[CoachingPlan], CoachingPlan]]] = {
    PlanEffect.NEXT_STEP: _next_step,
    PlanEffect.ASK_AGENTS: _ask_agents,
    PlanEffect.NEW_VERSION: _new_version,
}


def happened(plan: CoachingPlan, event: PlanEvent, now: datetime) -> CoachingPlan | Refusal:
    """Let *event* happen to *plan*, with all that follows, or tell why it cannot.

    Args:
        plan: The plan.
        event: What happens.
        now: The instant (UTC).
    """
    answer = PLAN_TABLE.step(plan, event, now)
    if isinstance(answer, Refused):
        told = "; ".join(why for _, why in answer.reasons)
        return Refusal(told or f"{event} cannot happen to a plan that is {plan.status}")
    return _followed(answer)


def moved(plan: CoachingPlan, event: PlanEvent, now: datetime) -> CoachingPlan:
    """Let *event* happen to *plan*, with all that follows, where it is known that it can.

    Raises:
        TransitionRefusedError: It cannot.
    """
    return _followed(PLAN_TABLE.move(plan, event, now))


def _followed(answer: Moved[CoachingPlan, PlanEffect]) -> CoachingPlan:
    plan = answer.value
    for effect in answer.effects:
        plan = _EFFECTS[effect](plan)
    return plan


# --- THE TABLE -------------------------------------------------------------------------------


def _became(old: CoachingPlan, to: PlanStatus, _now: datetime, _given: None) -> CoachingPlan:
    return evolve(old, status=to)


_S = PlanStatus
_E = PlanEvent
_F = PlanEffect
_Row = Row[CoachingPlan, PlanStatus, None, PlanEffect]

_EDITED: Final[_Row] = Row(_S.IN_PROGRESS, _became, guards=(STEP_OPEN,))
_FINISHED: Final[_Row] = Row(
    _S.BRIEF_READY, _became, guards=(AGENTS_FINISHED,), effects=(_F.NEW_VERSION,)
)
_BROKEN: Final[_Row] = Row(_S.FAILED, _became)

PLAN_TABLE: Final = Machine[CoachingPlan, PlanStatus, PlanEvent, None, PlanEffect](
    name="business plan",
    states=PlanStatus,
    events=PlanEvent,
    initial=(_S.INITIALIZED,),
    ends=(_S.COMPLETED, _S.FAILED),
    state=attrgetter("status"),
    table={
        _S.INITIALIZED: {
            _E.START_COACHING: Row(_S.IN_PROGRESS, _became),
        },
        _S.IN_PROGRESS: {
            _E.PROCESS_STEP: Row(
                _S.IN_PROGRESS, _became, guards=(STEP_OPEN,), effects=(_F.NEXT_STEP,)
            ),
            _E.EDIT_STEP: _EDITED,
            _E.COMPLETE_ALL_STEPS: Row(_S.COACHING_COMPLETE, _became, guards=(STEPS_COMPLETE,)),
            _E.VALIDATION_ERROR: Row(_S.FAILED, _became, guards=(RETRIES_USED_UP,)),
        },
        _S.COACHING_COMPLETE: {
            _E.TRIGGER_AGENTS: Row(_S.SUB_AGENTS_RUNNING, _became, effects=(_F.ASK_AGENTS,)),
            _E.AGENTS_COMPLETE: _FINISHED,
            _E.EDIT_STEP: _EDITED,
            _E.AGENT_FAILURE: _BROKEN,
        },
        _S.SUB_AGENTS_RUNNING: {
            _E.AGENTS_COMPLETE: _FINISHED,
            _E.AGENT_FAILURE: _BROKEN,
        },
        _S.BRIEF_READY: {
            _E.GENERATE_BUSINESS_BRIEF: Row(_S.COMPLETED, _became, guards=(NOBODY_WRITES,)),
            _E.EDIT_STEP: _EDITED,
        },
        _S.COMPLETED: {},
        _S.FAILED: {},
    },
)
"""The machine of a plan."""
