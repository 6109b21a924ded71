"""What the workflows answer."""

from __future__ import annotations

import pytest
from attrs import evolve, frozen

from coachwork.adapters import final
from coachwork.errors import LLMError
from coachwork.jobs import ErrorCode, Job, JobError, JobStatus
from coachwork.plain import json_schema, to_json
from coachwork.sessions import Session
from coachwork.topics import Topic
from coachwork.workflows import Check, Completed, Resumed, Started, Turn, cancel, send, start
from coachwork.workflows._answers import job_view, read_result, session_view
from tests.faults import ADA, BEGIN, World


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


def test_answers_become_plain_data() -> None:
    """Each kind of answer has a schema; texts are in no repr."""
    for answer in (Started[Values], Resumed[Values], Turn[Values], Completed[Values], Check):
        assert json_schema(answer)["type"] == "object"
    world = World([TALK], ["Hello, secret."])
    started = world.run(start(world.setup, ADA, TALK, key="my-key"))
    assert "Hello, secret." in str(to_json(started))
    assert "secret" not in repr(started)
    assert "my-key" not in repr(started)
