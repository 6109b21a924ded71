"""Ports that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from sys import getswitchinterval, setswitchinterval
from time import monotonic
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.errors import MisuseError, ValidationError
from coachwork.events import Event, MessageFailed
from coachwork.ids import checked_id
from coachwork.jobs import ErrorCode, JobKind, JobRef
from coachwork.testing import (
    NOON,
    CountedIds,
    FakeClock,
    RecordingDispatcher,
    RecordingNotifier,
)

HOUR = timedelta(hours=1)
REF = JobRef("acme", "j-1", JobKind.REPLY)


# --- the clock ------------------------------------------------------------------------------


def test_it_stands_until_it_is_told() -> None:
    """Whoever asks, and how often, it shows the same; it begins at a noon in UTC."""
    clock = FakeClock()
    assert [clock.now(), clock.now(), clock.time] == [NOON] * 3
    assert clock.now().tzinfo is UTC


def test_it_goes_on_and_back() -> None:
    """By a duration, by its parts, or by both; or it is set."""
    clock = FakeClock()
    clock.advance(days=15, hours=1, minutes=1, seconds=1.5, microseconds=1)
    assert clock.now() - NOON == timedelta(15, 3661, 500_001)
    clock.advance(-HOUR, minutes=-1)
    assert clock.now() - NOON == timedelta(15, 1, 500_001)
    clock.time = NOON - HOUR
    assert clock.now() == NOON - HOUR
    clock.time += HOUR
    assert clock.time == NOON


def test_what_it_shows_is_in_utc() -> None:
    """Whatever zone it is told in."""
    east = timezone(timedelta(hours=14))
    clock = FakeClock(NOON.astimezone(east))
    assert (clock.now(), clock.now().tzinfo) == (NOON, UTC)
    clock.time = datetime(2026, 1, 1, tzinfo=east)
    assert clock.time.isoformat() == "2025-12-31T10:00:00+00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001 - a naive one is the point
        datetime.min.replace(tzinfo=timezone(HOUR)),
        "2026-01-01",
        None,
    ],
    ids=["naive", "before the years", "text", "nothing"],
)
def test_what_is_no_instant_is_refused(wrong: object) -> None:
    """At the start and later; it goes on to show what it showed."""
    given = cast("datetime", wrong)
    with pytest.raises(ValidationError, match="time"):
        FakeClock(given)
    clock = FakeClock()
    with pytest.raises(ValidationError) as error:
        clock.time = given
    assert (error.value.field, clock.time) == ("time", NOON)


def test_there_is_no_time_beyond_the_years() -> None:
    """It cannot be advanced past the last instant, nor run there."""
    clock = FakeClock(datetime.max.replace(tzinfo=UTC))
    with pytest.raises(ValidationError, match="time"):
        clock.advance(microseconds=1)
    assert clock.time == datetime.max.replace(tzinfo=UTC)


def test_it_ticks() -> None:
    """Each answer is another; to look is no question."""
    clock = FakeClock()
    clock.tick(HOUR)
    assert [clock.now(), clock.time, clock.time, clock.now()] == [
        NOON, NOON + HOUR, NOON + HOUR, NOON + HOUR,
    ]  # fmt: skip
    clock.tick(-HOUR)
    assert [clock.now(), clock.now()] == [NOON + 2 * HOUR, NOON + HOUR]
    clock.time = NOON
    clock.tick()
    assert [clock.now(), clock.now()] == [NOON, NOON + timedelta(microseconds=1)]
    clock.stand()
    assert clock.now() == clock.now() == NOON + timedelta(microseconds=2)


@pytest.fixture
def eager() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = getswitchinterval()
    setswitchinterval(1e-6)
    yield
    setswitchinterval(before)


@pytest.mark.usefixtures("eager")
def test_threads_never_get_one_tick_twice() -> None:
    """Every answer of a clock that ticks is another one."""
    clock = FakeClock()
    clock.tick()
    with ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(lambda _: clock.now(), range(400)))
    assert len(set(shown)) == 400


@pytest.mark.parametrize("speed", [1.0, 3600.0, -60.0])
def test_it_runs_as_fast_as_it_is_told(speed: float) -> None:
    """Between what the machine's clock tells before and after, times the speed; then it stands."""
    clock = FakeClock()
    least_from = monotonic()
    clock.run(speed)
    most_from = monotonic()
    while monotonic() - most_from < 0.002:
        pass
    least_to = monotonic()
    shown = (clock.now() - NOON).total_seconds() / speed
    most_to = monotonic()
    assert least_to - most_from - 1e-5 <= shown <= most_to - least_from + 1e-5
    clock.advance(days=1)
    clock.stand()
    assert clock.now() == clock.now()
    assert clock.now() - NOON - timedelta(days=1) != timedelta(0)


def test_a_clock_that_runs_is_looked_at_and_set() -> None:
    """However often it is looked at, it runs no faster; from what it is set to it runs on."""
    clock = FakeClock()
    begun = monotonic()
    clock.run(3600.0)
    for _ in range(100):
        clock.now()
    shown = clock.time - NOON
    assert shown <= timedelta(seconds=monotonic() - begun) * 3600 + timedelta(milliseconds=1)
    begun = monotonic()
    clock.time = NOON
    shown = clock.now() - NOON
    assert shown <= timedelta(seconds=monotonic() - begun) * 3600 + timedelta(milliseconds=1)


def test_it_either_stands_or_ticks_or_runs() -> None:
    """The latest word counts."""
    clock = FakeClock()
    clock.run(1e6)
    clock.tick(HOUR)
    clock.time = NOON
    assert [clock.now(), clock.now()] == [NOON, NOON + HOUR]
    begun = monotonic()
    clock.run()
    clock.time = NOON
    for _ in range(9):
        clock.now()
    assert clock.now() - NOON <= timedelta(seconds=monotonic() - begun)


# --- ids --------------------------------------------------------------------------------------


def test_ids_are_counted() -> None:
    """In order, of one length, and the number can be set."""
    ids = CountedIds()
    assert [ids.new_id(), ids.new_id(), ids.number] == ["id-00001", "id-00002", 2]
    ids.number = 41
    assert ids.new_id() == "id-00042"
    assert CountedIds("s", digits=2).new_id() == "s01"


@given(st.lists(st.integers(0, 99_998), min_size=2))
def test_ids_sort_by_their_numbers(numbers: list[int]) -> None:
    """As text, like the instants at which they were made; and all of them are ids."""
    ids = CountedIds()

    def made(number: int) -> str:
        ids.number = number
        return checked_id(ids.new_id(), "id")

    texts = [made(number) for number in numbers]
    assert sorted(texts) == [made(number) for number in sorted(numbers)]
    assert {len(text) for text in texts} == {8}


def test_ids_that_would_be_longer_are_refused() -> None:
    """A longer one would sort before the others."""
    ids = CountedIds(digits=1)
    assert [ids.new_id() for _ in range(9)][-1] == "id-9"
    for _ in range(2):
        with pytest.raises(MisuseError, match="1 digits"):
            ids.new_id()
    assert ids.number == 9


@pytest.mark.parametrize(
    "prefix,digits",
    [("\n", 5), (" ", 5), ("x" * 124, 5), ("", 0), ("", 129), ("", True), ("", 2.0)],
)
def test_what_makes_no_ids_is_refused(prefix: str, digits: object) -> None:
    """A prefix that no id can begin with, or a number of digits that is none."""
    with pytest.raises(ValidationError, match=r"prefix|digits"):
        CountedIds(prefix, digits=cast("int", digits))


@pytest.mark.usefixtures("eager")
def test_threads_never_get_one_id_twice() -> None:
    """Every id is another one."""
    ids = CountedIds()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new_id(), range(400)))
    assert len(set(made)) == ids.number == 400


# --- two that remember ----------------------------------------------------------------------


def told(number: int) -> Event:
    """Return an event of that job."""
    return Event(
        id=f"j-{number}.settled",
        kind=JobKind.REPLY,
        job=f"j-{number}",
        session="s-1",
        tenant="acme",
        user="ada",
        at=NOON,
        data=MessageFailed(error="No answer.", error_code=ErrorCode.LLM_ERROR),
    )


def test_a_notifier_keeps_what_it_is_told() -> None:
    """In order, repeats too, from either colour."""
    notifier = RecordingNotifier()
    notifier.notify(told(2))
    notifier.notify(told(1))
    asyncio.run(notifier.for_async().notify(told(2)))
    assert notifier.events == [told(2), told(1), told(2)]
    assert notifier.jobs == ["j-2", "j-1"]
    notifier.events.clear()
    assert notifier.jobs == []


def test_a_dispatcher_keeps_what_it_is_told() -> None:
    """In order, repeats too, from either colour."""
    dispatcher = RecordingDispatcher()
    dispatcher.dispatch(REF)
    asyncio.run(dispatcher.for_async().dispatch(REF))
    assert dispatcher.refs == [REF, REF]


def test_it_fails_until_it_recovers() -> None:
    """What it failed on is not among what it took."""
    dispatcher = RecordingDispatcher()
    dispatcher.fail()
    for _ in range(2):
        with pytest.raises(ConnectionError, match="nobody listens"):
            dispatcher.dispatch(REF)
    with pytest.raises(ConnectionError):
        asyncio.run(dispatcher.for_async().dispatch(REF))
    dispatcher.recover()
    dispatcher.dispatch(REF)
    assert (dispatcher.refs, dispatcher.refused) == ([REF], [REF] * 3)


def test_it_fails_on_what_it_is_told_to_fail_on() -> None:
    """So often, with that error; the first that fits counts."""
    notifier = RecordingNotifier()
    once, always = OSError("once"), KeyboardInterrupt()
    notifier.fail(once, when=lambda event: event.job == "j-1", times=1)
    notifier.fail(always, when=lambda event: event.job in {"j-1", "j-2"})
    notifier.notify(told(3))
    with pytest.raises(OSError, match="once") as error:
        notifier.notify(told(1))
    assert error.value is once
    for number in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            notifier.notify(told(number))
    assert notifier.events == [told(3)]
    assert notifier.refused == [told(1), told(1), told(2)]


@pytest.mark.usefixtures("eager")
def test_threads_never_fail_too_often() -> None:
    """As often as it was told, whoever calls."""
    notifier = RecordingNotifier()
    notifier.fail(times=100)

    def failed(number: int) -> bool:
        try:
            notifier.notify(told(number))
        except ConnectionError:
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(failed, range(400))) == 100
    assert (len(notifier.events), len(notifier.refused)) == (300, 100)
