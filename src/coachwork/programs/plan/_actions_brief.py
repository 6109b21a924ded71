"""Actions on the brief: let agents write it, take what they write, accept it, give up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from attrs import evolve, frozen

from coachwork.programs import (
    Agent,
    AgentRun,
    AgentRuns,
    AgentStatus,
    Done,
    Moment,
    Refusal,
)
from coachwork.programs.plan._agents import SectionText
from coachwork.programs.plan._keeping import touched
from coachwork.programs.plan._state import BriefSection, CoachingPlan, PlanStatus
from coachwork.programs.plan._table import PlanEvent, happened, moved

Answer = Done[CoachingPlan] | Refusal


@frozen
class StartAgents:
    """Let agents write the sections of the brief, once every step is complete."""


def start_agents(
    agents: Sequence[Agent[CoachingPlan]],
    plan: CoachingPlan,
    _given: StartAgents,
    moment: Moment,
) -> Answer:
    """Ask the *agents* whose sections are missing or outdated; without any, the brief is ready.

    They are asked whatever became of them before: also an optional one that has failed.
    The agents are those of the program now: it may have been another version that began the plan.
    """
    plan = with_agents(plan, agents)
    after = moved(plan, PlanEvent.TRIGGER_AGENTS, moment.now)
    asked = [run.agent for run in after.runs.runs if run.status is AgentStatus.WAITING]
    if asked:
        return Done(after, f"asked the agents {', '.join(asked)}")
    ready = moved(plan, PlanEvent.AGENTS_COMPLETE, moment.now)
    return Done(ready, "there is nothing to write: the brief is ready")


@frozen
class AcceptBrief:
    """The person accepts the brief; the plan is completed by it."""


def accept_brief(plan: CoachingPlan, _given: AcceptBrief, moment: Moment) -> Answer:
    """Complete the plan, unless a section is being written anew."""
    after = happened(plan, PlanEvent.GENERATE_BUSINESS_BRIEF, moment.now)
    if isinstance(after, Refusal):
        return after
    return Done(after, f"accepted version {after.brief_version} of the brief")


@frozen
class GiveUp:
    """Give up waiting for the brief; the plan has failed by it, and cannot be gone on with."""


def give_up(plan: CoachingPlan, _given: GiveUp, moment: Moment) -> Answer:
    """Let the plan fail."""
    return Done(moved(plan, PlanEvent.AGENT_FAILURE, moment.now), "gave up waiting for the brief")


def with_agents(plan: CoachingPlan, agents: Sequence[Agent[CoachingPlan]]) -> CoachingPlan:
    """Return *plan* with exactly these *agents*; what is known of one of them stays."""
    names = {agent.name for agent in agents}
    return evolve(
        plan,
        runs=AgentRuns(tuple(plan.runs.of(agent.name) for agent in agents)),
        required=tuple(agent.name for agent in agents if agent.required),
        sections=tuple(section for section in plan.sections if section.name in names),
    )


# --- what becomes of agents ------------------------------------------------------------------


def runs_of(plan: CoachingPlan) -> AgentRuns:
    """Return how far the agents are."""
    return plan.runs


def with_runs(plan: CoachingPlan, runs: AgentRuns) -> CoachingPlan:
    """Return *plan* where the agents are that far."""
    return evolve(plan, runs=runs)


def agent_seen(plan: CoachingPlan, _agent: Agent[CoachingPlan], moment: Moment) -> CoachingPlan:
    """Return *plan* after something became of an agent that changes nothing else."""
    return touched(plan, moment)


def section_written(
    plan: CoachingPlan, agent: Agent[CoachingPlan], result: object, moment: Moment
) -> CoachingPlan:
    """Return *plan* with the section that an agent has written.

    The others stay as they are. The last one makes the brief ready; one that was written anew
    makes a ready brief another version.
    """
    text = cast("SectionText", result)
    old = plan.section(agent.name)
    new = BriefSection(
        name=agent.name,
        title=text.title,
        body=text.body,
        version=1 if old is None else old.version + 1,
    )
    sections = (
        (*plan.sections, new)
        if old is None
        else tuple(new if one is old else one for one in plan.sections)
    )
    after = touched(evolve(plan, sections=sections), moment)
    if plan.status is PlanStatus.BRIEF_READY:
        return evolve(after, brief_version=plan.brief_version + 1)
    return _settled(after, moment)


def attempt_failed(plan: CoachingPlan, agent: Agent[CoachingPlan], moment: Moment) -> CoachingPlan:
    """Return *plan* after an attempt of an agent failed.

    Where its attempts are used up, the policy decides on a required one once no other is running,
    and nobody waits for an optional one. A ready brief stays as it is, with the section that was to
    be written anew.
    """
    after = touched(plan, moment)
    run = after.runs.of(agent.name)
    if plan.status is not PlanStatus.BRIEF_READY:
        return _settled(after, moment)
    section = plan.section(agent.name)
    still_there = section is not None and not section.stale
    if run.status is AgentStatus.FAILED and still_there:
        return evolve(after, runs=_stands(after.runs, run))
    return after


def _settled(plan: CoachingPlan, moment: Moment) -> CoachingPlan:
    """Return *plan* where it has failed, or its brief is ready, if nothing else can come of it.

    While agents are running what they write is awaited, even where a required one has failed.
    """
    is_lost = any(plan.runs.of(name).status is AgentStatus.FAILED for name in plan.required)
    if is_lost and not plan.policy.wait_for_agents:
        is_awaited = any(run.status is AgentStatus.RUNNING for run in plan.runs.runs)
        return plan if is_awaited else moved(plan, PlanEvent.AGENT_FAILURE, moment.now)
    ready = happened(plan, PlanEvent.AGENTS_COMPLETE, moment.now)
    return plan if isinstance(ready, Refusal) else ready


def _stands(runs: AgentRuns, failed: AgentRun) -> AgentRuns:
    """Return *runs* where what one of them wrote earlier stands, though it *failed* now."""
    stands = evolve(failed, status=AgentStatus.SUCCEEDED)
    return AgentRuns(tuple(stands if run is failed else run for run in runs.runs))
