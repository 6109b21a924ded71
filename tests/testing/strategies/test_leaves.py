"""Ids, keys, instants, durations and counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from coachwork.errors import ValidationError
from coachwork.ids import MAX_ID, MAX_KEY, checked_id
from coachwork.testing import strategies as st
from coachwork.testing.strategies._leaves import MOST, TICK, maybe_ids, utc_instants
from tests.drawn import few, reaches, some


@few
@given(value=st.ids())
def test_an_id_is_taken_as_it_is(value: str) -> None:
    """Every id is one."""
    assert checked_id(value, "id") == value


@few
@given(value=st.refused_ids())
def test_what_is_no_id_is_refused(value: object) -> None:
    """Nothing that is refused can be an id."""
    with pytest.raises(ValidationError):
        checked_id(value, "id")


@few
@given(key=st.idempotency_keys())
def test_a_key_is_taken_as_it_is(key: str) -> None:
    """Every idempotency key is one."""
    assert checked_id(key, "key", most=MAX_KEY) == key


def test_ids_reach_what_is_hostile() -> None:
    """Separators, quotes, blanks inside, the longest and other scripts are among them."""
    reaches(st.ids(), st.HOSTILE, str)
    reaches(st.ids(), told=lambda value: " " in value and value not in st.HOSTILE)
    reaches(st.ids(), told=str.isascii)
    reaches(st.ids(), [MAX_ID], len)
    reaches(st.idempotency_keys(), [MAX_KEY], len)
    reaches(maybe_ids(), told=lambda value: value is None)


def test_refused_ids_reach_every_fault() -> None:
    """No text, an empty one, a blank at an end, what cannot be printed, and too long ones."""

    def fault(value: object) -> str:
        if not isinstance(value, str):
            return "no text"
        if value != value.strip():
            return "blank"
        return "long" if len(value) > MAX_ID else "empty" if not value else "not printable"

    reaches(st.refused_ids(), ["no text", "blank", "long", "empty", "not printable"], fault)


def test_instants_are_aware_and_far_from_utc() -> None:
    """Offsets are anything up to a day in both directions, to the second; UTC has them all."""
    reaches(st.instants(), told=lambda instant: _offset(instant) < timedelta(hours=-14))
    reaches(st.instants(), told=lambda instant: _offset(instant) > timedelta(hours=14))
    reaches(st.instants(), told=lambda instant: _offset(instant).seconds % 60 > 0)
    assert all(instant.astimezone(UTC).tzinfo is UTC for instant in some(st.instants(), 50))
    assert all(instant.tzinfo is UTC for instant in some(utc_instants()))


def _offset(instant: datetime) -> timedelta:
    offset = instant.utcoffset()
    assert offset is not None
    return offset


def test_durations_and_counts() -> None:
    """A duration is longer than nothing, and may be as long as there are; a count fits a key."""
    assert min(some(st.durations())) == TICK
    reaches(st.durations(), told=lambda duration: duration > timedelta(days=10**6))
    assert all(0 <= count <= MOST for count in some(st.counts()))
