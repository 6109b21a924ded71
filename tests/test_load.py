"""Workers that are killed all the time lose no message, and answer none twice."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from attrs import evolve

from coachwork.jobs import JobStatus
from coachwork.messages import Role
from tests.load import run, tell
from tests.load_judge import Evidence, Told, judge
from tests.load_worker import Load

SMALL = Load(
    sessions=6,
    messages=42,
    workers=3,
    at_once=6,
    kill_every=0.35,
    kills=4,
    slow=0.6,
    lease=0.6,
    polls=0.5,
    seed=1,
)


def test_every_message_has_one_outcome_though_workers_are_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One outcome and one event a job, in order; no reply twice; one model call a lease.

    `scripts/load_run` does the same with a thousand sessions.
    """
    report = run(tmp_path, SMALL)
    assert report.faults == []
    assert report.kills >= 2
    assert sum(job.status is JobStatus.COMPLETED for job in report.evidence.jobs.values()) > 30
    assert sum(job.attempts > 1 for job in report.evidence.jobs.values()) > 0
    tell(report)
    assert "no reply is there twice" in capsys.readouterr().out


# --- the judge sees what is wrong ----------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """What a run leaves in which nobody is killed."""
    load = Load(sessions=2, messages=4, workers=1, kill_every=1000, usual=0.01, slowly=0, fails=0)
    report = run(tmp_path_factory.mktemp("sound"), load)
    assert report.faults == []
    return report.evidence


def _lost_event(evidence: Evidence) -> None:
    job = evidence.told[0].wire["jobId"]
    evidence.told[:] = [told for told in evidence.told if told.wire["jobId"] != job]


def _second_event(evidence: Evidence) -> None:
    told = evidence.told[0]
    evidence.told.append(Told(told.at, {**told.wire, "eventId": "another"}))


def _contradicting_event(evidence: Evidence) -> None:
    told = evidence.told[0]
    evidence.told.append(Told(told.at, {**told.wire, "eventType": "ai.message.other"}))


def _wrong_event(evidence: Evidence) -> None:
    wire = evidence.told[0].wire
    completed = wire["eventType"] == "ai.message.completed"
    wire["eventType"] = "ai.message.failed" if completed else "ai.message.completed"
    job = wire["jobId"]
    evidence.told[:] = [
        told for told in evidence.told if told.wire["jobId"] != job or told.wire is wire
    ]


def _event_too_early(evidence: Evidence) -> None:
    last = evidence.told[-1]
    evidence.told.insert(0, Told(0, last.wire))


def _lost_job(evidence: Evidence) -> None:
    del evidence.jobs[next(iter(evidence.accepted))]


def _no_outcome(evidence: Evidence) -> None:
    job = next(iter(evidence.jobs.values()))
    evidence.jobs[job.id] = evolve(
        job, status=JobStatus.PENDING, settlement=None, error=None, delivered_at=None
    )


def _strange_job(evidence: Evidence) -> None:
    job = next(iter(evidence.jobs.values()))
    evidence.jobs["strange"] = evolve(job, id="strange")


def _lost_message(evidence: Evidence) -> None:
    log = next(iter(evidence.logs.values()))
    log.remove(next(one for one in log if one.role is Role.USER))


def _reply_twice(evidence: Evidence) -> None:
    log = next(iter(evidence.logs.values()))
    reply = next(one for one in log if one.role is Role.COACH)
    log.append(evolve(reply, sequence=len(log) + 1))


def _second_call(evidence: Evidence) -> None:
    evidence.calls[next(iter(evidence.calls))] += 1


def _call_without_a_lease(evidence: Evidence) -> None:
    job, purpose, _ = next(iter(evidence.calls))
    evidence.calls[job, purpose, 9] += 1


@pytest.mark.parametrize(
    "damage,said",
    [
        (_lost_event, "not one event, by its id"),
        (_second_event, "not one event, by its id"),
        (_contradicting_event, "its event is not always told the same"),
        (_wrong_event, "and told as"),
        (_event_too_early, "its events came out of order"),
        (_lost_job, "accepted, and gone"),
        (_no_outcome, "without an outcome"),
        (_strange_job, "nobody asked for it"),
        (_lost_message, "not the messages that were accepted"),
        (_reply_twice, "two messages of one role and job"),
        (_second_call, "2 calls for its"),
        (_call_without_a_lease, "called for under lease 9"),
    ],
)
def test_the_judge_sees_it(sound: Evidence, damage: Callable[[Evidence], None], said: str) -> None:
    """Whatever is changed in what a sound run left is told."""
    evidence = deepcopy(sound)
    damage(evidence)
    assert any(said in fault for fault in judge(evidence, []))
