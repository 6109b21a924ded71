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
from coachwork.testing._rehearsal import Rehearsal, rehearse

__all__ = [
    "NOON",
    "CountedIds",
    "FakeClock",
    "RecordingDispatcher",
    "RecordingNotifier",
    "Rehearsal",
    "rehearse",
    "snapshot",
    "step_violations",
    "violations",
]
