"""Jobs that can come to be: each has gone through its table, event by event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from attrs import evolve
from hypothesis import strategies as st

from coachwork.jobs import (
    JOB,
    ErrorCode,
    Job,
    JobError,
    JobEvent,
    JobGiven,
    JobKind,
    JobRef,
    JobStatus,
    Kept,
    Lease,
    Settled,
    Settlement,
    Step,
)
from coachwork.messages import Usage
from coachwork.sessions import later
from coachwork.testing.strategies._leaves import (
    TICK,
    counts,
    durations,
    idempotency_keys,
    ids,
    maybe_ids,
    utc_instants,
)
from coachwork.testing.strategies._sessions import usages
from coachwork.testing.strategies._texts import sound_texts, texts

_E: Final = JobEvent
_HOUR: Final = timedelta(hours=1)
_MOST_STEPS: Final = 6
_ON: Final = {
    JobStatus.PENDING: (_E.CLAIM,),
    JobStatus.PROCESSING: (_E.TAKE_OVER, _E.RENEW, _E.KEEP, _E.GIVE_UP),
}
_WHY: Final[Mapping[JobEvent, tuple[ErrorCode, ...]]] = {
    _E.FAIL: (
        ErrorCode.EMPTY_REPLY,
        ErrorCode.BAD_REPLY,
        ErrorCode.LENGTH,
        ErrorCode.CONTENT_FILTER,
        ErrorCode.LLM_TIMEOUT,
        ErrorCode.LLM_ERROR,
        ErrorCode.ATTEMPTS_EXHAUSTED,
    ),
    _E.CLOSE: (
        ErrorCode.LEASE_EXPIRED,
        ErrorCode.SESSION_CANCELLED,
        ErrorCode.SESSION_REPLACED,
        ErrorCode.SESSION_EXPIRED,
        ErrorCode.JOB_CANCELLED,
    ),
    _E.EXPIRE: (ErrorCode.JOB_EXPIRED,),
}
_TO_FAIL: Final = tuple(_WHY)


@cache
def job_refs() -> st.SearchStrategy[JobRef]:
    """Return a strategy of addresses of jobs."""
    return st.builds(JobRef, ids(), ids(), st.sampled_from(JobKind))


def job_errors(*codes: ErrorCode) -> st.SearchStrategy[JobError]:
    """Return a strategy of why jobs fail.

    Args:
        codes: The reasons; all where none is given.
    """
    return _job_errors(codes or tuple(ErrorCode))


@cache
def _job_errors(codes: tuple[ErrorCode, ...]) -> st.SearchStrategy[JobError]:
    """Return a strategy of why jobs fail, for one of these reasons."""
    pauses = st.none() | st.floats(0, 10.0**9)
    return st.builds(JobError, st.sampled_from(codes), sound_texts(), pauses)


def jobs(*statuses: JobStatus) -> st.SearchStrategy[Job]:
    """Return a strategy of jobs that can come to be.

    Args:
        statuses: The states that they may be in; all where none is given.
    """
    return _jobs(statuses or tuple(JobStatus))


@st.composite
def _jobs(draw: st.DrawFn, statuses: tuple[JobStatus, ...]) -> Job:
    """Let a job be accepted, let something happen to it, and lead it to one of *statuses*."""
    status = draw(st.sampled_from(statuses))  # what is drawn last is the simplest too often
    delivered = draw(st.booleans())
    walk = _Walk(draw)
    for _ in range(draw(st.integers(0, _MOST_STEPS))):
        walk.on()
    job = walk.to(status)
    if job.is_undelivered and delivered:
        return evolve(job, delivered_at=later(job.updated_at, TICK))
    return job


class _Walk:
    """A job on its way through the table."""

    def __init__(self, draw: st.DrawFn) -> None:
        """Accept it; what it repeats and what it follows come before it."""
        self._draw = draw
        kind = draw(st.sampled_from(JobKind))
        created_at = draw(utc_instants())
        name, before, repeated = draw(st.lists(ids(), min_size=3, max_size=3, unique=True))
        follows = draw(st.sampled_from((None, before)))
        self.job = Job(
            id=name,
            tenant=draw(ids()),
            user=draw(ids()),
            session=draw(ids()),
            kind=kind,
            key=draw(idempotency_keys()),
            created_at=created_at,
            updated_at=created_at,
            expires_at=later(created_at, draw(durations())),
            message=draw(st.integers(1, 10**6)) if kind is JobKind.REPLY else None,
            retry_of=None if follows is None else draw(st.sampled_from((None, before, repeated))),
            follows=follows,
            scenario=draw(maybe_ids()),
            notify=draw(st.booleans()),
        )

    def on(self) -> None:
        """Let something happen that does not settle it: a claim, or giving it up, always can."""
        now = self._now()
        able = tuple(
            event
            for event in JOB.available(self.job, now)
            if event in _ON[self.job.status] and not (event is _E.KEEP and self._keeps_all)
        )
        self._fire(self._draw(st.sampled_from(able)), now)

    def to(self, status: JobStatus) -> Job:
        """Lead it to *status* by the shortest way, and return it."""
        now = self._now()
        if status is JobStatus.PENDING and self.job.status is JobStatus.PROCESSING:
            self._fire(_E.GIVE_UP, now)
        if status in {JobStatus.PROCESSING, JobStatus.COMPLETED} and self.job.lease is None:
            self._fire(_E.CLAIM, now)
        if status is JobStatus.COMPLETED:
            self._fire(_E.SETTLE, now)
        if status is JobStatus.FAILED:
            now = self.job.expires_at if self._draw(st.booleans()) else now
            able = JOB.available(self.job, now)
            able = tuple(event for event in able if event in _TO_FAIL)
            self._fire(self._draw(st.sampled_from(able)), now)
        return self.job

    def _now(self) -> datetime:
        """Return when the next thing happens; now and then earlier than the last."""
        return later(self.job.updated_at, self._draw(st.timedeltas(-_HOUR, _HOUR)))

    @property
    def _keeps_all(self) -> bool:
        """Whether there is nothing to be kept any more: one final reply, and no result."""
        return bool(self.job.steps) or self.job.kind is JobKind.EXTRACTION

    def _fire(self, event: JobEvent, now: datetime) -> None:
        """Let *event* happen with what it brings."""
        self.job = JOB.move(self.job, event, now, self._given(event, now)).value

    def _given(self, event: JobEvent, now: datetime) -> JobGiven:
        """Return what comes with *event*."""
        match event:
            case _E.CLAIM | _E.TAKE_OVER | _E.RENEW:
                return later(now, self._draw(durations()))
            case _E.KEEP:
                step = Step(purpose=self.job.kind, output=self._draw(texts()))
                until = later(now, self._draw(durations()))
                return Kept(step, self._draw(usages()), Lease(self.job.attempts, until))
            case _E.SETTLE:
                return Settled(self._settlement(), self._draw(usages()))
            case _E.FAIL:
                return Settled(self._draw(job_errors(*_WHY[event])), self._draw(usages()))
            case _E.CLOSE | _E.EXPIRE:
                return Settled(self._draw(job_errors(*_WHY[event])))
            case _:
                return None

    def _settlement(self) -> Settlement:
        """Return an outcome: a reply comes after the message that it answers."""
        job, draw = self.job, self._draw
        extracts = job.kind is JobKind.EXTRACTION
        said = (job.message or 0) + draw(st.integers(1, 1000))
        return Settlement(
            reply=None if extracts else said,
            final=extracts or bool(job.steps) or draw(st.booleans()),
            turns=min(said, draw(st.integers(0, 1000))),
            messages=said,
        )


@cache
def parts_of_jobs() -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for each class that a job is made of or moved by."""
    leases = st.builds(Lease, st.integers(1, 100), utc_instants())
    steps = st.builds(Step, purpose=st.sampled_from(JobKind), output=texts())
    settlements = st.builds(
        Settlement,
        reply=st.none() | counts().filter(bool),
        final=st.booleans(),
        turns=counts(),
        messages=counts(),
    )
    return {
        JobError: job_errors(),
        Kept: st.builds(Kept, steps, usages(), leases),
        Lease: leases,
        Settled: st.builds(Settled, settlements | job_errors(), usages()),
        Settlement: settlements,
        Step: steps,
        Usage: usages(),
    }
