"""Where a user stands in a program, and what was done there: questions that change nothing."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from attrs import evolve, frozen

from coachwork.actions import MAX_ACTION_TYPE, ActionStatus, Audit, Sender
from coachwork.effects import Get, Workflow
from coachwork.errors import ValidationError
from coachwork.ids import checked_id
from coachwork.ports import Query
from coachwork.programs import Program, Scope, read_state
from coachwork.records import AUDIT, Key, progress_of
from coachwork.workflows._answers import ActionList, ActionView, ProgramView, action_views
from coachwork.workflows._audit_log import AuditLog
from coachwork.workflows._program import load_underway
from coachwork.workflows._reading import MAX_LIMIT, checked_instant, checked_number
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import load, load_session

S = TypeVar("S")

MOST_AUDITS: Final = 4000
"""How many audits are looked at for one page of actions."""


def program_state(
    setup: Setup, caller: Caller, program: Program[S], session_id: str | None = None
) -> Workflow[ProgramView[S]]:
    """Return where the caller stands in *program*; before the first action, where it begins.

    Args:
        setup: The application's declarations.
        caller: Who asks.
        program: The program.
        session_id: The session, where each has a state of its own; else None.

    Raises:
        ValidationError: It is no declared program, or a session is missing or too much.
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        StoreError: The repository failed.
    """
    _check_declared(setup, program)
    wants = program.scope is Scope.SESSION
    if wants is not (session_id is not None):
        told = "the session whose state is meant" if wants else "none: a user has one state"
        raise ValidationError("session_id", told)
    if session_id is not None:
        checked_id(session_id, "session_id")
        yield from load_session(setup, caller, session_id)
    underway = yield from load_underway(
        program, caller.tenant, caller.user, session_id, caller.scenario
    )
    progress = underway.progress
    # Made anew: whoever asks may change what is in it, and nobody else must see that.
    own = evolve(progress, state=deepcopy(progress.state))
    state = underway.state if underway.version is None else read_state(program, own)
    return ProgramView(
        program=program.id,
        phase=str(program.phase(state)),
        is_finished=program.is_finished(state),
        state=state,
        allowed=tuple(action.name for action in program.allowed(state, Sender.USER)),
        audits=progress.audits,
        updated_at=None if underway.version is None else progress.updated_at,
    )


def actions(  # noqa: PLR0913 - one keyword for each filter
    setup: Setup,
    caller: Caller,
    program: Program[Any] | None = None,
    *,
    session: str | None = None,
    message: int | None = None,
    type: str | None = None,  # noqa: A002 - it is what an action's type is called
    status: str | None = None,
    sender: str | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    newest_first: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Workflow[ActionList]:
    """Return one page of what was done for the caller in programs, in the order of its doing.

    Each state that was worked on costs a question to the repository, and so does each page of it.
    A caller with a test scenario sees that scenario's actions, any other one those without.

    Args:
        setup: The application's declarations.
        caller: Who asks.
        program: Only actions in this program; None for all, those no longer declared among them.
        session: Only actions of this session.
        message: Only actions that the message of this number in *session* triggered.
        type: Only actions of this type.
        status: Only ``applied`` or only ``refused`` ones.
        sender: Only actions of the ``coach``, of the ``user`` or of an ``agent``.
        since: Only actions then (UTC) or later.
        before: Only earlier ones (UTC).
        newest_first: The latest first.
        after: The ``next`` of the page before.
        limit: After so many actions (at most 200) the page ends. The actions of one reply are not
            torn apart, so it may hold some more; and it may hold fewer before the end.

    Raises:
        ValidationError: A filter is not what it should be.
        StoreError: The repository failed.
    """
    if program is not None:
        _check_declared(setup, program)
    checked_number(limit, "limit", 1, MAX_LIMIT)
    if message is not None:
        checked_number(message, "message", 1, 10**12 - 1)
    for name, instant in (("since", since), ("before", before)):
        checked_instant(name, instant)
    if session is not None:
        checked_id(session, "session")
    if type is not None:
        checked_id(type, "type", most=MAX_ACTION_TYPE)
    if message is not None and session is None:
        raise ValidationError("session", "the session of the message")
    wanted = _Wanted(
        program=None if program is None else program.id,
        scenario=caller.scenario,
        message=message,
        type=type,
        status=_choice(ActionStatus, status, "status"),
    )
    whose = _choice(Sender, sender, "sender")
    query = Query(
        kind=AUDIT.name,
        tenant=caller.tenant,
        owner=caller.user,
        session=session,
        scenario=caller.scenario,
        status=() if whose is None else (whose.value,),
        since=since,
        before=before,
        newest_first=newest_first,
    )
    begin = None if after is None else (yield from _audit_at(caller, after))
    return (yield from _page(wanted, AuditLog(query, wanted.is_of, begin), limit))


@frozen(kw_only=True)
class _Wanted:
    """Which actions are asked for, as far as no view knows it."""

    program: str | None
    scenario: str | None
    message: int | None
    type: str | None
    status: ActionStatus | None

    def is_of(self, audit: Audit) -> bool:
        """Whether the state that *audit* changed is one of those that are asked for."""
        return audit.scenario == self.scenario and self.program in {None, audit.program}

    def found(self, audit: Audit) -> list[ActionView]:
        """Return the actions of *audit* that are asked for."""
        if self.message not in {None, audit.message}:
            return []
        return [
            action
            for action in action_views(audit)
            if self.type in {None, action.type} and self.status in {None, action.status}
        ]


def _page(wanted: _Wanted, log: AuditLog, limit: int) -> Workflow[ActionList]:
    """Return the actions of *log* that are asked for, until there are enough."""
    found: list[ActionView] = []
    there: dict[Key, bool] = {}
    looked = 0
    while (audit := (yield from log.next())) is not None:
        looked += 1
        told = wanted.found(audit)
        if told and (yield from _is_counted(audit, there)):
            found += told
        if len(found) >= limit or looked == MOST_AUDITS:
            return ActionList(tuple(found), AUDIT.key(audit).text)
    return ActionList(tuple(found), None)


def _is_counted(audit: Audit, there: dict[Key, bool]) -> Workflow[bool]:
    """Whether the state of *audit* is there: that of a half planted scenario is still to come.

    Args:
        audit: The audit.
        there: What is known of other states; this one is put there, too.
    """
    key = progress_of(audit)
    if key not in there:
        there[key] = (yield from Get(key)) is not None
    return there[key]


def _audit_at(caller: Caller, after: str) -> Workflow[Audit]:
    """Return the audit at which the page before ended.

    Raises:
        ValidationError: It is none of the caller's.
    """
    try:
        key = Key.parse(after)
    except (ValueError, LookupError):
        key = None
    stored = None
    if key is not None and key.kind == AUDIT.name and key.tenant == caller.tenant:
        stored = yield from load(AUDIT, key)
    if stored is None or stored.value.user != caller.user:
        raise ValidationError("after", "the next of an earlier page")
    return stored.value


C = TypeVar("C", bound=StrEnum)


def _choice(of: type[C], value: str | None, field: str) -> C | None:
    """Return *value* as a member of an enum, or None.

    Raises:
        ValidationError: It is none of its values.
    """
    try:
        return None if value is None else of(value)
    except ValueError:
        raise ValidationError(field, f"one of {', '.join(of)}") from None


def _check_declared(setup: Setup, program: object) -> None:
    """Make sure that *program* is the program of a declared topic.

    Raises:
        ValidationError: It is not.
    """
    if all(topic.program is not program for topic in setup.topics.values()) or program is None:
        raise ValidationError("program", "the program of a declared topic")
