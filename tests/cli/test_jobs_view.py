"""How jobs look at a terminal (`coachwork.cli._jobs_view`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from attrs import evolve

from coachwork.cli._jobs_view import JobLine, fields, table, told_age
from coachwork.jobs import ErrorCode, Job, JobError, JobKind, JobStatus, Lease, Settlement, Step
from coachwork.messages import Usage
from coachwork.workflows import JobView
from tests.terminals import looked_at

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PENDING = Job(
    id="j1",
    tenant="t",
    user="ada",
    session="s1",
    kind=JobKind.REPLY,
    key="a-secret-key",
    message=2,
    created_at=NOW - timedelta(minutes=3),
    updated_at=NOW - timedelta(minutes=2),
    expires_at=NOW + timedelta(hours=5),
)
PROCESSING = evolve(
    PENDING,
    status=JobStatus.PROCESSING,
    attempts=1,
    claimed_at=NOW - timedelta(minutes=2),
    lease=Lease(1, NOW + timedelta(seconds=9)),
    steps=(Step(purpose=JobKind.REPLY, output="what was said"),),
)
COMPLETED = evolve(
    PROCESSING,
    status=JobStatus.COMPLETED,
    lease=None,
    settlement=Settlement(reply=3, final=True, turns=1, messages=3),
    usage=Usage(120, 12),
    notify=True,
    delivered_at=NOW,
)
FAILED = evolve(
    PROCESSING,
    status=JobStatus.FAILED,
    lease=None,
    error=JobError(ErrorCode.LLM_TIMEOUT, "it took too long"),
    retry_of="j0",
    notify=True,
)


def shown(job: Job) -> dict[str, str]:
    """Return the fields of *job*."""
    return dict(fields(job, NOW))


@pytest.mark.parametrize(
    "seconds,told",
    [(-5, "0s"), (0.9, "0s"), (59, "59s"), (60, "1m"), (7199, "1h"), (86_400 * 3.5, "3d")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, told: str) -> None:
    """A clock that goes back makes nothing younger than new."""
    assert told_age(timedelta(seconds=seconds)) == told


def test_each_job_is_a_line() -> None:
    """What cannot be read has a line too; no name can break one."""
    odd = evolve(FAILED, user="a\x1b[2Jb", id="j22")
    lines = [JobLine.of(PENDING), JobLine.of(odd), JobLine(id="j3", tenant="t", code="CORRUPT")]
    assert list(table(lines, NOW)) == [
        "ID   KIND   STATUS   ATTEMPTS  AGE  CODE         USER    TENANT  SESSION",
        "j1   reply  pending  0         3m   -            ada     t       s1",
        "j22  reply  failed   1         3m   LLM_TIMEOUT  a␛[2Jb  t       s1",
        "j3   -      -        -         -    CORRUPT      -       t       -",
    ]
    assert list(table([], NOW)) == []


def test_at_a_narrow_terminal_each_job_has_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose it is stands in the second one."""
    with looked_at(monkeypatch, columns=60):
        assert list(table([JobLine.of(PENDING)], NOW)) == [
            "ID  KIND   STATUS   ATTEMPTS  AGE  CODE",
            "    USER  TENANT  SESSION",
            "j1  reply  pending  0         3m   -",
            "    ada   t       s1",
        ]
    with looked_at(monkeypatch, columns=70):
        assert len(list(table([JobLine.of(PENDING)], NOW))) == 2


def test_all_fields_of_the_polled_view_are_shown() -> None:
    """Under the names that programs know them by."""
    told = {name for job in (PENDING, COMPLETED, FAILED) for name in shown(job)}
    assert {field.name for field in attrs.fields(JobView)} <= told
    assert {"user_message", "message", "is_final", "turn", "message_count"} <= told


def test_no_text_and_no_key_is_shown() -> None:
    """Neither of the person nor of the coach."""
    for job in (PENDING, PROCESSING, COMPLETED, FAILED):
        assert "what was said" not in str(shown(job))
        assert "a-secret-key" not in str(shown(job))


def test_what_only_an_operator_needs_to_know_is_shown_too() -> None:
    """Who holds it and for how long, which steps are kept, and what became of the event."""
    assert shown(PENDING)["event"] == "none: nobody is to be notified"
    held = shown(evolve(PROCESSING, notify=True))
    assert held["lease until"] == "2026-11-21 12:00:09 UTC (in 9s)"
    assert (held["steps"], held["processing_time"]) == ("reply", "-")
    assert held["event"] == "to be delivered once it is settled"
    done = shown(COMPLETED)
    assert done["event"] == "delivered 2026-11-21 12:00:00 UTC (0s ago)"
    assert (done["message"], done["is_final"], done["usage"]) == (
        "number 3",
        "yes",
        "120 tokens in, 12 out",
    )
    assert "steps" not in done
    failed = shown(FAILED)
    assert (failed["event"], failed["retry_of"]) == ("to be delivered", "j0")
    assert (failed["error_code"], failed["retryable"], failed["retry_after"]) == (
        "LLM_TIMEOUT",
        "yes",
        "0 s",
    )
    cancelled = evolve(FAILED, error=JobError(ErrorCode.JOB_CANCELLED, "it was cancelled"))
    assert (shown(cancelled)["retryable"], shown(cancelled)["retry_after"]) == ("no", "-")
    silent = evolve(COMPLETED, message=None, settlement=Settlement(turns=1, messages=3))
    assert (shown(silent)["user_message"], shown(silent)["message"]) == ("-", "-")
    assert shown(silent)["is_final"] == "no"
