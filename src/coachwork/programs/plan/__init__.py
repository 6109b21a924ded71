"""Business plans: a coach goes with a person from a vision to a brief that others can work with.

Six steps are worked on one at a time. Each answer is assessed, and one that will not do yet stays
on its step, with a question that helps. When every step is complete, agents write the sections of a
business brief, side by side where they can (brief, section 7). The program is written with what
`coachwork.programs` offers to everybody.

There is one state per session, a `CoachingPlan`. `PLAN` is the program as it comes; `plan_program`
makes another one, with an order, a policy and agents of one's own. `brief_of` assembles the brief
of a plan at any time, and `markdown` makes a document of it.
"""

from coachwork.programs.plan._actions_assessment import AssessAnswer
from coachwork.programs.plan._actions_beginning import SetContext, SetOrder, StartCoaching
from coachwork.programs.plan._actions_brief import AcceptBrief, GiveUp, StartAgents
from coachwork.programs.plan._actions_editing import EditAnswer
from coachwork.programs.plan._actions_help import (
    AskForHelp,
    GiveGuidingQuestions,
    GiveProposals,
    GiveReformulation,
    UseText,
    WithdrawHelp,
)
from coachwork.programs.plan._agents import DEFAULT_AGENTS, SectionText, section_agent
from coachwork.programs.plan._brief import BusinessBrief, brief_of
from coachwork.programs.plan._duration import talk_duration
from coachwork.programs.plan._markdown import markdown
from coachwork.programs.plan._policy import AtLimit, PlanPolicy
from coachwork.programs.plan._program import PLAN, plan_program
from coachwork.programs.plan._room import MAX_AGENTS, MAX_CONTEXT, MAX_SECTION
from coachwork.programs.plan._state import (
    BriefSection,
    CoachingPlan,
    CoachingStep,
    HelpKind,
    PlanStatus,
    SectionSource,
)
from coachwork.programs.plan._steps import GOALS, Criterion, Goal, Step
from coachwork.programs.plan._table import PLAN_TABLE, PlanEffect, PlanEvent

__all__ = [
    "DEFAULT_AGENTS",
    "GOALS",
    "MAX_AGENTS",
    "MAX_CONTEXT",
    "MAX_SECTION",
    "PLAN",
    "PLAN_TABLE",
    "AcceptBrief",
    "AskForHelp",
    "AssessAnswer",
    "AtLimit",
    "BriefSection",
    "BusinessBrief",
    "CoachingPlan",
    "CoachingStep",
    "Criterion",
    "EditAnswer",
    "GiveGuidingQuestions",
    "GiveProposals",
    "GiveReformulation",
    "GiveUp",
    "Goal",
    "HelpKind",
    "PlanEffect",
    "PlanEvent",
    "PlanPolicy",
    "PlanStatus",
    "SectionSource",
    "SectionText",
    "SetContext",
    "SetOrder",
    "StartAgents",
    "StartCoaching",
    "Step",
    "UseText",
    "WithdrawHelp",
    "brief_of",
    "markdown",
    "plan_program",
    "section_agent",
    "talk_duration",
]
