"""The sessions of a scenario as records: checked and made before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from coachwork.actions import Button, Component
from coachwork.errors import MisuseError, ValidationError
from coachwork.ids import checked_id
from coachwork.jobs import ErrorCode, Job, JobError, JobKind, JobStatus, Settlement
from coachwork.messages import FIRST, Message, Role, checked_text
from coachwork.records import (
    BACKGROUND,
    JOB_RECORD,
    MESSAGE,
    RECEIPT,
    SESSION_RECORD,
    Insert,
    Kind,
)
from coachwork.replies import MAX_REPLY_BYTES
from coachwork.sessions import (
    LIVE,
    About,
    Background,
    EndReason,
    Ledger,
    Receipt,
    Session,
    SessionStatus,
    later,
)
from coachwork.topics import MAX_MESSAGE_BYTES, checked_context
from coachwork.workflows._scenario import Scenario, ScenarioMessage, ScenarioSession
from coachwork.workflows._scenario_ids import NewIds
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import V

MOST: Final = 1_000_000
"""The greatest revision of a topic, and number of turns."""

_REASONS: Final[Mapping[SessionStatus, frozenset[EndReason | None]]] = {
    SessionStatus.ACTIVE: frozenset({None}),
    SessionStatus.PAUSED: frozenset({None}),
    SessionStatus.COMPLETED: frozenset({EndReason.COMPLETED}),
    SessionStatus.CANCELLED: frozenset({EndReason.CANCELLED}),
    SessionStatus.ABANDONED: frozenset({EndReason.REPLACED, EndReason.EXPIRED}),
}

_LONGEST: Final = {Role.USER: MAX_MESSAGE_BYTES, Role.COACH: MAX_REPLY_BYTES}
"""How long a message may be, in bytes of UTF-8: a user's on any topic, and a reply."""

_COMMANDS: Final = {
    JobKind.GREETING: "start",
    JobKind.REPLY: "send",
    JobKind.WELCOME_BACK: "resume",
}
"""Which command asks the model for each kind of message."""

UNANSWERED: Final = JobError(ErrorCode.LEASE_EXPIRED, "it was not answered when it was taken out")
"""Why the job of a message without an answer failed; its turn is free."""


@frozen
class Grown:
    """A session as it is to be written.

    Attributes:
        session: The session.
        opening: What inserts it and its background.
        turns: What inserts its jobs, each with its receipt and its messages.
    """

    session: Session
    opening: tuple[Insert, ...]
    turns: tuple[tuple[Insert, ...], ...]

    @property
    def is_live(self) -> bool:
        """Whether it needs the claim of its topic."""
        return self.session.status in LIVE


def grown_sessions(setup: Setup, caller: Caller, scenario: Scenario, ids: NewIds) -> list[Grown]:
    """Return the sessions of a scenario as they are to be written.

    Raises:
        ValidationError: One of them could never have come to be, or not here; the field is the
            path of what is wrong.
    """
    _check_together(setup, scenario)
    for place, session in enumerate(scenario.sessions):
        _check(f"sessions[{place}]", session, scenario.at)
        ids.session(session.id, session.started_at)
    return [
        _grown(setup, caller, f"sessions[{place}]", session, ids)
        for place, session in enumerate(scenario.sessions)
    ]


def insert(kind: Kind[V], value: V, path: str) -> Insert:
    """Return the operation that puts *value* where there is none.

    Raises:
        ValidationError: It is larger than a record may be.
    """
    try:
        return kind.insert(value)
    except MisuseError:
        raise ValidationError(path, "less: it is larger than a record may be") from None


# --- what must hold --------------------------------------------------------------------------


def _check_together(setup: Setup, scenario: Scenario) -> None:
    """Refuse ids and topics that are none, come twice, or are not declared where they must be."""
    if not (scenario.sessions or scenario.programs):
        raise ValidationError("sessions", "at least one session, or a state of a program")
    known: set[str] = set()
    held: set[str] = set()
    for place, session in enumerate(scenario.sessions):
        path = f"sessions[{place}]"
        checked_id(session.id, f"{path}.id")
        checked_id(session.topic, f"{path}.topic")
        if session.id in known:
            raise ValidationError(f"{path}.id", "another id than the sessions before it have")
        known.add(session.id)
        if session.status in LIVE:
            if session.topic not in setup.topics:
                raise ValidationError(f"{path}.topic", "a declared topic: the session is live")
            if session.topic in held:
                raise ValidationError(f"{path}.topic", "at most one live session on a topic")
            held.add(session.topic)


def _check(path: str, session: ScenarioSession, at: datetime) -> None:
    """Refuse fields of a session that do not fit each other, or the instant of the document."""
    count, ending = len(session.messages), session.ending
    for name, value, least, most in (
        ("topic_revision", session.topic_revision, 1, MOST),
        ("max_turns", session.max_turns, 0, MOST),
        ("summarized", session.summarized, 0, count),
    ):
        if not least <= value <= most:
            raise ValidationError(f"{path}.{name}", f"a whole number from {least} to {most}")
    if session.idle_timeout <= timedelta(0):
        raise ValidationError(f"{path}.idle_timeout", "a duration longer than zero")
    if (None if ending is None else ending.reason) not in _REASONS[session.status]:
        raise ValidationError(f"{path}.ending", f"one that fits the status {session.status}")
    yielded = ending is not None and (ending.result is not None or ending.error is not None)
    if yielded and session.status is not SessionStatus.COMPLETED:
        raise ValidationError(f"{path}.ending", "one without a result: it is not completed")
    if ending is not None and session.completion_pending:
        raise ValidationError(f"{path}.completion_pending", "false: the session has ended")
    try:
        checked_context(session.context)
    except ValidationError as fault:
        raise ValidationError(f"{path}.{fault.field}", fault.expected) from None
    _check_messages(path, session)
    last = session.messages[-1].at if session.messages else session.started_at
    if not last <= session.last_activity_at <= at:
        told = "an instant not before the last message, and not after the document's"
        raise ValidationError(f"{path}.last_activity_at", told)
    if ending is not None and not session.last_activity_at <= ending.at <= at:
        told = "one not before the last activity, and not after the document's instant"
        raise ValidationError(f"{path}.ending", told)


def _check_messages(path: str, session: ScenarioSession) -> None:
    """Refuse texts that nobody could say, going back in time, and answers that nobody asked for."""
    messages = session.messages
    asking = {number for number, message in enumerate(messages, FIRST) if message.role is Role.USER}
    before = session.started_at
    for number, message in enumerate(messages, FIRST):
        where = f"{path}.messages[{number - FIRST}]"
        checked_text(message.text, f"{where}.text", max_bytes=_LONGEST[message.role])
        if message.at < before:
            raise ValidationError(f"{where}.at", "an instant not before what stands before it")
        before = message.at
        if message.answers is not None:
            if message.role is Role.USER:
                raise ValidationError(f"{where}.answers", "null: the user answers nothing")
            if message.answers not in asking or message.answers > number:
                told = "the number of an earlier message of the user's, answered once"
                raise ValidationError(f"{where}.answers", told)
            asking.remove(message.answers)
        ends = message.role is Role.COACH and number == len(messages)
        if message.final and not (ends and session.status is SessionStatus.COMPLETED):
            told = "false: only the coach's last message in a completed session is final"
            raise ValidationError(f"{where}.final", told)


# --- how it grows ----------------------------------------------------------------------------


def _grown(setup: Setup, caller: Caller, path: str, session: ScenarioSession, ids: NewIds) -> Grown:
    """Return one session as it is to be written."""
    about = _about(setup, caller, session, ids)
    jobs = _jobs(setup, about, session, ids)
    turns = sum(job.kind is JobKind.REPLY and job.settlement is not None for job in jobs)
    if 0 < session.max_turns < turns:
        raise ValidationError(f"{path}.max_turns", f"at least {turns}: so many were taken")
    grown = Session(
        about=about,
        status=session.status,
        turns=turns,
        messages=len(session.messages),
        last_activity_at=session.last_activity_at,
        updated_at=_updated_at(session),
        in_flight=None,
        ledger=Ledger(
            coach_messages=sum(message.role is Role.COACH for message in session.messages),
            completion_pending=session.completion_pending,
            ending=session.ending,
            settled_job=jobs[-1].id if jobs else None,
        ),
    )
    background = Background(
        tenant=about.tenant,
        user=about.user,
        session=about.id,
        context=session.context,
        summary=session.summary,
        summarized=session.summarized,
    )
    return Grown(
        grown,
        (
            insert(SESSION_RECORD, grown, path),
            insert(BACKGROUND, background, f"{path}.summary"),
        ),
        tuple(_turn(path, job, session, ids) for job in jobs),
    )


def _about(setup: Setup, caller: Caller, session: ScenarioSession, ids: NewIds) -> About:
    """Return what never changes of a session; it is there until its scenario is deleted."""
    topic = setup.topics.get(session.topic)
    return About(
        id=ids.sessions[session.id],
        tenant=caller.tenant,
        user=caller.user,
        topic=session.topic,
        topic_revision=session.topic_revision,
        started_at=session.started_at,
        max_turns=session.max_turns,
        idle_timeout=session.idle_timeout,
        expires_after=None,
        keep_ended=None,
        exclusive=topic is not None and topic.exclusive,
        scenario=caller.scenario,
        locale=session.locale,
    )


def _updated_at(session: ScenarioSession) -> datetime:
    """Return when a session last changed."""
    if session.ending is None:
        return session.last_activity_at
    return max(session.last_activity_at, session.ending.at)


@frozen
class _Origin:
    """Why a job was accepted: where its first message stands, and where its reply does, if any."""

    kind: JobKind
    number: int
    reply: int | None


def _origins(session: ScenarioSession) -> list[_Origin]:
    """Return what made the messages, in the order of their beginnings.

    Where the coach speaks without being asked, it greets the first time that it says anything, and
    welcomes back later.
    """
    messages = list(enumerate(session.messages, FIRST))
    replies = {message.answers: number for number, message in messages if message.answers}
    said = [number for number, message in messages if message.role is Role.COACH]
    origins: list[_Origin] = []
    for number, message in messages:
        if message.role is Role.USER:
            origins.append(_Origin(JobKind.REPLY, number, replies.get(number)))
        elif message.answers is None:
            kind = JobKind.GREETING if number == said[0] else JobKind.WELCOME_BACK
            origins.append(_Origin(kind, number, number))
    return origins


def _jobs(setup: Setup, about: About, session: ScenarioSession, ids: NewIds) -> list[Job]:
    """Return the jobs that made the messages, each settled, in the order of their beginnings."""
    jobs: list[Job] = []
    turns = 0
    for origin in _origins(session):
        turns += origin.kind is JobKind.REPLY and origin.reply is not None
        at = session.messages[origin.number - FIRST].at
        id_ = ids.new(f"job {session.id}.{origin.number}", at)
        job = Job(
            id=id_,
            tenant=about.tenant,
            user=about.user,
            session=about.id,
            kind=origin.kind,
            key=f"planted-{id_}",
            created_at=at,
            updated_at=at,
            expires_at=later(at, setup.settings.job_life),
            attempts=1,
            claimed_at=at,
            message=origin.number if origin.kind is JobKind.REPLY else None,
            follows=jobs[-1].id if jobs else None,
            scenario=about.scenario,
        )
        jobs.append(_settled(job, session, origin.reply, turns))
    return jobs


def _settled(job: Job, session: ScenarioSession, reply: int | None, turns: int) -> Job:
    """Return *job* with its outcome: the reply, or that there is none."""
    if reply is None:
        return evolve(job, status=JobStatus.FAILED, error=UNANSWERED)
    said = session.messages[reply - FIRST]
    settlement = Settlement(reply=reply, final=said.final, turns=turns, messages=reply)
    return evolve(job, status=JobStatus.COMPLETED, updated_at=said.at, settlement=settlement)


def _turn(path: str, job: Job, session: ScenarioSession, ids: NewIds) -> tuple[Insert, ...]:
    """Return what inserts a job with its receipt and its messages."""
    receipt = Receipt(
        tenant=job.tenant,
        user=job.user,
        key=job.key,
        command=_COMMANDS[job.kind],
        fingerprint=hashlib.sha256(job.key.encode()).hexdigest(),
        session=job.session,
        job=job.id,
        at=job.created_at,
    )
    reply = None if job.settlement is None else job.settlement.reply
    return (
        JOB_RECORD.insert(job),
        RECEIPT.insert(receipt),
        *(
            insert(
                MESSAGE,
                _message(job, number, session.messages[number - FIRST], ids),
                f"{path}.messages[{number - FIRST}]",
            )
            for number in (job.message, reply)
            if number is not None
        ),
    )


def _message(job: Job, number: int, message: ScenarioMessage, ids: NewIds) -> Message:
    """Return a message of a job."""
    return Message(
        tenant=job.tenant,
        user=job.user,
        session=job.session,
        sequence=number,
        role=message.role,
        text=message.text,
        at=message.at,
        job=job.id,
        scenario=job.scenario,
        locale=message.locale,
        attachments=message.attachments,
        supersedes=message.supersedes,
        components=tuple(renamed_component(shown, ids) for shown in message.components),
    )


def renamed_component(component: Component, ids: NewIds) -> Component:
    """Return a component that refers to the new sessions."""
    return Component(
        kind=component.kind,
        data=ids.renamed_object(component.data),
        buttons=tuple(
            Button(
                label=button.label,
                action=button.action,
                parameters=ids.renamed_object(button.parameters),
            )
            for button in component.buttons
        ),
    )
