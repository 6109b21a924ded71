"""A crash, a lost answer or an interruption at any step of any command (brief, section 10, 10).

Each scenario is run once without a fault. Then, for every effect of it and everything that can go
wrong there, it is run again with that fault, and called again with the same key until it answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from attrs import evolve, frozen

from coachwork.adapters import ExtractiveSummarizer, Memory, SQLite, TopicTemplates
from coachwork.drivers import run, run_async
from coachwork.effects import Workflow
from coachwork.jobs import OPEN
from coachwork.messages import Message
from coachwork.ports import Answer, Ask, AsyncPorts, CommitResult, Query
from coachwork.records import Key, Op, Record
from coachwork.sessions import JobKind
from coachwork.topics import TemplateName, Topic
from coachwork.workflows import (
    Resumed,
    cancel,
    complete,
    open_session,
    pause,
    resume,
    send,
    start,
)
from tests.faults import ADA, BEN, Told, World, answer_alike, faults_of
from tests.scenes import PLAIN, ROOM, TALK, TOPICS, begun, coach, dies_asking


def new_world(repository: SQLite | None = None) -> World:
    """Return a world with these topics and that coach."""
    return World(TOPICS, coach, repository=repository)


# --- scenarios: what was there before, and the command ------------------------------------------

Command = Callable[[], Workflow[object]]
Scenario = Callable[[World], Command]


def a_start(world: World) -> Command:
    """Start with a greeting."""
    return lambda: start(world.setup, ADA, TALK, context={"name": "Ada"}, key="k")


def a_silent_start(world: World) -> Command:
    """Start without a greeting."""
    return lambda: start(world.setup, ADA, PLAIN, key="k")


def a_start_over_an_old_session(world: World) -> Command:
    """Start means new: the old one is retired."""
    begun(world)
    return lambda: start(world.setup, ADA, TALK, key="k")


def a_start_over_a_busy_session(world: World) -> Command:
    """The old one waits for a reply that will never come."""
    session = begun(world)
    dies_asking(world, send(world.setup, ADA, TALK, session, "Lost.", key="before-lost"))
    return lambda: start(world.setup, ADA, TALK, key="k")


def a_take_over(world: World) -> Command:
    """Start on an exclusive topic that another user has left paused."""
    session = begun(world, ROOM, BEN)
    world.run(pause(world.setup, BEN, ROOM, session))
    return lambda: start(world.setup, ADA, ROOM, take_over=True, key="k")


def an_exclusive_start(world: World) -> Command:
    """Start on an exclusive topic of which a session of one's own is there."""
    begun(world, ROOM)
    return lambda: start(world.setup, ADA, ROOM, key="k")


def a_resume(world: World) -> Command:
    """Come back to a paused session."""
    session = begun(world)
    world.run(pause(world.setup, ADA, TALK, session))
    return lambda: resume(world.setup, ADA, TALK, session, key="k")


def a_resume_of_an_unanswered_session(world: World) -> Command:
    """Come back to a session whose answer was lost with its process."""
    session = begun(world)
    dies_asking(world, send(world.setup, ADA, TALK, session, "Lost.", key="before-lost"))
    world.run(pause(world.setup, ADA, TALK, session))
    world.clock.advance(minutes=6)
    return lambda: resume(world.setup, ADA, TALK, session, key="k")


def a_resume_of_a_busy_session(world: World) -> Command:
    """Come back while another call is still answering."""
    session = begun(world)
    dies_asking(world, send(world.setup, ADA, TALK, session, "Lost.", key="before-lost"))
    return lambda: resume(world.setup, ADA, TALK, session, key="k")


def a_resume_that_completes(world: World) -> Command:
    """Come back to a session whose final reply came while it was paused."""
    return _resume_after_final(world, TALK)


def a_resume_that_completes_without_a_result(world: World) -> Command:
    """The same on a topic that yields nothing: no model is asked."""
    return _resume_after_final(world, PLAIN)


def _resume_after_final(world: World, topic: Topic[object]) -> Command:
    session = begun(world, topic)

    def pausing(ask: Ask) -> Answer:
        world.run(pause(world.setup, ADA, topic, session))
        return coach(ask)

    world.model = pausing
    world.run(send(world.setup, ADA, topic, session, "the end", key="before-end"))
    world.model = coach
    return lambda: resume(world.setup, ADA, topic, session, key="k")


def an_open_of_a_waiting_session(world: World) -> Command:
    """Open resumes what is there."""
    begun(world)
    return lambda: open_session(world.setup, ADA, TALK, key="k")


def an_open_of_nothing(world: World) -> Command:
    """Open starts where nothing is there."""
    return lambda: open_session(world.setup, ADA, TALK, key="k")


def a_send(world: World) -> Command:
    """Say something."""
    session = begun(world)
    return lambda: send(world.setup, ADA, TALK, session, "More.", key="k")


def a_send_after_a_lost_one(world: World) -> Command:
    """Say something to a session whose answer was lost with its process."""
    session = begun(world)
    dies_asking(world, send(world.setup, ADA, TALK, session, "Lost.", key="before-lost"))
    world.clock.advance(minutes=6)
    return lambda: send(world.setup, ADA, TALK, session, "More.", key="k")


def a_final_reply_with_a_result(world: World) -> Command:
    """Say what makes the coach end the session, with the result in the reply."""
    session = begun(world)
    return lambda: send(world.setup, ADA, TALK, session, "with result", key="k")


def a_final_reply_with_extraction(world: World) -> Command:
    """Say what makes the coach end the session, the result still to be extracted."""
    session = begun(world)
    return lambda: send(world.setup, ADA, TALK, session, "the end", key="k")


def a_final_reply_without_a_result(world: World) -> Command:
    """Say what makes the coach end a session that yields nothing."""
    session = begun(world, PLAIN)
    return lambda: send(world.setup, ADA, PLAIN, session, "the end", key="k")


def a_complete_with_extraction(world: World) -> Command:
    """End the session and get its result."""
    session = begun(world)
    return lambda: complete(world.setup, ADA, TALK, session, key="k")


def a_complete_without_a_result(world: World) -> Command:
    """End a session that yields nothing."""
    session = begun(world, PLAIN)
    return lambda: complete(world.setup, ADA, PLAIN, session, key="k")


def a_complete_after_a_lost_final_reply(world: World) -> Command:
    """End a session that was about to end when its process died."""
    session = begun(world)
    sent = send(world.setup, ADA, TALK, session, "the end", key="before-lost")
    dies_asking(world, sent, JobKind.EXTRACTION)
    world.clock.advance(minutes=6)
    return lambda: complete(world.setup, ADA, TALK, session, key="k")


def a_cancel(world: World) -> Command:
    """Cancel a session."""
    session = begun(world)
    return lambda: cancel(world.setup, ADA, TALK, session)


def a_cancel_of_a_busy_session(world: World) -> Command:
    """Cancel a session that waits for a reply."""
    session = begun(world)
    dies_asking(world, send(world.setup, ADA, TALK, session, "Lost.", key="before-lost"))
    return lambda: cancel(world.setup, ADA, TALK, session)


def a_pause(world: World) -> Command:
    """Pause a session."""
    session = begun(world)
    return lambda: pause(world.setup, ADA, TALK, session)


SCENARIOS: Sequence[Scenario] = (
    a_start,
    a_silent_start,
    a_start_over_an_old_session,
    a_start_over_a_busy_session,
    a_take_over,
    an_exclusive_start,
    a_resume,
    a_resume_of_an_unanswered_session,
    a_resume_of_a_busy_session,
    a_resume_that_completes,
    a_resume_that_completes_without_a_result,
    an_open_of_a_waiting_session,
    an_open_of_nothing,
    a_send,
    a_send_after_a_lost_one,
    a_final_reply_with_a_result,
    a_final_reply_with_extraction,
    a_final_reply_without_a_result,
    a_complete_with_extraction,
    a_complete_without_a_result,
    a_complete_after_a_lost_final_reply,
    a_cancel,
    a_cancel_of_a_busy_session,
    a_pause,
)


def name_of(scenario: Scenario) -> str:
    """How a scenario is called in a report."""
    return scenario.__name__.replace("_", " ")


# --- the faults --------------------------------------------------------------------------------


@frozen
class Clean:
    """A run without a fault."""

    state: str
    answer: str
    waits: bool
    faults: tuple[Told, ...]


def cleanly(scenario: Scenario) -> Clean:
    """Run *scenario* without a fault, and tell all that can go wrong in it."""
    world = new_world()
    command = scenario(world)
    first = len(world.effects)
    answer = world.run(command())
    faults = tuple(
        Told(number, fault)
        for number, effect in enumerate(world.effects[first:])
        for fault in faults_of(effect)
    )
    return Clean(world.state(), answer_alike(answer), waits(answer), faults)


def waits(answer: object) -> bool:
    """Whether a resume was answered with a job that somebody still works on."""
    return isinstance(answer, Resumed) and answer.job is not None and answer.job.status in OPEN


def judged(scenario: Scenario, clean: Clean, told: Told, world: World) -> Iterator[str]:
    """Run *scenario* with a fault, and tell what is not as without it."""
    command = scenario(world)
    world.checks = True
    answer = world.insist(command, told, enough=lambda given: waits(given) <= clean.waits)
    if answer_alike(answer) != clean.answer:
        yield f"{told}: another answer:\n{clean.answer}\n{answer_alike(answer)}"
    if world.state() != clean.state:
        yield f"{told}: another state:\n{clean.state}\n{world.state()}"
    if not world.most_asks():
        yield f"{told}: the model was asked too often: {world.asked}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_every_fault_at_every_step_in_memory(scenario: Scenario) -> None:
    """Whatever goes wrong at whatever step, the same call again comes to the same end."""
    clean = cleanly(scenario)
    wrong: list[str] = []
    for told in clean.faults:
        world = new_world()
        world.checks = False  # what comes before the command is the same every time
        try:
            wrong += judged(scenario, clean, told, world)
        except Exception as error:
            raise AssertionError(f"at {told}") from error
    assert wrong == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_some_faults_on_sqlite(scenario: Scenario, tmp_path: Path) -> None:
    """The same in a file: every eleventh of the faults."""
    clean = cleanly(scenario)
    wrong: list[str] = []
    for told in clean.faults[SCENARIOS.index(scenario) % 11 :: 11]:
        path = tmp_path / f"{told.number}-{told.fault.name}.db"
        repository = SQLite(path, synchronous="NORMAL")
        world = new_world(repository)
        world.checks = False
        wrong += judged(scenario, clean, told, world)
        repository.close()
    assert wrong == []


class Recording:
    """A repository of either colour that writes down every commit."""

    def __init__(self, repository: Memory) -> None:
        """Stand before *repository*."""
        self.repository = repository
        self.commits: list[tuple[Op, ...]] = []

    def get(self, key: Key, /) -> Record | None:
        """Return the record."""
        return self.repository.get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write it down, and do it."""
        self.commits.append(tuple(ops))
        return self.repository.commit(ops)

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Return the messages."""
        return self.repository.log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Return what is found."""
        return self.repository.find(query)


class Awaited:
    """Everything that is asked of a world, awaited."""

    def __init__(self, world: World, recording: Recording) -> None:
        """Stand before them."""
        self.world, self.recording = world, recording

    async def get(self, key: Key, /) -> Record | None:
        """Return the record."""
        return self.recording.get(key)

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write it down, and do it."""
        return self.recording.commit(ops)

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Return the messages."""
        return self.recording.log(tenant, session, after=after, last=last, limit=limit)

    async def find(self, query: Query, /) -> Sequence[Record]:
        """Return what is found."""
        return self.recording.find(query)

    async def complete(self, ask: Ask, /) -> Answer:
        """Answer as the model."""
        return self.world.complete(ask)

    async def template(self, topic: str, name: TemplateName, /) -> str | None:
        """Return the template."""
        return TopicTemplates(self.world.setup.topics).template(topic, name)

    async def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """Return a summary."""
        return ExtractiveSummarizer().summarize(previous, messages)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_both_drivers_write_the_same(scenario: Scenario) -> None:
    """The blocking and the async driver make the same commits and give the same answer."""

    def commits(*, awaited: bool) -> tuple[object, list[tuple[Op, ...]]]:
        world = new_world()
        command = scenario(world)
        assert isinstance(world.memory, Memory)
        recording = Recording(world.memory)
        if not awaited:
            answer = run(command(), evolve(world.ports, repository=recording))
            return answer, recording.commits
        port = Awaited(world, recording)
        ports = AsyncPorts(
            repository=port,
            model=port,
            clock=world.clock,
            ids=world.ids,
            templates=port,
            renderer=world.ports.renderer,
            summarizer=port,
        )
        return asyncio.run(run_async(command(), ports)), recording.commits

    assert commits(awaited=False) == commits(awaited=True)
