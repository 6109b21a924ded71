"""Sweeping away what has expired, for engines without a time to live of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from coachwork.effects import Commit, Find, Now, ReadLog, Workflow
from coachwork.errors import CorruptRecordError, UnsupportedSchemaError, ValidationError
from coachwork.ports import CommitResult, Query
from coachwork.records import (
    ACCOUNT,
    BACKGROUND,
    JOB_RECORD,
    MAX_OPS,
    RECEIPT,
    SESSION_RECORD,
    SPENDING,
    Delete,
    Op,
    Record,
    Stored,
    session_key,
)
from coachwork.sessions import LIVE, Session, SessionEvent
from coachwork.workflows._answers import Purged
from coachwork.workflows._ending import end_session, load_job
from coachwork.workflows._setup import Setup
from coachwork.workflows._store import Tries, find, load

BESIDE_A_SESSION: Final = (JOB_RECORD.name, RECEIPT.name, BACKGROUND.name, SPENDING.name)
"""The kinds of records that belong to a session, besides its messages."""


def purge_expired(setup: Setup, *, limit: int = 1000) -> Workflow[Purged]:
    """Close live sessions that have expired, and delete expired ones with all that is theirs.

    It may be stopped and repeated at any time, and run by several at once. A session goes last,
    when nothing of it is left.

    Asks: what a view knows of expired sessions; for each of them the session again, what belongs
    to it, and commits of deletions.

    Args:
        setup: The application's declarations.
        limit: How many sessions to look at, at most.

    Raises:
        ValidationError: The limit is no whole number above zero.
        CorruptRecordError: Something of a session is damaged; all others were swept.
        UnsupportedSchemaError: Something was written by newer code; all others were swept.
        StoreError: The repository failed; what was done stays done.
    """
    if type(limit) is not int or limit < 1:
        raise ValidationError("limit", "a whole number from 1")
    now = yield from Now()
    found = yield from Find(Query(kind=SESSION_RECORD.name, expires=now, limit=limit))
    expired = deleted = 0
    damaged: CorruptRecordError | UnsupportedSchemaError | None = None
    for record in found:
        swept = yield from _sweep(setup, record)
        if isinstance(swept, CorruptRecordError | UnsupportedSchemaError):
            damaged = damaged or swept
        else:
            expired += swept[0]
            deleted += swept[1]
    yield from _sweep_accounts(now, limit)
    if damaged is not None:
        raise damaged
    return Purged(expired=expired, deleted=deleted, more=len(found) == limit)


def _sweep(
    setup: Setup, record: Record
) -> Workflow[tuple[bool, bool] | CorruptRecordError | UnsupportedSchemaError]:
    """Tell whether an expired session was closed and deleted, or what of it cannot be read."""
    try:
        session = SESSION_RECORD.read(record).value
        return (yield from close_expired(setup, session)), (yield from _delete_expired(session))
    except (CorruptRecordError, UnsupportedSchemaError) as fault:
        return fault


def close_expired(setup: Setup, session: Session) -> Workflow[bool]:
    """Write that *session* has expired, if it is still live and has; tell whether it was done."""
    key = session_key(session.about.tenant, session.about.id)
    tries = Tries(setup)
    while True:
        tries.another()
        stored = yield from load(SESSION_RECORD, key)
        now = yield from Now()
        if stored is None or stored.value.status not in LIVE or not stored.value.is_expired(now):
            return False
        job = yield from load_job(stored.value)
        ended = yield from end_session(stored, job, SessionEvent.EXPIRE, now)
        if (yield from tries.commit(ended.ops)):
            return True


def _delete_expired(session: Session) -> Workflow[bool]:
    """Delete *session* with all that is its own, if it has ended and expired."""
    stored = yield from load(SESSION_RECORD, SESSION_RECORD.key(session))
    now = yield from Now()
    if stored is None or stored.value.status in LIVE or not stored.value.is_expired(now):
        return False
    yield from delete_session(stored)
    return True


def delete_session(stored: Stored[Session]) -> Workflow[None]:
    """Delete an ended session: its messages, what stands beside it, and the session at last."""
    about = stored.value.about
    while True:
        page = yield from ReadLog(tenant=about.tenant, session=about.id, limit=MAX_OPS)
        if not page:
            break
        yield from _delete([Delete(record.key, record.version) for record in page])
    for kind in BESIDE_A_SESSION:
        yield from delete_found(
            Query(
                kind=kind,
                tenant=about.tenant,
                owner=about.user,
                session=about.id,
                limit=MAX_OPS,
            )
        )
    yield from _delete([SESSION_RECORD.delete(stored)])


def delete_found(query: Query) -> Workflow[None]:
    """Delete all that *query* finds, a page at a time."""
    while True:
        page = yield from Find(query)
        if page:
            yield from _delete([Delete(record.key, record.version) for record in page])
        if len(page) < query.limit:
            return


def _delete(ops: list[Op]) -> Workflow[None]:
    """Delete these, one by one where others are deleting some of them at the same time."""
    result = yield from Commit(tuple(ops))
    if result is CommitResult.CONFLICT and len(ops) > 1:
        for op in ops:
            yield from Commit((op,))


def _sweep_accounts(now: datetime, limit: int) -> Workflow[None]:
    """Delete the marks of deletions that are long done."""
    marks = yield from find(ACCOUNT, Query(kind=ACCOUNT.name, expires=now, limit=limit))
    for mark in marks:
        yield from _delete([ACCOUNT.delete(mark)])
