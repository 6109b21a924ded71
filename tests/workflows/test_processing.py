"""What a worker does: find jobs that wait, take one, answer it, and make its lease last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from coachwork.adapters import final
from coachwork.effects import AskModel, Commit, Find, Get
from coachwork.errors import (
    CorruptRecordError,
    LLMError,
    SessionBusyError,
    SessionNotFoundError,
    StoreUnavailableError,
    TopicNotFoundError,
    ValidationError,
    VersionConflictError,
)
from coachwork.jobs import ErrorCode, Job, JobKind, JobRef, JobStatus
from coachwork.messages import Message, Usage
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask, CommitResult
from coachwork.records import Delete, Update, job_key, session_key
from coachwork.sessions import EndReason, Session, SessionStatus, Spending
from coachwork.testing import RecordingNotifier
from coachwork.testing.faults import CrashError, Fault, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Claimed,
    cancel,
    cancel_job,
    complete,
    delete_all,
    due_jobs,
    pause,
    process,
    purge_expired,
    release,
    renew,
    resume,
    send,
    serve,
    start,
    submit,
)
from coachwork.workflows import _processing as processing
from coachwork.workflows._processing import claim, work
from tests.between import between
from tests.faults import ADA, BEN, Told, World


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)
HALL = Topic(id="hall", system="Listen.", initiation="Say hello.", resume="Welcome back.")


def submitted(
    *, heard: RecordingNotifier | None = None, settings: Settings | None = None
) -> tuple[World, str, JobRef]:
    """Return a world in which a job waits for a worker, its session, and where it is found."""
    world = World([TALK, HALL], lambda _: "Go on.", notifier=heard, settings=settings)
    session = world.run(start(world.setup, ADA, TALK)).session.id
    return world, session, more(world, session)


def more(world: World, session: str, text: str = "Hi.") -> JobRef:
    """Submit a message, and return where its job is found."""
    name = world.run(submit(world.setup, ADA, TALK, session, text)).id
    return JobRef("acme", name, JobKind.REPLY)


def the_job(world: World, ref: JobRef) -> Job:
    """Return a job as it is stored."""
    (job,) = (job for job in world.stored("job") if isinstance(job, Job) and job.id == ref.job)
    return job


def taken(world: World, ref: JobRef) -> Claimed:
    """Take a job."""
    found = world.run(claim(world.setup, ref))
    assert isinstance(found, Claimed)
    return found


def damage(world: World, name: str, tenant: str = "acme") -> None:
    """Write something unreadable into a job's record; its facts stay."""
    record = world.memory.get(job_key(tenant, name))
    assert record is not None
    broken = evolve(record, version=record.version + 1, body='{"schema": 1}')
    assert world.memory.commit([Update(broken)]) is CommitResult.DONE


# --- what is due --------------------------------------------------------------------------------


def test_what_is_due() -> None:
    """Jobs of all tenants that nobody holds, those that wait longest first."""
    world, session, ref = submitted()
    world.clock.advance(seconds=1)
    away = Caller("other", "eve")
    hall = world.run(start(world.setup, away, HALL, wait=False))
    assert hall.job is not None
    other = JobRef("other", hall.job.id, JobKind.GREETING)
    assert world.run(due_jobs(world.setup)) == [ref, other]
    assert world.run(due_jobs(world.setup, limit=1)) == [ref]
    taken(world, ref)
    assert world.run(due_jobs(world.setup)) == [other]
    world.clock.time += world.setup.lease
    assert world.run(due_jobs(world.setup)) == [other, ref]
    world.run(process(world.setup, ref))
    world.run(process(world.setup, other))
    assert world.run(due_jobs(world.setup)) == []
    assert world.run(send(world.setup, ADA, TALK, session, "On.")).session.turns == 2


def test_what_is_settled_and_owed_is_not_due_for_a_worker() -> None:
    """That is the relay's."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)
    heard.fail()
    world.run(process(world.setup, ref))
    assert world.run(due_jobs(world.setup)) == []


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, None])
def test_a_limit_is_a_number(limit: Any) -> None:  # noqa: ANN401 - whatever is passed
    """Anything else is refused before anything is asked."""
    world, _, _ = submitted()
    first = len(world.effects)
    with pytest.raises(ValidationError) as error:
        world.run(due_jobs(world.setup, limit=limit))
    assert (error.value.field, len(world.effects)) == ("limit", first)


def test_damaged_jobs_are_passed_over() -> None:
    """They stand in front for ever, and others behind them are found all the same."""
    world, session, first = submitted()
    names = [first.job]
    for number in range(4):
        world.clock.advance(seconds=1)
        begun = world.run(start(world.setup, Caller("acme", f"user-{number}"), HALL, wait=False))
        assert begun.job is not None
        names.append(begun.job.id)
    world.checks = False  # it is no state that a workflow could make
    for name in names[:3]:
        damage(world, name)
    seen = len(world.effects)
    (found,) = world.run(due_jobs(world.setup, limit=1))
    assert found.job == names[3]
    sizes = [one.query.limit for one in world.effects[seen:] if isinstance(one, Find)]
    assert sizes == [1, 2, 4]
    assert [ref.job for ref in world.run(due_jobs(world.setup, limit=9))] == names[3:]
    assert session != ""


@pytest.mark.parametrize("limit", [1, 3, 7, 9])
@pytest.mark.parametrize("damaged", [True, False], ids=["damaged", "not wanted"])
def test_nothing_stands_in_front_for_ever(
    limit: int,
    damaged: bool,  # noqa: FBT001 - a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many jobs nobody wants or can read, due at the same instant too: one is found."""
    monkeypatch.setattr(processing, "LARGEST_PAGE", 4)
    world, _, first = submitted()
    world.checks = False
    in_front = [first]
    for number in range(40):
        world.clock.advance(seconds=number % 3)
        away = Caller("acme" if number % 2 else "other", f"user-{number}")
        hall = world.run(start(world.setup, away, HALL, wait=False))
        assert hall.job is not None
        in_front.append(JobRef(away.tenant, hall.job.id, JobKind.GREETING))
    wanted = [ref for ref in in_front if ref.job in {in_front[20].job, in_front[40].job}]
    others = {ref for ref in in_front if ref not in wanted}
    if damaged:
        for ref in others:
            damage(world, ref.job, ref.tenant)
    without = () if damaged else others
    seen = len(world.effects)
    assert world.run(due_jobs(world.setup, limit=limit, without=without)) == wanted[:limit]
    sizes = [one.query.limit for one in world.effects[seen:] if isinstance(one, Find)]
    assert max(sizes) <= max(limit, 4)
    assert world.run(due_jobs(world.setup, limit=limit, without=in_front)) == []


def test_no_job_is_found_twice() -> None:
    """Page by page each is found once, though more pages are read than are asked for."""
    world, _, first = submitted()
    away = Caller("acme", "eve")
    hall = world.run(start(world.setup, away, HALL, wait=False))
    plain = world.run(start(world.setup, Caller("acme", "joe"), HALL, wait=False))
    assert hall.job is not None
    assert plain.job is not None
    last = JobRef("acme", plain.job.id, JobKind.GREETING)
    middle = JobRef("acme", hall.job.id, JobKind.GREETING)
    assert world.run(due_jobs(world.setup, limit=2, without={first})) == [middle, last]
    assert world.run(due_jobs(world.setup, limit=2, without={middle})) == [first, last]


# --- process ------------------------------------------------------------------------------------


def test_a_job_is_answered() -> None:
    """Claim, ask, settle, deliver: and the report tells the outcome, as plain data."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)
    world.model = lambda _: final(Values(["x"]))
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, report.attempts) == ("completed", 1)
    assert report.outcome is not None
    assert report.outcome.result == {"values": ["x"]}
    assert heard.jobs == [ref.job]
    assert the_job(world, ref).delivered_at == world.clock.time


@pytest.mark.parametrize("wait", ["greeting", "welcome back", "extraction"])
def test_every_kind_of_job_is_answered(wait: str) -> None:
    """Greetings and welcome-backs as replies; extractions too, where one was left."""
    world, session, ref = submitted()
    world.run(process(world.setup, ref))
    if wait == "extraction":
        world.model = lambda _: CrashError()
        with pytest.raises(CrashError):
            world.run(complete(world.setup, ADA, TALK, session))
        world.clock.time += world.setup.lease
        world.model = lambda _: '{"values": []}'
    else:
        hall = world.run(start(world.setup, ADA, HALL, wait=False)).session.id
        if wait == "welcome back":
            (greeting,) = world.run(due_jobs(world.setup))
            world.run(process(world.setup, greeting))
            world.run(resume(world.setup, ADA, HALL, hall, wait=False))
    (due,) = world.run(due_jobs(world.setup))
    report = world.run(process(world.setup, due))
    assert report is not None
    assert (report.status, report.kind) == ("completed", wait.replace(" ", "_"))


def test_it_may_be_called_any_number_of_times() -> None:
    """The second time it tells the same, asks no model and delivers nothing again."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)
    first = world.run(process(world.setup, ref))
    before = world.records()
    assert world.run(process(world.setup, ref)) == first
    assert (world.records(), len(world.asks), len(heard.events)) == (before, 1, 1)


def test_a_failed_job_is_no_exception() -> None:
    """The report says so, and the event too."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)
    world.model = lambda _: LLMError(retry_after=7)
    for _ in range(2):
        report = world.run(process(world.setup, ref))
        assert report is not None
        assert (report.status, report.error_code, report.retry_after) == ("failed", "LLM_ERROR", 7)
    assert heard.jobs == [ref.job]


@pytest.mark.parametrize("ref", ["acme/j-1/reply", None, ("acme", "j-1", "reply")])
def test_what_is_no_ref_is_refused(ref: Any) -> None:  # noqa: ANN401 - whatever is passed
    """What a queue carries has to be read first; nothing is asked before that."""
    world, _, _ = submitted()
    first = len(world.effects)
    with pytest.raises(ValidationError) as error:
        world.run(process(world.setup, ref))
    assert (error.value.field, len(world.effects)) == ("ref", first)


def test_a_job_that_is_gone_is_none() -> None:
    """Never was, swept away, or its user deleted: before it is looked at."""
    world, session, ref = submitted()
    assert world.run(process(world.setup, JobRef("acme", "gone", JobKind.REPLY))) is None
    assert world.run(process(world.setup, JobRef("other", ref.job, JobKind.REPLY))) is None
    world.run(cancel(world.setup, ADA, TALK, session))
    world.clock.advance(days=14)
    world.run(purge_expired(world.setup))
    assert world.run(process(world.setup, ref)) is None


@pytest.mark.parametrize("said", ["Too late.", final()])
def test_a_user_who_is_deleted_while_the_model_thinks(said: str) -> None:
    """None, no event, and nothing is left behind."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)

    def thinks(_: Ask) -> str:
        world.run(delete_all(world.setup, ADA))
        return said

    world.model = thinks
    assert world.run(process(world.setup, ref)) is None
    assert (heard.events, world.stored("session"), world.stored("message")) == ([], [], [])


def test_a_user_who_is_deleted_before_the_report() -> None:
    """The job had its outcome, and all of it was swept away before it could be told."""
    world, _, ref = submitted()
    world.run(process(world.setup, ref))
    before_the_reply_is_read = 4
    step = between(
        process(world.setup, ref),
        before_the_reply_is_read,
        lambda: world.run(delete_all(world.setup, ADA)),
    )
    assert world.run(step) is None


def test_a_job_in_anothers_hands_is_left_alone() -> None:
    """Until its lease runs out: then it is taken over, under the next token."""
    world, _, ref = submitted()
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(process(world.setup, ref))
    world.model = lambda _: "Go on."
    world.clock.advance(seconds=329)
    before = world.records()
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, report.attempts, world.records()) == ("processing", 1, before)
    world.clock.advance(seconds=1)
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, report.attempts, len(world.asks)) == ("completed", 2, 2)


def test_two_workers_with_one_job() -> None:
    """One of them answers; the other tells that it is under way."""
    world, _, ref = submitted()
    others: list[str] = []

    def thinks(_: Ask) -> str:
        report = world.run(process(world.setup, ref))
        assert report is not None
        others.append(report.status)
        return "Go on."

    world.model = thinks
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, others, len(world.asks)) == ("completed", ["processing"], 1)


def test_a_claim_that_another_makes_at_that_moment() -> None:
    """Between look and claim another took the job: it is left alone."""
    world, _, ref = submitted()

    def commit(effect: Commit, /) -> CommitResult:
        del world.commit
        taken(world, ref)
        return world.commit(effect)

    world.commit = commit  # type: ignore[method-assign]
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, report.attempts, world.asks) == ("processing", 1, [])


def test_a_claim_that_is_never_fast_enough() -> None:
    """It is told so, and the job is due as before."""
    world, _, ref = submitted(settings=Settings(commit_tries=1))
    with pytest.raises(VersionConflictError):
        world.run(process(world.setup, ref), Told(4, Fault.CONFLICT_NOT_DONE))
    assert world.run(due_jobs(world.setup)) == [ref]


@pytest.mark.parametrize(
    "fault", [Fault.FAIL_BEFORE, Fault.INTERRUPT_BEFORE, Fault.INTERRUPT_AFTER]
)
def test_a_claim_that_is_interrupted_holds_nothing_up(fault: Fault) -> None:
    """Whether it was done or not: the job is due at once."""
    world, _, ref = submitted()
    error = StoreUnavailableError if fault is Fault.FAIL_BEFORE else InterruptError
    with pytest.raises(error):
        world.run(process(world.setup, ref), Told(4, fault))
    assert world.run(due_jobs(world.setup)) == [ref]


def test_a_crash_at_the_claim_is_waited_for() -> None:
    """Who is gone can give nothing up; the lease ends it."""
    world, _, ref = submitted()
    with pytest.raises(CrashError):
        world.run(process(world.setup, ref), Told(4, Fault.CRASH_AFTER))
    assert world.run(due_jobs(world.setup)) == []


def test_a_worker_that_wakes_after_its_lease() -> None:
    """Another answered meanwhile: its own answer is dropped, and what it cost is kept."""
    world, _, ref = submitted()

    def slow(_: Ask) -> Answer:
        world.clock.advance(minutes=6)
        world.model = lambda _: "The other's."
        world.run(process(world.setup, ref))
        return Answer(text="Mine.", usage=Usage(5, 6, 7))

    world.model = slow
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert report.outcome is not None
    assert report.outcome.message is not None
    assert (report.outcome.message.text, report.attempts) == ("The other's.", 2)
    assert (world.only(Spending).token, world.only(Spending).usage) == (1, Usage(5, 6, 7))
    assert len(world.stored("message")) == 2


def test_a_worker_that_wakes_while_another_thinks() -> None:
    """The job is in the other's hands, and the report says so."""
    world, _, ref = submitted()

    def slow(_: Ask) -> str:
        world.clock.advance(minutes=6)
        taken(world, ref)
        return "Mine."

    world.model = slow
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, report.attempts) == ("processing", 2)
    assert len(world.stored("message")) == 1


# --- what has expired is closed on the way ------------------------------------------------------


def test_an_expired_session_is_closed() -> None:
    """No model is asked; session and job end so, the claims are free, the event is delivered."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard, settings=Settings(job_life=timedelta(days=30)))
    world.clock.advance(days=14)
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, report.error_code) == ("failed", "SESSION_EXPIRED")
    ended = world.only(Session)
    assert ended.ledger.ending is not None
    assert (ended.status, ended.ledger.ending.reason) == (
        SessionStatus.ABANDONED,
        EndReason.EXPIRED,
    )
    assert (world.stored("claim"), world.asks, heard.jobs) == ([], [], [ref.job])


def test_an_expired_job_is_settled() -> None:
    """The session goes on without it; the turn is free."""
    heard = RecordingNotifier()
    world, session, ref = submitted(heard=heard)
    world.clock.advance(hours=24)
    for _ in range(2):
        report = world.run(process(world.setup, ref))
        assert report is not None
        assert (report.status, report.error_code) == ("failed", "JOB_EXPIRED")
    assert (world.only(Session).turns, world.asks, heard.jobs) == (0, [], [ref.job])
    assert world.run(send(world.setup, ADA, TALK, session, "On.")).session.turns == 1


def test_an_expired_jobs_lease_is_of_no_account() -> None:
    """Who meets it settles it; its holder comes too late."""
    world, _, ref = submitted()

    def slow(_: Ask) -> str:
        world.clock.advance(hours=24)
        report = world.run(process(world.setup, ref))
        assert report is not None
        assert report.error_code == "JOB_EXPIRED"
        return "Too late."

    world.model = slow
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.error_code, len(world.stored("message"))) == ("JOB_EXPIRED", 1)


# --- topics -------------------------------------------------------------------------------------


def test_an_undeclared_topic_is_told_and_no_lease_is_taken() -> None:
    """Another worker may know the topic; the job is due as before."""
    world, _, ref = submitted()
    world.declare(HALL)
    before = world.records()
    with pytest.raises(TopicNotFoundError):
        world.run(process(world.setup, ref))
    assert (world.records(), world.run(due_jobs(world.setup))) == (before, [ref])


def test_what_needs_no_model_needs_no_topic() -> None:
    """A settled job is told, an expired one is settled, whatever is declared."""
    world, session, ref = submitted()
    world.run(process(world.setup, ref))
    late = more(world, session, "More.")
    world.declare(HALL)
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert report.status == "completed"
    world.clock.advance(hours=24)
    report = world.run(process(world.setup, late))
    assert report is not None
    assert report.error_code == "JOB_EXPIRED"


# --- delivery -----------------------------------------------------------------------------------


def test_an_event_that_a_crash_left_is_delivered() -> None:
    """Between settle and deliver the process died: the next call delivers."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)
    heard.fail()
    world.run(process(world.setup, ref))
    assert the_job(world, ref).is_undelivered
    heard.recover()
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, heard.jobs, len(world.asks)) == ("completed", [ref.job], 1)


def test_the_event_of_who_closed_it_is_delivered() -> None:
    """A job that its owner cancelled is told by the worker that finds it so."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)
    world.run(cancel_job(world.setup, ADA, TALK, ref.job))
    world.run(process(world.setup, ref))
    assert heard.jobs == [ref.job]


# --- attempts -----------------------------------------------------------------------------------


def test_attempts_are_bounded() -> None:
    """After so many leases without an outcome it fails, and no model is asked for that."""
    world, _, ref = submitted(settings=Settings(attempts=2))
    world.model = lambda _: CrashError()
    for _ in range(2):
        with pytest.raises(CrashError):
            world.run(process(world.setup, ref))
        world.clock.time += world.setup.lease
    first = len(world.effects)
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.status, report.error_code, report.retryable) == (
        "failed",
        "ATTEMPTS_EXHAUSTED",
        True,
    )
    assert not [one for one in world.effects[first:] if isinstance(one, AskModel)]
    assert world.only(Session).turns == 0


def test_attempts_used_up_keep_a_final_reply() -> None:
    """What was paid for is not lost: the session ends with it, and says why there is no result."""
    world, _, ref = submitted(settings=Settings(attempts=2))
    world.model = lambda ask: final() if ask.purpose is JobKind.REPLY else CrashError()
    for _ in range(2):
        with pytest.raises(CrashError):
            world.run(process(world.setup, ref))
        world.clock.time += world.setup.lease
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert report.outcome is not None
    assert report.outcome.result_error is not None
    assert (report.outcome.is_final, report.outcome.result_error.code) == (
        True,
        "ATTEMPTS_EXHAUSTED",
    )
    assert [ask.purpose for ask in world.asks] == ["reply", "extraction", "extraction"]


# --- serve, renew, release ----------------------------------------------------------------------


def test_who_serves_is_told_of_the_claim() -> None:
    """Before the model is asked, and only where there is one."""
    world, _, ref = submitted()
    claims: list[Claimed] = []
    world.model = lambda _: f"{len(claims)} claims"
    held = world.run(serve(world.setup, ref, claims.append))
    assert held is not None
    assert (claims[0].ref, claims[0].token, claims[0].topic) == (ref, 1, TALK)
    assert [one.text for one in world.stored("message") if isinstance(one, Message)] == [
        "Hi.",
        "1 claims",
    ]
    world.run(serve(world.setup, ref, claims.append))
    assert world.run(serve(world.setup, JobRef("acme", "gone", ref.kind), claims.append)) is None
    assert len(claims) == 1


def test_a_lease_is_renewed_while_the_model_thinks() -> None:
    """The job is the worker's own for longer; the session does not move, the settling is done."""
    world, session, ref = submitted()
    claims: list[Claimed] = []

    def thinks(_: Ask) -> str:
        version = session_version(world, session)
        for _beat in range(5):
            world.clock.advance(minutes=5)
            assert world.run(renew(world.setup, claims[0])) is True
            lease = the_job(world, ref).lease
            assert lease is not None
            assert (lease.token, lease.until) == (1, world.clock.time + world.setup.lease)
        assert session_version(world, session) == version
        assert world.run(due_jobs(world.setup)) == []
        return "At last."

    world.model = thinks
    held = world.run(serve(world.setup, ref, claims.append))
    assert held is not None
    assert (held.job.value.status, held.job.value.attempts) == (JobStatus.COMPLETED, 1)
    assert held.job.value.processing_time == timedelta(minutes=25)
    assert world.asked[ref.job, "reply"] == 1


def session_version(world: World, session: str) -> int:
    """Return how often a session has changed."""
    record = world.memory.get(session_key("acme", session))
    assert record is not None
    return record.version


def test_a_workers_lease_is_short() -> None:
    """A worker that dies holds nothing up for long."""
    world, _, ref = submitted()
    world.setup = world.setup.for_worker()
    taken(world, ref)
    lease = the_job(world, ref).lease
    assert lease is not None
    assert lease.until == world.clock.time + timedelta(seconds=30)


def test_a_lease_that_is_lost_is_not_renewed() -> None:
    """Taken over, given up, settled or cancelled: it is not the worker's own any more."""
    world, session, ref = submitted()
    mine = taken(world, ref)
    world.clock.time += world.setup.lease
    assert world.run(renew(world.setup, mine)) is True  # nobody has taken it yet
    world.clock.time += world.setup.lease
    theirs = taken(world, ref)
    before = world.records()
    assert world.run(renew(world.setup, mine)) is False
    assert world.records() == before
    world.run(release(theirs))
    assert world.run(renew(world.setup, theirs)) is False
    world.run(process(world.setup, ref))
    assert world.run(renew(world.setup, theirs)) is False
    other = taken(world, more(world, session, "More."))
    world.run(cancel_job(world.setup, ADA, TALK, other.ref.job))
    assert world.run(renew(world.setup, other)) is False


def test_a_renewal_of_a_user_who_is_deleted() -> None:
    """There is nothing to renew, and the worker is told."""
    world, _, ref = submitted()
    mine = taken(world, ref)
    world.run(delete_all(world.setup, ADA))
    with pytest.raises(SessionNotFoundError):
        world.run(renew(world.setup, mine))


@pytest.mark.parametrize(
    "fault", [Fault.CONFLICT_NOT_DONE, Fault.CONFLICT_DONE, Fault.LOST_DONE, Fault.LOST_NOT_DONE]
)
def test_a_renewal_is_decided_again(fault: Fault) -> None:
    """The job changed at that moment, or the answer was lost: it is renewed all the same."""
    world, _, ref = submitted()
    mine = taken(world, ref)
    world.clock.advance(minutes=1)
    assert world.run(renew(world.setup, mine), Told(3, fault)) is True
    lease = the_job(world, ref).lease
    assert lease is not None
    assert (lease.token, lease.until) == (1, world.clock.time + world.setup.lease)


def test_a_renewal_that_is_never_fast_enough() -> None:
    """The lease lasts as long as it did."""
    world, _, ref = submitted(settings=Settings(commit_tries=1))
    mine = taken(world, ref)
    with pytest.raises(VersionConflictError):
        world.run(renew(world.setup, mine), Told(3, Fault.CONFLICT_NOT_DONE))


def test_a_renewal_keeps_what_was_paid_for() -> None:
    """Steps and usage stay, and a kept final reply is finished under the renewed lease."""
    world, _, ref = submitted()
    claims: list[Claimed] = []

    def model(ask: Ask) -> str:
        if ask.purpose is JobKind.REPLY:
            return final()
        world.clock.advance(minutes=5)
        assert world.run(renew(world.setup, claims[0])) is True
        return '{"values": ["x"]}'

    world.model = model
    held = world.run(serve(world.setup, ref, claims.append))
    assert held is not None
    assert [step.purpose for step in held.job.value.steps] == ["reply"]
    assert held.session.value.status is SessionStatus.COMPLETED


def test_a_lease_is_released() -> None:
    """The job waits for the next worker at once, and the attempt is counted."""
    world, _, ref = submitted()
    mine = taken(world, ref)
    world.run(release(mine))
    assert (the_job(world, ref).status, the_job(world, ref).attempts) == (JobStatus.PENDING, 1)
    world.run(release(mine))  # twice is once
    assert world.run(due_jobs(world.setup)) == [ref]
    theirs = taken(world, ref)
    world.run(release(mine))  # it is another's now
    assert the_job(world, ref).status is JobStatus.PROCESSING
    assert theirs.token == 2
    world.run(release(theirs), Told(0, Fault.FAIL_BEFORE))  # nothing is raised
    assert the_job(world, ref).status is JobStatus.PROCESSING


@pytest.mark.parametrize("error", [InterruptError, StoreUnavailableError])
def test_who_is_interrupted_gives_the_job_back(error: Callable[[], BaseException]) -> None:
    """Ctrl-C while the model thinks, or a repository that fails afterwards: due at once."""
    world, _, ref = submitted()
    if error is InterruptError:
        world.model = lambda _: InterruptError()
        with pytest.raises(InterruptError):
            world.run(process(world.setup, ref))
    else:
        fault = Told(world_commit(), Fault.FAIL_BEFORE)
        with pytest.raises(StoreUnavailableError):
            world.run(process(world.setup, ref), fault)
    assert world.run(due_jobs(world.setup)) == [ref]


def world_commit() -> int:
    """Return the number of the commit that settles, in a run without a fault."""
    world, _, ref = submitted()
    first = len(world.effects)
    world.run(process(world.setup, ref))
    names = world.names(first)
    return len(names) - 1 - names[::-1].index("Commit")


def test_work_tells_a_lost_lease_as_it_is() -> None:
    """No exception: whoever holds the job now answers it."""
    world, _, ref = submitted()
    mine = taken(world, ref)
    world.run(release(mine))
    held = world.run(work(world.setup, mine))
    assert held.job.value.status is JobStatus.PENDING


# --- others meanwhile ---------------------------------------------------------------------------


def test_a_paused_session_keeps_the_answer() -> None:
    """The worker's reply is kept, and the session stays PAUSED."""
    world, session, ref = submitted()

    def thinks(_: Ask) -> str:
        world.run(pause(world.setup, ADA, TALK, session))
        return "Kept."

    world.model = thinks
    world.run(process(world.setup, ref))
    assert (world.only(Session).status, len(world.stored("message"))) == ("paused", 2)


@pytest.mark.parametrize("how", ["cancel", "start", "expire"])
def test_a_session_that_ended_drops_the_answer(how: str) -> None:
    """The job has failed for that reason; what was said is dropped, its cost kept."""
    world, session, ref = submitted(settings=Settings(job_life=timedelta(days=30)))

    def thinks(_: Ask) -> Answer:
        if how == "cancel":
            world.run(cancel(world.setup, ADA, TALK, session))
        elif how == "start":
            world.run(start(world.setup, ADA, TALK))
        else:
            world.clock.advance(days=14)
        return Answer(text="Dropped.", usage=Usage(1, 2, 3))

    world.model = thinks
    report = world.run(process(world.setup, ref))
    assert report is not None
    codes = {
        "cancel": ErrorCode.SESSION_CANCELLED,
        "start": ErrorCode.SESSION_REPLACED,
        "expire": ErrorCode.SESSION_EXPIRED,
    }
    assert report.error_code is codes[how]
    assert world.only(Spending).usage == Usage(1, 2, 3)
    assert len(world.stored("message")) == 1


def test_the_owner_is_kept_busy_by_a_workers_job() -> None:
    """Another message has to wait for as long as the worker's lease lasts."""
    world, session, ref = submitted()
    taken(world, ref)
    with pytest.raises(SessionBusyError) as error:
        world.run(submit(world.setup, ADA, TALK, session, "More."))
    assert (error.value.retry_after, error.value.job) == (330.0, ref.job)
    world.run(start(world.setup, BEN, TALK))


def test_a_job_whose_record_alone_is_missing_is_damage() -> None:
    """The session waits for a job that is not there any more when it is read again."""
    world, _, ref = submitted()
    world.checks = False  # it is no state that a workflow could make
    mine = taken(world, ref)
    world.memory.commit([Delete(job_key("acme", ref.job), 2)])
    assert world.run(renew(world.setup, mine)) is False
    with pytest.raises(CorruptRecordError):
        world.run(work(world.setup, mine))


def test_a_claim_reads_each_record_once() -> None:
    """The job, the session and the account; then it takes the lease."""
    world, _, ref = submitted()
    first = len(world.effects)
    taken(world, ref)
    assert world.names(first) == ["Get", "Get", "Get", "Now", "Commit"]


def test_a_renewal_reads_the_job_and_the_account_alone() -> None:
    """It is done every few seconds for every job in hand, and needs no session."""
    world, _, ref = submitted()
    mine = taken(world, ref)
    first = len(world.effects)
    assert world.run(renew(world.setup, mine)) is True
    assert world.names(first) == ["Get", "Get", "Now", "Commit"]
    kinds = [one.key.kind for one in world.effects[first:] if isinstance(one, Get)]
    assert sorted(kinds) == ["account", "job"]


# --- a final reply that is kept -----------------------------------------------------------------


def test_a_kept_final_reply_is_finished_however_late() -> None:
    """A worker that meets it after its 24 hours does not throw away what was paid for."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)
    world.model = lambda ask: final() if ask.purpose is JobKind.REPLY else InterruptError()
    with pytest.raises(InterruptError):
        world.run(process(world.setup, ref))
    assert [step.purpose for step in the_job(world, ref).steps] == ["reply"]
    world.clock.advance(hours=25)
    world.model = lambda _: '{"values": ["kept"]}'
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert report.outcome is not None
    assert (report.status, report.outcome.result) == ("completed", {"values": ["kept"]})
    assert world.only(Session).status is SessionStatus.COMPLETED
    assert [ask.purpose for ask in world.asks] == ["reply", "extraction", "extraction"]
    assert heard.jobs == [ref.job]


# --- who serves does not deliver ----------------------------------------------------------------


def test_who_serves_delivers_nothing() -> None:
    """The event waits for who called: a slow notifier keeps no job in hand; process delivers."""
    heard = RecordingNotifier()
    world, _, ref = submitted(heard=heard)
    held = world.run(serve(world.setup, ref))
    assert held is not None
    assert held.job.value.is_settled
    assert (heard.events, the_job(world, ref).is_undelivered) == ([], True)
    world.run(process(world.setup, ref))
    assert (heard.jobs, the_job(world, ref).is_undelivered) == ([ref.job], False)


def test_what_is_swept_away_between_two_looks_is_gone() -> None:
    """Answered by another, expired and swept, all while a worker reads: that is no damage."""
    world, _, ref = submitted()
    looks: list[str] = []

    def meanwhile(effect: object) -> None:
        if not isinstance(effect, Get) or effect.key.kind not in {"job", "session"}:
            return
        looks.append(effect.key.kind)
        if looks == ["job", "session"]:
            world.meanwhile = lambda _: None
            world.run(process(world.setup, ref))
        if looks == ["job", "session", "job"]:
            world.clock.advance(days=15)
            world.run(purge_expired(world.setup))

    world.meanwhile = meanwhile
    assert world.run(process(world.setup, ref)) is None
    assert looks[:3] == ["job", "session", "job"]
    assert world.stored("session") == []


def test_a_reply_that_is_swept_away_before_it_is_read_is_gone() -> None:
    """A sweep takes the messages first: who reads a job then is told that nothing is left."""
    world, session, ref = submitted()
    world.run(process(world.setup, ref))
    world.clock.advance(days=15)
    looks: list[str] = []

    def meanwhile(effect: object) -> None:
        if isinstance(effect, Get) and effect.key.kind == "message" and not looks:
            looks.append("message")
            sweep = purge_expired(world.setup)
            with pytest.raises(CrashError):
                world.run(sweep, Told(12, Fault.CRASH_BEFORE))
            assert world.stored("message") == []
            assert world.only(Session).about.id == session

    world.meanwhile = meanwhile
    assert world.run(process(world.setup, ref)) is None
    assert looks == ["message"]
