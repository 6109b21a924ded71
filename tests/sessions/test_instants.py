"""Instants of a session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from coachwork.sessions import later, latest
from tests.specimens import DURATIONS, INSTANTS, NOON, TICK

LAST = datetime.max.replace(tzinfo=UTC)


@given(INSTANTS, INSTANTS)
def test_instants_never_go_back(one: datetime, other: datetime) -> None:
    """Of two instants the later one counts, whichever came first."""
    assert latest(one, other) == max(one, other) == latest(other, one)


def test_never_is_none() -> None:
    """Without a duration there is no instant."""
    assert later(NOON, None) is None


@pytest.mark.parametrize("duration", [TICK, timedelta(days=14), timedelta(days=365_000)])
def test_a_duration_later(duration: timedelta) -> None:
    """An instant plus a duration, to the microsecond."""
    assert later(NOON, duration) == NOON + duration


@given(INSTANTS, DURATIONS)
def test_nothing_is_later_than_the_last_instant(at: datetime, duration: timedelta) -> None:
    """The calendar ends with the year 9999, and nothing is raised for it."""
    assert at < later(at, duration) <= LAST
    assert later(LAST - TICK, TICK) == LAST
    assert later(LAST, TICK) == LAST
