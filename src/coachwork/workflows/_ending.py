"""What every end of a session writes besides the session: its job, its claims, the standing."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import frozen

from coachwork.effects import Workflow
from coachwork.jobs import JOB, OPEN, ErrorCode, Job, JobError, JobEvent, Settled
from coachwork.machine import Moved
from coachwork.records import (
    CLAIM,
    JOB_RECORD,
    SESSION_RECORD,
    STANDING,
    Op,
    Stored,
    claim_key,
    job_key,
    standing_key,
)
from coachwork.sessions import (
    SESSION,
    Session,
    SessionEffect,
    SessionEvent,
    Standing,
    latest,
)
from coachwork.workflows._store import load

_WHY_CLOSED: Final = {
    SessionEvent.CANCEL: ErrorCode.SESSION_CANCELLED,
    SessionEvent.REPLACE: ErrorCode.SESSION_REPLACED,
    SessionEvent.EXPIRE: ErrorCode.SESSION_EXPIRED,
}
CLOSING: Final = frozenset(_WHY_CLOSED.values()) | {
    ErrorCode.LEASE_EXPIRED,
    ErrorCode.ATTEMPTS_EXHAUSTED,
    ErrorCode.JOB_CANCELLED,
    ErrorCode.JOB_EXPIRED,
}
"""Why jobs failed that were settled by somebody else than their holder."""


def load_job(session: Session) -> Workflow[Stored[Job] | None]:
    """Return the job in flight of *session*, or None."""
    if session.in_flight is None:
        return None
    return (yield from load(JOB_RECORD, job_key(session.about.tenant, session.in_flight.job)))


def closed(job: Stored[Job] | None, code: ErrorCode, now: datetime) -> Job | None:
    """Return *job* settled from outside, or None if there is none without an outcome."""
    if job is None or job.value.status not in OPEN:
        return None
    given = Settled(JobError(code, "it was closed from outside"))
    return JOB.move(job.value, JobEvent.CLOSE, now, given).value


def close_ops(job: Stored[Job] | None, new: Job | None) -> list[Op]:
    """Return what writes the job that `closed` gave."""
    return [] if job is None or new is None else [JOB_RECORD.update(job, new)]


@frozen
class Ended:
    """A session that is to be ended.

    Attributes:
        session: The session after its end.
        job: Its job in flight, closed, or None where there was none.
        ops: All that must be written for it.
    """

    session: Session
    job: Job | None
    ops: list[Op]


def end_session(
    session: Stored[Session],
    job: Stored[Job] | None,
    event: SessionEvent,
    now: datetime,
) -> Workflow[Ended]:
    """Return *session* ended by *event* and all that must be written for it.

    Args:
        session: A live session.
        job: Its job in flight, if any; it is closed.
        event: ``cancel``, ``replace`` or ``expire``.
        now: When (UTC).
    """
    moved = SESSION.move(session.value, event, now, None)
    new = closed(job, _WHY_CLOSED[event], now)
    ops = [SESSION_RECORD.update(session, moved.value), *close_ops(job, new)]
    ops += yield from consequences(moved, now)
    return Ended(moved.value, new, ops)


def consequences(moved: Moved[Session, SessionEffect], now: datetime) -> Workflow[list[Op]]:
    """Return what the effects of an end ask to be written: claims freed, the standing noted."""
    ops: list[Op] = []
    if SessionEffect.FREE_CLAIMS in moved.effects:
        ops += yield from free_claims(moved.value)
    # What is tried in a test scenario is no merit of the user's.
    is_tried = moved.value.about.scenario is not None
    if SessionEffect.NOTE_STANDING in moved.effects and not is_tried:
        ops += yield from _note_standing(moved.value, now)
    return ops


def free_claims(session: Session) -> Workflow[list[Op]]:
    """Return what frees the claims that *session* holds; claims of others are left alone."""
    about = session.about
    ops: list[Op] = []
    for user in (about.user, None) if about.exclusive else (about.user,):
        place = claim_key(about.tenant, about.topic, user, about.scenario)
        claim = yield from load(CLAIM, place)
        if claim is not None and claim.value.session == about.id:
            ops.append(CLAIM.delete(claim))
    return ops


def _note_standing(session: Session, now: datetime) -> Workflow[list[Op]]:
    """Return what notes that the user completed the topic once more."""
    about = session.about
    old = yield from load(STANDING, standing_key(about.tenant, about.user, about.topic))
    new = Standing(
        tenant=about.tenant,
        user=about.user,
        topic=about.topic,
        completed=1 if old is None else old.value.completed + 1,
        completed_at=now if old is None else latest(old.value.completed_at, now),
        session=about.id,
    )
    return [STANDING.insert(new) if old is None else STANDING.update(old, new)]
