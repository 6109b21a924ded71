"""The job as a value."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from coachwork.jobs import (
    ErrorCode,
    Job,
    JobError,
    JobKind,
    JobStatus,
    Lease,
    Settlement,
    Step,
)
from tests.specimens import GOLDEN, LATER, NOON, PENDING, TICK


@pytest.mark.parametrize(
    "now, held", [(NOON, True), (LATER - TICK, True), (LATER, False), (LATER + TICK, False)]
)
def test_a_lease_lasts_until_its_instant(now: datetime, *, held: bool) -> None:
    """At the very instant it has run out."""
    assert evolve(PENDING, lease=Lease(1, LATER)).is_held(now) is held


def test_without_a_lease_nobody_holds_it() -> None:
    """A pending or a settled job is nobody's."""
    assert not PENDING.is_held(NOON - timedelta(days=1))


@pytest.mark.parametrize(
    "after, expired", [(-TICK, False), (timedelta(0), True), (TICK, True), (-timedelta(1), False)]
)
def test_its_time_is_over_from_the_instant_on(after: timedelta, *, expired: bool) -> None:
    """A microsecond before it is found yet, whatever its state; at the very instant it is not."""
    for name in ("job-pending", "job-processing", "job-completed", "job-failed"):
        job = GOLDEN[name]
        assert isinstance(job, Job)
        assert job.is_expired(job.expires_at + after) is expired


@pytest.mark.parametrize("name", ["job-pending", "job-processing", "job-completed", "job-failed"])
def test_what_is_to_be_settled_as_expired(name: str) -> None:
    """An open job, from its last instant on, held or not; never one that holds a final reply."""
    job = GOLDEN[name]
    assert isinstance(job, Job)
    step = Step(purpose=JobKind.REPLY, output="x")
    bare, kept = evolve(job, steps=()), evolve(job, steps=(step,))
    assert not bare.is_overdue(job.expires_at - TICK)
    assert bare.is_overdue(job.expires_at) is (not job.is_settled)
    assert not kept.is_overdue(job.expires_at + timedelta(days=9))


def test_how_long_it_waited_and_how_long_it_took() -> None:
    """It waits until its first claim, and is worked on from then to its outcome, to the tick."""
    assert PENDING.waiting_time is None
    assert PENDING.processing_time is None
    held = evolve(PENDING, claimed_at=NOON + TICK, updated_at=LATER)
    assert held.waiting_time == TICK
    assert held.processing_time is None
    for settled in (
        evolve(held, settlement=Settlement()),
        evolve(held, error=JobError(ErrorCode.LLM_ERROR, "the language model failed")),
    ):
        assert settled.waiting_time == TICK
        assert settled.processing_time == LATER - NOON - TICK
        told = evolve(settled, delivered_at=LATER + timedelta(hours=1))
        assert told.processing_time == settled.processing_time
    never = evolve(PENDING, error=JobError(ErrorCode.JOB_CANCELLED, "it was cancelled"))
    assert (never.waiting_time, never.processing_time) == (None, None)


def test_an_event_is_owed_from_the_outcome_until_it_is_delivered() -> None:
    """A job without an outcome owes none, nor one whose events nobody wants."""
    wanted = evolve(PENDING, notify=True)
    assert not wanted.is_settled
    assert not wanted.is_undelivered
    for outcome in (
        {"settlement": Settlement()},
        {"error": JobError(ErrorCode.LLM_ERROR, "the language model failed")},
    ):
        settled = evolve(wanted, **outcome)
        assert settled.is_settled
        assert settled.is_undelivered
        assert not evolve(settled, delivered_at=LATER).is_undelivered
        assert evolve(settled, delivered_at=LATER).is_settled
        assert not evolve(settled, notify=False).is_undelivered


def test_what_was_paid_for_is_found() -> None:
    """A step is found by its purpose, and is not there before it is done."""
    step = Step(purpose=JobKind.REPLY, output="Well done.")
    assert PENDING.output(JobKind.REPLY) is None
    assert evolve(PENDING, steps=(step,)).output(JobKind.REPLY) is step
    assert evolve(PENDING, steps=(step,)).output(JobKind.EXTRACTION) is None


def test_why_a_job_failed_is_a_closed_list() -> None:
    """The codes are those of the brief (section 5); trying again helps where the model failed."""
    retryable = {
        "EMPTY_REPLY",
        "BAD_REPLY",
        "LENGTH",
        "LLM_TIMEOUT",
        "LLM_ERROR",
        "LEASE_EXPIRED",
        "ATTEMPTS_EXHAUSTED",
    }
    others = {
        "CONTENT_FILTER",
        "SESSION_CANCELLED",
        "SESSION_REPLACED",
        "SESSION_EXPIRED",
        "JOB_CANCELLED",
        "JOB_EXPIRED",
    }
    assert {code.value for code in ErrorCode} == retryable | others
    assert {code.value for code in ErrorCode if code.retryable} == retryable


def test_what_is_stored_are_lower_case_words() -> None:
    """Statuses and kinds are stored in lower case."""
    assert [status.value for status in JobStatus] == [
        "pending",
        "processing",
        "completed",
        "failed",
    ]
    assert [kind.value for kind in JobKind] == ["greeting", "reply", "welcome_back", "extraction"]


def test_neither_key_nor_output_shows() -> None:
    """The idempotency key and what the model said stay out of logs."""
    shown = repr(GOLDEN["job-processing"])
    assert "k-1" not in shown
    assert "Well done" not in shown
    assert "j-1" in shown
