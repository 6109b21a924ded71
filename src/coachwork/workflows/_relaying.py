"""The relay: terminal events, handed to the notifier at least once and in order per session.

The job record is the outbox: the outcome and the event are one commit, and whether the event was
delivered is a mark in the same record (brief, section 5). Every job knows the one before it in its
session (`Job.follows`), so whoever delivers an event first delivers what is still owed before it,
by reads that decide and not by a view that may lag.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final

from attrs import evolve

from coachwork.effects import Find, Notify, Now, Workflow
from coachwork.errors import (
    CoachworkError,
    MisuseError,
    SessionNotFoundError,
    ValidationError,
)
from coachwork.events import Event, MessageCompleted, MessageFailed
from coachwork.jobs import Job, JobStatus
from coachwork.ports import Query
from coachwork.records import ACCOUNT, JOB_RECORD, Stored, job_key
from coachwork.sessions import Account
from coachwork.texts import user_text
from coachwork.workflows._answers import Relayed
from coachwork.workflows._jobs import (
    Held,
    load_held,
    load_held_job,
    message_missing,
    open_account,
    reply_of,
)
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load

AT_ONCE: Final = timedelta(0)

FAR_BEHIND: Final = 100
"""Who settles a job looks at so many before it; what is owed from further back is the relay's."""

MOST_OWED: Final = 10_000
"""How many owed events are looked at in one go, at most, where those in front cannot be told."""


def relay(setup: Setup, *, limit: int = 500, older_than: timedelta = AT_ONCE) -> Workflow[Relayed]:
    """Deliver the events of settled jobs that are still owed, of all tenants, the oldest first.

    Run it now and then, wherever a notifier is: a worker does. It may be stopped at any moment and
    run by several at once; then an event may be told twice, always under the same id.

    Args:
        setup: The application's declarations.
        limit: How many jobs to look at; more, where nothing can be delivered of so many.
        older_than: Only events that have been owed for so long; what was settled just now is
            delivered by who settled it.

    Raises:
        ValidationError: The limit is no whole number above zero.
        MisuseError: There is no notifier.
        StoreError: The repository failed; what was delivered stays so.
    """
    if type(limit) is not int or limit < 1:
        raise ValidationError("limit", "a whole number from 1")
    if not setup.notifies:
        raise MisuseError("there is no notifier to relay events to")
    now = yield from Now()
    status = (JobStatus.COMPLETED.value, JobStatus.FAILED.value)
    delivered = 0
    stuck: set[tuple[str, str | None]] = set()
    why: str | None = None
    while True:
        query = Query(kind=JOB_RECORD.name, status=status, due=now - older_than, limit=limit)
        page = yield from Find(query)
        for record in page:
            session = (record.key.tenant, record.facts.session)
            if session in stuck:  # what comes later waits for what comes first
                continue
            try:
                delivered += yield from deliver(setup, record.key.tenant, str(record.key.parts[0]))
            except Exception as error:  # noqa: BLE001 - it holds up its session alone
                stuck.add(session)
                why = why or _name(error)
        if delivered or len(page) < limit or limit >= MOST_OWED:
            return Relayed(delivered, len(stuck), more=len(page) == limit, why=why)
        limit = min(2 * limit, MOST_OWED)  # those that cannot be delivered stand in front for ever


def _name(error: Exception) -> str:
    """Return what may be told of *error*: its text may hold what was said, or a secret."""
    return error.code if isinstance(error, CoachworkError) else type(error).__name__


def deliver(
    setup: Setup, tenant: str, job_id: str | None, *, most: int | None = None
) -> Workflow[int]:
    """Deliver the event of a settled job, after those that its session is owed from before.

    Args:
        setup: The application's declarations.
        tenant: The tenant.
        job_id: The job; None is one that never was.
        most: Deliver nothing where what is owed lies further back than so many jobs.

    Returns:
        How many events were handed over.

    Raises:
        Exception: Whatever the notifier raises.
        StoreError: The repository failed.
    """
    owed = yield from owed_until(tenant, job_id, most=most)
    if owed is None:
        return 0
    delivered = 0
    for job in reversed(owed):
        try:
            event = yield from _event(job)
        except SessionNotFoundError:  # the user's data was deleted: no event follows
            continue
        yield from Notify(event)
        delivered += 1
        with suppress(SessionNotFoundError):  # it was deleted just now
            yield from _mark(setup, job)
    return delivered


def owed_until(
    tenant: str, job_id: str | None, *, most: int | None = None
) -> Workflow[list[Stored[Job]] | None]:
    """Return the jobs of a session whose events are still owed, up to a job, the newest first.

    What was delivered was delivered after all that came before it. A job that nobody is to hear
    of, accepted where there was no notifier, tells nothing of those before it.

    Args:
        tenant: The tenant.
        job_id: The job; None is one that never was.
        most: At how many jobs to look.

    Returns:
        The jobs, or None where there may be more of them behind so many.
    """
    owed: list[Stored[Job]] = []
    looked_at = 0
    while job_id is not None:
        looked_at += 1
        job = yield from load(JOB_RECORD, job_key(tenant, job_id))
        if job is None or job.value.delivered_at is not None:
            break
        if job.value.is_undelivered:
            owed.append(job)
        job_id = job.value.follows
        if looked_at == most and job_id is not None:
            return None
    return owed


def deliver_quietly(setup: Setup, job: Job) -> Workflow[None]:
    """Deliver the event of a job that was settled just now; if that fails, the relay does it."""
    if setup.notifies and job.is_undelivered:
        with suppress(Exception):
            yield from deliver(setup, job.tenant, job.id, most=FAR_BEHIND)


def _mark(setup: Setup, job: Stored[Job]) -> Workflow[None]:
    """Note that the event of *job* was delivered."""
    tries = Tries(setup)
    caller = Caller(job.value.tenant, job.value.user)
    while job.value.is_undelivered:
        tries.another()
        account: Stored[Account] = yield from open_account(caller)
        now = yield from Now()
        marked = evolve(job.value, delivered_at=now)
        if (yield from tries.commit([JOB_RECORD.update(job, marked), ACCOUNT.check(account)])):
            return
        held = yield from load_held(caller, job.value.session, job.value.id)
        job = held.job


def _event(stored: Stored[Job]) -> Workflow[Event]:
    """Return the terminal event of a settled job.

    Raises:
        SessionNotFoundError: The user's data was deleted, or is being deleted.
        CorruptRecordError: What the coach said is missing.
    """
    held = yield from load_held_job(stored)
    data = yield from _data(held)
    job = stored.value
    return Event(
        id=f"{job.id}.settled",
        kind=job.kind,
        job=job.id,
        session=job.session,
        tenant=job.tenant,
        user=job.user,
        at=job.updated_at,
        data=data,
    )


def _data(held: Held) -> Workflow[MessageCompleted | MessageFailed]:
    """Return what came of a settled job, or why nothing did."""
    job, session = held.job.value, held.session.value
    if job.error is not None:
        return MessageFailed(error=user_text(job.error.code.value), error_code=job.error.code)
    if job.settlement is None:
        raise MisuseError("only a settled job has an event")
    reply = yield from reply_of(held)
    if reply is None and job.settlement.reply is not None:
        raise (yield from message_missing(held))
    ending = session.ledger.ending if job.settlement.final else None
    return MessageCompleted(
        message=None if reply is None else reply.text,
        is_final=job.settlement.final,
        turn=job.settlement.turns,
        max_turns=session.about.max_turns,
        message_count=job.settlement.messages,
        result=None if ending is None else ending.result,
    )
