"""Sessions that can come to be, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given

from coachwork.messages import Message, Role, checked_text
from coachwork.records import SESSION_RECORD
from coachwork.sessions import LIVE, EndReason, JobKind, Session, SessionStatus
from coachwork.testing import strategies as st
from coachwork.testing._invariants import alone
from coachwork.testing.strategies._sessions import parts_of_sessions
from tests.drawn import few, reaches, some


@few
@given(session=st.sessions())
def test_a_session_holds_what_its_record_must(session: Session) -> None:
    """The invariants of a record by itself hold, and its figures and instants agree."""
    assert list(alone(SESSION_RECORD.record(session, 1), session)) == []
    assert 0 <= session.turns <= session.user_messages <= session.messages
    assert session.about.started_at <= session.last_activity_at <= session.updated_at
    assert session.updated_at.tzinfo is UTC
    if session.ledger.completion_pending:
        assert session.ledger.coach_messages > 0
        assert session.user_messages > 0
    waits = session.in_flight
    if waits is not None and waits.kind in {JobKind.REPLY, JobKind.EXTRACTION}:
        assert session.user_messages > 0
    if waits is not None and waits.kind is JobKind.EXTRACTION:
        assert session.status is SessionStatus.ACTIVE


SELDOM: Final[dict[str, Callable[[Session], bool]]] = {
    "completion pending": lambda session: session.ledger.completion_pending,
    "a turn that was freed": lambda session: session.turns < session.user_messages,
    "all turns used": lambda session: session.turns == session.about.max_turns > 0,
    "it failed since": lambda session: session.updated_at > session.last_activity_at,
    "never expires": lambda session: session.expires_at is None,
    "a long talk": lambda session: session.ledger.coach_messages > 2,
}


@pytest.mark.parametrize("what", SELDOM)
def test_live_sessions_reach_what_is_seldom(what: str) -> None:
    """What the library has to take care of is among them."""
    reaches(st.sessions(*LIVE), told=SELDOM[what])


def test_sessions_reach_every_form() -> None:
    """All states and ends, and all kinds of jobs in flight."""
    reaches(st.sessions(), SessionStatus, lambda session: session.status)
    reaches(st.endings(), EndReason, lambda ending: ending.reason)
    reaches(st.endings(), told=lambda ending: ending.result is not None)
    reaches(st.endings(), told=lambda ending: ending.error is not None)
    kinds = [None, *JobKind]
    reaches(
        st.sessions(SessionStatus.ACTIVE), kinds, lambda one: one.in_flight and one.in_flight.kind
    )


def test_sessions_as_they_are_wanted() -> None:
    """A state, and what is settled at the start, can be chosen."""
    for status in SessionStatus:
        assert {session.status for session in some(st.sessions(status))} == {status}
    mine = st.abouts().map(lambda about: evolve(about, tenant="acme", user="ada"))
    for session in some(st.sessions(*LIVE, about=mine)):
        assert session.status in LIVE
        assert session.about.tenant == "acme"


@few
@given(message=st.messages())
def test_a_message_could_have_been_said(message: Message) -> None:
    """Its text is one that is accepted; it comes after the one that it replaces."""
    assert checked_text(message.text, "text", max_bytes=16 * 1024) == message.text
    assert message.sequence > (message.supersedes or 0)
    assert message.at.tzinfo is UTC


def test_messages_reach_every_form() -> None:
    """Either role, each of the reserved fields, and what is to be shown."""
    reaches(st.messages(), Role, lambda message: message.role)
    for name in ("scenario", "locale", "attachments", "supersedes", "components"):
        reaches(st.messages(), told=lambda message: bool(getattr(message, name)))  # noqa: B023
    assert {message.role for message in some(st.messages(Role.COACH))} == {Role.COACH}


def test_the_parts_of_sessions() -> None:
    """Everything that a session is made of or moved by can be drawn by itself."""
    for kind, strategy in parts_of_sessions().items():
        assert all(type(part) is kind for part in some(strategy))
    reaches(st.conclusions(), told=lambda conclusion: conclusion.error is None)


SHORT = st.abouts().map(lambda about: evolve(about, expires_after=timedelta(microseconds=1)))


@few
@given(session=st.sessions(SessionStatus.PAUSED, SessionStatus.COMPLETED, about=SHORT))
def test_a_session_that_is_short_lived_is_led_to_its_state(session: Session) -> None:
    """However short it lives, the states are reached before it expires."""
    assert session.status in {SessionStatus.PAUSED, SessionStatus.COMPLETED}
