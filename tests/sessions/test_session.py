"""The session as a value: idle, expiry, counts, and what it does not show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from coachwork.sessions import Ending, EndReason, Ledger, Session, SessionStatus
from tests.specimens import ABOUT, GOLDEN, INSTANTS, LATER, NOON, TICK, VALUES, session

HALF_AN_HOUR = timedelta(minutes=30)
TWO_WEEKS = timedelta(days=14)


@pytest.mark.parametrize(
    "after, idle",
    [
        (timedelta(0), False),
        (HALF_AN_HOUR - TICK, False),
        (HALF_AN_HOUR, False),
        (HALF_AN_HOUR + TICK, True),
        (timedelta(days=400), True),
        (-timedelta(days=1), False),
    ],
)
def test_idle_is_longer_than_the_timeout(after: timedelta, *, idle: bool) -> None:
    """Exactly the timeout is not idle yet; a microsecond more is."""
    assert session().is_idle(NOON + after) is idle


@pytest.mark.parametrize(
    "after, expired",
    [
        (timedelta(0), False),
        (TWO_WEEKS - TICK, False),
        (TWO_WEEKS, True),
        (TWO_WEEKS + TICK, True),
        (-timedelta(days=1), False),
    ],
)
def test_a_live_session_expires_two_weeks_after_its_last_activity(
    after: timedelta, *, expired: bool
) -> None:
    """From the very instant on it is expired; a microsecond before it is not."""
    for status in (SessionStatus.ACTIVE, SessionStatus.PAUSED):
        assert session(status).is_expired(NOON + after) is expired
        assert session(status).expires_at == NOON + TWO_WEEKS


def ended(reason: EndReason, at: datetime = LATER) -> Session:
    """Return a session that was last active at noon and ended later."""
    return session(SessionStatus.ABANDONED, ledger=Ledger(ending=Ending(at=at, reason=reason)))


@pytest.mark.parametrize("reason", [r for r in EndReason if r is not EndReason.EXPIRED])
def test_an_ended_session_is_kept_from_its_end_on(reason: EndReason) -> None:
    """It is the end that counts, not the last activity; the boundary is exact here too."""
    assert ended(reason).expires_at == LATER + TWO_WEEKS
    assert not ended(reason).is_expired(LATER + TWO_WEEKS - TICK)
    assert ended(reason).is_expired(LATER + TWO_WEEKS)


def test_a_session_closed_for_its_age_stays_expired() -> None:
    """Writing that it has expired gives it no new life."""
    assert ended(EndReason.EXPIRED, NOON + TWO_WEEKS).expires_at == NOON + TWO_WEEKS


def test_none_keeps_it_for_ever() -> None:
    """Without a limit nothing expires, each limit for itself."""
    last = datetime.max.replace(tzinfo=UTC)
    about = evolve(ABOUT, expires_after=None)
    live = session(about=about)
    assert live.expires_at is None
    assert not live.is_expired(last)
    over = evolve(live, ledger=Ledger(ending=Ending(at=LATER, reason=EndReason.CANCELLED)))
    assert over.expires_at == LATER + TWO_WEEKS
    kept = evolve(over, about=evolve(ABOUT, keep_ended=None))
    assert kept.expires_at is None


@given(VALUES["session"], INSTANTS)
def test_questions_have_answers_for_every_session(value: Session, now: datetime) -> None:
    """However odd its figures are, a session tells whether it is idle or expired, always alike."""
    assert value.is_expired(now) == (value.expires_at is not None and now >= value.expires_at)
    assert value.is_idle(now) == (now - value.last_activity_at > value.about.idle_timeout)


@given(st.integers(0, 50), st.integers(0, 50))
def test_what_the_coach_did_not_say_the_user_did(user: int, coach: int) -> None:
    """Messages are the user's or the coach's."""
    value = session(messages=user + coach, ledger=Ledger(coach_messages=coach))
    assert value.user_messages == user


def test_a_session_cannot_be_changed() -> None:
    """A change is a new value."""
    with pytest.raises(FrozenInstanceError):
        cast("Any", session()).turns = 5


def test_what_it_yielded_does_not_show() -> None:
    """Result and raw answer are a person's, and stay out of logs."""
    shown = repr(GOLDEN["session-completed"]) + repr(GOLDEN["session-without-result"])
    assert "honesty" not in shown
    assert "quotes" not in shown
    assert "core_values" in shown
