"""The machine's clock, and ids that sort by time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest

from coachwork.adapters import SystemClock, TimeOrderedIds, _system
from coachwork.ids import checked_id


def test_the_clock_gives_the_time_in_utc() -> None:
    """It is now, and aware."""
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now <= before + timedelta(seconds=10)


def test_ids_are_like_uuids_of_version_7() -> None:
    """Time first, version and variant where they belong, and any database takes them."""
    text = TimeOrderedIds().new_id()
    assert checked_id(text, "id") == text
    made = UUID(text)
    assert str(made) == text
    assert (made.version, made.variant) == (7, RFC_4122)
    seconds = (made.int >> 80) / 1000
    assert abs(datetime.now(UTC).timestamp() - seconds) < 60


def test_later_ids_are_greater_and_none_comes_twice() -> None:
    """Also within a millisecond, and when several threads ask at once."""
    ids = TimeOrderedIds()
    in_order = [ids.new_id() for _ in range(10_000)]
    assert in_order == sorted(set(in_order))
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda _: ids.new_id(), range(4000)))
    assert len(set(at_once)) == 4000
    assert min(at_once) > in_order[-1]


def test_two_sources_do_not_meet() -> None:
    """Processes that begin in the same millisecond make other ids."""
    first, second = TimeOrderedIds(), TimeOrderedIds()
    assert not {first.new_id() for _ in range(2000)} & {second.new_id() for _ in range(2000)}


def test_ids_go_on_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still or goes back makes no smaller id; a counter runs over in time."""
    instants = iter([5_000_000_000, *[4_000_000_000] * 5000, 6_000_000_000])
    monkeypatch.setattr(_system, "time_ns", lambda: next(instants))
    ids = TimeOrderedIds()
    made = [ids.new_id() for _ in range(5002)]
    assert made == sorted(set(made))
    assert UUID(made[0]).int >> 80 == 5000
    assert UUID(made[4096]).int >> 80 == 5001
    assert UUID(made[-1]).int >> 80 == 6000
