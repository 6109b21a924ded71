"""One message of a session."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from coachwork.actions import Component

FIRST: Final = 1
"""The sequence number of a session's first message."""


class Role(StrEnum):
    """Who said it. Instructions to the model are prompts, never messages."""

    USER = "user"
    COACH = "coach"


@frozen(kw_only=True)
class Message:
    """Something that was said; it never changes (brief, section 10, invariant 3).

    Attributes:
        tenant: The session's tenant.
        user: The session's user, whoever of the two said it.
        session: The id of the session.
        sequence: Its place in the session, from 1 on, without gaps.
        role: Who said it.
        text: What was said.
        at: When it was accepted (UTC).
        job: The id of the job that it began or that it answers.
        scenario: The test scenario it belongs to, if any.
        locale: Reserved: the language it is in (BCP 47).
        attachments: Reserved: references to what came with it, never the things themselves.
        supersedes: Reserved: the sequence number of the message that it replaces.
        components: What a front end is to show beside it.
    """

    tenant: str
    user: str
    session: str
    sequence: int
    role: Role
    text: str = field(repr=False)
    at: datetime
    job: str
    scenario: str | None = None
    locale: str | None = None
    attachments: tuple[str, ...] = ()
    supersedes: int | None = None
    components: tuple[Component, ...] = ()

    @property
    def id(self) -> str:
        """The message's id: its session and its place there."""
        return f"{self.session}.{self.sequence}"
