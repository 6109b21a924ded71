"""A failed job is repeated: a new one for the same message, while that is the last."""

from __future__ import annotations

from datetime import datetime

from coachwork.effects import Workflow
from coachwork.errors import (
    IdempotencyKeyReusedError,
    JobNotFoundError,
    JobNotRetryableError,
    MaxTurnsReachedError,
    SessionNotFoundError,
)
from coachwork.ids import checked_id
from coachwork.jobs import Job, JobKind, JobStatus
from coachwork.machine import Moved
from coachwork.records import ACCOUNT, JOB_RECORD, RECEIPT, SESSION_RECORD, Stored
from coachwork.sessions import SESSION, Session, SessionEvent, SessionStatus
from coachwork.topics import Topic
from coachwork.workflows._accepting import look, make_room, see_to
from coachwork.workflows._answers import JobReport, T
from coachwork.workflows._jobs import (
    Call,
    Held,
    admitted,
    check_topic,
    keyed,
    load_held,
    new_call,
    new_job,
    not_active,
    read_receipt,
)
from coachwork.workflows._polling import own_job, report
from coachwork.workflows._setup import Caller, Setup, checked_flag
from coachwork.workflows._store import Tries, load_session


def retry(
    setup: Setup,
    caller: Caller,
    topic: Topic[T],
    job_id: str,
    *,
    key: str | None = None,
    wait: bool = True,
) -> Workflow[JobReport[T]]:
    """Ask the model once more for what a failed job was to bring, without a new message.

    A reply can be repeated while the user's message is the last one of the session, anything else
    while nothing was asked for since. The turn that the failed job gave back is taken again.

    Asks: the job, the session, the account, the receipt, admission, one commit; then what `send`
    asks, or the dispatcher.

    Args:
        setup: The application's declarations.
        caller: Whose job it is.
        topic: The session's topic.
        job_id: The failed job.
        key: The idempotency key; a new one if it is left out.
        wait: Whether to wait for the answer; else a worker gives it.

    Returns:
        The new job, with its outcome where that was waited for.

    Raises:
        ValidationError: Key or id is not what it should be.
        TopicNotFoundError: The application declares no such topic.
        JobNotFoundError: There is no such job for the caller, or its time is over.
        SessionAccessDeniedError: It is another user's.
        IdempotencyKeyReusedError: The key was used for another request.
        SessionNotActiveError: The session is paused or ended.
        JobNotRetryableError: The job did not fail, or not so, or the talk went on since.
        SessionBusyError: Another turn is in flight.
        MaxTurnsReachedError: All turns are used.
        ModelError: The model failed again.
        StoreError: The repository failed.
    """
    declared = setup.declared(topic)
    checked_id(job_id, "job_id")
    checked_flag(wait, "wait")
    call = yield from new_call(caller, "retry", key, job_id, waits=wait)
    return (yield from keyed(call, _retry(setup, topic, declared, call, job_id)))


def _retry(
    setup: Setup, topic: Topic[T], declared: Topic[object], call: Call, job_id: str
) -> Workflow[JobReport[T]]:
    """Accept the new job, have it answered, and tell it."""
    held = yield from _accept(setup, declared, call, job_id)
    held = yield from see_to(setup, declared, call, held)
    return (yield from report(setup, topic, held))


def _accept(setup: Setup, topic: Topic[object], call: Call, job_id: str) -> Workflow[Held]:
    """Write the new job, or find that it was done before."""
    tries = Tries(setup)
    asked = False
    while True:
        tries.another()
        try:
            failed, _ = yield from own_job(setup, call.caller, topic, job_id)
        except JobNotFoundError:  # its time may have come after this call was accepted
            before = yield from _accepted_before(setup, topic, call)
            if before is None:
                raise
            return before
        old = failed.job.value
        found = yield from look(setup, topic, call, old.session)
        if found.receipt is not None and found.receipt.job is not None:
            return (yield from load_held(call.caller, old.session, found.receipt.job))
        session, now = found.session, found.now
        if session.value.status is not SessionStatus.ACTIVE:
            raise not_active(session.value, "retry a job in", now)
        _check_retryable(old)
        _check_last(session.value, old)
        room = yield from make_room(setup, topic, call, tries, found)
        if room is None:
            continue
        freed, ops = room
        after, job = _repeated(setup, call, freed, old, now)
        if not asked:
            asked = True
            yield from admitted(call, topic.id, old.session)
        ops += [
            SESSION_RECORD.update(session, after),
            JOB_RECORD.insert(job),
            RECEIPT.insert(call.receipt(old.session, job.id, now)),
            ACCOUNT.check(found.account),
        ]
        if (yield from tries.commit(ops)):
            stored = Stored(after, session.version + 1)
            return Held(found.account, stored, Stored(job, 1))


def _accepted_before(setup: Setup, topic: Topic[object], call: Call) -> Workflow[Held | None]:
    """Return what an earlier call under the same key made, or None where nothing can be told."""
    try:
        receipt = yield from read_receipt(call)
        if receipt is None or receipt.session is None or receipt.job is None:
            return None
        session, _ = yield from load_session(setup, call.caller, receipt.session)
        check_topic(session.value, topic)
        return (yield from load_held(call.caller, receipt.session, receipt.job))
    except (IdempotencyKeyReusedError, SessionNotFoundError):
        return None


def _check_retryable(old: Job) -> None:
    """Make sure that *old* failed in a way that another try may mend.

    Raises:
        JobNotRetryableError: It did not.
    """
    if old.status is not JobStatus.FAILED or old.error is None:
        raise JobNotRetryableError("it has not failed")
    if not old.error.code.retryable:
        raise JobNotRetryableError(f"it failed with {old.error.code.value}")


def _check_last(session: Session, old: Job) -> None:
    """Make sure that the talk has not gone on since *old* failed.

    Raises:
        JobNotRetryableError: It has.
    """
    if old.kind is JobKind.REPLY:
        last = session.messages == old.message
    else:
        last = session.latest_job == old.id
    if not last:
        raise JobNotRetryableError("the conversation has gone on since")


def _repeated(
    setup: Setup, call: Call, session: Session, old: Job, now: datetime
) -> tuple[Session, Job]:
    """Return *session* waiting for the job that repeats *old*, and that job.

    Raises:
        MaxTurnsReachedError: It would take a turn, and there is none left.
    """
    waits, job = new_job(
        setup,
        call,
        session.about,
        old.kind,
        now,
        follows=session.latest_job,
        message=old.message,
        retry_of=old.id,
    )
    event = SessionEvent.RETRY if old.kind is JobKind.REPLY else SessionEvent.ASK
    step = SESSION.step(session, event, now, waits)
    if not isinstance(step, Moved):  # active, not expired, no job: only turns are left to ask
        raise MaxTurnsReachedError(session.about.max_turns)
    return step.value, job
