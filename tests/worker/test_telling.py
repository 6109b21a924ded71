"""What a worker tells: never a text, never too often."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coachwork.errors import StoreUnavailableError
from coachwork.jobs import Job, JobKind
from coachwork.worker._telling import AGAIN_AFTER, Complaints, tell
from coachwork.workflows import JobView, job_view

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VIEW = job_view(
    Job(
        id="j1",
        tenant="acme",
        user="ada",
        session="s1",
        kind=JobKind.REPLY,
        key="k",
        created_at=NOW,
        updated_at=NOW,
        expires_at=NOW,
    )
)


def test_a_complaint_holds_a_code_and_an_id(caplog: pytest.LogCaptureFixture) -> None:
    """An error of the library is told by its code, another one by its type; no text of either."""
    complaints = Complaints(lambda: 0.0)
    complaints.say("look for jobs", StoreUnavailableError("a secret"))
    complaints.say("answer a job", ValueError("a secret"), "j1")
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "a worker could not look for jobs: STORE_UNAVAILABLE",
        "a worker could not answer a job (job j1): ValueError",
    ]
    assert {(record.name, record.levelname) for record in caplog.records} == {
        ("coachwork", "WARNING")
    }
    assert "secret" not in caplog.text


def test_the_same_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """What happens a thousand times is written once, and a minute later once more, counted."""
    now = 5.0
    complaints = Complaints(lambda: now)
    for _ in range(1000):
        complaints.say("look for jobs", ValueError())
    complaints.say("look for jobs", KeyError())
    complaints.say("renew a lease", ValueError())
    assert len(caplog.records) == 3
    now += AGAIN_AFTER
    complaints.say("look for jobs", ValueError())
    complaints.say("look for jobs", ValueError())
    assert len(caplog.records) == 4
    assert "(999 more times" in caplog.records[-1].getMessage()


def test_a_reason_is_said_as_an_error_is(caplog: pytest.LogCaptureFixture) -> None:
    """Where only its code is known, and it counts as the same."""
    complaints = Complaints(lambda: 0.0)
    complaints.say_why("deliver events", "ValueError", "j1")
    complaints.say_why("deliver events", "ValueError")
    complaints.say("deliver events", ValueError())
    complaints.say_why("deliver events", "KeyError")
    assert [record.getMessage() for record in caplog.records] == [
        "a worker could not deliver events (job j1): ValueError",
        "a worker could not deliver events: KeyError",
    ]


def test_nobody_is_told_of_nothing() -> None:
    """Without a listener, or without an outcome, nothing happens."""
    told: list[JobView] = []
    tell(None, VIEW)
    tell(told.append, None)
    assert told == []
    tell(told.append, VIEW)
    assert told == [VIEW]


def test_a_listener_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What an application raises there stops no worker."""

    def fail(_view: JobView) -> None:
        raise ValueError

    tell(fail, VIEW)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
