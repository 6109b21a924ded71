"""Resume means continue (brief, section 3), and `open` is resume or start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from coachwork.effects import GetTemplate, Now, Workflow
from coachwork.errors import (
    IdempotencyKeyReusedError,
    SessionNotActiveError,
    SessionNotFoundError,
)
from coachwork.ids import MAX_KEY, checked_id
from coachwork.jobs import OPEN, JobKind
from coachwork.plain import JSON
from coachwork.records import (
    ACCOUNT,
    JOB_RECORD,
    RECEIPT,
    SESSION_RECORD,
    Op,
    Stored,
    receipt_key,
    session_key,
)
from coachwork.sessions import (
    LIVE,
    SESSION,
    Account,
    Conclusion,
    Session,
    SessionEvent,
)
from coachwork.topics import TemplateName, Topic
from coachwork.workflows._accepting import dispatch, look, see_to
from coachwork.workflows._answers import Resumed, Started, T, job_view, session_view
from coachwork.workflows._claiming import read_holding
from coachwork.workflows._continuing import take_and_finish
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
    reply_of,
)
from coachwork.workflows._settling import expire
from coachwork.workflows._setup import Caller, Setup, checked_flag
from coachwork.workflows._start import LiveSessionError, start, start_unless_live
from coachwork.workflows._store import Tries, load


def resume(
    setup: Setup,
    caller: Caller,
    topic: Topic[T],
    session_id: str,
    *,
    key: str | None = None,
    wait: bool = True,
) -> Workflow[Resumed[T]]:
    """Continue a live session, paused or not, with a welcome-back.

    A session that waits for a reply turns ACTIVE and answers with that job: finished, if nobody
    held it any more. One whose final reply came while it was paused is completed. One in which
    the coach has not spoken yet is greeted. A welcome-back that fails does not un-resume.

    Asks: the session, the account, the receipt, admission, one commit; then templates, the log,
    the summary, the model, and one more commit.

    Args:
        setup: The application's declarations.
        caller: Who comes back.
        topic: The session's topic.
        session_id: The session.
        key: The idempotency key; a new one if it is left out.
        wait: Whether to wait for what is said; else a worker says it.

    Raises:
        ValidationError: Key or id is not what it should be.
        TopicNotFoundError: The application declares no such topic.
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        IdempotencyKeyReusedError: The key was used for another request.
        SessionNotActiveError: It has ended.
        ModelError: The model failed; the session is resumed all the same.
        StoreError: The repository failed.
    """
    declared = setup.declared(topic)
    checked_id(session_id, "session_id")
    checked_flag(wait, "wait")
    call = yield from new_call(caller, "resume", key, session_id, waits=wait)
    return (yield from keyed(call, _resume(setup, topic, declared, call, session_id)))


def _resume(
    setup: Setup, topic: Topic[T], declared: Topic[object], call: Call, session_id: str
) -> Workflow[Resumed[T]]:
    """Continue the session, and tell what the coach said."""
    back = yield from _accept(setup, declared, call, session_id)
    now = yield from Now()
    held = back.held
    final = back.ended or _is_final(held)
    view = session_view(back.session if held is None else held.session.value, topic, now)
    return Resumed(
        session=view,
        message=None if held is None else (yield from reply_of(held)),
        is_final=final,
        result=view.result if final else None,
        result_error=view.result_error if final else None,
        job=None if held is None else job_view(held.job.value),
        key=call.key,
    )


@frozen
class _Back:
    """A session that was resumed.

    Attributes:
        session: The session.
        held: The job that answers, or None where no model was asked.
        ended: Whether the resume ended the session without asking a model.
    """

    session: Session
    held: Held | None
    ended: bool = False


def _is_final(held: Held | None) -> bool:
    """Whether the job ended its session."""
    settlement = None if held is None else held.job.value.settlement
    return settlement is not None and settlement.final


def _accept(setup: Setup, topic: Topic[object], call: Call, session_id: str) -> Workflow[_Back]:
    """Turn the session ACTIVE, with the job that answers, or find that it was done before."""
    initiation = yield from GetTemplate(topic.id, TemplateName.INITIATION)
    tries = Tries(setup)
    asked = False
    while True:
        tries.another()
        found = yield from look(setup, topic, call, session_id)
        session, account, now = found.session, found.account, found.now
        if found.receipt is not None:
            done = found.receipt.job
            return (yield from _resumed_before(setup, topic, call, session.value, done))
        if session.value.status not in LIVE:
            raise not_active(session.value, "resume", now)
        if not asked:
            asked = True
            yield from admitted(call, topic.id, session_id)
        if found.in_flight is not None:
            held = Held(account, session, found.in_flight)
            back = yield from _with_job(setup, topic, call, tries, held, now)
        elif session.value.ledger.completion_pending and topic.result is None:
            back = yield from _end(call, tries, account, session, now)
        else:
            greets = initiation is not None and session.value.ledger.coach_messages == 0
            back = yield from _ask(setup, topic, call, tries, account, session, greets, now)
        if back is not None:
            return back


def _resumed_before(
    setup: Setup, topic: Topic[object], call: Call, session: Session, job_id: str | None
) -> Workflow[_Back]:
    """Return what an earlier call under the same key came to, or go on with it."""
    if job_id is None:
        return _Back(session, None, ended=True)
    held = yield from load_held(call.caller, session.about.id, job_id)
    now = yield from Now()
    if held.job.value.key != call.key and held.job.value.is_held(now):
        # Another call still answers, as it did when this one was accepted.
        return _Back(held.session.value, held)
    held = yield from see_to(setup, topic, call, held)
    return _Back(held.session.value, held)


def _with_job(
    setup: Setup, topic: Topic[object], call: Call, tries: Tries, held: Held, now: datetime
) -> Workflow[_Back | None]:
    """Resume a session that has a job in flight: somebody else's to finish, or left to us."""
    if held.job.value.status not in OPEN:  # it was settled after the session was read
        return None
    if held.job.value.is_overdue(now):
        yield from expire(setup, held, now)
        return None
    resumed = SESSION.move(held.session.value, SessionEvent.RESUME, now, None).value
    after = Held(held.account, Stored(resumed, held.session.version + 1), held.job)
    ops: tuple[Op, ...] = (
        SESSION_RECORD.update(held.session, resumed),
        RECEIPT.insert(call.receipt(resumed.about.id, held.job.value.id, now)),
        ACCOUNT.check(held.account),
    )
    if held.job.value.is_held(now) or not call.waits:
        if not (yield from tries.commit(ops)):
            return None
        yield from dispatch(held.job.value, now)
        return _Back(resumed, after)
    finished = yield from take_and_finish(setup, topic, tries, after, now, *ops)
    return None if finished is None else _Back(finished.session.value, finished)


def _end(
    call: Call, tries: Tries, account: Stored[Account], session: Stored[Session], now: datetime
) -> Workflow[_Back | None]:
    """Complete a session whose final reply came while it was paused, and that yields nothing."""
    resumed = SESSION.move(session.value, SessionEvent.RESUME, now, None).value
    moved = SESSION.move(resumed, SessionEvent.COMPLETE, now, Conclusion())
    ops = [
        SESSION_RECORD.update(session, moved.value),
        RECEIPT.insert(call.receipt(resumed.about.id, None, now)),
        ACCOUNT.check(account),
        *(yield from consequences(moved, now)),
    ]
    done = yield from tries.commit(ops)
    return _Back(moved.value, None, ended=True) if done else None


def _ask(
    setup: Setup,
    topic: Topic[object],
    call: Call,
    tries: Tries,
    account: Stored[Account],
    session: Stored[Session],
    greets: bool,  # noqa: FBT001 - read together with the others
    now: datetime,
) -> Workflow[_Back | None]:
    """Resume a session that waits for nothing: ask for what is to be said, or for the result."""
    kind = JobKind.GREETING if greets else JobKind.WELCOME_BACK
    if session.value.ledger.completion_pending:
        kind = JobKind.EXTRACTION
    about, follows = session.value.about, session.value.latest_job
    waits, job = new_job(setup, call, about, kind, now, follows=follows)
    resumed = SESSION.move(session.value, SessionEvent.RESUME, now, waits).value
    ops: list[Op] = [
        SESSION_RECORD.update(session, resumed),
        JOB_RECORD.insert(job),
        RECEIPT.insert(call.receipt(resumed.about.id, job.id, now)),
        ACCOUNT.check(account),
    ]
    if not (yield from tries.commit(ops)):
        return None
    held = Held(account, Stored(resumed, session.version + 1), Stored(job, 1))
    held = yield from see_to(setup, topic, call, held)
    return _Back(held.session.value, held)


def open_session(
    setup: Setup,
    caller: Caller,
    topic: Topic[T],
    *,
    context: Mapping[str, JSON] | None = None,
    key: str | None = None,
    wait: bool = True,
) -> Workflow[Started[T] | Resumed[T]]:
    """Resume the caller's live session on *topic*, else start one.

    The same call with the same key does what it did before, whatever became of the session.

    Raises:
        CoachworkError: What `start` or `resume` raises.
    """
    setup.declared(topic)
    checked_flag(wait, "wait")
    if key is not None:
        checked_id(key, "key", most=MAX_KEY)
    tries = Tries(setup)
    while True:
        tries.another()
        waiting, known = yield from _waiting(caller, topic.id, key)
        try:
            if waiting is not None:
                return (yield from resume(setup, caller, topic, waiting, key=key, wait=wait))
            begin = start if known else start_unless_live
            return (yield from begin(setup, caller, topic, context=context, key=key, wait=wait))
        except LiveSessionError:  # it was started between our two looks
            continue
        except (SessionNotFoundError, SessionNotActiveError) as error:
            if known or error.job is not None:
                raise
            # It ended between our two looks, and nothing was accepted: look again.


def _waiting(caller: Caller, topic: str, key: str | None) -> Workflow[tuple[str | None, bool]]:
    """Return the session to resume, or None to start one, and whether the key says so.

    Raises:
        IdempotencyKeyReusedError: The key was used to resume a session on another topic.
    """
    # A start writes claim and receipt in one commit: whoever sees its claim sees its receipt too.
    holding = yield from read_holding(caller, topic, caller.user)
    receipt = None
    if key is not None:
        receipt = yield from load(RECEIPT, receipt_key(caller.tenant, caller.user, key))
    if receipt is None:
        now = yield from Now()
        live = holding.session
        if live is None or live.value.is_expired(now):
            return None, False
        return live.value.about.id, False
    session = receipt.value.session
    if receipt.value.command != "resume" or session is None:
        return None, True
    stored = yield from load(SESSION_RECORD, session_key(caller.tenant, session))
    if stored is not None and stored.value.about.topic != topic:
        raise IdempotencyKeyReusedError
    return session, True
