"""The session: a frozen value of few fields, since a hot one is built at every step.

What never changes stands in `About`, what seldom changes in `Ledger`; both are shared from one
value to the next. When a session expires is not stored but computed, so no two fields can
disagree about it (brief, sections 1 and 3).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from attrs import field, frozen

from coachwork.messages import NO_USAGE, Usage
from coachwork.plain import JSON
from coachwork.sessions._instants import later


class SessionStatus(StrEnum):
    """The five states of a session; the last three are ends."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


class EndReason(StrEnum):
    """Why a session ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    EXPIRED = "expired"


class JobKind(StrEnum):
    """What the model is asked for: one call of the model is one step of one job."""

    GREETING = "greeting"
    REPLY = "reply"
    WELCOME_BACK = "welcome_back"
    EXTRACTION = "extraction"


@frozen
class InFlight:
    """The job that the session waits for."""

    job: str
    kind: JobKind


@frozen(kw_only=True)
class About:
    """What is settled when a session starts and never changes.

    Attributes:
        id: The session's id.
        tenant: Whose application or organisation.
        user: Who is coached.
        topic: The topic's id.
        topic_revision: The revision of the topic at the start.
        started_at: When it started (UTC).
        max_turns: How many turns it may have; 0 means unlimited.
        idle_timeout: After how long without activity it is idle.
        expires_after: After how long without activity it expires; None: never.
        keep_ended: How long it is kept after its end; None: for ever.
        exclusive: Whether it also holds the tenant's claim.
        scenario: The test scenario it belongs to, if any.
        locale: Reserved: the language of the conversation (BCP 47).
    """

    id: str
    tenant: str
    user: str
    topic: str
    topic_revision: int
    started_at: datetime
    max_turns: int
    idle_timeout: timedelta
    expires_after: timedelta | None
    keep_ended: timedelta | None
    exclusive: bool
    scenario: str | None = None
    locale: str | None = None


@frozen
class ResultError:
    """Why a completed session has no result.

    Attributes:
        code: A word of `coachwork.jobs.ErrorCode`.
        reason: What went wrong, in words.
        raw: What the model said instead, where it said something.
    """

    code: str
    reason: str
    raw: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Ending:
    """How and when a session ended.

    Attributes:
        at: When (UTC).
        reason: Why.
        result: The extracted result as plain data, or None.
        error: Why there is no result although the topic wants one.
    """

    at: datetime
    reason: EndReason
    result: JSON = field(default=None, repr=False)
    error: ResultError | None = None


@frozen(kw_only=True)
class Ledger:
    """What a session gathers besides its messages.

    Attributes:
        coach_messages: How many messages the coach has said.
        completion_pending: A final reply came while the session was paused; the next resume
            extracts the result instead of welcoming back.
        usage: What all its model calls cost so far.
        ending: How it ended, once it has.
        settled_job: The id of the job that was settled last, or None before the first.
    """

    coach_messages: int = 0
    completion_pending: bool = False
    usage: Usage = NO_USAGE
    ending: Ending | None = None
    settled_job: str | None = None


@frozen(weakref_slot=False)
class Session:
    """A coaching session.

    Attributes:
        about: What never changes.
        status: Its state.
        turns: Turns used: user messages answered or in flight.
        messages: How many messages its log holds.
        last_activity_at: When somebody last did something (UTC); never goes back.
        updated_at: When it last changed (UTC); never goes back.
        in_flight: The job it waits for, or None.
        ledger: What seldom changes.
    """

    about: About
    status: SessionStatus
    turns: int
    messages: int
    last_activity_at: datetime
    updated_at: datetime
    in_flight: InFlight | None
    ledger: Ledger

    @property
    def latest_job(self) -> str | None:
        """The id of the job that was opened last, settled or not, or None before the first.

        From job to job it leads back to all of them (`coachwork.jobs.Job.follows`).
        """
        return self.ledger.settled_job if self.in_flight is None else self.in_flight.job

    @property
    def expires_at(self) -> datetime | None:
        """When it becomes invisible (UTC), or None for never.

        A live session expires some time after its last activity, an ended one some time after
        its end; one that was closed because it had expired stays expired.
        """
        ending = self.ledger.ending
        if ending is None or ending.reason is EndReason.EXPIRED:
            return later(self.last_activity_at, self.about.expires_after)
        return later(ending.at, self.about.keep_ended)

    def is_expired(self, now: datetime) -> bool:
        """Whether it is invisible at *now*: from the very instant of its expiry on."""
        expires_at = self.expires_at
        return expires_at is not None and now >= expires_at

    def is_idle(self, now: datetime) -> bool:
        """Whether nobody did anything for longer than the idle timeout; it blocks nothing."""
        return now - self.last_activity_at > self.about.idle_timeout

    @property
    def user_messages(self) -> int:
        """How many messages the user has said, answered or not."""
        return self.messages - self.ledger.coach_messages


@frozen
class Spoken:
    """What a coach's message adds to its session.

    Attributes:
        usage: What it cost.
        completion_pending: Whether it is a final one that found the session paused.
    """

    usage: Usage
    completion_pending: bool = False


@frozen(kw_only=True)
class Conclusion:
    """What a session yielded.

    Attributes:
        result: The result as plain data, or None.
        error: Why there is none although the topic wants one.
        usage: What extracting it cost.
    """

    result: JSON = field(default=None, repr=False)
    error: ResultError | None = None
    usage: Usage = NO_USAGE
