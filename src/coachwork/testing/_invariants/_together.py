"""What one commit must write together, since what holds of a state spans records.

Each predicate takes a commit and one of its changes. What it has to know of records that the commit
leaves alone it looks up, which may raise `UnknownRecordError`. So a state in which the
invariants hold stays one, whatever else is stored: what is judged here is the difference that the
commit makes (brief, section 10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final, TypeAlias

from coachwork.actions import Audit, Sender
from coachwork.jobs import OPEN, Job, JobKind, JobStatus
from coachwork.messages import FIRST, Message, Role
from coachwork.programs import Progress
from coachwork.records import (
    ACCOUNT,
    AUDIT,
    BACKGROUND,
    CLAIM,
    JOB_RECORD,
    MESSAGE,
    PROGRESS,
    RECEIPT,
    SESSION_RECORD,
    SPENDING,
    STANDING,
    account_key,
    audit_key,
    background_key,
    job_key,
    message_key,
    progress_of,
    receipt_key,
    session_key,
    standing_key,
)
from coachwork.sessions import (
    LIVE,
    AccountStatus,
    Background,
    Claim,
    Receipt,
    Session,
    SessionStatus,
    Spending,
)
from coachwork.testing._invariants._relations import (
    answers,
    ends_in_time,
    fault_of_audit,
    fault_of_background,
    fault_of_claim,
    fault_of_message,
    fault_of_receipt,
    live_keys,
    noted_before,
    owner_of,
    repeats,
    says,
)
from coachwork.testing._invariants._step import Change, Step

Predicate: TypeAlias = Callable[[Step, Change], Iterator[str]]


# --- 1: uniqueness ---------------------------------------------------------------------------


def _claims_of_a_session(step: Step, change: Change) -> Iterator[str]:
    """1: A session takes its claims where it begins, and gives them up where it ends."""
    new: Session = change.after
    lived = change.old is not None and change.before.status in LIVE
    lives = new.status in LIVE
    if lives == lived:
        return
    for key in live_keys(new):
        claim = step.after(CLAIM, key)
        holds = claim is not None and claim.session == new.about.id
        if lives and not holds:
            yield f"1: {change.name}: it begins without {key.kind} {key.tenant}/{new.about.topic}"
        if lived and holds:
            yield f"1: {change.name}: it ends and keeps {key.kind} {key.tenant}/{new.about.topic}"


def _a_claim(step: Step, change: Change) -> Iterator[str]:
    """1: A claim points to a live session that it fits, and leaves none that lives on."""
    old: Claim | None = change.before
    new: Claim | None = change.after
    if new is not None:
        session = step.after(SESSION_RECORD, session_key(new.tenant, new.session))
        fault = fault_of_claim(new, session)
        if fault is not None:
            yield f"1: {change.name}: {fault}"
    if old is not None and (new is None or new.session != old.session):
        left = step.after(SESSION_RECORD, session_key(old.tenant, old.session))
        if left is not None and left.status in LIVE:
            yield f"1: {change.name}: taken from a session that lives on"


# --- 3: the log ------------------------------------------------------------------------------


def _inserted(step: Step, session: Session) -> list[Message]:
    """Return the messages that the commit adds to *session*, in order."""
    home = (session.about.tenant, session.about.id)
    added: list[Message] = [change.after for change in step.of(MESSAGE) if change.old is None]
    found = [message for message in added if (message.tenant, message.session) == home]
    return sorted(found, key=lambda message: message.sequence)


def _log(step: Step, change: Change) -> Iterator[str]:
    """3: What is added to a session's log is what the session counts, without a gap, in order."""
    old: Session | None = change.before
    new: Session = change.after
    added = _inserted(step, new)
    before, said_before = (0, 0) if old is None else (old.messages, old.ledger.coach_messages)
    if [message.sequence for message in added] != [*range(FIRST + before, FIRST + new.messages)]:
        yield f"3: {change.name}: what it says and what it counts of messages are not the same"
    said = sum(message.role is Role.COACH for message in added)
    if said != new.ledger.coach_messages - said_before:
        yield f"3: {change.name}: {said} messages of the coach, not as counted"
    if len({(message.role, message.job) for message in added}) != len(added):
        yield f"3: {change.name}: two messages of one role and job"
    if any(one.at > other.at for one, other in pairwise(added)):
        yield f"3: {change.name}: the instants of its messages go back"


def _turns(step: Step, change: Change) -> Iterator[str]:
    """3: A turn is taken with a job that answers, and given back with one that failed."""
    old: Session | None = change.before
    new: Session = change.after
    taken = sum(
        _answering(job.after) - _answering(job.before)
        for job in step.of(JOB_RECORD)
        if job.new is not None and job.after.session == new.about.id
    )
    if taken != new.turns - (0 if old is None else old.turns):
        yield f"3: {change.name}: {taken} turns are taken, not as counted"


def _answering(job: Job | None) -> bool:
    """Whether *job* makes a turn of the message that it answers."""
    return job is not None and job.kind is JobKind.REPLY and job.status is not JobStatus.FAILED


def _a_message(step: Step, change: Change) -> Iterator[str]:
    """3 and 4: A message is counted by its session, and comes with the job that it belongs to."""
    if change.old is not None:
        return
    message: Message = change.after
    home = step.changes.get(session_key(message.tenant, message.session))
    fault = "its session does not count it"
    if home is not None:
        fault = fault_of_message(message, home.after) or ""
    if fault:
        yield f"3: {change.name}: {fault}"
    job = step.changes.get(job_key(message.tenant, message.job))
    told: Job | None = None if job is None else job.after
    if message.role is Role.USER:
        fits = told is not None and job is not None and job.old is None
        fits = fits and told is not None and told.message == message.sequence
    else:
        fits = told is not None and told.settlement is not None
        fits = fits and told is not None and told.session == message.session
    if not fits:
        yield f"4: {change.name}: its job does not come with it"


# --- 4: jobs and sessions --------------------------------------------------------------------


def _in_flight(step: Step, change: Change) -> Iterator[str]:
    """4: What a session begins to wait for is its open job; what it no longer waits for is none."""
    old: Session | None = change.before
    new: Session = change.after
    waits = new.in_flight
    waited = None if old is None else old.in_flight
    tenant = new.about.tenant
    if waits is not None and (waits != waited or job_key(tenant, waits.job) in step.changes):
        job = step.after(JOB_RECORD, job_key(tenant, waits.job))
        if job is None or (job.session, job.kind) != (new.about.id, waits.kind):
            yield f"4: {change.name}: the job in flight is not there"
        elif job.status not in OPEN:
            yield f"4: {change.name}: the job in flight is settled"
    if waited is not None and (waits is None or waits.job != waited.job):
        left = step.after(JOB_RECORD, job_key(tenant, waited.job))
        if left is not None and left.status in OPEN:
            yield f"4: {change.name}: it waits no more for a job that is open"


def _latest(step: Step, change: Change) -> Iterator[str]:
    """4: A session's latest job is what it was before, or one that begins and follows that."""
    old: Session | None = change.before
    new: Session = change.after
    before = None if old is None else old.latest_job
    if new.latest_job == before:
        return
    job = None
    if new.latest_job is not None:
        job = step.changes.get(job_key(new.about.tenant, new.latest_job))
    if job is None or job.old is not None or job.new is None or job.after.follows != before:
        yield f"4: {change.name}: its jobs do not follow one another"


def _place_of_a_job(step: Step, change: Change) -> Iterator[str]:
    """4: A job that begins is waited for by its session, and one that is settled no more."""
    job: Job = change.after
    if change.old is not None and (job.status in OPEN or change.before.status not in OPEN):
        return
    home = step.after(SESSION_RECORD, session_key(job.tenant, job.session))
    waited_for = home is not None and home.in_flight is not None and home.in_flight.job == job.id
    if change.old is None and (home is None or home.about.user != job.user):
        yield f"4: {change.name}: its session is not there"
    elif job.status in OPEN and not waited_for:
        yield f"4: {change.name}: open, and not in flight"
    elif job.status not in OPEN and waited_for:
        yield f"4: {change.name}: settled, and in flight"


def _acceptance(step: Step, change: Change) -> Iterator[str]:
    """4 and 5: A job comes with the receipt of its key, and answers what it is to answer.

    One that repeats another repeats one that failed.
    """
    if change.old is not None:
        return
    job: Job = change.after
    receipt = step.after(RECEIPT, receipt_key(job.tenant, job.user, job.key))
    if receipt is None:
        yield f"5: {change.name}: there is no receipt of its key"
    elif receipt.job != job.id:
        yield f"5: {change.name}: its key is of another job"
    asked = None
    if job.message is not None:
        asked = step.after(MESSAGE, message_key(job.tenant, job.session, job.message))
    if not answers(job, asked):
        yield f"4: {change.name}: the message that it answers is not there"
    if job.retry_of is not None and not repeats(
        job, step.after(JOB_RECORD, job_key(job.tenant, job.retry_of))
    ):
        yield f"4: {change.name}: what it repeats is no such job that failed"


def _outcome(step: Step, change: Change) -> Iterator[str]:
    """4: A reply comes with its job's outcome, and a final one with the session's end."""
    job: Job = change.after
    if not job.is_settled or (change.old is not None and change.before.is_settled):
        return
    said = [
        message.after.sequence
        for message in step.of(MESSAGE)
        if message.old is None
        and (message.after.tenant, message.after.job) == (job.tenant, job.id)
        and message.after.role is Role.COACH
    ]
    if not says(job, said):
        yield f"4: {change.name}: a reply is there if and only if it completed"
    home = step.after(SESSION_RECORD, session_key(job.tenant, job.session))
    if home is not None and not ends_in_time(job, home):
        yield f"4: {change.name}: final, and its session is not completed"


def _delivery(step: Step, change: Change) -> Iterator[str]:
    """4: An event is delivered after all events before it."""
    job: Job = change.after
    if job.delivered_at is None:
        return
    before = noted_before(job, lambda key: step.after(JOB_RECORD, key))
    if before is not None and before.delivered_at is None:
        yield f"4: {change.name}: delivered, and one before it is not"


def _owed(step: Step, change: Change) -> Iterator[str]:
    """4: No job is deleted before its event was delivered, unless its user's data is deleted.

    A test scenario is deleted as a whole, and nobody waits for its events.
    """
    job: Job = change.before
    if not job.is_undelivered or job.scenario is not None:
        return
    account = step.before(ACCOUNT, account_key(job.tenant, job.user))
    if account is not None and account.status is AccountStatus.OPEN:
        yield f"4: {change.name}: deleted, and its event was not delivered"


# --- 5: keys ---------------------------------------------------------------------------------


def _a_receipt(step: Step, change: Change) -> Iterator[str]:
    """5: A receipt tells of a session of its user, and of a job of that session, if of any."""
    if change.old is not None:
        return
    receipt: Receipt = change.after
    session = step.after(SESSION_RECORD, session_key(receipt.tenant, str(receipt.session)))
    fault = fault_of_receipt(receipt, session, lambda key: step.after(JOB_RECORD, key))
    if fault is not None:
        yield f"5: {change.name}: {fault}"


# --- 8: owners -------------------------------------------------------------------------------


def _companions(step: Step, change: Change) -> Iterator[str]:
    """8: A session begins with its background; a completion is counted."""
    new: Session = change.after
    about = new.about
    if change.old is None:
        background = step.after(BACKGROUND, background_key(about.tenant, about.id))
        fault = fault_of_background(background, new)
        if fault is not None:
            yield f"8: {change.name}: {fault}"
    elif (
        new.status is SessionStatus.COMPLETED
        and change.before.status in LIVE
        and standing_key(about.tenant, about.user, about.topic) not in step.changes
    ):
        yield f"8: {change.name}: its completion is not counted"


def _a_background(step: Step, change: Change) -> Iterator[str]:
    """8: A background is of its session's user, and covers no more than was said."""
    background: Background = change.after
    home = step.after(SESSION_RECORD, session_key(background.tenant, background.session))
    fault = "its session is not there"
    if home is not None:
        fault = fault_of_background(background, home) or ""
    if fault:
        yield f"8: {change.name}: {fault}"


def _a_spending(step: Step, change: Change) -> Iterator[str]:
    """8: What a dropped answer cost stands beside its session."""
    spending: Spending = change.after
    if step.after(SESSION_RECORD, session_key(spending.tenant, spending.session)) is None:
        yield f"8: {change.name}: its session is not there"


def _account(step: Step, change: Change) -> Iterator[str]:
    """8: Whoever gets anything has an account that was not deleted."""
    owned = owner_of(change.after)
    if change.old is not None or owned is None:
        return
    _, tenant, user = owned
    account = step.after(ACCOUNT, account_key(tenant, user))
    if account is None:
        yield f"8: {change.name}: there is no account"
    elif account.status is AccountStatus.DELETED:
        yield f"8: {change.name}: the account was deleted"


_BEGIN_WITH_THE_SESSION: Final = frozenset({SESSION_RECORD.name, MESSAGE.name, BACKGROUND.name})


def _deletion(step: Step, change: Change) -> Iterator[str]:
    """3: Nothing of a session is deleted before it has ended."""
    # A key tells the session where it begins with it, so that a log is swept away unread.
    if change.key.kind in _BEGIN_WITH_THE_SESSION:
        session = str(change.key.parts[0])
    else:
        session = change.before.session
    home = step.before(SESSION_RECORD, session_key(change.key.tenant, session))
    if home is not None and home.status in LIVE:
        yield f"3: {change.name}: deleted, and its session has not ended"


# --- 11: actions -----------------------------------------------------------------------------


def _told(step: Step, change: Change) -> Iterator[str]:
    """11: What changes a state is told by audits of the very same commit."""
    old: Progress | None = change.before
    new: Progress = change.after
    for number in range(1 if old is None else old.audits + 1, new.audits + 1):
        audit = step.changes.get(audit_key(change.key, number))
        if audit is None or audit.new is None:
            yield f"11: {change.name}: audit {number} does not come with it"


def _an_audit(step: Step, change: Change) -> Iterator[str]:
    """11: An audit is counted by the state that it tells of.

    The coach's comes with its message, the user's with the receipt of the click, and an agent's
    alone.
    """
    audit: Audit = change.after
    if change.old is not None:
        return
    counted = step.changes.get(progress_of(audit))
    if counted is None or counted.new is None or counted.after.audits < audit.number:
        yield f"11: {change.name}: no state counts it"
    receipts = [receipt.after for receipt in step.of(RECEIPT) if receipt.new is not None]
    clicked = any(receipt.audit == change.key.text for receipt in receipts)
    if clicked is not (audit.sender is Sender.USER):
        yield f"11: {change.name}: the user's, and no receipt of a click, or a receipt of none"
    key = message_key(audit.tenant, audit.session, audit.message or 0)
    brought = step.changes.get(key)
    if audit.sender is Sender.COACH and (brought is None or brought.old is not None):
        yield f"11: {change.name}: the message that brings it does not come with it"
    else:
        fault = fault_of_audit(audit, step.after(MESSAGE, key))
        if fault is not None:
            yield f"11: {change.name}: {fault}"


# --- all of them -----------------------------------------------------------------------------

_OF_WHAT_IS_WRITTEN: Final[Mapping[str, tuple[Predicate, ...]]] = {
    SESSION_RECORD.name: (
        _claims_of_a_session,
        _log,
        _turns,
        _in_flight,
        _latest,
        _companions,
        _account,
    ),
    JOB_RECORD.name: (_place_of_a_job, _acceptance, _outcome, _delivery, _account),
    MESSAGE.name: (_a_message,),
    CLAIM.name: (_a_claim, _account),
    RECEIPT.name: (_a_receipt, _account),
    BACKGROUND.name: (_a_background, _account),
    STANDING.name: (_account,),
    SPENDING.name: (_a_spending, _account),
    PROGRESS.name: (_told, _account),
    AUDIT.name: (_an_audit, _account),
}
_OF_WHAT_IS_DELETED: Final[Mapping[str, tuple[Predicate, ...]]] = {
    SESSION_RECORD.name: (_deletion,),
    JOB_RECORD.name: (_deletion, _owed),
    MESSAGE.name: (_deletion,),
    CLAIM.name: (_a_claim,),
    RECEIPT.name: (_deletion,),
    BACKGROUND.name: (_deletion,),
    SPENDING.name: (_deletion,),
}

OF_WHAT_HAPPENS: Final[frozenset[Predicate]] = frozenset(
    {_log, _turns, _latest, _a_message, _place_of_a_job, _a_receipt, _told, _an_audit}
)
"""What must be written together where something happens, and not where it is only told again."""


def predicates_of(change: Change) -> tuple[Predicate, ...]:
    """Return what must hold of *change* within its commit."""
    table = _OF_WHAT_IS_DELETED if change.new is None else _OF_WHAT_IS_WRITTEN
    return table.get(change.key.kind, ())
