"""What became of a job, as its owner asks for it, and what an owner may do about one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import frozen

from coachwork.adapters import final
from coachwork.effects import Commit, Get, Workflow
from coachwork.errors import (
    CorruptRecordError,
    JobNotFoundError,
    LLMTimeoutError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionNotFoundError,
    ValidationError,
    VersionConflictError,
)
from coachwork.jobs import ErrorCode, Job, JobKind, JobRef, JobStatus
from coachwork.messages import Message
from coachwork.policies import Settings
from coachwork.ports import Ask, CommitResult
from coachwork.records import Delete, Key, job_key, message_key
from coachwork.sessions import Session, SessionStatus
from coachwork.testing import rehearse
from coachwork.testing.faults import CrashError, Fault
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    JobReport,
    Setup,
    cancel,
    cancel_job,
    complete,
    delete_all,
    job,
    pause,
    pending_job,
    process,
    purge_expired,
    resume,
    send,
    start,
    submit,
)
from tests.between import between
from tests.faults import ADA, BEGIN, BEN, Says, Told, World
from tests.workers import work


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)
OTHER = Topic(id="other", system="Listen.")

Ask_ = Callable[[Setup, Caller, Topic[Values] | None, str], Workflow[JobReport[Values]]]
BY_JOB: dict[str, Ask_] = {"job": job, "cancel_job": cancel_job}


def begun(settings: Settings | None = None) -> tuple[World, str]:
    """Return a world in which Ada has a session, and the session's id."""
    world = World([TALK, OTHER], lambda _: "Go on.", settings=settings)
    return world, world.run(start(world.setup, ADA, TALK)).session.id


def submitted(settings: Settings | None = None) -> tuple[World, str, str]:
    """Return a world in which a job waits for a worker, its session and its id."""
    world, session = begun(settings)
    return world, session, world.run(submit(world.setup, ADA, TALK, session, "Hi.", key="k")).id


def taken(world: World, name: str, *, dies_at: JobKind = JobKind.REPLY) -> None:
    """Let a worker take a job, and die while the model thinks about that."""
    plain = world.model

    def dying(ask: Ask) -> Says:
        return CrashError() if ask.purpose is dies_at else final()

    world.model = dying
    with pytest.raises(CrashError):
        world.run(process(world.setup, JobRef("acme", name, JobKind.REPLY)))
    world.model = plain


def refused(world: World, workflow: Workflow[object], error: type[Exception]) -> list[str]:
    """Return the names of what was asked for by *workflow* before it refused."""
    first, before = len(world.effects), world.records()
    with pytest.raises(error):
        world.run(workflow)
    assert world.records() == before
    return world.names(first)


# --- polling ------------------------------------------------------------------------------------


def test_a_job_from_pending_to_completed() -> None:
    """The report has the fields of section 5 in every state."""
    world, session, name = submitted()
    first = len(world.effects)
    pending = world.run(job(world.setup, ADA, TALK, name))
    assert world.names(first) == ["Get", "Get", "Get", "Now"]
    assert (pending.id, pending.session, pending.kind, pending.status) == (
        name,
        session,
        "reply",
        "pending",
    )
    assert (pending.created_at, pending.updated_at) == (BEGIN, BEGIN)
    assert pending.expires_at == BEGIN + timedelta(hours=24)
    assert (pending.attempts, pending.waiting_time, pending.processing_time) == (0, None, None)
    assert (pending.user_message, pending.estimated_duration, pending.key) == (1, 15_000, "k")
    assert (pending.outcome, pending.error_code, pending.retryable) == (None, None, False)
    world.clock.advance(seconds=2)

    def thinks(_: Ask) -> str:
        working = world.run(job(world.setup, ADA, TALK, name))
        assert (working.status, working.attempts, working.waiting_time) == ("processing", 1, 2000)
        assert (working.processing_time, working.outcome) == (None, None)
        world.clock.advance(seconds=7)
        return "Go on."

    world.model = thinks
    work(world)
    done = world.run(job(world.setup, ADA, TALK, name))
    assert (done.status, done.waiting_time, done.processing_time) == ("completed", 2000, 7000)
    assert done.outcome is not None
    assert done.outcome.message is not None
    assert (done.outcome.message.text, done.outcome.is_final) == ("Go on.", False)
    assert (done.outcome.turn, done.outcome.message_count, done.outcome.result) == (1, 2, None)


def test_a_failed_job_says_whether_and_when_to_retry() -> None:
    """The code of the closed list, and the provider's own wish for a pause."""
    world, _, name = submitted()
    world.model = lambda _: LLMTimeoutError(retry_after=4)
    work(world)
    failed = world.run(job(world.setup, ADA, TALK, name))
    assert (failed.status, failed.error_code) == ("failed", "LLM_TIMEOUT")
    assert (failed.retryable, failed.retry_after, failed.outcome) == (True, 4.0, None)


def test_a_final_outcome_has_the_result() -> None:
    """In the type of the topic, or as plain data where none is named."""
    world, _, name = submitted()
    world.model = lambda _: final(Values(["x"]))
    work(world)
    typed = world.run(job(world.setup, ADA, TALK, name)).outcome
    plain = world.run(job(world.setup, ADA, None, name)).outcome
    assert typed is not None
    assert plain is not None
    assert (typed.is_final, typed.result, plain.result) == (True, Values(["x"]), {"values": ["x"]})


def test_polling_is_no_activity() -> None:
    """Whoever only looks keeps no session alive."""
    world, _, name = submitted()
    world.clock.advance(hours=1)
    before = world.records()
    world.run(job(world.setup, ADA, TALK, name))
    assert world.records() == before


# --- who may ask --------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_bad_ids_ask_nothing(ask: Ask_) -> None:
    """What is no id is refused before anything is asked."""
    world, _ = begun()
    with pytest.raises(ValidationError) as error:
        rehearse(ask(world.setup, ADA, TALK, ""))
    assert error.value.field == "job_id"
    with pytest.raises(ValidationError):
        rehearse(pending_job(world.setup, ADA, TALK, "a\nb"))


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_whose_job_it_is(ask: Ask_) -> None:
    """Another tenant's does not exist, another user's is denied, another topic's is not found."""
    world, _, name = submitted()
    setup = world.setup
    world.run(start(setup, BEN, TALK))
    world.run(start(setup, Caller("other", "ada"), TALK))
    refused(world, ask(setup, ADA, TALK, "gone"), JobNotFoundError)
    refused(world, ask(setup, Caller("other", "ada"), TALK, name), JobNotFoundError)
    refused(world, ask(setup, BEN, TALK, name), SessionAccessDeniedError)
    other: Topic[Values] = Topic(id="other", system="Listen.", result=Values)
    refused(world, ask(setup, ADA, other, name), JobNotFoundError)


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_another_users_job_may_be_hidden(ask: Ask_) -> None:
    """A setting answers as if there were none, before anything else is read."""
    world, _, name = submitted(Settings(hide_foreign=True))
    world.run(start(world.setup, BEN, TALK))
    assert refused(world, ask(world.setup, BEN, TALK, name), JobNotFoundError) == ["Get"]


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
@pytest.mark.parametrize("caller", [ADA, BEN], ids=["owner", "another"])
@pytest.mark.parametrize("days", [1, 14])
def test_what_is_too_old_is_nobodys(ask: Ask_, caller: Caller, days: float) -> None:
    """Nothing of an expired session or job can be told, not even that it was another's."""
    world, session, name = submitted()
    work(world)
    world.run(pause(world.setup, ADA, TALK, session))
    world.run(start(world.setup, BEN, TALK))
    world.clock.advance(days=days, microseconds=-1)
    if days == 14 or caller == BEN:
        error = JobNotFoundError if days == 14 else SessionAccessDeniedError
        refused(world, ask(world.setup, caller, TALK, name), error)
    else:
        assert world.run(ask(world.setup, caller, TALK, name)).status == "completed"
    world.clock.advance(microseconds=1)
    refused(world, ask(world.setup, caller, TALK, name), JobNotFoundError)


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_a_job_lives_no_longer_than_its_session(ask: Ask_) -> None:
    """A session that expires first takes its jobs with it, settled or not."""
    settings = Settings(job_life=timedelta(days=30))
    for settle in (True, False):
        world, _, name = submitted(settings)
        if settle:
            work(world)
        world.clock.advance(days=14)
        refused(world, ask(world.setup, ADA, TALK, name), JobNotFoundError)
        refused(world, ask(world.setup, BEN, TALK, name), JobNotFoundError)


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_nobody_else_settles_a_job_that_is_too_old(ask: Ask_) -> None:
    """That is for its owner, and for workers: a command writes for its own caller."""
    world, _, name = submitted()
    world.run(start(world.setup, BEN, TALK))
    world.clock.advance(hours=24)
    refused(world, ask(world.setup, BEN, TALK, name), JobNotFoundError)


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_an_open_job_that_is_too_old_is_settled_first(ask: Ask_) -> None:
    """After 24 hours it is FAILED, JOB_EXPIRED, its turn is free, and then it is not found."""
    world, session, name = submitted()
    taken(world, name)
    world.clock.advance(hours=24)
    for _ in range(2):
        with pytest.raises(JobNotFoundError):
            world.run(ask(world.setup, ADA, TALK, name))
        settled = world.only(Job)
        assert (settled.status, settled.error and settled.error.code) == (
            JobStatus.FAILED,
            ErrorCode.JOB_EXPIRED,
        )
        assert (world.only(Session).in_flight, world.only(Session).turns) == (None, 0)
    assert world.run(send(world.setup, ADA, TALK, session, "Hello?")).session.turns == 1


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_a_deleted_users_job_is_not_found(ask: Ask_) -> None:
    """Neither while the data is being deleted nor afterwards."""
    world, _, name = submitted()
    deleting = delete_all(world.setup, ADA)
    effect = next(deleting)
    while not isinstance(effect, Commit):  # up to the mark of the deletion
        effect = deleting.send(effect.perform(world.ports))
    deleting.send(effect.perform(world.ports))
    assert world.memory.get(job_key("acme", name)) is not None
    refused(world, ask(world.setup, ADA, TALK, name), JobNotFoundError)
    deleting.close()
    world.run(delete_all(world.setup, ADA))
    refused(world, ask(world.setup, ADA, TALK, name), JobNotFoundError)


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_what_is_swept_away_between_two_reads_is_not_found(ask: Ask_) -> None:
    """Neither a damaged record nor another error is told of what is just going."""
    world, _, name = submitted()
    work(world)
    before_the_reply_is_read = 4
    step = between(
        ask(world.setup, ADA, TALK, name),
        before_the_reply_is_read,
        lambda: world.run(delete_all(world.setup, ADA)),
    )
    with pytest.raises(JobNotFoundError):
        world.run(step)


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_a_reply_that_alone_is_missing_is_damage(ask: Ask_) -> None:
    """A completed job whose message is not there is a damaged record, and said to be."""
    world, session, name = submitted()
    work(world)
    world.memory.commit([Delete(message_key("acme", session, 2), 1)])
    with pytest.raises(CorruptRecordError):
        world.run(ask(world.setup, ADA, TALK, name))


# --- two settle one that is too old -------------------------------------------------------------


def test_a_job_that_is_too_old_is_settled_once() -> None:
    """Another was faster: that is as well; and an answer that is lost is looked for."""
    for fault in (Fault.CONFLICT_NOT_DONE, Fault.CONFLICT_DONE, Fault.LOST_DONE):
        world, _, name = submitted()
        world.clock.advance(hours=24)
        with pytest.raises(JobNotFoundError):
            world.run(job(world.setup, ADA, TALK, name), Told(4, fault))
        assert world.only(Job).status is JobStatus.FAILED
        assert len(world.commits) == 3


def test_settling_is_given_up_after_some_tries() -> None:
    """Who is never fast enough is told so, and may ask again."""
    world, _, name = submitted(Settings(commit_tries=1))
    world.clock.advance(hours=24)
    with pytest.raises(VersionConflictError):
        world.run(job(world.setup, ADA, TALK, name), Told(4, Fault.CONFLICT_NOT_DONE))


# --- the pending job ----------------------------------------------------------------------------


def test_the_pending_job_of_a_session() -> None:
    """What a client that reloads its page has to go on polling, as long as there is something."""
    world, session = begun()
    assert world.run(pending_job(world.setup, ADA, TALK, session)) is None
    name = world.run(submit(world.setup, ADA, TALK, session, "Hi.", key="k")).id
    report = world.run(pending_job(world.setup, ADA, TALK, session))
    assert report is not None
    assert report == world.run(job(world.setup, ADA, TALK, name))
    taken(world, name)
    plain = world.run(pending_job(world.setup, ADA, None, session))
    assert plain is not None
    assert (plain.id, plain.status, plain.key) == (name, "processing", "k")
    world.clock.advance(minutes=6)
    work(world)
    assert world.run(pending_job(world.setup, ADA, TALK, session)) is None


def test_a_job_that_is_settled_at_that_moment_is_not_pending() -> None:
    """Between the session and the job somebody settled it."""
    world, session, _ = submitted()
    before_the_job_is_read = 2
    asked = pending_job(world.setup, ADA, TALK, session)
    assert world.run(between(asked, before_the_job_is_read, lambda: work(world))) is None


def test_a_pending_job_that_is_too_old_is_settled_and_not_pending() -> None:
    """The client is not sent to poll what would not be found."""
    world, session, name = submitted()
    world.clock.advance(hours=24)
    assert world.run(pending_job(world.setup, ADA, TALK, session)) is None
    error = world.only(Job).error
    assert error is not None
    assert error.code is ErrorCode.JOB_EXPIRED
    with pytest.raises(JobNotFoundError):
        world.run(job(world.setup, ADA, TALK, name))


def test_whose_pending_job_it_is() -> None:
    """As for every question about a session: not found, denied, or hidden."""
    world, session, _ = submitted()
    setup = world.setup
    for caller, topic, target, error in (
        (ADA, TALK, "gone", SessionNotFoundError),
        (Caller("other", "ada"), TALK, session, SessionNotFoundError),
        (BEN, TALK, session, SessionAccessDeniedError),
        (ADA, OTHER, session, SessionNotFoundError),
    ):
        workflow: Workflow[object] = pending_job(setup, caller, topic, target)
        refused(world, workflow, error)
    world.clock.advance(days=14)
    refused(world, pending_job(setup, ADA, TALK, session), SessionNotFoundError)
    refused(world, pending_job(setup, BEN, TALK, session), SessionNotFoundError)


# --- cancel a job -------------------------------------------------------------------------------


def test_a_job_is_cancelled() -> None:
    """What was said stays, the turn is free, the session goes on; twice is once."""
    world, session, name = submitted()
    for _ in range(2):
        report = world.run(cancel_job(world.setup, ADA, TALK, name))
        assert (report.status, report.error_code, report.retryable) == (
            "failed",
            "JOB_CANCELLED",
            False,
        )
    assert len(world.commits) == 3
    assert (world.only(Session).status, world.only(Session).turns) == (SessionStatus.ACTIVE, 0)
    assert [one.text for one in world.stored("message") if isinstance(one, Message)] == ["Hi."]
    assert work(world) == []
    assert world.run(send(world.setup, ADA, TALK, session, "Again.")).session.turns == 1


@pytest.mark.parametrize("paused", [True, False])
def test_a_job_is_cancelled_while_the_model_thinks(paused: bool) -> None:  # noqa: FBT001
    """Its answer is dropped, in a session that is paused too; what it cost is kept."""
    world, session, name = submitted()

    def thinks(_: Ask) -> str:
        if paused:
            world.run(pause(world.setup, ADA, TALK, session))
        world.run(cancel_job(world.setup, ADA, TALK, name))
        return "Too late."

    world.model = thinks
    (report,) = work(world)
    assert (report.status, report.error_code) == ("failed", "JOB_CANCELLED")
    assert len(world.stored("message")) == 1
    assert world.run(pending_job(world.setup, ADA, TALK, session)) is None


def test_a_settled_job_is_not_cancelled() -> None:
    """It changes nothing, and the report says that it came too late."""
    world, session, name = submitted()
    work(world)
    before = world.records()
    report = world.run(cancel_job(world.setup, ADA, TALK, name))
    assert (report.status, report.outcome is not None) == ("completed", True)
    world.run(cancel(world.setup, ADA, TALK, session))
    other = world.run(cancel_job(world.setup, ADA, TALK, name))
    assert other.status == "completed"
    assert [r for r in world.records() if r.key.kind == "job"] == [
        r for r in before if r.key.kind == "job"
    ]


def test_a_final_reply_that_is_kept_is_not_cancelled() -> None:
    """The session is about to end: it is busy, as long as its lease lasts and after it."""
    world, _, name = submitted()
    taken(world, name, dies_at=JobKind.EXTRACTION)
    world.clock.advance(minutes=1)
    before = world.records()
    for seconds in (270.0, 0.0):
        with pytest.raises(SessionBusyError) as error:
            world.run(cancel_job(world.setup, ADA, TALK, name))
        assert (error.value.retry_after, error.value.job) == (seconds, name)
        assert world.records() == before
        world.clock.advance(minutes=6)
    world.model = lambda _: '{"values": ["kept"]}'
    (report,) = work(world)
    assert report.outcome is not None
    assert report.outcome.result == {"values": ["kept"]}


def test_an_extraction_is_cancelled() -> None:
    """The session stays ACTIVE, and where its completion was pending it still is."""
    world, session, name = submitted()

    def pausing(ask: Ask) -> str:
        if ask.purpose is JobKind.REPLY:
            world.run(pause(world.setup, ADA, TALK, session))
        return final()

    world.model = pausing
    work(world)
    back = world.run(resume(world.setup, ADA, TALK, session, wait=False))
    assert back.job is not None
    world.run(cancel_job(world.setup, ADA, TALK, back.job.id))
    left = world.only(Session)
    assert (left.status, left.ledger.completion_pending) == (SessionStatus.ACTIVE, True)
    world.model = lambda _: '{"values": ["late"]}'
    done = world.run(resume(world.setup, ADA, TALK, session))
    assert (done.result, name != back.job.id) == (Values(["late"]), True)


@pytest.mark.parametrize(
    "fault", [Fault.CONFLICT_NOT_DONE, Fault.CONFLICT_DONE, Fault.LOST_DONE, Fault.LOST_NOT_DONE]
)
def test_a_cancellation_is_decided_again(fault: Fault) -> None:
    """The version moved, or the answer was lost: the end is the same."""
    world, _, name = submitted()
    report = world.run(cancel_job(world.setup, ADA, TALK, name), Told(4, fault))
    assert (report.error_code, len(world.commits)) == ("JOB_CANCELLED", 3)


def test_a_cancellation_that_is_never_fast_enough() -> None:
    """It is told so after the tries that are allowed."""
    world, _, name = submitted(Settings(commit_tries=1))
    with pytest.raises(VersionConflictError):
        world.run(cancel_job(world.setup, ADA, TALK, name), Told(4, Fault.CONFLICT_NOT_DONE))


def test_cancelled_just_when_it_was_settled() -> None:
    """The worker was faster: the report tells its outcome."""
    world, _, name = submitted()

    def commit(effect: Commit, /) -> CommitResult:
        del world.commit
        work(world)
        return World.commit(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    report = world.run(cancel_job(world.setup, ADA, TALK, name))
    assert (report.status, report.outcome is not None) == ("completed", True)


def test_a_completed_sessions_jobs_can_be_told() -> None:
    """An extraction has an outcome without a message."""
    world, session, _ = submitted()
    work(world)
    world.model = lambda _: '{"values": ["x"]}'
    done = world.run(complete(world.setup, ADA, TALK, session))
    assert done.job is not None
    report = world.run(job(world.setup, ADA, TALK, done.job.id))
    assert report.outcome is not None
    assert (report.outcome.message, report.outcome.result) == (None, Values(["x"]))
    assert (report.user_message, report.outcome.is_final) == (None, True)
    world.clock.advance(days=14)
    world.run(purge_expired(world.setup))
    refused(world, job(world.setup, ADA, TALK, done.job.id), JobNotFoundError)


def test_a_job_that_alone_is_missing_is_damage() -> None:
    """A job that vanished although its session is live is said to be damaged."""
    world, _, name = submitted()
    world.checks = False  # it is no state that a workflow could make
    world.clock.advance(hours=24)
    gone = [Delete(job_key("acme", name), 1)]
    before_it_is_settled = 4
    asked = job(world.setup, ADA, TALK, name)
    with pytest.raises(CorruptRecordError):
        world.run(between(asked, before_it_is_settled, lambda: world.memory.commit(gone)))


# --- a final reply that is kept is never too old ------------------------------------------------


@pytest.mark.parametrize("ask", BY_JOB.values(), ids=BY_JOB)
def test_a_kept_final_reply_is_not_found_and_not_settled(ask: Ask_) -> None:
    """Its time is over for who polls; what was paid for is left to a worker, who finishes it."""
    world, session, name = submitted()
    taken(world, name, dies_at=JobKind.EXTRACTION)
    world.clock.advance(hours=24)
    refused(world, ask(world.setup, ADA, TALK, name), JobNotFoundError)
    before = world.records()
    assert world.run(pending_job(world.setup, ADA, TALK, session)) is None
    assert world.records() == before
    world.model = lambda _: '{"values": ["kept"]}'
    (report,) = work(world)
    assert (report.id, report.status) == (name, "completed")
    assert report.outcome is not None
    assert (report.outcome.is_final, report.outcome.result) == (True, {"values": ["kept"]})


def test_a_job_is_read_once_to_be_told() -> None:
    """Once more only where its session has moved on since, so that the two fit each other."""
    world, session, name = submitted()
    first = len(world.effects)
    world.run(job(world.setup, ADA, TALK, name))
    assert keys_of(world, first).count(job_key("acme", name)) == 1
    first = len(world.effects)
    before_the_session_is_read = 1
    asked = job(world.setup, ADA, TALK, name)

    def others() -> None:
        world.run(cancel(world.setup, ADA, TALK, session))
        nonlocal first
        first = len(world.effects)

    assert world.run(between(asked, before_the_session_is_read, others)).status == "failed"
    assert keys_of(world, first).count(job_key("acme", name)) == 1


def keys_of(world: World, since: int) -> list[Key]:
    """Return the keys that were read from an effect on."""
    return [one.key for one in world.effects[since:] if isinstance(one, Get)]
