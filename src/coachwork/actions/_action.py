"""The action, applied or refused, and the audit: all actions of one turn, click or agent.

An audit is one record, written in the very commit that changes what the actions changed, so the
log of actions and the state can never disagree (brief, section 10, invariant 11).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from coachwork.actions._component import Component
from coachwork.plain import JSON

MAX_ACTION_TYPE: Final = 64
"""The most characters of an action's type."""


class Sender(StrEnum):
    """Whose action it is."""

    COACH = "coach"
    USER = "user"
    AGENT = "agent"


class ActionStatus(StrEnum):
    """What became of an action."""

    APPLIED = "applied"
    REFUSED = "refused"


class RefusalCode(StrEnum):
    """Why an action was refused: a closed list."""

    UNKNOWN_ACTION = "UNKNOWN_ACTION"
    BAD_PARAMETERS = "BAD_PARAMETERS"
    DUPLICATE = "DUPLICATE"
    WRONG_SENDER = "WRONG_SENDER"
    WRONG_PHASE = "WRONG_PHASE"
    NOT_POSSIBLE = "NOT_POSSIBLE"
    TOO_LARGE = "TOO_LARGE"
    PROGRAM_ERROR = "PROGRAM_ERROR"


@frozen(kw_only=True)
class Action:
    """One action and what became of it; it never changes.

    Attributes:
        id: Its id: that of its audit and its place there.
        type: Its type as it came, at most `MAX_ACTION_TYPE` characters of it.
        parameters: Its parameters as they came, as plain data.
        status: Whether it was applied.
        code: Why not, or None.
        summary: What was done, or why not, in plain words.
        component: What there is to show, or None.
    """

    id: str
    type: str
    parameters: JSON = field(repr=False)
    status: ActionStatus
    code: RefusalCode | None = None
    summary: str = field(repr=False)
    component: Component | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Audit:
    """All actions that one message of the coach, one click, or word of one agent, brought.

    Attributes:
        id: Its id; ids of actions, and of what they made, begin with it.
        tenant: The session's tenant.
        user: The session's user.
        session: The id of the session in which it happened.
        topic: The session's topic.
        program: The id of the program.
        program_version: The version of the program that judged.
        subject: Whose state it changed: a session's id where the program keeps one state per
            session, else None.
        number: Which audit of that state it is, from 1 on, without gaps.
        sender: Whose actions they are.
        message: The sequence number of the message that triggered them: the coach's, or the one
            that held the button; None for those of agents, which no message triggers.
        answers: The sequence number of the user's message that the coach's one answers, or None.
        at: When (UTC).
        actions: The actions in the order in which they were judged.
        excess: How many more there were, all refused unread.
        phase: The phase of the program afterwards.
        scenario: The test scenario it belongs to, if any.
    """

    id: str
    tenant: str
    user: str
    session: str
    topic: str
    program: str
    program_version: int
    subject: str | None
    number: int
    sender: Sender
    message: int | None
    answers: int | None = None
    at: datetime
    actions: tuple[Action, ...]
    excess: int = 0
    phase: str
    scenario: str | None = None

    @property
    def source(self) -> str | None:
        """The id of the message that led to the actions; None where the coach spoke first, or none.

        It is the user's message that the coach's answers, or the message that held the button.
        """
        sequence = self.message if self.sender is Sender.USER else self.answers
        return None if sequence is None else f"{self.session}.{sequence}"
