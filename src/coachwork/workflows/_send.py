"""A message of the user, and the coach's reply."""

from __future__ import annotations

from coachwork.effects import Now, Workflow
from coachwork.errors import MaxTurnsReachedError
from coachwork.ids import checked_id
from coachwork.jobs import Job, JobKind
from coachwork.machine import Moved
from coachwork.messages import Message, Role, checked_text
from coachwork.records import ACCOUNT, JOB_RECORD, MESSAGE, RECEIPT, SESSION_RECORD, Stored
from coachwork.sessions import SESSION, Session, SessionEvent, SessionStatus
from coachwork.topics import Topic
from coachwork.workflows._accepting import look, make_room, see_to
from coachwork.workflows._answers import JobReport, T, Turn, job_view, session_view
from coachwork.workflows._jobs import (
    Call,
    Held,
    admitted,
    keyed,
    load_held,
    message_missing,
    message_of,
    new_call,
    new_job,
    not_active,
    reply_of,
)
from coachwork.workflows._polling import report
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries


def send(
    setup: Setup,
    caller: Caller,
    topic: Topic[T],
    session_id: str,
    text: str,
    *,
    key: str | None = None,
) -> Workflow[Turn[T]]:
    """Take the user's *text* into the session and answer it.

    Asks: the session, the account, the receipt, admission, one commit; then templates, the log,
    the model, and one more commit (two more for a final reply whose result is extracted).

    Args:
        setup: The application's declarations.
        caller: Who speaks.
        topic: The session's topic.
        session_id: The session.
        text: What is said; as long as the topic allows, not blank.
        key: The idempotency key; a new one if it is left out.

    Raises:
        ValidationError: Text, key or id is not what it should be.
        TopicNotFoundError: The application declares no such topic.
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        IdempotencyKeyReusedError: The key was used for another request.
        SessionNotActiveError: It is paused or ended.
        SessionBusyError: Another turn is in flight.
        MaxTurnsReachedError: All turns are used.
        ModelError: The model failed; the message is kept.
        StoreError: The repository failed.
    """
    declared = setup.declared(topic)
    call = yield from _new_call(caller, declared, session_id, text, key, waits=True)
    return (yield from keyed(call, _send(setup, topic, declared, call, session_id, text)))


def submit(
    setup: Setup,
    caller: Caller,
    topic: Topic[T],
    session_id: str,
    text: str,
    *,
    key: str | None = None,
) -> Workflow[JobReport[T]]:
    """Take the user's *text* into the session and leave the answer to a worker.

    It is the first half of `send`: the same key goes on with the same message in either.

    Asks: the session, the account, the receipt, admission, one commit, the dispatcher.

    Args:
        setup: The application's declarations.
        caller: Who speaks.
        topic: The session's topic.
        session_id: The session.
        text: What is said; as long as the topic allows, not blank.
        key: The idempotency key; a new one if it is left out.

    Returns:
        The job. Where the call was accepted before, it may have its outcome already.

    Raises:
        CoachworkError: What `send` raises before a model is asked.
    """
    declared = setup.declared(topic)
    call = yield from _new_call(caller, declared, session_id, text, key, waits=False)
    return (yield from keyed(call, _submit(setup, topic, declared, call, session_id, text)))


def _new_call(
    caller: Caller,
    topic: Topic[object],
    session_id: str,
    text: str,
    key: str | None,
    *,
    waits: bool,
) -> Workflow[Call]:
    """Return the call that says *text*.

    Raises:
        ValidationError: Text, key or id is not what it should be.
    """
    checked_id(session_id, "session_id")
    checked_text(text, "text", max_bytes=topic.max_message_bytes)
    return (yield from new_call(caller, "send", key, session_id, text, waits=waits))


def _send(
    setup: Setup,
    topic: Topic[T],
    declared: Topic[object],
    call: Call,
    session_id: str,
    text: str,
) -> Workflow[Turn[T]]:
    """Accept the message, answer it, and tell the answer."""
    held = yield from _accept(setup, declared, call, session_id, text)
    held = yield from see_to(setup, declared, call, held)
    return (yield from _turn(topic, held, call))


def _submit(
    setup: Setup,
    topic: Topic[T],
    declared: Topic[object],
    call: Call,
    session_id: str,
    text: str,
) -> Workflow[JobReport[T]]:
    """Accept the message, leave it to a worker, and tell the job."""
    held = yield from _accept(setup, declared, call, session_id, text)
    held = yield from see_to(setup, declared, call, held)
    return (yield from report(setup, topic, held))


def _accept(
    setup: Setup, topic: Topic[object], call: Call, session_id: str, text: str
) -> Workflow[Held]:
    """Write the message with all that must not be lost, or find that it was done before."""
    tries = Tries(setup)
    asked = False
    while True:
        tries.another()
        found = yield from look(setup, topic, call, session_id)
        session, now = found.session, found.now
        if found.receipt is not None and found.receipt.job is not None:
            return (yield from load_held(call.caller, session_id, found.receipt.job))
        if session.value.status is not SessionStatus.ACTIVE:
            raise not_active(session.value, "send to", now)
        room = yield from make_room(setup, topic, call, tries, found)
        if room is None:
            continue
        freed, ops = room
        waits, job = new_job(
            setup,
            call,
            freed.about,
            JobKind.REPLY,
            now,
            follows=freed.latest_job,
            message=freed.messages + 1,
        )
        step = SESSION.step(freed, SessionEvent.MESSAGE, now, waits)
        if not isinstance(step, Moved):  # active, not expired, no job: only turns are left to ask
            raise MaxTurnsReachedError(freed.about.max_turns)
        if not asked:
            asked = True
            text = yield from _admitted(call, topic, session_id, text)
        moved = step.value
        said = _message(moved, job, text)
        ops += [
            SESSION_RECORD.update(session, moved),
            MESSAGE.insert(said),
            JOB_RECORD.insert(job),
            RECEIPT.insert(call.receipt(session_id, call.job, now)),
            ACCOUNT.check(found.account),
        ]
        if (yield from tries.commit(ops)):
            stored = Stored(moved, session.version + 1)
            return Held(found.account, stored, Stored(job, 1), (said,))


def _admitted(call: Call, topic: Topic[object], session_id: str, text: str) -> Workflow[str]:
    """Return the text to take: the user's, or what the application put in its place.

    Raises:
        ValidationError: The application's text is none that a user could send.
    """
    rewritten = yield from admitted(call, topic.id, session_id, text)
    if rewritten is None:
        return text
    return checked_text(rewritten, "admit", max_bytes=topic.max_message_bytes)


def _message(session: Session, job: Job, text: str) -> Message:
    """Return the user's message, the last one of *session*."""
    about = session.about
    return Message(
        tenant=about.tenant,
        user=about.user,
        session=about.id,
        sequence=session.messages,
        role=Role.USER,
        text=text,
        at=session.last_activity_at,
        job=job.id,
        scenario=about.scenario,
    )


def _turn(topic: Topic[T], held: Held, call: Call) -> Workflow[Turn[T]]:
    """Return the answer to a message whose job is completed."""
    session, job = held.session.value, held.job.value
    said = yield from message_of(held, job.message)
    reply = yield from reply_of(held)
    if said is None or reply is None:
        raise (yield from message_missing(held))
    final = job.settlement is not None and job.settlement.final
    now = yield from Now()
    view = session_view(session, topic, now)
    return Turn(
        session=view,
        user_message=said,
        message=reply,
        is_final=final,
        result=view.result if final else None,
        result_error=view.result_error if final else None,
        job=job_view(job),
        key=call.key,
    )
