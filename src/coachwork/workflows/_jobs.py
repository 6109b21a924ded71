"""Opening, taking and leaving jobs: the accept side of the protocol (brief, section 5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from attrs import frozen

from coachwork.effects import AskAdmission, Commit, NewId, Now, Workflow
from coachwork.errors import (
    CoachworkError,
    CorruptRecordError,
    IdempotencyKeyReusedError,
    JobCancelledError,
    JobNotFoundError,
    LLMError,
    LLMTimeoutError,
    SessionBusyError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
)
from coachwork.ids import MAX_KEY, checked_id
from coachwork.jobs import (
    JOB,
    OPEN,
    ErrorCode,
    Job,
    JobError,
    JobEvent,
    JobKind,
    JobStatus,
)
from coachwork.messages import NO_USAGE, Message
from coachwork.plain import JSON
from coachwork.policies import Settings
from coachwork.ports import Admission
from coachwork.records import (
    ACCOUNT,
    JOB_RECORD,
    MESSAGE,
    RECEIPT,
    SESSION_RECORD,
    Op,
    Stored,
    account_key,
    job_key,
    message_key,
    receipt_key,
    session_key,
)
from coachwork.sessions import (
    LIVE,
    SESSION,
    About,
    Account,
    AccountStatus,
    InFlight,
    Receipt,
    Session,
    SessionEvent,
    later,
)
from coachwork.topics import Topic
from coachwork.workflows._ending import close_ops, closed
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load

R = TypeVar("R")


@frozen
class Held:
    """What the holder of a job works with; also what is left when the job is settled.

    Attributes:
        account: The user's account, checked by every commit.
        session: The session.
        job: The job.
        said: The messages of the job that this very call wrote: they need not be read again.
    """

    account: Stored[Account]
    session: Stored[Session]
    job: Stored[Job]
    said: tuple[Message, ...] = ()


# --- the call --------------------------------------------------------------------------------


@frozen
class Call:
    """One call of a command that may ask the model.

    Attributes:
        caller: Who calls.
        command: The command, in one word.
        key: The idempotency key, the caller's or a new one.
        fingerprint: What the key may be used for.
        job: The id of the job that this very call would make; whoever finds it in the receipt
            of the key knows that its own commit was done, whatever the repository answered.
        waits: Whether the caller waits for the answer; else a worker is to give it.
    """

    caller: Caller
    command: str
    key: str
    fingerprint: str
    job: str
    waits: bool = True

    def holds(self, job: Stored[Job]) -> bool:
        """Whether *job* is the call's own, claimed when it was accepted and untouched since."""
        return self.waits and job.value.id == self.job and job.version == 1

    def receipt(
        self, session: str | None, job: str | None, now: datetime, *, audit: str | None = None
    ) -> Receipt:
        """Return the receipt of this call; one without a session goes with the scenario."""
        return Receipt(
            tenant=self.caller.tenant,
            user=self.caller.user,
            key=self.key,
            command=self.command,
            fingerprint=self.fingerprint,
            session=session,
            job=job,
            at=now,
            audit=audit,
            scenario=self.caller.scenario if session is None else None,
        )


def new_call(
    caller: Caller, command: str, key: str | None, *content: JSON, waits: bool = True
) -> Workflow[Call]:
    """Return the call of *command* with this *content* under *key*, or under a new key.

    Who waits and who does not may use the same key for the same thing: either goes on with what
    the other began.

    Raises:
        ValidationError: The key is none.
    """
    if key is not None:
        checked_id(key, "key", most=MAX_KEY)
    told = json.dumps([command, caller.scenario, *content], sort_keys=True, separators=(",", ":"))
    fingerprint = hashlib.sha256(told.encode()).hexdigest()
    job = yield from NewId()
    if key is None:
        key = yield from NewId()
    return Call(caller, command, key, fingerprint, job, waits)


def keyed(call: Call, workflow: Workflow[R]) -> Workflow[R]:
    """Return what *workflow* does; every error of it tells the key of the call.

    Whoever left the key out learns it there, and whoever finds another call's job does not.
    """
    try:
        return (yield from workflow)
    except CoachworkError as error:
        error.about(key=call.key)
        raise
    except Exception:  # an application's own refusal
        raise
    except GeneratorExit:  # the process is gone: nothing can be asked any more
        raise
    except BaseException:
        yield from _leave(call)
        raise


def _leave(call: Call) -> Workflow[None]:
    """Give up the lease of the call's own job, if it was accepted though nobody heard of it."""
    key = job_key(call.caller.tenant, call.job)
    try:
        job = yield from load(JOB_RECORD, key)
        account = yield from open_account(call.caller)
        if job is not None and call.holds(job):
            now = yield from Now()
            free = JOB.move(job.value, JobEvent.GIVE_UP, now, None).value
            yield from Commit((JOB_RECORD.update(job, free), ACCOUNT.check(account)))
    except Exception:  # noqa: BLE001 - it is a courtesy; what interrupted is what counts
        return


def read_receipt(call: Call) -> Workflow[Receipt | None]:
    """Return what the call's key was used for, or None.

    It is the last thing that is read before a refusal: a call that was accepted, by whomever, is
    never refused (brief, section 5).

    Raises:
        IdempotencyKeyReusedError: For something else.
    """
    caller = call.caller
    stored = yield from load(RECEIPT, receipt_key(caller.tenant, caller.user, call.key))
    if stored is None:
        return None
    if stored.value.fingerprint != call.fingerprint:
        raise IdempotencyKeyReusedError
    return stored.value


def admitted(
    call: Call, topic: str, session: str | None, text: str | None = None
) -> Workflow[str | None]:
    """Return what the application's `Admit` makes of *text*, or None where it lets it be.

    Raises:
        Exception: Whatever the application refuses with, unless the call was accepted meanwhile.
    """
    caller = call.caller
    admission = Admission(
        command=call.command,
        tenant=caller.tenant,
        user=caller.user,
        topic=topic,
        session=session,
        text=text,
    )
    try:
        return (yield from AskAdmission(admission))
    except Exception:
        if (yield from read_receipt(call)) is None:
            raise
        return None


# --- the account -----------------------------------------------------------------------------


def open_account(caller: Caller) -> Workflow[Stored[Account]]:
    """Return the caller's account.

    Raises:
        SessionNotFoundError: The caller's data is being deleted, or was.
    """
    account = yield from load(ACCOUNT, account_key(caller.tenant, caller.user))
    if account is None or account.value.status is not AccountStatus.OPEN:
        raise SessionNotFoundError
    return account


# --- refusals that several commands share -----------------------------------------------------


def check_topic(session: Session, topic: Topic[object] | None) -> None:
    """Make sure that *session* is on *topic*, where the caller named one.

    Raises:
        SessionNotFoundError: It is on another one.
    """
    if topic is not None and session.about.topic != topic.id:
        raise SessionNotFoundError


_COMMANDS: Final = {
    SessionEvent.MESSAGE: "send",
    SessionEvent.PAUSE: "pause",
    SessionEvent.RESUME: "resume",
    SessionEvent.COMPLETE: "complete",
    SessionEvent.CANCEL: "cancel",
}


def not_active(session: Session, command: str, now: datetime) -> SessionNotActiveError:
    """Return the refusal of *command*, with the commands that would be allowed now."""
    allowed = SESSION.available(session, now)
    told = tuple(word for event, word in _COMMANDS.items() if event in allowed)
    return SessionNotActiveError(command, session.status.value, told)


# --- the job in flight -----------------------------------------------------------------------


def blocked_for(job: Stored[Job] | None, now: datetime, settings: Settings) -> float | None:
    """Return for how many seconds *job* blocks its session at the most, or None if not at all."""
    if job is None or job.value.status not in OPEN or job.value.is_overdue(now):
        return None
    lease = job.value.lease
    if (
        lease is None and job.value.attempts > 0
    ):  # its holder gave it up: nobody is to be waited for
        return None
    until = later(job.value.updated_at, settings.unclaimed) if lease is None else lease.until
    left = (until - now).total_seconds()
    return left if left > 0 else None


def is_completing(job: Stored[Job] | None) -> bool:
    """Whether *job* is about to end the session: a final reply is paid for, or asked to be."""
    if job is None or job.value.status not in OPEN:  # settled after the session was read
        return False
    return job.value.kind is JobKind.EXTRACTION or bool(job.value.steps)


def displace(session: Session, job: Stored[Job] | None, now: datetime) -> tuple[Session, list[Op]]:
    """Return *session* without its job in flight, and what settles the job.

    Its lease ran out, or its own time to live.
    """
    if session.in_flight is None:
        return session, []
    freed = SESSION.move(session, SessionEvent.FAIL, now, NO_USAGE).value
    code = ErrorCode.LEASE_EXPIRED
    if job is not None and job.value.is_overdue(now):
        code = ErrorCode.JOB_EXPIRED
    return freed, close_ops(job, closed(job, code, now))


def new_job(
    setup: Setup,
    call: Call,
    about: About,
    kind: JobKind,
    now: datetime,
    *,
    follows: str | None,
    message: int | None = None,
    retry_of: str | None = None,
) -> tuple[InFlight, Job]:
    """Return a job of this call, and what its session is to wait for.

    Where the caller waits, the job is claimed at once: that saves a commit.

    Args:
        setup: The application's declarations.
        call: The call that is accepted.
        about: The session.
        kind: What the model is to be asked for.
        now: When (UTC).
        follows: The id of the session's latest job, if it has had one.
        message: The sequence number of the user's message to answer, if it is to answer one.
        retry_of: The id of the failed job that it repeats, if it does.
    """
    pending = Job(
        id=call.job,
        tenant=about.tenant,
        user=about.user,
        session=about.id,
        kind=kind,
        key=call.key,
        scenario=about.scenario,
        message=message,
        created_at=now,
        updated_at=now,
        expires_at=later(now, setup.settings.job_life),
        retry_of=retry_of,
        follows=follows,
        notify=setup.outbox,
    )
    waits = InFlight(call.job, kind)
    if not call.waits:
        return waits, pending
    return waits, JOB.move(pending, JobEvent.CLAIM, now, later(now, setup.lease)).value


def take(setup: Setup, tries: Tries, held: Held, now: datetime, *more: Op) -> Workflow[Held | None]:
    """Take the lease of a job that nobody holds, with *more* in the same commit.

    Returns:
        The same with the new lease; None to read again and decide again.
    """
    job = held.job
    event = JobEvent.CLAIM if job.value.status is JobStatus.PENDING else JobEvent.TAKE_OVER
    taken = JOB.move(job.value, event, now, later(now, setup.lease)).value
    if not (yield from tries.commit([JOB_RECORD.update(job, taken), *more])):
        return None
    return Held(held.account, held.session, Stored(taken, job.version + 1))


# --- what became of a call that was accepted before -------------------------------------------


def reread(held: Held) -> Workflow[Held]:
    """Return the same, read again.

    Raises:
        SessionNotFoundError: The session, the job or the account is gone.
    """
    session, job = held.session.value.about, held.job.value
    return (yield from load_held(Caller(session.tenant, session.user), session.id, job.id))


def load_held(caller: Caller, session_id: str, job_id: str) -> Workflow[Held]:
    """Return a job with its session and account.

    Raises:
        SessionNotFoundError: The session or the account is gone, or is being swept away.
        CorruptRecordError: The job is missing although its session is live.
    """
    job = yield from load(JOB_RECORD, job_key(caller.tenant, job_id))
    return (yield from _held(caller, session_id, job_id, job))


def load_held_job(job: Stored[Job]) -> Workflow[Held]:
    """Return a job that was read just now with its session and account.

    Raises:
        SessionNotFoundError: The session or the account is gone, or is being swept away.
    """
    value = job.value
    return (yield from _held(Caller(value.tenant, value.user), value.session, value.id, job))


def _held(caller: Caller, session_id: str, job_id: str, job: Stored[Job] | None) -> Workflow[Held]:
    """Return a job that was read just now, or found missing, with its session and account."""
    session = yield from load(SESSION_RECORD, session_key(caller.tenant, session_id))
    if job is not None and job.value.status in OPEN and _has_moved_on(session, job_id):
        # It was settled between the two reads, in the commit that moved the session on.
        job = yield from load(JOB_RECORD, job_key(caller.tenant, job_id))
    account = yield from open_account(caller)
    if job is None and session is not None and session.value.status in LIVE:
        # It was live when it was read, and may have been swept away with its jobs since.
        session = yield from load(SESSION_RECORD, session_key(caller.tenant, session_id))
    if session is None or (job is None and session.value.status not in LIVE):
        raise SessionNotFoundError
    if job is None:
        raise CorruptRecordError("job", "id", "is missing although its session refers to it")
    return Held(account, session, job)


def _has_moved_on(session: Stored[Session] | None, job_id: str) -> bool:
    """Whether *session* is there and does not wait for that job."""
    if session is None:
        return False
    waits = session.value.in_flight
    return waits is None or waits.job != job_id


def error_of(error: JobError) -> CoachworkError:
    """Return the error that a job's failure is to its caller."""
    refused = _REFUSALS.get(error.code)
    if refused is not None:
        return refused()
    if error.code is ErrorCode.LLM_TIMEOUT:
        return LLMTimeoutError(retry_after=error.retry_after)
    return LLMError(
        f"the coach could not answer: {error.reason}",
        reason=error.code.value,
        retry_after=error.retry_after,
    )


_REFUSALS: Final[Mapping[ErrorCode, Callable[[], CoachworkError]]] = {
    ErrorCode.SESSION_CANCELLED: lambda: SessionNotActiveError("answer in", "cancelled", ()),
    ErrorCode.SESSION_REPLACED: lambda: SessionNotActiveError("answer in", "abandoned", ()),
    ErrorCode.SESSION_EXPIRED: SessionNotFoundError,
    ErrorCode.JOB_CANCELLED: JobCancelledError,
    ErrorCode.JOB_EXPIRED: JobNotFoundError,
}
"""What those are told who still wait for a job that was settled from outside."""


def about_job(error: CoachworkError, job: Job) -> CoachworkError:
    """Return *error* with session and job; the key is the call's own (see `keyed`)."""
    return error.about(session=job.session, job=job.id)


def busy(job: Job, seconds: float) -> SessionBusyError:
    """Return the refusal of a call that finds another's job in flight."""
    error = SessionBusyError(retry_after=seconds)
    error.about(session=job.session, job=job.id)
    return error


def still_answering(job: Job, seconds: float) -> StillAnsweringError:
    """Return the answer to a call whose own job is in somebody else's hands."""
    error = StillAnsweringError(retry_after=seconds)
    about_job(error, job)
    return error


def message_of(held: Held, sequence: int | None) -> Workflow[Message | None]:
    """Return a message of the job's session, or None where there is no such number."""
    if sequence is None:
        return None
    for message in held.said:
        if message.sequence == sequence:
            return message
    job = held.job.value
    stored = yield from load(MESSAGE, message_key(job.tenant, job.session, sequence))
    return None if stored is None else stored.value


def reply_of(held: Held) -> Workflow[Message | None]:
    """Return the coach's message that a settled job made, or None where it made none."""
    job = held.job.value
    return (yield from message_of(held, job.settlement.reply if job.settlement else None))


def message_missing(held: Held) -> Workflow[CorruptRecordError]:
    """Return what is wrong where a message is missing to which a job refers.

    Raises:
        SessionNotFoundError: Nothing is: all of it is gone, or is being swept away.
    """
    session = (yield from reread(held)).session.value
    now = yield from Now()
    if session.status not in LIVE and session.is_expired(now):
        raise SessionNotFoundError
    return CorruptRecordError("message", "sequence", "is missing although a job refers to it")
