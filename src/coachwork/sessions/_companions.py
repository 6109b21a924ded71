"""What stands beside sessions in records of its own.

Each has a reason not to be a field of the session: it must be found by another key (claim,
receipt, account, standing), outlive the session (account, standing), or be left alone by most
turns, so that a turn writes what changed and nothing more (background, spending).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from coachwork.messages import Usage
from coachwork.plain import JSON


@frozen
class Claim:
    """Who holds a topic: uniqueness is this record, never a query (brief, section 8).

    Attributes:
        session: The id of the live session.
        user: Whose it is.
        tenant_wide: Whether it is the tenant's claim on an exclusive topic, or the user's own.
        topic: The topic's id.
        tenant: The tenant.
        scenario: The test scenario of the session, which holds topics of its own, or None.
    """

    tenant: str
    topic: str
    user: str
    session: str
    tenant_wide: bool
    scenario: str | None = None


@frozen(kw_only=True)
class Background:
    """What is put before the coach beside the messages.

    Attributes:
        tenant: The session's tenant.
        user: The session's user.
        session: The session's id.
        context: The plain data that the session was started with.
        summary: The rolling summary of the conversation, once there is one.
        summarized: The sequence number of the last message that the summary covers.
    """

    tenant: str
    user: str
    session: str
    context: dict[str, JSON] = field(repr=False)
    summary: str | None = field(default=None, repr=False)
    summarized: int = 0


@frozen(kw_only=True)
class Receipt:
    """What an idempotency key was used for; it never changes.

    Attributes:
        tenant: Keys are scoped to tenant and user.
        user: The same.
        key: The key.
        command: The command, in one word.
        fingerprint: A digest of command, target, content and context.
        session: The id of the session concerned; None where states alone were planted.
        job: The id of the job that was accepted, or None where no model was asked.
        at: When (UTC).
        audit: The key of the audit of a click, as text, else None.
        scenario: The test scenario that it goes with where it names no session, else None.
    """

    tenant: str
    user: str
    key: str = field(repr=False)
    command: str
    fingerprint: str
    session: str | None
    job: str | None
    at: datetime
    audit: str | None = None
    scenario: str | None = None


class AccountStatus(StrEnum):
    """Whether a user's data may be added to."""

    OPEN = "open"
    DELETING = "deleting"
    DELETED = "deleted"


@frozen
class Account:
    """The one record that every commit for a user checks, so that a deletion misses none.

    Attributes:
        tenant: The tenant.
        user: The user.
        status: Open, or the mark of a deletion.
        since: Since when (UTC).
        until: When the mark may be swept away (UTC), or None.
        planting: The test scenario of which a part is written that is not to be seen before all is
            there, or None.
    """

    tenant: str
    user: str
    status: AccountStatus
    since: datetime
    until: datetime | None = None
    planting: str | None = None


@frozen(kw_only=True)
class Standing:
    """How often a user completed a topic; it outlives the sessions.

    Attributes:
        tenant: The tenant.
        user: The user.
        topic: The topic's id.
        completed: How often.
        completed_at: When last (UTC).
        session: The id of the session that completed it last.
    """

    tenant: str
    user: str
    topic: str
    completed: int
    completed_at: datetime
    session: str


@frozen(kw_only=True)
class Spending:
    """What a model call cost whose answer came too late to be kept.

    Attributes:
        tenant: The session's tenant.
        user: The session's user.
        session: The session's id.
        job: The job's id.
        token: The token of the lease under which the model was asked.
        usage: What it cost.
        at: When the answer came (UTC).
    """

    tenant: str
    user: str
    session: str
    job: str
    token: int
    usage: Usage
    at: datetime
