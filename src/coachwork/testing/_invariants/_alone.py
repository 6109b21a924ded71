"""What holds of each record by itself, whatever else is stored (brief, section 10).

The predicates of a whole state begin with these (`coachwork.testing.violations`), and so does what
is judged of every commit (`coachwork.testing.Audited`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from coachwork.jobs import Job, JobStatus
from coachwork.records import KINDS, Key, Record
from coachwork.sessions import LIVE, EndReason, Session, SessionStatus


def name_of(key: Key) -> str:
    """Return kind and ids of a record, without the caller's secrets."""
    return f"{key.kind} {key.tenant}/{'/'.join(map(str, key.shown))}"


def alone(record: Record, value: object) -> Iterator[str]:
    """Tell what is wrong with *record*, whose body holds *value*, by itself."""
    if record.facts != KINDS[record.key.kind].facts(value):
        yield f"8: {name_of(record.key)}: its facts are not those of its body"
    if isinstance(value, Session):
        yield from _session(name_of(record.key), value)
    elif isinstance(value, Job):
        yield from _job(name_of(record.key), value)


_REASONS: Final[Mapping[SessionStatus, frozenset[EndReason | None]]] = {
    SessionStatus.ACTIVE: frozenset({None}),
    SessionStatus.PAUSED: frozenset({None}),
    SessionStatus.COMPLETED: frozenset({EndReason.COMPLETED}),
    SessionStatus.CANCELLED: frozenset({EndReason.CANCELLED}),
    SessionStatus.ABANDONED: frozenset({EndReason.REPLACED, EndReason.EXPIRED}),
}


def _session(name: str, session: Session) -> Iterator[str]:
    """2, 3 and 4: Its ending fits its status, and it has neither turns nor a job that it may not.

    An ending is there if and only if the session ended.
    """
    ending = session.ledger.ending
    if (None if ending is None else ending.reason) not in _REASONS[session.status]:
        yield f"2: {name}: its ending does not fit {session.status}"
    if ending is not None:
        yielded = ending.result is not None or ending.error is not None
        if yielded and session.status is not SessionStatus.COMPLETED:
            yield f"2: {name}: a result although it is {session.status}"
        if session.ledger.completion_pending:
            yield f"2: {name}: ended, and its completion is pending"
    if 0 < session.about.max_turns < session.turns:
        yield f"3: {name}: more turns than it may have"
    if session.in_flight is not None and session.status not in LIVE:
        yield f"4: {name}: ended, and a job is in flight"


def _job(name: str, job: Job) -> Iterator[str]:
    """4 and 6: One outcome, no delivery without an event, and a lease while it is worked on.

    A settlement is there if it completed, an error if it failed.
    """
    completed, failed = job.status is JobStatus.COMPLETED, job.status is JobStatus.FAILED
    if (job.settlement is not None, job.error is not None) != (completed, failed):
        yield f"4: {name}: its outcome does not fit {job.status}"
    if job.delivered_at is not None and not (job.is_settled and job.notify):
        yield f"4: {name}: delivered, and there is no event"
    if (job.lease is not None) != (job.status is JobStatus.PROCESSING):
        yield f"6: {name}: its lease does not fit {job.status}"
    if job.lease is not None and job.lease.token != job.attempts:
        yield f"6: {name}: its lease is not the newest one"
    if (job.claimed_at is not None) != (job.attempts > 0):
        yield f"6: {name}: its first claim does not fit {job.attempts} attempts"
    purposes = [step.purpose for step in job.steps]
    if len(set(purposes)) != len(purposes):
        yield f"6: {name}: a step was done twice"
