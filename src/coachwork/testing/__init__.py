"""For the tests of applications: rehearsals of workflows, and what must hold of stored records.

It needs no test framework. Nothing in it is for programs that serve people.
"""

from coachwork.adapters import ScriptedModel, final
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
from coachwork.testing.conformance.repository import check_async_repository, check_repository

__all__ = [
    "NOON",
    "AsyncScriptedCoach",
    "Capability",
    "ConformanceError",
    "CountedIds",
    "Expected",
    "FakeClock",
    "RecordingDispatcher",
    "RecordingNotifier",
    "Rehearsal",
    "Report",
    "ScriptedCoach",
    "ScriptedModel",
    "Stage",
    "Step",
    "async_coach",
    "check_async_repository",
    "check_repository",
    "coach",
    "expects",
    "final",
    "rehearse",
    "snapshot",
    "step_violations",
    "violations",
]
