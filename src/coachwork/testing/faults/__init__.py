"""Fault injection for any port: what goes wrong, with which call, as a value that replays.

`FaultPlan` says what goes wrong, by the number of a call, by its port, method and kind, or by a
seed; `Faults` plays it and stands before the ports. `POSSIBLE` tells what can go wrong where.

What a seed chooses is the same on every machine and with every Python. The *n*-th call that a
seeded rule counts is decided by the SHA-256 digest of the ASCII text ``seed/n``: the first eight
bytes, as a whole number big-endian, are below ``rate * 2**64`` if the call goes wrong, and the next
eight choose one of the faults that are possible there, in the order of the plan.
"""

from coachwork.testing.faults._fault import POSSIBLE, USUAL, Call, Fault
from coachwork.testing.faults._faults import Faults
from coachwork.testing.faults._plan import FaultPlan
from coachwork.testing.faults._playing import Injected
from coachwork.testing.faults._raised import CrashError, InjectedError, InterruptError

__all__ = [
    "POSSIBLE",
    "USUAL",
    "Call",
    "CrashError",
    "Fault",
    "FaultPlan",
    "Faults",
    "Injected",
    "InjectedError",
    "InterruptError",
]
