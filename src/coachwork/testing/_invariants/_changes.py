"""What a commit may do to one record (brief, section 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from attrs import evolve

from coachwork.jobs import OPEN, Job, JobStatus
from coachwork.programs import Progress
from coachwork.sessions import LIVE, Background, Session, SessionStatus, Standing
from coachwork.testing._invariants._step import Change

Predicate: TypeAlias = Callable[[Change], Iterator[str]]


def one_version(change: Change) -> Iterator[str]:
    """9: A version begins with one and grows by one with each change."""
    if change.new is not None:
        wanted = 1 if change.old is None else change.old.version + 1
        if change.new.version != wanted:
            yield f"9: {change.name}: version {change.new.version} where {wanted} comes next"


_EDGES: Final = frozenset(
    {
        (SessionStatus.ACTIVE, SessionStatus.PAUSED),
        (SessionStatus.ACTIVE, SessionStatus.COMPLETED),
        (SessionStatus.PAUSED, SessionStatus.ACTIVE),
        *((live, SessionStatus.CANCELLED) for live in LIVE),
        *((live, SessionStatus.ABANDONED) for live in LIVE),
        *((live, live) for live in LIVE),
    }
)


def _session(change: Change) -> Iterator[str]:
    """2, 7 and 9: Ends absorb, a paused session takes no message, instants never go back."""
    if change.new is None:
        return
    new: Session = change.after
    if change.old is None:
        if new.status is not SessionStatus.ACTIVE or new.messages:
            yield f"2: {change.name}: it begins as {new.status}, {new.messages} messages long"
        return
    old: Session = change.before
    # To resume and to complete may be one commit, where a final reply has come before.
    back = old.ledger.completion_pending and new.status is SessionStatus.COMPLETED
    if (old.status, new.status) not in _EDGES and not (old.status in LIVE and back):
        yield f"2: {change.name}: from {old.status} to {new.status}"
    if old.status is SessionStatus.PAUSED and new.user_messages > old.user_messages:
        yield f"7: {change.name}: paused, and it took a message"
    if new.messages < old.messages:
        yield f"3: {change.name}: it lost messages"
    if new.about != old.about:
        yield f"9: {change.name}: what is settled at its start changed"
    if new.last_activity_at < old.last_activity_at or new.updated_at < old.updated_at:
        yield f"9: {change.name}: its instants go back"
    if new.status in LIVE and _earlier(new.expires_at, old.expires_at):
        yield f"9: {change.name}: its expiry goes back"


def _earlier(new: datetime | None, old: datetime | None) -> bool:
    """Whether *new* comes before *old*, where None is never."""
    return new is not None and (old is None or new < old)


def _job(change: Change) -> Iterator[str]:
    """4, 6 and 9: A settled job never changes; a lease passes on only when it is over."""
    if change.old is None or change.new is None:
        return
    old: Job = change.before
    new: Job = change.after
    yield from _kept(change, old, new)
    if old.status not in OPEN:
        if evolve(new, delivered_at=None) != old:  # it is delivered once, and nothing else
            yield f"4: {change.name}: it was settled, and changed"
    elif old.status is JobStatus.PENDING and new.status is JobStatus.COMPLETED:
        yield f"6: {change.name}: completed without a lease"
    if new.attempts > old.attempts and old.lease is not None and new.updated_at < old.lease.until:
        yield f"6: {change.name}: taken over before its lease was over"
    if not old.attempts <= new.attempts <= old.attempts + 1:
        yield f"6: {change.name}: from attempt {old.attempts} to {new.attempts}"
    if new.steps[: len(old.steps)] != old.steps:
        yield f"6: {change.name}: a step that was paid for is lost"
    if new.updated_at < old.updated_at:
        yield f"9: {change.name}: its instants go back"


def _kept(change: Change, old: Job, new: Job) -> Iterator[str]:
    """4 and 6: What was accepted stays as it was, and so does the first claim."""
    if _accepted(old) != _accepted(new):
        yield f"4: {change.name}: what was accepted changed"
    if old.claimed_at not in {None, new.claimed_at}:
        yield f"6: {change.name}: its first claim changed"


def _accepted(job: Job) -> tuple[object, ...]:
    """Return what of *job* is settled when it is accepted and never changes."""
    return (
        job.id,
        job.tenant,
        job.user,
        job.session,
        job.kind,
        job.key,
        job.scenario,
        job.message,
        job.created_at,
        job.expires_at,
        job.retry_of,
        job.follows,
        job.notify,
    )


def _unchanging(number: int) -> Predicate:
    """Return the predicate of a kind whose records never change."""

    def predicate(change: Change) -> Iterator[str]:
        if change.old is not None and change.new is not None:
            yield f"{number}: {change.name}: it changed"

    return predicate


def _background(change: Change) -> Iterator[str]:
    """9: A session's context never changes, and its summary never covers less."""
    if change.old is not None and change.new is not None:
        old: Background = change.before
        new: Background = change.after
        if new.context != old.context or new.summarized < old.summarized:
            yield f"9: {change.name}: its context changed, or its summary covers less"


def _standing(change: Change) -> Iterator[str]:
    """9: What was completed is counted by one, and its instant never goes back."""
    if change.old is not None and change.new is not None:
        old: Standing = change.before
        new: Standing = change.after
        if new.completed != old.completed + 1 or new.completed_at < old.completed_at:
            yield f"9: {change.name}: from {old.completed} to {new.completed}, or back in time"


def _progress(change: Change) -> Iterator[str]:
    """9 and 11: What it began with stays, each change is told by audits, instants never go back."""
    if change.old is None or change.new is None:
        return
    old: Progress = change.before
    new: Progress = change.after
    if (old.begun, old.begun_at) != (new.begun, new.begun_at):
        yield f"9: {change.name}: what it began with changed"
    if new.updated_at < old.updated_at:
        yield f"9: {change.name}: its instants go back"
    if new.audits <= old.audits:
        yield f"11: {change.name}: it changed, and no audit tells of it"


OF_ONE_RECORD: Final[Mapping[str, Predicate]] = {
    "session": _session,
    "job": _job,
    "message": _unchanging(3),
    "receipt": _unchanging(5),
    "spending": _unchanging(6),
    "background": _background,
    "standing": _standing,
    "progress": _progress,
    "audit": _unchanging(11),
}
"""What holds of a change, by the kind of record."""
