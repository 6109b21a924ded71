"""The session's transition table (brief, section 3).

Theory
------

*ACTIVE* and *PAUSED* are live: such a session holds the claim of its user and topic, so there is
at most one. The other three are ends; they absorb everything, their rows are empty.

*Idle is not here.* Nobody has to do anything for a session to be idle, so it is a question to
the value (`Session.is_idle`), and no guard asks it: idle never blocks.

*Expiry is here, because it is written*: whoever meets an expired session writes the event
``expire``. Until then the guard ``not expired`` refuses every other event, so a session that
nobody has written off is as dead as one that somebody has. ``replace`` alone passes, since a
start retires the old session whatever its age.

*The job in flight* is the other half of the machine. ``message``, ``retry`` and ``ask`` open one;
``resume`` may. ``reply`` and ``fail`` settle it: they never change the status, so a late reply
does not un-pause. An end settles it too (the effect ``settle job``): no job outlives its session.
``fail`` frees the turn that it took, for a turn is a message that is answered or in flight;
``retry`` takes it again, for a message that is there already. ``ask`` takes none: it is for what
is no answer to a message.

``act`` is a click: the user does something beside talking. It is an activity, and nothing else of
the session changes; a job in flight does not refuse it.

*What is not in the table*: whose session it is, and whether a reply belongs to the job in flight.
The first is decided before a session is shown at all, the second where the reply is settled.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final

from coachwork.errors import MisuseError
from coachwork.machine import Guard, Machine, Row
from coachwork.messages import NO_USAGE, Usage
from coachwork.sessions._instants import latest
from coachwork.sessions._session import (
    Conclusion,
    Ending,
    EndReason,
    InFlight,
    JobKind,
    Ledger,
    Session,
    SessionStatus,
    Spoken,
)


class SessionEvent(StrEnum):
    """What can happen to a session."""

    MESSAGE = "message"
    REPLY = "reply"
    FAIL = "fail"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    ASK = "ask"
    ACT = "act"
    COMPLETE = "complete"
    CANCEL = "cancel"
    REPLACE = "replace"
    EXPIRE = "expire"


class SessionEffect(StrEnum):
    """What must be written in the same commit as the step."""

    LOG_MESSAGE = "log message"
    LOG_ACTIONS = "log actions"
    OPEN_JOB = "open job"
    SETTLE_JOB = "settle job"
    FREE_CLAIMS = "free claims"
    NOTE_STANDING = "note standing"


SessionGiven = InFlight | Spoken | Conclusion | Usage | None
"""What an event brings: `InFlight` for message, retry and ask (for resume, where it opens a job),
`Spoken` for reply, `Usage` for fail, `Conclusion` for complete, nothing for the others."""

LIVE: Final = frozenset({SessionStatus.ACTIVE, SessionStatus.PAUSED})
"""The states in which a session is not ended."""


# --- guards ----------------------------------------------------------------------------------


def _not_expired(session: Session, now: datetime) -> str | None:
    return "the session has expired" if session.is_expired(now) else None


def _expired(session: Session, now: datetime) -> str | None:
    return None if session.is_expired(now) else "the session has not expired"


def _no_job(session: Session, _now: datetime) -> str | None:
    return None if session.in_flight is None else "a job is in flight"


def _a_job(session: Session, _now: datetime) -> str | None:
    return "no job is in flight" if session.in_flight is None else None


def _turns_left(session: Session, _now: datetime) -> str | None:
    most = session.about.max_turns
    return None if most == 0 or session.turns < most else f"all {most} turns are used"


NOT_EXPIRED: Final = Guard("not expired", _not_expired)
EXPIRED: Final = Guard("expired", _expired)
NO_JOB: Final = Guard("no job in flight", _no_job)
A_JOB: Final = Guard("a job in flight", _a_job)
TURNS_LEFT: Final = Guard("turns left", _turns_left)


# --- updates: each builds the next value with its class ---------------------------------------


def _active(
    old: Session,
    to: SessionStatus,
    now: datetime,
    *,
    turns: int = 0,
    said: int = 0,
    in_flight: InFlight | None,
) -> Session:
    """Return what follows *old* after an activity, with so many *turns* and messages more."""
    return Session(
        old.about,
        to,
        old.turns + turns,
        old.messages + said,
        latest(old.last_activity_at, now),
        latest(old.updated_at, now),
        in_flight,
        old.ledger,
    )


def _message(old: Session, to: SessionStatus, now: datetime, given: SessionGiven) -> Session:
    if not isinstance(given, InFlight):
        raise _misused(SessionEvent.MESSAGE, InFlight)
    return _active(old, to, now, turns=1, said=1, in_flight=given)


def _retry(old: Session, to: SessionStatus, now: datetime, given: SessionGiven) -> Session:
    if not isinstance(given, InFlight):
        raise _misused(SessionEvent.RETRY, InFlight)
    return _active(old, to, now, turns=1, in_flight=given)


def _pause(old: Session, to: SessionStatus, now: datetime, _given: SessionGiven) -> Session:
    return _active(old, to, now, in_flight=old.in_flight)


def _resume(old: Session, to: SessionStatus, now: datetime, given: SessionGiven) -> Session:
    opened = given if isinstance(given, InFlight) else old.in_flight
    return _active(old, to, now, in_flight=opened)


def _ask(old: Session, to: SessionStatus, now: datetime, given: SessionGiven) -> Session:
    if not isinstance(given, InFlight):
        raise _misused(SessionEvent.ASK, InFlight)
    return _active(old, to, now, in_flight=given)


def _act(old: Session, to: SessionStatus, now: datetime, _given: SessionGiven) -> Session:
    return _active(old, to, now, in_flight=old.in_flight)


def _reply(old: Session, to: SessionStatus, now: datetime, given: SessionGiven) -> Session:
    if not isinstance(given, Spoken):
        raise _misused(SessionEvent.REPLY, Spoken)
    ledger = old.ledger
    return Session(
        old.about,
        to,
        old.turns,
        old.messages + 1,
        latest(old.last_activity_at, now),
        latest(old.updated_at, now),
        None,
        Ledger(
            coach_messages=ledger.coach_messages + 1,
            completion_pending=ledger.completion_pending or given.completion_pending,
            usage=ledger.usage + given.usage,
            ending=None,
            settled_job=old.latest_job,
        ),
    )


def _fail(old: Session, to: SessionStatus, now: datetime, given: SessionGiven) -> Session:
    if not isinstance(given, Usage):
        raise _misused(SessionEvent.FAIL, Usage)
    took_a_turn = old.in_flight is not None and old.in_flight.kind is JobKind.REPLY
    ledger = old.ledger
    return Session(
        old.about,
        to,
        old.turns - took_a_turn,
        old.messages,
        old.last_activity_at,
        latest(old.updated_at, now),
        None,
        Ledger(
            coach_messages=ledger.coach_messages,
            completion_pending=ledger.completion_pending,
            usage=ledger.usage + given,
            ending=None,
            settled_job=old.latest_job,
        ),
    )


def _complete(old: Session, to: SessionStatus, now: datetime, given: SessionGiven) -> Session:
    if not isinstance(given, Conclusion):
        raise _misused(SessionEvent.COMPLETE, Conclusion)
    ending = Ending(
        at=latest(old.last_activity_at, now),
        reason=EndReason.COMPLETED,
        result=given.result,
        error=given.error,
    )
    return _ended(old, to, now, ending, given.usage)


def _cancel(old: Session, to: SessionStatus, now: datetime, _given: SessionGiven) -> Session:
    return _ended(old, to, now, _ending(old, now, EndReason.CANCELLED))


def _replace(old: Session, to: SessionStatus, now: datetime, _given: SessionGiven) -> Session:
    return _ended(old, to, now, _ending(old, now, EndReason.REPLACED))


def _expire(old: Session, to: SessionStatus, now: datetime, _given: SessionGiven) -> Session:
    return _ended(old, to, now, _ending(old, now, EndReason.EXPIRED))


def _ending(old: Session, now: datetime, reason: EndReason) -> Ending:
    """Return an ending without a result."""
    return Ending(at=latest(old.last_activity_at, now), reason=reason)


def _ended(
    old: Session, to: SessionStatus, now: datetime, ending: Ending, usage: Usage = NO_USAGE
) -> Session:
    """Return what follows *old* at its end; a turn in flight is freed."""
    in_flight = old.in_flight
    ledger = old.ledger
    return Session(
        old.about,
        to,
        old.turns - (in_flight is not None and in_flight.kind is JobKind.REPLY),
        old.messages,
        old.last_activity_at,
        latest(old.updated_at, now),
        None,
        Ledger(
            coach_messages=ledger.coach_messages,
            completion_pending=False,
            usage=ledger.usage + usage,
            ending=ending,
            settled_job=old.latest_job,
        ),
    )


def _misused(event: SessionEvent, wanted: type) -> MisuseError:
    """Return the error of an event that came without what it must bring."""
    return MisuseError(f"session: {event} needs a {wanted.__name__}")


# --- THE TABLE -------------------------------------------------------------------------------

_S = SessionStatus
_E = SessionEvent
_F = SessionEffect
_SessionRow = Row[Session, SessionStatus, SessionGiven, SessionEffect]

_CANCELLED: Final[_SessionRow] = Row(
    _S.CANCELLED, _cancel, guards=(NOT_EXPIRED,), effects=(_F.SETTLE_JOB, _F.FREE_CLAIMS)
)
_REPLACED: Final[_SessionRow] = Row(_S.ABANDONED, _replace, effects=(_F.SETTLE_JOB, _F.FREE_CLAIMS))
_EXPIRED: Final[_SessionRow] = Row(
    _S.ABANDONED, _expire, guards=(EXPIRED,), effects=(_F.SETTLE_JOB, _F.FREE_CLAIMS)
)

SESSION: Final = Machine[Session, SessionStatus, SessionEvent, SessionGiven, SessionEffect](
    name="session",
    states=SessionStatus,
    events=SessionEvent,
    initial=(_S.ACTIVE,),
    ends=(_S.COMPLETED, _S.CANCELLED, _S.ABANDONED),
    state=attrgetter("status"),
    table={
        _S.ACTIVE: {
            _E.MESSAGE: Row(
                _S.ACTIVE,
                _message,
                guards=(NOT_EXPIRED, NO_JOB, TURNS_LEFT),
                effects=(_F.LOG_MESSAGE, _F.OPEN_JOB),
            ),
            _E.REPLY: Row(
                _S.ACTIVE,
                _reply,
                guards=(NOT_EXPIRED, A_JOB),
                effects=(_F.LOG_MESSAGE, _F.SETTLE_JOB),
            ),
            _E.FAIL: Row(_S.ACTIVE, _fail, guards=(A_JOB,), effects=(_F.SETTLE_JOB,)),
            _E.PAUSE: Row(_S.PAUSED, _pause, guards=(NOT_EXPIRED,)),
            _E.RESUME: Row(_S.ACTIVE, _resume, guards=(NOT_EXPIRED,), effects=(_F.OPEN_JOB,)),
            _E.RETRY: Row(
                _S.ACTIVE,
                _retry,
                guards=(NOT_EXPIRED, NO_JOB, TURNS_LEFT),
                effects=(_F.OPEN_JOB,),
            ),
            _E.ASK: Row(_S.ACTIVE, _ask, guards=(NOT_EXPIRED, NO_JOB), effects=(_F.OPEN_JOB,)),
            _E.ACT: Row(_S.ACTIVE, _act, guards=(NOT_EXPIRED,), effects=(_F.LOG_ACTIONS,)),
            _E.COMPLETE: Row(
                _S.COMPLETED,
                _complete,
                guards=(NOT_EXPIRED,),
                effects=(_F.SETTLE_JOB, _F.FREE_CLAIMS, _F.NOTE_STANDING),
            ),
            _E.CANCEL: _CANCELLED,
            _E.REPLACE: _REPLACED,
            _E.EXPIRE: _EXPIRED,
        },
        _S.PAUSED: {
            _E.REPLY: Row(
                _S.PAUSED,
                _reply,
                guards=(NOT_EXPIRED, A_JOB),
                effects=(_F.LOG_MESSAGE, _F.SETTLE_JOB),
            ),
            _E.FAIL: Row(_S.PAUSED, _fail, guards=(A_JOB,), effects=(_F.SETTLE_JOB,)),
            _E.RESUME: Row(_S.ACTIVE, _resume, guards=(NOT_EXPIRED,), effects=(_F.OPEN_JOB,)),
            _E.CANCEL: _CANCELLED,
            _E.REPLACE: _REPLACED,
            _E.EXPIRE: _EXPIRED,
        },
        _S.COMPLETED: {},
        _S.CANCELLED: {},
        _S.ABANDONED: {},
    },
)
"""The machine of a session."""
