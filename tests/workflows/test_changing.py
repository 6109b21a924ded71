"""Pause and cancel: no model is asked, and doing it twice is doing it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from coachwork.adapters import final
from coachwork.effects import Commit, Workflow
from coachwork.errors import (
    SessionAccessDeniedError,
    SessionBusyError,
    SessionNotActiveError,
    SessionNotFoundError,
    ValidationError,
)
from coachwork.jobs import Job, JobKind, JobStatus
from coachwork.policies import Settings
from coachwork.ports import CommitResult
from coachwork.records import CLAIM, SESSION_RECORD, Check, claim_key, session_key
from coachwork.sessions import Session
from coachwork.testing import rehearse
from coachwork.testing.faults import CrashError
from coachwork.topics import Topic
from coachwork.workflows import SessionView, cancel, complete, pause, resume, send, start
from tests.faults import ADA, BEGIN, BEN, World


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)


def begun(**given: Any) -> tuple[World, str]:  # noqa: ANN401 - as a world takes it
    """Return a world in which Ada has a session, and the session's id."""
    world = World([TALK], lambda _: "Go on.", **given)
    return world, world.run(start(world.setup, ADA, TALK)).session.id


def left(world: World, session: str, purpose: JobKind = JobKind.REPLY) -> None:
    """Leave a job, as a process that died."""
    world.model = lambda ask: CrashError() if ask.purpose is purpose else final()
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost"))


def test_pause_by_rehearsal() -> None:
    """Pause asks for the session and the time, and commits once."""
    world, session = begun()
    record = world.memory.get(session_key("acme", session))
    played = rehearse(pause(world.setup, ADA, TALK, session), record, BEGIN, CommitResult.DONE)
    assert [type(effect).__name__ for effect in played.asked] == ["Get", "Now", "Commit"]
    assert played.result.status == "paused"


def test_cancel_by_rehearsal() -> None:
    """Cancel asks for the session, the time and the claim, and commits once."""
    world, session = begun()
    record = world.memory.get(session_key("acme", session))
    claim = world.memory.get(claim_key("acme", "talk", "ada"))
    played = rehearse(
        cancel(world.setup, ADA, TALK, session), record, BEGIN, claim, CommitResult.DONE
    )
    commit = played.asked[-1]
    assert isinstance(commit, Commit)
    assert {type(op).__name__ for op in commit.ops} == {"Update", "Delete"}
    assert (CLAIM.name, SESSION_RECORD.name) == ("claim", "session")


def test_pausing_twice_changes_nothing() -> None:
    """A pause of a paused session is a success without a commit."""
    world, session = begun()
    paused = world.run(pause(world.setup, ADA, TALK, session))
    world.clock.advance(minutes=1)
    commits = len(world.commits)
    again = world.run(pause(world.setup, ADA, TALK, session))
    assert (again.last_activity_at, len(world.commits)) == (paused.last_activity_at, commits)


def test_cancelling_twice_changes_nothing() -> None:
    """A cancel of a cancelled session is a success without a commit."""
    world, session = begun()
    cancelled = world.run(cancel(world.setup, ADA, TALK, session))
    assert (cancelled.status, cancelled.end_reason) == ("cancelled", "cancelled")
    assert world.run(cancel(world.setup, ADA, TALK, session)) == cancelled
    assert world.stored("claim") == []


def test_what_has_ended_is_neither_paused_nor_cancelled() -> None:
    """Ends absorb; the refusal tells the status."""
    world, session = begun()
    world.run(complete(world.setup, ADA, TALK, session))
    for command in (pause, cancel):
        with pytest.raises(SessionNotActiveError) as error:
            world.run(command(world.setup, ADA, TALK, session))
        assert (error.value.status, error.value.allowed) == ("completed", ())


def test_foreign_and_unknown_sessions() -> None:
    """Neither pause nor cancel touches what is not the caller's."""
    world, session = begun()
    before = world.records()
    for command in (pause, cancel):
        with pytest.raises(SessionAccessDeniedError):
            world.run(command(world.setup, BEN, TALK, session))
        with pytest.raises(SessionNotFoundError):
            world.run(command(world.setup, ADA, TALK, "unknown"))
        with pytest.raises(ValidationError):
            rehearse(command(world.setup, ADA, TALK, ""))
    assert world.records() == before


def test_a_setting_hides_foreign_sessions() -> None:
    """Then another user's session is answered like one that does not exist."""
    world, session = begun(settings=Settings(hide_foreign=True))
    with pytest.raises(SessionNotFoundError):
        world.run(pause(world.setup, BEN, TALK, session))


def test_an_undeclared_topic_may_be_paused_and_cancelled() -> None:
    """A topic that is no longer declared still allows both."""
    world, session = begun()
    world.declare()
    assert world.run(pause(world.setup, ADA, None, session)).status == "paused"
    assert world.run(cancel(world.setup, ADA, None, session)).status == "cancelled"


def test_pause_beside_a_reply_in_flight() -> None:
    """A pause is allowed while the model thinks; it checks the job in the same commit."""
    world, session = begun()
    left(world, session)
    assert world.run(pause(world.setup, ADA, TALK, session)).status == "paused"
    assert any(isinstance(op, Check) for op in world.commits[-1])


def test_pause_is_refused_while_the_result_is_extracted() -> None:
    """Else a paused session would complete; it is busy for as long as the lease lasts."""
    world, session = begun()
    left(world, session, JobKind.EXTRACTION)
    world.clock.advance(minutes=1)
    with pytest.raises(SessionBusyError) as error:
        world.run(pause(world.setup, ADA, TALK, session))
    assert error.value.retry_after == 270.0


def test_pause_closes_an_extraction_that_nobody_works_on() -> None:
    """When its lease is over the session is not stuck: the job fails, and the session pauses."""
    world, session = begun()
    world.run(send(world.setup, ADA, TALK, session, "Hello."))
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(complete(world.setup, ADA, TALK, session, key="lost"))
    world.clock.advance(minutes=6)
    paused = world.run(pause(world.setup, ADA, TALK, session))
    assert (paused.status, paused.job) == ("paused", None)
    codes = {job.kind: job.error and job.error.code for job in world.stored("job")}
    assert codes[JobKind.EXTRACTION] == "LEASE_EXPIRED"


def test_a_final_reply_that_is_kept_outlives_a_pause() -> None:
    """Nobody works on it any more: the session pauses, and the next resume ends it."""
    world, session = begun()
    left(world, session, JobKind.EXTRACTION)
    world.clock.advance(minutes=6)
    assert world.run(pause(world.setup, ADA, TALK, session)).job is not None
    asked = len(world.asked)
    turn = world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    assert (len(world.asked), turn.is_final) == (asked, False)
    assert turn.session.completion_pending


def test_the_wrong_topic_finds_no_session() -> None:
    """Through another topic's handle a session is neither paused nor cancelled."""
    world, session = begun()
    other = Topic(id="other", system="Listen.")
    for command in (pause, cancel):
        with pytest.raises(SessionNotFoundError):
            world.run(command(world.setup, ADA, other, session))


def test_pause_with_a_pending_job() -> None:
    """A job that was given up does not hold a pause up."""
    world, session = begun()
    world.model = lambda _: KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert world.run(pause(world.setup, ADA, TALK, session)).status == "paused"


def test_cancel_closes_the_job() -> None:
    """Cancel always wins: the job fails with that reason, and its turn is free."""
    world, session = begun()
    left(world, session, JobKind.EXTRACTION)
    cancelled = world.run(cancel(world.setup, ADA, TALK, session))
    job = world.only(Job)
    assert (job.status, job.error and job.error.code) == (JobStatus.FAILED, "SESSION_CANCELLED")
    assert (cancelled.turns, cancelled.job) == (0, None)


@pytest.mark.parametrize("command", [pause, cancel], ids=["pause", "cancel"])
def test_others_who_are_faster(command: Callable[..., Workflow[SessionView[Values]]]) -> None:
    """The session moved at the same moment: it is decided again."""
    world, session = begun()
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        del world.commit
        world.run(resume(world.setup, ADA, TALK, session))
        return plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    view = world.run(command(world.setup, ADA, TALK, session))
    assert view.status == ("paused" if command is pause else "cancelled")
    assert world.only(Session).messages == 1
