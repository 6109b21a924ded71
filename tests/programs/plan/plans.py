"""Plans to test with, and short ways to do an action on one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, cast

from attrs import evolve

from coachwork.actions import Action, ActionStatus, RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs import Carried, Program, begun, carry_out
from coachwork.programs.plan import (
    PLAN,
    BriefSection,
    CoachingPlan,
    CoachingStep,
    PlanPolicy,
    PlanStatus,
    Step,
    plan_program,
)
from coachwork.programs.plan._keeping import counted
from tests.specimens import NOON

LATER: Final = NOON + timedelta(minutes=10)

INITIALIZED: Final = PlanStatus.INITIALIZED
IN_PROGRESS: Final = PlanStatus.IN_PROGRESS
COACHING_COMPLETE: Final = PlanStatus.COACHING_COMPLETE
RUNNING: Final = PlanStatus.SUB_AGENTS_RUNNING
BRIEF_READY: Final = PlanStatus.BRIEF_READY
COMPLETED: Final = PlanStatus.COMPLETED
FAILED: Final = PlanStatus.FAILED

SURE: Final = 0.9
AGENTS: Final = tuple(agent.name for agent in PLAN.agents)

ABOUT: Final = frozenset(
    {"assess_answer", "give_guiding_questions", "give_reformulation", "give_proposals"}
)
"""The actions of the coach that say which step they are about."""


def plan(status: PlanStatus = IN_PROGRESS, **fields: object) -> CoachingPlan:
    """Return a plan as it is when it comes to *status*: answered and written as far as need be.

    What is given as *fields* stands in the place of that.
    """
    made = begun(plan_program(policy=_policy(fields)), "seed", NOON)
    if status not in {INITIALIZED, IN_PROGRESS}:
        made = evolve(made, steps=tuple(map(complete, made.steps)), current_step=Step.SYNTHESIS)
    if status in {BRIEF_READY, COMPLETED}:
        runs = made.runs
        for name in AGENTS:
            runs = runs.begun(name, LATER).succeeded(name)
        sections = tuple(map(section, AGENTS))
        made = evolve(made, runs=runs, sections=sections, brief_version=1)
    return counted(evolve(made, status=status, **cast("dict[str, Any]", fields)))


def _policy(fields: dict[str, object]) -> PlanPolicy:
    return cast("PlanPolicy", fields.pop("policy", PlanPolicy()))


def complete(step: CoachingStep) -> CoachingStep:
    """Return *step* with an answer that will do."""
    return evolve(step, response=f"my {step.step}", confidence=SURE, complete=True)


def with_step(state: CoachingPlan, name: Step, **fields: object) -> CoachingPlan:
    """Return a plan where something of one step is another."""
    steps = tuple(
        evolve(one, **cast("dict[str, Any]", fields)) if one.step is name else one
        for one in state.steps
    )
    return counted(evolve(state, steps=steps))


def section(agent: str, **fields: object) -> BriefSection:
    """Return the section of an agent."""
    made = BriefSection(name=agent, title=agent.title(), body=f"About {agent}.")
    return evolve(made, **cast("dict[str, Any]", fields))


def carry(
    state: CoachingPlan,
    *actions: tuple[str, dict[str, JSON]],
    sender: Sender = Sender.COACH,
    program: Program[CoachingPlan] = PLAN,
    message: str | None = "s-1.4",
) -> Carried[CoachingPlan]:
    """Carry out actions, each a name and its parameters, led to by a message."""
    asked: list[dict[str, JSON]] = [
        {"type": name, "parameters": parameters} for name, parameters in actions
    ]
    return carry_out(program, state, asked, sender, LATER, "a", message)


def about(
    state: CoachingPlan, name: str, parameters: dict[str, JSON]
) -> tuple[str, dict[str, JSON]]:
    """Return an action that is about the current step, where it says nothing else."""
    step: dict[str, JSON] = {"step": state.current_step.value} if name in ABOUT else {}
    return name, {**step, **parameters}


def applied(
    state: CoachingPlan, name: str, sender: Sender = Sender.COACH, /, **parameters: JSON
) -> tuple[CoachingPlan, Action]:
    """Return the state after an action, and the action; it must not be refused.

    Where it does not say which step it is about, it is the current one.
    """
    carried = carry(state, about(state, name, parameters), sender=sender)
    (action,) = carried.actions
    assert action.status is ActionStatus.APPLIED, action.summary
    assert carried.state.updated_at == LATER
    return carried.state, action


def after(
    state: CoachingPlan, name: str, sender: Sender = Sender.COACH, /, **parameters: JSON
) -> CoachingPlan:
    """Return the state after an action, which must not be refused."""
    return applied(state, name, sender, **parameters)[0]


def refused(
    state: CoachingPlan,
    name: str,
    code: RefusalCode = RefusalCode.NOT_POSSIBLE,
    sender: Sender = Sender.COACH,
    /,
    **parameters: JSON,
) -> str:
    """Return why an action is refused with that *code*; nothing may change.

    Where it does not say which step it is about, it is the current one.
    """
    carried = carry(state, about(state, name, parameters), sender=sender)
    (action,) = carried.actions
    assert action.code is code, action.summary
    assert carried.state is state
    return action.summary


def bad(
    state: CoachingPlan, name: str, sender: Sender = Sender.COACH, /, **parameters: JSON
) -> str:
    """Return what is wrong with the parameters of an action."""
    return refused(state, name, RefusalCode.BAD_PARAMETERS, sender, **parameters)
