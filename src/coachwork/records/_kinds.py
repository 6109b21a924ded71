"""The kinds of records there are: their keys and facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coachwork.actions import Audit
from coachwork.jobs import Job
from coachwork.messages import Message
from coachwork.programs import Progress
from coachwork.records._kind import Kind
from coachwork.records._record import Facts, Key
from coachwork.sessions import (
    Account,
    Background,
    Claim,
    Receipt,
    Session,
    Spending,
    Standing,
)

# --- keys ------------------------------------------------------------------------------------


def session_key(tenant: str, session: str) -> Key:
    """Return the key of a session."""
    return Key("session", tenant, (session,))


def background_key(tenant: str, session: str) -> Key:
    """Return the key of a session's background."""
    return Key("background", tenant, (session,))


def message_key(tenant: str, session: str, sequence: int) -> Key:
    """Return the key of a message."""
    return Key("message", tenant, (session, sequence))


def job_key(tenant: str, job: str) -> Key:
    """Return the key of a job."""
    return Key("job", tenant, (job,))


def receipt_key(tenant: str, user: str, key: str) -> Key:
    """Return the key of the receipt of an idempotency key."""
    return Key("receipt", tenant, (user, key))


def claim_key(tenant: str, topic: str, user: str | None, scenario: str | None = None) -> Key:
    """Return the key of a user's claim on a topic, or of the tenant's where *user* is None.

    Each test scenario has claims of its own.
    """
    if scenario is not None:
        return Key("claim", tenant, (topic, user or "", scenario))
    return Key("claim", tenant, (topic,) if user is None else (topic, user))


def account_key(tenant: str, user: str) -> Key:
    """Return the key of a user's account."""
    return Key("account", tenant, (user,))


def standing_key(tenant: str, user: str, topic: str) -> Key:
    """Return the key of a user's standing on a topic."""
    return Key("standing", tenant, (user, topic))


def progress_key(
    tenant: str, program: str, user: str, subject: str | None, scenario: str | None
) -> Key:
    """Return the key of a user's progress in a program; no id is empty, so nothing is confused."""
    return Key("progress", tenant, (program, user, scenario or "", subject or ""))


def audit_key(progress: Key, number: int) -> Key:
    """Return the key of an audit, by the key of the progress that it is of; numbers order them."""
    return Key("audit", progress.tenant, (*progress.parts, number))


def progress_of(audit: Audit) -> Key:
    """Return the key of the progress that *audit* tells of."""
    return progress_key(audit.tenant, audit.program, audit.user, audit.subject, audit.scenario)


# --- facts -----------------------------------------------------------------------------------


def _session_facts(value: Session) -> Facts:
    about = value.about
    return Facts(
        owner=about.user,
        session=about.id,
        topic=about.topic,
        status=value.status.value,
        at=about.started_at,
        expires=value.expires_at,
        scenario=about.scenario,
    )


def _job_facts(value: Job) -> Facts:
    # Open, it is due for a worker; settled, for the relay, until its event is delivered.
    due = None
    if not value.is_settled or value.is_undelivered:
        due = value.updated_at if value.lease is None else value.lease.until
    return Facts(
        owner=value.user,
        session=value.session,
        status=value.status.value,
        at=value.created_at,
        due=due,
        scenario=value.scenario,
    )


# --- kinds -----------------------------------------------------------------------------------

SESSION_RECORD: Final = Kind(
    name="session",
    type=Session,
    key=lambda value: session_key(value.about.tenant, value.about.id),
    facts=_session_facts,
)
BACKGROUND: Final = Kind(
    name="background",
    type=Background,
    key=lambda value: background_key(value.tenant, value.session),
    facts=lambda value: Facts(owner=value.user, session=value.session),
)
JOB_RECORD: Final = Kind(
    name="job",
    type=Job,
    key=lambda value: job_key(value.tenant, value.id),
    facts=_job_facts,
)
RECEIPT: Final = Kind(
    name="receipt",
    type=Receipt,
    key=lambda value: receipt_key(value.tenant, value.user, value.key),
    facts=lambda value: Facts(
        owner=value.user, session=value.session, at=value.at, scenario=value.scenario
    ),
)
CLAIM: Final = Kind(
    name="claim",
    type=Claim,
    key=lambda value: claim_key(
        value.tenant, value.topic, None if value.tenant_wide else value.user, value.scenario
    ),
    facts=lambda value: Facts(
        owner=value.user, session=value.session, topic=value.topic, scenario=value.scenario
    ),
)
ACCOUNT: Final = Kind(
    name="account",
    type=Account,
    key=lambda value: account_key(value.tenant, value.user),
    facts=lambda value: Facts(
        owner=value.user, status=value.status.value, at=value.since, expires=value.until
    ),
)
STANDING: Final = Kind(
    name="standing",
    type=Standing,
    key=lambda value: standing_key(value.tenant, value.user, value.topic),
    facts=lambda value: Facts(owner=value.user, topic=value.topic, at=value.completed_at),
)
SPENDING: Final = Kind(
    name="spending",
    type=Spending,
    key=lambda value: Key("spending", value.tenant, (value.job, value.token)),
    facts=lambda value: Facts(owner=value.user, session=value.session, at=value.at),
)
PROGRESS: Final = Kind(
    name="progress",
    type=Progress,
    key=lambda value: progress_key(
        value.tenant, value.program, value.user, value.subject, value.scenario
    ),
    facts=lambda value: Facts(
        owner=value.user,
        session=value.subject,
        status=value.phase,
        at=value.begun_at,
        scenario=value.scenario,
    ),
)
AUDIT: Final = Kind(
    name="audit",
    type=Audit,
    key=lambda value: audit_key(progress_of(value), value.number),
    facts=lambda value: Facts(
        owner=value.user,
        session=value.session,
        topic=value.topic,
        status=value.sender.value,
        at=value.at,
        scenario=value.scenario,
    ),
)
MESSAGE: Final = Kind(
    name="message",
    type=Message,
    key=lambda value: message_key(value.tenant, value.session, value.sequence),
    facts=lambda value: Facts(session=value.session, at=value.at, scenario=value.scenario),
)

KINDS: Final[Mapping[str, Kind[Any]]] = {
    kind.name: kind
    for kind in (
        SESSION_RECORD,
        BACKGROUND,
        MESSAGE,
        JOB_RECORD,
        RECEIPT,
        CLAIM,
        ACCOUNT,
        STANDING,
        SPENDING,
        PROGRESS,
        AUDIT,
    )
}
"""All kinds by name."""
