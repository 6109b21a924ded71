"""What can go wrong with a call of a port, and where.

A fault is possible where it means something: only what does something can be done although its
answer is lost, only what makes somebody wait can be late, only a read can be stale. The
table below is the whole truth of it; a plan that names anything else is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from attrs import frozen


class Fault(StrEnum):
    """What goes wrong with one call; the values are the words of a plan's text form."""

    FAIL_BEFORE = "fail before"
    FAIL_AFTER = "fail after"
    LOST_DONE = "lost done"
    LOST_NOT_DONE = "lost not done"
    CONFLICT_DONE = "conflict done"
    CONFLICT_NOT_DONE = "conflict not done"
    DELAY = "delay"
    DUPLICATE = "duplicate"
    STALE = "stale"
    CLOCK_FORWARD = "clock forward"
    CLOCK_BACK = "clock back"
    TTL_EARLY = "ttl early"
    TTL_LATE = "ttl late"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    INTERRUPT_BEFORE = "interrupt before"
    INTERRUPT_AFTER = "interrupt after"

    @property
    def sentence(self) -> str:
        """What happens, in words."""
        return _SENTENCES[self]

    @property
    def seconds(self) -> float | None:
        """How many seconds it takes unless it is told otherwise, or None where it takes none."""
        return _SECONDS.get(self)


_SENTENCES: Final[Mapping[Fault, str]] = {
    Fault.FAIL_BEFORE: "it fails before anything is done",
    Fault.FAIL_AFTER: "it is done, and fails all the same",
    Fault.LOST_DONE: "it is done, and the answer is lost",
    Fault.LOST_NOT_DONE: "it is not done, and the answer is lost",
    Fault.CONFLICT_DONE: "it is done, and told a conflict",
    Fault.CONFLICT_NOT_DONE: "it is not done, and told a conflict",
    Fault.DELAY: "it comes late",
    Fault.DUPLICATE: "it is done twice, and the first answer is told",
    Fault.STALE: "it reads what was there before the last change",
    Fault.CLOCK_FORWARD: "the clock goes forward, from this call on",
    Fault.CLOCK_BACK: "the clock goes back, from this call on",
    Fault.TTL_EARLY: "before it the engine deletes what has not quite expired",
    Fault.TTL_LATE: "before it the engine deletes what has expired for some time",
    Fault.CRASH_BEFORE: "the process dies before it is done",
    Fault.CRASH_AFTER: "the process dies after it was done",
    Fault.INTERRUPT_BEFORE: "the caller is interrupted before it is done",
    Fault.INTERRUPT_AFTER: "the caller is interrupted after it was done",
}

_SECONDS: Final[Mapping[Fault, float]] = {
    Fault.DELAY: 1.0,
    Fault.CLOCK_FORWARD: 3600.0,
    Fault.CLOCK_BACK: 3600.0,
    Fault.TTL_EARLY: 3600.0,
    Fault.TTL_LATE: 3600.0,
}

USUAL: Final = (
    Fault.FAIL_BEFORE,
    Fault.LOST_DONE,
    Fault.LOST_NOT_DONE,
    Fault.CONFLICT_NOT_DONE,
    Fault.DUPLICATE,
    Fault.CRASH_BEFORE,
    Fault.CRASH_AFTER,
)
"""What happens on bad days though every port keeps its promises."""

_ANYWHERE: Final = frozenset(
    {
        Fault.FAIL_BEFORE,
        Fault.CRASH_BEFORE,
        Fault.CRASH_AFTER,
        Fault.INTERRUPT_BEFORE,
        Fault.INTERRUPT_AFTER,
    }
)
_FAR_AWAY: Final = _ANYWHERE | {Fault.FAIL_AFTER, Fault.DELAY}
_DOES_SOMETHING: Final = _FAR_AWAY | {Fault.LOST_DONE, Fault.LOST_NOT_DONE, Fault.DUPLICATE}
_EXPIRES: Final = frozenset({Fault.TTL_EARLY, Fault.TTL_LATE})
_READS: Final = _FAR_AWAY | _EXPIRES | {Fault.STALE}

POSSIBLE: Final[Mapping[str, Mapping[str, frozenset[Fault]]]] = {
    "repository": {
        "get": _READS,
        "commit": _DOES_SOMETHING | _EXPIRES | {Fault.CONFLICT_DONE, Fault.CONFLICT_NOT_DONE},
        "log": _READS,
        "find": _READS,
    },
    "model": {"complete": _DOES_SOMETHING},
    "clock": {"now": _ANYWHERE | {Fault.CLOCK_FORWARD, Fault.CLOCK_BACK}},
    "ids": {"new_id": _ANYWHERE},
    "templates": {"template": _FAR_AWAY},
    "renderer": {"names": _ANYWHERE, "render": _ANYWHERE},
    "summarizer": {"summarize": _FAR_AWAY},
    "admit": {"admit": _DOES_SOMETHING},
    "notifier": {"notify": _DOES_SOMETHING},
    "dispatcher": {"dispatch": _DOES_SOMETHING},
    "sub_agents": {"run": _DOES_SOMETHING},
    "sink": {"tell": _ANYWHERE | {Fault.FAIL_AFTER, Fault.DUPLICATE}},
}
"""What can go wrong, by port and method."""


@frozen
class Call:
    """One call of a port.

    Attributes:
        port: The port, as `coachwork.ports.Ports` names it.
        method: The method.
        kinds: What it is about, in order: kinds of records, the purpose of a question to the model,
            the name of a template, a command, the type of an event, the kind of a job. No ids.
        number: Which call of all it is, from 1.
        nth: Which call of that method it is, from 1.
    """

    port: str
    method: str
    kinds: tuple[str, ...]
    number: int
    nth: int

    def __str__(self) -> str:
        about = f" of {', '.join(self.kinds)}" if self.kinds else ""
        return f"call {self.number}, {self.port}.{self.method} {self.nth}{about}"

    @property
    def possible(self) -> frozenset[Fault]:
        """What can go wrong with it."""
        return POSSIBLE[self.port][self.method]
