"""The worker in tasks: a real event loop, real time where time is the subject, no luck."""

from __future__ import annotations

import asyncio
import inspect
import logging
import signal
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final

import pytest

from coachwork import AsyncCoach, Settings, Topic, worker
from coachwork.errors import LLMError, MisuseError, StoreUnavailableError
from coachwork.events import Event as Told
from coachwork.jobs import JobRef
from coachwork.ports import AsyncLanguageModel, AsyncNotifier, Clock, CommitResult
from coachwork.testing import FakeClock
from coachwork.worker import AsyncWorker, Worker, WorkerOptions
from coachwork.worker import _async_worker as module
from coachwork.worker import _desk as desk
from coachwork.worker import _pace as pace
from coachwork.workflows import JobView
from tests.stores import STORES
from tests.watched import AsyncWatched, Watched
from tests.worker_bench import (
    GREETED,
    PATIENCE,
    SAID,
    STRANGE,
    TALK,
    AsyncGate,
    damage,
    remove_account,
    said_in,
    status_of,
    submitted,
    until_async,
    watched,
)

PROMPT: Final = WorkerOptions(poll=0.01, backoff=0.01, longest_backoff=0.02, relay_after=0)
"""Looks all the time."""

DEAF: Final = WorkerOptions(poll=10_000)
"""Never looks by itself."""

SHORT: Final = Settings(worker_lease=timedelta(seconds=0.3))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Watched:
    """Return an empty repository."""
    return watched(request.param, tmp_path)


def coach_of(
    store: Watched | AsyncWatched,
    model: AsyncLanguageModel | None = None,
    *,
    settings: Settings | None = None,
    notifier: AsyncNotifier | None = None,
    clock: Clock | None = None,
) -> AsyncCoach:
    """Return a coach whose model answers at once, unless another is given."""
    return AsyncCoach(
        store.for_async() if isinstance(store, Watched) else store,
        model or AsyncGate(is_open=True),
        topics=[TALK, GREETED],
        settings=settings,
        notifier=notifier,
        clock=clock,
    )


class News(asyncio.Queue[JobView]):
    """What a worker tells of its jobs."""

    def __call__(self, view: JobView) -> None:
        """Be told."""
        self.put_nowait(view)

    async def told(self) -> JobView:
        """Wait for the next."""
        async with asyncio.timeout(PATIENCE):
            return await self.get()


async def ended(task: asyncio.Task[Any]) -> None:
    """Wait for the end of a task."""
    async with asyncio.timeout(PATIENCE):
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def at_work(one: AsyncWorker) -> AsyncGenerator[asyncio.Task[None]]:
    """Let a worker run in a task, and see to it that nothing is left of it."""
    task = asyncio.create_task(one.run())
    try:
        yield task
    finally:
        task.cancel()
        await ended(task)
        assert not [each for each in asyncio.all_tasks() if each.get_name().startswith("coachwork")]


# --- the same words ------------------------------------------------------------------------------


def test_both_workers_have_the_same_words() -> None:
    """The async worker has the words of the other with the same arguments; only async differs."""
    spelt = {"__aenter__": "__enter__", "__aexit__": "__exit__"}
    words = [name for name in vars(Worker) if name[0] != "_" or name in spelt.values()]
    twins = [name for name in vars(AsyncWorker) if name[0] != "_" or name in spelt]
    assert words == [spelt.get(name, name) for name in twins]
    for name, twin in zip(["__init__", *words], ["__init__", *twins], strict=True):
        one, other = getattr(Worker, name), getattr(AsyncWorker, twin)
        said = str(inspect.signature(other)).replace("Async", "")
        assert str(inspect.signature(one)) == said
        assert one.__doc__
        assert other.__doc__
        assert inspect.iscoroutinefunction(other) == (name not in {"__init__", "stop"})


def test_the_room_loads_an_event_loop_only_when_asked_to() -> None:
    """The async worker comes by its name; another name is none."""
    assert worker.AsyncWorker is AsyncWorker
    room: Any = worker
    with pytest.raises(AttributeError, match="Nobody"):
        _ = room.Nobody


# --- answering -----------------------------------------------------------------------------------


async def it_answers_what_is_submitted(store: Watched) -> None:
    """See the test."""
    coach, news = coach_of(store), News()
    async with AsyncWorker(coach, DEAF, settled=news) as one:
        chat = await coach.as_user("ada").start(GREETED, wait=False)
        assert chat.opening_job is not None
        assert (await news.told()).id == chat.opening_job.id
        job = await chat.submit("Hello")
        told = await news.told()
        assert (told.id, told.status) == (job.id, "completed")
        await chat.resume(wait=False)
        assert (await news.told()).kind == "welcome_back"
        assert isinstance(one, AsyncWorker)


def test_it_answers_what_is_submitted(store: Watched) -> None:
    """A reply, a greeting and a welcome-back, at once, though it never polls."""
    asyncio.run(it_answers_what_is_submitted(store))


def test_it_is_woken_from_other_threads() -> None:
    """A submit may come from anywhere; after the end of the event loop it wakes nobody."""

    async def main() -> Callable[[], None]:
        gate = AsyncGate()
        store = watched("memory", "")
        coach = coach_of(store, gate)
        one = AsyncWorker(coach, DEAF)
        async with at_work(one):
            await until_async(lambda: store.calls.get("find due", 0) == 1)
            submitted(store)
            await asyncio.to_thread(coach.bell.ring)
            await gate.wait_for()
            gate.open()
        one._loop = asyncio.get_running_loop()  # as if it had not heard of the end
        return one._ring

    asyncio.run(main())()


def test_it_polls_for_the_jobs_of_others(store: Watched) -> None:
    """A job that nobody rang for is found."""

    async def main() -> None:
        news = News()
        async with AsyncWorker(coach_of(store), PROMPT, settled=news):
            (ref,) = submitted(store)
            assert (await news.told()).id == ref.job

    asyncio.run(main())


def test_its_concurrency_is_bounded(store: Watched) -> None:
    """Never more than so many at once, and as many where there is enough to do."""

    async def main() -> None:
        gate, news = AsyncGate(), News()
        submitted(store, 7)
        async with AsyncWorker(coach_of(store, gate), WorkerOptions(concurrency=3), settled=news):
            await gate.wait_for(3)
            gate.open()
            ids = {(await news.told()).id for _ in range(7)}
        assert len(ids) == len(gate.asked) == 7
        assert gate.most == 3

    asyncio.run(main())


def test_every_job_is_told_of_once(store: Watched) -> None:
    """Many workers on one repository: each job is answered by one, and told of by that one."""

    async def main() -> None:
        gate = AsyncGate(is_open=True)
        refs = submitted(store, 30)
        told: list[str] = []
        workers = [
            AsyncWorker(coach_of(store, gate), settled=lambda view: told.append(view.id))
            for _ in range(3)
        ]
        counts = await asyncio.gather(*(one.drain() for one in workers))
        assert sorted(told) == sorted(gate.asked) == sorted(ref.job for ref in refs)
        assert sum(counts) == 30

    asyncio.run(main())


# --- draining ------------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 3])
def test_draining_leaves_nothing(store: Watched, concurrency: int) -> None:
    """It ends when nothing waits, and says how many; again, and in another event loop, too."""
    refs = submitted(store, 5)
    one = AsyncWorker(coach_of(store), WorkerOptions(concurrency=concurrency))
    assert asyncio.run(one.drain()) == 5
    assert {status_of(store, ref) for ref in refs} == {"completed 1"}
    assert asyncio.run(one.drain()) == 0
    submitted(store, 2, user="other")
    assert asyncio.run(one.drain()) == 2


def test_draining_can_be_stopped(store: Watched) -> None:
    """What is under way is finished, and the rest is left."""

    async def main() -> None:
        gate = AsyncGate()
        refs = submitted(store, 3)
        one = AsyncWorker(coach_of(store, gate), WorkerOptions(concurrency=1))
        draining = asyncio.create_task(one.drain())
        await gate.wait_for()
        one.stop()
        gate.open()
        async with asyncio.timeout(PATIENCE):
            assert await draining == 1
        assert sorted(status_of(store, ref) for ref in refs) == ["completed 1"] + ["pending 0"] * 2

    asyncio.run(main())


def test_draining_finds_what_is_submitted_when_an_outcome_is_told() -> None:
    """Who is told of an answer and goes on with the conversation is answered, too."""

    async def main() -> None:
        store = watched("memory", "")
        coach, more = coach_of(store), ["And courage"]
        chat = await coach.as_user("ada").start(TALK)
        going_on: list[asyncio.Task[object]] = []

        def go_on(_view: JobView) -> None:
            if more:
                going_on.append(asyncio.create_task(chat.submit(more.pop())))

        await chat.submit("Hello")
        assert await AsyncWorker(coach, settled=go_on).drain() == 2
        await asyncio.gather(*going_on)

    asyncio.run(main())


# --- stopping ------------------------------------------------------------------------------------


def test_it_stops_gracefully(store: Watched) -> None:
    """It waits for the answers under way, and claims nothing more; any thread may stop it."""

    async def main() -> None:
        gate = AsyncGate()
        refs = submitted(store, 2)
        one = AsyncWorker(coach_of(store, gate), WorkerOptions(concurrency=1))
        async with at_work(one) as running:
            await gate.wait_for()
            await asyncio.to_thread(one.stop)
            assert not running.done()
            gate.open()
            await ended(running)
        assert sorted(status_of(store, ref) for ref in refs) == ["completed 1", "pending 0"]

    asyncio.run(main())


def test_what_outlasts_the_grace_is_cancelled(store: Watched) -> None:
    """The call of the model is given up, and others go on with the job at once."""

    async def main() -> None:
        gate, news = AsyncGate(), News()
        (ref,) = submitted(store)
        coach = coach_of(store, gate)
        one = AsyncWorker(coach, WorkerOptions(grace=0.01), settled=news)
        async with at_work(one) as running:
            await gate.wait_for()
            one.stop()
            await ended(running)
        assert status_of(store, ref) == "pending 1"
        assert gate.cancelled == [ref.job]
        assert await AsyncWorker(coach_of(store)).drain() == 1
        assert said_in(store, ref)[1:] == ["Go on (2)."]
        assert news.empty()

    asyncio.run(main())


def test_a_call_that_does_not_let_itself_be_cancelled(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it: its job is given back, and its late answer is dropped."""
    monkeypatch.setattr(module, "LAST_WAIT", 0.05)

    async def main() -> None:
        gate, news = AsyncGate(), News()
        gate.stubborn = True
        (ref,) = submitted(store)
        one = AsyncWorker(coach_of(store, gate), WorkerOptions(grace=0), settled=news)
        running = asyncio.create_task(one.run())
        await gate.wait_for()
        one.stop()
        await ended(running)
        assert status_of(store, ref) == "pending 1"
        assert await AsyncWorker(coach_of(store)).drain() == 1
        late = [task for task in asyncio.all_tasks() if task.get_name() == "coachwork-job"]
        assert len(late) == 1
        gate.open()
        await ended(late[0])
        assert said_in(store, ref)[1:] == ["Go on (2)."]
        assert news.empty()

    asyncio.run(main())


class Slow(AsyncWatched):
    """A repository whose calls can be held up, and are not let go by being cancelled.

    Attributes:
        gate: Open as a rule.
        inside: Set by who waits.
    """

    def __init__(self, watched: Watched) -> None:
        """Stand before a repository."""
        super().__init__(watched)
        self.gate = asyncio.Event()
        self.inside = asyncio.Event()

    async def commit(self, ops: Any, /) -> CommitResult:  # noqa: ANN401 - as it is given
        """Wait at the gate, whatever happens."""
        self.inside.set()
        while not self.gate.is_set():
            with suppress(asyncio.CancelledError):
                await self.gate.wait()
        return await super().commit(ops)


def test_a_claim_that_comes_too_late_is_given_back(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that claims its job when the worker has ended asks no model for it."""
    monkeypatch.setattr(module, "LAST_WAIT", 0.05)

    async def main() -> None:
        gate, slow = AsyncGate(is_open=True), Slow(store)
        (ref,) = submitted(store)
        one = AsyncWorker(coach_of(slow, gate), WorkerOptions(grace=0))
        running = asyncio.create_task(one.run())
        await asyncio.wait_for(slow.inside.wait(), PATIENCE)
        one.stop()
        await ended(running)
        (late,) = [task for task in asyncio.all_tasks() if task.get_name() == "coachwork-job"]
        slow.gate.set()
        await ended(late)
        assert status_of(store, ref) == "pending 1"
        assert gate.asked == []

    asyncio.run(main())


def test_a_stop_before_the_start_counts() -> None:
    """A worker that was stopped does nothing, for ever."""

    async def main() -> None:
        store = watched("memory", "")
        one = AsyncWorker(coach_of(store))
        one.stop()
        submitted(store)
        store.calls.clear()
        await one.run()
        assert await one.drain() == 0
        async with one:
            pass
        assert "find due" not in store.calls

    asyncio.run(main())


def test_it_does_one_thing_at_a_time() -> None:
    """Who runs it twice at once, or enters it twice, is told so; it goes on unharmed."""

    async def main() -> None:
        gate, news = AsyncGate(), News()
        store = watched("memory", "")
        coach = coach_of(store, gate)
        (ref,) = submitted(store)
        async with AsyncWorker(coach, settled=news) as one:
            await gate.wait_for()
            with pytest.raises(MisuseError, match="at work"):
                await one.run()
            with pytest.raises(MisuseError, match="at work"):
                await one.drain()
            with pytest.raises(MisuseError, match="entered once"):
                await one.__aenter__()
            gate.open()
            assert (await news.told()).id == ref.job
        with pytest.raises(MisuseError, match="entered once"):
            await one.__aenter__()
        await AsyncWorker(coach).__aexit__(None, None, None)  # never entered

    asyncio.run(main())


# --- cancellation --------------------------------------------------------------------------------


def test_a_cancelled_run_gives_the_lease_back(store: Watched) -> None:
    """Without waiting for the answer; the worker may be used again."""

    async def main() -> None:
        gate = AsyncGate()
        (ref,) = submitted(store)
        one = AsyncWorker(coach_of(store, gate))
        async with at_work(one) as running:
            await gate.wait_for()
            running.cancel()
            await ended(running)
            assert running.cancelled()
        assert status_of(store, ref) == "pending 1"
        gate.open()
        assert await one.drain() == 1

    asyncio.run(main())


class Yielding(AsyncWatched):
    """A repository that lets others go on before and after each call, and counts these moments."""

    def __init__(self, watched: Watched) -> None:
        """Stand before a repository."""
        super().__init__(watched)
        self.number = 0
        self.at: Callable[[int], object] = lambda _: None

    async def pause(self) -> None:
        """Let others go on."""
        self.number += 1
        self.at(self.number)
        await asyncio.sleep(0)

    async def get(self, key: Any, /) -> Any:  # noqa: ANN401 - as it is given
        """See `AsyncWatched.get`."""
        await self.pause()
        return await super().get(key)

    async def commit(self, ops: Any, /) -> CommitResult:  # noqa: ANN401 - as it is given
        """See `AsyncWatched.commit`."""
        await self.pause()
        result = await super().commit(ops)
        await self.pause()
        return result

    async def find(self, query: Any, /) -> Any:  # noqa: ANN401 - as it is given
        """See `AsyncWatched.find`."""
        await self.pause()
        return await super().find(query)


def test_a_run_may_be_cancelled_at_any_moment() -> None:
    """Before and after each call of the repository, the commit of the claim too: no lease stays."""

    async def cancelled_at(number: int) -> bool:
        store = watched("memory", "")
        refs = submitted(store, 2)
        slow = Yielding(store)
        gate = AsyncGate(is_open=True)
        one = AsyncWorker(coach_of(slow, gate), WorkerOptions(concurrency=1))
        draining = asyncio.create_task(one.drain())
        slow.at = lambda moment: moment == number and draining.cancel()
        await ended(draining)
        states = {status_of(store, ref).split()[0] for ref in refs}
        assert "processing" not in states
        slow.at = lambda _: None
        await AsyncWorker(coach_of(store)).drain()
        assert {status_of(store, ref).split()[0] for ref in refs} == {"completed"}
        return draining.cancelled()

    async def main() -> int:
        number = 1
        while await cancelled_at(number):
            number += 1
        return number

    assert asyncio.run(main()) > 10


async def came_in_and_raised(gate: AsyncGate, error: BaseException) -> None:
    """Wait for who comes to the gate, open it for who waits for answers, and fail."""
    await gate.wait_for()
    if isinstance(error, Exception):
        asyncio.get_running_loop().call_soon(gate.open)
    raise error


def test_a_block_that_is_interrupted(store: Watched) -> None:
    """It waits for no answer; one that fails does."""

    async def main() -> None:
        gate = AsyncGate()
        (ref,) = submitted(store)
        options = WorkerOptions(grace=30)
        with pytest.raises(asyncio.CancelledError):
            async with AsyncWorker(coach_of(store, gate), options):
                await came_in_and_raised(gate, asyncio.CancelledError())
        assert status_of(store, ref) == "pending 1"
        other = AsyncGate()
        with pytest.raises(ZeroDivisionError):
            async with AsyncWorker(coach_of(store, other), options):
                await came_in_and_raised(other, ZeroDivisionError())
        assert status_of(store, ref) == "completed 2"

    asyncio.run(main())


def test_the_end_of_a_block_is_cancelled(store: Watched) -> None:
    """Whoever is tired of waiting there is not held up."""

    async def main() -> None:
        gate = AsyncGate()
        (ref,) = submitted(store)

        async def block() -> None:
            async with AsyncWorker(coach_of(store, gate), WorkerOptions(grace=30)):
                await gate.wait_for()
                asyncio.get_running_loop().call_later(0.01, task.cancel)

        task = asyncio.create_task(block())
        await ended(task)
        assert task.cancelled()
        assert status_of(store, ref) == "pending 1"

    asyncio.run(main())


def test_ctrl_c(store: Watched) -> None:
    """As `asyncio.run` knows it: the lease is given back, and the program ends."""
    refs: list[JobRef] = []

    async def main() -> None:
        gate = AsyncGate()
        refs.extend(submitted(store))

        async def interrupt() -> None:
            await gate.wait_for()
            signal.raise_signal(signal.SIGINT)

        interrupting = asyncio.create_task(interrupt())
        await AsyncWorker(coach_of(store, gate)).run()
        await interrupting

    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert status_of(store, refs[0]) == "pending 1"


def test_a_model_that_is_cancelled_by_others(
    store: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """A call that ends as cancelled, though nobody cancelled the worker, takes no place away."""

    async def main() -> None:
        gate = AsyncGate(is_open=True)
        bad, good = submitted(store, 2)
        gate.says = lambda ask: asyncio.CancelledError() if ask.job == bad.job else "Go on."
        assert await AsyncWorker(coach_of(store, gate), WorkerOptions(concurrency=1)).drain() == 1
        assert status_of(store, bad) == "pending 1"
        assert status_of(store, good) == "completed 1"

    asyncio.run(main())
    assert len(caplog.records) == 1


def test_a_model_that_ends_the_program() -> None:
    """SystemExit is meant for the event loop; the lease is given back all the same."""
    refs: list[JobRef] = []
    store = watched("memory", "")

    async def main() -> None:
        gate = AsyncGate(is_open=True)
        gate.says = lambda _: SystemExit(3)
        refs.extend(submitted(store))
        await AsyncWorker(coach_of(store, gate)).run()

    with pytest.raises(SystemExit):
        asyncio.run(main())
    assert status_of(store, refs[0]) == "pending 1"


# --- leases --------------------------------------------------------------------------------------


def test_the_lease_of_a_slow_answer_is_renewed() -> None:
    """A model that takes several leases is asked once; no other worker takes the job."""
    store = watched("memory", "")
    (ref,) = submitted(store)
    clock, renewals = FakeClock(datetime.now(UTC)), list[str]()

    def renewed(word: str) -> None:
        task = asyncio.current_task()
        # The next lease is nearly over as soon as there is one, however slow this machine is.
        if word == "committed" and task is not None and task.get_name() == "coachwork-heart":
            clock.time += SHORT.worker_lease * 0.9
            renewals.append(word)

    async def main() -> None:
        gate, news = AsyncGate(), News()
        store.hook = renewed
        async with (
            AsyncWorker(coach_of(store, gate, settings=SHORT, clock=clock), PROMPT, settled=news),
            AsyncWorker(coach_of(store, gate, settings=SHORT, clock=clock), PROMPT, settled=news),
        ):
            await gate.wait_for()
            await until_async(lambda: len(renewals) >= 4)
            assert status_of(store, ref) == "processing 1"
            gate.open()
            assert (await news.told()).attempts == 1
        assert gate.asked == [ref.job]

    asyncio.run(main())


def test_a_worker_whose_renewals_fail_loses_the_job(
    store: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """Another one takes it over, and the late answer of the first is dropped."""

    def fail(_word: str) -> None:
        task = asyncio.current_task()
        if task is not None and task.get_name() == "coachwork-heart":
            raise StoreUnavailableError(SAID)

    async def main() -> None:
        gate, news, others = AsyncGate(), News(), News()
        (ref,) = submitted(store)
        store.hook = fail
        async with AsyncWorker(coach_of(store, gate, settings=SHORT), PROMPT, settled=news):
            await gate.wait_for()
            async with AsyncWorker(coach_of(store.again()), PROMPT, settled=others):
                assert (await others.told()).attempts == 2
            gate.open()
        assert said_in(store, ref)[1:] == ["Go on (2)."]
        assert news.empty()

    asyncio.run(main())
    assert len(caplog.records) == 1
    assert "renew a lease" in caplog.text
    assert SAID not in caplog.text


def test_a_lost_lease_is_renewed_no_more() -> None:
    """A job that was cancelled meanwhile is looked at by the heart once."""
    store = watched("memory", "")

    async def main() -> None:
        gate, news = AsyncGate(), News()
        coach = coach_of(store, gate, settings=SHORT)
        chat = await coach.as_user("ada").start(TALK)
        async with AsyncWorker(coach, DEAF, settled=news) as one:
            job = await chat.submit("Hello")
            await gate.wait_for()
            await chat.cancel_job(job.id)
            await until_async(lambda: not one._desk.to_renew())
            gate.open()
            assert (await news.told()).error_code == "JOB_CANCELLED"

    asyncio.run(main())


class Together(AsyncWatched):
    """A repository that keeps a heart's first call until another one of the heart comes."""

    def __init__(self, watched: Watched) -> None:
        """Stand before a repository."""
        super().__init__(watched)
        self.number = 0
        self.both = asyncio.Event()

    async def get(self, key: Any, /) -> Any:  # noqa: ANN401 - as it is given
        """Wait for the other one."""
        task = asyncio.current_task()
        if task is not None and task.get_name() == "coachwork-heart":
            self.number += 1
            if self.number == 2:
                self.both.set()
            await self.both.wait()
        return await super().get(key)


def test_leases_are_renewed_side_by_side() -> None:
    """A renewal that is slow holds up no other one."""

    async def main() -> None:
        store, gate = watched("memory", ""), AsyncGate()
        submitted(store, 2)
        together = Together(store)
        async with at_work(AsyncWorker(coach_of(together, gate, settings=SHORT), PROMPT)):
            await gate.wait_for(2)
            await asyncio.wait_for(together.both.wait(), PATIENCE)

    asyncio.run(main())


def test_a_renewal_that_ends_as_cancelled_stops_no_heart() -> None:
    """The next one keeps the lease."""
    store, failing, renewed = watched("memory", ""), [asyncio.CancelledError()], list[str]()

    def fail(word: str) -> None:
        task = asyncio.current_task()
        if task is not None and task.get_name() == "coachwork-heart":
            if failing:
                raise failing.pop()
            renewed.append(word)

    async def main() -> None:
        gate = AsyncGate()
        submitted(store)
        clock = FakeClock(datetime.now(UTC))  # on a slow machine no lease runs out meanwhile
        coach = coach_of(store, gate, settings=SHORT, clock=clock)
        async with at_work(AsyncWorker(coach, DEAF)):
            await gate.wait_for()
            store.hook = fail
            await until_async(lambda: "committed" in renewed)

    asyncio.run(main())


# --- trouble -------------------------------------------------------------------------------------


def test_a_repository_that_is_down_for_a_while(
    store: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """It pauses, tries again, says so once and without a text, and goes on."""
    down = 5

    def fail(word: str) -> None:
        nonlocal down
        if word == "find due" and down:
            down -= 1
            raise StoreUnavailableError(SAID, retry_after=0.01)

    async def main() -> None:
        (ref,) = submitted(store)
        store.hook = fail
        news = News()
        async with AsyncWorker(coach_of(store), PROMPT, settled=news):
            assert (await news.told()).id == ref.job

    asyncio.run(main())
    assert len(caplog.records) == 1
    assert SAID not in caplog.text


def test_a_model_that_fails(store: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is claimed for a while, each job is asked for once, and no word is logged."""

    async def main() -> None:
        gate, news = AsyncGate(is_open=True), News()
        gate.says = lambda _: LLMError(SAID, retry_after=0.2)
        submitted(store, 2)
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with AsyncWorker(
            coach_of(store, gate), WorkerOptions(concurrency=1, poll=0.01), settled=news
        ):
            assert {(await news.told()).error_code for _ in range(2)} == {"LLM_ERROR"}
        assert loop.time() - began >= 0.2
        assert len(gate.asked) == 2

    with caplog.at_level(logging.DEBUG):
        asyncio.run(main())
    assert SAID not in caplog.text


def test_jobs_that_cannot_be_answered_are_in_nobodys_way(
    store: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """Others are answered, and none of those is tried over and over."""
    bad = submitted(store, 3, topic=STRANGE, user="strange")
    for spoil in (damage, remove_account):
        refs = submitted(store, 3, user=spoil.__name__)
        for ref in refs:
            spoil(store, ref)
        bad += refs
    good = submitted(store, 5)
    store.calls.clear()
    assert asyncio.run(AsyncWorker(coach_of(store), WorkerOptions(concurrency=2)).drain()) == 5
    assert {status_of(store, ref) for ref in good} == {"completed 1"}
    assert {status_of(store, ref) for ref in bad} == {"pending 0"}
    assert store.calls["find due"] <= 20
    codes = [record.getMessage().rpartition(": ")[2] for record in caplog.records]
    assert sorted(codes) == ["CORRUPT_RECORD", "TOPIC_NOT_FOUND"]


def test_a_prompt_that_cannot_be_made_is_no_reason_to_pause() -> None:
    """No model was asked, so it has not failed."""
    store = watched("memory", "")
    (ref,) = submitted(store)
    broken = Topic(id="talk", system="Listen to {nobody}.")
    coach = AsyncCoach(store.for_async(), AsyncGate(), topics=[broken])
    one = AsyncWorker(coach, WorkerOptions(backoff=60))
    assert asyncio.run(one.drain()) == 1
    assert status_of(store, ref) == "failed 1"
    assert one._desk.look_at() > 0


def test_jobs_of_others_starve_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many jobs of a topic that is not declared wait in front, each is tried once."""
    monkeypatch.setattr(pace, "LEAST_WINDOW", 4)
    monkeypatch.setattr(pace, "LONGEST_PUT_OFF", 0.001)
    monkeypatch.setattr(desk, "PUT_OFF", 0.001)

    async def main() -> None:
        store, news = watched("memory", ""), News()
        submitted(store, 40, topic=STRANGE, user="strange")
        (ref,) = submitted(store)
        options = WorkerOptions(concurrency=1, poll=0.001)
        async with AsyncWorker(coach_of(store), options, settled=news) as one:
            assert (await news.told()).id == ref.job
            looks = store.calls["find due"]
            await until_async(lambda: store.calls["find due"] > looks + 20)
        (times,) = (times for _, times in one._desk._complaints._said.values())
        assert times == 40 - 1

    asyncio.run(main())


# --- events --------------------------------------------------------------------------------------


class Heard:
    """A notifier that remembers, and may be held up."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.jobs: list[str] = []
        self.waiting: list[str] = []
        self.inside = asyncio.Event()
        self.gate = asyncio.Event()
        self.lets_relay = False

    async def notify(self, event: Told, /) -> None:
        """Remember."""
        self.inside.set()
        task = asyncio.current_task()
        if not self.lets_relay or task is None or task.get_name() != "coachwork-relay":
            self.waiting.append(event.job)
            await self.gate.wait()
        self.jobs.append(event.job)


async def owed(store: Watched) -> JobRef:
    """Settle a job whose event nobody has delivered."""
    (ref,) = submitted(store, settings=Settings(outbox=True), user="owed")
    assert await coach_of(store, settings=Settings(outbox=True)).process(ref) is not None
    return ref


def test_it_delivers_what_others_owe(store: Watched) -> None:
    """A slow notifier holds nobody up, and is waited for within the grace; a failure is no end."""
    failing = [KeyError(SAID)]

    def fail(word: str) -> None:
        if word == "find" and failing:
            raise failing.pop()

    async def main() -> None:
        ref, heard = await owed(store), Heard()
        store.hook = fail
        async with AsyncWorker(coach_of(store, notifier=heard), PROMPT):
            await asyncio.wait_for(heard.inside.wait(), PATIENCE)
            before = store.calls.get("find due", 0)
            await until_async(lambda: store.calls.get("find due", 0) > before + 3)
            asyncio.get_running_loop().call_soon(heard.gate.set)
        assert heard.jobs == [ref.job]

    asyncio.run(main())


OUTBOX: Final = Settings(outbox=True)
TWO: Final = WorkerOptions(concurrency=2, poll=0.01, relay_after=10_000)
"""Two jobs at once, and no relay that would help."""


def test_a_notifier_that_hangs_holds_up_no_answers(store: Watched) -> None:
    """All jobs are answered, two events at a time hang, and the others wait for their turn."""

    async def main() -> None:
        heard, news = Heard(), News()
        refs = {ref.job for ref in submitted(store, 7, settings=OUTBOX)}
        one = AsyncWorker(coach_of(store, notifier=heard), TWO, settled=news)
        async with one:
            assert {(await news.told()).id for _ in refs} == refs
            await until_async(lambda: not one._desk._hands and len(heard.waiting) >= 2)
            assert len(heard.waiting) == 2
            assert one._desk.is_busy
            asyncio.get_running_loop().call_soon(heard.gate.set)
        assert sorted(heard.jobs) == sorted(refs)
        assert not one._desk.is_busy

    asyncio.run(main())


def test_a_notifier_that_hangs_at_the_end(store: Watched) -> None:
    """It is cancelled after the grace, and takes no place afterwards."""

    async def main() -> None:
        heard = Heard()
        refs = submitted(store, 5, settings=OUTBOX)
        options = WorkerOptions(concurrency=2, grace=0.01, relay_after=10_000)
        one = AsyncWorker(coach_of(store, notifier=heard), options)
        assert await one.drain() == 5
        assert {status_of(store, ref) for ref in refs} == {"completed 1"}
        assert not one._desk.is_busy
        assert len(heard.waiting) <= 2
        assert heard.jobs == []

    asyncio.run(main())


def test_what_is_too_much_to_deliver_is_found_by_the_relay(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later, though the deliveries that were in the way still hang."""
    monkeypatch.setattr(desk, "MOST_UNTOLD", 0)

    async def main() -> None:
        heard, news = Heard(), News()
        heard.lets_relay = True
        refs = {ref.job for ref in submitted(store, 5, settings=OUTBOX)}
        options = WorkerOptions(concurrency=2, poll=0.01, relay_after=0.05)
        async with AsyncWorker(coach_of(store, notifier=heard), options, settled=news):
            assert {(await news.told()).id for _ in refs} == refs
            await until_async(lambda: set(heard.jobs) == refs)
            assert 1 <= len(heard.waiting) <= 2
            asyncio.get_running_loop().call_soon(heard.gate.set)

    asyncio.run(main())


def test_a_notifier_that_ends_as_cancelled() -> None:
    """It takes no place of the deliveries away for ever."""

    async def main() -> None:
        store, told = watched("memory", ""), list[str]()

        class Ending:
            async def notify(self, event: Told, /) -> None:
                await until_async(lambda: one._desk.answered == 4)
                told.append(event.job)
                raise asyncio.CancelledError

        submitted(store, 4, settings=OUTBOX)
        options = WorkerOptions(concurrency=1, grace=1, relay_after=10_000)
        one = AsyncWorker(coach_of(store, notifier=Ending()), options)
        assert await one.drain() == 4
        assert not one._desk.is_busy
        assert told

    asyncio.run(main())


def test_a_notifier_that_fails_is_complained_of_once(
    store: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """However often the relay tries; by the type of the error, without its text."""
    tries: list[str] = []

    class Failing:
        async def notify(self, event: Told, /) -> None:
            tries.append(event.job)
            raise ConnectionError(SAID)

    async def main() -> None:
        submitted(store, 2, settings=OUTBOX)
        async with AsyncWorker(coach_of(store, notifier=Failing()), PROMPT):
            await until_async(lambda: len(tries) > 10)

    asyncio.run(main())
    assert [record.getMessage() for record in caplog.records] == [
        "a worker could not deliver events: ConnectionError"
    ]


# --- cost ----------------------------------------------------------------------------------------


def test_an_idle_worker_looks_as_often_as_it_polls() -> None:
    """Neither the heart nor the relay makes it look more often."""
    store = watched("memory", "")

    async def main() -> None:
        short = Settings(worker_lease=timedelta(seconds=0.03))
        began = monotonic()
        async with AsyncWorker(coach_of(store, settings=short), WorkerOptions(poll=0.1)):
            await until_async(lambda: store.calls.get("find due", 0) >= 5)
            assert monotonic() - began >= 4 * 0.08  # the shortest pauses in between

    asyncio.run(main())
    assert set(store.calls) == {"find due"}
