"""What the tests of both workers need: a topic, models that wait, and ways to wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Lock, Semaphore
from time import monotonic, sleep
from typing import Final

from attrs import evolve

from coachwork import Answer, Ask, Coach, Settings, Topic
from coachwork.adapters import Memory, SQLite
from coachwork.jobs import JobRef
from coachwork.ports import Repository
from coachwork.records import JOB_RECORD, Delete, Update, account_key, job_key, session_key
from coachwork.workflows import JobView
from tests.watched import Watched

SAID: Final = "what nobody may read"
PATIENCE: Final = 10.0
"""Seconds after which a test gives up waiting."""

TALK: Final = Topic(id="talk", system="Listen.")
STRANGE: Final = Topic(id="strange", system="Listen.")
GREETED: Final = Topic(id="greeted", system="Listen.", initiation="Greet.", resume="Back.")


class Gate:
    """A blocking model that answers when its gate is open, and tells who is inside.

    Attributes:
        asked: The jobs that it was asked for, in order.
        says: What it says to each; an error is raised.
        most: How many were inside at once, at the most.
        on_enter: Called by everyone who comes in.
    """

    def __init__(self, *, is_open: bool = False) -> None:
        """Begin with the gate shut."""
        self.asked: list[str] = []
        self.on_enter: Callable[[], object] = lambda: None
        self.says: Callable[[Ask], str | BaseException] = lambda ask: f"Go on ({ask.attempt})."
        self.most = 0
        self._inside = 0
        self._entered = Semaphore(0)
        self._gate = Event()
        self._lock = Lock()
        if is_open:
            self._gate.set()

    def open(self) -> None:
        """Let all out."""
        self._gate.set()

    def wait_for(self, number: int = 1) -> None:
        """Wait until so many more have come in."""
        for _ in range(number):
            assert self._entered.acquire(timeout=PATIENCE)

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        with self._lock:
            self.asked.append(ask.job)
            self._inside += 1
            self.most = max(self.most, self._inside)
        self.on_enter()
        self._entered.release()
        assert self._gate.wait(PATIENCE)
        with self._lock:
            self._inside -= 1
        said = self.says(ask)
        if isinstance(said, BaseException):
            raise said
        return Answer(text=said)


class AsyncGate:
    """The same, awaited.

    Attributes:
        asked: The jobs that it was asked for, in order.
        cancelled: The jobs whose call was cancelled.
        says: What it says to each; an error is raised.
        most: How many were inside at once, at the most.
        stubborn: Whether a cancelled call goes on all the same.
    """

    def __init__(self, *, is_open: bool = False) -> None:
        """Begin with the gate shut."""
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.says: Callable[[Ask], str | BaseException] = lambda ask: f"Go on ({ask.attempt})."
        self.most = 0
        self.stubborn = False
        self._inside = 0
        self._entered = asyncio.Semaphore(0)
        self._gate = asyncio.Event()
        if is_open:
            self._gate.set()

    def open(self) -> None:
        """Let all out."""
        self._gate.set()

    async def wait_for(self, number: int = 1) -> None:
        """Wait until so many more have come in."""
        async with asyncio.timeout(PATIENCE):
            for _ in range(number):
                await self._entered.acquire()

    async def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        self.asked.append(ask.job)
        self._inside += 1
        self.most = max(self.most, self._inside)
        self._entered.release()
        try:
            await self._gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(ask.job)
            if not self.stubborn:
                raise
            await self._gate.wait()
        finally:
            self._inside -= 1
        said = self.says(ask)
        if isinstance(said, BaseException):
            raise said
        return Answer(text=said)


class News:
    """What a worker tells of its jobs: a queue that a test waits at."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._views: SimpleQueue[JobView] = SimpleQueue()

    def __call__(self, view: JobView) -> None:
        """Be told."""
        self._views.put(view)

    def get(self) -> JobView:
        """Wait for the next."""
        return self._views.get(timeout=PATIENCE)

    def all(self) -> list[JobView]:
        """Return those that were told and not yet got."""
        return [self._views.get_nowait() for _ in range(self._views.qsize())]


def until(is_so: Callable[[], bool]) -> None:
    """Wait until *is_so*."""
    end = monotonic() + PATIENCE
    while not is_so():
        assert monotonic() < end
        sleep(0.001)


async def until_async(is_so: Callable[[], bool]) -> None:
    """Wait until *is_so*, in an event loop."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - a test looks at it from outside
            await asyncio.sleep(0.001)


def submitted(
    store: Repository,
    number: int = 1,
    *,
    topic: Topic[object] = TALK,
    settings: Settings | None = None,
    user: str = "user",
) -> list[JobRef]:
    """Submit so many jobs, each of a user of its own, where no worker hears of it at once."""
    coach = Coach(store, Gate(), topics=[topic], settings=settings)
    refs: list[JobRef] = []
    for n in range(number):
        chat = coach.as_user(f"{user}-{n}").start(topic)
        job = chat.submit(f"{SAID} {n}")
        refs.append(JobRef("default", job.id, job.kind))
    return refs


def damage(store: Repository, ref: JobRef) -> None:
    """Write nonsense over the session of a job."""
    job = store.get(job_key(ref.tenant, ref.job))
    assert job is not None
    session = store.get(session_key(ref.tenant, str(job.facts.session)))
    assert session is not None
    store.commit([Update(evolve(session, version=session.version + 1, body='{"schema": 1}'))])


def remove_account(store: Repository, ref: JobRef) -> None:
    """Delete the account behind a job, as a deletion that was interrupted leaves it."""
    job = store.get(job_key(ref.tenant, ref.job))
    assert job is not None
    account = store.get(account_key(ref.tenant, str(job.facts.owner)))
    assert account is not None
    store.commit([Delete(account.key, account.version)])


def status_of(store: Repository, ref: JobRef) -> str:
    """Return a job's state and how often it was taken, such as ``pending 1``."""
    record = store.get(job_key(ref.tenant, ref.job))
    assert record is not None
    job = JOB_RECORD.read(record).value
    return f"{job.status.value} {job.attempts}"


def said_in(store: Repository, ref: JobRef) -> list[str]:
    """Return what was said in a job's session."""
    record = store.get(job_key(ref.tenant, ref.job))
    assert record is not None
    job = JOB_RECORD.read(record).value
    coach = Coach(store, Gate(), topics=[TALK])
    history = coach.as_user(job.user).session("talk", job.session).history()
    return [message.text for message in history.messages]


def watched(name: str, folder: object) -> Watched:
    """Return an empty repository of that name that is watched; a file of it lies in *folder*."""
    if name == "memory":
        return Watched(Memory())
    return Watched(SQLite(f"{folder}/coach.db", synchronous="NORMAL"))
