"""A click: the user does something beside talking, and no model is asked (brief, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from coachwork.actions import MAX_ACTION_TYPE, ActionStatus, Audit, Sender
from coachwork.effects import Workflow
from coachwork.errors import (
    ActionRefusedError,
    CorruptRecordError,
    SessionNotActiveError,
    ValidationError,
)
from coachwork.ids import checked_id
from coachwork.messages import Role
from coachwork.plain import JSON, checked_plain
from coachwork.programs import Program
from coachwork.records import ACCOUNT, AUDIT, RECEIPT, SESSION_RECORD, Key, Op
from coachwork.sessions import SESSION, Receipt, Session, SessionEvent, SessionStatus
from coachwork.topics import Topic
from coachwork.workflows._answers import Acted, T, action_views, session_view
from coachwork.workflows._jobs import (
    Call,
    admitted,
    check_topic,
    keyed,
    new_call,
    not_active,
    open_account,
    read_receipt,
)
from coachwork.workflows._program import carried_out, load_of_session
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load, load_message, load_session

MAX_PARAMETERS: Final = 16 * 1024
"""The most characters that the parameters of a click may have as ASCII-escaped JSON text."""

_A_MESSAGE: Final = "the number of a message of the coach's in the session"


def act(
    setup: Setup,
    caller: Caller,
    topic: Topic[T],
    session_id: str,
    action: str,
    parameters: Mapping[str, JSON] | None = None,
    *,
    message: int,
    key: str | None = None,
) -> Workflow[Acted[T]]:
    """Carry out an action of the user's on the program of the session's topic.

    A job in flight is no obstacle: its reply will find the new state. The click is an activity. One
    that is refused is recorded as such, and the same call with the same key is refused again.

    Asks: the session, the account, the receipt, the message, admission, the program's state, one
    commit.

    Args:
        setup: The application's declarations.
        caller: Who clicks.
        topic: The session's topic.
        session_id: The session.
        action: The type of the action.
        parameters: Its parameters as plain data.
        message: The sequence number of the message that held the button, one of the coach's.
        key: The idempotency key; a new one if it is left out.

    Raises:
        ValidationError: Something is not what it should be, or the topic has no program.
        TopicNotFoundError: The application declares no such topic.
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        IdempotencyKeyReusedError: The key was used for another request.
        SessionNotActiveError: It is paused or ended.
        ActionRefusedError: The action was refused; it says why.
        StoreError: The repository failed.
    """
    declared = setup.declared(topic)
    if declared.program is None:
        raise ValidationError("topic", "one with a program")
    checked_id(session_id, "session_id")
    click = _Click(
        _checked_type(action),
        checked_plain(parameters, "parameters", most=MAX_PARAMETERS),
        _checked_place(message),
    )
    call = yield from new_call(
        caller, "act", key, session_id, click.type, click.parameters, click.message
    )
    return (yield from keyed(call, _act(setup, topic, declared.program, call, session_id, click)))


@frozen
class _Click:
    """What was clicked: an action, and the message that held the button."""

    type: str
    parameters: dict[str, JSON]
    message: int


def _act(
    setup: Setup,
    topic: Topic[T],
    program: Program[Any],
    call: Call,
    session_id: str,
    click: _Click,
) -> Workflow[Acted[T]]:
    """Carry it out, or find that it was done before."""
    caller = call.caller
    tries = Tries(setup)
    asked = False
    while True:
        tries.another()
        session, now = yield from load_session(setup, caller, session_id)
        check_topic(session.value, topic)
        account = yield from open_account(caller)
        receipt = yield from read_receipt(call)
        if receipt is not None:
            audit = yield from _audit_of(receipt)
            return _acted(topic, session.value, audit, call, now)
        _check_open(session.value, click, now)
        if not asked:
            asked = True
            yield from _check_button(session.value, click)
            yield from admitted(call, topic.id, session_id)
        underway = yield from load_of_session(program, session.value.about)
        written = yield from carried_out(
            underway,
            session.value.about,
            [{"type": click.type, "parameters": click.parameters}],
            Sender.USER,
            click.message,
            now,
        )
        after = SESSION.move(session.value, SessionEvent.ACT, now, None).value
        audit = written.audit
        ops: list[Op] = [
            SESSION_RECORD.update(session, after),
            *written.ops,
            RECEIPT.insert(call.receipt(session_id, None, now, audit=AUDIT.key(audit).text)),
            ACCOUNT.check(account),
        ]
        if (yield from tries.commit(ops)):
            return _acted(topic, after, audit, call, now)


def _audit_of(receipt: Receipt) -> Workflow[Audit]:
    """Return what an earlier call under the same key left.

    Raises:
        CorruptRecordError: It is missing.
    """
    key = receipt.audit
    stored = None if key is None else (yield from load(AUDIT, Key.parse(key)))
    if stored is None:
        raise CorruptRecordError("audit", "id", "is missing although a receipt refers to it")
    return stored.value


def _acted(topic: Topic[T], session: Session, audit: Audit, call: Call, now: datetime) -> Acted[T]:
    """Return the answer to a click.

    Raises:
        ActionRefusedError: It was refused.
    """
    (view,) = action_views(audit)
    if view.status is ActionStatus.REFUSED:
        error = ActionRefusedError(view.type, view.summary, str(view.code))
        raise error.about(session=session.about.id)
    return Acted(
        session=session_view(session, topic, now), action=view, phase=audit.phase, key=call.key
    )


def _check_open(session: Session, click: _Click, now: datetime) -> None:
    """Make sure that the session takes clicks, and has the message.

    Raises:
        SessionNotActiveError: It is paused or ended.
        ValidationError: It has no such message.
    """
    if session.status is not SessionStatus.ACTIVE:
        refusal: SessionNotActiveError = not_active(session, "act in", now)
        raise refusal
    if click.message > session.messages:
        raise ValidationError("message", _A_MESSAGE)


def _check_button(session: Session, click: _Click) -> Workflow[None]:
    """Make sure that it was the coach who said what held the button.

    Raises:
        ValidationError: It was the user.
        SessionNotFoundError: The session is being swept away just now.
        CorruptRecordError: The message is missing.
    """
    message = yield from load_message(session, click.message)
    if message.role is not Role.COACH:
        raise ValidationError("message", _A_MESSAGE)


def _checked_type(value: object) -> str:
    """Return *value* if it can be the type of an action.

    Raises:
        ValidationError: It cannot.
    """
    return checked_id(value, "action", most=MAX_ACTION_TYPE)


def _checked_place(value: object) -> int:
    """Return *value* if it can be the sequence number of a message.

    Raises:
        ValidationError: It cannot.
    """
    if type(value) is not int or value < 1:
        raise ValidationError("message", _A_MESSAGE)
    return value
