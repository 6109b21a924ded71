"""A crash, a lost answer or an interruption at any step of what jobs are done by.

Each scenario is run once without a fault. Then, for every effect of it and everything that can go
wrong there, it is run again with that fault, called once more, and left to one worker after the
lease (brief, section 10, 10). What comes of it is what came of it without a fault; every event is
told at least once, in order per session, and no model is asked more often than there were leases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

import pytest
from attrs import evolve, frozen

from coachwork.adapters import Memory, SQLite
from coachwork.effects import AskModel, Commit, Dispatch, Notify, Workflow
from coachwork.errors import CoachworkError
from coachwork.jobs import Job, JobKind, JobRef
from coachwork.ports import Answer, Ask
from coachwork.records import JOB_RECORD, SESSION_RECORD, Record
from coachwork.testing import RecordingNotifier, violations
from coachwork.testing.faults import CrashError, Fault, InjectedError, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Claimed,
    Setup,
    cancel_job,
    pause,
    process,
    relay,
    renew,
    resume,
    retry,
    send,
    start,
    submit,
)
from coachwork.workflows._processing import claim
from tests.faults import ADA, BEN, Told, World, answer_alike, faults_of
from tests.scenes import PLAIN, TALK, TOPICS, begun, coach, dies_asking
from tests.workers import work, work_after_the_lease

Command = Callable[[World], Workflow[object]]
"""A call that can be made again; it holds ids and nothing of its world."""

Scenario = Callable[[World], Command]


# --- scenarios: what was there before, and the command ------------------------------------------


def a_submit(world: World) -> Command:
    """Say something, and leave the answer to a worker."""
    session = begun(world)
    return lambda world: submit(world.setup, ADA, TALK, session, "More.", key="k")


def a_submit_after_a_lost_send(world: World) -> Command:
    """The answer before was lost with its process."""
    session = begun(world)
    dies_asking(world, send(world.setup, ADA, TALK, session, "Lost.", key="before-lost"))
    world.clock.advance(minutes=6)
    return lambda world: submit(world.setup, ADA, TALK, session, "More.", key="k")


def a_submit_of_what_ends(world: World) -> Command:
    """Say what makes the coach end the session, the result still to be extracted."""
    session = begun(world)
    return lambda world: submit(world.setup, ADA, TALK, session, "the end", key="k")


def a_start_for_a_worker(_: World) -> Command:
    """Start, and leave the greeting to a worker."""
    return lambda world: start(world.setup, ADA, TALK, wait=False, key="k")


def a_start_over_a_waiting_job(world: World) -> Command:
    """Start means new: the old session's job is settled from outside."""
    session = begun(world)
    world.run(submit(world.setup, ADA, TALK, session, "Lost.", key="before-lost"))
    return lambda world: start(world.setup, ADA, TALK, wait=False, key="k")


def a_resume_for_a_worker(world: World) -> Command:
    """Come back, and leave the welcome to a worker."""
    session = begun(world)
    world.run(pause(world.setup, ADA, TALK, session))
    return lambda world: resume(world.setup, ADA, TALK, session, wait=False, key="k")


def a_resume_with_a_waiting_job(world: World) -> Command:
    """Come back while a job waits for a worker."""
    session = begun(world)
    world.run(submit(world.setup, ADA, TALK, session, "Hello?", key="before-waiting"))
    world.run(pause(world.setup, ADA, TALK, session))
    return lambda world: resume(world.setup, ADA, TALK, session, wait=False, key="k")


def a_resume_that_completes(world: World) -> Command:
    """Come back to a session whose final reply came while it was paused."""
    session = begun(world)
    world.run(submit(world.setup, ADA, TALK, session, "the end", key="before-end"))

    def pausing(ask: Ask) -> Answer:
        world.run(pause(world.setup, ADA, TALK, session))
        return coach(ask)

    world.model = pausing
    work(world)
    world.model = coach
    return lambda world: resume(world.setup, ADA, TALK, session, wait=False, key="k")


def of(job: str | None, kind: JobKind = JobKind.REPLY) -> Command:
    """Return the call of a worker that was told of a job."""
    ref = JobRef("acme", str(job), kind)
    return lambda world: process(world.setup, ref)


def submitted(world: World, text: str = "More.", topic: Topic[object] = TALK) -> tuple[str, str]:
    """Submit a message in a session that has begun; return the session and the job."""
    session = begun(world, topic)
    report = world.run(submit(world.setup, ADA, topic, session, text, key="before-submit"))
    return session, report.id


def a_process(world: World) -> Command:
    """A worker answers."""
    return of(submitted(world)[1])


def a_process_of_a_greeting(world: World) -> Command:
    """A worker greets."""
    started = world.run(start(world.setup, ADA, TALK, wait=False, key="before-start"))
    return of(started.session.job, JobKind.GREETING)


def a_process_with_a_result(world: World) -> Command:
    """A worker's answer ends the session, with the result in the reply."""
    return of(submitted(world, "with result")[1])


def a_process_with_extraction(world: World) -> Command:
    """A worker's answer ends the session, and the result is extracted."""
    return of(submitted(world, "the end")[1])


def a_process_without_a_result(world: World) -> Command:
    """A worker's answer ends a session that yields nothing."""
    return of(submitted(world, "the end", PLAIN)[1])


def a_process_after_a_lost_one(world: World) -> Command:
    """The worker before died, and its lease ran out."""
    _, job = submitted(world)
    dies_asking(world, of(job)(world))
    world.clock.advance(minutes=6)
    return of(job)


def a_process_of_a_kept_reply(world: World) -> Command:
    """The worker before died with a final reply in the job."""
    _, job = submitted(world, "the end")
    dies_asking(world, of(job)(world), JobKind.EXTRACTION)
    world.clock.advance(minutes=6)
    return of(job)


def a_process_of_the_last_attempt(world: World) -> Command:
    """All workers before died: no model is asked again."""
    _, job = submitted(world)
    for _ in range(world.setup.settings.attempts):
        dies_asking(world, of(job)(world))
        world.clock.advance(minutes=6)
    return of(job)


def a_process_in_a_paused_session(world: World) -> Command:
    """The answer is kept, and the session stays PAUSED."""
    session, job = submitted(world, "the end")
    world.run(pause(world.setup, ADA, TALK, session))
    return of(job)


def a_process_of_an_expired_job(world: World) -> Command:
    """Nobody came for a day."""
    _, job = submitted(world)
    world.clock.advance(days=1)
    return of(job)


def a_process_in_an_expired_session(world: World) -> Command:
    """Nobody came for two weeks."""
    _, job = submitted(world)
    world.clock.advance(days=14)
    return of(job)


def a_process_of_what_is_settled(world: World) -> Command:
    """The worker before died between its settling and the delivery."""
    _, job = submitted(world)
    world.run(process(unheard(world), JobRef("acme", job, JobKind.REPLY)))
    return of(job)


def unheard(world: World) -> Setup:
    """Return the declarations of an application that keeps events and has nobody to tell them."""
    return evolve(world.setup, notifies=False)


def failed(world: World) -> str:
    """Return the job of a message that was not answered."""
    _, job = submitted(world)

    def failing(_: Ask) -> Answer:
        raise TimeoutError

    world.model = failing
    work(world)
    world.model = coach
    return job


def a_retry(world: World) -> Command:
    """Ask again, and wait for it."""
    job = failed(world)
    return lambda world: retry(world.setup, ADA, TALK, job, key="k")


def a_retry_for_a_worker(world: World) -> Command:
    """Ask again, and leave it to a worker."""
    job = failed(world)
    return lambda world: retry(world.setup, ADA, TALK, job, wait=False, key="k")


def a_cancelled_job(world: World) -> Command:
    """Cancel a job that waits."""
    _, job = submitted(world)
    return lambda world: cancel_job(world.setup, ADA, TALK, job)


def a_cancelled_job_under_way(world: World) -> Command:
    """Cancel a job whose worker died."""
    _, job = submitted(world)
    dies_asking(world, of(job)(world))
    return lambda world: cancel_job(world.setup, ADA, TALK, job)


def a_relay(world: World) -> Command:
    """Deliver what two sessions are owed."""
    begun(world)
    world.run(start(world.setup, BEN, TALK, key="before-start"))
    return lambda world: relay(world.setup)


def a_renewal(world: World) -> Command:
    """Make a lease last; its worker dies later on."""
    _, job = submitted(world)
    claimed = world.run(claim(world.setup, JobRef("acme", job, JobKind.REPLY)))
    assert isinstance(claimed, Claimed)
    world.clock.advance(minutes=1)
    return lambda world: renew(world.setup, claimed)


SCENARIOS: Sequence[Scenario] = (
    a_submit,
    a_submit_after_a_lost_send,
    a_submit_of_what_ends,
    a_start_for_a_worker,
    a_start_over_a_waiting_job,
    a_resume_for_a_worker,
    a_resume_with_a_waiting_job,
    a_resume_that_completes,
    a_process,
    a_process_of_a_greeting,
    a_process_with_a_result,
    a_process_with_extraction,
    a_process_without_a_result,
    a_process_after_a_lost_one,
    a_process_of_a_kept_reply,
    a_process_of_the_last_attempt,
    a_process_in_a_paused_session,
    a_process_of_an_expired_job,
    a_process_in_an_expired_session,
    a_process_of_what_is_settled,
    a_retry,
    a_retry_for_a_worker,
    a_cancelled_job,
    a_cancelled_job_under_way,
    a_relay,
    a_renewal,
)


def name_of(scenario: Scenario) -> str:
    """How a scenario is called in a report."""
    return scenario.__name__.replace("_", " ")


# --- the faults --------------------------------------------------------------------------------


def new_world(repository: Memory | SQLite | None = None) -> World:
    """Return a world with somebody who hears of everything; nothing is checked yet."""
    world = World(
        TOPICS, coach, repository=repository, notifier=RecordingNotifier(), dispatcher=Quiet()
    )
    world.checks = False
    return world


class Quiet:
    """A dispatcher that does nothing: what is due is found all the same."""

    def dispatch(self, ref: JobRef, /) -> None:
        """Take note of nothing."""


def again(before: World) -> World:
    """Return a world in memory as *before* is, with somebody else who hears of everything."""
    assert isinstance(before.memory, Memory)
    memory = Memory()
    memory._by_kind = {kind: dict(records) for kind, records in before.memory._by_kind.items()}
    memory._due = {kind: set(texts) for kind, texts in before.memory._due.items()}
    memory._logs = {log: list(numbers) for log, numbers in before.memory._logs.items()}
    world = new_world(memory)
    world.clock.time, world.ids.number = before.clock.time, before.ids.number
    return world


@frozen
class End:
    """What came of a run, comparable with that of another one.

    Attributes:
        state: Everything that is stored.
        answer: What the same call says once more, when all is done.
        told: What events say, without repeats.
    """

    state: str
    answer: str
    told: str


def ended(world: World, command: Command, told: Told | None, done: frozenset[str]) -> End:
    """Call once with a fault, once without, let a worker end it, and tell what came of it."""
    world.checks = True
    for fault in (told, None):
        try:
            world.run(command(world), fault)
        except (CrashError, InterruptError, InjectedError):
            pass
        except CoachworkError as error:
            if not error.retryable:
                raise
            world.clock.advance(seconds=min(error.retry_after or 0, 1))
    work_after_the_lease(world)
    answer = answer_alike(world.run(command(world)))
    heard = world.ports.notifier
    assert isinstance(heard, RecordingNotifier)
    events = {event.id: event.wire() for event in heard.events}
    assert all(events[event.id] == event.wire() for event in heard.events)
    records = frozenset(world.records())
    assert wrong_with(records, world.clock.time) == []
    for jobs in chains(records).values():
        names = [job.id for job in jobs]
        assert [name for name in heard.jobs if name in names] == [
            name for name in names if name not in done
        ]
        for job in jobs:
            assert job.delivered_at is not None
            assert all(world.asked[job.id, kind.value] <= job.attempts for kind in JobKind)
    by_session = sorted(events.values(), key=lambda wire: str(wire["sessionId"]))
    return End(world.state(), answer, answer_alike(by_session))


@lru_cache(maxsize=10_000)
def chains(records: frozenset[Record]) -> dict[str, list[Job]]:
    """Return the jobs of every session from the first to the last."""
    jobs = {record.key.parts[0]: _job(record) for record in records if record.key.kind == "job"}
    found: dict[str, list[Job]] = {}
    for record in records:
        if record.key.kind == "session":
            session = SESSION_RECORD.read(record).value
            chain: list[Job] = []
            name = session.latest_job
            while name is not None:
                chain.append(jobs[name])
                name = chain[-1].follows
            found[session.about.id] = chain[::-1]
    return found


def _job(record: Record) -> Job:
    return JOB_RECORD.read(record).value


@lru_cache(maxsize=10_000)
def wrong_with(records: frozenset[Record], now: datetime) -> list[str]:
    """Return what does not hold in the end."""
    return violations(records, now=now)


@frozen
class Clean:
    """A run without a fault.

    Attributes:
        before: What was there before.
        command: What is called then.
        done: The jobs of it whose events were delivered before.
        end: What came of it.
        faults: All that can go wrong.
    """

    before: World
    command: Command
    done: frozenset[str]
    end: End
    faults: tuple[Told, ...]


WRITES = (Commit, AskModel, Notify, Dispatch)
"""What does something. All else leaves nothing behind: to die there is to die before what does
something next, and to be interrupted before it is to be interrupted after it."""

LIKE_OTHERS = frozenset({Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.INTERRUPT_BEFORE})


@cache
def cleanly(scenario: Scenario) -> Clean:
    """Run *scenario* without a fault, and tell all that can go wrong in it."""
    before = new_world()
    command = scenario(before)
    jobs = [one for chain in chains(frozenset(before.records())).values() for one in chain]
    done = frozenset(job.id for job in jobs if job.delivered_at is not None)
    world = again(before)
    world.run(command(world))
    faults = tuple(
        Told(number, fault)
        for number, effect in enumerate(world.effects)
        for fault in faults_of(effect)
        if isinstance(effect, WRITES) or fault not in LIKE_OTHERS
    )
    return Clean(before, command, done, ended(again(before), command, None, done), faults)


def different(clean: End, end: End, told: Told) -> Iterator[str]:
    """Tell what is not as without a fault."""
    for name in ("state", "answer", "told"):
        wanted, got = getattr(clean, name), getattr(end, name)
        if got != wanted:
            yield f"{told}: another {name}:\n{wanted}\n{got}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_every_fault_at_every_step_in_memory(scenario: Scenario) -> None:
    """Whatever goes wrong at whatever step, one worker after the lease comes to the same end."""
    clean = cleanly(scenario)
    wrong: list[str] = []
    for told in clean.faults:
        try:
            end = ended(again(clean.before), clean.command, told, clean.done)
            wrong += different(clean.end, end, told)
        except Exception as error:
            raise AssertionError(f"at {told}") from error
    assert wrong == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_some_faults_on_sqlite(scenario: Scenario, tmp_path: Path) -> None:
    """The same in a file: a few of the faults."""
    clean = cleanly(scenario)
    wrong: list[str] = []
    for told in clean.faults[SCENARIOS.index(scenario) % 23 :: 23]:
        path = tmp_path / f"{told.number}-{told.fault.name}.db"
        with closing(SQLite(path, synchronous="NORMAL")) as repository:
            world = new_world(repository)
            command = scenario(world)
            fresh = RecordingNotifier()
            world.ports = evolve(world.ports, notifier=fresh)
            wrong += different(clean.end, ended(world, command, told, clean.done), told)
    assert wrong == []
