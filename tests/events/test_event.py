"""Terminal events and their wire form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from coachwork.errors import ValidationError
from coachwork.events import Event, EventType, MessageCompleted, MessageFailed
from coachwork.jobs import ErrorCode, JobKind

COMPLETED: Final = Event(
    id="e-1",
    kind=JobKind.REPLY,
    job="j-1",
    session="s-1",
    tenant="acme",
    user="ada",
    at=datetime(2026, 2, 3, 12, 5, 30, 123456, tzinfo=UTC),
    data=MessageCompleted(
        message="Bye.",
        is_final=True,
        turn=3,
        max_turns=12,
        message_count=7,
        result={"values": ["honesty"]},
    ),
)
FAILED: Final = evolve(
    COMPLETED,
    kind=JobKind.WELCOME_BACK,
    data=MessageFailed(error="That took too long.", error_code=ErrorCode.LLM_TIMEOUT),
)


def test_a_completed_job_on_the_wire() -> None:
    """Names are in camelCase, exactly those of the brief (section 5), and so is their order."""
    wire = COMPLETED.wire()
    assert wire == {
        "eventId": "e-1",
        "eventType": "ai.message.completed",
        "occurredAt": "2026-02-03T12:05:30.123456Z",
        "kind": "reply",
        "jobId": "j-1",
        "sessionId": "s-1",
        "tenantId": "acme",
        "userId": "ada",
        "data": {
            "message": "Bye.",
            "isFinal": True,
            "turn": 3,
            "maxTurns": 12,
            "messageCount": 7,
            "result": {"values": ["honesty"]},
        },
    }
    assert list(wire)[-1] == "data"  # who reads it sees first what it is


def test_a_failed_job_on_the_wire() -> None:
    """It tells a sentence for the user and the reason, and is the same but for that."""
    assert FAILED.wire() == {
        **COMPLETED.wire(),
        "eventType": "ai.message.failed",
        "kind": "welcome_back",
        "data": {"error": "That took too long.", "errorCode": "LLM_TIMEOUT"},
    }


def test_enums_go_over_the_wire_as_plain_text() -> None:
    """A receiver's encoder need not know what an enum is."""
    wire = FAILED.wire()
    for value in (wire["eventType"], wire["kind"], FAILED.data.wire()["errorCode"]):
        assert type(value) is str


def test_what_there_is_not_is_null() -> None:
    """A job that only extracted has no message; a session without a result has none."""
    data = MessageCompleted(message=None, is_final=True, turn=0, max_turns=0, message_count=0)
    wire = data.wire()
    assert (wire["message"], wire["result"]) == (None, None)


@pytest.mark.parametrize(
    "event, kind", [(COMPLETED, EventType.COMPLETED), (FAILED, EventType.FAILED)]
)
def test_the_type_is_that_of_the_data(event: Event, kind: EventType) -> None:
    """An event cannot say that it completed and tell why it failed."""
    assert event.type is kind


@pytest.mark.parametrize(
    "at, told",
    [
        (datetime(2026, 2, 3, 12, tzinfo=UTC), "2026-02-03T12:00:00.000000Z"),
        (
            datetime(2026, 2, 3, 1, tzinfo=timezone(timedelta(hours=2))),
            "2026-02-02T23:00:00.000000Z",
        ),
        (datetime(33, 2, 3, tzinfo=UTC), "0033-02-03T00:00:00.000000Z"),
    ],
)
def test_instants_are_told_in_utc(at: datetime, told: str) -> None:
    """They all have one form, that of `coachwork.to_json`, so that they sort as text."""
    assert evolve(COMPLETED, at=at).wire()["occurredAt"] == told


def test_an_instant_without_a_time_zone_is_none() -> None:
    """Nobody could tell when that was (brief, section 9)."""
    with pytest.raises(ValidationError):
        evolve(COMPLETED, at=datetime(2026, 2, 3)).wire()  # noqa: DTZ001 - that is the point


def test_nothing_that_was_said_shows_in_a_repr() -> None:
    """An event may be logged without telling what was said."""
    assert "Bye" not in repr(COMPLETED)
    assert "honesty" not in repr(COMPLETED)


def test_events_are_values() -> None:
    """An event that is told again is equal to what it was, and nobody changes it."""
    assert evolve(COMPLETED) == COMPLETED != FAILED
    with pytest.raises(FrozenInstanceError):
        COMPLETED.id = "e-2"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
