"""Jobs that can come to be, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Final

import pytest
from hypothesis import given

from coachwork.jobs import ErrorCode, Job, JobKind, JobRef, JobStatus
from coachwork.records import JOB_RECORD
from coachwork.testing import strategies as st
from coachwork.testing._invariants import alone
from coachwork.testing.strategies._jobs import parts_of_jobs
from tests.drawn import few, reaches, some


@few
@given(job=st.jobs())
def test_a_job_holds_what_its_record_must(job: Job) -> None:
    """The invariants of a record by itself hold, and its parts agree."""
    assert list(alone(JOB_RECORD.record(job, 1), job)) == []
    assert job.created_at <= job.updated_at
    assert job.updated_at.tzinfo is UTC
    assert (job.message is not None) == (job.kind is JobKind.REPLY)
    assert job.id not in {job.follows, job.retry_of}
    if job.settlement is not None:
        extracted = job.kind is JobKind.EXTRACTION
        assert (job.settlement.reply is None) == extracted
        assert job.settlement.final or not (extracted or job.steps)
        assert (job.settlement.reply or job.settlement.messages) > (job.message or 0)
    if job.delivered_at is not None:
        assert job.delivered_at >= job.updated_at


SELDOM: Final[dict[str, Callable[[Job], bool]]] = {
    "many attempts": lambda job: job.attempts > 2,
    "repeats the last one": lambda job: job.retry_of is not None and job.retry_of == job.follows,
    "repeats an earlier one": lambda job: job.retry_of is not None and job.retry_of != job.follows,
    "has an event": lambda job: job.notify,
    "not delivered": lambda job: job.delivered_at is None,
    "owed": lambda job: job.is_undelivered,
    "no scenario": lambda job: job.scenario is None,
}


@pytest.mark.parametrize("what", SELDOM)
def test_jobs_reach_what_is_seldom(what: str) -> None:
    """What the library has to take care of is among them."""
    reaches(st.jobs(), told=SELDOM[what])


def test_jobs_reach_every_form() -> None:
    """All kinds, all states with a final reply kept and without, and all ways to fail."""
    reaches(st.jobs(), JobKind, lambda job: job.kind)
    forms = [(status, kept) for status in JobStatus for kept in (True, False)]
    reaches(st.jobs(), forms, lambda job: (job.status, bool(job.steps)))
    reaches(st.jobs(JobStatus.FAILED), ErrorCode, lambda job: job.error and job.error.code)


def test_jobs_as_they_are_wanted() -> None:
    """A state, and why one fails, can be chosen."""
    for status in JobStatus:
        assert {job.status for job in some(st.jobs(status))} == {status}
    wanted = (ErrorCode.LENGTH, ErrorCode.LLM_ERROR)
    assert {error.code for error in some(st.job_errors(*wanted))} <= {*wanted}


@few
@given(ref=st.job_refs())
def test_an_address_is_read_as_it_was_written(ref: JobRef) -> None:
    """Whatever the ids hold, the text leads to the same job."""
    assert JobRef.parse(ref.text) == ref


def test_the_parts_of_jobs() -> None:
    """Everything that a job is made of or moved by can be drawn by itself."""
    for kind, strategy in parts_of_jobs().items():
        assert all(type(part) is kind for part in some(strategy, 10))
