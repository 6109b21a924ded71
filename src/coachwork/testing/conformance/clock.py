"""What is promised of a clock."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from attrs import frozen

from coachwork.adapters import SystemClock
from coachwork.effects import Effect, Workflow
from coachwork.ports import AsyncPorts, Clock, Ports
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._promise import (
    DEADLINE,
    Port,
    Suite,
    Terms,
    Trial,
    promise,
)
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check
from coachwork.testing.conformance._together import AtOnce, Wait
from coachwork.testing.conformance._words import in_words

ClockMake: TypeAlias = Callable[[], AbstractContextManager[Clock]]
"""Makes a clock: see `coachwork.testing.conformance.Make`."""

NOW: Final = "coachwork.ports.Clock.now"
RACERS: Final = 8
ZONE: Final = timedelta(minutes=15)
"""What time zones differ by, at least."""


@frozen
class AskTime(Effect[object]):
    """What does the clock say, as it says it?"""

    def perform(self, ports: Ports | AsyncPorts, /) -> object:
        """Ask the clock."""
        return ports.clock.now()


@in_words.register(AskTime)
def _(_effect: AskTime) -> str:
    return "now()"


def _is_aware(time: object) -> bool:
    """Whether *time* is an instant."""
    return isinstance(time, datetime) and time.utcoffset() is not None


@promise(
    "C01",
    why="No age and no deadline can be computed: every command fails.",
    where=NOW,
)
def the_time_is_an_instant(_trial: Trial) -> Workflow[None]:
    """The time is an aware datetime."""
    time = yield from AskTime()
    if not _is_aware(time):
        raise PromiseBrokenError("now()", "an aware datetime", in_words(time))


@promise(
    "C02",
    why="What an application reads from the clock beside coachwork is hours off.",
    where=NOW,
)
def the_time_is_in_utc(_trial: Trial) -> Workflow[None]:
    """The time is told in UTC."""
    time = yield from AskTime()
    if isinstance(time, datetime) and time.utcoffset():
        raise PromiseBrokenError("now()", "a time in UTC", in_words(time))


@promise(
    "C03",
    why="No session gets idle, no lease runs out: what a crash left is stuck for ever.",
    where=NOW,
    needs=Capability.REAL_TIME,
)
def the_time_goes_on(_trial: Trial) -> Workflow[None]:
    """The time is another one a little later."""
    first = yield from AskTime()
    for _ in range(50):
        yield from Wait(0.01)
        if (yield from AskTime()) != first:
            return
    raise PromiseBrokenError("now(), half a second later", "another time", in_words(first))


@promise(
    "C04",
    why="Sessions expire hours early or late where a local time is taken for UTC.",
    where=NOW,
    needs=Capability.REAL_TIME,
)
def the_time_is_the_real_one(_trial: Trial) -> Workflow[None]:
    """The time is that of this machine, but for less than what time zones differ by."""
    time = yield from AskTime()
    if isinstance(time, datetime) and _is_aware(time):
        here = SystemClock().now()
        if abs(time - here) >= ZONE:
            raise PromiseBrokenError("now()", f"about {in_words(here)}", in_words(time))


@promise(
    "C05",
    why="A coach that serves several people at once fails now and then.",
    where="coachwork.coach.Coach: it may be used by several threads at once",
)
def several_may_ask_at_once(_trial: Trial) -> Workflow[None]:
    """Threads that ask at the same time are told what one alone is told: a time."""
    alone = yield from AskTime()
    for times in (yield from AtOnce(tuple(_asked() for _ in range(RACERS)))):
        for time in times:
            if type(time) is not type(alone):
                raise PromiseBrokenError("now() at once", in_words(alone), in_words(time))


def _asked() -> Workflow[list[object]]:
    """Ask some times."""
    told: list[object] = []
    for _ in range(20):
        told.append((yield from AskTime()))  # noqa: PERF401 - no comprehension can ask
    return told


CLOCK: Final = Suite(
    port=Port(name="Clock", field="clock", method="now"),
    promises=(
        the_time_is_an_instant,
        the_time_is_in_utc,
        the_time_goes_on,
        the_time_is_the_real_one,
        several_may_ask_at_once,
    ),
)
"""All that is promised of a clock."""


def check_clock(
    make: ClockMake, *, lacks: Collection[Capability] = (), deadline: float = DEADLINE
) -> Report:
    """Check a clock.

    Args:
        make: Makes the clock: a function that returns a context manager of it.
        lacks: What it lacks: `Capability.REAL_TIME`, for one that stands still.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    return check(CLOCK, make, Terms.of(CLOCK, lacks=lacks, deadline=deadline))
