"""How jobs look at a terminal: a line for each, or all fields of one. No text of a person is in it.

What each field is called is how `coachwork.workflows.JobView` calls it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from coachwork.cli._plain import one_line
from coachwork.jobs import Job, JobRef
from coachwork.workflows import job_view

HEAD: Final = ("ID", "KIND", "STATUS", "ATTEMPTS", "AGE", "CODE", "USER", "TENANT", "SESSION")
WHOSE: Final = HEAD.index("USER")
"""The columns from here on stand in a line of their own where there is no room."""

GAP: Final = "  "
NONE: Final = "-"

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60))


@frozen(kw_only=True)
class JobLine:
    """What is listed of a job; of one that cannot be read, little.

    Attributes:
        id: Its id.
        tenant: Its tenant.
        code: Why it failed, or cannot be read; None otherwise.
        job: The job, if it can be read.
    """

    id: str
    tenant: str
    code: str | None
    job: Job | None = None

    @classmethod
    def of(cls, job: Job) -> JobLine:
        """Return what is listed of *job*."""
        code = None if job.error is None else job.error.code.value
        return cls(id=job.id, tenant=job.tenant, code=code, job=job)

    def cells(self, now: datetime) -> tuple[str, ...]:
        """Return the cells of the row."""
        code, job = self.code or NONE, self.job
        if job is None:
            return self.id, NONE, NONE, NONE, NONE, code, NONE, self.tenant, NONE
        age, attempts = told_age(now - job.created_at), str(job.attempts)
        whose = job.user, job.tenant, job.session
        return job.id, job.kind.value, job.status.value, attempts, age, code, *whose


def told_age(age: timedelta) -> str:
    """Return a length of time in its largest unit."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def table(lines: Sequence[JobLine], now: datetime) -> Iterator[str]:
    """Return the rows of a table of jobs, its head first; nothing where there are none.

    On a terminal that is too narrow each job has two lines. A program that reads the table finds
    one line for each job.
    """
    if not lines:
        return
    rows = [HEAD, *(tuple(map(one_line, line.cells(now))) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    narrow = (
        sys.stdout.isatty()
        and sum(widths) + len(GAP) * (len(HEAD) - 1) > shutil.get_terminal_size().columns
    )
    for row in rows:
        cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)]
        if narrow:
            yield GAP.join(cells[:WHOSE]).rstrip()
            yield GAP * 2 + GAP.join(cells[WHOSE:]).rstrip()
        else:
            yield GAP.join(cells).rstrip()


def fields(job: Job, now: datetime) -> Iterator[tuple[str, str]]:
    """Return everything that is known of *job*, but no text of a person."""
    view = job_view(job)
    yield "id", job.id
    yield "ref", JobRef(job.tenant, job.id, job.kind).text
    yield "tenant", job.tenant
    yield "user", job.user
    yield "session", job.session
    yield "kind", job.kind
    yield "status", job.status
    yield "created_at", _instant(job.created_at, now)
    yield "updated_at", _instant(job.updated_at, now)
    yield "expires_at", _instant(job.expires_at, now)
    yield "attempts", str(job.attempts)
    if job.lease is not None:
        yield "lease until", _instant(job.lease.until, now)
    yield "waiting_time", _milliseconds(view.waiting_time)
    yield "processing_time", _milliseconds(view.processing_time)
    if job.error is not None:
        yield "error_code", job.error.code
        yield "reason", job.error.reason
        yield "retryable", "yes" if view.retryable else "no"
        yield "retry_after", NONE if view.retry_after is None else f"{view.retry_after:g} s"
    yield "retry_of", job.retry_of or NONE
    yield "follows", job.follows or NONE
    yield "usage", f"{job.usage.tokens_in} tokens in, {job.usage.tokens_out} out"
    yield "event", _event(job, now)
    yield "user_message", NONE if job.message is None else f"number {job.message}"
    if job.steps and not job.is_settled:
        yield "steps", ", ".join(step.purpose for step in job.steps)
    if job.settlement is not None:
        done = job.settlement
        yield "message", NONE if done.reply is None else f"number {done.reply}"
        yield "is_final", "yes" if done.final else "no"
        yield "turn", str(done.turns)
        yield "message_count", str(done.messages)


def _event(job: Job, now: datetime) -> str:
    """Return what became of the job's event."""
    if job.delivered_at is not None:
        return f"delivered {_instant(job.delivered_at, now)}"
    if not job.notify:
        return "none: nobody is to be notified"
    return "to be delivered" if job.is_settled else "to be delivered once it is settled"


def _milliseconds(duration: int | None) -> str:
    return NONE if duration is None else f"{duration} ms"


def _instant(instant: datetime, now: datetime) -> str:
    """Return *instant* in UTC, and how far it is from *now*."""
    told = f"{instant:%Y-%m-%d %H:%M:%S} UTC"
    if instant > now:
        return f"{told} (in {told_age(instant - now)})"
    return f"{told} ({told_age(now - instant)} ago)"
