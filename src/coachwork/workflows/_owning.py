"""Everything that is a user's: taken out as one document, or deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from coachwork.actions import Audit
from coachwork.effects import Find, Now, Workflow
from coachwork.errors import CorruptRecordError, UnsupportedSchemaError, ValidationError
from coachwork.messages import Message
from coachwork.plain import JSON
from coachwork.ports import Query
from coachwork.programs import Progress
from coachwork.records import (
    ACCOUNT,
    AUDIT,
    BACKGROUND,
    CLAIM,
    JOB_RECORD,
    PROGRESS,
    RECEIPT,
    SESSION_RECORD,
    SPENDING,
    STANDING,
    Key,
    Kind,
    Record,
    Stored,
    account_key,
    background_key,
    session_key,
)
from coachwork.sessions import (
    LIVE,
    Account,
    AccountStatus,
    Session,
    SessionEvent,
    Spending,
    Standing,
    later,
)
from coachwork.workflows._answers import JobView, SessionView, job_view, session_view
from coachwork.workflows._ending import end_session, load_job
from coachwork.workflows._purging import (
    BATCH,
    delete_found,
    delete_lost,
    delete_session,
    delete_unreadable,
    is_over,
)
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import PAGE, Tries, V, find, load, read_all_messages

EXPORT_VERSION: Final = 1
"""The version of the form of an export."""


@frozen(kw_only=True)
class SessionExport:
    """One session with all that is its own.

    Attributes:
        session: The session; its result is plain data.
        context: The plain data that it was started with.
        summary: The summary of what was said, if one was made.
        messages: All messages in order.
        jobs: All jobs in the order of their ids.
    """

    session: SessionView[object]
    context: dict[str, JSON] = field(repr=False)
    summary: str | None = field(repr=False)
    messages: tuple[Message, ...]
    jobs: tuple[JobView, ...]


@frozen(kw_only=True)
class Export:
    """Everything that is stored of a user (brief, section 9).

    Attributes:
        version: The version of this form.
        tenant: The tenant.
        user: The user.
        at: When it was taken out (UTC).
        sessions: All sessions, the oldest first, expired ones too as long as they are stored.
        standings: How often which topic was completed.
        spendings: What answers cost that came too late.
        programs: All states of programs, as they are kept.
        audits: What was done in them, in order.
    """

    version: int
    tenant: str
    user: str
    at: datetime
    sessions: tuple[SessionExport, ...]
    standings: tuple[Standing, ...]
    spendings: tuple[Spending, ...]
    programs: tuple[Progress, ...]
    audits: tuple[Audit, ...]


@frozen
class Deleted:
    """What a deletion did.

    Attributes:
        sessions: How many sessions were deleted with all that was theirs.
    """

    sessions: int


def export(
    setup: Setup,  # noqa: ARG001 - all workflows are called alike
    caller: Caller,
) -> Workflow[Export]:
    """Return everything that is stored of the caller, as one frozen value.

    Raises:
        StoreError: The repository failed.
    """
    _whole_user(caller)
    now = yield from Now()
    stored = yield from all_of(SESSION_RECORD, caller)
    sessions: list[SessionExport] = []
    for session in stored:
        told = yield from session_export(caller, session.value, now)
        sessions.append(told)
    standings = yield from all_of(STANDING, caller)
    spendings = yield from all_of(SPENDING, caller)
    programs = yield from all_of(PROGRESS, caller)
    audits = yield from all_of(AUDIT, caller)
    return Export(
        version=EXPORT_VERSION,
        tenant=caller.tenant,
        user=caller.user,
        at=now,
        sessions=tuple(sessions),
        standings=tuple(standing.value for standing in standings),
        spendings=tuple(spending.value for spending in spendings),
        programs=tuple(progress.value for progress in programs),
        audits=tuple(audit.value for audit in audits),
    )


def session_export(caller: Caller, session: Session, now: datetime) -> Workflow[SessionExport]:
    """Return *session* with all that is its own."""
    about = session.about
    background = yield from load(BACKGROUND, background_key(about.tenant, about.id))
    messages = yield from read_all_messages(about.tenant, about.id)
    jobs = yield from all_of(JOB_RECORD, caller, session=about.id)
    return SessionExport(
        session=session_view(session, None, now),
        context={} if background is None else background.value.context,
        summary=None if background is None else background.value.summary,
        messages=tuple(messages),
        jobs=tuple(job_view(job.value) for job in jobs),
    )


def _whole_user(caller: Caller) -> None:
    """Refuse a caller of a test scenario: what would be meant is a part of the user's data only.

    Raises:
        ValidationError: The caller has a scenario.
    """
    if caller.scenario is not None:
        raise ValidationError("scenario", "none: this concerns everything of the user")


def all_of(
    kind: Kind[V], caller: Caller, *, session: str | None = None, scenario: str | None = None
) -> Workflow[list[Stored[V]]]:
    """Return all of the caller's records of that kind, page by page."""
    found: list[Stored[V]] = []
    after: Key | None = None
    while True:
        query = Query(
            kind=kind.name,
            tenant=caller.tenant,
            owner=caller.user,
            session=session,
            scenario=scenario,
            after=after,
            limit=PAGE,
        )
        page = yield from find(kind, query)
        found += page
        if len(page) < PAGE:
            return found
        after = kind.key(page[-1].value)


def delete_all(setup: Setup, caller: Caller) -> Workflow[Deleted]:
    """Delete everything that is stored of the caller.

    First the account is marked, so that no command under way can add anything any more; then all
    goes in batches, which may be repeated after a failure. The mark stays for a while, without
    anything but the user's id, and is swept away later. The user may come back at once.

    What is damaged, or was written by newer code, is deleted unread.

    Several deletions at once are one: all work under the same mark, and when it is over, none of
    them deletes anything any more.

    Raises:
        StoreError: The repository failed; what was done stays done, call again.
    """
    _whole_user(caller)
    mark = yield from _marked(setup, caller)
    query = Query(kind=SESSION_RECORD.name, tenant=caller.tenant, owner=caller.user, limit=BATCH)
    deleted, done = yield from delete_sessions(setup, query, mark)
    if not done:
        return Deleted(deleted)
    lost = Query(kind=JOB_RECORD.name, tenant=caller.tenant, owner=caller.user, limit=BATCH)
    if not (yield from delete_lost(setup, lost, mark)):
        return Deleted(deleted)
    for kind in (CLAIM, STANDING, RECEIPT, JOB_RECORD, BACKGROUND, SPENDING, AUDIT, PROGRESS):
        query = Query(kind=kind.name, tenant=caller.tenant, owner=caller.user, limit=BATCH)
        if not (yield from delete_found(setup, query, mark)):
            return Deleted(deleted)
    yield from _finish(setup, mark)
    return Deleted(deleted)


def delete_sessions(
    setup: Setup, query: Query, mark: Stored[Account]
) -> Workflow[tuple[int, bool]]:
    """Delete all sessions of *query*; tell how many, and whether *mark* was not over to the end."""
    deleted = 0
    while True:
        page = yield from Find(query)
        for record in page:
            gone = yield from _delete_one(setup, record, mark)
            if gone is None:
                return deleted, False
            deleted += gone
        if len(page) < query.limit:
            return deleted, True
        query = evolve(query, after=page[-1].key)  # a view may still show what is gone


def _delete_one(setup: Setup, record: Record, mark: Stored[Account]) -> Workflow[bool | None]:
    """Delete a session, also one that cannot be read any more.

    Returns:
        Whether it was there; None once *mark* is over.
    """
    try:
        stored = SESSION_RECORD.read(record)
        ended = yield from _ended(setup, stored, mark)
    except (CorruptRecordError, UnsupportedSchemaError):
        return True if (yield from delete_unreadable(setup, record, mark)) else None
    if ended is None:
        return False
    return True if (yield from delete_session(setup, ended, mark)) else None


def _marked(setup: Setup, caller: Caller) -> Workflow[Stored[Account]]:
    """Return the mark that the caller's data is being deleted, writing it if it is not there."""
    tries = Tries(setup)
    while True:
        tries.another()
        old = yield from load(ACCOUNT, account_key(caller.tenant, caller.user))
        if old is not None and old.value.status is AccountStatus.DELETING:
            return old
        now = yield from Now()
        new = Account(caller.tenant, caller.user, AccountStatus.DELETING, now)
        op = ACCOUNT.insert(new) if old is None else ACCOUNT.update(old, new)
        if (yield from tries.commit([op])):
            return Stored(new, 1 if old is None else old.version + 1)


def _finish(setup: Setup, mark: Stored[Account]) -> Workflow[None]:
    """Write that all is deleted, unless another deletion did."""
    tries = Tries(setup)
    while not (yield from is_over(mark)):
        tries.another()
        now = yield from Now()
        until = later(now, setup.settings.keep_deleted)
        done = Account(mark.value.tenant, mark.value.user, AccountStatus.DELETED, now, until)
        if (yield from tries.commit([ACCOUNT.update(mark, done)])):
            return


def _ended(
    setup: Setup, stored: Stored[Session], mark: Stored[Account]
) -> Workflow[Stored[Session] | None]:
    """Return the session ended, ending it if it is live; None where it is gone.

    Once *mark* is over it comes as it is, and no commit of the deletion passes any more.
    """
    about = stored.value.about
    tries = Tries(setup)
    while True:
        tries.another()
        session = yield from load(SESSION_RECORD, session_key(about.tenant, about.id))
        if session is None or session.value.status not in LIVE:
            return session
        job = yield from load_job(session.value)
        now = yield from Now()
        ended = yield from end_session(session, job, SessionEvent.REPLACE, now)
        if (yield from tries.commit([*ended.ops, ACCOUNT.check(mark)])):
            return Stored(ended.session, session.version + 1)
        if (yield from is_over(mark)):
            return session
