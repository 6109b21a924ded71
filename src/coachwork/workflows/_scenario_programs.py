"""The states of programs of a scenario as records: checked and made before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from coachwork.actions import Action, Audit, Sender
from coachwork.errors import CorruptRecordError, ValidationError
from coachwork.ids import checked_id
from coachwork.messages import FIRST, Role
from coachwork.programs import MAX_PHASE, Program, Progress, Scope, read_state, rebuild
from coachwork.records import AUDIT, PROGRESS, Insert
from coachwork.workflows._scenario import (
    Scenario,
    ScenarioAudit,
    ScenarioProgram,
    ScenarioSession,
)
from coachwork.workflows._scenario_ids import NewIds
from coachwork.workflows._scenario_sessions import insert, renamed_component
from coachwork.workflows._setup import Caller, Setup


@frozen
class GrownState:
    """A state as it is to be written.

    Attributes:
        path: Where it stands in the document.
        progress: The state.
        opening: What inserts it.
        audits: What inserts all that led to it, in order.
    """

    path: str
    progress: Progress
    opening: Insert
    audits: tuple[Insert, ...]


def grown_states(setup: Setup, caller: Caller, scenario: Scenario, ids: NewIds) -> list[GrownState]:
    """Return the states of a scenario as they are to be written; its sessions have new ids already.

    Raises:
        ValidationError: One of them could never have come to be, or not here; the field is the
            path of what is wrong.
    """
    declared = {
        topic.program.id: topic.program
        for topic in setup.topics.values()
        if topic.program is not None
    }
    sessions = {session.id: session for session in scenario.sessions}
    for told in scenario.programs:
        for audit in told.audits:
            ids.session(audit.session, audit.at)  # of one that is gone: it gets a new id, too
    known: set[tuple[str, str | None]] = set()
    grown: list[GrownState] = []
    for place, told in enumerate(scenario.programs):
        path = f"programs[{place}]"
        program = declared.get(told.program)
        if program is None:
            raise ValidationError(f"{path}.program", "the program of a declared topic")
        if (told.program, told.session) in known:
            raise ValidationError(f"{path}.program", "one state of a program, or one per session")
        known.add((told.program, told.session))
        _check(path, program, told, sessions)
        grown.append(_grown(path, program, caller, told, ids))
    return grown


def _check(
    path: str,
    program: Program[Any],
    told: ScenarioProgram,
    sessions: Mapping[str, ScenarioSession],
) -> None:
    """Refuse a state whose parts do not fit each other."""
    if not 1 <= told.version <= program.version:
        raise ValidationError(f"{path}.version", f"a whole number from 1 to {program.version}")
    if program.scope is Scope.USER and told.session is not None:
        raise ValidationError(f"{path}.session", "null: a user has one state")
    if program.scope is Scope.SESSION and told.session not in sessions:
        raise ValidationError(f"{path}.session", "the id of a session of the document")
    checked_id(told.begun, f"{path}.begun")
    if not told.audits:
        raise ValidationError(f"{path}.audits", "at least one: a state begins with an action")
    before = told.begun_at
    for place, audit in enumerate(told.audits):
        where = f"{path}.audits[{place}]"
        if audit.at < before:
            raise ValidationError(f"{where}.at", "an instant not before what stands before it")
        before = audit.at
        _check_audit(where, program, audit, sessions.get(audit.session))
    if told.updated_at != before:
        raise ValidationError(f"{path}.updated_at", "the instant of the last audit")
    if told.phase != told.audits[-1].phase:
        raise ValidationError(f"{path}.phase", "the phase that the last audit tells of")


def _check_audit(
    path: str, program: Program[Any], audit: ScenarioAudit, session: ScenarioSession | None
) -> None:
    """Refuse an audit that is none; of a session that is gone nothing is known."""
    for name in ("id", "session", "topic"):
        checked_id(getattr(audit, name), f"{path}.{name}")
    if not 1 <= audit.program_version <= program.version:
        raise ValidationError(
            f"{path}.program_version", f"a whole number from 1 to {program.version}"
        )
    if audit.excess < 0:
        raise ValidationError(f"{path}.excess", "a whole number from 0")
    if not 0 < len(audit.phase) <= MAX_PHASE:
        raise ValidationError(f"{path}.phase", f"1 to {MAX_PHASE} characters")
    for place, action in enumerate(audit.actions, FIRST):
        if action.id != f"{audit.id}.{place}":
            raise ValidationError(
                f"{path}.actions[{place - FIRST}].id", "that of its audit, and its place there"
            )
    if (audit.message is None) is not (audit.sender is Sender.AGENT):
        raise ValidationError(f"{path}.message", "null where an agent is the sender, else a number")
    if session is not None:
        _check_place(path, audit, session)


def _check_place(path: str, audit: ScenarioAudit, session: ScenarioSession) -> None:
    """Refuse an audit of another topic than its session's, or of a message that is not there."""
    if audit.topic != session.topic:
        raise ValidationError(f"{path}.topic", "the topic of its session")
    roles = dict(enumerate((message.role for message in session.messages), FIRST))
    role = Role.COACH if audit.message is None else roles.get(audit.message)
    if role is not Role.COACH:
        raise ValidationError(f"{path}.message", "the number of a message of the coach's")
    if audit.answers is not None and roles.get(audit.answers) is not Role.USER:
        raise ValidationError(f"{path}.answers", "the number of a message of the user's")


def _grown(
    path: str, program: Program[Any], caller: Caller, told: ScenarioProgram, ids: NewIds
) -> GrownState:
    """Return a state as it is to be written."""
    subject = None if told.session is None else ids.sessions[told.session]
    progress = Progress(
        tenant=caller.tenant,
        user=caller.user,
        program=program.id,
        version=told.version,
        subject=subject,
        phase=told.phase,
        state=ids.renamed_object(told.state),
        audits=len(told.audits),
        begun=told.begun,
        begun_at=told.begun_at,
        updated_at=told.updated_at,
        scenario=caller.scenario,
    )
    audits = [
        _audit(caller, program, subject, number, audit, ids)
        for number, audit in enumerate(told.audits, FIRST)
    ]
    _check_state(path, program, progress, audits)
    return GrownState(
        path,
        progress,
        insert(PROGRESS, progress, f"{path}.state"),
        tuple(
            insert(AUDIT, audit, f"{path}.audits[{place}]") for place, audit in enumerate(audits)
        ),
    )


def _audit(
    caller: Caller,
    program: Program[Any],
    subject: str | None,
    number: int,
    audit: ScenarioAudit,
    ids: NewIds,
) -> Audit:
    """Return an audit that refers to the new sessions."""
    return Audit(
        id=audit.id,
        tenant=caller.tenant,
        user=caller.user,
        session=ids.sessions[audit.session],
        topic=audit.topic,
        program=program.id,
        program_version=audit.program_version,
        subject=subject,
        number=number,
        sender=audit.sender,
        message=audit.message,
        answers=audit.answers,
        at=audit.at,
        actions=tuple(_action(action, ids) for action in audit.actions),
        excess=audit.excess,
        phase=audit.phase,
        scenario=caller.scenario,
    )


def _action(action: Action, ids: NewIds) -> Action:
    """Return an action that refers to the new sessions."""
    shown = None if action.component is None else renamed_component(action.component, ids)
    return evolve(action, parameters=ids.renamed(action.parameters), component=shown)


def _check_state(path: str, program: Program[Any], progress: Progress, audits: list[Audit]) -> None:
    """Refuse a state that cannot be read, or is not what its actions lead to.

    The second can be told only where the program's version of today judged all of them.
    """
    try:
        state = read_state(program, progress)
    except CorruptRecordError as fault:
        raise ValidationError(f"{path}.{fault.field}", "what the program can read") from None
    if str(program.phase(state)) != progress.phase:
        raise ValidationError(f"{path}.phase", "the phase of the state")
    if {progress.version, *(audit.program_version for audit in audits)} != {program.version}:
        return
    try:
        rebuilt = rebuild(program, progress, audits)
    except CorruptRecordError:
        raise ValidationError(f"{path}.audits", "actions that can be applied again") from None
    if rebuilt != state:
        raise ValidationError(f"{path}.state", "the state that its actions lead to")
