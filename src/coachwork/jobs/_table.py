"""The job's transition table (brief, section 5).

Theory
------

A job is *accepted*: from then on it has exactly one outcome, for ever. It is *claimed* under a
lease, which is a token and an instant. Only who knows the token settles it (`settle`, `fail`),
keeps what was paid for (`keep`) or makes the lease last longer (`renew`); when the instant is
over, another may *take over*, with the next token, and the first one comes too late. *Giving up* a
lease puts the job back without an outcome. Each claim is an attempt, and their number is bounded.

``close`` is the exception: a command that ends the session or cancels the job, or finds the lease
run out, settles the job from outside, in the commit that changes the session. ``expire`` is what
whoever meets a job after its time writes: no job waits for ever.

*Delivery is not here.* That the terminal event was handed over is a mark beside the outcome
(`Job.delivered_at`), which absorbs: an end has no row.

The table cannot see who calls. That the token is the current one is compared where the outcome is
written, in the same commit; a table of one value knows nothing of two callers.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final

from attrs import frozen

from coachwork.errors import MisuseError
from coachwork.jobs._job import (
    Job,
    JobError,
    JobStatus,
    Lease,
    Settlement,
    Step,
)
from coachwork.machine import Guard, Machine, Row
from coachwork.messages import NO_USAGE, Usage
from coachwork.sessions import latest


class JobEvent(StrEnum):
    """What can happen to a job."""

    CLAIM = "claim"
    TAKE_OVER = "take over"
    RENEW = "renew"
    KEEP = "keep"
    GIVE_UP = "give up"
    SETTLE = "settle"
    FAIL = "fail"
    CLOSE = "close"
    EXPIRE = "expire"


class JobEffect(StrEnum):
    """What must be written in the same commit as the step."""

    SETTLE_SESSION = "settle session"


@frozen
class Kept:
    """A step's output, what it cost, and the lease under which the next one asks."""

    step: Step
    usage: Usage
    lease: Lease


@frozen
class Settled:
    """The outcome, and what the last call cost."""

    outcome: Settlement | JobError
    usage: Usage = NO_USAGE


JobGiven = datetime | Kept | Settled | None
"""What an event brings: until when the lease lasts for claim, take over and renew, `Kept` for keep,
`Settled` for settle, fail, close and expire, nothing for give up."""

OPEN: Final = frozenset({JobStatus.PENDING, JobStatus.PROCESSING})
"""The states in which a job has no outcome yet."""


def _lease_over(job: Job, now: datetime) -> str | None:
    return "the lease has not run out" if job.is_held(now) else None


def _life_over(job: Job, now: datetime) -> str | None:
    return None if job.is_expired(now) else "the job's time is not over"


LEASE_OVER: Final = Guard("lease run out", _lease_over)
LIFE_OVER: Final = Guard("time to live over", _life_over)


def _next(
    old: Job,
    to: JobStatus,
    now: datetime,
    *,
    claimed: bool = False,
    lease: Lease | None = None,
    steps: tuple[Step, ...] | None = None,
    usage: Usage = NO_USAGE,
    settlement: Settlement | None = None,
    error: JobError | None = None,
) -> Job:
    """Return what follows *old* in state *to*, *claimed* once more or not."""
    updated_at = latest(old.updated_at, now)
    return Job(
        id=old.id,
        tenant=old.tenant,
        user=old.user,
        session=old.session,
        kind=old.kind,
        key=old.key,
        created_at=old.created_at,
        updated_at=updated_at,
        expires_at=old.expires_at,
        status=to,
        attempts=old.attempts + claimed,
        claimed_at=old.claimed_at or (updated_at if claimed else None),
        lease=lease,
        steps=old.steps if steps is None else steps,
        usage=old.usage + usage,
        settlement=settlement,
        error=error,
        message=old.message,
        retry_of=old.retry_of,
        follows=old.follows,
        notify=old.notify,
        scenario=old.scenario,
    )


def _leased(old: Job, to: JobStatus, now: datetime, given: JobGiven) -> Job:
    if not isinstance(given, datetime):
        raise _misused("claim", datetime)
    return _next(old, to, now, claimed=True, lease=Lease(old.attempts + 1, given))


def _renewed(old: Job, to: JobStatus, now: datetime, given: JobGiven) -> Job:
    if not isinstance(given, datetime):
        raise _misused("renew", datetime)
    return _next(old, to, now, lease=Lease(old.attempts, given))


def _kept(old: Job, to: JobStatus, now: datetime, given: JobGiven) -> Job:
    if not isinstance(given, Kept):
        raise _misused("keep", Kept)
    return _next(old, to, now, lease=given.lease, steps=(*old.steps, given.step), usage=given.usage)


def _given_up(old: Job, to: JobStatus, now: datetime, _given: JobGiven) -> Job:
    return _next(old, to, now)


def _settled(old: Job, to: JobStatus, now: datetime, given: JobGiven) -> Job:
    if not isinstance(given, Settled) or not isinstance(given.outcome, Settlement):
        raise _misused("settle", Settlement)
    return _next(old, to, now, usage=given.usage, settlement=given.outcome)


def _failed(old: Job, to: JobStatus, now: datetime, given: JobGiven) -> Job:
    if not isinstance(given, Settled) or not isinstance(given.outcome, JobError):
        raise _misused("fail", JobError)
    return _next(old, to, now, usage=given.usage, error=given.outcome)


def _misused(event: str, wanted: type) -> MisuseError:
    """Return the error of an event that came without what it must bring."""
    return MisuseError(f"job: {event} needs a {wanted.__name__}")


# --- THE TABLE -------------------------------------------------------------------------------

_S = JobStatus
_E = JobEvent
_F = JobEffect

_EXPIRED: Final[Row[Job, JobStatus, JobGiven, JobEffect]] = Row(
    _S.FAILED, _failed, guards=(LIFE_OVER,), effects=(_F.SETTLE_SESSION,)
)

JOB: Final = Machine[Job, JobStatus, JobEvent, JobGiven, JobEffect](
    name="job",
    states=JobStatus,
    events=JobEvent,
    initial=(_S.PENDING,),
    ends=(_S.COMPLETED, _S.FAILED),
    state=attrgetter("status"),
    table={
        _S.PENDING: {
            _E.CLAIM: Row(_S.PROCESSING, _leased),
            _E.CLOSE: Row(_S.FAILED, _failed, effects=(_F.SETTLE_SESSION,)),
            _E.EXPIRE: _EXPIRED,
        },
        _S.PROCESSING: {
            _E.TAKE_OVER: Row(_S.PROCESSING, _leased, guards=(LEASE_OVER,)),
            _E.RENEW: Row(_S.PROCESSING, _renewed),
            _E.KEEP: Row(_S.PROCESSING, _kept),
            _E.GIVE_UP: Row(_S.PENDING, _given_up),
            _E.SETTLE: Row(_S.COMPLETED, _settled, effects=(_F.SETTLE_SESSION,)),
            _E.FAIL: Row(_S.FAILED, _failed, effects=(_F.SETTLE_SESSION,)),
            _E.CLOSE: Row(_S.FAILED, _failed, effects=(_F.SETTLE_SESSION,)),
            _E.EXPIRE: _EXPIRED,
        },
        _S.COMPLETED: {},
        _S.FAILED: {},
    },
)
"""The machine of a job."""
