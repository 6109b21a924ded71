"""How a plan is played: call by call, with the same words in both colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from coachwork.courses import Course
from coachwork.ports import CommitResult
from coachwork.testing.faults._fault import Call, Fault
from coachwork.testing.faults._plan import FaultPlan
from coachwork.testing.faults._raised import CrashError, InterruptError
from coachwork.testing.faults._rule import Counts, Mishap

Sleep: TypeAlias = Callable[[float], object]
"""What makes a caller wait so many seconds; in async code what it returns is awaited."""

Instead: TypeAlias = Callable[[float], Course[tuple[Any, bool]]]
"""What is done instead of a call, given a fault's seconds: its answer, and if anything happened."""


@frozen
class Injected:
    """Something that went wrong as planned.

    Attributes:
        call: With which call.
        fault: What.
        seconds: How many seconds it was about, or None.
    """

    call: Call
    fault: Fault
    seconds: float | None

    def __str__(self) -> str:
        return f"{self.call}: {Mishap(self.fault, self.seconds).sentence}"


@frozen(kw_only=True)
class Manner:
    """How one call is carried out, and what it raises where it goes wrong.

    Attributes:
        do: Does it.
        wait: Makes its caller wait.
        failed: Makes the error of a port that failed.
        lost: Makes the error of an answer that is lost.
        instead: What is done instead where certain faults happen.
    """

    do: Callable[[], Course[Any]]
    wait: Sleep
    failed: Callable[[], Exception]
    lost: Callable[[], Exception]
    instead: Mapping[Fault, Instead] = field(factory=dict[Fault, Instead])


_NOT_DONE: Final = frozenset(
    {Fault.FAIL_BEFORE, Fault.LOST_NOT_DONE, Fault.CRASH_BEFORE, Fault.INTERRUPT_BEFORE}
)


class Player:
    """One run of a plan: it counts calls, and tells what happens to each."""

    def __init__(self, plan: FaultPlan) -> None:
        """Begin with the first call."""
        self.plan = plan
        self.dead = False
        self.calls = 0
        self.injected: list[Injected] = []
        self._lock = Lock()
        self._nth: Counter[str] = Counter()
        self._counts = [Counts() for _ in plan.rules]

    def play(self, port: str, method: str, kinds: tuple[str, ...], manner: Manner) -> Course[Any]:
        """Carry out one call, or what becomes of it.

        Raises:
            CrashError: The process dies, or is dead.
        """
        call, mishap = self._next(port, method, kinds)
        if mishap is None:
            answer = yield from manner.do()
        else:
            answer = yield from self._gone_wrong(call, mishap, manner)
        if self.dead:  # while others waited for their answers
            raise CrashError
        return answer

    def _next(self, port: str, method: str, kinds: tuple[str, ...]) -> tuple[Call, Mishap | None]:
        """Count a call, and return it with what happens to it."""
        with self._lock:
            if self.dead:
                raise CrashError
            name = f"{port}.{method}"
            self.calls += 1
            self._nth[name] += 1
            call = Call(port, method, kinds, self.calls, self._nth[name])
            met = [
                rule.meets(call, counts)
                for rule, counts in zip(self.plan.rules, self._counts, strict=True)
            ]
        return call, next((mishap for mishap in met if mishap is not None), None)

    def _gone_wrong(self, call: Call, mishap: Mishap, manner: Manner) -> Course[Any]:
        """Carry out what *mishap* makes of *call*."""
        fault = mishap.fault
        instead = manner.instead.get(fault)
        if instead is not None:
            answer, happened = yield from instead(mishap.seconds or 0.0)
            if happened:
                self._note(call, mishap)
            return answer
        self._note(call, mishap)
        raised = self._raised(manner).get(fault)
        if raised is not None and fault in _NOT_DONE:
            raise raised()
        if fault is Fault.CONFLICT_NOT_DONE:
            return CommitResult.CONFLICT
        if fault is Fault.DELAY:
            yield partial(manner.wait, mishap.seconds or 0.0)
        answer = yield from manner.do()
        if raised is not None:
            raise raised()
        if fault is Fault.CONFLICT_DONE:
            return CommitResult.CONFLICT
        if fault is Fault.DUPLICATE:
            with suppress(Exception):  # the first answer stands
                yield from manner.do()
        return answer

    def _raised(self, manner: Manner) -> Mapping[Fault, Callable[[], BaseException]]:
        """Return what makes the error that a fault ends with, before or after it was done."""
        return {
            Fault.FAIL_BEFORE: manner.failed,
            Fault.FAIL_AFTER: manner.failed,
            Fault.LOST_NOT_DONE: manner.lost,
            Fault.LOST_DONE: manner.lost,
            Fault.CRASH_BEFORE: self._death,
            Fault.CRASH_AFTER: self._death,
            Fault.INTERRUPT_BEFORE: InterruptError,
            Fault.INTERRUPT_AFTER: InterruptError,
        }

    def _death(self) -> CrashError:
        """Let the process be dead, and return what it dies with."""
        self.dead = True
        return CrashError()

    def _note(self, call: Call, mishap: Mishap) -> None:
        """Write down what went wrong."""
        with self._lock:
            self.injected.append(Injected(call, mishap.fault, mishap.seconds))
