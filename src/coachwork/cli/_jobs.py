"""``coachwork jobs``: what an operator sees of the jobs in a database file, and may do about them.

Whoever may read the file may look at every job in it; nobody is asked who they are. No text of a
person is shown unless it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Final

from attrs import evolve, frozen

from coachwork.adapters import SQLite
from coachwork.cli._arguments import TENANT, worker_command
from coachwork.cli._chat_coach import topic_of
from coachwork.cli._choice import Choice
from coachwork.cli._database import there
from coachwork.cli._jobs_view import JobLine, fields, table
from coachwork.cli._models import Candid, model_of, settings_of
from coachwork.cli._plain import one_line, shown, tell
from coachwork.cli._warnings import told_in_lines
from coachwork.coach import Coach, UserCoach
from coachwork.errors import (
    CorruptRecordError,
    JobNotFoundError,
    ModelError,
    SessionNotFoundError,
    UnsupportedSchemaError,
    ValidationError,
)
from coachwork.ids import checked_id
from coachwork.jobs import OPEN, Job, JobRef
from coachwork.ports import Query
from coachwork.records import JOB_RECORD, MESSAGE, SESSION_RECORD, Record, job_key, session_key
from coachwork.sessions import Session

EVER: Final = timedelta(days=366)
"""So far ahead a lease may end, and its job is still listed."""

POLL: Final = 0.2
"""Seconds between two looks at what another process does."""

REF: Final = "cwj1."
"""How the text of a `coachwork.jobs.JobRef` begins."""

LABEL: Final = len("processing_time")


@frozen(kw_only=True)
class Wanted:
    """Which jobs to list.

    Attributes:
        tenant: The tenant; None for the user's usual one, or, where no user is named, for all.
        user: The user, or None for what is open or undelivered, of all.
        status: Only jobs of these states; all, where there is none.
        limit: At most so many.
    """

    tenant: str | None
    user: str | None
    status: Sequence[str]
    limit: int


def list_jobs(path: str, wanted: Wanted) -> int:
    """List jobs, the newest first.

    Raises:
        CoachworkError: The database cannot be used, or tenant or user is none.
    """
    now = datetime.now(UTC)
    query = Query(kind=JOB_RECORD.name, status=tuple(wanted.status), limit=wanted.limit)
    tenant = None if wanted.tenant is None else checked_id(wanted.tenant, "--tenant")
    if wanted.user is None:
        query = evolve(query, tenant=tenant, due=now + EVER)
    else:
        user = checked_id(wanted.user, "--user")
        query = evolve(query, tenant=tenant or TENANT, owner=user, newest_first=True)
    with there(path) as database:
        lines = [_line(record) for record in database.find(query)]
    lines.sort(key=lambda line: (line.job.created_at if line.job else now, line.id), reverse=True)
    for row in table(lines, now):
        print(row)
    if not lines and wanted.user is None:
        print("Nothing is open or undelivered; --user NAME lists what is done with.")
    elif not lines:
        print("There are no such jobs.")
    return 0


def _line(record: Record) -> JobLine:
    """Return what is listed of *record*, whether or not it can be read."""
    try:
        return JobLine.of(JOB_RECORD.read(record).value)
    except (CorruptRecordError, UnsupportedSchemaError) as error:
        key = record.key
        return JobLine(id=str(key.parts[0]), tenant=key.tenant, code=error.code)


def show_job(path: str, tenant: str, name: str, *, text: bool) -> int:
    """Show a job as it is stored; with *text* also what was said, and what it yielded.

    Raises:
        CoachworkError: There is no such job, or the database cannot be used.
    """
    now = datetime.now(UTC)
    with there(path) as database:
        job = _job(database, tenant, name)
        told = [*fields(job, now), *(_texts(database, job) if text else ())]
    for label, value in told:
        for line in shown(value).splitlines() or [""]:
            print(f"{label:>{LABEL}}  {line}".rstrip())
            label = ""  # noqa: PLW2901 - further lines have none
    return 0


def _texts(database: SQLite, job: Job) -> Iterator[tuple[str, str]]:
    """Return what was said in the turn of *job*, and what the session yielded by it."""
    done = job.settlement
    for label, number in (("user", job.message), ("coach", done.reply if done else None)):
        if number is not None:
            after = number - 1
            for record in database.log(job.tenant, job.session, after=after, limit=1):
                yield f"{label} said", MESSAGE.read(record).value.text
    ending = _session(database, job).ledger.ending
    if done is not None and done.final and ending is not None:
        yield "result", json.dumps(ending.result, ensure_ascii=False, indent=2)
        if ending.error is not None:
            yield "result_error", f"{ending.error.code}: {ending.error.reason}"


@frozen(kw_only=True)
class Again:
    """How to repeat a job.

    Attributes:
        tenant: Its tenant.
        name: Its id, or the text of its `JobRef`.
        wait: Whether this process is to answer it.
        choice: Who answers then.
    """

    tenant: str
    name: str
    wait: bool
    choice: Choice


def retry_job(path: str, again: Again) -> int:
    """Repeat a failed job in its owner's name: for a worker, or at once in this process.

    Raises:
        CoachworkError: There is no such job, it cannot be repeated, or the database or the model
            cannot be used.
    """
    choice = again.choice
    for option, told in (("--model", choice.name), ("--think", choice.think)):
        if told is not None and not again.wait:
            raise ValidationError(option, "--wait beside it")
    reasons: dict[str, str] = {}

    def model_failed(job: str, error: ModelError) -> None:
        reasons[job] = f"{error} (job {job})"

    with there(path) as database, told_in_lines():
        failed = _job(database, again.tenant, again.name)
        topic = topic_of(_session(database, failed).about.topic)
        coach = Coach(
            database,
            Candid(model_of(choice), model_failed),
            topics=[topic],
            # Whoever is to be notified of the one is to be notified of the other.
            settings=evolve(settings_of(choice, jobs=True), outbox=failed.notify),
        )
        owner = coach.as_user(failed.user, tenant=failed.tenant)
        new = owner.session(topic, failed.session).retry(failed.id, wait=False)
        print(f"Job {new.id} repeats {failed.id}.", flush=True)
        worker = one_line(worker_command(path, topic.id))
        if not again.wait:
            print(f"`{worker}` answers it.")
            return 0
        try:
            return _answered(coach, owner, JobRef(failed.tenant, new.id, new.kind), reasons)
        except KeyboardInterrupt:
            print(f"\nJob {new.id} is left to a worker: `{worker}` answers it.")
            raise


def _answered(coach: Coach, owner: UserCoach, ref: JobRef, reasons: Mapping[str, str]) -> int:
    """Answer a job, or wait for a worker that was faster; tell its outcome.

    The *reasons* are why jobs failed in this process, by their ids.
    """
    coach.process(ref)
    report = owner.job(ref.job)
    while report.status in OPEN:
        sleep(POLL)
        report = owner.job(ref.job)
    if report.error_code is None:
        print(f"It is {report.status}, after {report.processing_time} ms.")
        return 0
    tell(report.error_code, reasons.get(ref.job, f"job {ref.job} failed too"))
    return 1


# --- what all of them need -------------------------------------------------------------------


def _job(database: SQLite, tenant: str, name: str) -> Job:
    """Return the job that is called so: by its id and its *tenant*, or by the text of its ref.

    Raises:
        ValidationError: It can be the name of none.
        JobNotFoundError: There is no such job.
        StoreError: It cannot be read.
    """
    if name.startswith(REF):
        ref = JobRef.parse(name)
        tenant, name = ref.tenant, ref.job
    key = job_key(checked_id(tenant, "--tenant"), checked_id(name, "ID"))
    record = database.get(key)
    if record is None:
        raise JobNotFoundError
    return JOB_RECORD.read(record).value


def _session(database: SQLite, job: Job) -> Session:
    """Return the session of *job*.

    Raises:
        SessionNotFoundError: It was swept away.
        StoreError: It cannot be read.
    """
    record = database.get(session_key(job.tenant, job.session))
    if record is None:
        raise SessionNotFoundError
    return SESSION_RECORD.read(record).value
