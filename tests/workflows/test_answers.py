"""What the workflows answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve, fields, frozen

from coachwork.adapters import final
from coachwork.errors import LLMError
from coachwork.jobs import ErrorCode, Job, JobError, JobStatus, Settlement
from coachwork.plain import json_schema, to_json
from coachwork.sessions import Session
from coachwork.topics import Topic
from coachwork.workflows import (
    Check,
    Completed,
    JobOutcome,
    JobReport,
    JobView,
    Purged,
    Relayed,
    Resumed,
    Started,
    Turn,
    cancel,
    send,
    start,
)
from coachwork.workflows._answers import job_report, job_view, read_result, session_view
from tests.faults import ADA, BEGIN, World
from tests.specimens import NOON, PENDING


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


@frozen
class Other:
    """What it yields in a later version of the application."""

    wishes: list[str]


TALK = Topic(id="talk", system="Listen.", initiation="Greet.", result=Values)


def completed() -> World:
    """Return a world with one completed session."""
    world = World([TALK], ["Hello.", final(Values(["honesty"]))])
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.run(send(world.setup, ADA, TALK, session, "Hello."))
    return world


def test_a_view_of_a_live_session() -> None:
    """Everything that its owner may know, and nothing that is not so."""
    world = World([TALK], ["Hello."])
    view = world.run(start(world.setup, ADA, TALK)).session
    assert (view.status, view.is_idle, view.job, view.completion_pending) == (
        "active",
        False,
        None,
        False,
    )
    assert (view.ended_at, view.end_reason, view.result, view.result_error) == (None,) * 4
    world.clock.advance(hours=1)
    assert session_view(world.only(Session), TALK, world.clock.time).is_idle


def test_a_view_of_an_ended_session() -> None:
    """An ended session is not idle, whatever the time."""
    world = completed()
    world.clock.advance(hours=1)
    view = session_view(world.only(Session), TALK, world.clock.time)
    assert (view.is_idle, view.end_reason, view.ended_at) == (False, "completed", BEGIN)


def test_a_result_is_read_in_the_topics_type() -> None:
    """In its type with the topic, as plain data without it."""
    session = completed().only(Session)
    assert read_result(session, TALK) == (Values(["honesty"]), None)
    assert read_result(session, None) == ({"values": ["honesty"]}, None)
    untyped: Topic[None] = Topic(id="talk", system="x")
    plain: tuple[object, object] = read_result(session, untyped)
    assert plain == ({"values": ["honesty"]}, None)


def test_a_result_whose_type_has_changed() -> None:
    """A stored result that no longer fits is told as such, not raised."""
    told = read_result(completed().only(Session), Topic(id="talk", system="x", result=Other))
    assert told[0] is None
    assert told[1] is not None
    assert (told[1].code, "honesty" in told[1].reason) == ("RESULT_TYPE_CHANGED", False)


def test_a_session_without_a_result() -> None:
    """Neither a live nor a cancelled session has one."""
    world = World([TALK], ["Hello."])
    session = world.run(start(world.setup, ADA, TALK)).session.id
    assert read_result(world.only(Session), TALK) == (None, None)
    world.run(cancel(world.setup, ADA, TALK, session))
    assert read_result(world.only(Session), TALK) == (None, None)


def test_a_view_of_a_job() -> None:
    """With why it failed and whether asking again may help."""
    world = World([TALK], [LLMError(retry_after=3.0)])
    with pytest.raises(LLMError):
        world.run(start(world.setup, ADA, TALK))
    job = world.only(Job)
    view = job_view(job)
    assert (view.status, view.error_code, view.retryable, view.retry_after) == (
        JobStatus.FAILED,
        ErrorCode.LLM_ERROR,
        True,
        3.0,
    )
    cancelled = job_view(evolve(job, error=JobError(ErrorCode.SESSION_CANCELLED, "x")))
    assert cancelled.retryable is False
    pending = job_view(evolve(job, error=None, status=JobStatus.PENDING))
    assert (pending.error_code, pending.retryable, pending.retry_after) == (None, False, None)


def test_a_view_tells_how_long_it_took() -> None:
    """In whole milliseconds, as far as it is known; and until when the job is found."""
    told = job_view(PENDING)
    assert (told.waiting_time, told.processing_time, told.retry_of) == (None, None, None)
    assert told.expires_at == PENDING.expires_at
    held = evolve(
        PENDING,
        retry_of="j-0",
        attempts=2,
        claimed_at=NOON + timedelta(milliseconds=1, microseconds=499),
        updated_at=NOON + timedelta(seconds=2, microseconds=999),
    )
    told = job_view(held)
    assert (told.waiting_time, told.processing_time) == (1, None)
    assert (told.retry_of, told.attempts) == ("j-0", 2)
    assert job_view(evolve(held, settlement=Settlement())).processing_time == 2000


def test_the_pause_before_a_retry_is_told_where_one_may_help() -> None:
    """The provider's wish, else the usual pause of that failure; none where no retry helps."""
    wished = JobError(ErrorCode.LLM_ERROR, "x", 3.0)
    usual = JobError(ErrorCode.LLM_ERROR, "x")
    for error, pause in (
        (wished, 3.0),
        (usual, 10.0),
        (JobError(ErrorCode.LLM_TIMEOUT, "x"), 0.0),
        (JobError(ErrorCode.CONTENT_FILTER, "x", 3.0), None),
        (JobError(ErrorCode.JOB_CANCELLED, "x"), None),
    ):
        told = job_view(evolve(PENDING, error=error))
        assert (told.error_code, told.retry_after) == (error.code, pause)
        assert told.retryable is (pause is not None)


def test_a_report_of_a_job_without_an_outcome() -> None:
    """What its view tells, with its message, its key, and how long an answer takes as a rule."""
    world = completed()
    told = job_report(PENDING, world.only(Session), TALK, None, timedelta(seconds=1.5))
    assert (told.user_message, told.estimated_duration, told.outcome, told.key) == (
        2,
        1500,
        None,
        "k-1",
    )
    view = job_view(PENDING)
    assert isinstance(told, JobView)
    for field in fields(JobView):
        assert getattr(told, field.name) == getattr(view, field.name)


def test_a_report_of_a_job_that_completed() -> None:
    """Its reply and figures are those of then; the result is told by the job that ended it all."""
    world = completed()
    session, reply = world.only(Session), world.stored("message")[-1]
    figures = Settlement(reply=3, final=True, turns=1, messages=3)
    done = evolve(PENDING, settlement=figures, status=JobStatus.COMPLETED)
    told = job_report(done, session, TALK, reply, timedelta(seconds=1)).outcome
    assert told == JobOutcome(
        message=reply,
        is_final=True,
        turn=1,
        message_count=3,
        result=Values(["honesty"]),
        result_error=None,
    )
    plain = job_report(done, session, None, reply, timedelta(seconds=1)).outcome
    assert plain is not None
    assert plain.result == {"values": ["honesty"]}
    earlier = evolve(done, settlement=evolve(figures, final=False))
    first = job_report(earlier, session, TALK, reply, timedelta(seconds=1)).outcome
    assert first is not None
    assert (first.is_final, first.result, first.result_error) == (False, None, None)


def test_answers_become_plain_data() -> None:
    """Each kind of answer has a schema; texts are in no repr."""
    for answer in (
        Started[Values],
        Resumed[Values],
        Turn[Values],
        Completed[Values],
        Check,
        JobView,
        JobReport[Values],
        Relayed,
        Purged,
    ):
        assert json_schema(answer)["type"] == "object"
    world = World([TALK], ["Hello, secret."])
    started = world.run(start(world.setup, ADA, TALK, key="my-key"))
    assert "Hello, secret." in str(to_json(started))
    assert "secret" not in repr(started)
    assert "my-key" not in repr(started)
    job = job_report(PENDING, world.only(Session), TALK, None, timedelta(seconds=1))
    assert "k-1" not in repr(job)
    done = JobOutcome(
        message=started.greeting,
        is_final=True,
        turn=1,
        message_count=1,
        result=Values(["secret"]),
        result_error=None,
    )
    assert "secret" not in repr(evolve(job, outcome=done))
    assert "secret" in str(to_json(evolve(job, outcome=done)))
