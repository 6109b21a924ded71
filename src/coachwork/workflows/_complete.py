"""The owner ends the conversation and gets its result."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from coachwork.effects import Now, Workflow
from coachwork.ids import checked_id
from coachwork.jobs import Job, JobKind
from coachwork.records import ACCOUNT, JOB_RECORD, RECEIPT, SESSION_RECORD, Op, Stored
from coachwork.sessions import SESSION, Conclusion, Session, SessionEvent, SessionStatus
from coachwork.topics import Topic
from coachwork.workflows._accepting import look, make_room, see_to
from coachwork.workflows._answers import Completed, T, job_view, session_view
from coachwork.workflows._ending import consequences
from coachwork.workflows._jobs import (
    Call,
    Held,
    admitted,
    keyed,
    load_held,
    new_call,
    new_job,
    not_active,
)
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries


def complete(
    setup: Setup, caller: Caller, topic: Topic[T], session_id: str, *, key: str | None = None
) -> Workflow[Completed[T]]:
    """End an active session and extract its result; on a completed one, answer with that.

    No model is asked where the topic has no result type or the user has said nothing. An
    extraction that fails completes the session too, and the answer says why there is no result.

    Asks: the session, the account, the receipt, admission, one commit; then templates, the whole
    log, the model, and one more commit.

    Args:
        setup: The application's declarations.
        caller: Who ends it.
        topic: The session's topic.
        session_id: The session.
        key: The idempotency key; a new one if it is left out.

    Raises:
        ValidationError: Key or id is not what it should be.
        TopicNotFoundError: The application declares no such topic.
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        IdempotencyKeyReusedError: The key was used for another request.
        SessionNotActiveError: It is paused (resume it first), cancelled or abandoned.
        SessionBusyError: A turn is in flight.
        StoreError: The repository failed.
    """
    declared = setup.declared(topic)
    checked_id(session_id, "session_id")
    call = yield from new_call(caller, "complete", key, session_id)
    return (yield from keyed(call, _complete(setup, topic, declared, call, session_id)))


def _complete(
    setup: Setup, topic: Topic[T], declared: Topic[object], call: Call, session_id: str
) -> Workflow[Completed[T]]:
    """Accept that the session is to end, extract its result, and tell it."""
    done = yield from _accept(setup, declared, call, session_id)
    session, held = done.session, done.held
    if held is not None:
        held = yield from see_to(setup, declared, call, held)
        session = held.session.value
    now = yield from Now()
    view = session_view(session, topic, now)
    return Completed(
        session=view,
        result=view.result,
        result_error=view.result_error,
        job=None if held is None else job_view(held.job.value),
        key=call.key,
    )


@frozen
class _Done:
    """A session that is completed, or will be by the job that is held."""

    session: Session
    held: Held | None


def _accept(setup: Setup, topic: Topic[object], call: Call, session_id: str) -> Workflow[_Done]:
    """Complete the session, or open the job that extracts its result, or find that it was done."""
    tries = Tries(setup)
    asked = False
    while True:
        tries.another()
        found = yield from look(setup, topic, call, session_id)
        session, now = found.session, found.now
        if found.receipt is not None and found.receipt.job is not None:
            held = yield from load_held(call.caller, session_id, found.receipt.job)
            return _Done(held.session.value, held)
        if session.value.status is SessionStatus.COMPLETED:
            return _Done(session.value, None)
        if found.receipt is not None:  # it was completed under this key since it was read
            continue
        if session.value.status is not SessionStatus.ACTIVE:
            raise not_active(session.value, "complete", now)
        room = yield from make_room(setup, topic, call, tries, found)
        if room is None:
            continue
        if not asked:
            asked = True
            yield from admitted(call, topic.id, session_id)
        freed, ops = room
        ops.append(ACCOUNT.check(found.account))
        if topic.result is None or freed.user_messages == 0:
            after, job, more = yield from _ended(call, freed, now)
        else:
            after, job, more = _extracting(setup, call, freed, now)
        ops += [SESSION_RECORD.update(session, after), *more]
        if (yield from tries.commit(ops)):
            stored = Stored(after, session.version + 1)
            opened = None if job is None else Held(found.account, stored, Stored(job, 1))
            return _Done(after, opened)


def _ended(
    call: Call, session: Session, now: datetime
) -> Workflow[tuple[Session, Job | None, list[Op]]]:
    """Return *session* completed without asking a model, and what else must be written."""
    moved = SESSION.move(session, SessionEvent.COMPLETE, now, Conclusion())
    receipt = RECEIPT.insert(call.receipt(session.about.id, None, now))
    return moved.value, None, [receipt, *(yield from consequences(moved, now))]


def _extracting(
    setup: Setup, call: Call, session: Session, now: datetime
) -> tuple[Session, Job | None, list[Op]]:
    """Return *session* waiting for its result, the job that extracts it, and what writes that."""
    waits, job = new_job(
        setup, call, session.about, JobKind.EXTRACTION, now, follows=session.latest_job
    )
    after = SESSION.move(session, SessionEvent.ASK, now, waits).value
    receipt = RECEIPT.insert(call.receipt(session.about.id, job.id, now))
    return after, job, [receipt, JOB_RECORD.insert(job)]
