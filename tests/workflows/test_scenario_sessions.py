"""The sessions of a document as records: only what could have come to be."""

from __future__ import annotations

from typing import Any

import pytest

from coachwork.errors import ValidationError
from coachwork.jobs import ErrorCode, Job, JobKind
from coachwork.records import JOB_RECORD, MAX_BODY
from coachwork.sessions import SessionStatus
from coachwork.workflows._scenario import read_scenario
from coachwork.workflows._scenario_ids import NewIds
from coachwork.workflows._scenario_sessions import Grown, grown_sessions
from tests.planted import TRIAL, document, new_world


def grown(told: dict[str, Any]) -> list[Grown]:
    """Return what becomes of the sessions of a document."""
    return grown_sessions(new_world().setup, TRIAL, read_scenario(told), NewIds("seed"))


def jobs_of(session: Grown) -> list[Job]:
    """Return the jobs of a session."""
    return [JOB_RECORD.read(turn[0].record).value for turn in session.turns]


def session_of(*messages: tuple[str, int | None], **more: object) -> dict[str, Any]:
    """Return a document with one session: who speaks, and what each message answers."""
    at = "2026-01-05T09:00:00Z"
    said = [{"role": role, "text": "x", "at": at, "answers": of} for role, of in messages]
    one = {"id": "s", "topic": "talk", "started_at": at, "last_activity_at": at, "messages": said}
    return {"at": at, "sessions": [one | more]}


def test_sessions_become_what_they_were() -> None:
    """Status, turns, counts and instants; the caller's own, in the scenario, and for ever."""
    told = document()
    found = grown(told)
    assert [one.is_live for one in found] == [False, False, True, True, True]
    talk, room, daily, plan, again = (one.session for one in found)
    assert [one.status for one in (talk, room, daily, plan, again)] == [
        SessionStatus.COMPLETED,
        SessionStatus.CANCELLED,
        SessionStatus.ACTIVE,
        SessionStatus.PAUSED,
        SessionStatus.ACTIVE,
    ]
    assert [one.turns for one in (talk, room, daily, plan, again)] == [2, 0, 1, 1, 1]
    assert [one.messages for one in (talk, room, daily, plan, again)] == [4, 0, 5, 2, 3]
    assert [one.ledger.coach_messages for one in (talk, room, daily, plan, again)] == [
        2,
        0,
        3,
        1,
        1,
    ]
    assert (daily.about.tenant, daily.about.user, daily.about.scenario) == (
        "acme",
        "test",
        "trial",
    )
    assert talk.ledger.ending is not None
    assert talk.expires_at is None
    assert daily.expires_at is None
    assert room.about.exclusive
    assert not talk.about.exclusive


def test_each_message_has_the_job_that_made_it() -> None:
    """Greeting, reply and welcome-back; what nobody answered failed, and its turn is free."""
    told = session_of(
        ("coach", None), ("user", None), ("coach", 2), ("user", None), ("coach", None)
    )
    (one,) = grown(told)
    jobs = jobs_of(one)
    assert [(job.kind, job.message) for job in jobs] == [
        (JobKind.GREETING, None),
        (JobKind.REPLY, 2),
        (JobKind.REPLY, 4),
        (JobKind.WELCOME_BACK, None),
    ]
    assert [job.settlement.reply if job.settlement else None for job in jobs] == [1, 3, None, 5]
    assert jobs[2].error is not None
    assert jobs[2].error.code is ErrorCode.LEASE_EXPIRED
    assert [job.follows for job in jobs] == [None, *(job.id for job in jobs[:-1])]
    assert (one.session.turns, one.session.latest_job) == (1, jobs[-1].id)
    assert [len(turn) for turn in one.turns] == [3, 4, 3, 3]


def test_an_answer_may_come_late() -> None:
    """The coach may have spoken in between."""
    (one,) = grown(session_of(("user", None), ("coach", None), ("coach", 1), ("coach", None)))
    kinds = [job.kind for job in jobs_of(one)]
    assert kinds == [JobKind.REPLY, JobKind.GREETING, JobKind.WELCOME_BACK]
    (other,) = grown(session_of(("user", None), ("coach", 1), ("coach", None)))
    assert [job.kind for job in jobs_of(other)] == [JobKind.REPLY, JobKind.WELCOME_BACK]


def test_a_session_without_a_word() -> None:
    """It has no job."""
    (one,) = grown(session_of())
    assert (one.turns, one.session.latest_job) == ((), None)


LONG = "x" * MAX_BODY
LATE = {"at": "2026-01-05T09:00:01Z", "reason": "cancelled"}
EARLY = {"at": "2026-01-05T08:59:59Z", "reason": "cancelled"}
ENDED = {"at": "2026-01-05T09:00:00Z", "reason": "cancelled"}
YIELDED = ENDED | {"result": 5}
FAULTY = ENDED | {"error": {"code": "BAD_REPLY", "reason": "no"}}


@pytest.mark.parametrize(
    "told, field",
    [
        ({"at": "2026-01-05T09:00:00Z", "sessions": []}, "sessions"),
        (session_of(id=""), "sessions[0].id"),
        (session_of(topic=" "), "sessions[0].topic"),
        (session_of(topic="unknown"), "sessions[0].topic"),
        (session_of(topic_revision=0), "sessions[0].topic_revision"),
        (session_of(max_turns=-1), "sessions[0].max_turns"),
        (session_of(("user", None), ("coach", 1), ("user", None), ("coach", 3), max_turns=1),
         "sessions[0].max_turns"),
        (session_of(summarized=1), "sessions[0].summarized"),
        (session_of(idle_timeout=0), "sessions[0].idle_timeout"),
        (session_of(status="completed"), "sessions[0].ending"),
        (session_of(ending=ENDED), "sessions[0].ending"),
        (session_of(status="abandoned", ending=ENDED), "sessions[0].ending"),
        (session_of(status="cancelled", ending=YIELDED), "sessions[0].ending"),
        (session_of(status="cancelled", ending=FAULTY), "sessions[0].ending"),
        (session_of(status="cancelled", ending=ENDED, completion_pending=True),
         "sessions[0].completion_pending"),
        (session_of(context={"max_turns": 1}), "sessions[0].context.max_turns"),
        (session_of(context={"a": LONG}), "sessions[0].context"),
        (session_of(summary=LONG), "sessions[0].summary"),
        (session_of(locale=LONG), "sessions[0]"),
        (session_of(("user", 1)), "sessions[0].messages[0].answers"),
        (session_of(("coach", 1)), "sessions[0].messages[0].answers"),
        (session_of(("coach", 2), ("user", None)), "sessions[0].messages[0].answers"),
        (session_of(("user", None), ("coach", 1), ("coach", 1)), "sessions[0].messages[2].answers"),
        (session_of(("coach", None), ("coach", 1)), "sessions[0].messages[1].answers"),
        (session_of(("user", None), started_at="2026-01-06T09:00:00Z"),
         "sessions[0].messages[0].at"),
        (session_of(started_at="2026-01-05T09:00:01Z"), "sessions[0].last_activity_at"),
        (session_of(last_activity_at="2026-01-05T09:00:01Z"), "sessions[0].last_activity_at"),
        (session_of(status="cancelled", ending=EARLY), "sessions[0].ending"),
        (session_of(status="cancelled", ending=LATE), "sessions[0].ending"),
    ],
)  # fmt: skip
def test_what_could_not_have_come_to_be_is_refused(told: dict[str, Any], field: str) -> None:
    """The error names the path of it."""
    with pytest.raises(ValidationError) as caught:
        grown(told)
    assert caught.value.field == field


def changed(place: int, name: str, value: object, session: int = 0) -> dict[str, Any]:
    """Return a whole document in which a field of a message is another."""
    told = document()
    told["sessions"][session]["messages"][place][name] = value
    return told


@pytest.mark.parametrize(
    "told, field",
    [
        (changed(0, "final", value=True), "sessions[0].messages[0].final"),
        (changed(1, "final", value=True), "sessions[0].messages[1].final"),
        (changed(4, "final", value=True, session=2), "sessions[2].messages[4].final"),
        (changed(3, "at", "2026-01-05T09:00:00Z"), "sessions[0].messages[3].at"),
        *((changed(place, "text", text), f"sessions[0].messages[{place}].text")
          for place in (0, 1) for text in ("", " \u200b", "a\0b", "\ud800", LONG)),
        (changed(0, "locale", LONG), "sessions[0].messages[0]"),
    ],
)  # fmt: skip
def test_messages_that_do_not_fit_are_refused(told: dict[str, Any], field: str) -> None:
    """The error names the path of it."""
    with pytest.raises(ValidationError) as caught:
        grown(told)
    assert caught.value.field == field


def test_the_last_activity_is_not_before_the_last_message() -> None:
    """For a message is one."""
    told = document()
    told["sessions"][0]["last_activity_at"] = told["sessions"][0]["messages"][0]["at"]
    with pytest.raises(ValidationError) as caught:
        grown(told)
    assert caught.value.field == "sessions[0].last_activity_at"


@pytest.mark.parametrize("field, of", [("id", 0), ("topic", 2)])
def test_no_two_have_one_id_or_one_live_topic(field: str, of: int) -> None:
    """A user has at most one live session on a topic."""
    told = document()
    told["sessions"][4][field] = told["sessions"][of][field]
    with pytest.raises(ValidationError) as caught:
        grown(told)
    assert caught.value.field == f"sessions[4].{field}"


def test_a_topic_that_is_declared_no_more_may_have_ended() -> None:
    """It stays readable, as everywhere; whether it was exclusive is of no account."""
    told = document()
    told["sessions"][0]["topic"] = told["sessions"][1]["topic"] = "gone"
    assert grown(told)[1].session.about.topic == "gone"
    assert not grown(told)[1].session.about.exclusive
