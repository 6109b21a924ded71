"""Accepting a call: what is read first, room for a new job, and who answers it then.

Every command that may ask the model does the same: it reads (`look`), refuses or makes room
(`make_room`), commits, and then has the job answered, by the caller or by a worker (`see_to`).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from attrs import frozen

from coachwork.effects import Dispatch, Now, Workflow
from coachwork.jobs import Job, JobRef
from coachwork.records import Op, Stored
from coachwork.sessions import Account, Receipt, Session
from coachwork.topics import Topic
from coachwork.workflows._answering import finish
from coachwork.workflows._continuing import finish_abandoned, go_on
from coachwork.workflows._ending import load_job
from coachwork.workflows._jobs import (
    Call,
    Held,
    blocked_for,
    busy,
    check_topic,
    displace,
    is_completing,
    open_account,
    read_receipt,
)
from coachwork.workflows._settling import expire
from coachwork.workflows._setup import Setup
from coachwork.workflows._store import Tries, load_session


@frozen
class Found:
    """What a command finds before it decides.

    Attributes:
        session: The caller's session.
        account: The caller's account.
        in_flight: The session's job in flight, or None.
        receipt: What the call's key was used for before, or None.
        now: When it looked (UTC); the session was not expired then.
    """

    session: Stored[Session]
    account: Stored[Account]
    in_flight: Stored[Job] | None
    receipt: Receipt | None
    now: datetime


def look(setup: Setup, topic: Topic[object] | None, call: Call, session_id: str) -> Workflow[Found]:
    """Return what there is; the receipt is read last (brief, section 5).

    Raises:
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        IdempotencyKeyReusedError: The key was used for another request.
    """
    session, now = yield from load_session(setup, call.caller, session_id)
    check_topic(session.value, topic)
    account = yield from open_account(call.caller)
    in_flight = yield from load_job(session.value)
    receipt = yield from read_receipt(call)
    return Found(session, account, in_flight, receipt, now)


def make_room(
    setup: Setup, topic: Topic[object], call: Call, tries: Tries, found: Found
) -> Workflow[tuple[Session, list[Op]] | None]:
    """Return the session without a job in flight, and what settles one whose lease ran out.

    Returns:
        None to look again: a job that was about to end the session was finished.

    Raises:
        SessionBusyError: The job in flight has still a claim to be waited for, or is about to end
            the session, and who does not wait for a model leaves it to a worker.
    """
    in_flight = found.in_flight
    if in_flight is not None:
        seconds = blocked_for(in_flight, found.now, setup.settings)
        if seconds is not None:
            raise busy(in_flight.value, seconds)
        if is_completing(in_flight) and not in_flight.value.is_overdue(found.now):
            if not call.waits:
                yield from dispatch(in_flight.value, found.now)
                usual = setup.settings.estimated_duration
                raise busy(in_flight.value, usual.total_seconds())
            left = Held(found.account, found.session, in_flight)
            yield from finish_abandoned(setup, topic, tries, left, found.now)
            return None
    return displace(found.session.value, in_flight, found.now)


def see_to(setup: Setup, topic: Topic[object], call: Call, held: Held) -> Workflow[Held]:
    """Return an accepted job with its outcome, or leave it to a worker if the caller does not wait.

    Raises:
        CoachworkError: The caller waits, and it is what the job failed with.
    """
    if call.waits:
        return (yield from (finish if call.holds(held.job) else go_on)(setup, topic, held))
    now = yield from Now()
    if held.job.value.is_overdue(now):
        return (yield from expire(setup, held, now))
    yield from dispatch(held.job.value, now)
    return held


def dispatch(job: Job, now: datetime) -> Workflow[None]:
    """Tell the dispatcher of a job that waits for a worker, because nobody holds it.

    What goes wrong there is of no account: the job is accepted, and workers find it by themselves.
    """
    if not job.is_settled and not job.is_held(now):
        with suppress(Exception):
            yield from Dispatch(JobRef(job.tenant, job.id, job.kind))
