"""Taking a test scenario out of a user's data, as one document."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from coachwork.actions import Audit
from coachwork.effects import Now, Workflow
from coachwork.errors import CoachworkError, CorruptRecordError, SessionNotFoundError
from coachwork.jobs import Job
from coachwork.messages import Message, Role
from coachwork.programs import Progress
from coachwork.records import (
    AUDIT,
    BACKGROUND,
    JOB_RECORD,
    PROGRESS,
    SESSION_RECORD,
    Stored,
    audit_key,
    background_key,
    job_key,
)
from coachwork.sessions import Session
from coachwork.workflows._owning import all_of
from coachwork.workflows._scenario import (
    Scenario,
    ScenarioAudit,
    ScenarioMessage,
    ScenarioProgram,
    ScenarioSession,
)
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load, read_tail


def export_scenario(setup: Setup, caller: Caller) -> Workflow[Scenario]:
    """Return what the caller said and did as one document that can be planted for another.

    That of the caller's test scenario; of a caller without one, all that belongs to none. Sessions
    that have expired are left out, as everywhere. A message that is still being answered is in it
    without its answer.

    What is told is of one moment: where something changed while it was read, all is read again.

    Raises:
        CorruptRecordError: Something is damaged.
        UnsupportedSchemaError: Something was written by newer code.
        VersionConflictError: It changed each time.
        StoreError: The repository failed.
    """
    tries = Tries(setup)
    while True:
        tries.another()
        told: Scenario | CoachworkError
        now = yield from Now()
        taken = yield from _taken(caller, now)
        try:
            told = yield from _told(taken, now)
        except (SessionNotFoundError, CorruptRecordError) as fault:
            told = fault  # it may only be that something was deleted meanwhile
        if (yield from _is_unchanged(taken)):
            if isinstance(told, CoachworkError):
                raise told
            return told


@frozen
class _Taken:
    """What a scenario is made of, as it was found first."""

    sessions: list[Stored[Session]]
    programs: list[Stored[Progress]]


def _taken(caller: Caller, now: datetime) -> Workflow[_Taken]:
    """Return the sessions and states of the caller's scenario, or those of none.

    A view tells which there are, and the repository what they are now.
    """
    sessions: list[Stored[Session]] = []
    for found in (yield from all_of(SESSION_RECORD, caller, scenario=caller.scenario)):
        session = yield from load(SESSION_RECORD, SESSION_RECORD.key(found.value))
        if session is None or session.value.about.scenario != caller.scenario:
            continue
        if not session.value.is_expired(now):
            sessions.append(session)
    homes = {None, *(session.value.about.id for session in sessions)}
    programs: list[Stored[Progress]] = []
    for seen in (yield from all_of(PROGRESS, caller, scenario=caller.scenario)):
        progress = yield from load(PROGRESS, PROGRESS.key(seen.value))
        if progress is None or progress.value.scenario != caller.scenario:
            continue
        if progress.value.subject in homes:
            programs.append(progress)
    return _Taken(sessions, programs)


def _is_unchanged(taken: _Taken) -> Workflow[bool]:
    """Whether everything is still stored as it was taken."""
    for session in taken.sessions:
        if (yield from load(SESSION_RECORD, SESSION_RECORD.key(session.value))) != session:
            return False
    for progress in taken.programs:
        if (yield from load(PROGRESS, PROGRESS.key(progress.value))) != progress:
            return False
    return True


def _told(taken: _Taken, now: datetime) -> Workflow[Scenario]:
    """Return the document."""
    sessions: list[ScenarioSession] = []
    for session in taken.sessions:
        told = yield from _session(session.value)
        sessions.append(told)
    programs: list[ScenarioProgram] = []
    for progress in taken.programs:
        state = yield from _program(progress.value)
        programs.append(state)
    sessions.sort(key=lambda told: told.started_at)
    programs.sort(key=lambda told: told.begun_at)
    # Whatever the clock does, nothing that is told is later.
    changed = [session.value.updated_at for session in taken.sessions]
    changed += [progress.value.updated_at for progress in taken.programs]
    return Scenario(at=max([now, *changed]), sessions=tuple(sessions), programs=tuple(programs))


def _session(session: Session) -> Workflow[ScenarioSession]:
    """Return a session with its messages."""
    about, ledger = session.about, session.ledger
    background = yield from load(BACKGROUND, background_key(about.tenant, about.id))
    said = yield from read_tail(session)
    messages: list[ScenarioMessage] = []
    for message in said[: session.messages]:
        told = yield from _message(message)
        messages.append(told)
    return ScenarioSession(
        id=about.id,
        topic=about.topic,
        topic_revision=about.topic_revision,
        status=session.status,
        started_at=about.started_at,
        last_activity_at=session.last_activity_at,
        max_turns=about.max_turns,
        idle_timeout=about.idle_timeout,
        locale=about.locale,
        completion_pending=ledger.completion_pending,
        ending=ledger.ending,
        context={} if background is None else background.value.context,
        summary=None if background is None else background.value.summary,
        summarized=0 if background is None else background.value.summarized,
        messages=tuple(messages),
    )


def _message(message: Message) -> Workflow[ScenarioMessage]:
    """Return a message; the job that made it tells what it answers."""
    job: Stored[Job] | None = None
    if message.role is Role.COACH:
        job = yield from load(JOB_RECORD, job_key(message.tenant, message.job))
    settlement = None if job is None else job.value.settlement
    return ScenarioMessage(
        role=message.role,
        text=message.text,
        at=message.at,
        answers=None if job is None else job.value.message,
        final=settlement is not None and settlement.final,
        components=message.components,
        locale=message.locale,
        attachments=message.attachments,
        supersedes=message.supersedes,
    )


def _program(progress: Progress) -> Workflow[ScenarioProgram]:
    """Return a state with all that led to it.

    Raises:
        CorruptRecordError: An audit is missing.
    """
    audits = yield from read_audits(progress)
    return ScenarioProgram(
        program=progress.program,
        version=progress.version,
        session=progress.subject,
        phase=progress.phase,
        state=progress.state,
        begun=progress.begun,
        begun_at=progress.begun_at,
        updated_at=progress.updated_at,
        audits=tuple(map(_audit, audits)),
    )


def _audit(audit: Audit) -> ScenarioAudit:
    """Return the actions of one message or click."""
    return ScenarioAudit(
        id=audit.id,
        session=audit.session,
        topic=audit.topic,
        program_version=audit.program_version,
        sender=audit.sender,
        message=audit.message,
        answers=audit.answers,
        at=audit.at,
        actions=audit.actions,
        excess=audit.excess,
        phase=audit.phase,
    )


def read_audits(progress: Progress) -> Workflow[list[Audit]]:
    """Return all audits of a state in order, read by their keys: no view that may lag is asked.

    Raises:
        CorruptRecordError: One is missing.
    """
    key = PROGRESS.key(progress)
    audits: list[Audit] = []
    for number in range(1, progress.audits + 1):
        audit = yield from load(AUDIT, audit_key(key, number))
        if audit is None:
            raise CorruptRecordError("audit", "number", "one is missing although the state counts")
        audits.append(audit.value)
    return audits
