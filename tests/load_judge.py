"""Whether a load run kept what is promised: every record, event, call and reply is looked at.

What is promised of events (brief, section 5): each job has one terminal event, told at least once
and always the same; the events of a session come in order, once repeats are left out. Several
processes deliver, so "in order" is judged by when each event was *first* handed over. That is fair
though a killed worker's delivery and another's interleave: nobody hands an event over before those
that its session is owed from before are marked as delivered, or were handed over by itself; and
each line tells an instant taken before it was written. What a kill left half written was not
handed over.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from coachwork.events import EventType
from coachwork.jobs import Job, JobKind, JobStatus
from coachwork.messages import Message, Role
from coachwork.policies import Settings
from coachwork.records import KINDS, Record
from coachwork.sessions import Session
from coachwork.testing import violations
from tests.load_worker import LAST, reply

Wire: TypeAlias = dict[str, Any]


@frozen(kw_only=True)
class Accepted:
    """A call that was acknowledged.

    Attributes:
        key: Its idempotency key.
        job: The job's id.
        session: The session's id.
        kind: What the model is asked for.
        text: What the user said, or None where nothing was said.
        retry_of: The id of the job that it repeats, or None.
        at: When it was made (nanoseconds of the clock of `tests.load_worker.Post`).
    """

    key: str
    job: str
    session: str
    kind: JobKind
    text: str | None
    retry_of: str | None
    at: int


@frozen
class Told:
    """An event that was handed over: when, and what went over the wire."""

    at: int
    wire: Wire


def lines_of(path: Path) -> list[Any]:
    """Return the values that were appended to a file, without what a kill cut off."""
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


def events_of(folder: Path) -> list[Told]:
    """Return all events that were handed over by any process, in the order of their instants."""
    told = [Told(*line) for path in folder.glob("events-*") for line in lines_of(path)]
    return sorted(told, key=lambda one: one.at)


def calls_of(folder: Path) -> Counter[tuple[str, str, int]]:
    """Return how often the model was called for which job, purpose and attempt."""
    lines = (line for path in folder.glob("calls-*") for line in lines_of(path))
    return Counter((job, purpose, attempt) for job, purpose, attempt in lines)


@frozen
class Evidence:
    """What a run left.

    Attributes:
        accepted: The acknowledged calls, by job.
        told: All events that were handed over, in the order of their instants.
        calls: How often the model was called for which job, purpose and attempt.
        sessions: The stored sessions, by id.
        jobs: The stored jobs, by id.
        logs: The stored messages, by session.
    """

    accepted: Mapping[str, Accepted]
    told: list[Told]
    calls: Counter[tuple[str, str, int]]
    sessions: dict[str, Session] = field(factory=dict[str, Session])
    jobs: dict[str, Job] = field(factory=dict[str, Job])
    logs: dict[str, list[Message]] = field(factory=lambda: defaultdict[str, list[Message]](list))

    def take(self, records: list[Record]) -> None:
        """Take what is stored."""
        for record in records:
            value: object = KINDS[record.key.kind].read(record).value
            match value:
                case Session():
                    self.sessions[value.about.id] = value
                case Job():
                    self.jobs[value.id] = value
                case Message():
                    self.logs[value.session].append(value)
                case _:
                    pass

    @property
    def first(self) -> dict[str, Told]:
        """When each event was handed over first, by its id."""
        first: dict[str, Told] = {}
        for told in self.told:
            first.setdefault(told.wire["eventId"], told)
        return first


def judge(evidence: Evidence, records: list[Record]) -> list[str]:
    """Return everything that is not as it must be."""
    evidence.take(records)
    faults = violations(records)
    for predicate in _PREDICATES:
        faults += predicate(evidence)
    return faults


def _accepted(evidence: Evidence) -> Iterator[str]:
    """Every acknowledged call has one settled job of its own, and there are no other jobs."""
    for call in evidence.accepted.values():
        job = evidence.jobs.get(call.job)
        if job is None:
            yield f"job {call.job}: accepted, and gone"
            continue
        if not job.is_settled:
            yield f"job {call.job}: without an outcome ({job.status})"
        elif (job.settlement is None) == (job.error is None):
            yield f"job {call.job}: with two outcomes"
        if (job.session, job.key, job.kind, job.retry_of) != (
            call.session,
            call.key,
            call.kind,
            call.retry_of,
        ):
            yield f"job {call.job}: not what was accepted"
    if len({call.key for call in evidence.accepted.values()}) != len(evidence.accepted):
        yield "two jobs of one key"
    for job_id in evidence.jobs.keys() - evidence.accepted.keys():
        yield f"job {job_id}: nobody asked for it"


def _messages(evidence: Evidence) -> Iterator[str]:
    """Every accepted message is in its session's history once, and no other is."""
    said: dict[str, list[str]] = defaultdict(list)
    for call in evidence.accepted.values():
        if call.text is not None:
            said[call.session].append(call.text)
    for session in evidence.sessions:
        kept = [one.text for one in evidence.logs[session] if one.role is Role.USER]
        if sorted(kept) != sorted(said[session]):
            yield f"session {session}: not the messages that were accepted are kept"


def _replies(evidence: Evidence) -> Iterator[str]:
    """No reply is there twice, not even by two jobs; each answers the message of its job."""
    for session, log in evidence.logs.items():
        texts = {one.sequence: one.text for one in log}
        if len({(one.role, one.job) for one in log}) != len(log):
            yield f"session {session}: two messages of one role and job"
        answered: set[int | None] = set()
        for one in log:
            job = evidence.jobs.get(one.job)
            if job is None or one.role is not Role.COACH:
                continue
            if job.message in answered:
                yield f"session {session}: message {job.message} was answered twice"
            answered.add(job.message)
            # A greeting may be repeated after something was said, and then hears it.
            heard = texts.get(job.message or 0)
            if heard is not None and one.text != reply(job.id, heard):
                yield f"session {session}: message {one.sequence} answers another"


def _events(evidence: Evidence) -> Iterator[str]:
    """Every job has one event, of the right type and content, always told the same."""
    by_job: dict[str, list[Wire]] = defaultdict(list)
    for told in evidence.told:
        by_job[told.wire["jobId"]].append(told.wire)
    for job_id in by_job.keys() - evidence.jobs.keys():
        yield f"job {job_id}: an event of a job that is not there"
    for job_id, job in evidence.jobs.items():
        wires = by_job[job_id]
        if len({wire["eventId"] for wire in wires}) != 1:
            yield f"job {job_id}: not one event, by its id"
            continue
        wire = wires[0]
        if any(other != wire for other in wires):
            yield f"job {job_id}: its event is not always told the same"
        if (wire["sessionId"], wire["userId"]) != (job.session, job.user):
            yield f"job {job_id}: the event is of another session"
        if job.delivered_at is None:
            yield f"job {job_id}: its event still counts as undelivered"
        yield from _content(evidence, job, wire)


def _content(evidence: Evidence, job: Job, wire: Wire) -> Iterator[str]:
    """The event of a job tells its outcome."""
    completed = job.status is JobStatus.COMPLETED
    if wire["eventType"] != (EventType.COMPLETED if completed else EventType.FAILED):
        yield f"job {job.id}: {job.status}, and told as {wire['eventType']}"
        return
    data = wire["data"]
    if job.error is not None:
        if data["errorCode"] != job.error.code:
            yield f"job {job.id}: failed with {job.error.code}, told as {data['errorCode']}"
        return
    assert job.settlement is not None
    texts = {one.sequence: one.text for one in evidence.logs[job.session]}
    told = (data["message"], data["isFinal"], data["messageCount"])
    kept = (texts.get(job.settlement.reply or 0), job.settlement.final, job.settlement.messages)
    if told != kept:
        yield f"job {job.id}: its event tells another outcome"


def _order(evidence: Evidence) -> Iterator[str]:
    """After removing repeats, the events of a session come in the order of its jobs."""
    first = {told.wire["jobId"]: told.at for told in evidence.first.values()}
    followers = {job.follows: job for job in evidence.jobs.values() if job.follows is not None}
    heads = [job for job in evidence.jobs.values() if job.follows is None]
    seen = 0
    for head in heads:
        chain = [head]
        while chain[-1].id in followers:
            chain.append(followers[chain[-1].id])
        seen += len(chain)
        instants = [first[job.id] for job in chain if job.id in first]
        if any(one >= other for one, other in pairwise(instants)):
            yield f"session {head.session}: its events came out of order"
    if seen != len(evidence.jobs) or len(heads) != len(evidence.sessions):
        yield "the jobs of the sessions do not follow each other"


MOST_ATTEMPTS: Final = Settings().attempts


def _cost(evidence: Evidence) -> Iterator[str]:
    """Of each step, one model call per lease, and no more leases than ended without an outcome."""
    asked: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (job_id, purpose, attempt), times in evidence.calls.items():
        asked[job_id, purpose].append(attempt)
        if times > 1:
            yield f"job {job_id}: {times} calls for its {purpose} under one lease"
        job = evidence.jobs.get(job_id)
        if job is None or not 1 <= attempt <= min(job.attempts, MOST_ATTEMPTS):
            yield f"job {job_id}: called for under lease {attempt}, which it had not"
    for job in evidence.jobs.values():
        attempts = asked[job.id, job.kind.value]
        if job.status is JobStatus.COMPLETED and not attempts:
            yield f"job {job.id}: completed, and nobody was asked"
        extracted = asked[job.id, JobKind.EXTRACTION.value]
        if extracted and max(attempts) > min(extracted):
            yield f"job {job.id}: asked again for a reply that was kept"


def _ends(evidence: Evidence) -> Iterator[str]:
    """A session ended if and only if its last message was answered."""
    for session, log in evidence.logs.items():
        answered = any(one.role is Role.COACH and one.text.endswith(LAST) for one in log)
        if answered != (evidence.sessions[session].ledger.ending is not None):
            yield f"session {session}: its end does not fit its last reply"


_PREDICATES: Final = (_accepted, _messages, _replies, _events, _order, _cost, _ends)
