"""Ports that do as they are told: a clock, ids that are counted, and two that remember.

The scripted language model stands in `coachwork.adapters`: it serves demonstrations, too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Final, Generic, TypeVar

from attrs import define

from coachwork.errors import MisuseError, ValidationError
from coachwork.events import Event
from coachwork.ids import MAX_ID, checked_id
from coachwork.jobs import JobRef

T = TypeVar("T")

NOON: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""What a fake clock shows first, unless it is told otherwise: a Monday at noon, in UTC."""

_STILL: Final = timedelta(0)


class FakeClock:
    """A clock (`coachwork.ports.Clock`) that stands still until it is told to go on, or to run.

    It may be used by several threads at once.
    """

    def __init__(self, time: datetime = NOON) -> None:
        """Stand still.

        Args:
            time: What it shows; an aware instant.

        Raises:
            ValidationError: The instant has no time zone, or UTC has no such instant.
        """
        self._lock = Lock()
        self._shown = _in_utc(time)
        self._step = _STILL
        self._speed = self._since = 0.0

    def now(self) -> datetime:
        """Return what it shows, in UTC; a clock that ticks goes on after that."""
        with self._lock:
            shown = self._read()
            self._shown = _moved(self._shown, self._step)
            return shown

    @property
    def time(self) -> datetime:
        """What it shows, in UTC. To look is not to ask: it does not tick by that.

        It can be set to any aware instant, later or earlier.
        """
        with self._lock:
            return self._read()

    @time.setter
    def time(self, time: datetime) -> None:
        set_to = _in_utc(time)
        with self._lock:
            self._shown, self._since = set_to, monotonic()

    def advance(
        self,
        duration: timedelta = _STILL,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        microseconds: float = 0,
    ) -> None:
        """Go on by a *duration*, or back where it is negative; the parts are added up.

        Raises:
            ValidationError: The time would lie beyond the years 1 to 9999.
        """
        by = duration + timedelta(
            days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds
        )
        with self._lock:
            self._shown = _moved(self._shown, by)

    def stand(self) -> None:
        """Stand still from now on."""
        self._go(_STILL, 0.0)

    def tick(self, step: timedelta = timedelta(microseconds=1)) -> None:
        """Go on by a *step* each time that it is asked, and by nothing else.

        No two answers are the same then; a negative step goes back each time.
        """
        self._go(step, 0.0)

    def run(self, speed: float = 1.0) -> None:
        """Run from what it shows, *speed* times as fast as the machine's clock; negative: back."""
        self._go(_STILL, speed)

    def _go(self, step: timedelta, speed: float) -> None:
        with self._lock:
            self._shown, self._since = self._read(), monotonic()
            self._step, self._speed = step, speed

    def _read(self) -> datetime:
        """Return what it shows; the lock is held."""
        if not self._speed:
            return self._shown
        return _moved(self._shown, timedelta(seconds=(monotonic() - self._since) * self._speed))


def _in_utc(time: object) -> datetime:
    """Return *time* in UTC.

    Raises:
        ValidationError: It is no aware instant, or UTC has no such instant.
    """
    if isinstance(time, datetime) and time.utcoffset() is not None:
        with suppress(OverflowError):
            return time.astimezone(UTC)
    raise ValidationError("time", "an aware datetime in the years 1 to 9999")


def _moved(time: datetime, by: timedelta) -> datetime:
    """Return the instant *by* later.

    Raises:
        ValidationError: There is none.
    """
    try:
        return time + by
    except OverflowError:
        raise ValidationError("time", "an instant in the years 1 to 9999") from None


class CountedIds:
    """Ids (`coachwork.ports.IdSource`) that are counted: ``id-00001``, ``id-00002`` ...

    They sort by the order in which they were made and are all of one length, and two runs of the
    same calls make the same ones. Coaches on one repository have to share one source. It may be
    used by several threads at once.

    Attributes:
        number: How many it has made; it may be set.
    """

    def __init__(self, prefix: str = "id-", *, digits: int = 5) -> None:
        """Begin with number 1.

        Args:
            prefix: What every id begins with.
            digits: How many digits the number has.

        Raises:
            ValidationError: That makes no ids.
        """
        if type(digits) is not int or not 1 <= digits <= MAX_ID:
            raise ValidationError("digits", f"a whole number from 1 to {MAX_ID}")
        self.number = 0
        self._prefix = prefix
        self._digits = digits
        self._lock = Lock()
        checked_id(self._made(1), "prefix")

    def new_id(self) -> str:
        """Return the next id.

        Raises:
            MisuseError: A longer one would be needed.
        """
        with self._lock:
            if self.number + 1 >= 10**self._digits:
                raise MisuseError(f"more ids than {self._digits} digits can count: give it more")
            self.number += 1
            return self._made(self.number)

    def _made(self, number: int) -> str:
        return f"{self._prefix}{number:0{self._digits}d}"


@define(eq=False)
class _Failing(Generic[T]):
    """What is to fail."""

    error: BaseException
    when: Callable[[T], bool]
    left: int | None


class _Recording(Generic[T]):
    """Keeps what it is told, in order, and fails where it is told to."""

    def __init__(self) -> None:
        self.refused: list[T] = []
        self._kept: list[T] = []
        self._failing: tuple[_Failing[T], ...] = ()
        self._lock = Lock()

    def fail(
        self,
        error: BaseException | None = None,
        *,
        when: Callable[[T], bool] | None = None,
        times: int | None = None,
    ) -> None:
        """Fail from now on; of several that were asked for, the first that fits counts.

        Args:
            error: What to raise; a ``ConnectionError`` by default.
            when: Told what comes, it says whether to fail on it; by default on all.
            times: How often to fail, at most; by default until `recover`.
        """
        raised = ConnectionError("nobody listens") if error is None else error
        failing = _Failing(raised, when or (lambda _: True), times)
        self._failing = (*self._failing, failing)

    def recover(self) -> None:
        """Fail no more."""
        self._failing = ()

    def _counted(self, failing: _Failing[T]) -> bool:
        """Note that it is to fail once more; tell whether it may."""
        with self._lock:
            if failing.left is not None:
                failing.left -= 1
            return failing.left is None or failing.left >= 0

    def _take(self, what: T) -> None:
        """Keep *what*, or note that it was refused, and raise."""
        for failing in self._failing:
            if failing.when(what) and self._counted(failing):
                self.refused.append(what)
                raise failing.error.with_traceback(None)
        self._kept.append(what)


class RecordingNotifier(_Recording[Event]):
    """A notifier that keeps the events that it is told, and fails where it is told to.

    It may be used by several threads, and by several coaches of either colour.

    Attributes:
        refused: Every event that it failed on, in order.
    """

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        self._take(event)

    @property
    def events(self) -> list[Event]:
        """Every event that it took, in order, repeats too; clear it where a part begins anew."""
        return self._kept

    @property
    def jobs(self) -> list[str]:
        """The ids of the jobs whose events it took, in order, without repeats."""
        return list(dict.fromkeys(event.job for event in self._kept))

    def for_async(self) -> AsyncRecordingNotifier:
        """Return the same for an async coach."""
        return AsyncRecordingNotifier(self)


class AsyncRecordingNotifier:
    """The same, awaited."""

    def __init__(self, notifier: RecordingNotifier) -> None:
        """Stand before *notifier*."""
        self._notifier = notifier

    async def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        self._notifier.notify(event)


class RecordingDispatcher(_Recording[JobRef]):
    """A dispatcher that keeps the jobs that it is told of, and fails where it is told to.

    It may be used by several threads, and by several coaches of either colour.

    Attributes:
        refused: Every job that it failed on, in order.
    """

    def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        self._take(ref)

    @property
    def refs(self) -> list[JobRef]:
        """Every job that it took, in order, repeats too; clear it where a part begins anew."""
        return self._kept

    def for_async(self) -> AsyncRecordingDispatcher:
        """Return the same for an async coach."""
        return AsyncRecordingDispatcher(self)


class AsyncRecordingDispatcher:
    """The same, awaited."""

    def __init__(self, dispatcher: RecordingDispatcher) -> None:
        """Stand before *dispatcher*."""
        self._dispatcher = dispatcher

    async def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        self._dispatcher.dispatch(ref)
