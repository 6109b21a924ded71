"""The job: a call of the model that was accepted, and what became of it (brief, section 5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from attrs import field, frozen

from coachwork.messages import NO_USAGE, Usage
from coachwork.plain import JSON
from coachwork.sessions import JobKind


class JobStatus(StrEnum):
    """The four states of a job; the last two are ends."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class ErrorCode(StrEnum):
    """Why a job failed: a closed list."""

    EMPTY_REPLY = "EMPTY_REPLY"
    BAD_REPLY = "BAD_REPLY"
    LENGTH = "LENGTH"
    CONTENT_FILTER = "CONTENT_FILTER"
    LLM_TIMEOUT = "LLM_TIMEOUT"
    LLM_ERROR = "LLM_ERROR"
    LEASE_EXPIRED = "LEASE_EXPIRED"
    ATTEMPTS_EXHAUSTED = "ATTEMPTS_EXHAUSTED"
    SESSION_CANCELLED = "SESSION_CANCELLED"
    SESSION_REPLACED = "SESSION_REPLACED"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    JOB_CANCELLED = "JOB_CANCELLED"
    JOB_EXPIRED = "JOB_EXPIRED"

    @property
    def retryable(self) -> bool:
        """Whether asking the model again may help."""
        return self in _RETRYABLE


_RETRYABLE = frozenset(
    {
        ErrorCode.EMPTY_REPLY,
        ErrorCode.BAD_REPLY,
        ErrorCode.LENGTH,
        ErrorCode.LLM_TIMEOUT,
        ErrorCode.LLM_ERROR,
        ErrorCode.LEASE_EXPIRED,
        ErrorCode.ATTEMPTS_EXHAUSTED,
    }
)


@frozen
class Lease:
    """Who may settle the job: whoever knows the token, until the lease runs out.

    Attributes:
        token: Grows with every lease of the job.
        until: When it runs out (UTC).
    """

    token: int
    until: datetime


@frozen(kw_only=True)
class Step:
    """What one call of the model gave, kept in the job before the next one asks.

    Attributes:
        purpose: What the model was asked for.
        output: What it answered, as plain data.
    """

    purpose: JobKind
    output: JSON = field(repr=False)


@frozen
class JobError:
    """Why the job failed.

    Attributes:
        code: The reason, from the closed list.
        reason: In words, without anything that was said.
        retry_after: Seconds to wait, where the provider said so.
    """

    code: ErrorCode
    reason: str
    retry_after: float | None = None


@frozen(kw_only=True)
class Settlement:
    """The outcome of a job that was settled by its holder.

    Attributes:
        reply: The sequence number of the coach's message, or None where there is none.
        final: Whether it ended the session.
        premature: Whether the coach wanted to end it before its program was finished, which is of
            no account where the topic wants that.
        turns: How many turns the session had had by then.
        messages: How many messages it had by then, the reply included.
    """

    reply: int | None = None
    final: bool = False
    premature: bool = False
    turns: int = 0
    messages: int = 0


@frozen(kw_only=True)
class Job:
    """A call of the model.

    Attributes:
        id: Its id.
        tenant: The session's tenant.
        user: The session's user.
        session: The session's id.
        kind: What the model is asked for.
        key: The idempotency key of the call that was accepted.
        scenario: The test scenario it belongs to, if any.
        message: The sequence number of the user's message to answer, or None.
        created_at: When it was accepted (UTC).
        updated_at: When it last changed (UTC), settled at the last; never goes back.
        expires_at: From when on it is not found any more (UTC), whatever became of it.
        status: Its state.
        attempts: How many leases there were.
        claimed_at: When it was claimed first (UTC), or None.
        lease: The lease it is worked on under, while it is.
        steps: What was paid for already.
        usage: What its model calls cost so far.
        settlement: The outcome, once it completed.
        error: Why it failed, once it failed.
        retry_of: The id of the failed job that it repeats, or None.
        follows: The id of the session's job before this one, or None: events are told in order.
        notify: Whether its terminal event is to be delivered.
        delivered_at: When that was done (UTC), or None. It is a mark beside the outcome, no state:
            an end stays as it is.
    """

    id: str
    tenant: str
    user: str
    session: str
    kind: JobKind
    key: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    status: JobStatus = JobStatus.PENDING
    attempts: int = 0
    claimed_at: datetime | None = None
    lease: Lease | None = None
    steps: tuple[Step, ...] = ()
    usage: Usage = NO_USAGE
    settlement: Settlement | None = None
    error: JobError | None = None
    message: int | None = None
    retry_of: str | None = None
    follows: str | None = None
    scenario: str | None = None
    notify: bool = False
    delivered_at: datetime | None = None

    def is_held(self, now: datetime) -> bool:
        """Whether somebody works on it under a lease that has not run out at *now*."""
        return self.lease is not None and now < self.lease.until

    def is_expired(self, now: datetime) -> bool:
        """Whether its time to live is over at *now*."""
        return now >= self.expires_at

    def is_overdue(self, now: datetime) -> bool:
        """Whether it is to be settled as expired at *now*.

        One that holds a final reply is not: what was paid for is not thrown away.
        """
        return not self.is_settled and not self.steps and self.is_expired(now)

    @property
    def waiting_time(self) -> timedelta | None:
        """How long it waited for its first claim, or None before that."""
        return None if self.claimed_at is None else self.claimed_at - self.created_at

    @property
    def processing_time(self) -> timedelta | None:
        """How long it took from its first claim to its outcome, or None without either."""
        if self.claimed_at is None or not self.is_settled:
            return None
        return self.updated_at - self.claimed_at

    @property
    def is_settled(self) -> bool:
        """Whether it has its outcome."""
        return self.settlement is not None or self.error is not None

    @property
    def is_undelivered(self) -> bool:
        """Whether it has its outcome and its event is still to be delivered."""
        return self.is_settled and self.notify and self.delivered_at is None

    def output(self, purpose: JobKind) -> Step | None:
        """Return the step of that purpose, if it is done and kept."""
        return next((step for step in self.steps if step.purpose is purpose), None)
