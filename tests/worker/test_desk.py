"""What lies on a worker's desk, and what is decided there; time is what the test says it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork import AsyncCoach, Coach
from coachwork.adapters import Memory, ScriptedModel
from coachwork.errors import (
    CorruptRecordError,
    LLMError,
    MisuseError,
    OutcomeUnknownError,
    SessionNotFoundError,
    StoreUnavailableError,
    TopicNotFoundError,
    VersionConflictError,
)
from coachwork.jobs import ErrorCode, Job, JobError, JobKind, JobRef, JobStatus, Lease, Settlement
from coachwork.policies import Settings
from coachwork.records import Stored
from coachwork.sessions import Account, AccountStatus
from coachwork.topics import Topic
from coachwork.worker import AsyncWorker, Worker, WorkerOptions
from coachwork.worker import _desk as module
from coachwork.worker._desk import BEATS, LONGEST_WAIT, Desk, Hand, TooLate, check_made_of
from coachwork.worker._pace import NOT_HERE, PUT_OFF, window
from coachwork.worker._telling import AGAIN_AFTER
from coachwork.workflows import NO_PROMPT, Claimed, Held, Relayed
from tests.specimens import LATER, NOON, session

TALK: Final = Topic(id="talk", system="Listen.")
REFS: Final = [JobRef("acme", f"job-{n}", JobKind.REPLY) for n in range(100)]
OPTIONS: Final = WorkerOptions(
    concurrency=2, poll=1.0, backoff=1.0, longest_backoff=4.0, relay_after=5.0
)


class Time:
    """Seconds that go on when they are told to."""

    def __init__(self) -> None:
        """Begin anywhere."""
        self.now = 100.0

    def __call__(self) -> float:
        """Return them."""
        return self.now


def desk_at(time: Time, *, relays: bool = False, settings: Settings | None = None) -> Desk:
    """Return an empty desk for two."""
    return Desk(OPTIONS, settings or Settings(), relays=relays, clock=time)


def held(
    ref: JobRef,
    attempts: int = 1,
    *,
    error: JobError | None = None,
    is_settled: bool = True,
) -> Held:
    """Return a job in its *attempts*-th lease, with an outcome or under way."""
    settlement = Settlement() if is_settled and error is None else None
    status = JobStatus.FAILED if error else JobStatus.COMPLETED
    job = Job(
        id=ref.job,
        tenant=ref.tenant,
        user="ada",
        session="s-1",
        kind=ref.kind,
        key="k",
        created_at=NOON,
        updated_at=NOON,
        expires_at=LATER,
        status=status if is_settled else JobStatus.PROCESSING,
        attempts=attempts,
        lease=None if is_settled else Lease(attempts, LATER),
        settlement=settlement,
        error=error,
    )
    account = Account("acme", "ada", AccountStatus.OPEN, NOON)
    return Held(Stored(account, 1), Stored(session(), 1), Stored(job, 1))


def claim_of(ref: JobRef, token: int = 1) -> Claimed:
    """Return the claim of a job."""
    return Claimed(TALK, held(ref, token, is_settled=False))


def drained(desk: Desk) -> bool:
    """Whether there was nothing more to do when it was looked last."""
    return desk.is_drained


def busy(desk: Desk) -> bool:
    """Whether something is under way."""
    return desk.is_busy


def taken(desk: Desk, *refs: JobRef) -> list[Hand]:
    """Look, and take what is due and wanted."""
    assert desk.look_at() > 0
    without = desk.not_wanted()
    due = [ref for ref in refs if ref not in without]
    return sorted(desk.take(due), key=lambda hand: hand.ref.job)


# --- taking --------------------------------------------------------------------------------------


def test_no_more_than_there_is_room_for() -> None:
    """A full desk takes nothing; one that has room takes others than those in hand."""
    desk = desk_at(Time())
    assert desk.look_at() == window(2)
    one, two = taken(desk, *REFS)
    assert one.ref != two.ref
    assert busy(desk)
    assert desk.look_at() == 0
    desk.off(one)
    desk.off(one)
    assert desk.look_at() == window(1)
    assert desk.not_wanted() == {two.ref}
    desk.claimed(two, claim_of(two.ref))
    assert desk.not_wanted() == {two.ref}
    (three,) = taken(desk, two.ref, *REFS[:50])
    assert three.ref != two.ref
    assert desk.not_wanted() == {two.ref, three.ref}
    assert not drained(desk)


def test_what_is_not_wanted() -> None:
    """What is in hand and what is left alone, for as long as it is; an answered job is neither."""
    time = Time()
    desk = desk_at(time)
    assert desk.not_wanted() == set()
    one, two = taken(desk, *REFS[:2])
    desk.broke(one, ValueError())
    desk.off(one)
    assert desk.not_wanted() == {one.ref, two.ref}
    desk.claimed(two, claim_of(two.ref))
    desk.outcome(two, held(two.ref))
    desk.off(two)
    assert desk.not_wanted() == {one.ref}
    time.now += PUT_OFF
    assert desk.not_wanted() == set()


def test_when_it_is_drained() -> None:
    """Only a look that began with an empty desk and found nothing is the end."""
    desk = desk_at(Time())
    assert not drained(desk)
    (one,) = taken(desk, REFS[0])
    assert not drained(desk)
    assert desk.look_at() > 0
    desk.off(one)  # while the due jobs are read
    assert desk.take([]) == []
    assert not drained(desk)
    assert taken(desk) == []
    assert drained(desk)
    assert desk.look_at() > 0
    assert not drained(desk)


def test_what_may_get_better_is_waited_for() -> None:
    """A job that the repository was in the way of is not the end; one of a strange topic is."""
    time = Time()
    desk = desk_at(time)
    (one,) = taken(desk, REFS[0])
    desk.broke(one, VersionConflictError(8))
    desk.off(one)
    assert taken(desk, REFS[0]) == []
    assert not drained(desk)
    time.now += PUT_OFF
    (one,) = taken(desk, REFS[0])
    desk.broke(one, TopicNotFoundError())
    desk.off(one)
    assert taken(desk, REFS[0]) == []
    assert drained(desk)


def test_what_gets_ripe_while_the_due_jobs_are_read_is_waited_for() -> None:
    """It was left out when they were asked for, and is no more left alone when they come."""
    time = Time()
    desk = desk_at(time)
    (one,) = taken(desk, REFS[0])
    desk.broke(one, VersionConflictError(8))
    desk.off(one)
    assert desk.look_at() > 0
    assert REFS[0] in desk.not_wanted()
    time.now += PUT_OFF
    assert desk.take([]) == []
    assert not desk.is_drained


# --- leases --------------------------------------------------------------------------------------


def test_which_leases_are_renewed() -> None:
    """Those of claimed jobs in hand that are not lost."""
    desk = desk_at(Time())
    one, two = taken(desk, *REFS[:2])
    assert desk.to_renew() == []
    claim = claim_of(one.ref)
    desk.claimed(one, claim)
    assert desk.to_renew() == [(one, claim)]
    desk.claimed(two, claim_of(two.ref))
    desk.lost(one)
    assert [hand for hand, _ in desk.to_renew()] == [two]
    desk.off(two)
    assert desk.to_renew() == []


def test_a_call_that_never_ends_loses_its_lease(caplog: pytest.LogCaptureFixture) -> None:
    """It keeps its place, since its thread is there, but not its job."""
    time = Time()
    settings = Settings(model_timeout=timedelta(seconds=4), lease=timedelta(seconds=5))
    desk = desk_at(time, settings=settings)
    (one,) = taken(desk, REFS[0])
    desk.claimed(one, claim_of(one.ref))
    time.now += 9.9
    assert len(desk.to_renew()) == 1
    assert not caplog.records
    time.now += 0.1
    assert desk.to_renew() == []
    assert desk.to_renew() == []
    assert len(caplog.records) == 1
    assert one.ref.job in caplog.text
    assert busy(desk)


def test_the_beat() -> None:
    """It is a part of the lease, and never so long that no clock could wait for it."""
    short = Settings(worker_lease=timedelta(seconds=9))
    assert desk_at(Time(), settings=short).beat == 9 / BEATS
    assert desk_at(Time(), settings=Settings(worker_lease=timedelta.max)).beat == LONGEST_WAIT


def test_a_renewal_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """The next one may do; where the user is gone, there is nothing to renew."""
    desk = desk_at(Time())
    one, two = taken(desk, *REFS[:2])
    for hand in (one, two):
        desk.claimed(hand, claim_of(hand.ref))
    desk.renewal_failed(one, StoreUnavailableError())
    assert len(desk.to_renew()) == 2
    assert one.ref.job in caplog.text
    desk.renewal_failed(two, SessionNotFoundError())
    assert [hand for hand, _ in desk.to_renew()] == [one]
    assert len(caplog.records) == 1


def test_what_is_let_go() -> None:
    """The claims are handed out to be given back; what comes of the jobs later is no matter."""
    desk = desk_at(Time())
    one, two = taken(desk, *REFS[:2])
    claim = claim_of(one.ref)
    desk.claimed(one, claim)
    assert desk.let_go() == [claim]
    assert not busy(desk)
    assert desk.outcome(one, held(one.ref)) is None
    desk.broke(one, ValueError())
    assert desk.answered == 0
    with pytest.raises(TooLate) as late:
        desk.claimed(two, claim_of(two.ref))
    assert late.value.claimed.ref == two.ref
    # The same job in hand again is another one.
    (again,) = taken(desk, one.ref)
    desk.claimed(again, claim_of(one.ref, 2))
    desk.off(one)
    assert busy(desk)


# --- what came of a job --------------------------------------------------------------------------


def test_an_outcome() -> None:
    """It is told of and counted where the job was in hand until it had its outcome."""
    desk = desk_at(Time())
    (one,) = taken(desk, REFS[0])
    desk.claimed(one, claim_of(one.ref))
    view = desk.outcome(one, held(one.ref))
    assert view is not None
    assert (view.id, view.status) == (one.ref.job, "completed")
    assert desk.answered == 1


@pytest.mark.parametrize(
    "token, found",
    [
        (None, held(REFS[0])),
        (1, held(REFS[0], 2)),
        (1, held(REFS[0], 2, is_settled=False)),
        (None, held(REFS[0], is_settled=False)),
        (None, None),
        (1, None),
    ],
    ids=["found settled", "another's outcome", "another's", "found held", "gone", "deleted"],
)
def test_no_outcome_here(token: int | None, found: Held | None) -> None:
    """What is another's or gone is not told of, and left alone though a view calls it due."""
    time = Time()
    desk = desk_at(time)
    (one,) = taken(desk, REFS[0])
    if token is not None:
        desk.claimed(one, claim_of(one.ref, token))
    assert desk.outcome(one, found) is None
    desk.off(one)
    assert desk.answered == 0
    assert taken(desk, REFS[0]) == []
    assert drained(desk)
    time.now += PUT_OFF
    assert len(taken(desk, REFS[0])) == 1


@pytest.mark.parametrize(
    "code, retry_after, least, most",
    [
        (ErrorCode.LLM_ERROR, None, 0.5, 1.0),
        (ErrorCode.LLM_ERROR, LLMError.default_retry_after, 10.0, 10.0),
        (ErrorCode.LLM_ERROR, 20.0, 20.0, 20.0),
        (ErrorCode.LLM_TIMEOUT, 0.0, 0.5, 1.0),
        (ErrorCode.LLM_TIMEOUT, 20.0, 20.0, 20.0),
        (ErrorCode.BAD_REPLY, None, 0.0, 0.0),
        (ErrorCode.CONTENT_FILTER, None, 0.0, 0.0),
        (ErrorCode.SESSION_CANCELLED, None, 0.0, 0.0),
        (ErrorCode.ATTEMPTS_EXHAUSTED, None, 0.0, 0.0),
    ],
)
def test_what_a_failed_job_tells_of_the_model(
    code: ErrorCode, retry_after: float | None, least: float, most: float
) -> None:
    """Where the model failed, nothing is claimed for a while, for as long as the provider says.

    Ten seconds are its wish as well as any other, though people are told so as a rule.
    """
    time = Time()
    desk = desk_at(time)
    (one,) = taken(desk, REFS[0])
    desk.claimed(one, claim_of(one.ref))
    view = desk.outcome(one, held(one.ref, error=JobError(code, "why", retry_after)))
    desk.off(one)
    assert view is not None
    assert view.error_code is code
    time.now += least - 0.001
    assert (desk.look_at() == 0) == (least > 0)
    time.now += most - least + 0.002
    assert desk.look_at() > 0


def test_a_prompt_that_cannot_be_made_tells_nothing_of_the_model() -> None:
    """It was not asked: the others need not wait, and its failures in a row go on."""
    time = Time()
    desk = desk_at(time)
    for _ in range(2):
        desk.failed("look for jobs", ValueError())
        time.now += OPTIONS.longest_backoff
    (one,) = taken(desk, REFS[0])
    desk.claimed(one, claim_of(one.ref))
    view = desk.outcome(one, held(one.ref, error=JobError(ErrorCode.LLM_ERROR, NO_PROMPT)))
    assert view is not None
    assert view.error_code is ErrorCode.LLM_ERROR
    desk.off(one)
    assert desk.look_at() > 0
    desk.failed("look for jobs", ValueError())
    time.now += 1.999
    assert desk.look_at() == 0


def test_an_answer_ends_the_row_of_failures() -> None:
    """After a reply, a bad one too, the next failure is the first one."""
    time = Time()
    desk = desk_at(time)
    for error in (None, JobError(ErrorCode.EMPTY_REPLY, "why")):
        for _ in range(4):
            desk.failed("look for jobs", ValueError())
            time.now += OPTIONS.longest_backoff
        (one,) = taken(desk, REFS[0])
        desk.claimed(one, claim_of(one.ref))
        desk.outcome(one, held(one.ref, error=error))
        desk.off(one)
        desk.failed("look for jobs", ValueError())
        time.now += OPTIONS.backoff
        assert desk.look_at() > 0


@pytest.mark.parametrize(
    "error, pauses, seconds",
    [
        (StoreUnavailableError(), True, PUT_OFF),
        (OutcomeUnknownError(), True, PUT_OFF),
        (VersionConflictError(8), False, PUT_OFF),
        (CorruptRecordError("session", "status", "is missing"), False, PUT_OFF),
        (TopicNotFoundError(), False, NOT_HERE),
        (SystemExit(), False, PUT_OFF),
        (ValueError("a secret"), False, PUT_OFF),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_job_that_breaks(
    error: BaseException, pauses: object, seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    """It is left alone for a while, for long where it is not for this worker.

    Others wait only where the repository is in trouble.
    """
    time = Time()
    desk = desk_at(time)
    (one,) = taken(desk, REFS[0])
    desk.broke(one, error)
    desk.off(one)
    assert (desk.look_at() == 0) == pauses
    time.now += seconds - 0.001
    if not pauses:
        assert [hand.ref for hand in taken(desk, *REFS[:2])] == REFS[1:2]
    time.now += 0.002
    desk.let_go()
    assert REFS[0] in [hand.ref for hand in taken(desk, REFS[0])]
    assert one.ref.job in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("error", [StoreUnavailableError(), RuntimeError("no more threads")])
def test_what_fails_for_all(error: Exception) -> None:
    """Whatever hinders the worker itself makes it pause, so that it never spins."""
    time = Time()
    desk = desk_at(time)
    desk.failed("look for jobs", error)
    assert desk.look_at() == 0
    assert desk.patience() > 0
    time.now += 2
    assert desk.look_at() > 0


# --- events --------------------------------------------------------------------------------------


def test_no_relay_without_a_notifier() -> None:
    """There is nobody to tell."""
    desk = desk_at(Time())
    assert not desk.relay_is_due()


def test_when_to_relay() -> None:
    """At first, then now and then, at once where much is owed; one relay at a time."""
    time = Time()
    desk = desk_at(time, relays=True)
    assert desk.patience() == 0
    assert desk.relay_is_due()
    assert busy(desk)
    assert not desk.relay_is_due()
    assert desk.patience() > 0
    for relayed in (Relayed(1, 0, more=False), Relayed(0, 3, more=True), None):
        desk.relayed(relayed)
        assert not busy(desk)
        assert not desk.relay_is_due()
        time.now += OPTIONS.relay_after
        assert desk.relay_is_due()
    desk.relayed(Relayed(1, 0, more=True))
    assert desk.relay_is_due()


def untold(desk: Desk, *refs: JobRef) -> list[str | None]:
    """Settle jobs whose events are owed; return those to deliver now."""
    jobs = [desk.begin_telling(owed(ref)) for ref in refs]
    return [None if job is None else job.id for job in jobs]


def owed(ref: JobRef) -> Held:
    """Return a settled job whose event is to be delivered."""
    found = held(ref)
    return evolve(found, job=Stored(evolve(found.job.value, notify=True), 1))


def next_of(desk: Desk, *, goes_on: bool = True) -> str | None:
    """Note the end of a delivery, and return the job whose turn it is."""
    job = desk.told(goes_on=goes_on)
    return None if job is None else job.id


def test_no_more_deliveries_than_answers_at_once() -> None:
    """They take no place from the jobs; more of them wait for their turn, in order."""
    desk = desk_at(Time(), relays=True)
    assert untold(desk, *REFS[:4]) == ["job-0", "job-1", None, None]
    assert busy(desk)
    assert desk.look_at() == window(2)
    assert next_of(desk) == "job-2"
    assert untold(desk, REFS[4]) == [None]
    assert next_of(desk) == "job-3"
    assert next_of(desk) == "job-4"
    assert busy(desk)
    assert next_of(desk) is None
    assert busy(desk)
    assert untold(desk, REFS[5]) == ["job-5"]
    assert next_of(desk) is None
    assert next_of(desk) is None
    assert not busy(desk)


def test_who_breaks_at_a_delivery_delivers_nothing_more() -> None:
    """What waits is the turn of others then."""
    desk = desk_at(Time(), relays=True)
    assert untold(desk, *REFS[:3]) == ["job-0", "job-1", None]
    assert next_of(desk, goes_on=False) is None
    assert busy(desk)
    assert next_of(desk) == "job-2"
    assert next_of(desk, goes_on=False) is None
    assert not busy(desk)


def test_what_is_not_delivered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is gone or not owed; what there is nobody for; what is too much, or too late."""
    monkeypatch.setattr(module, "MOST_UNTOLD", 1)
    desk = desk_at(Time(), relays=True)
    assert desk.begin_telling(None) is None
    assert desk.begin_telling(held(REFS[0])) is None
    assert untold(desk_at(Time()), REFS[0]) == [None]
    assert not busy(desk)
    assert untold(desk, *REFS[:4]) == ["job-0", "job-1", None, None]
    assert next_of(desk) == "job-2"
    assert next_of(desk) is None
    assert untold(desk, *REFS[4:6]) == ["job-4", None]
    desk.let_go()
    assert next_of(desk) is None
    assert busy(desk)
    assert next_of(desk) is None
    assert not busy(desk)


def test_a_notifier_that_fails_is_complained_of(caplog: pytest.LogCaptureFixture) -> None:
    """Once a minute, however often it is tried; a relay that delivers all says nothing."""
    time = Time()
    desk = desk_at(time, relays=True)
    desk.relayed(Relayed(3, 0, more=False))
    assert not caplog.records
    for _ in range(5):
        desk.relayed(Relayed(0, 1, more=False, why="ConnectionError"))
    said = "a worker could not deliver events: ConnectionError"
    assert [record.getMessage() for record in caplog.records] == [said]
    time.now += AGAIN_AFTER
    desk.relayed(Relayed(0, 1, more=False, why="ConnectionError"))
    assert len(caplog.records) == 2


# --- waiting -------------------------------------------------------------------------------------


def test_how_long_to_wait() -> None:
    """Until the next poll, until the end of a pause, and for ever where there is no room."""
    time = Time()
    desk = desk_at(time)
    assert 0.8 <= desk.patience() <= 1.2
    one, _ = taken(desk, *REFS[:2])
    assert desk.patience() == LONGEST_WAIT
    desk.off(one)
    desk.failed("look for jobs", StoreUnavailableError(retry_after=7.0))
    assert desk.patience() == pytest.approx(7.0)
    time.now += 7.5
    assert 0.8 <= desk.patience() <= 1.2


def test_a_worker_is_made_from_a_coach_of_its_colour() -> None:
    """A coach of the other colour, and what are no options, are found out at once."""
    with Coach(Memory(), ScriptedModel(["Hi"]), topics=[]) as coach:
        wrong: Any = coach
        options: Any = 4
        check_made_of(coach, Coach, None)
        check_made_of(coach, Coach, WorkerOptions())
        with pytest.raises(MisuseError, match="an AsyncWorker for an AsyncCoach"):
            check_made_of(coach, AsyncCoach, None)
        with pytest.raises(MisuseError, match="WorkerOptions"):
            check_made_of(coach, Coach, 4)
        with pytest.raises(MisuseError, match="an AsyncWorker for an AsyncCoach"):
            AsyncWorker(wrong)
        with pytest.raises(MisuseError, match="WorkerOptions"):
            Worker(coach, options)
