"""For the tests of applications: rehearsals of workflows, and what must hold of stored records.

It needs no test framework. Nothing in it is for programs that serve people, but for one thing: an
audited repository (`Audited`) may be left on there.
"""

from coachwork.adapters import ScriptedModel, final
from coachwork.testing._audit import (
    AsyncAudited,
    Audited,
    InvariantError,
    log_violations,
    refuse_violations,
)
from coachwork.testing._auditing import AuditFigures
from coachwork.testing._coach import AsyncScriptedCoach, ScriptedCoach, Stage, async_coach, coach
from coachwork.testing._fakes import (
    NOON,
    CountedIds,
    FakeClock,
    RecordingDispatcher,
    RecordingNotifier,
)
from coachwork.testing._invariants import snapshot, step_violations, violations
from coachwork.testing._rehearsal import Expected, Rehearsal, Step, expects, rehearse
from coachwork.testing.conformance import Capability, ConformanceError, Report
from coachwork.testing.conformance.admission import check_admission, check_async_admission
from coachwork.testing.conformance.clock import check_clock
from coachwork.testing.conformance.dispatcher import check_async_dispatcher, check_dispatcher
from coachwork.testing.conformance.ids import check_ids
from coachwork.testing.conformance.model import Provocations, check_async_model, check_model
from coachwork.testing.conformance.notifier import check_async_notifier, check_notifier
from coachwork.testing.conformance.renderer import check_renderer
from coachwork.testing.conformance.repository import check_async_repository, check_repository
from coachwork.testing.conformance.sink import check_sink
from coachwork.testing.conformance.sub_agents import check_async_sub_agents, check_sub_agents
from coachwork.testing.conformance.summarizer import check_async_summarizer, check_summarizer
from coachwork.testing.conformance.templates import check_async_templates, check_templates
from coachwork.testing.faults import Fault, FaultPlan, Faults
from coachwork.testing.history import History, history_violations, recorded

__all__ = [
    "NOON",
    "AsyncAudited",
    "AsyncScriptedCoach",
    "AuditFigures",
    "Audited",
    "Capability",
    "ConformanceError",
    "CountedIds",
    "Expected",
    "FakeClock",
    "Fault",
    "FaultPlan",
    "Faults",
    "History",
    "InvariantError",
    "Provocations",
    "RecordingDispatcher",
    "RecordingNotifier",
    "Rehearsal",
    "Report",
    "ScriptedCoach",
    "ScriptedModel",
    "Stage",
    "Step",
    "async_coach",
    "check_admission",
    "check_async_admission",
    "check_async_dispatcher",
    "check_async_model",
    "check_async_notifier",
    "check_async_repository",
    "check_async_sub_agents",
    "check_async_summarizer",
    "check_async_templates",
    "check_clock",
    "check_dispatcher",
    "check_ids",
    "check_model",
    "check_notifier",
    "check_renderer",
    "check_repository",
    "check_sink",
    "check_sub_agents",
    "check_summarizer",
    "check_templates",
    "coach",
    "expects",
    "final",
    "history_violations",
    "log_violations",
    "recorded",
    "refuse_violations",
    "rehearse",
    "snapshot",
    "step_violations",
    "violations",
]
