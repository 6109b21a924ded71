"""The owner ends the conversation and gets its result."""

from __future__ import annotations

import pytest
from attrs import frozen

from coachwork.adapters import final
from coachwork.effects import Commit, Effect, Get
from coachwork.errors import (
    IdempotencyKeyReusedError,
    LLMError,
    SessionBusyError,
    SessionNotActiveError,
    StillAnsweringError,
)
from coachwork.jobs import ErrorCode, JobKind
from coachwork.ports import Ask, CommitResult
from coachwork.sessions import Session, SessionStatus, Standing
from coachwork.testing.faults import CrashError
from coachwork.topics import Topic
from coachwork.workflows import cancel, cancel_job, complete, pause, resume, send, start, submit
from tests.faults import ADA, World


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)
PLAIN = Topic(id="plain", system="Listen.")


def coach(ask: Ask) -> str:
    """Say something, or extract something."""
    return '{"values": ["x"]}' if ask.purpose is JobKind.EXTRACTION else "Go on."


def begun(topic: Topic[object] = TALK, turns: int = 1) -> tuple[World, str]:
    """Return a world in which Ada has talked, and the session's id."""
    world = World([TALK, PLAIN], coach)
    session = world.run(start(world.setup, ADA, topic)).session.id
    for number in range(turns):
        world.run(send(world.setup, ADA, topic, session, f"Message {number}."))
    world.asks.clear()
    return world, session


def test_a_result_is_extracted() -> None:
    """The session is completed with its result, and the standing is noted; twice says the same."""
    world, session = begun()
    done = world.run(complete(world.setup, ADA, TALK, session, key="k"))
    assert (done.result, done.result_error, done.session.status) == (
        Values(["x"]),
        None,
        "completed",
    )
    assert world.only(Standing).completed == 1
    assert world.run(complete(world.setup, ADA, TALK, session, key="k")) == done
    assert len(world.asks) == 1


def test_completing_twice_is_a_success() -> None:
    """Also under another key: nothing changes, and the result is told."""
    world, session = begun()
    done = world.run(complete(world.setup, ADA, TALK, session))
    before = world.records()
    again = world.run(complete(world.setup, ADA, TALK, session))
    assert (again.result, again.job, again.session) == (done.result, None, done.session)
    assert world.records() == before


@pytest.mark.parametrize("topic,turns", [(PLAIN, 1), (TALK, 0)], ids=["plain", "silent"])
def test_no_model_is_asked_for_nothing(topic: Topic[object], turns: int) -> None:
    """Without a result type, or without a user message, it is one commit."""
    world, session = begun(topic, turns)
    first = len(world.effects)
    done = world.run(complete(world.setup, ADA, topic, session, key="k"))
    assert (done.result, done.job, done.session.status) == (None, None, "completed")
    assert world.names(first).count("Commit") == 1
    assert world.run(complete(world.setup, ADA, topic, session, key="k")) == done
    with pytest.raises(IdempotencyKeyReusedError):
        world.run(start(world.setup, ADA, topic, key="k"))


def test_an_extraction_that_fails_completes_all_the_same() -> None:
    """The answer says what went wrong; the same call says the same."""
    world, session = begun()
    world.model = lambda _: LLMError(reason="CONTENT_FILTER")
    done = world.run(complete(world.setup, ADA, TALK, session, key="k"))
    assert (done.session.status, done.result) == ("completed", None)
    assert done.result_error is not None
    assert done.result_error.code == "CONTENT_FILTER"
    assert world.run(complete(world.setup, ADA, TALK, session, key="k")) == done


def test_attempts_used_up_complete_without_a_result() -> None:
    """Three leases without an outcome: completed, and the answer says why there is no result."""
    world, session = begun()
    world.model = lambda _: CrashError()
    for _ in range(3):
        with pytest.raises(CrashError):
            world.run(complete(world.setup, ADA, TALK, session, key="k"))
        world.clock.advance(minutes=6)
    done = world.run(complete(world.setup, ADA, TALK, session, key="k"))
    assert done.result_error is not None
    assert (done.result_error.code, len(world.asks)) == ("ATTEMPTS_EXHAUSTED", 3)


# --- refusals -----------------------------------------------------------------------------------


def test_a_paused_session_is_resumed_first() -> None:
    """COMPLETED only from ACTIVE; the refusal says what is allowed and asks no model."""
    world, session = begun()
    world.run(pause(world.setup, ADA, TALK, session))
    with pytest.raises(SessionNotActiveError) as error:
        world.run(complete(world.setup, ADA, TALK, session))
    assert (error.value.status, set(error.value.allowed)) == ("paused", {"resume", "cancel"})
    assert "receipt" in repr(world.effects[-1])
    world.run(resume(world.setup, ADA, TALK, session))
    assert world.run(complete(world.setup, ADA, TALK, session)).result == Values(["x"])


def test_what_was_cancelled_is_not_completed() -> None:
    """An end absorbs everything else."""
    world, session = begun()
    world.run(cancel(world.setup, ADA, TALK, session))
    with pytest.raises(SessionNotActiveError):
        world.run(complete(world.setup, ADA, TALK, session))


def test_a_leased_job_is_busy_and_a_left_one_is_settled() -> None:
    """A turn in flight: busy; once its lease is over it is settled, and the session completed."""
    world, session = begun()
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Lost."))
    world.model = coach
    with pytest.raises(SessionBusyError) as error:
        world.run(complete(world.setup, ADA, TALK, session))
    assert error.value.retry_after == 330.0
    world.clock.advance(minutes=6)
    done = world.run(complete(world.setup, ADA, TALK, session))
    assert (done.result, done.session.turns, done.session.messages) == (Values(["x"]), 1, 3)


def test_a_message_that_waits_for_a_worker_is_busy_for_a_while() -> None:
    """A submitted message blocks for ten minutes; then its job is settled, and its turn is free."""
    world, session = begun()
    lost = world.run(submit(world.setup, ADA, TALK, session, "Lost."))
    with pytest.raises(SessionBusyError) as error:
        world.run(complete(world.setup, ADA, TALK, session))
    assert (error.value.retry_after, error.value.job) == (600.0, lost.id)
    world.clock.advance(minutes=10)
    done = world.run(complete(world.setup, ADA, TALK, session))
    assert (done.result, done.session.turns) == (Values(["x"]), 1)
    assert done.job is not None
    jobs = {job.id: job for job in world.stored("job")}
    assert jobs[lost.id].error.code is ErrorCode.LEASE_EXPIRED
    assert jobs[done.job.id].follows == lost.id


def test_a_final_reply_that_was_left_is_finished() -> None:
    """The session was about to end when its process died: it ends with that result."""
    world, session = begun()
    world.model = lambda ask: CrashError() if ask.purpose is JobKind.EXTRACTION else final()
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Bye."))
    world.clock.advance(minutes=6)
    world.model = coach
    done = world.run(complete(world.setup, ADA, TALK, session))
    assert (done.result, done.job, done.session.messages) == (Values(["x"]), None, 4)
    assert [ask.purpose for ask in world.asks].count(JobKind.EXTRACTION) == 2


def test_the_same_call_while_it_is_extracted() -> None:
    """It was accepted and is still being answered; another call is refused as busy."""
    world, session = begun()
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(complete(world.setup, ADA, TALK, session, key="k"))
    with pytest.raises(StillAnsweringError):
        world.run(complete(world.setup, ADA, TALK, session, key="k"))
    with pytest.raises(SessionBusyError) as error:
        world.run(complete(world.setup, ADA, TALK, session, key="other"))
    assert error.value.accepted is False


def test_others_who_are_faster() -> None:
    """The session moved at the same moment: it is decided again, and asked of the model once."""
    world, session = begun()
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        world.commit = lambda other: plain(world, other)  # type: ignore[method-assign]
        world.run(pause(world.setup, ADA, TALK, session))
        world.run(resume(world.setup, ADA, TALK, session))
        return plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    assert world.run(complete(world.setup, ADA, TALK, session)).result == Values(["x"])
    assert [ask.purpose for ask in world.asks] == [JobKind.WELCOME_BACK, JobKind.EXTRACTION]


def test_cancel_wins_over_complete() -> None:
    """Cancelled while the result is extracted: cancelled it is."""
    world, session = begun()

    def model(_ask: Ask) -> str:
        world.run(cancel(world.setup, ADA, TALK, session))
        return '{"values": []}'

    world.model = model
    for _ in range(2):
        with pytest.raises(SessionNotActiveError) as error:
            world.run(complete(world.setup, ADA, TALK, session, key="k"))
        assert error.value.key == "k"
    assert world.only(Session).status is SessionStatus.CANCELLED


def test_a_retry_that_was_faster_is_no_refusal() -> None:
    """Who read a busy session is not refused where the same call has completed it since."""
    greeting = Topic(id="greeting", system="Listen.", initiation="Say hello.")
    world = World([greeting])
    begun = world.run(start(world.setup, ADA, greeting, wait=False))
    assert begun.job is not None
    session, job = begun.session.id, begun.job.id
    done: list[object] = []

    def meanwhile(effect: Effect[object]) -> None:
        if isinstance(effect, Get) and effect.key.kind == "receipt" and not done:
            world.run(cancel_job(world.setup, ADA, greeting, job))
            done.append(world.run(complete(world.setup, ADA, greeting, session, key="k")))

    world.meanwhile = meanwhile
    answer = world.run(complete(world.setup, ADA, greeting, session, key="k"))
    assert [answer] == done
