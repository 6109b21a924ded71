"""The terminal event of a job (brief, section 5).

Every job has exactly one, whoever settled it. It is told at least once: who receives events drops
those whose ``id`` it has seen. Events of one session come in order.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from coachwork.jobs import ErrorCode, JobKind
from coachwork.plain import JSON, to_json


class EventType(StrEnum):
    """The two ways in which a job ends."""

    COMPLETED = "ai.message.completed"
    FAILED = "ai.message.failed"


@frozen(kw_only=True)
class MessageCompleted:
    """What came of a job that completed.

    Attributes:
        message: What the coach said, or None where the job only extracted the result.
        is_final: Whether it ended the session.
        turn: How many turns the session had had by then.
        max_turns: How many it may have; 0 means unlimited.
        message_count: How many messages it had by then, this one included.
        result: What the session yielded, as plain data, or None.
    """

    message: str | None = field(repr=False)
    is_final: bool
    turn: int
    max_turns: int
    message_count: int
    result: JSON = field(default=None, repr=False)

    def wire(self) -> dict[str, JSON]:
        """Return it as it goes over the wire."""
        return {
            "message": self.message,
            "isFinal": self.is_final,
            "turn": self.turn,
            "maxTurns": self.max_turns,
            "messageCount": self.message_count,
            "result": self.result,
        }


@frozen(kw_only=True)
class MessageFailed:
    """Why a job failed.

    Attributes:
        error: A sentence for the user, without anything that was said.
        error_code: The reason, from the closed list.
    """

    error: str
    error_code: ErrorCode

    def wire(self) -> dict[str, JSON]:
        """Return it as it goes over the wire."""
        return {"error": self.error, "errorCode": self.error_code.value}


@frozen(kw_only=True)
class Event:
    """A job has its outcome.

    Attributes:
        id: Its id; the same each time the event is told.
        kind: What the model was asked for.
        job: The job's id.
        session: The session's id.
        tenant: The session's tenant.
        user: The session's user.
        at: When the job was settled (UTC).
        data: What came of it, or why nothing did.
    """

    id: str
    kind: JobKind
    job: str
    session: str
    tenant: str
    user: str
    at: datetime
    data: MessageCompleted | MessageFailed

    @property
    def type(self) -> EventType:
        """Which of the two it is."""
        completed = isinstance(self.data, MessageCompleted)
        return EventType.COMPLETED if completed else EventType.FAILED

    def wire(self) -> dict[str, JSON]:
        """Return the event as plain data for the wire, in camelCase (see `EVENT_SCHEMAS`).

        Raises:
            ValidationError: The instant has no time zone.
        """
        return {
            "eventId": self.id,
            "eventType": self.type.value,
            "occurredAt": to_json(self.at),
            "kind": self.kind.value,
            "jobId": self.job,
            "sessionId": self.session,
            "tenantId": self.tenant,
            "userId": self.user,
            "data": self.data.wire(),
        }
