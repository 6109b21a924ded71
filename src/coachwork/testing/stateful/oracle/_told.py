"""What the oracle keeps of sessions and jobs, and how it tells of them: plain values and dicts.

Nothing here is the library's own but its declarations (`Topic`, `Usage`): a session is a few lists
and dates, and what a caller is told of it is a dict with the names of the answer's fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen

from coachwork.messages import NO_USAGE, Usage
from coachwork.plain import JSON
from coachwork.topics import Topic

Who: TypeAlias = tuple[str, str]
"""A tenant and a user."""

Told: TypeAlias = dict[str, Any]
"""What a caller is told: the fields of the answer, by name."""

ANYTHING: Final = "\N{BLACK STAR}"
"""What stands for any value that nobody is held to."""


def plus(one: Usage, other: Usage) -> Usage:
    """Return the sum of two costs."""
    return Usage(
        one.tokens_in + other.tokens_in,
        one.tokens_out + other.tokens_out,
        one.tokens_cached + other.tokens_cached,
    )


RETRYABLE: Final = frozenset(
    {
        "EMPTY_REPLY",
        "BAD_REPLY",
        "LENGTH",
        "LLM_TIMEOUT",
        "LLM_ERROR",
        "LEASE_EXPIRED",
        "ATTEMPTS_EXHAUSTED",
    }
)
_PAUSES: Final = {"LLM_TIMEOUT": 0.0}
_USUAL_PAUSE: Final = 10.0
_MILLISECOND: Final = timedelta(milliseconds=1)


@define(eq=False)
class Job:
    """A job as the brief tells of it; `id` is what the coach calls it."""

    session: Session
    kind: str
    key: str | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    message: int | None = None
    retry_of: Job | None = None
    id: str = ""
    status: str = "pending"
    attempts: int = 0
    claimed_at: datetime | None = None
    lease: datetime | None = None
    kept: str | None = None
    kept_actions: Sequence[Mapping[str, JSON]] = ()
    usage: Usage = NO_USAGE
    reply: int | None = None
    is_final: bool = False
    turns: int = 0
    messages: int = 0
    error: str | None = None
    pause: float | None = None
    delivered: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether it has its outcome."""
        return self.status in {"completed", "failed"}

    @property
    def is_completing(self) -> bool:
        """Whether it is about to end its session."""
        return not self.is_settled and (self.kind == "extraction" or self.kept is not None)

    def is_held(self, now: datetime) -> bool:
        """Whether somebody works on it whose lease has not run out."""
        return self.lease is not None and now < self.lease

    def is_overdue(self, now: datetime) -> bool:
        """Whether its time is over; what was paid for is not thrown away."""
        return not self.is_settled and self.kept is None and now >= self.expires_at

    def change(self, status: str, now: datetime, lease: datetime | None = None) -> None:
        """Note what becomes of it."""
        self.status, self.lease = status, lease
        self.updated_at = max(self.updated_at, now)

    @property
    def told(self) -> Told:
        """What the owner of its session is told of it."""
        took = None
        if self.claimed_at is not None and self.is_settled:
            took = round((self.updated_at - self.claimed_at) / _MILLISECOND)
        retryable = self.error in RETRYABLE
        usual = _PAUSES.get(self.error or "", _USUAL_PAUSE)
        return {
            "id": self.id,
            "session": self.session.id,
            "kind": self.kind,
            "status": self.status,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "expires_at": self.expires_at,
            "attempts": self.attempts,
            "waiting_time": None
            if self.claimed_at is None
            else round((self.claimed_at - self.created_at) / _MILLISECOND),
            "processing_time": took,
            "error_code": self.error,
            "retryable": retryable,
            "retry_after": (usual if self.pause is None else self.pause) if retryable else None,
            "retry_of": self.retry_of and self.retry_of.id,
            "usage": self.usage,
        }

    def report(self, estimated: timedelta) -> Told:
        """Return what who polls is told of it."""
        return {
            **self.told,
            "user_message": self.message,
            "estimated_duration": round(estimated / _MILLISECOND),
            "outcome": self.outcome if self.status == "completed" else None,
            "key": self.key,
        }

    @property
    def outcome(self) -> Told:
        """What came of it, once it is completed."""
        session = self.session
        return {
            "message": session.message(self.reply),
            "is_final": self.is_final,
            "turn": self.turns,
            "message_count": self.messages,
            "result": session.result if self.is_final else None,
            "result_error": session.told_error if self.is_final else None,
        }

    @property
    def event(self) -> Told:
        """What others are told of its outcome, as it goes over the wire."""
        data: Told = {"errorCode": self.error}
        if self.error is None:
            reply = None if self.reply is None else self.session.log[self.reply - 1].text
            data = {
                "message": reply,
                "isFinal": self.is_final,
                "turn": self.turns,
                "maxTurns": self.session.topic.max_turns,
                "messageCount": self.messages,
                "result": self.session.result if self.is_final else None,
            }
        return {
            "eventId": f"{self.id}.settled",
            "eventType": f"ai.message.{self.status}",
            "occurredAt": self.updated_at,
            "kind": self.kind,
            "jobId": self.id,
            "sessionId": self.session.id,
            "tenantId": self.session.who[0],
            "userId": self.session.who[1],
            "data": data,
        }


@frozen
class Said:
    """A message: who said it, what, when, the job that it began or answers, and what it shows."""

    role: str
    text: str
    at: datetime
    job: Job
    components: Sequence[Told] = ()


@define(eq=False)
class Session:
    """A session as the brief tells of it; `id` is what the coach calls it."""

    who: Who
    topic: Topic[Any]
    context: Mapping[str, JSON]
    started_at: datetime
    active_at: datetime
    id: str = ""
    status: str = "active"
    reason: str | None = None
    ended_at: datetime | None = None
    turns: int = 0
    log: list[Said] = field(factory=list[Said])
    jobs: list[Job] = field(factory=list[Job])
    in_flight: Job | None = None
    pending: bool = False
    usage: Usage = NO_USAGE
    result: object = None
    no_result: str | None = None
    summary: str | None = None
    summarized: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in {"active", "paused"}

    @property
    def user_messages(self) -> int:
        """How many messages the user has said."""
        return sum(said.role == "user" for said in self.log)

    @property
    def coach_messages(self) -> int:
        """How many messages the coach has said."""
        return len(self.log) - self.user_messages

    def is_of_coach(self, message: int) -> bool:
        """Whether it has a message of that number, which the coach said."""
        return message <= len(self.log) and self.log[message - 1].role == "coach"

    @property
    def newest_of_coach(self) -> int:
        """The number of the coach's newest message; 1 where there is none."""
        return max(filter(self.is_of_coach, range(1, len(self.log) + 1)), default=1)

    @property
    def expires_at(self) -> datetime | None:
        """When nobody may see it any more; one that ended because it had expired stays expired."""
        topic = self.topic
        if self.ended_at is None or self.reason == "expired":
            return None if topic.expires_after is None else self.active_at + topic.expires_after
        return None if topic.keep_ended is None else self.ended_at + topic.keep_ended

    def is_expired(self, now: datetime) -> bool:
        """Whether nobody may see it any more."""
        return self.expires_at is not None and now >= self.expires_at

    def is_idle(self, now: datetime) -> bool:
        """Whether nobody has done anything for long."""
        return now - self.active_at > self.topic.idle_timeout

    def act(self, now: datetime) -> None:
        """Note that somebody did something; the clock may have gone back."""
        self.active_at = max(self.active_at, now)

    def told(self, now: datetime) -> Told:
        """Return what its owner is told of it."""
        return {
            "id": self.id,
            "tenant": self.who[0],
            "user": self.who[1],
            "topic": self.topic.id,
            "status": self.status,
            "is_idle": self.is_live and self.is_idle(now),
            "turns": self.turns,
            "max_turns": self.topic.max_turns,
            "messages": len(self.log),
            "started_at": self.started_at,
            "last_activity_at": self.active_at,
            "expires_at": self.expires_at,
            "job": self.in_flight and self.in_flight.id,
            "completion_pending": self.pending,
            "ended_at": self.ended_at,
            "end_reason": self.reason,
            "result": self.result,
            "result_error": self.told_error,
            "usage": self.usage,
            "scenario": None,
        }

    @property
    def told_error(self) -> Told | None:
        """Why it has no result although its topic wants one."""
        return None if self.no_result is None else {"code": self.no_result}

    def message(self, number: int | None) -> Told | None:
        """Return what its owner is told of the message of that number."""
        if number is None:
            return None
        said = self.log[number - 1]
        return {
            "tenant": self.who[0],
            "user": self.who[1],
            "session": self.id,
            "sequence": number,
            "role": said.role,
            "text": said.text,
            "at": said.at,
            "job": said.job.id,
            "scenario": None,
            "locale": None,
            "attachments": [],
            "supersedes": None,
            "components": [*said.components],
        }

    @property
    def messages(self) -> list[Told | None]:
        """What its owner is told of all its messages."""
        return [self.message(number) for number in range(1, len(self.log) + 1)]
