"""What became of a job, as its owner asks for it; and what an owner may do about one."""

from __future__ import annotations

from datetime import datetime

from coachwork.effects import Now, Workflow
from coachwork.errors import (
    JobNotFoundError,
    SessionAccessDeniedError,
    SessionNotFoundError,
)
from coachwork.ids import checked_id
from coachwork.jobs import ErrorCode, JobError, JobEvent
from coachwork.records import JOB_RECORD, job_key
from coachwork.topics import Topic
from coachwork.workflows._answers import JobReport, T, job_report
from coachwork.workflows._ending import load_job
from coachwork.workflows._jobs import (
    Held,
    blocked_for,
    busy,
    check_topic,
    load_held_job,
    message_missing,
    open_account,
    reply_of,
)
from coachwork.workflows._settling import closed_from_outside, expire
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load, load_session


def job(
    setup: Setup, caller: Caller, topic: Topic[T] | None, job_id: str
) -> Workflow[JobReport[T]]:
    """Tell what became of a job, its result in the type of *topic*, or plain without one.

    It is no activity. A job that is found open after its time is settled as failed first.

    Asks: the job, the session, the account, the reply.

    Raises:
        JobNotFoundError: There is no such job for the caller, or its time is over.
        SessionAccessDeniedError: It is another user's.
        StoreError: The repository failed.
    """
    held, _ = yield from own_job(setup, caller, topic, job_id)
    return (yield from _told(setup, topic, held))


def pending_job(
    setup: Setup, caller: Caller, topic: Topic[T] | None, session_id: str
) -> Workflow[JobReport[T] | None]:
    """Return the job that the session waits for, or None: for a client that reloads its page.

    A job that is found open after its time is settled as failed first.

    Raises:
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        StoreError: The repository failed.
    """
    checked_id(session_id, "session_id")
    session, now = yield from load_session(setup, caller, session_id)
    check_topic(session.value, topic)
    waiting = yield from load_job(session.value)
    if waiting is None or waiting.value.is_settled:
        return None
    account = yield from open_account(caller)
    held = Held(account, session, waiting)
    if waiting.value.is_overdue(now):
        yield from expire(setup, held, now)
    if waiting.value.is_expired(now):  # nobody is sent to poll what is not found
        return None
    return (yield from report(setup, topic, held))


def cancel_job(
    setup: Setup, caller: Caller, topic: Topic[T] | None, job_id: str
) -> Workflow[JobReport[T]]:
    """Cancel a job that has no outcome yet; what was said stays, and the turn is free again.

    An answer that is under way is dropped. On a settled job it changes nothing: the report says
    whether it came too late.

    Asks: the job, the session, the account, one commit.

    Raises:
        JobNotFoundError: There is no such job for the caller, or its time is over.
        SessionAccessDeniedError: It is another user's.
        SessionBusyError: A final reply is kept in it, and the session is about to end.
        StoreError: The repository failed.
    """
    tries = Tries(setup)
    while True:
        tries.another()
        held, now = yield from own_job(setup, caller, topic, job_id)
        value = held.job.value
        if value.is_settled:
            return (yield from _told(setup, topic, held))
        if value.steps:
            raise busy(value, blocked_for(held.job, now, setup.settings) or 0.0)
        why = JobError(ErrorCode.JOB_CANCELLED, "it was cancelled")
        after, ops = closed_from_outside(held, JobEvent.CLOSE, why, now)
        if (yield from tries.commit(ops)):
            return (yield from _told(setup, topic, after))


def own_job(
    setup: Setup, caller: Caller, topic: Topic[object] | None, job_id: str
) -> Workflow[tuple[Held, datetime]]:
    """Return the caller's job with its session, and when it was looked at (UTC).

    Raises:
        JobNotFoundError: There is no such job for the caller, or its time is over.
        SessionAccessDeniedError: It is another user's.
    """
    checked_id(job_id, "job_id")
    stored = yield from load(JOB_RECORD, job_key(caller.tenant, job_id))
    if stored is None:
        raise JobNotFoundError
    owner = stored.value.user
    if owner != caller.user and setup.settings.hide_foreign:
        raise JobNotFoundError
    try:
        held = yield from load_held_job(stored)
        now = yield from Now()
        if held.session.value.is_expired(now):
            raise JobNotFoundError
        if owner != caller.user:  # what is gone is nobody's
            raise JobNotFoundError if held.job.value.is_expired(now) else SessionAccessDeniedError
        if held.session.value.about.scenario != caller.scenario:
            raise JobNotFoundError
        check_topic(held.session.value, topic)
    except SessionNotFoundError:
        raise JobNotFoundError from None
    if held.job.value.is_overdue(now):
        yield from expire(setup, held, now)
    if held.job.value.is_expired(now):
        raise JobNotFoundError
    return held, now


def _told(setup: Setup, topic: Topic[T] | None, held: Held) -> Workflow[JobReport[T]]:
    """Return what `report` returns, to who asks for a job and not for a session.

    Raises:
        JobNotFoundError: It was swept away since it was read.
        CorruptRecordError: Its reply alone is gone.
    """
    try:
        return (yield from report(setup, topic, held))
    except SessionNotFoundError:
        raise JobNotFoundError from None


def report(setup: Setup, topic: Topic[T] | None, held: Held) -> Workflow[JobReport[T]]:
    """Return what its owner is told of a job.

    Raises:
        SessionNotFoundError: Its reply is gone, and so is everything else.
        CorruptRecordError: Its reply alone is gone.
    """
    value = held.job.value
    reply = yield from reply_of(held)
    if reply is None and value.settlement is not None and value.settlement.reply is not None:
        raise (yield from message_missing(held))
    estimated = setup.settings.estimated_duration
    return job_report(value, held.session.value, topic, reply, estimated)
