"""The states of programs of a scenario as records: checked and made before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from coachwork.actions import Action, ActionStatus, Audit, Component, Sender
from coachwork.errors import CorruptRecordError, ValidationError
from coachwork.ids import checked_id
from coachwork.messages import FIRST, Role
from coachwork.plain import to_json
from coachwork.programs import (
    MAX_PHASE,
    Program,
    Progress,
    Scope,
    begun,
    carried_again,
    read_state,
    rebuild,
)
from coachwork.records import AUDIT, PROGRESS, Insert
from coachwork.replies import MAX_REPLY_BYTES
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
    known: set[tuple[str, str | None]] = set()
    for place, told in enumerate(scenario.programs):
        path = f"programs[{place}]"
        if told.program not in declared:
            raise ValidationError(f"{path}.program", "the program of a declared topic")
        if (told.program, told.session) in known:
            raise ValidationError(f"{path}.program", "one state of a program, or one per session")
        known.add((told.program, told.session))
        _check(path, declared[told.program], told, sessions)
        if told.updated_at > scenario.at:
            raise ValidationError(f"{path}.updated_at", "an instant not after the document's")
        for audit in told.audits:
            ids.session(audit.session, audit.at)  # of one that is gone: it gets a new id, too
    _check_shown(scenario)
    return [
        _grown(f"programs[{place}]", declared[told.program], caller, told, ids)
        for place, told in enumerate(scenario.programs)
    ]


def _check_shown(scenario: Scenario) -> None:
    """Refuse messages that do not show what the coach's actions at them gave, and nothing else."""
    shown: dict[tuple[str, int], tuple[Component, ...]] = {}
    for place, told in enumerate(scenario.programs):
        for number, audit in enumerate(told.audits):
            if audit.sender is not Sender.COACH or audit.message is None:
                continue
            key = (audit.session, audit.message)
            if key in shown:
                where = f"programs[{place}].audits[{number}].message"
                raise ValidationError(
                    where, "the number of a message without actions of the coach's so far"
                )
            shown[key] = tuple(action.component for action in audit.actions if action.component)
    for place, session in enumerate(scenario.sessions):
        for number, message in enumerate(session.messages, FIRST):
            if message.components != shown.get((session.id, number), ()):
                where = f"sessions[{place}].messages[{number - FIRST}].components"
                raise ValidationError(where, "those of the coach's actions at the message")


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
    if not 0 <= audit.excess <= MAX_REPLY_BYTES:
        raise ValidationError(f"{path}.excess", f"a whole number from 0 to {MAX_REPLY_BYTES}")
    if not 0 < len(audit.phase) <= MAX_PHASE:
        raise ValidationError(f"{path}.phase", f"1 to {MAX_PHASE} characters")
    if (audit.message is None) is not (audit.sender is Sender.AGENT):
        raise ValidationError(f"{path}.message", "null where an agent is the sender, else a number")
    number = FIRST if audit.message is None else audit.message
    if number < FIRST:
        raise ValidationError(f"{path}.message", f"a whole number from {FIRST}")
    if audit.answers is not None and (
        audit.sender is not Sender.COACH or not FIRST <= audit.answers < number
    ):
        told = "the number of an earlier message; null where the coach is not the sender"
        raise ValidationError(f"{path}.answers", told)
    for place, action in enumerate(audit.actions, FIRST):
        _check_action(f"{path}.actions[{place - FIRST}]", action, f"{audit.id}.{place}")
    if session is not None:
        _check_place(path, audit, session)


def _check_action(path: str, action: Action, id_: str) -> None:
    """Refuse an action of another id, and one that is neither applied nor refused as a whole."""
    if action.id != id_:
        raise ValidationError(f"{path}.id", "that of its audit, and its place there")
    refused = action.status is ActionStatus.REFUSED
    if refused is not (action.code is not None):
        raise ValidationError(f"{path}.code", "why it was refused; null where it was applied")
    if refused and action.component is not None:
        raise ValidationError(f"{path}.component", "null: it was refused")


def _check_place(path: str, audit: ScenarioAudit, session: ScenarioSession) -> None:
    """Refuse an audit that does not fit its session and the message there."""
    if audit.topic != session.topic:
        raise ValidationError(f"{path}.topic", "the topic of its session")
    if audit.message is None:
        return
    said = dict(enumerate(session.messages, FIRST)).get(audit.message)
    if said is None or said.role is not Role.COACH:
        raise ValidationError(f"{path}.message", "the number of a message of the coach's")
    if audit.sender is Sender.COACH and audit.answers != said.answers:
        raise ValidationError(f"{path}.answers", "what its message answers")


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
    if _is_todays(program, progress, audits):
        same = NewIds("", {name: name for name in ids.sessions})
        _check_answers(
            path,
            program,
            begun(program, told.begun, told.begun_at),
            [
                _audit(caller, program, told.session, number, audit, same)
                for number, audit in enumerate(told.audits, FIRST)
            ],
        )
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


def _check_answers(
    path: str, program: Program[Any], state: object, audits: Sequence[Audit]
) -> None:
    """Refuse what actions did not answer, and phases that they do not lead to.

    Args:
        path: Where the state stands.
        program: The program, of the version that judged all of them.
        state: What it began with.
        audits: All that was done, under the ids of the document: a summary may quote one.
    """
    for place, audit in enumerate(audits):
        where = f"{path}.audits[{place}]"
        try:
            again = carried_again(program, state, audit)
        except CorruptRecordError:
            raise ValidationError(f"{where}.actions", "what can be applied again") from None
        state = again.state
        for number, (told, action) in enumerate(zip(audit.actions, again.actions, strict=True)):
            for name in ("summary", "component"):
                if to_json(getattr(told, name)) != to_json(getattr(action, name)):
                    field = f"{where}.actions[{number}].{name}"
                    raise ValidationError(field, "what the action answers")
        if str(program.phase(state)) != audit.phase:
            raise ValidationError(f"{where}.phase", "the phase that its actions lead to")


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
    if not _is_todays(program, progress, audits):
        return
    try:
        rebuilt = rebuild(program, progress, audits)
    except CorruptRecordError:
        raise ValidationError(f"{path}.audits", "actions that can be applied again") from None
    if rebuilt != state:
        raise ValidationError(f"{path}.state", "the state that its actions lead to")


def _is_todays(program: Program[Any], progress: Progress, audits: Iterable[Audit]) -> bool:
    """Whether the program's version of today judged all of them, and wrote the state."""
    versions = {progress.version, *(audit.program_version for audit in audits)}
    return versions == {program.version}
