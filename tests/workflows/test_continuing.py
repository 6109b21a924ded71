"""Going on with a job that was accepted before."""

from __future__ import annotations

import pytest
from attrs import frozen

from coachwork.adapters import final
from coachwork.effects import Commit, Workflow
from coachwork.errors import (
    JobNotFoundError,
    LLMError,
    SessionNotActiveError,
    StillAnsweringError,
    StoreUnavailableError,
)
from coachwork.jobs import ErrorCode, JobKind, JobStatus, Lease
from coachwork.policies import Settings
from coachwork.ports import Ask, CommitResult
from coachwork.sessions import Session
from coachwork.testing.faults import CrashError, Fault, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import cancel, complete, resume, send, start
from coachwork.workflows._continuing import finish_abandoned, go_on, take_and_finish, take_safely
from coachwork.workflows._jobs import Held, load_held, reread, take
from coachwork.workflows._store import Tries
from tests.faults import ADA, Told, World


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)


def left(purpose: JobKind = JobKind.REPLY, settings: Settings | None = None) -> tuple[World, Held]:
    """Return a world in which a job was left behind when that was asked, and the job."""
    world = World([TALK], settings=settings)
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.model = lambda _: "Go on."
    world.run(send(world.setup, ADA, TALK, session, "Hello."))
    world.model = lambda ask: CrashError() if ask.purpose is purpose else final()
    first = world.ids.number + 1
    workflow: Workflow[object] = send(world.setup, ADA, TALK, session, "Lost.", key="k")
    if purpose is JobKind.EXTRACTION:
        workflow = complete(world.setup, ADA, TALK, session, key="k")
    with pytest.raises(CrashError):
        world.run(workflow)
    world.asks.clear()
    world.model = lambda ask: "{}" if ask.purpose is JobKind.EXTRACTION else "Go on."
    return world, world.run(load_held(ADA, session, f"id-{first:05d}"))


def test_a_settled_job_tells_its_outcome() -> None:
    """Nothing is asked for: the outcome is there, or the error that it is."""
    world, held = left()
    world.clock.advance(minutes=6)
    done = world.run(go_on(world.setup, TALK, held))
    first = len(world.effects)
    assert world.run(go_on(world.setup, TALK, done)) == done
    assert len(world.effects) == first

    world, held = left()
    world.run(cancel(world.setup, ADA, TALK, held.session.value.about.id))
    world.clock.advance(minutes=6)
    with pytest.raises(SessionNotActiveError) as error:
        world.run(go_on(world.setup, TALK, held))
    assert (error.value.job, world.asks) == (held.job.value.id, [])


def test_a_held_job_is_waited_for() -> None:
    """Until the very instant at which its lease is over."""
    world, held = left()
    world.clock.advance(minutes=5, seconds=29)
    with pytest.raises(StillAnsweringError) as error:
        world.run(go_on(world.setup, TALK, held))
    assert error.value.retry_after == 1.0
    world.clock.advance(seconds=1)
    assert world.run(go_on(world.setup, TALK, held)).job.value.status is JobStatus.COMPLETED


def test_whoever_is_faster_takes_it() -> None:
    """Another takes the job over at the same moment: the model is asked once."""
    world, held = left()
    world.clock.advance(minutes=6)
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        del world.commit
        world.run(go_on(world.setup, TALK, held))
        return plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    done = world.run(go_on(world.setup, TALK, held))
    assert (done.job.value.attempts, len(world.asks)) == (2, 1)


def test_a_job_that_was_taken_too_often_fails() -> None:
    """It is settled without asking; a job that extracts completes its session all the same."""
    world, held = left(settings=Settings(attempts=1))
    world.clock.advance(minutes=6)
    tries = Tries(world.setup)
    with pytest.raises(LLMError) as error:
        world.run(take_and_finish(world.setup, TALK, tries, held, world.clock.time))
    assert (error.value.reason, world.asks) == ("ATTEMPTS_EXHAUSTED", [])

    world, held = left(JobKind.EXTRACTION, Settings(attempts=1))
    world.clock.advance(minutes=6)
    done = world.run(take_and_finish(world.setup, TALK, Tries(world.setup), held, world.clock.time))
    assert done is not None
    ending = done.session.value.ledger.ending
    assert ending is not None
    assert (ending.error and ending.error.code, world.asks) == ("ATTEMPTS_EXHAUSTED", [])


def test_a_kept_reply_outlives_its_attempts() -> None:
    """A final reply that was paid for is said, though its result could not be extracted."""
    world, _ = left(settings=Settings(attempts=2))
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.model = lambda ask: (
        CrashError() if ask.purpose is JobKind.EXTRACTION else final(message="Bye.")
    )
    for _ in range(2):
        with pytest.raises(CrashError):
            world.run(send(world.setup, ADA, TALK, session, "Hello.", key="kept"))
        world.clock.advance(minutes=6)
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="kept"))
    assert (turn.message.text, turn.is_final, turn.result) == ("Bye.", True, None)
    assert turn.result_error is not None
    assert turn.result_error.code == "ATTEMPTS_EXHAUSTED"


def test_finishing_what_was_left_tells_nothing() -> None:
    """Whatever comes of it is read again; only a failing repository comes out."""
    world, held = left(JobKind.EXTRACTION)
    world.clock.advance(minutes=6)
    now = world.clock.time

    def cancelled(_ask: Ask) -> str:
        world.run(cancel(world.setup, ADA, TALK, held.session.value.about.id))
        return "{}"

    world.model = cancelled
    world.run(finish_abandoned(world.setup, TALK, Tries(world.setup), held, now))
    world.run(finish_abandoned(world.setup, TALK, Tries(world.setup), held, now))
    assert len(world.asks) == 1

    def broken(_effect: Commit) -> CommitResult:
        raise StoreUnavailableError

    world.commit = broken  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailableError):
        world.run(finish_abandoned(world.setup, TALK, Tries(world.setup), held, now))


# --- who is interrupted while taking it ---------------------------------------------------------


def taking(world: World, held: Held) -> dict[str, Workflow[object]]:
    """Return what takes a job that was left: the same call again, a resume, and another call."""
    session = held.session.value.about.id
    again: Workflow[object] = send(world.setup, ADA, TALK, session, "Lost.", key="k")
    if held.job.value.kind is JobKind.EXTRACTION:
        again = complete(world.setup, ADA, TALK, session, key="k")
    return {
        "again": again,
        "resume": resume(world.setup, ADA, TALK, session),
        "other": complete(world.setup, ADA, TALK, session, key="other"),
    }


@pytest.mark.parametrize("how", ["again", "resume", "other"])
@pytest.mark.parametrize("fault", [Fault.INTERRUPT_BEFORE, Fault.INTERRUPT_AFTER])
@pytest.mark.parametrize("purpose", [JobKind.REPLY, JobKind.EXTRACTION])
def test_who_is_interrupted_leaves_no_lease(how: str, fault: Fault, purpose: JobKind) -> None:
    """At whatever step, the commit that takes the lease too: the next one need not wait."""
    interrupted = 0
    for number in range(40):
        world, held = left(purpose)
        world.clock.advance(minutes=6)
        try:
            world.run(taking(world, held)[how], Told(number, fault))
        except InterruptError:
            interrupted += 1
            leases = [job.lease for job in world.stored("job") if job.is_held(world.clock.time)]
            assert leases == [], f"interrupted at step {number}"
        else:
            break
    assert interrupted > 8


def test_a_lease_is_taken_safely() -> None:
    """Taken, interrupted right then, and given up: the attempt is counted, the job is due."""
    world, held = left()
    world.clock.advance(minutes=6)
    now = world.clock.time
    told = Told(0, Fault.INTERRUPT_AFTER)
    with pytest.raises(InterruptError):
        world.run(take_safely(world.setup, Tries(world.setup), held, now), told)
    job = world.run(reread(held)).job.value
    assert (job.status, job.lease, job.attempts) == (JobStatus.PENDING, None, 2)
    held = world.run(reread(held))
    told = Told(0, Fault.FAIL_BEFORE)
    with pytest.raises(StoreUnavailableError):
        world.run(take_safely(world.setup, Tries(world.setup), held, now), told)
    assert world.run(reread(held)).job.value.lease is None
    taken = world.run(take_safely(world.setup, Tries(world.setup), held, now))
    assert taken is not None
    assert taken.job.value.lease == Lease(3, now + world.setup.lease)


def test_who_is_interrupted_takes_no_others_lease() -> None:
    """Another took it at that very moment, under the same token: it stays the other's."""
    world, held = left()
    world.clock.advance(minutes=6)
    now = world.clock.time

    def commit(_effect: Commit) -> CommitResult:
        del world.commit
        world.clock.advance(seconds=1)
        world.run(take(world.setup, Tries(world.setup), held, world.clock.time))
        raise InterruptError

    world.commit = commit  # type: ignore[method-assign]
    with pytest.raises(InterruptError):
        world.run(take_safely(world.setup, Tries(world.setup), held, now))
    job = world.run(reread(held)).job.value
    assert (job.attempts, job.is_held(world.clock.time)) == (2, True)


def test_a_process_that_dies_while_taking_asks_nothing_more() -> None:
    """It can give nothing up; the lease ends it."""
    world, held = left()
    world.clock.advance(minutes=6)
    first = len(world.effects)
    with pytest.raises(CrashError):
        world.run(go_on(world.setup, TALK, held), Told(1, Fault.CRASH_AFTER))
    assert world.names(first) == ["Now", "Commit"]
    assert world.run(reread(held)).job.value.is_held(world.clock.time)


# --- a job whose time is over -------------------------------------------------------------------


def test_a_job_whose_time_is_over_is_settled_so() -> None:
    """No model is asked; the turn is free, and who asks is told that there is no such job."""
    world, held = left()
    world.clock.advance(hours=24)
    with pytest.raises(JobNotFoundError) as error:
        world.run(go_on(world.setup, TALK, held))
    job = world.run(reread(held)).job.value
    assert job.error is not None
    assert (job.error.code, error.value.job) == (ErrorCode.JOB_EXPIRED, job.id)
    assert (world.asks, world.only(Session).turns) == ([], 1)


def test_a_kept_final_reply_is_gone_on_with_however_late() -> None:
    """What was paid for is said; only its result is asked for."""
    world = World([TALK])
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.model = lambda ask: (
        CrashError() if ask.purpose is JobKind.EXTRACTION else final(message="Bye.")
    )
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="kept"))
    world.clock.advance(hours=25)
    world.model = lambda _: '{"values": ["late"]}'
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="kept"))
    assert (turn.message.text, turn.is_final, turn.result) == ("Bye.", True, Values(["late"]))
