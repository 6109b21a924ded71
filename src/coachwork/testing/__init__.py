"""For the tests of applications: rehearsals of workflows, and what must hold of stored records.

It needs no test framework. Nothing in it is for programs that serve people.
"""

from coachwork.testing._fakes import (
    NOON,
    CountedIds,
    FakeClock,
    RecordingDispatcher,
    RecordingNotifier,
)
from coachwork.testing._invariants import snapshot, step_violations, violations
from coachwork.testing._rehearsal import Expected, Rehearsal, Step, expects, rehearse

__all__ = [
    "NOON",
    "CountedIds",
    "Expected",
    "FakeClock",
    "RecordingDispatcher",
    "RecordingNotifier",
    "Rehearsal",
    "Step",
    "expects",
    "rehearse",
    "snapshot",
    "step_violations",
    "violations",
]
