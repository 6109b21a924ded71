"""What holds between two records, wherever the two are found: in a state, or in one commit."""

from __future__ import annotations

from collections.abc import Callable

from coachwork.actions import Audit, Sender
from coachwork.jobs import Job, JobKind, JobStatus
from coachwork.messages import Message, Role
from coachwork.programs import Progress
from coachwork.records import Key, claim_key, job_key
from coachwork.sessions import (
    LIVE,
    Background,
    Claim,
    Receipt,
    Session,
    SessionStatus,
    Spending,
    Standing,
)


def live_keys(session: Session) -> list[Key]:
    """Return the keys of the claims that a live *session* must hold."""
    about = session.about
    users = (about.user, None) if about.exclusive else (about.user,)
    return [claim_key(about.tenant, about.topic, user, about.scenario) for user in users]


def fault_of_claim(claim: Claim, held: Session | None) -> str | None:
    """Return what is wrong with a claim that points to *held*, or None."""
    if held is None or held.status not in LIVE:
        return "points to a session that is not live"
    about = held.about
    fits = (about.user, about.topic, about.scenario) == (claim.user, claim.topic, claim.scenario)
    if not fits or (claim.tenant_wide and not about.exclusive):
        return "points to a session that it does not fit"
    return None


def fault_of_message(message: Message, home: Session | None) -> str | None:
    """Return what is wrong with a message of the session *home*, or None."""
    if home is None:
        return "its session is not there"
    if (message.user, message.scenario) != (home.about.user, home.about.scenario):
        return "it is not of its session's user and scenario"
    return None


def fault_of_receipt(
    receipt: Receipt, session: Session | None, find: Callable[[Key], Job | None]
) -> str | None:
    """Return what is wrong with a receipt of *session*, whose job *find* finds, or None."""
    if receipt.session is None:
        return None if receipt.scenario is not None else "it tells of nothing"
    if session is None or session.about.user != receipt.user:
        return "its session is not there"
    if receipt.job is not None:
        job = find(job_key(receipt.tenant, receipt.job))
        if job is None or job.session != receipt.session:
            return "its job is not there"
    return None


def fault_of_background(background: Background | None, session: Session) -> str | None:
    """Return what is wrong with what stands beside *session*, or None."""
    if background is None or background.user != session.about.user:
        return "its background is not there"
    if background.summarized > session.messages:
        return "more is summarized than was said"
    return None


def answers(job: Job, asked: Message | None) -> bool:
    """Whether *job* answers the message *asked* if it is to, and nothing if it is not."""
    return (job.kind is JobKind.REPLY) == (
        asked is not None
        and asked.role is Role.USER
        and (asked.job == job.id or job.retry_of is not None)
    )


def says(job: Job, said: list[int]) -> bool:
    """Whether *said*, the messages of the coach by *job*, are those that its outcome tells of."""
    speaks = job.status is JobStatus.COMPLETED and job.kind is not JobKind.EXTRACTION
    reply = None if job.settlement is None else job.settlement.reply
    return said == ([] if reply is None else [reply]) and (reply is not None) == speaks


def ends_in_time(job: Job, session: Session) -> bool:
    """Whether *session* is completed, if *job* was final."""
    final = job.settlement is not None and job.settlement.final
    return not final or session.status is SessionStatus.COMPLETED


def repeats(job: Job, old: Job | None) -> bool:
    """Whether *old* is what *job* may repeat: it failed, for the same message and session."""
    return (
        old is not None
        and old.status is JobStatus.FAILED
        and (old.session, old.kind, old.message) == (job.session, job.kind, job.message)
    )


def noted_before(job: Job, find: Callable[[Key], Job | None]) -> Job | None:
    """Return the job before *job* whose event is to be delivered too, or None."""
    seen = {job.id}
    while job.follows is not None and job.follows not in seen:
        before = find(job_key(job.tenant, job.follows))
        if before is None or before.notify:
            return before
        seen.add(before.id)
        job = before
    return None


def fault_of_audit(audit: Audit, led: Message | None) -> str | None:
    """Return what is wrong with an audit that the message *led* triggered, or None.

    What agents do is triggered by no message.
    """
    if (audit.message is None) is not (audit.sender is Sender.AGENT):
        return "an agent's, and a message that triggered it, or another's and none"
    if audit.message is None:
        return None
    if led is None or led.user != audit.user or led.scenario != audit.scenario:
        return "the message that triggered it is not there"
    if audit.sender is Sender.COACH and led.role is not Role.COACH:
        return "the coach's actions, and not the coach's message"
    return None


def owner_of(value: object) -> tuple[str, str, str] | None:
    """Return what *value* is called, its tenant and user, if a user owns it and it is no account.

    A message is found by its session, and its session's owner is its own.
    """
    match value:
        case Session():
            what = f"session {value.about.id}"
        case Job():
            what = f"job {value.id}"
        case Background():
            what = f"background {value.session}"
        case Receipt():
            what = f"receipt of session {value.session}"
        case Claim():
            what = f"claim {value.topic}"
        case Standing():
            what = f"standing {value.topic}"
        case Spending():
            what = f"spending {value.job}"
        case Progress():
            what = f"progress {value.program}"
        case Audit():
            what = f"audit {value.id}"
        case _:
            return None
    about = value.about if isinstance(value, Session) else value
    return what, about.tenant, about.user
