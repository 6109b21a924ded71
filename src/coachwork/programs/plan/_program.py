"""The plan program: its catalogue of actions, and where each is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from coachwork.errors import ValidationError
from coachwork.programs import (
    ActionType,
    Agent,
    Done,
    Moment,
    Program,
    Refusal,
    Scope,
    agent_actions,
)
from coachwork.programs.plan._actions_assessment import (
    AssessAnswer,
    assess_answer,
    unfit_assessment,
)
from coachwork.programs.plan._actions_beginning import (
    SetContext,
    SetOrder,
    StartCoaching,
    set_context,
    set_order,
    start_coaching,
)
from coachwork.programs.plan._actions_brief import (
    AcceptBrief,
    GiveUp,
    StartAgents,
    accept_brief,
    agent_seen,
    attempt_failed,
    give_up,
    runs_of,
    section_written,
    start_agents,
    with_agents,
    with_runs,
)
from coachwork.programs.plan._actions_editing import EditAnswer, edit_answer
from coachwork.programs.plan._actions_help import (
    AskForHelp,
    GiveGuidingQuestions,
    GiveProposals,
    GiveReformulation,
    UseText,
    WithdrawHelp,
    ask_for_help,
    give_guiding_questions,
    give_proposals,
    give_reformulation,
    use_text,
    withdraw_help,
)
from coachwork.programs.plan._agents import DEFAULT_AGENTS, SectionText
from coachwork.programs.plan._keeping import counted, kept
from coachwork.programs.plan._order import ALL_STEPS, fault_of_order, steps_in
from coachwork.programs.plan._policy import PlanPolicy
from coachwork.programs.plan._room import MAX_AGENTS
from coachwork.programs.plan._state import CoachingPlan, PlanStatus
from coachwork.programs.plan._steps import Step
from coachwork.programs.plan._table import PLAN_TABLE
from coachwork.programs.plan._telling import told_plan

P = TypeVar("P")
V = TypeVar("V")

_BEFORE: Final = frozenset({PlanStatus.INITIALIZED})
_TALK: Final = frozenset({PlanStatus.IN_PROGRESS})
_DONE: Final = frozenset({PlanStatus.COACHING_COMPLETE})
_AGENTS: Final = frozenset({PlanStatus.SUB_AGENTS_RUNNING})
_BRIEF: Final = frozenset({PlanStatus.BRIEF_READY})


def plan_program(
    *,
    id: str = "plan",  # noqa: A002 - as the field of a program is called
    version: int = 1,
    order: Iterable[Step] = ALL_STEPS,
    policy: PlanPolicy | None = None,
    agents: Iterable[Agent[CoachingPlan]] = DEFAULT_AGENTS,
) -> Program[CoachingPlan]:
    """Return the program of business plans, as an application wants it.

    A plan keeps the policy and the order that it began with. Count *version* up when they change:
    a log is played again with those that it was written under.

    Args:
        id: The program's id, the same for ever.
        version: The program's version; every version has the same form of state.
        order: The steps in the order in which they come, where a plan sets no other.
        policy: What decides where plans may differ; left out, `PlanPolicy` with its defaults.
        agents: Who writes the brief; each answers `SectionText` (see `section_agent`).

    Raises:
        ValidationError: A field is not what it should be; it names the field.
    """
    _check_version(version)
    rules = _policy_of(policy)
    steps, writers = _several("order", order, "Steps"), _several("agents", agents, "Agents")
    _check_order(steps, rules)
    _check_agents(writers)

    def begin(moment: Moment) -> CoachingPlan:
        plan = CoachingPlan(
            policy=rules,
            coaching_plan=steps,
            current_step=steps[0],
            steps=steps_in(steps),
            step_completion={},
            last_at=moment.now,
            updated_at=moment.now,
        )
        return counted(with_agents(plan, writers))

    return Program(
        id=id,
        version=version,
        state=CoachingPlan,
        begin=begin,
        phases=PLAN_TABLE,
        prompt=told_plan,
        scope=Scope.SESSION,
        upcasts=dict.fromkeys(range(1, version), dict),
        agents=writers,
        runs=runs_of,
        actions=(
            _action(StartCoaching, start_coaching, _BEFORE),
            _action(SetOrder, set_order, _BEFORE | _TALK),
            _action(SetContext, set_context, _BEFORE | _TALK | _DONE),
            _assessment(),
            _action(AskForHelp, ask_for_help, _TALK, "user"),
            _action(WithdrawHelp, withdraw_help, _TALK, "user"),
            _action(GiveGuidingQuestions, give_guiding_questions, _TALK, "coach"),
            _action(GiveReformulation, give_reformulation, _TALK, "coach"),
            _action(GiveProposals, give_proposals, _TALK, "coach"),
            _action(UseText, use_text, _TALK, "user"),
            _action(EditAnswer, edit_answer, _TALK | _DONE | _BRIEF),
            _action(StartAgents, partial(start_agents, writers), _DONE),
            _action(AcceptBrief, accept_brief, _BRIEF),
            _action(GiveUp, give_up, _DONE | _AGENTS, "user"),
            *agent_actions(
                writers,
                runs_of,
                with_runs,
                section_written,
                phases=_AGENTS | _BRIEF,
                begun=agent_seen,
                failed=attempt_failed,
                again=agent_seen,
            ),
        ),
    )


def _action(
    parameters: type[P],
    apply: Callable[[CoachingPlan, P, Moment], Done[CoachingPlan] | Refusal],
    phases: frozenset[PlanStatus],
    by: str = "both",
) -> ActionType[CoachingPlan, P]:
    """Return an entry of the catalogue; each keeps what every action of the talk keeps."""
    return ActionType(parameters, kept(apply), phases, by)


def _assessment() -> ActionType[CoachingPlan, AssessAnswer]:
    """Return the entry by which answers are judged, and what cannot be read is counted."""
    return ActionType(AssessAnswer, kept(assess_answer), _TALK, "coach", unfit=unfit_assessment)


def _check_version(version: int) -> None:
    if type(version) is not int or version < 1:
        raise ValidationError("version", "a whole number from 1 on")


def _policy_of(policy: PlanPolicy | None) -> PlanPolicy:
    """Return the *policy*, or the default one."""
    rules = PlanPolicy() if policy is None else policy
    if not _is_a(rules, PlanPolicy):
        raise ValidationError("policy", "a PlanPolicy or None")
    return rules


def _several(name: str, values: Iterable[V], expected: str) -> tuple[V, ...]:
    """Return the values of a field, which has to hold several of them."""
    if not _is_a(values, Iterable):
        raise ValidationError(name, expected)
    return tuple(values)


def _check_order(order: Sequence[Step], policy: PlanPolicy) -> None:
    if not all(_is_a(step, Step) for step in order):
        raise ValidationError("order", "Steps")
    if fault := fault_of_order(order, policy):
        raise ValidationError("order", f"an order of steps ({fault})")


def _check_agents(agents: Sequence[Agent[Any]]) -> None:
    """Refuse agents that could not write the brief; what else they are is the program's to check.

    Raises:
        ValidationError: There are some.
    """
    if len(agents) > MAX_AGENTS:
        raise ValidationError("agents", f"at most {MAX_AGENTS} agents")
    for agent in agents:
        if not _is_a(agent, Agent):
            raise ValidationError("agents", "Agents")
        if agent.result is not SectionText:
            raise ValidationError("agents", f"agents that answer SectionText, as {agent.name}")
        if agent.name in set(Step):
            raise ValidationError("agents", f"other names than steps have, as {agent.name}")


def _is_a(value: object, kind: type) -> bool:
    """Like ``isinstance``, of something whose declared type may be wrong."""
    return isinstance(value, kind)


PLAN: Final = plan_program()
"""Coaching of a business plan: six steps, and a brief that agents write from the answers."""
