"""What every command that may ask the model does alike: look, make room, and see to the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve, frozen

from coachwork.adapters import final
from coachwork.effects import Dispatch, Workflow
from coachwork.errors import (
    IdempotencyKeyReusedError,
    JobNotFoundError,
    LLMError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
    StoreUnavailableError,
)
from coachwork.jobs import ErrorCode, Job, JobKind, JobRef, JobStatus
from coachwork.messages import Message
from coachwork.policies import Settings
from coachwork.ports import Ask
from coachwork.sessions import Session, SessionStatus
from coachwork.testing import RecordingDispatcher, rehearse
from coachwork.testing.faults import CrashError, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Setup,
    complete,
    open_session,
    resume,
    retry,
    send,
    start,
    submit,
)
from coachwork.workflows._accepting import dispatch
from tests.faults import ADA, BEGIN, BEN, Says, World
from tests.specimens import PENDING, TICK
from tests.workers import work


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)
HALL = Topic(id="hall", system="Listen.", initiation="Say hello.", resume="Welcome back.")

Command = Callable[[Setup, str], Workflow[object]]

COMMANDS: dict[str, Command] = {
    "send": lambda setup, session: send(setup, ADA, TALK, session, "Hi.", key="k"),
    "submit": lambda setup, session: submit(setup, ADA, TALK, session, "Hi.", key="k"),
    "complete": lambda setup, session: complete(setup, ADA, TALK, session, key="k"),
    "resume": lambda setup, session: resume(setup, ADA, TALK, session, key="k"),
}


def begun(
    post: RecordingDispatcher | None = None, settings: Settings | None = None
) -> tuple[World, str]:
    """Return a world in which Ada has a session with one turn, and the session's id."""
    world = World([TALK, HALL], lambda _: "Go on.", dispatcher=post, settings=settings)
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.run(send(world.setup, ADA, TALK, session, "Hello.", key="first"))
    return world, session


def left(world: World, session: str, purpose: JobKind = JobKind.REPLY) -> None:
    """Leave a message without an answer, as a process that died when the model was asked that."""
    plain = world.model

    def dying(ask: Ask) -> Says:
        return CrashError() if ask.purpose is purpose else final()

    world.model = dying
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    world.model = plain


def refused(world: World, workflow: Workflow[object], error: type[Exception]) -> list[str]:
    """Return the names of what was asked for by *workflow* before it refused."""
    first, before = len(world.effects), world.records()
    with pytest.raises(error):
        world.run(workflow)
    assert world.records() == before
    return world.names(first)


# --- look ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_is_refused_first(command: Command) -> None:
    """Not found comes before access denied, and both before anything else is read."""
    world, session = begun()
    other = world.run(start(world.setup, BEN, TALK)).session.id
    for target, error in (("gone", SessionNotFoundError), (other, SessionAccessDeniedError)):
        names = refused(world, command(world.setup, target), error)
        assert names[-2:] == ["Get", "Now"]
    world.clock.advance(days=14)  # what has expired is nobody's, and not found
    for target in (session, other):
        assert refused(world, command(world.setup, target), SessionNotFoundError)[-1] == "Now"


def test_a_foreign_session_may_be_hidden() -> None:
    """Another user's session is answered like none where the settings say so."""
    world, _ = begun(settings=Settings(hide_foreign=True))
    other = world.run(start(world.setup, BEN, TALK)).session.id
    for command in COMMANDS.values():
        refused(world, command(world.setup, other), SessionNotFoundError)
    away = submit(world.setup, Caller("other", "ben"), TALK, other, "Hi.")
    refused(world, away, SessionNotFoundError)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_receipt_is_read_before_status_and_busy(command: Command) -> None:
    """A key that was used for something else is told, whatever the session is at."""
    world, session = begun()
    left(world, session)
    world.run(start(world.setup, ADA, HALL, key="k"))
    refused(world, command(world.setup, session), IdempotencyKeyReusedError)


def test_another_topic_than_the_sessions_is_not_found() -> None:
    """Who names a topic is shown no session on another one."""
    world, session = begun()
    refused(world, submit(world.setup, ADA, HALL, session, "Hi."), SessionNotFoundError)


# --- make room ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["send", "submit", "complete"])
def test_a_job_in_flight_is_waited_for(name: str) -> None:
    """Who comes too early is told how long; at the very end of the lease there is room."""
    world, session = begun()
    left(world, session)
    world.clock.advance(minutes=5, seconds=29)
    with pytest.raises(SessionBusyError) as error:
        world.run(COMMANDS[name](world.setup, session))
    assert (error.value.retry_after, error.value.session, error.value.key) == (1.0, session, "k")
    world.clock.advance(seconds=1)
    if name == "complete":
        world.model = lambda _: '{"values": []}'
    world.run(COMMANDS[name](world.setup, session))
    codes = [job.error.code for job in world.stored("job") if job.error is not None]
    assert codes == ["LEASE_EXPIRED"]


def test_a_job_that_nobody_claims_blocks_for_ten_minutes() -> None:
    """Then whoever comes next settles it, and its turn is free."""
    world, session = begun()
    world.run(submit(world.setup, ADA, TALK, session, "Anybody there?"))
    world.clock.advance(minutes=9)
    with pytest.raises(SessionBusyError) as error:
        world.run(submit(world.setup, ADA, TALK, session, "Hello?"))
    assert error.value.retry_after == 60.0
    world.clock.advance(minutes=1)
    world.run(submit(world.setup, ADA, TALK, session, "Hello?"))
    assert (world.only(Session).turns, world.only(Session).messages) == (2, 4)


@pytest.mark.parametrize("name", ["send", "complete"])
def test_who_waits_finishes_what_was_about_to_end_the_session(name: str) -> None:
    """A final reply that was left is finished first; then the command is decided again."""
    world, session = begun()
    left(world, session, JobKind.EXTRACTION)
    world.clock.advance(minutes=6)
    world.model = lambda _: '{"values": ["kept"]}'
    if name == "send":
        with pytest.raises(SessionNotActiveError):
            world.run(COMMANDS[name](world.setup, session))
    else:
        world.run(COMMANDS[name](world.setup, session))
    ending = world.only(Session).ledger.ending
    assert ending is not None
    assert ending.result == {"values": ["kept"]}


def test_who_does_not_wait_leaves_it_to_a_worker() -> None:
    """A submit never asks a model, not even for what was left; it is refused as busy."""
    post = RecordingDispatcher()
    world, session = begun(post)
    left(world, session, JobKind.EXTRACTION)
    world.clock.advance(minutes=6)
    asked = len(world.asks)
    with pytest.raises(SessionBusyError) as error:
        world.run(COMMANDS["submit"](world.setup, session))
    assert (error.value.retry_after, error.value.accepted, len(world.asks)) == (15.0, False, asked)
    world.model = lambda _: '{"values": ["kept"]}'
    (report,) = work(world)
    assert (report.status, report.outcome and report.outcome.is_final) == ("completed", True)
    with pytest.raises(SessionNotActiveError):
        world.run(COMMANDS["submit"](world.setup, session))


def test_a_worker_is_told_of_a_final_reply_that_was_given_up() -> None:
    """It waits for a worker as any other job, so the dispatcher is told of it."""
    post = RecordingDispatcher()
    world, session = begun(post)
    world.model = lambda ask: final() if ask.purpose is JobKind.REPLY else InterruptError()
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, TALK, session, "Done.", key="given-up"))
    with pytest.raises(SessionBusyError) as error:
        world.run(COMMANDS["submit"](world.setup, session))
    assert [ref.job for ref in post.refs] == [error.value.job]


# --- see to -------------------------------------------------------------------------------------


def test_who_waits_holds_the_job_at_once() -> None:
    """A send claims its job in the commit that accepts it, and tells no dispatcher."""
    post = RecordingDispatcher()
    world, session = begun(post)
    first = len(world.effects)
    world.run(send(world.setup, ADA, TALK, session, "Hi."))
    assert world.names(first).count("Commit") == 2
    assert "Dispatch" not in world.names(first)
    world.run(complete(world.setup, ADA, TALK, session))
    world.run(start(world.setup, ADA, HALL))
    assert post.refs == []


def test_who_does_not_wait_tells_the_dispatcher_after_the_commit() -> None:
    """Once, of the job as a worker finds it: submit, a greeting, a welcome-back, a repetition."""
    post = RecordingDispatcher()
    world, session = begun(post)
    job = world.run(submit(world.setup, ADA, TALK, session, "Hi."))
    assert world.names()[-3:] == ["Commit", "Now", "Dispatch"]
    hall = world.run(start(world.setup, ADA, HALL, wait=False))
    assert hall.job is not None
    work(world)
    back = world.run(resume(world.setup, ADA, HALL, hall.session.id, wait=False))
    assert back.job is not None
    world.model = lambda _: LLMError()
    work(world)
    again = world.run(retry(world.setup, ADA, HALL, back.job.id, wait=False))
    opened = world.run(open_session(world.setup, BEN, HALL, wait=False))
    assert opened.job is not None
    assert post.refs == [
        JobRef("acme", job.id, JobKind.REPLY),
        JobRef("acme", hall.job.id, JobKind.GREETING),
        JobRef("acme", back.job.id, JobKind.WELCOME_BACK),
        JobRef("acme", again.id, JobKind.WELCOME_BACK),
        JobRef("acme", opened.job.id, JobKind.GREETING),
    ]


@pytest.mark.parametrize(
    "error", [ConnectionError(), StoreUnavailableError()], ids=["its own", "of the store"]
)
def test_a_dispatcher_that_fails_changes_nothing(error: Exception) -> None:
    """The job is accepted; a worker finds it by itself."""
    post = RecordingDispatcher()
    post.fail(error)
    world, session = begun(post)
    report = world.run(submit(world.setup, ADA, TALK, session, "Hi."))
    assert (report.status, len(post.refused)) == ("pending", 1)
    assert [job.id for job in work(world)] == [report.id]


def test_an_interrupt_while_the_dispatcher_is_told() -> None:
    """The job stays accepted, and waits for a worker."""
    post = RecordingDispatcher()
    post.fail(InterruptError())
    world, session = begun(post)
    with pytest.raises(InterruptError):
        world.run(submit(world.setup, ADA, TALK, session, "Hi.", key="k"))
    assert [job.status for job in work(world)] == ["completed"]


def test_who_waits_goes_on_with_what_a_submit_began() -> None:
    """A send under the key of a submit takes its job, or is told that a worker has it."""
    world, session = begun()
    report = world.run(submit(world.setup, ADA, TALK, session, "Hi.", key="k"))
    turn = world.run(send(world.setup, ADA, TALK, session, "Hi.", key="k"))
    assert (turn.job.id, turn.message.text) == (report.id, "Go on.")
    job = world.run(submit(world.setup, ADA, TALK, session, "More.", key="l"))
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        work(world)
    with pytest.raises(StillAnsweringError) as error:
        world.run(send(world.setup, ADA, TALK, session, "More.", key="l"))
    assert (error.value.job, error.value.accepted) == (job.id, True)


def test_who_does_not_wait_finds_what_a_send_began() -> None:
    """A submit under the key of a send tells how far that is, and asks nothing of anybody."""
    post = RecordingDispatcher()
    world, session = begun(post)
    left(world, session)
    report = world.run(submit(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    assert (report.status, report.key, post.refs) == ("processing", "lost", [])
    assert len([one for one in world.stored("message") if isinstance(one, Message)]) == 3


# --- dispatch -----------------------------------------------------------------------------------


def test_only_what_waits_for_a_worker_is_told_of() -> None:
    """A job that is held or settled needs nobody to be woken; one whose lease ran out does."""
    (told,) = rehearse(dispatch(PENDING, BEGIN), None).asked
    assert told == Dispatch(JobRef("acme", "j-1", JobKind.REPLY))
    world, session = begun()
    left(world, session)
    done, held = (job for job in world.stored("job") if isinstance(job, Job))
    assert (done.status, held.status) == (JobStatus.COMPLETED, JobStatus.PROCESSING)
    assert rehearse(dispatch(done, BEGIN + timedelta(days=1))).asked == ()
    assert rehearse(dispatch(held, BEGIN + world.setup.lease - TICK)).asked == ()
    (told,) = rehearse(dispatch(held, BEGIN + world.setup.lease), None).asked
    assert told == Dispatch(JobRef("acme", held.id, JobKind.REPLY))


def test_who_comes_back_to_a_job_that_nobody_holds_wakes_a_worker_for_it() -> None:
    """Its worker died: every call that leaves it to a worker tells the dispatcher, once each."""
    post = RecordingDispatcher()
    world, session = begun(post)
    report = world.run(submit(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    plain = world.model
    world.model = lambda ask: final() if ask.purpose is JobKind.REPLY else CrashError()
    with pytest.raises(CrashError):
        work(world)
    world.model = plain
    ref = JobRef("acme", report.id, JobKind.REPLY)
    again = submit(world.setup, ADA, TALK, session, "Lost.", key="lost")
    assert world.run(again).status == "processing"
    assert post.refs == [ref]  # the lease lasts: nobody is woken
    world.clock.advance(minutes=6)
    with pytest.raises(SessionBusyError):
        world.run(submit(world.setup, ADA, TALK, session, "Hello?"))
    assert post.refs == [ref] * 2
    world.run(submit(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    assert post.refs == [ref] * 3
    world.run(resume(world.setup, ADA, TALK, session, wait=False))
    assert post.refs == [ref] * 4


# --- a job whose time is over -------------------------------------------------------------------


def expired(world: World) -> list[str]:
    """Return the jobs that were settled because their time was over."""
    jobs = [job for job in world.stored("job") if isinstance(job, Job)]
    return [job.id for job in jobs if job.error and job.error.code is ErrorCode.JOB_EXPIRED]


@pytest.mark.parametrize("name", ["send", "submit", "complete", "resume"])
@pytest.mark.parametrize("held", [True, False], ids=["held", "unclaimed"])
def test_a_job_whose_time_is_over_makes_room(name: str, held: bool) -> None:  # noqa: FBT001
    """Whoever comes next settles it as expired, though its lease may last: its turn is free."""
    world, session = begun()
    late = world.run(submit(world.setup, ADA, TALK, session, "Anybody there?")).id
    if held:
        world.setup = evolve(world.setup, lease=timedelta(hours=30))
        plain, world.model = world.model, lambda _: CrashError()
        with pytest.raises(CrashError):
            work(world)
        world.model = plain
    world.clock.advance(hours=24)
    asked = len(world.asks)
    if name == "complete":
        world.model = lambda _: '{"values": []}'
    world.run(COMMANDS[name](world.setup, session))
    assert expired(world) == [late]
    assert world.only(Session).turns == (2 if name in {"send", "submit"} else 1)
    assert all(ask.job != late for ask in world.asks[asked:])


@pytest.mark.parametrize("name", ["send", "submit"])
def test_an_extraction_whose_time_is_over_makes_room(name: str) -> None:
    """Nothing was paid for yet, so nothing is finished: the talk goes on."""
    world, session = begun()
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(complete(world.setup, ADA, TALK, session, key="late"))
    world.clock.advance(hours=24)
    world.model = lambda _: "Go on."
    world.run(COMMANDS[name](world.setup, session))
    assert len(expired(world)) == 1
    assert world.only(Session).status is SessionStatus.ACTIVE


@pytest.mark.parametrize("waits", [True, False])
def test_the_same_call_after_its_time(waits: bool) -> None:  # noqa: FBT001
    """It settles its own job as expired; who waits is told that there is no such job."""
    post = RecordingDispatcher()
    world, session = begun(post)
    name = world.run(submit(world.setup, ADA, TALK, session, "Hi.", key="k")).id
    world.clock.advance(hours=24)
    if waits:
        with pytest.raises(JobNotFoundError) as error:
            world.run(COMMANDS["send"](world.setup, session))
        assert (error.value.job, error.value.key) == (name, "k")
    else:
        report = world.run(submit(world.setup, ADA, TALK, session, "Hi.", key="k"))
        assert (report.id, report.status, report.error_code) == (name, "failed", "JOB_EXPIRED")
    assert (expired(world), len(post.refs), world.only(Session).turns) == ([name], 1, 1)


def test_a_paid_final_reply_is_never_expired() -> None:
    """However late: a submit wakes a worker for it, and the worker ends the session with it."""
    post = RecordingDispatcher()
    world, session = begun(post)
    left(world, session, JobKind.EXTRACTION)
    world.clock.advance(hours=25)
    with pytest.raises(SessionBusyError):
        world.run(COMMANDS["submit"](world.setup, session))
    report = world.run(submit(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    assert (report.status, len(post.refs), expired(world)) == ("processing", 2, [])
    world.model = lambda _: '{"values": ["kept"]}'
    (done,) = work(world)
    assert done.outcome is not None
    assert (done.outcome.is_final, done.outcome.result) == (True, {"values": ["kept"]})
