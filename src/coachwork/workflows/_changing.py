"""Pause and cancel: no model is asked, and doing it twice is doing it once."""

from __future__ import annotations

from coachwork.effects import Workflow
from coachwork.ids import checked_id
from coachwork.jobs import OPEN, JobKind
from coachwork.records import JOB_RECORD, SESSION_RECORD, Op
from coachwork.sessions import LIVE, SESSION, SessionEvent, SessionStatus
from coachwork.topics import Topic
from coachwork.workflows._answers import SessionView, T, session_view
from coachwork.workflows._ending import end_session, load_job
from coachwork.workflows._jobs import (
    blocked_for,
    busy,
    check_topic,
    displace,
    is_completing,
    not_active,
)
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load_session


def pause(
    setup: Setup, caller: Caller, topic: Topic[T] | None, session_id: str
) -> Workflow[SessionView[T]]:
    """Pause an active session; a reply that is under way will still be kept.

    Asks: the session, its job, one commit.

    Args:
        setup: The application's declarations.
        caller: Who pauses.
        topic: The session's topic for the type of its result, or None where it is not declared.
        session_id: The session.

    Raises:
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        SessionNotActiveError: It has ended.
        SessionBusyError: Its result is being extracted.
        StoreError: The repository failed.
    """
    checked_id(session_id, "session_id")
    tries = Tries(setup)
    while True:
        tries.another()
        session, now = yield from load_session(setup, caller, session_id)
        check_topic(session.value, topic)
        if session.value.status is SessionStatus.PAUSED:
            return session_view(session.value, topic, now)
        if session.value.status is not SessionStatus.ACTIVE:
            raise not_active(session.value, "pause", now)
        job = yield from load_job(session.value)
        seconds = blocked_for(job, now, setup.settings)
        if job is not None and is_completing(job) and seconds is not None:
            raise busy(job.value, seconds)
        freed, ops = session.value, list[Op]()
        if job is not None and job.value.kind is JobKind.EXTRACTION:  # and nobody holds it
            freed, ops = displace(session.value, job, now)
        paused = SESSION.move(freed, SessionEvent.PAUSE, now, None).value
        ops.append(SESSION_RECORD.update(session, paused))
        if freed.in_flight is not None and job is not None and job.value.status in OPEN:
            # A final reply may be kept in the job at this very moment: then one of us looks again.
            ops.append(JOB_RECORD.check(job))
        if (yield from tries.commit(ops)):
            return session_view(paused, topic, now)


def cancel(
    setup: Setup, caller: Caller, topic: Topic[T] | None, session_id: str
) -> Workflow[SessionView[T]]:
    """Cancel a live session; a reply that is under way is dropped.

    Asks: the session, its job, its claims, one commit.

    Args:
        setup: The application's declarations.
        caller: Who cancels.
        topic: The session's topic for the type of its result, or None where it is not declared.
        session_id: The session.

    Raises:
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        SessionNotActiveError: It has ended otherwise.
        StoreError: The repository failed.
    """
    checked_id(session_id, "session_id")
    tries = Tries(setup)
    while True:
        tries.another()
        session, now = yield from load_session(setup, caller, session_id)
        check_topic(session.value, topic)
        if session.value.status is SessionStatus.CANCELLED:
            return session_view(session.value, topic, now)
        if session.value.status not in LIVE:
            raise not_active(session.value, "cancel", now)
        job = yield from load_job(session.value)
        ended = yield from end_session(session, job, SessionEvent.CANCEL, now)
        if (yield from tries.commit(ended.ops)):
            return session_view(ended.session, topic, now)
