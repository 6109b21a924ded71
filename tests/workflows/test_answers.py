"""What the workflows answer: views of sessions and jobs, and results in the topic's type."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

import pytest
from attrs import evolve, field, frozen

from coachwork.jobs import ErrorCode, Job, JobError, JobKind, JobStatus
from coachwork.messages import Usage
from coachwork.plain import JSON, to_json
from coachwork.sessions import (
    About,
    Ending,
    EndReason,
    InFlight,
    Ledger,
    ResultError,
    Session,
    SessionStatus,
)
from coachwork.topics import Topic
from coachwork.workflows._answers import job_view, read_result, session_view
from tests.faults import BEGIN

HOUR = timedelta(hours=1)


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


class Plan(TypedDict):
    """What another conversation is to yield."""

    steps: list[str]


@frozen
class Strict:
    """A result that is more than its fields."""

    values: list[str] = field()

    @values.validator
    def _some(self, _attribute: object, value: list[str]) -> None:
        if not value:
            raise ValueError("nothing in it")


TALK = Topic(id="talk", system="Listen.", result=Values)
PLAIN = Topic(id="plain", system="Listen.")

ABOUT = About(
    id="s",
    tenant="acme",
    user="ada",
    topic="talk",
    topic_revision=1,
    started_at=BEGIN,
    max_turns=5,
    idle_timeout=timedelta(minutes=30),
    expires_after=timedelta(days=14),
    keep_ended=timedelta(days=7),
    exclusive=False,
    scenario="smoke",
)
LIVE = Session(
    ABOUT,
    SessionStatus.ACTIVE,
    2,
    3,
    BEGIN + HOUR,
    BEGIN + HOUR,
    InFlight("j", JobKind.REPLY),
    Ledger(coach_messages=1, completion_pending=True, usage=Usage(3, 4, 5)),
)


def ended(result: JSON = None, error: ResultError | None = None) -> Session:
    """Return a completed session that yielded this."""
    ending = Ending(at=BEGIN + HOUR, reason=EndReason.COMPLETED, result=result, error=error)
    return Session(
        ABOUT,
        SessionStatus.COMPLETED,
        2,
        3,
        BEGIN + HOUR,
        BEGIN + HOUR,
        None,
        Ledger(coach_messages=1, ending=ending),
    )


# --- a session ----------------------------------------------------------------------------------


def test_a_live_session_is_seen_whole() -> None:
    """Ids, limits, figures, instants and the job in flight; there is no end and no result yet."""
    view = session_view(LIVE, TALK, BEGIN + HOUR)
    assert (view.id, view.tenant, view.user, view.topic) == ("s", "acme", "ada", "talk")
    assert (view.status, view.turns, view.max_turns, view.messages) == ("active", 2, 5, 3)
    assert (view.started_at, view.last_activity_at) == (BEGIN, BEGIN + HOUR)
    assert view.expires_at == BEGIN + HOUR + timedelta(days=14)
    assert (view.job, view.completion_pending, view.scenario) == ("j", True, "smoke")
    assert (view.ended_at, view.end_reason, view.result, view.result_error) == (None,) * 4
    assert view.usage == Usage(3, 4, 5)


def test_an_ended_session_tells_its_end() -> None:
    """When and why it ended, and how long it is kept from then on."""
    view = session_view(ended({"values": ["honesty"]}), TALK, BEGIN + HOUR)
    assert (view.ended_at, view.end_reason, view.job) == (BEGIN + HOUR, "completed", None)
    assert view.expires_at == BEGIN + HOUR + timedelta(days=7)
    assert view.result == Values(["honesty"])


@pytest.mark.parametrize("status", SessionStatus)
def test_only_a_live_session_is_idle(status: SessionStatus) -> None:
    """Idle is after the timeout, not at it; an ended session is not idle, however old."""
    session = evolve(LIVE, status=status)
    at = session.last_activity_at + timedelta(minutes=30)
    assert not session_view(session, TALK, at).is_idle
    live = status in {SessionStatus.ACTIVE, SessionStatus.PAUSED}
    assert session_view(session, TALK, at + timedelta(microseconds=1)).is_idle is live


def test_what_people_said_is_not_in_a_repr() -> None:
    """A view in a log line shows no result."""
    assert "honesty" not in repr(session_view(ended({"values": ["honesty"]}), TALK, BEGIN))


def test_a_view_has_a_plain_form() -> None:
    """Every view becomes JSON for any web framework: statuses as words, instants as text."""
    plain = to_json(session_view(ended({"values": ["honesty"]}), TALK, BEGIN))
    assert isinstance(plain, dict)
    assert (plain["status"], plain["result"]) == ("completed", {"values": ["honesty"]})


# --- a result -----------------------------------------------------------------------------------


def test_a_live_session_has_no_result() -> None:
    """Nor an error that says why there is none."""
    assert read_result(LIVE, TALK) == (None, None)


def test_a_result_comes_in_the_type_of_its_topic() -> None:
    """An attrs class and a TypedDict alike."""
    assert read_result(ended({"values": ["honesty"]}), TALK) == (Values(["honesty"]), None)
    planned = Topic(id="talk", system="Listen.", result=Plan)
    assert read_result(ended({"steps": ["rest"]}), planned) == ({"steps": ["rest"]}, None)


def test_a_result_is_plain_without_a_type() -> None:
    """A topic that is no longer declared, or wants no result any more, leaves it as it is."""
    session = ended({"values": ["honesty"]})
    assert read_result(session, None) == ({"values": ["honesty"]}, None)
    assert read_result(session, PLAIN) == ({"values": ["honesty"]}, None)


def test_no_result_comes_with_the_reason() -> None:
    """An extraction that failed says what went wrong, and what was said instead."""
    why = ResultError("BAD_REPLY", "it is no JSON", "I think honesty")
    assert read_result(ended(error=why), TALK) == (None, why)
    assert read_result(ended(), TALK) == (None, None)


@pytest.mark.parametrize(
    "stored",
    [{"values": "honesty"}, {"valued": ["honesty"]}, ["honesty"], "honesty", 7, {}],
    ids=["type", "name", "list", "text", "number", "empty"],
)
def test_a_stored_result_that_no_longer_fits_is_told(stored: JSON) -> None:
    """The type changed since: the answer says so, names the field, and holds nothing of it."""
    result, error = read_result(ended(stored), TALK)
    assert result is None
    assert error is not None
    assert error.code == "RESULT_TYPE_CHANGED"
    assert error.raw is None
    assert "honesty" not in error.reason


def test_a_stored_result_that_its_type_refuses_is_told() -> None:
    """A type that got stricter by a validator of its own breaks no view either."""
    topic = Topic(id="talk", system="Listen.", result=Strict)
    result, error = read_result(ended({"values": []}), topic)
    assert result is None
    assert error is not None
    assert error.code == "RESULT_TYPE_CHANGED"
    assert session_view(ended({"values": []}), topic, BEGIN).result_error == error


# --- a job --------------------------------------------------------------------------------------

JOB = Job(
    id="j",
    tenant="acme",
    user="ada",
    session="s",
    kind=JobKind.REPLY,
    key="secret",
    created_at=BEGIN,
    updated_at=BEGIN + HOUR,
    attempts=2,
    usage=Usage(1, 2, 0),
)


def test_a_job_without_an_error_needs_no_retry() -> None:
    """Its view tells ids, kind, status, instants and cost, and holds no key."""
    view = job_view(JOB)
    assert (view.id, view.session, view.kind, view.status) == ("j", "s", "reply", "pending")
    assert (view.created_at, view.updated_at, view.attempts) == (BEGIN, BEGIN + HOUR, 2)
    assert (view.error_code, view.retryable, view.retry_after) == (None, False, None)
    assert view.usage == Usage(1, 2, 0)
    assert "secret" not in str(to_json(view))


@pytest.mark.parametrize("code", ErrorCode)
def test_a_failed_job_says_whether_to_try_again(code: ErrorCode) -> None:
    """The reason is one word of the closed list; whether a retry helps follows from it."""
    failed = evolve(JOB, status=JobStatus.FAILED, error=JobError(code, "in words", 2.5))
    view = job_view(failed)
    assert (view.error_code, view.retryable, view.retry_after) == (code, code.retryable, 2.5)
