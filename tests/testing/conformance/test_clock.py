"""The promises of a clock: clocks that keep them, and some that break one each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from threading import get_ident
from typing import Any, Final

import pytest

from coachwork.adapters import SystemClock
from coachwork.errors import ValidationError
from coachwork.ports import Clock
from coachwork.testing import FakeClock
from coachwork.testing.conformance import Capability, ConformanceError, Report, Verdict
from coachwork.testing.conformance.clock import CLOCK, check_clock
from tests.verdicts import broken, report_of, unchecked

HOUR: Final = timedelta(hours=1)


class Shows:
    """A clock that shows what a function makes of the real time."""

    def __init__(self, shows: Callable[[datetime], object]) -> None:
        """Take the function."""
        self._shows = shows

    def now(self) -> Any:  # noqa: ANN401 - it may be wrong
        """Return what it shows."""
        return self._shows(SystemClock().now())


class OfItsThread:
    """A clock that knows the time in the thread that made it only."""

    def __init__(self) -> None:
        """Remember the thread."""
        self._thread = get_ident()

    def now(self) -> Any:  # noqa: ANN401 - it may be wrong
        """Return the time, or nothing."""
        return SystemClock().now() if get_ident() == self._thread else None


MUTANTS: Final[Mapping[str, tuple[str, Callable[[], Clock]]]] = {
    "tells a naive time": ("C01", lambda: Shows(lambda now: now.replace(tzinfo=None))),
    "tells seconds": ("C01", lambda: Shows(datetime.timestamp)),
    "tells a local time with its zone": (
        "C02",
        lambda: Shows(lambda now: now.astimezone(timezone(2 * HOUR))),
    ),
    "stands still": ("C03", lambda: FakeClock(SystemClock().now())),
    "tells a local time as if it were UTC": ("C04", lambda: Shows(lambda now: now + HOUR)),
    "fails in other threads": ("C05", OfItsThread),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_clock_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    assert broken(lambda: check_clock(lambda: nullcontext(make()))) == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the clock does."""
    assert {number for number, _ in MUTANTS.values()} == {p.number for p in CLOCK.promises}


def test_the_machines_clock_keeps_them() -> None:
    """All of them."""
    report = check_clock(lambda: nullcontext(SystemClock()))
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.KEPT}


def test_a_clock_for_tests_lacks_the_real_time() -> None:
    """Said so, it keeps the rest; a running one may even go by another time."""
    fake = FakeClock(datetime(2020, 1, 1, tzinfo=UTC))

    def check() -> Report:
        return check_clock(lambda: nullcontext(fake), lacks=[Capability.REAL_TIME])

    assert (broken(check), unchecked(check)) == ([], ["C03", "C04"])
    fake.run()
    assert broken(lambda: check_clock(lambda: nullcontext(fake))) == ["C04"]


def test_what_is_wrong_is_told() -> None:
    """What was asked, what was expected, and what came."""
    with pytest.raises(ConformanceError) as error:
        check_clock(lambda: nullcontext(Shows(str)))
    assert "now()\n    expected: an aware datetime\n    got:      '2" in str(error.value)


class Broken:
    """A clock that cannot tell the time."""

    def now(self) -> datetime:
        """Fail."""
        raise OSError("no battery")


def test_what_it_raises_is_told() -> None:
    """With what was asked; every promise is broken by it."""
    report = report_of(lambda: check_clock(lambda: nullcontext(Broken())))
    assert len(report.broken) == len(CLOCK.promises)
    assert "now()\nexpected: an answer\ngot:      OSError: no battery" in report.broken[0].found


def test_a_clock_lacks_nothing_else() -> None:
    """What it cannot lack is refused."""
    with pytest.raises(ValidationError, match="lacks"):
        check_clock(lambda: nullcontext(SystemClock()), lacks=[Capability.PROCESSES])
