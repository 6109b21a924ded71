"""What is kept of sessions and jobs, and how it is told."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from coachwork.messages import Message, Usage
from coachwork.testing import NOON
from coachwork.testing.stateful._topics import BOARD, TALK
from coachwork.testing.stateful.oracle import Job, Said, Session
from coachwork.testing.stateful.oracle._told import plus
from coachwork.workflows import JobOutcome, JobReport, JobView, SessionView

MINUTE = timedelta(minutes=1)


def a_session() -> Session:
    """Return a session with a message and its answer."""
    session = Session(("acme", "ada"), BOARD, {}, NOON, NOON, id="s-1")
    job = Job(session, "reply", "k", NOON, NOON, NOON + MINUTE, id="j-1", message=1)
    session.jobs.append(job)
    session.log += [Said("user", "hello", NOON, job), Said("coach", "Hm.", NOON, job)]
    return session


def names(cls: type) -> set[str]:
    """Return the names of the fields of an answer."""
    return {field.name for field in attrs.fields(cls)}


def test_what_is_told_has_the_fields_of_the_answers() -> None:
    """Nothing is left out, so nothing is left unlooked at."""
    session = a_session()
    job = session.jobs[0]
    assert session.told(NOON).keys() == names(SessionView)
    assert job.told.keys() == names(JobView)
    assert job.report(MINUTE).keys() == names(JobReport)
    assert job.outcome.keys() == names(JobOutcome)
    message = session.message(1)
    assert message is not None
    assert message.keys() == names(Message)
    assert session.message(None) is None
    assert [told["text"] for told in session.messages if told] == ["hello", "Hm."]
    assert (session.user_messages, session.coach_messages) == (1, 1)


def test_expiry_is_of_the_last_activity_or_of_the_end() -> None:
    """A live one expires after its activity, an ended one after its end, if at all."""
    session = a_session()
    assert session.expires_at == NOON + timedelta(days=2)
    assert not session.is_expired(NOON + timedelta(days=2, microseconds=-1))
    assert session.is_expired(NOON + timedelta(days=2))
    session.ended_at, session.reason = NOON + MINUTE, "cancelled"
    assert session.expires_at == NOON + MINUTE + timedelta(hours=30)
    session.reason = "expired"
    assert session.expires_at == NOON + timedelta(days=2)
    for reason in (None, "cancelled"):
        ended = None if reason is None else NOON
        talk = Session(("acme", "ada"), TALK, {}, NOON, NOON, reason=reason, ended_at=ended)
        assert talk.expires_at is None


def test_idle_and_activity() -> None:
    """Idle is longer than the timeout; activity never goes back."""
    session = a_session()
    assert not session.is_idle(NOON + 5 * MINUTE)
    assert session.is_idle(NOON + 5 * MINUTE + timedelta(microseconds=1))
    session.act(NOON - MINUTE)
    assert session.active_at == NOON
    session.act(NOON + MINUTE)
    assert session.active_at == NOON + MINUTE


def test_a_job_tells_its_times_and_its_failure() -> None:
    """Milliseconds, what may be tried again, and after how long."""
    job = a_session().jobs[0]
    assert (job.told["waiting_time"], job.told["processing_time"]) == (None, None)
    job.claimed_at = NOON + MINUTE
    job.change("failed", NOON + 2 * MINUTE)
    for error, pause, retryable, wait in (
        ("LLM_ERROR", None, True, 10.0),
        ("LLM_TIMEOUT", None, True, 0.0),
        ("LENGTH", 3.0, True, 3.0),
        ("JOB_CANCELLED", None, False, None),
    ):
        job.error, job.pause = error, pause
        told = job.told
        assert (told["error_code"], told["retryable"], told["retry_after"]) == (
            error,
            retryable,
            wait,
        )
    assert (job.told["waiting_time"], job.told["processing_time"]) == (60_000, 60_000)
    assert job.report(MINUTE)["outcome"] is None
    assert job.event["data"] == {"errorCode": "JOB_CANCELLED"}


@pytest.mark.parametrize("final", [True, False])
def test_an_event_tells_the_result_of_a_final_reply(*, final: bool) -> None:
    """And of no other."""
    session = a_session()
    session.result = {"values": []}
    job = session.jobs[0]
    job.change("completed", NOON)
    job.reply, job.is_final, job.turns, job.messages = 2, final, 1, 2
    event = job.event
    assert event["eventType"] == "ai.message.completed"
    assert event["data"]["message"] == "Hm."
    assert event["data"]["result"] == (session.result if final else None)
    job.reply = None
    assert job.event["data"]["message"] is None


def test_leases_and_what_is_overdue() -> None:
    """A lease is over at its instant; what holds a final reply is never overdue."""
    job = a_session().jobs[0]
    assert not job.is_held(NOON)
    job.change("processing", NOON, NOON + MINUTE)
    assert job.is_held(NOON)
    assert not job.is_held(NOON + MINUTE)
    assert job.is_overdue(NOON + MINUTE)
    assert not job.is_completing
    job.kept = "Bye."
    assert not job.is_overdue(NOON + MINUTE)
    assert job.is_completing


def test_costs_are_added_up_by_part() -> None:
    """The sum is the oracle's own."""
    assert plus(Usage(1, 2, 3), Usage(10, 20, 30)) == Usage(11, 22, 33)
