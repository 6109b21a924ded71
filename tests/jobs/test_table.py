"""The job's table, row by row (brief, section 5), and what holds for all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.errors import MisuseError
from coachwork.jobs import (
    JOB,
    OPEN,
    ErrorCode,
    Job,
    JobEffect,
    JobError,
    JobEvent,
    JobGiven,
    JobKind,
    JobStatus,
    Kept,
    Lease,
    Settled,
    Settlement,
    Step,
)
from coachwork.machine import Moved, Refused
from coachwork.messages import Usage
from tests.specimens import LATER, NOON, PENDING, TICK

S = JobStatus
E = JobEvent

UNTIL: Final = LATER + timedelta(minutes=5)
TOO_LATE: Final = PENDING.expires_at
STEP: Final = Step(purpose=JobKind.REPLY, output="Well done.")
ERROR: Final = JobError(ErrorCode.LLM_ERROR, "the language model failed", 2.5)
DONE: Final = Settlement(reply=3, final=True)

GIVEN: Final[dict[JobEvent, JobGiven]] = {
    E.CLAIM: UNTIL,
    E.TAKE_OVER: UNTIL,
    E.RENEW: UNTIL,
    E.KEEP: Kept(STEP, Usage(1, 2, 3), Lease(1, UNTIL)),
    E.GIVE_UP: None,
    E.SETTLE: Settled(DONE, Usage(1, 2, 3)),
    E.FAIL: Settled(ERROR, Usage(1, 2, 3)),
    E.CLOSE: Settled(JobError(ErrorCode.SESSION_CANCELLED, "cancelled")),
    E.EXPIRE: Settled(JobError(ErrorCode.JOB_EXPIRED, "too late")),
}
"""What each event brings."""

TABLE: Final[dict[JobStatus, dict[JobEvent, JobStatus]]] = {
    S.PENDING: {E.CLAIM: S.PROCESSING, E.CLOSE: S.FAILED, E.EXPIRE: S.FAILED},
    S.PROCESSING: {
        E.TAKE_OVER: S.PROCESSING,
        E.RENEW: S.PROCESSING,
        E.KEEP: S.PROCESSING,
        E.GIVE_UP: S.PENDING,
        E.SETTLE: S.COMPLETED,
        E.FAIL: S.FAILED,
        E.CLOSE: S.FAILED,
        E.EXPIRE: S.FAILED,
    },
    S.COMPLETED: {},
    S.FAILED: {},
}
"""The table of the brief, copied by hand."""

HELD: Final = evolve(
    PENDING,
    status=S.PROCESSING,
    attempts=1,
    claimed_at=NOON,
    lease=Lease(1, LATER),
    retry_of="j-0",
    follows="j-00",
    scenario="trial",
    notify=True,
)
SAMPLES: Final = {
    S.PENDING: PENDING,
    S.PROCESSING: HELD,
    S.COMPLETED: evolve(PENDING, status=S.COMPLETED, settlement=DONE),
    S.FAILED: evolve(PENDING, status=S.FAILED, error=ERROR),
}


def moved(
    job: Job, event: JobEvent, now: datetime = LATER, given: JobGiven = None
) -> Moved[Job, JobEffect]:
    """Return the answer of a step that is not refused."""
    answer = JOB.step(job, event, now, GIVEN[event] if given is None else given)
    assert isinstance(answer, Moved), answer
    return answer


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("event", E)
def test_the_table_is_that_of_the_brief(status: JobStatus, event: JobEvent) -> None:
    """Every event leads from every state where the brief says, or is impossible there."""
    job = SAMPLES[status]
    answer = JOB.step(job, event, TOO_LATE if event is E.EXPIRE else LATER, GIVEN[event])
    if event in TABLE[status]:
        assert isinstance(answer, Moved)
        assert answer.value.status is TABLE[status][event]
    else:
        assert isinstance(answer, Refused)
        assert answer.impossible
        assert answer.value is job
    assert set(OPEN) == {S.PENDING, S.PROCESSING} == set(S) - set(JOB.ends)


def test_a_claim_counts_the_attempt_and_gives_a_token() -> None:
    """The first lease has token 1, and nothing else is written."""
    answer = moved(PENDING, E.CLAIM)
    assert answer.effects == ()
    assert answer.value == evolve(
        PENDING,
        status=S.PROCESSING,
        attempts=1,
        claimed_at=LATER,
        lease=Lease(1, UNTIL),
        updated_at=LATER,
    )


def test_the_first_claim_is_remembered() -> None:
    """Later claims change nothing of when it was first taken, and a clock gone back neither."""
    first = moved(PENDING, E.CLAIM, NOON + TICK).value
    again = moved(moved(first, E.GIVE_UP).value, E.CLAIM).value
    assert (again.attempts, again.claimed_at) == (2, NOON + TICK)
    over = moved(first, E.TAKE_OVER, UNTIL).value
    assert (over.attempts, over.claimed_at) == (2, NOON + TICK)
    assert moved(PENDING, E.CLAIM, NOON - TICK).value.claimed_at == NOON


def test_a_renewed_lease_is_the_same_lease() -> None:
    """It lasts longer under the same token, and is no attempt; one that ran out may be renewed."""
    for now in (NOON, LATER, TOO_LATE):
        answer = moved(HELD, E.RENEW, now)
        assert answer.effects == ()
        assert answer.value == evolve(HELD, lease=Lease(1, UNTIL), updated_at=now)


@pytest.mark.parametrize("job", [PENDING, HELD], ids=["pending", "held"])
def test_a_job_expires_when_its_time_is_over(job: Job) -> None:
    """A microsecond before it does not; from the very instant on, held or not, it fails."""
    early = JOB.step(job, E.EXPIRE, TOO_LATE - TICK, GIVEN[E.EXPIRE])
    assert isinstance(early, Refused)
    assert early.reasons == (("time to live over", "the job's time is not over"),)
    answer = moved(job, E.EXPIRE, TOO_LATE)
    assert answer.effects == (JobEffect.SETTLE_SESSION,)
    assert answer.value == evolve(
        job,
        status=S.FAILED,
        lease=None,
        error=JobError(ErrorCode.JOB_EXPIRED, "too late"),
        updated_at=TOO_LATE,
    )


def test_a_lease_can_be_taken_over_from_its_end_on() -> None:
    """A microsecond before it may not; from the very instant it may, under the next token."""
    early = JOB.step(HELD, E.TAKE_OVER, LATER - TICK, UNTIL)
    assert isinstance(early, Refused)
    assert early.reasons == (("lease run out", "the lease has not run out"),)
    assert set(early.allowed) == {E.RENEW, E.KEEP, E.GIVE_UP, E.SETTLE, E.FAIL, E.CLOSE}
    assert moved(HELD, E.TAKE_OVER).value == evolve(
        HELD, attempts=2, lease=Lease(2, UNTIL), updated_at=LATER
    )


def test_a_kept_step_is_paid_for() -> None:
    """What one call of the model gave and cost is kept, with the lease of the next."""
    answer = moved(HELD, E.KEEP)
    assert answer.effects == ()
    assert answer.value == evolve(
        HELD, lease=Lease(1, UNTIL), steps=(STEP,), usage=Usage(1, 2, 3), updated_at=LATER
    )
    again = moved(answer.value, E.KEEP, UNTIL).value
    assert again.steps == (STEP, STEP)
    assert again.usage == Usage(2, 4, 6)


def test_a_lease_given_up_keeps_attempts_and_steps() -> None:
    """The job waits for the next one, who gets the next token and what is paid for."""
    kept = moved(HELD, E.KEEP).value
    free = moved(kept, E.GIVE_UP).value
    assert free == evolve(kept, status=S.PENDING, lease=None)
    assert moved(free, E.CLAIM).value.lease == Lease(2, UNTIL)
    assert moved(free, E.CLAIM).value.steps == (STEP,)


@pytest.mark.parametrize("event", [E.SETTLE, E.FAIL, E.CLOSE, E.EXPIRE])
def test_an_outcome_settles_the_session_too(event: JobEvent) -> None:
    """Exactly one outcome is written, the lease is gone, and what it cost is added."""
    given = GIVEN[event]
    assert isinstance(given, Settled)
    before = moved(HELD, E.KEEP).value
    now = TOO_LATE if event is E.EXPIRE else LATER
    answer = moved(before, event, now)
    assert answer.effects == (JobEffect.SETTLE_SESSION,)
    outcome = given.outcome
    assert answer.value == evolve(
        before,
        status=S.COMPLETED if event is E.SETTLE else S.FAILED,
        lease=None,
        usage=before.usage + given.usage,
        settlement=outcome if isinstance(outcome, Settlement) else None,
        error=outcome if isinstance(outcome, JobError) else None,
        updated_at=now,
    )


def test_a_job_that_nobody_claimed_can_be_closed() -> None:
    """A command that ends the session settles it from outside."""
    answer = moved(PENDING, E.CLOSE)
    assert answer.effects == (JobEffect.SETTLE_SESSION,)
    assert answer.value.error == JobError(ErrorCode.SESSION_CANCELLED, "cancelled")


@pytest.mark.parametrize(
    "event, given, wanted",
    [
        (E.TAKE_OVER, None, "claim needs a datetime"),
        (E.RENEW, None, "renew needs a datetime"),
        (E.KEEP, None, "keep needs a Kept"),
        (E.SETTLE, None, "settle needs a Settlement"),
        (E.SETTLE, Settled(ERROR), "settle needs a Settlement"),
        (E.FAIL, None, "fail needs a JobError"),
        (E.FAIL, Settled(DONE), "fail needs a JobError"),
        (E.CLOSE, Settled(DONE), "fail needs a JobError"),
    ],
)
def test_an_event_without_what_it_brings_is_misuse(
    event: JobEvent, given: JobGiven, wanted: str
) -> None:
    """A mistake of the program is told as one, not as a refusal."""
    with pytest.raises(MisuseError, match=wanted):
        JOB.step(HELD, event, LATER, given)


def _fixed(job: Job) -> tuple[object, ...]:
    """Return what no event changes."""
    return (
        job.id,
        job.tenant,
        job.user,
        job.session,
        job.kind,
        job.key,
        job.created_at,
        job.expires_at,
        job.message,
        job.retry_of,
        job.follows,
        job.scenario,
        job.notify,
        job.delivered_at,
    )


def hold(job: Job, event: JobEvent, now: datetime, given: JobGiven) -> Job:
    """Step, and hold everything that the brief promises of any step against it."""
    answer = JOB.step(job, event, now, given)
    assert isinstance(answer, Moved) == (event in JOB.available(job, now))
    if isinstance(answer, Refused):
        assert answer.value is job
        return job
    after = answer.value
    assert job.status in OPEN, "an outcome never changes"
    assert after.updated_at == max(job.updated_at, now)
    assert _fixed(after) == _fixed(job)
    assert (after.status is S.PROCESSING) == (after.lease is not None)
    assert (after.status is S.COMPLETED) == (after.settlement is not None)
    assert (after.status is S.FAILED) == (after.error is not None)
    assert after.steps[: len(job.steps)] == job.steps
    assert after.attempts - job.attempts == (event in {E.CLAIM, E.TAKE_OVER})
    assert (after.claimed_at is None) == (after.attempts == 0)
    assert job.claimed_at in {None, after.claimed_at}
    assert after.lease is None or after.lease.token == after.attempts
    if event in {E.CLAIM, E.TAKE_OVER}:
        assert after.attempts > job.attempts
        assert not job.is_held(now)
    if event is E.EXPIRE:
        assert job.is_expired(now)
    assert after.usage.tokens_in >= job.usage.tokens_in
    assert (JobEffect.SETTLE_SESSION in answer.effects) == (after.status not in OPEN)
    return after


def given_to(job: Job, event: JobEvent, until: datetime) -> JobGiven:
    """Return what *event* brings to *job*, its lease lasting *until* then."""
    given = GIVEN[event]
    if isinstance(given, datetime):
        return until
    if isinstance(given, Kept):
        return Kept(given.step, given.usage, Lease(job.attempts, until))
    return given


def test_every_job_that_can_come_to_be() -> None:
    """A walk through all of them, with the real guards, finds every row used and no dead end."""

    def moves(job: Job) -> Iterator[tuple[JobEvent, datetime, JobGiven]]:
        if job.attempts > 2 or len(job.steps) > 1:
            yield E.CLOSE, LATER, GIVEN[E.CLOSE]
            return
        for event in E:
            given = given_to(job, event, UNTIL)
            for now in (NOON - TICK, NOON, LATER - TICK, LATER, UNTIL, TOO_LATE):
                hold(job, event, now, given)
                yield event, now, given

    walk = JOB.walk(
        [PENDING],
        moves,
        lambda job: (
            job.status,
            job.attempts,
            job.claimed_at,
            len(job.steps),
            job.lease,
            job.updated_at,
        ),
    )
    assert walk.untaken == ()
    assert walk.stuck == ()
    assert walk.states > 20


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(E), st.integers(-600, 600).map(lambda s: timedelta(seconds=s))),
        max_size=25,
    )
)
def test_no_history_breaks_a_promise(history: list[tuple[JobEvent, timedelta]]) -> None:
    """Whatever happens, under a clock that jumps both ways, every step keeps every promise."""
    job, now = evolve(PENDING, expires_at=NOON + timedelta(minutes=20)), NOON
    for event, jump in history:
        now += jump
        job = hold(job, event, now, given_to(job, event, now + timedelta(minutes=5)))
