"""What the workflows answer: frozen values; `coachwork.to_json` makes plain data of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Generic, Literal, TypedDict, cast, overload

from attrs import field, frozen
from typing_extensions import TypeVar

from coachwork.actions import ActionStatus, Audit, Component, RefusalCode, Sender
from coachwork.errors import ValidationError
from coachwork.jobs import ErrorCode, Job, JobStatus
from coachwork.messages import Message, Usage
from coachwork.plain import JSON, from_plain
from coachwork.sessions import (
    LIVE,
    EndReason,
    JobKind,
    ResultError,
    Session,
    SessionStatus,
)
from coachwork.topics import Topic
from coachwork.workflows._jobs import error_of

T = TypeVar("T", default=object)

Advice = Literal["start", "open", "choose", "blocked"]


@frozen(kw_only=True)
class Check:
    """What a front end needs to know before it opens a topic (brief, section 3).

    Attributes:
        has_session: Whether the user has a live session on the topic.
        session_id: Its id, or None.
        status: Its status as it should be shown: an idle one as paused; None without one.
        actual_status: Its status as it is stored; None without one.
        is_idle: Whether it is idle; None without one.
        conflict: Whether another user's session holds the topic.
        conflict_user_id: Whose, where the settings show it, or None.
        advice: What to do: ``start`` a new session, ``open`` the waiting one, let the user
            ``choose`` between resuming and starting new, or tell that they are ``blocked``.
    """

    has_session: bool
    session_id: str | None
    status: SessionStatus | None
    actual_status: SessionStatus | None
    is_idle: bool | None
    conflict: bool
    conflict_user_id: str | None
    advice: Advice


@frozen(kw_only=True)
class SessionView(Generic[T]):
    """A session as its owner sees it.

    Attributes:
        id: Its id.
        tenant: Its tenant.
        user: Whose it is.
        topic: The topic's id.
        status: Its status.
        is_idle: Whether nobody did anything for longer than the idle timeout.
        turns: Turns used.
        max_turns: Turns allowed; 0 means unlimited.
        messages: How many messages it has.
        started_at: When it started (UTC).
        last_activity_at: When somebody last did something (UTC).
        expires_at: When it becomes invisible (UTC), or None for never.
        job: The id of the job in flight, or None.
        completion_pending: Whether the next resume will end it.
        ended_at: When it ended (UTC), or None.
        end_reason: Why it ended, or None.
        result: What it yielded, or None.
        result_error: Why a completed session has no result although its topic wants one.
        usage: What its model calls cost.
        scenario: The test scenario it belongs to, or None.
    """

    id: str
    tenant: str
    user: str
    topic: str
    status: SessionStatus
    is_idle: bool
    turns: int
    max_turns: int
    messages: int
    started_at: datetime
    last_activity_at: datetime
    expires_at: datetime | None
    job: str | None
    completion_pending: bool
    ended_at: datetime | None
    end_reason: EndReason | None
    result: T | None = field(repr=False)
    result_error: ResultError | None
    usage: Usage
    scenario: str | None


@frozen(kw_only=True)
class JobView:
    """A job as the owner of its session sees it.

    Attributes:
        id: Its id.
        session: The session's id.
        kind: What the model was asked for.
        status: Its state.
        created_at: When it was accepted (UTC).
        updated_at: When it last changed (UTC); of a settled one, when it was settled.
        expires_at: From when on it is not found any more (UTC).
        attempts: How often it was taken on.
        waiting_time: Milliseconds until it was taken on first, or None before that.
        processing_time: Milliseconds from then to its outcome, or None without either.
        error_code: Why it failed, or None.
        retryable: Whether asking again may help.
        retry_after: Seconds to wait before, or None.
        retry_of: The id of the failed job that it repeats, or None.
        usage: What it cost.
    """

    id: str
    session: str
    kind: JobKind
    status: JobStatus
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    attempts: int
    waiting_time: int | None
    processing_time: int | None
    error_code: ErrorCode | None
    retryable: bool
    retry_after: float | None
    retry_of: str | None
    usage: Usage


@frozen(kw_only=True)
class JobOutcome(Generic[T]):
    """What came of a job that completed.

    Attributes:
        message: What the coach said, or None where the job only extracted the result.
        is_final: Whether it ended the session.
        turn: How many turns the session had had by then.
        message_count: How many messages it had by then.
        result: What the session yielded then, or None.
        result_error: Why there is no result although the topic wants one.
    """

    message: Message | None
    is_final: bool
    turn: int
    message_count: int
    result: T | None = field(repr=False)
    result_error: ResultError | None


@frozen(kw_only=True)
class JobReport(JobView, Generic[T]):
    """The answer to who submits, polls, repeats or cancels a job.

    Attributes:
        user_message: The sequence number of the user's message that it answers, or None.
        estimated_duration: Milliseconds that an answer takes as a rule.
        outcome: What came of it, once it is completed.
        key: The idempotency key of the call that was accepted.
    """

    user_message: int | None
    estimated_duration: int
    outcome: JobOutcome[T] | None
    key: str = field(repr=False)


@frozen(kw_only=True)
class Started(Generic[T]):
    """The answer to a start.

    Attributes:
        session: The new session.
        greeting: The coach's first message, or None where the user speaks first, and where a
            worker is to greet.
        job: The job that made the greeting, or None.
        key: The idempotency key of the call.
        resumed: Always False: start means new.
    """

    session: SessionView[T]
    greeting: Message | None
    job: JobView | None
    key: str = field(repr=False)
    resumed: Literal[False] = False


@frozen(kw_only=True)
class Resumed(Generic[T]):
    """The answer to a resume.

    Attributes:
        session: The session.
        message: The welcome-back (or the greeting, or the reply, that was still owed), or None
            while another call or a worker is still answering, or where the resume ended the
            session.
        is_final: Whether the session is completed now: a final reply had come while it paused.
        result: What it yielded then, or None.
        result_error: Why there is no result although the topic wants one.
        job: The job in question, or None where no model was asked.
        key: The idempotency key of the call.
        resumed: Always True: resume means continue.
    """

    session: SessionView[T]
    message: Message | None
    is_final: bool
    result: T | None = field(repr=False)
    result_error: ResultError | None
    job: JobView | None
    key: str = field(repr=False)
    resumed: Literal[True] = True


@frozen(kw_only=True)
class Turn(Generic[T]):
    """The answer to a message.

    Attributes:
        session: The session.
        user_message: The user's message, as it was accepted.
        message: The coach's reply.
        is_final: Whether the reply ended the session.
        result: What the session yielded then, or None.
        result_error: Why there is no result although the topic wants one.
        job: The job that made the reply.
        key: The idempotency key of the call.
    """

    session: SessionView[T]
    user_message: Message
    message: Message
    is_final: bool
    result: T | None = field(repr=False)
    result_error: ResultError | None
    job: JobView
    key: str = field(repr=False)


@frozen(kw_only=True)
class Completed(Generic[T]):
    """The answer to a complete.

    Attributes:
        session: The completed session.
        result: What it yielded, or None.
        result_error: Why there is no result although the topic wants one.
        job: The job that extracted it, or None where no model was asked.
        key: The idempotency key of the call.
    """

    session: SessionView[T]
    result: T | None = field(repr=False)
    result_error: ResultError | None
    job: JobView | None
    key: str = field(repr=False)


@frozen(kw_only=True)
class ActionView:
    """An action as its user sees it.

    Attributes:
        id: Its id.
        type: Its type, as it came.
        parameters: Its parameters, as they came.
        status: Whether it was applied.
        code: Why not, or None.
        summary: What was done, or why not, in plain words.
        component: What there is to show, or None.
        sender: Whether it was the coach's, the user's or that of an agent.
        program: The id of the program.
        session: The id of the session in which it happened.
        message: The sequence number of the message that triggered it; None for that of an agent.
        at: When (UTC).
        scenario: The test scenario it belongs to, or None.
    """

    id: str
    type: str
    parameters: JSON = field(repr=False)
    status: ActionStatus
    code: RefusalCode | None
    summary: str = field(repr=False)
    component: Component | None = field(repr=False)
    sender: Sender
    program: str
    session: str
    message: int | None
    at: datetime
    scenario: str | None


@frozen
class ActionList:
    """One page of a user's actions.

    Attributes:
        actions: The actions in the order asked for.
        next: What to pass as ``after`` for the next page, or None at the end. A page may be shorter
            than its limit, and even empty, before the end.
    """

    actions: tuple[ActionView, ...]
    next: str | None


@frozen(kw_only=True)
class Acted(Generic[T]):
    """The answer to a click.

    Attributes:
        session: The session.
        action: What became of the action.
        phase: The program's phase afterwards.
        key: The idempotency key of the call.
    """

    session: SessionView[T]
    action: ActionView
    phase: str
    key: str = field(repr=False)


@frozen(kw_only=True)
class ProgramView(Generic[T]):
    """Where a user stands in a program.

    Attributes:
        program: The program's id.
        phase: The phase.
        is_finished: Whether the phase is an end.
        state: The state, as a value of the program's own class.
        allowed: The types of the actions that the user may do in this phase.
        audits: How often actions came, in replies and clicks.
        updated_at: When it last changed (UTC), or None before the first action.
    """

    program: str
    phase: str
    is_finished: bool
    state: T = field(repr=False)
    allowed: tuple[str, ...]
    audits: int
    updated_at: datetime | None


@frozen
class History:
    """One page of a session's messages.

    Attributes:
        messages: The messages in order.
        next: What to pass as ``after`` for the next page, or None at the end.
    """

    messages: tuple[Message, ...]
    next: int | None


@frozen
class SessionList:
    """One page of a user's sessions, the newest first.

    Attributes:
        sessions: The sessions; results are plain data.
        next: What to pass as ``after`` for the next page, or None at the end.
    """

    sessions: tuple[SessionView[object], ...]
    next: str | None


TopicStatus = Literal["not_started", "in_progress", "paused", "completed"]


@frozen(kw_only=True)
class TopicStanding:
    """How a user stands on a topic.

    Attributes:
        topic: The topic's id.
        title: Its name for people.
        status: ``not_started``, ``in_progress``, ``paused`` (idle too) or ``completed``.
        session_id: The id of the live session, else of the one that completed it last, or None.
        completed: How often the user completed it.
        completed_at: When last (UTC), or None.
    """

    topic: str
    title: str
    status: TopicStatus
    session_id: str | None
    completed: int
    completed_at: datetime | None


@frozen
class Purged:
    """What a sweep did.

    Attributes:
        expired: How many live sessions it closed because they had expired.
        deleted: How many sessions it deleted with all that belongs to them.
        more: Whether it stopped at its limit and there may be more.
        undelivered: How many sessions it kept because events of theirs could not be delivered.
    """

    expired: int
    deleted: int
    more: bool
    undelivered: int = 0


@frozen
class Relayed:
    """What a relay did.

    Attributes:
        delivered: How many events it handed over.
        failed: How many sessions it left because the notifier, or a damaged record, was in the way.
        more: Whether it stopped at its limit and there may be more.
        why: The code, or the type, of the first error that was in the way, or None.
    """

    delivered: int
    failed: int
    more: bool
    why: str | None = None


def session_view(session: Session, topic: Topic[T] | None, now: datetime) -> SessionView[T]:
    """Return *session* as its owner sees it, its result in the type of *topic*."""
    about, ledger = session.about, session.ledger
    ending = ledger.ending
    told: tuple[T | None, ResultError | None] = read_result(session, topic)
    return SessionView(
        id=about.id,
        tenant=about.tenant,
        user=about.user,
        topic=about.topic,
        status=session.status,
        is_idle=session.status in LIVE and session.is_idle(now),
        turns=session.turns,
        max_turns=about.max_turns,
        messages=session.messages,
        started_at=about.started_at,
        last_activity_at=session.last_activity_at,
        expires_at=session.expires_at,
        job=session.in_flight.job if session.in_flight else None,
        completion_pending=ledger.completion_pending,
        ended_at=ending.at if ending else None,
        end_reason=ending.reason if ending else None,
        result=told[0],
        result_error=told[1],
        usage=ledger.usage,
        scenario=about.scenario,
    )


def read_result(session: Session, topic: Topic[T] | None) -> tuple[T | None, ResultError | None]:
    """Return what *session* yielded in the type of *topic* (plain without one), and why nothing."""
    ending = session.ledger.ending
    if ending is None:
        return None, None
    wanted: type[T] | None = None if topic is None else topic.result
    if ending.result is None or wanted is None:
        # Without a declared type the result is plain data, and T is `object`.
        return cast("T | None", ending.result), ending.error
    try:
        return from_plain(ending.result, wanted), ending.error
    except ValidationError as fault:
        reason = f"the stored result does not fit the topic's type: {fault.field}"
        return None, ResultError("RESULT_TYPE_CHANGED", reason)


def action_views(audit: Audit) -> tuple[ActionView, ...]:
    """Return the actions of *audit* as their user sees them."""
    return tuple(
        ActionView(
            id=action.id,
            type=action.type,
            parameters=action.parameters,
            status=action.status,
            code=action.code,
            summary=action.summary,
            component=action.component,
            sender=audit.sender,
            program=audit.program,
            session=audit.session,
            message=audit.message,
            at=audit.at,
            scenario=audit.scenario,
        )
        for action in audit.actions
    )


def job_view(job: Job) -> JobView:
    """Return *job* as its owner sees it."""
    return JobView(**_job_fields(job))


def job_report(
    job: Job, session: Session, topic: Topic[T] | None, reply: Message | None, estimated: timedelta
) -> JobReport[T]:
    """Return *job* as its owner is told, its result in the type of *topic*."""
    outcome: JobOutcome[T] | None = None
    if job.settlement is not None:
        told = read_result(session, topic) if job.settlement.final else (None, None)
        outcome = JobOutcome(
            message=reply,
            is_final=job.settlement.final,
            turn=job.settlement.turns,
            message_count=job.settlement.messages,
            result=told[0],
            result_error=told[1],
        )
    return JobReport(
        **_job_fields(job),
        user_message=job.message,
        estimated_duration=_milliseconds(estimated),
        outcome=outcome,
        key=job.key,
    )


class _JobFields(TypedDict):
    """The fields of a `JobView`."""

    id: str
    session: str
    kind: JobKind
    status: JobStatus
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    attempts: int
    waiting_time: int | None
    processing_time: int | None
    error_code: ErrorCode | None
    retryable: bool
    retry_after: float | None
    retry_of: str | None
    usage: Usage


def _job_fields(job: Job) -> _JobFields:
    """Return what every view of *job* tells."""
    error = job.error
    retryable = error is not None and error.code.retryable
    return {
        "id": job.id,
        "session": job.session,
        "kind": job.kind,
        "status": job.status,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "expires_at": job.expires_at,
        "attempts": job.attempts,
        "waiting_time": _milliseconds(job.waiting_time),
        "processing_time": _milliseconds(job.processing_time),
        "error_code": error.code if error else None,
        "retryable": retryable,
        "retry_after": error_of(error).retry_after if error and retryable else None,
        "retry_of": job.retry_of,
        "usage": job.usage,
    }


@overload
def _milliseconds(duration: timedelta) -> int: ...
@overload
def _milliseconds(duration: timedelta | None) -> int | None: ...
def _milliseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else round(duration / timedelta(milliseconds=1))
