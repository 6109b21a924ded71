"""Sessions that can come to be: each has gone through its table, event by event.

What the table does not know and the workflows see to is seen to here: a coach that greets speaks
first, a retry answers the last message, a result is asked for when something was said, and a click
is at a message.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from attrs import evolve
from hypothesis import strategies as st

from coachwork.actions import Component
from coachwork.jobs import ErrorCode
from coachwork.messages import Message, Role, Usage
from coachwork.sessions import (
    LIVE,
    SESSION,
    About,
    Conclusion,
    Ending,
    InFlight,
    JobKind,
    Ledger,
    ResultError,
    Session,
    SessionEvent,
    SessionGiven,
    SessionStatus,
    Spoken,
    later,
)
from coachwork.testing.strategies._components import components
from coachwork.testing.strategies._leaves import (
    TICK,
    counts,
    durations,
    ids,
    maybe_ids,
    utc_instants,
)
from coachwork.testing.strategies._plain import plain_data
from coachwork.testing.strategies._texts import any_texts, sound_texts, texts
from coachwork.testing.strategies._topics import MOST_TURNS

_E: Final = SessionEvent
_HOUR: Final = timedelta(hours=1)
_MOST_STEPS: Final = 12
_BEFORE_AN_END: Final = (
    _E.MESSAGE,
    _E.REPLY,
    _E.FAIL,
    _E.PAUSE,
    _E.RESUME,
    _E.RETRY,
    _E.ASK,
    _E.ACT,
)
_OFTEN: Final = {event: range(3 if event in {_E.MESSAGE, _E.REPLY} else 1) for event in _E}
"""How often an event comes in comparison: most of what happens is talk."""


@cache
def usages() -> st.SearchStrategy[Usage]:
    """Return a strategy of what calls of a model cost."""
    return st.builds(Usage, *[st.integers(0, 10**15)] * 3)


@cache
def results_errors() -> st.SearchStrategy[ResultError]:
    """Return a strategy of why a completed session has no result."""
    codes = st.sampled_from([code.value for code in ErrorCode])
    return st.builds(ResultError, codes, sound_texts(), st.none() | any_texts())


@cache
def conclusions() -> st.SearchStrategy[Conclusion]:
    """Return a strategy of what sessions yield: a result, nothing, or why there is none."""
    return st.builds(Conclusion, result=plain_data(), usage=usages()) | st.builds(
        Conclusion, error=st.none() | results_errors(), usage=usages()
    )


@cache
def abouts() -> st.SearchStrategy[About]:
    """Return a strategy of what is settled when a session starts."""
    return st.builds(
        About,
        id=ids(),
        tenant=ids(),
        user=ids(),
        topic=ids(),
        topic_revision=st.integers(1, MOST_TURNS),
        started_at=utc_instants(),
        max_turns=st.integers(0, 2) | st.integers(0, MOST_TURNS),
        idle_timeout=durations(),
        expires_after=st.none() | durations(),
        keep_ended=st.none() | durations(),
        exclusive=st.booleans(),
        scenario=maybe_ids(),
        locale=st.none() | st.sampled_from(("en", "fr-CA", "zh-Hant-HK")),
    )


def sessions(
    *statuses: SessionStatus, about: st.SearchStrategy[About] | None = None
) -> st.SearchStrategy[Session]:
    """Return a strategy of sessions that can come to be.

    Args:
        statuses: The states that they may be in; all where none is given.
        about: What is settled at their start.
    """
    return _sessions(statuses or tuple(SessionStatus), abouts() if about is None else about)


@st.composite
def _sessions(
    draw: st.DrawFn, statuses: tuple[SessionStatus, ...], about: st.SearchStrategy[About]
) -> Session:
    """Let a session begin, let something happen to it, and lead it to one of *statuses*."""
    status = draw(st.sampled_from(statuses))  # what is drawn last is the simplest too often
    walk = _Walk(draw, draw(about))
    for _ in range(draw(st.integers(0, _MOST_STEPS))):
        walk.on()
    return walk.to(status)


class _Walk:
    """A session on its way through the table."""

    def __init__(self, draw: st.DrawFn, about: About) -> None:
        """Let it begin: as a greeting, or as silence."""
        self._draw = draw
        self._unanswered = False
        greets = InFlight(draw(ids()), JobKind.GREETING) if draw(st.booleans()) else None
        begin = about.started_at
        self.session = Session(about, SessionStatus.ACTIVE, 0, 0, begin, begin, greets, Ledger())

    def on(self) -> None:
        """Let something happen that does not end it; to pause, resume or fail, it always can."""
        now = self._now()
        able = SESSION.available(self.session, now)
        able = tuple(event for event in able if self._is_real(event) for _ in _OFTEN[event])
        self._fire(self._draw(st.sampled_from(able)), now)

    def to(self, status: SessionStatus) -> Session:
        """Lead it to *status* by the shortest way, and return it."""
        now = self._now()
        waits = self.session.in_flight
        if waits is not None and (
            status is SessionStatus.COMPLETED
            or (status is SessionStatus.PAUSED and waits.kind is JobKind.EXTRACTION)
        ):
            self._fire(_E.FAIL, now)
        if status in {SessionStatus.ACTIVE, SessionStatus.COMPLETED} and self._is_paused:
            self._fire(_E.RESUME, now, None)
        match status:
            case SessionStatus.PAUSED if not self._is_paused:
                self._fire(_E.PAUSE, now)
            case SessionStatus.COMPLETED:
                self._fire(_E.COMPLETE, now, self._draw(conclusions()))
            case SessionStatus.CANCELLED:
                self._fire(_E.CANCEL, now)
            case SessionStatus.ABANDONED:
                expires_at = self.session.expires_at
                if expires_at is not None and self._draw(st.booleans()):
                    self._fire(_E.EXPIRE, expires_at)
                else:
                    self._fire(_E.REPLACE, now)
            case _:
                pass
        return self.session

    def _now(self) -> datetime:
        """Return when the next thing happens: before it expires, and now and then earlier."""
        session = self.session
        left = session.expires_at - session.last_activity_at if session.expires_at else _HOUR
        most = max(-_HOUR, min(_HOUR, left - TICK))
        return later(session.last_activity_at, self._draw(st.timedeltas(-_HOUR, most)))

    @property
    def _is_paused(self) -> bool:
        return self.session.status is SessionStatus.PAUSED

    def _is_real(self, event: SessionEvent) -> bool:
        """Whether the workflows would let *event* happen now, and it ends nothing."""
        waits = self.session.in_flight
        extracting = waits is not None and waits.kind is JobKind.EXTRACTION
        match event:
            case _E.RETRY:
                return self._unanswered
            case _E.REPLY | _E.PAUSE:
                return not extracting
            case _E.ACT:
                return self.session.messages > 0
            case _:
                return event in _BEFORE_AN_END

    def _fire(self, event: SessionEvent, now: datetime, *given: SessionGiven) -> None:
        """Let *event* happen with what it brings."""
        brings = given[0] if given else self._given(event)
        self.session = SESSION.move(self.session, event, now, brings).value
        if event in {_E.MESSAGE, _E.REPLY}:
            self._unanswered = event is _E.MESSAGE

    def _given(self, event: SessionEvent) -> SessionGiven:
        """Return what comes with *event*."""
        match event:
            case _E.MESSAGE | _E.RETRY:
                return InFlight(self._draw(ids()), JobKind.REPLY)
            case _E.ASK:
                return InFlight(self._draw(ids()), self._asked_for(JobKind.EXTRACTION))
            case _E.RESUME if self.session.in_flight is None:
                return InFlight(self._draw(ids()), self._asked_for(JobKind.WELCOME_BACK))
            case _E.REPLY:
                pending = self._is_paused and self.session.user_messages > 0
                final = pending and self._draw(st.booleans())
                return Spoken(self._draw(usages()), completion_pending=final)
            case _E.FAIL:
                return self._draw(usages())
            case _:
                return None

    def _asked_for(self, kind: JobKind) -> JobKind:
        """Return what the model is asked for: *kind*, unless something else has to come first."""
        if self.session.ledger.completion_pending:
            return JobKind.EXTRACTION
        if self.session.user_messages == 0:
            return JobKind.GREETING
        return kind


@cache
def endings() -> st.SearchStrategy[Ending]:
    """Return a strategy of how sessions ended."""
    ended = sessions(*(status for status in SessionStatus if status not in LIVE))
    return ended.map(lambda session: _there(session.ledger.ending))


def _there(ending: Ending | None) -> Ending:
    """Return *ending*, which every ended session has."""
    assert ending is not None  # noqa: S101 - the table sees to it
    return ending


def messages(*roles: Role) -> st.SearchStrategy[Message]:
    """Return a strategy of messages.

    Args:
        roles: Who may have said them; either where none is given.
    """
    return _said_by(roles or tuple(Role))


@cache
def _said_by(roles: tuple[Role, ...]) -> st.SearchStrategy[Message]:
    """Return a strategy of messages of one of these *roles*."""
    said = st.builds(
        Message,
        tenant=ids(),
        user=ids(),
        session=ids(),
        sequence=st.integers(1, 9) | counts().filter(bool),
        role=st.sampled_from(roles),
        text=texts(),
        at=utc_instants(),
        job=ids(),
        scenario=maybe_ids(),
        locale=st.none() | st.sampled_from(("en", "fr-CA")),
        attachments=st.lists(sound_texts(), max_size=2).map(tuple),
    )
    shown = st.just(()) | st.lists(components(), min_size=1, max_size=2).map(tuple)
    return st.builds(_with_more, said, st.none() | counts(), shown)


def _with_more(message: Message, number: int | None, shown: tuple[Component, ...]) -> Message:
    """Return *message* in the place of an earlier one, if there can be one of that *number*.

    What the coach says comes with what is *shown*.
    """
    earlier = number is not None and 0 < number < message.sequence
    return evolve(
        message,
        supersedes=number if earlier else None,
        components=shown if message.role is Role.COACH else (),
    )


@cache
def parts_of_sessions() -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for each class that a session is made of or moved by."""
    waits = st.builds(InFlight, ids(), st.sampled_from(JobKind))
    return {
        About: abouts(),
        Conclusion: conclusions(),
        Ending: endings(),
        InFlight: waits,
        Ledger: sessions().map(lambda session: session.ledger),
        ResultError: results_errors(),
        Spoken: st.builds(Spoken, usages(), st.booleans()),
    }
