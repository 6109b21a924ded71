"""What a worker does: find jobs that wait, take one, answer it, and make its lease last.

A worker needs no caller: whoever may read the repository may work on it. Every step may be done
by several workers at once, and be stopped at any moment; the lease decides (brief, section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from attrs import frozen

from coachwork.effects import Find, Now, Workflow
from coachwork.errors import (
    CorruptRecordError,
    SessionNotFoundError,
    StillAnsweringError,
    TopicNotFoundError,
    UnsupportedSchemaError,
    ValidationError,
)
from coachwork.jobs import JOB, OPEN, Job, JobEvent, JobRef, JobStatus
from coachwork.ports import Query
from coachwork.records import ACCOUNT, JOB_RECORD, Record, job_key
from coachwork.sessions import later
from coachwork.topics import Topic
from coachwork.workflows._answering import answer
from coachwork.workflows._answers import JobReport
from coachwork.workflows._continuing import take_safely
from coachwork.workflows._jobs import Held, load_held_job, open_account, reread
from coachwork.workflows._polling import report
from coachwork.workflows._purging import close_expired
from coachwork.workflows._relaying import deliver_quietly
from coachwork.workflows._settling import expire, give_up, is_mine
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load

LARGEST_PAGE: Final = 500
"""How many due jobs are read at once, at most, where more are not asked for."""


@frozen
class Claimed:
    """A job that is the worker's own, as long as its lease lasts.

    Attributes:
        topic: The session's topic.
        held: The job under its lease, with its session.
    """

    topic: Topic[object]
    held: Held

    @property
    def ref(self) -> JobRef:
        """Where the job is found."""
        job = self.held.job.value
        return JobRef(job.tenant, job.id, job.kind)

    @property
    def token(self) -> int:
        """The token of the lease."""
        return self.held.job.value.attempts


def due_jobs(
    setup: Setup,  # noqa: ARG001 - all workflows are called alike
    *,
    limit: int = 100,
    without: Container[JobRef] = (),
) -> Workflow[list[JobRef]]:
    """Return jobs that nobody holds, of all tenants, those that wait longest first.

    Those that are not wanted, and records that cannot be read, are passed over: however many of
    them there are, they stand in nobody's way.

    Args:
        setup: The application's declarations.
        limit: How many to return, at most.
        without: Jobs that are not wanted, being in hand, or not to be answered here.

    Raises:
        ValidationError: The limit is no whole number above zero.
        StoreError: The repository failed.
    """
    if type(limit) is not int or limit < 1:
        raise ValidationError("limit", "a whole number from 1")
    now = yield from Now()
    status = tuple(sorted(status.value for status in OPEN))
    found: list[JobRef] = []
    last: Record | None = None
    size = limit
    while True:
        query = Query(
            kind=JOB_RECORD.name,
            status=status,
            due=now,
            after_due=None if last is None else last.facts.due,
            after=None if last is None else last.key,
            limit=size,
        )
        page = yield from Find(query)
        for record in page:
            ref = _ref_of(record)
            if ref is not None and ref not in without:
                found.append(ref)
        if len(found) >= limit or len(page) < size:
            return found[:limit]
        last = page[-1]
        size = max(limit, min(2 * size, LARGEST_PAGE))  # many in front are passed over in few reads


def _ref_of(record: Record) -> JobRef | None:
    """Return where a job is found, or None if its record cannot be read."""
    try:
        job = JOB_RECORD.read(record).value
    except (CorruptRecordError, UnsupportedSchemaError):
        return None
    return JobRef(job.tenant, job.id, job.kind)


def process(setup: Setup, ref: JobRef) -> Workflow[JobReport[object] | None]:
    """Answer a job that waits for a worker, and deliver its event: all that a queue has to call.

    It may be called any number of times with the same *ref*, by several at once: one of them
    answers. A job that fails is no exception; the report says so.

    Args:
        setup: The application's declarations.
        ref: The job.

    Returns:
        The job as it is then: settled, or in another's hands. None where it is gone.

    Raises:
        ValidationError: It is no JobRef; a text has to be parsed first.
        TopicNotFoundError: The application does not declare the session's topic.
        StoreError: The repository failed; nothing is lost, call again.
    """
    _check_ref(ref)
    try:
        held = yield from serve(setup, ref)
        if held is None:
            return None
        yield from deliver_quietly(setup, held.job.value)
        return (yield from report(setup, None, held))
    except SessionNotFoundError:  # the user's data was deleted, or swept away
        return None


def _check_ref(ref: object) -> None:
    """Refuse what is no JobRef, such as the text of one.

    Raises:
        ValidationError: It is none.
    """
    if not isinstance(ref, JobRef):
        raise ValidationError("ref", "a JobRef: read its text with JobRef.parse")


def serve(
    setup: Setup, ref: JobRef, claimed: Callable[[Claimed], None] | None = None
) -> Workflow[Held | None]:
    """Claim a job and answer it; return it as it is then, or None. Its event is not delivered.

    Args:
        setup: The application's declarations.
        ref: The job.
        claimed: Told of the claim, so that its lease can be renewed meanwhile.

    Raises:
        CoachworkError: What `process` raises.
    """
    try:
        found = yield from claim(setup, ref)
        if isinstance(found, Claimed):
            if claimed is not None:
                claimed(found)
            found = yield from work(setup, found)
    except SessionNotFoundError:  # the user's data was deleted, or swept away
        return None
    return found


def claim(setup: Setup, ref: JobRef) -> Workflow[Claimed | Held | None]:
    """Take a job that nobody holds.

    What is found expired on the way is settled so: the session, or the job itself.

    Returns:
        The job, held by the worker now; or as it is, where it has its outcome or is in another's
        hands; None where it is gone.

    Raises:
        TopicNotFoundError: The application does not declare the session's topic.
        SessionNotFoundError: The user's data was deleted, or swept away.
        StoreError: The repository failed.
    """
    tries = Tries(setup)
    while True:
        tries.another()
        stored = yield from load(JOB_RECORD, job_key(ref.tenant, ref.job))
        if stored is None:
            return None
        held = yield from load_held_job(stored)
        now = yield from Now()
        if held.job.value.is_settled:
            return held
        if held.session.value.is_expired(now):
            yield from close_expired(setup, held.session.value)
            continue
        if held.job.value.is_overdue(now):
            return (yield from expire(setup, held, now))
        if held.job.value.is_held(now):
            return held
        topic = setup.topics.get(held.session.value.about.topic)
        if topic is None:
            raise TopicNotFoundError
        taken = yield from take_safely(setup, tries, held, now)
        if taken is not None:
            return Claimed(topic, taken)


def work(setup: Setup, claimed: Claimed) -> Workflow[Held]:
    """Answer a claimed job; return it with its outcome, or as it is if the lease was lost.

    Raises:
        SessionNotFoundError: The user's data was deleted, or swept away.
        StoreError: The repository failed. The lease is given up where that is possible.
    """
    try:
        held, _ = yield from answer(setup, claimed.topic, claimed.held)
    except StillAnsweringError:
        return (yield from reread(claimed.held))
    return held


def renew(setup: Setup, claimed: Claimed) -> Workflow[bool]:
    """Make the lease of a claimed job last from now on; tell whether it is still the worker's own.

    The session's version does not move by it.

    Raises:
        SessionNotFoundError: The user's data was deleted, or swept away.
        StoreError: The repository failed; the lease lasts as long as it did.
    """
    tries = Tries(setup)
    old = claimed.held.job.value
    while True:
        tries.another()
        job = yield from load(JOB_RECORD, job_key(old.tenant, old.id))
        account = yield from open_account(Caller(old.tenant, old.user))
        if job is None or not _is_held_by(claimed, job.value):
            return False
        now = yield from Now()
        longer = JOB.move(job.value, JobEvent.RENEW, now, later(now, setup.lease)).value
        ops = (JOB_RECORD.update(job, longer), ACCOUNT.check(account))
        if (yield from tries.commit(ops)):
            return True


def release(claimed: Claimed) -> Workflow[None]:
    """Give the lease of a claimed job up, for a worker that has to stop; nothing is raised."""
    yield from give_up(claimed.held, claimed.token)


def _is_held_by(claimed: Claimed, job: Job) -> bool:
    """Whether *job* is still under the lease that was claimed."""
    return job.status is JobStatus.PROCESSING and is_mine(job, claimed.token)
