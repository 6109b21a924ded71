"""Sweeping away what has expired, for engines without a time to live of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from attrs import evolve, frozen

from coachwork.effects import Find, Get, Now, ReadLog, Workflow
from coachwork.errors import (
    CorruptRecordError,
    StoreError,
    UnsupportedSchemaError,
    ValidationError,
)
from coachwork.jobs import OPEN
from coachwork.ports import Query
from coachwork.records import (
    ACCOUNT,
    BACKGROUND,
    CLAIM,
    JOB_RECORD,
    MAX_OPS,
    RECEIPT,
    SESSION_RECORD,
    SPENDING,
    Delete,
    Key,
    Op,
    Record,
    Stored,
    job_key,
    message_key,
    receipt_key,
    session_key,
)
from coachwork.sessions import LIVE, Account, Session, SessionEvent
from coachwork.workflows._answers import Purged
from coachwork.workflows._ending import end_session, load_job
from coachwork.workflows._relaying import deliver
from coachwork.workflows._setup import Setup
from coachwork.workflows._store import Tries, load

BATCH: Final = MAX_OPS - 1
"""How many records one commit deletes; the one more is the mark of a user's deletion."""

BESIDE_A_SESSION: Final = (JOB_RECORD.name, RECEIPT.name, BACKGROUND.name, SPENDING.name)
"""The kinds of records that belong to a session, besides its messages."""

_OPEN: Final = frozenset(status.value for status in OPEN)


def purge_expired(setup: Setup, *, limit: int = 1000) -> Workflow[Purged]:
    """Close live sessions that have expired, and delete expired ones with all that is theirs.

    It may be stopped and repeated at any time, and run by several at once. A session goes last,
    when nothing of it is left. Events that are still owed are delivered first; where that fails,
    or where there is no notifier, the session is kept.

    Asks: what a view knows of expired sessions; for each of them the session again, what belongs
    to it, and commits of deletions.

    Args:
        setup: The application's declarations.
        limit: How many sessions to sweep, at most, and how many marks of deletions; what is kept
            because it cannot be read or delivered does not count.

    Raises:
        ValidationError: The limit is no whole number above zero.
        CorruptRecordError: Something is damaged; everything else was swept.
        UnsupportedSchemaError: Something was written by newer code; everything else was swept.
        StoreError: The repository failed; what was done stays done.
    """
    if type(limit) is not int or limit < 1:
        raise ValidationError("limit", "a whole number from 1")
    now = yield from Now()
    expired = deleted = seen = undelivered = 0
    damaged: CorruptRecordError | UnsupportedSchemaError | None = None
    after: Key | None = None
    while seen < limit:
        query = Query(kind=SESSION_RECORD.name, expires=now, after=after, limit=limit - seen)
        found = yield from Find(query)
        for record in found:
            swept = yield from _sweep(setup, record)
            if isinstance(swept, CorruptRecordError | UnsupportedSchemaError):
                damaged = damaged or swept
            else:
                seen += swept.closed or not swept.undelivered
                expired += swept.closed
                deleted += swept.deleted
                undelivered += swept.undelivered
        if len(found) < query.limit:
            break
        after = found[-1].key  # what is kept stays where it is: the sweep goes on behind it
    marks = yield from Find(Query(kind=ACCOUNT.name, expires=now, limit=limit))
    for record in marks:
        damaged = (yield from _sweep_mark(setup, record)) or damaged
    if damaged is not None:
        raise damaged
    more = limit in {seen, len(marks)}
    return Purged(expired=expired, deleted=deleted, more=more, undelivered=undelivered)


@frozen
class _Swept:
    """What a sweep did with one session."""

    closed: bool
    deleted: bool
    undelivered: bool


def _sweep(
    setup: Setup, record: Record
) -> Workflow[_Swept | CorruptRecordError | UnsupportedSchemaError]:
    """Tell what was done with an expired session, or what of it cannot be read."""
    try:
        session = SESSION_RECORD.read(record).value
        closed = yield from close_expired(setup, session)
        ended = yield from _ended_and_expired(session)
        if ended is None:
            return _Swept(closed, deleted=False, undelivered=False)
        delivered = yield from _delivered(setup, ended.value)
        deleted = delivered and (yield from delete_session(setup, ended))
    except (CorruptRecordError, UnsupportedSchemaError) as fault:
        return fault
    return _Swept(closed, deleted, undelivered=not delivered)


def _delivered(setup: Setup, session: Session) -> Workflow[bool]:
    """Deliver what *session* is still owed; tell whether nothing is left of it."""
    if not setup.notifies:
        return not (yield from _is_owed(session))
    try:
        yield from deliver(setup, session.about.tenant, session.latest_job)
    except StoreError:
        raise
    except Exception:  # noqa: BLE001 - the notifier may raise anything; the next sweep tries again
        return False
    return True


def _is_owed(session: Session) -> Workflow[bool]:
    """Whether an event of *session*, which has ended, was never delivered.

    The latest job is read; the others were settled long ago, and a view knows them.
    """
    about = session.about
    latest = session.latest_job
    if latest is None:
        return False
    job = yield from load(JOB_RECORD, job_key(about.tenant, latest))
    if job is not None and job.value.is_undelivered:
        return True
    after: Key | None = None
    while True:
        query = Query(
            kind=JOB_RECORD.name,
            tenant=about.tenant,
            owner=about.user,
            session=about.id,
            after=after,
            limit=BATCH,
        )
        page = yield from Find(query)
        # A job that is settled is due for the relay alone, until its event is delivered.
        if any(record.facts.due for record in page if record.facts.status not in _OPEN):
            return True
        if len(page) < query.limit:
            return False
        after = page[-1].key


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


def _ended_and_expired(session: Session) -> Workflow[Stored[Session] | None]:
    """Return *session* as it is stored, if it has ended and expired: the view may lag."""
    stored = yield from load(SESSION_RECORD, SESSION_RECORD.key(session))
    now = yield from Now()
    if stored is None or stored.value.status in LIVE or not stored.value.is_expired(now):
        return None
    return stored


def delete_session(
    setup: Setup, stored: Stored[Session], mark: Stored[Account] | None = None
) -> Workflow[bool]:
    """Delete an ended session: its messages, what stands beside it, and the session at last.

    Args:
        setup: The application's declarations.
        stored: The session.
        mark: The mark of the deletion that this is a part of, or None for a sweep.

    Returns:
        Whether all of it is gone; False once *mark* is over (see `is_over`).
    """
    about = stored.value.about
    # Messages never change and have no gaps: their keys and versions are known, and no view that
    # may lag is asked. The last ones go first, so what is left is whole at any moment.
    for last in range(stored.value.messages, 0, -BATCH):
        numbers = range(last, max(last - BATCH, 0), -1)
        ops = [Delete(message_key(about.tenant, about.id, number), 1) for number in numbers]
        if not (yield from _delete(setup, ops, mark)):
            return False
    return (yield from _delete_beside(setup, about.tenant, about.user, about.id, mark)) and (
        yield from _delete(setup, [SESSION_RECORD.delete(stored)], mark)
    )


def _delete_beside(
    setup: Setup,
    tenant: str,
    user: str,
    session: str,
    mark: Stored[Account] | None,
    *kinds: str,
) -> Workflow[bool]:
    """Delete what stands beside a session, and *kinds* of it; False once *mark* is over."""
    for kind in (*kinds, *BESIDE_A_SESSION):
        query = Query(kind=kind, tenant=tenant, owner=user, session=session, limit=BATCH)
        if not (yield from delete_found(setup, query, mark)):
            return False
    return True


def delete_unreadable(setup: Setup, record: Record, mark: Stored[Account]) -> Workflow[bool]:
    """Delete a session whose record cannot be read, the messages that its log shows, and the rest.

    False once *mark* is over.
    """
    tenant, session, user = record.key.tenant, str(record.key.parts[0]), mark.value.user
    after = 0
    while True:
        page = yield from ReadLog(tenant=tenant, session=session, after=after, limit=BATCH)
        # The last ones go first, and the session when nothing of it is left.
        ops = [Delete(found.key, found.version) for found in reversed(page)]
        if not (yield from _delete(setup, ops, mark)):
            return False
        if not page:
            break
        after = int(page[-1].key.parts[-1])  # a log that lags behind shows again what is gone
    return (yield from _delete_beside(setup, tenant, user, session, mark, CLAIM.name)) and (
        yield from _delete(setup, [Delete(record.key, record.version)], mark)
    )


def find_lost(query: Query, home: Callable[[Record], Key]) -> Workflow[list[Record]]:
    """Return records of *query* whose *home* is not there: those of the first page with any.

    What a view shows that lags behind, and is gone, is none of them.
    """
    while True:
        page = yield from Find(query)
        lost: list[Record] = []
        for shown in page:
            if (yield from Get(home(shown))) is None:
                record = yield from Get(shown.key)
                lost += [] if record is None else [record]
        if lost or len(page) < query.limit:
            return lost
        query = evolve(query, after=page[-1].key)


def home_of_job(record: Record) -> Key:
    """Return the key of the session of a job."""
    return session_key(record.key.tenant, str(record.facts.session))


def delete_lost(setup: Setup, query: Query, mark: Stored[Account]) -> Workflow[bool]:
    """Delete the jobs of *query* whose sessions are not there, with all that is theirs.

    A planting that was interrupted leaves such jobs: it writes every message together with its
    job and the job's receipt, and the session at last. False once *mark* is over.
    """
    while lost := (yield from find_lost(query, home_of_job)):
        ops = [op for record in lost for op in _all_of_lost(record)]
        while ops:
            if not (yield from _delete(setup, ops[:BATCH], mark)):
                return False
            ops = ops[BATCH:]
    return True


def _all_of_lost(record: Record) -> list[Delete]:
    """Return what deletes a job without a session, with its messages and its receipt before it."""
    keys: list[Key] = []
    with suppress(CorruptRecordError, UnsupportedSchemaError):
        job = JOB_RECORD.read(record).value
        said = (job.message, None if job.settlement is None else job.settlement.reply)
        keys += [message_key(job.tenant, job.session, number) for number in said if number]
        keys.append(receipt_key(job.tenant, job.user, job.key))
    return [*(Delete(key, 1) for key in keys), Delete(record.key, record.version)]


def delete_found(setup: Setup, query: Query, mark: Stored[Account] | None) -> Workflow[bool]:
    """Delete all that *query* finds, a page at a time; False once *mark* is over."""
    while True:
        page = yield from Find(query)
        ops = [Delete(record.key, record.version) for record in page]
        if ops and not (yield from _delete(setup, ops, mark)):
            return False
        if len(page) < query.limit:
            return True
        query = evolve(query, after=page[-1].key)  # a view may still show what is gone


def is_over(mark: Stored[Account]) -> Workflow[bool]:
    """Whether the deletion that *mark* stands for is done: all that is there now is new.

    Of several deletions of one user at once the first one ends all: a late one must not touch
    what the user has, who has come back since.
    """
    return (yield from load(ACCOUNT, ACCOUNT.key(mark.value))) != mark


def _delete(
    setup: Setup, ops: Sequence[Delete], mark: Stored[Account] | None = None
) -> Workflow[bool]:
    """Delete these at once, or else one by one, since others may be deleting some of them.

    Returns:
        True when none of them is there any more; False once *mark* is over.
    """
    guard: list[Op] = [] if mark is None else [ACCOUNT.check(mark)]
    tries = Tries(setup)
    tries.another()
    if (yield from tries.commit([*ops, *guard])):
        return True
    for op in ops:
        tries = Tries(setup)
        while (left := (yield from _left(op))) is not None:
            tries.another()
            if (yield from tries.commit([left, *guard])):
                break
            if mark is not None and (yield from is_over(mark)):
                return False
    return True


def _left(op: Delete) -> Workflow[Delete | None]:
    """Return what deletes the record that *op* was to delete, or None where it is not there.

    A job may have changed once more since it was found, when its event was delivered. Of anything
    else a later version is not what was to be deleted.
    """
    record = yield from Get(op.key)
    if record is None or (record.version != op.version and op.key.kind != JOB_RECORD.name):
        return None
    return Delete(op.key, record.version)


def _sweep_mark(
    setup: Setup, record: Record
) -> Workflow[CorruptRecordError | UnsupportedSchemaError | None]:
    """Delete the mark of a deletion that is long done, or return why it cannot be read."""
    try:
        mark = ACCOUNT.read(record)
    except (CorruptRecordError, UnsupportedSchemaError) as fault:
        return fault
    yield from _delete(setup, [ACCOUNT.delete(mark)])
    return None
