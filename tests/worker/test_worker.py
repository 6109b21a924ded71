"""The worker in threads: real threads, real time where time is the subject, no luck."""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread, current_thread, main_thread
from time import monotonic
from types import FrameType
from typing import Final

import pytest

from coachwork import Coach, Settings, Topic
from coachwork.adapters import Memory
from coachwork.errors import LLMError, MisuseError, StoreUnavailableError
from coachwork.events import Event as Told
from coachwork.jobs import JobRef
from coachwork.ports import Clock, LanguageModel, Notifier
from coachwork.testing import FakeClock
from coachwork.worker import Worker, WorkerOptions
from coachwork.worker import _alarm as alarm
from coachwork.worker import _desk as desk
from coachwork.worker import _pace as pace
from coachwork.worker import _worker as module
from coachwork.workflows import JobView
from tests.stores import STORES
from tests.watched import Watched
from tests.worker_bench import (
    GREETED,
    PATIENCE,
    SAID,
    STRANGE,
    TALK,
    Gate,
    News,
    damage,
    remove_account,
    said_in,
    status_of,
    submitted,
    until,
    watched,
)

PROMPT: Final = WorkerOptions(poll=0.01, backoff=0.01, longest_backoff=0.02, relay_after=0)
"""Looks all the time."""

DEAF: Final = WorkerOptions(poll=10_000)
"""Never looks by itself."""

SHORT: Final = Settings(worker_lease=timedelta(seconds=0.3))


@pytest.fixture(autouse=True)
def _short_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notice signals sooner than people need it."""
    monkeypatch.setattr(alarm, "NAP", 0.05)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Watched:
    """Return an empty repository."""
    return watched(request.param, tmp_path)


def coach_of(
    store: Watched,
    model: LanguageModel | None = None,
    *,
    settings: Settings | None = None,
    notifier: Notifier | None = None,
    clock: Clock | None = None,
) -> Coach:
    """Return a coach whose model answers at once, unless another is given."""
    return Coach(
        store,
        model or Gate(is_open=True),
        topics=[TALK, GREETED],
        settings=settings,
        notifier=notifier,
        clock=clock,
    )


def in_thread(call: Callable[[], object]) -> Thread:
    """Call it in a thread."""
    thread = Thread(target=call, daemon=True)
    thread.start()
    return thread


def joined(thread: Thread) -> None:
    """Wait for the end of a thread."""
    thread.join(PATIENCE)
    assert not thread.is_alive()


def press_ctrl_c() -> None:
    """Interrupt the main thread, as a terminal does."""
    main = main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


def job_threads() -> list[Thread]:
    """Return the threads that answer jobs."""
    return [thread for thread in threading.enumerate() if thread.name == "coachwork-job"]


# --- answering -----------------------------------------------------------------------------------


def test_it_answers_what_is_submitted(store: Watched) -> None:
    """A reply, a greeting and a welcome-back: whoever does not wait finds them later."""
    coach, news = coach_of(store), News()
    with Worker(coach, DEAF, settled=news) as worker:
        chat = coach.as_user("ada").start(GREETED, wait=False)
        assert chat.opening_job is not None
        assert news.get().id == chat.opening_job.id
        job = chat.submit("Hello")
        told = news.get()
        assert (told.id, told.status) == (job.id, "completed")
        outcome = chat.job(job.id).outcome
        assert outcome is not None
        assert outcome.message is not None
        assert outcome.message.text == "Go on (1)."
        chat.resume(wait=False)
        assert news.get().kind == "welcome_back"
        assert isinstance(worker, Worker)


def test_it_is_woken_at_once(store: Watched) -> None:
    """A job of the same coach is taken without a poll."""
    gate = Gate()
    coach = coach_of(store, gate)
    chat = coach.as_user("ada").start(TALK)
    with Worker(coach, DEAF):
        until(lambda: store.calls.get("find due", 0) == 1)
        chat.submit("Hello")
        gate.wait_for()
        gate.open()


def test_it_polls_for_the_jobs_of_others(store: Watched) -> None:
    """A job that nobody rang for is found."""
    coach, news = coach_of(store), News()
    with Worker(coach, PROMPT, settled=news):
        (ref,) = submitted(store)
        assert news.get().id == ref.job


def test_its_concurrency_is_bounded(store: Watched) -> None:
    """Never more than so many at once, and as many where there is enough to do."""
    gate, news = Gate(), News()
    submitted(store, 7)
    options = WorkerOptions(concurrency=3)
    with Worker(coach_of(store, gate), options, settled=news):
        gate.wait_for(3)
        gate.open()
        ids = {news.get().id for _ in range(7)}
    assert len(ids) == len(gate.asked) == 7
    assert gate.most == 3


def test_a_free_place_is_taken_though_others_wait_for_their_claim() -> None:
    """Those that are found again because their claim is still to come hide nobody."""
    store, gate = watched("memory", ""), Gate()
    held, inside = Event(), threading.Semaphore(0)

    def hold(word: str) -> None:
        if word == "get" and current_thread().name == "coachwork-job" and not held.is_set():
            inside.release()
            assert held.wait(PATIENCE)

    refs = submitted(store, 6)
    store.hook = hold
    coach = coach_of(store, gate)
    with Worker(coach, WorkerOptions(concurrency=5, poll=0.01)):
        for _ in range(5):
            assert inside.acquire(timeout=PATIENCE)
        held.set()
        gate.wait_for(5)
        gate.open()
        until(lambda: all(status_of(store, ref) == "completed 1" for ref in refs))


def test_every_job_is_told_of_once(tmp_path: Path) -> None:
    """Many workers on one repository: each job is answered by one, and told of by that one."""
    store = watched("sqlite", tmp_path)
    gate = Gate(is_open=True)
    refs = submitted(store, 24)
    news = [News() for _ in range(4)]
    workers = [Worker(coach_of(store, gate), settled=one) for one in news]
    counts: list[int] = []

    def drain(worker: Worker) -> None:
        counts.append(worker.drain())

    threads = [in_thread(partial(drain, worker)) for worker in workers]
    for thread in threads:
        joined(thread)
    told = [view.id for one in news for view in one.all()]
    assert sorted(told) == sorted(ref.job for ref in refs)
    assert sorted(gate.asked) == sorted(told)
    assert sum(counts) == 24


# --- draining ------------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 3])
def test_draining_leaves_nothing(store: Watched, concurrency: int) -> None:
    """It ends when nothing waits and nothing is under way, and says how many; again and again."""
    refs = submitted(store, 5)
    worker = Worker(coach_of(store), WorkerOptions(concurrency=concurrency))
    assert worker.drain() == 5
    assert {status_of(store, ref) for ref in refs} == {"completed 1"}
    assert worker.drain() == 0
    submitted(store, 2, user="other")
    assert worker.drain() == 2


def test_draining_can_be_stopped(store: Watched) -> None:
    """What is under way is finished, and the rest is left."""
    gate = Gate()
    refs = submitted(store, 3)
    worker = Worker(coach_of(store, gate), WorkerOptions(concurrency=1))
    draining = in_thread(worker.drain)
    gate.wait_for()
    worker.stop()
    gate.open()
    joined(draining)
    assert sorted(status_of(store, ref) for ref in refs) == ["completed 1"] + ["pending 0"] * 2


def test_draining_outlasts_a_trouble_of_the_repository(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that could not be taken because the repository failed is tried again."""
    monkeypatch.setattr(desk, "PUT_OFF", 0.05)
    store = watched("memory", "")
    failing = [StoreUnavailableError(retry_after=0.01)]

    def fail(word: str) -> None:
        if word == "commit" and failing:
            raise failing.pop()

    (ref,) = submitted(store)
    store.hook = fail
    assert Worker(coach_of(store), PROMPT).drain() == 1
    assert status_of(store, ref) == "completed 1"
    assert [record.getMessage() for record in caplog.records] == [
        f"a worker could not answer a job (job {ref.job}): STORE_UNAVAILABLE"
    ]


def test_draining_finds_what_is_submitted_when_an_outcome_is_told() -> None:
    """Who is told of an answer and goes on with the conversation is answered, too."""
    store = watched("memory", "")
    coach, more = coach_of(store), ["And courage", "And patience"]
    chat = coach.as_user("ada").start(TALK)

    def go_on(_view: JobView) -> None:
        looks = store.calls["find due"]
        coach.bell.ring()
        until(lambda: store.calls["find due"] > looks)  # it looked, and found nothing
        if more:
            chat.submit(more.pop())

    chat.submit("Hello")
    assert Worker(coach, settled=go_on).drain() == 3


# --- stopping ------------------------------------------------------------------------------------


def test_it_stops_gracefully(store: Watched) -> None:
    """It waits for the answers under way, and claims nothing more."""
    gate = Gate()
    refs = submitted(store, 2)
    worker = Worker(coach_of(store, gate), WorkerOptions(concurrency=1))
    running = in_thread(worker.run)
    gate.wait_for()
    worker.stop()
    assert running.is_alive()
    gate.open()
    joined(running)
    assert sorted(status_of(store, ref) for ref in refs) == ["completed 1", "pending 0"]


def test_what_outlasts_the_grace_is_given_back(store: Watched) -> None:
    """Others go on with it at once, and the answer that comes late is dropped."""
    gate, news = Gate(), News()
    (ref,) = submitted(store)
    worker = Worker(coach_of(store, gate), WorkerOptions(grace=0.01), settled=news)
    running = in_thread(worker.run)
    gate.wait_for()
    worker.stop()
    joined(running)
    assert status_of(store, ref) == "pending 1"
    assert Worker(coach_of(store)).drain() == 1
    late = job_threads()
    gate.open()
    for thread in late:
        joined(thread)
    assert said_in(store, ref)[1:] == ["Go on (2)."]
    assert news.all() == []


def test_another_worker_of_the_coach_is_woken_by_what_is_given_back(store: Watched) -> None:
    """It need not wait for its next poll."""
    gate, news = Gate(), News()
    coach = coach_of(store, gate)
    chat = coach.as_user("ada").start(TALK)
    first = Worker(coach, WorkerOptions(grace=0))
    running = in_thread(first.run)
    job = chat.submit("Hello")
    gate.wait_for()
    with Worker(coach, DEAF, settled=news):
        first.stop()
        joined(running)
        gate.open()
        assert news.get().id == job.id


def test_a_claim_that_comes_too_late_is_given_back(store: Watched) -> None:
    """A thread that claims its job when the worker has ended asks no model for it."""
    held, inside = Event(), Event()

    def hold(word: str) -> None:
        if word == "get" and current_thread().name == "coachwork-job":
            inside.set()
            assert held.wait(PATIENCE)

    gate = Gate(is_open=True)
    (ref,) = submitted(store)
    store.hook = hold
    worker = Worker(coach_of(store, gate), WorkerOptions(grace=0))
    running = in_thread(worker.run)
    assert inside.wait(PATIENCE)
    worker.stop()
    joined(running)
    late = job_threads()
    held.set()
    for thread in late:
        joined(thread)
    assert status_of(store, ref) == "pending 1"
    assert gate.asked == []


def test_a_stop_before_the_start_counts() -> None:
    """A worker that was stopped does nothing, for ever: a signal may come at any moment."""
    store = watched("memory", "")
    worker = Worker(coach_of(store))
    worker.stop()
    submitted(store)
    store.calls.clear()
    worker.run()
    assert worker.drain() == 0
    with worker:
        pass
    assert "find due" not in store.calls


def test_it_does_one_thing_at_a_time() -> None:
    """Who runs it twice at once, or enters it twice, is told so; it goes on unharmed."""
    store, gate, news = watched("memory", ""), Gate(), News()
    coach = coach_of(store, gate)
    (ref,) = submitted(store)
    with Worker(coach, settled=news) as worker:
        gate.wait_for()
        with pytest.raises(MisuseError, match="at work"):
            worker.run()
        with pytest.raises(MisuseError, match="at work"):
            worker.drain()
        with pytest.raises(MisuseError, match="entered once"):
            worker.__enter__()
        gate.open()
        assert news.get().id == ref.job
    with pytest.raises(MisuseError, match="entered once"):
        worker.__enter__()
    Worker(coach).__exit__(None, None, None)  # never entered: nothing to wait for


def test_a_signal_handler_may_stop_it(store: Watched) -> None:
    """As a server's process is stopped; ``run`` returns when the answers under way have come."""
    gate = Gate()
    (ref,) = submitted(store)
    worker = Worker(coach_of(store, gate))

    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()
        gate.open()

    before = signal.signal(signal.SIGTERM, stop)
    main = main_thread().ident
    assert main is not None

    def end() -> None:
        gate.wait_for()
        signal.pthread_kill(main, signal.SIGTERM)

    ending = in_thread(end)
    try:
        worker.run()
    finally:
        signal.signal(signal.SIGTERM, before)
    joined(ending)
    assert status_of(store, ref) == "completed 1"


# --- Ctrl-C --------------------------------------------------------------------------------------


def test_ctrl_c_gives_the_lease_back(store: Watched) -> None:
    """Without waiting for the answer; the worker may be used again."""
    gate = Gate()
    (ref,) = submitted(store)
    worker = Worker(coach_of(store, gate))

    def interrupt() -> None:
        gate.wait_for()
        press_ctrl_c()

    interrupting = in_thread(interrupt)
    with pytest.raises(KeyboardInterrupt):
        worker.run()
    joined(interrupting)
    assert status_of(store, ref) == "pending 1"
    gate.open()
    assert worker.drain() == 1
    assert status_of(store, ref) == "completed 2"


def test_ctrl_c_at_any_call_of_the_repository() -> None:
    """Wherever the worker's own thread is interrupted, nothing stays in its hands.

    Only a second Ctrl-C, while it gives back, leaves the rest to the end of the leases.
    """
    number, done = 0, False
    while not done:
        store, gate = watched("memory", ""), Gate()
        refs = submitted(store, 2)
        worker = Worker(coach_of(store, gate), WorkerOptions(concurrency=1, grace=0.01, poll=0.01))
        gate.on_enter = worker.stop
        store.hook = interrupting_at(number)
        giving_back = False
        try:
            worker.run()
        except KeyboardInterrupt as error:
            giving_back = any(entry.name == "_give_back" for entry in traced(error))
        else:
            done = True
        store.hook = lambda _: None
        gate.open()
        for thread in job_threads():
            joined(thread)
        held = [ref for ref in refs if status_of(store, ref).startswith("processing")]
        assert len(held) <= giving_back
        number += 1
    assert number > 4


def interrupting_at(number: int) -> Callable[[str], None]:
    """Return a hook that interrupts the main thread at its call of that number."""
    left = number

    def interrupt(_word: str) -> None:
        nonlocal left
        if current_thread() is main_thread():
            if left == 0:
                raise KeyboardInterrupt
            left -= 1

    return interrupt


def traced(error: BaseException) -> list[traceback.FrameSummary]:
    """Return where an error came through."""
    return list(traceback.extract_tb(error.__traceback__))


def came_in_and_raised(gate: Gate, error: BaseException) -> None:
    """Wait for who comes to the gate, open it for who waits for answers, and fail."""
    gate.wait_for()
    if isinstance(error, Exception):
        in_thread(gate.open)
    raise error


def test_ctrl_c_in_the_block(store: Watched) -> None:
    """A block that is interrupted waits for no answer; one that fails does."""
    gate = Gate()
    (ref,) = submitted(store)
    with pytest.raises(KeyboardInterrupt), Worker(coach_of(store, gate), WorkerOptions(grace=30)):
        came_in_and_raised(gate, KeyboardInterrupt())
    assert status_of(store, ref) == "pending 1"
    other = Gate()
    with pytest.raises(ZeroDivisionError), Worker(coach_of(store, other)):
        came_in_and_raised(other, ZeroDivisionError())
    assert status_of(store, ref) == "completed 2"
    gate.open()


def test_ctrl_c_while_it_waits_for_answers(store: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is tired of waiting at the end of the block is not held up."""
    monkeypatch.setattr(module, "NAP", 0.001)
    gate = Gate()
    (ref,) = submitted(store)
    worker = Worker(coach_of(store, gate), WorkerOptions(grace=30))

    def interrupt() -> None:
        until(lambda: worker._stopping)
        Event().wait(0.02)  # it sleeps again and again by now
        press_ctrl_c()

    interrupting = in_thread(interrupt)
    with pytest.raises(KeyboardInterrupt), worker:
        gate.wait_for()
    joined(interrupting)
    assert status_of(store, ref) == "pending 1"
    gate.open()


# --- leases --------------------------------------------------------------------------------------


def test_the_lease_of_a_slow_answer_is_renewed(tmp_path: Path) -> None:
    """A model that takes several leases is asked once; no other worker takes the job."""
    store = watched("sqlite", tmp_path)
    gate, news = Gate(), News()
    (ref,) = submitted(store)
    clock, renewals = FakeClock(datetime.now(UTC)), list[str]()

    def renewed(word: str) -> None:
        # The next lease is nearly over as soon as there is one, however slow this machine is.
        if current_thread().name == "coachwork-heart" and word == "committed":
            clock.time += SHORT.worker_lease * 0.9
            renewals.append(word)

    store.hook = renewed
    with (
        Worker(coach_of(store, gate, settings=SHORT, clock=clock), PROMPT, settled=news),
        Worker(coach_of(store, gate, settings=SHORT, clock=clock), PROMPT, settled=news),
    ):
        gate.wait_for()
        until(lambda: len(renewals) >= 4)
        assert status_of(store, ref) == "processing 1"
        gate.open()
        assert news.get().attempts == 1
    assert gate.asked == [ref.job]
    assert said_in(store, ref)[1:] == ["Go on (1)."]


def test_a_worker_whose_renewals_fail_loses_the_job(
    store: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """Another one takes it over, and the late answer of the first is dropped."""

    def fail(_word: str) -> None:
        if current_thread().name == "coachwork-heart":
            raise StoreUnavailableError(SAID)

    gate, news, others = Gate(), News(), News()
    (ref,) = submitted(store)
    store.hook = fail
    with Worker(coach_of(store, gate, settings=SHORT), PROMPT, settled=news):
        gate.wait_for()
        with Worker(coach_of(store.again()), PROMPT, settled=others):
            assert others.get().attempts == 2
        gate.open()
    assert said_in(store, ref)[1:] == ["Go on (2)."]
    assert news.all() == []
    said = {record.getMessage() for record in caplog.records}
    assert said == {f"a worker could not renew a lease (job {ref.job}): STORE_UNAVAILABLE"}
    assert len(caplog.records) == 1


def test_a_lost_lease_is_renewed_no_more() -> None:
    """A job that was cancelled meanwhile costs one look of the heart, and its answer is dropped."""
    store = watched("memory", "")
    looks: list[str] = []

    def look(word: str) -> None:
        if current_thread().name == "coachwork-heart":
            looks.append(word)

    gate, news = Gate(), News()
    coach = coach_of(store, gate, settings=SHORT)
    chat = coach.as_user("ada").start(TALK)
    with Worker(coach, DEAF, settled=news) as worker:
        job = chat.submit("Hello")
        gate.wait_for()
        chat.cancel_job(job.id)
        store.hook = look
        until(lambda: not worker._desk.to_renew())
        number = len(looks)
        end = monotonic() + 0.3
        until(lambda: monotonic() > end)
        assert len(looks) == number
        gate.open()
        assert news.get().error_code == "JOB_CANCELLED"
    assert [message.text for message in chat.history().messages] == ["Hello"]


def test_a_lease_is_given_up_though_it_was_renewed_at_that_moment(store: Watched) -> None:
    """Whoever is interrupted just when the lease is renewed does not keep the job."""
    model = Gate(is_open=True)
    model.says = lambda _: SystemExit(SAID)
    renewing = Event()

    def renew(word: str) -> None:
        # In the job's thread, after the model: the commit that gives the lease up.
        if word == "commit" and model.asked and not renewing.is_set():
            renewing.set()
            for hand, claimed in worker._desk.to_renew():
                worker._renew(hand, claimed)

    (ref,) = submitted(store)
    store.hook = renew
    worker = Worker(coach_of(store, model), DEAF)
    running = in_thread(worker.run)
    assert renewing.wait(PATIENCE)
    until(lambda: status_of(store, ref) == "pending 1")
    worker.stop()
    joined(running)


# --- trouble -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [StoreUnavailableError(SAID, retry_after=0.01), ValueError(SAID)])
def test_a_repository_that_is_down_for_a_while(
    store: Watched, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """It pauses, tries again, says so once and without a text, and goes on."""
    down = 5

    def fail(word: str) -> None:
        nonlocal down
        if word == "find due" and down:
            down -= 1
            raise error

    (ref,) = submitted(store)
    store.hook = fail
    news = News()
    with Worker(coach_of(store), PROMPT, settled=news):
        assert news.get().id == ref.job
    assert len(caplog.records) == 1
    assert SAID not in caplog.text


def test_a_repository_that_stays_down_is_not_bothered(caplog: pytest.LogCaptureFixture) -> None:
    """However often it is rung for: the pauses grow."""

    def fail(word: str) -> None:
        if word == "find due":
            raise StoreUnavailableError(retry_after=0.0)

    store = watched("memory", "")
    coach = coach_of(store)
    store.hook = fail
    began = monotonic()
    with Worker(coach, WorkerOptions(backoff=0.1, poll=0.001)):
        while store.calls.get("find due", 0) < 4:
            coach.bell.ring()
            Event().wait(0.001)
        assert monotonic() - began >= 0.05 + 0.1 + 0.2  # the shortest pauses in between
    assert len(caplog.records) == 1


def test_a_coach_that_is_closed_meanwhile(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The worker goes on in vain, quietly, and stops when it is told to."""
    store = watched("sqlite", tmp_path)
    with Worker(coach_of(store), PROMPT):
        until(lambda: store.calls.get("find due", 0) > 1)
        store.close()
        until(lambda: bool(caplog.records))
    assert len(caplog.records) == 1


def test_a_model_that_fails_makes_it_pause(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is claimed for a while; the jobs that failed are not asked for again by themselves.

    No word of anybody is logged.
    """
    store = watched("memory", "")
    gate, news = Gate(is_open=True), News()
    gate.says = lambda _: LLMError(SAID, retry_after=0.3)
    refs = submitted(store, 2)
    began = monotonic()
    with (
        caplog.at_level(logging.DEBUG),
        Worker(coach_of(store, gate), WorkerOptions(concurrency=1, poll=0.01), settled=news),
    ):
        told = [news.get(), news.get()]
    assert {view.error_code for view in told} == {"LLM_ERROR"}
    assert monotonic() - began >= 0.3
    assert len(gate.asked) == len(refs)
    assert SAID not in caplog.text


def test_a_model_that_ends_its_thread(caplog: pytest.LogCaptureFixture) -> None:
    """Not even SystemExit takes a place away for ever, or keeps the lease."""
    store = watched("memory", "")
    gate, news = Gate(is_open=True), News()
    bad, good = submitted(store, 2)
    gate.says = lambda ask: SystemExit(SAID) if ask.job == bad.job else "Go on."
    worker = Worker(coach_of(store, gate), WorkerOptions(concurrency=1), settled=news)
    assert worker.drain() == 1
    assert news.get().id == good.job
    assert status_of(store, bad) == "pending 1"
    assert [record.getMessage() for record in caplog.records] == [
        f"a worker could not answer a job (job {bad.job}): SystemExit"
    ]


def test_jobs_that_cannot_be_answered_are_in_nobodys_way(
    store: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """A topic that is not declared, a damaged session, a user who is gone: others are answered.

    And none of them is tried over and over.
    """
    strange = submitted(store, 3, topic=STRANGE, user="strange")
    damaged = submitted(store, 3, user="damaged")
    gone = submitted(store, 3, user="gone")
    for ref in damaged:
        damage(store, ref)
    for ref in gone:
        remove_account(store, ref)
    good = submitted(store, 5)
    store.calls.clear()
    assert Worker(coach_of(store), WorkerOptions(concurrency=2)).drain() == 5
    assert {status_of(store, ref) for ref in good} == {"completed 1"}
    assert {status_of(store, ref) for ref in strange + gone + damaged} == {"pending 0"}
    assert store.calls["find due"] <= 20
    codes = [record.getMessage().rpartition(": ")[2] for record in caplog.records]
    assert sorted(codes) == ["CORRUPT_RECORD", "TOPIC_NOT_FOUND"]
    assert SAID not in caplog.text


def test_jobs_of_others_starve_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However many jobs of a topic that is not declared wait in front, each is tried once."""
    monkeypatch.setattr(pace, "LEAST_WINDOW", 4)
    monkeypatch.setattr(pace, "LONGEST_PUT_OFF", 0.001)
    monkeypatch.setattr(desk, "PUT_OFF", 0.001)
    store, news = watched("memory", ""), News()
    submitted(store, 40, topic=STRANGE, user="strange")
    (ref,) = submitted(store)
    worker = Worker(coach_of(store), WorkerOptions(concurrency=1, poll=0.001), settled=news)
    with worker:
        assert news.get().id == ref.job
        looks = store.calls["find due"]
        until(lambda: store.calls["find due"] > looks + 20)
    assert len(caplog.records) == 1
    (times,) = (times for _, times in worker._desk._complaints._said.values())
    assert times == 40 - 1


def test_a_prompt_that_cannot_be_made_is_no_reason_to_pause() -> None:
    """No model was asked, so it has not failed."""
    store = watched("memory", "")
    (ref,) = submitted(store)
    broken = Topic(id="talk", system="Listen to {nobody}.")
    worker = Worker(Coach(store, Gate(), topics=[broken]), WorkerOptions(backoff=60))
    assert worker.drain() == 1
    assert status_of(store, ref) == "failed 1"
    assert worker._desk.look_at() > 0


def test_there_are_no_more_threads(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The job is left where it was, and tried again after a pause."""
    store = watched("memory", "")
    start, refusals = Thread.start, {"coachwork-job", "coachwork-relay"}

    def refuse(thread: Thread) -> None:
        if thread.name in refusals:
            refusals.remove(thread.name)
            raise RuntimeError(SAID)
        start(thread)

    (ref,) = submitted(store)
    monkeypatch.setattr(Thread, "start", refuse)
    heard = Heard()
    news = News()
    with Worker(coach_of(store, notifier=heard), PROMPT, settled=news):
        assert news.get().id == ref.job
    assert len(caplog.records) == 1
    assert SAID not in caplog.text


def test_there_is_no_thread_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that cannot keep its leases does not begin; it may be tried again."""
    store = watched("memory", "")
    (ref,) = submitted(store)
    worker = Worker(coach_of(store))
    with monkeypatch.context() as patched:

        def refuse(_thread: Thread) -> None:
            raise RuntimeError

        patched.setattr(Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            worker.run()
        with pytest.raises(RuntimeError):
            worker.__enter__()
    assert status_of(store, ref) == "pending 0"
    assert worker.drain() == 1


def test_who_is_told_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    """What an application raises there is logged, and the next job is answered."""
    store = watched("memory", "")
    told: list[str] = []

    def tell(view: JobView) -> None:
        told.append(view.id)
        raise ZeroDivisionError

    submitted(store, 3)
    assert Worker(coach_of(store), settled=tell).drain() == 3
    assert len(told) == len(caplog.records) == 3


# --- events --------------------------------------------------------------------------------------


class Heard:
    """A notifier that remembers, and may be held up."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.jobs: list[str] = []
        self.waiting: list[str] = []
        self.inside = Event()
        self.gate = Event()
        self.gate.set()
        self.lets_relay = False

    def notify(self, event: Told, /) -> None:
        """Remember."""
        self.inside.set()
        if not self.lets_relay or current_thread().name != "coachwork-relay":
            self.waiting.append(event.job)
            assert self.gate.wait(PATIENCE)
        self.jobs.append(event.job)


def owed(store: Watched) -> JobRef:
    """Settle a job whose event nobody has delivered."""
    (ref,) = submitted(store, settings=Settings(outbox=True), user="owed")
    coach = coach_of(store, settings=Settings(outbox=True))
    assert coach.process(ref) is not None
    return ref


def test_it_delivers_what_others_owe(store: Watched) -> None:
    """The event of a job that was settled by somebody without a notifier."""
    ref, heard = owed(store), Heard()
    with Worker(coach_of(store, notifier=heard), PROMPT):
        until(lambda: heard.jobs == [ref.job])


def test_a_slow_notifier_holds_nobody_up(store: Watched) -> None:
    """Answers are given and leases renewed while events wait; at the end, too, within the grace."""
    heard, news = Heard(), News()
    heard.gate.clear()
    ref = owed(store)
    coach = coach_of(store, notifier=heard)
    with Worker(coach, PROMPT, settled=news):
        assert heard.inside.wait(PATIENCE)
        before = store.calls.get("find due", 0)
        until(lambda: store.calls.get("find due", 0) > before + 3)
        in_thread(heard.gate.set)
    assert heard.jobs == [ref.job]


def test_a_relay_that_fails(store: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """It is tried again later."""
    ref, heard = owed(store), Heard()
    failing = [KeyError(SAID)]

    def fail(word: str) -> None:
        if word == "find" and failing:
            raise failing.pop()

    store.hook = fail
    with Worker(coach_of(store, notifier=heard), PROMPT):
        until(lambda: heard.jobs == [ref.job])
    assert [record.getMessage() for record in caplog.records] == [
        "a worker could not relay events: KeyError"
    ]


OUTBOX: Final = Settings(outbox=True)
TWO: Final = WorkerOptions(concurrency=2, poll=0.01, relay_after=10_000)
"""Two jobs at once, and no relay that would help."""


def test_a_notifier_that_hangs_holds_up_no_answers(store: Watched) -> None:
    """All jobs are answered, two events at a time hang, and the others wait for their turn."""
    heard, news = Heard(), News()
    heard.gate.clear()
    refs = {ref.job for ref in submitted(store, 7, settings=OUTBOX)}
    worker = Worker(coach_of(store, notifier=heard), TWO, settled=news)
    with worker:
        assert {news.get().id for _ in refs} == refs
        until(lambda: not worker._desk._hands and len(heard.waiting) >= 2)
        assert len(heard.waiting) == 2
        assert worker._desk.is_busy
        in_thread(heard.gate.set)
    assert sorted(heard.jobs) == sorted(refs)
    assert not worker._desk.is_busy


def test_a_notifier_that_hangs_at_the_end(store: Watched) -> None:
    """It is waited for within the grace; what waits for its turn then is left to the relay."""
    heard, news = Heard(), News()
    heard.gate.clear()
    refs = submitted(store, 5, settings=OUTBOX)
    options = WorkerOptions(concurrency=2, grace=0.01, relay_after=10_000)
    assert Worker(coach_of(store, notifier=heard), options, settled=news).drain() == 5
    assert {status_of(store, ref) for ref in refs} == {"completed 1"}
    until(lambda: len(job_threads()) == 2)
    late = job_threads()
    heard.gate.set()
    for thread in late:
        joined(thread)
    assert len(heard.jobs) == 2


def test_draining_delivers_all_events(store: Watched) -> None:
    """A notifier that is slower than the model is waited for, not left behind."""
    heard = Heard()
    heard.gate.clear()
    refs = {ref.job for ref in submitted(store, 6, settings=OUTBOX)}

    def open_late() -> None:
        until(lambda: worker._desk.answered == 6)
        heard.gate.set()

    worker = Worker(coach_of(store, notifier=heard), TWO)
    opening = in_thread(open_late)
    assert worker.drain() == 6
    joined(opening)
    assert sorted(heard.jobs) == sorted(refs)


def test_what_is_too_much_to_deliver_is_found_by_the_relay(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later, though the deliveries that were in the way still hang."""
    monkeypatch.setattr(desk, "MOST_UNTOLD", 0)
    heard, news = Heard(), News()
    heard.gate.clear()
    heard.lets_relay = True
    refs = {ref.job for ref in submitted(store, 5, settings=OUTBOX)}
    options = WorkerOptions(concurrency=2, poll=0.01, relay_after=0.05)
    with Worker(coach_of(store, notifier=heard), options, settled=news):
        assert {news.get().id for _ in refs} == refs
        until(lambda: set(heard.jobs) == refs)
        assert 1 <= len(heard.waiting) <= 2
        in_thread(heard.gate.set)


def test_a_notifier_that_ends_its_thread() -> None:
    """Not even SystemExit takes a place of the deliveries away for ever."""
    store, told = watched("memory", ""), list[str]()

    class Ending:
        def notify(self, event: Told, /) -> None:
            until(lambda: worker._desk.answered == 4)  # the others wait for their turn
            told.append(event.job)
            raise SystemExit(SAID)

    submitted(store, 4, settings=OUTBOX)
    options = WorkerOptions(concurrency=1, grace=1, relay_after=10_000)
    worker = Worker(coach_of(store, notifier=Ending()), options)
    assert worker.drain() == 4
    assert not worker._desk.is_busy
    assert told


def test_a_notifier_that_fails_is_complained_of_once(
    store: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """However often the relay tries; by the type of the error, without its text."""
    tries: list[str] = []

    class Failing:
        def notify(self, event: Told, /) -> None:
            tries.append(event.job)
            raise ConnectionError(SAID)

    submitted(store, 2, settings=OUTBOX)
    with Worker(coach_of(store, notifier=Failing()), PROMPT):
        until(lambda: len(tries) > 10)
    assert [record.getMessage() for record in caplog.records] == [
        "a worker could not deliver events: ConnectionError"
    ]


# --- cost ----------------------------------------------------------------------------------------


def test_an_idle_worker_looks_as_often_as_it_polls() -> None:
    """Neither the heart nor the relay makes it look more often."""
    store = watched("memory", "")
    short = Settings(worker_lease=timedelta(seconds=0.03))
    began = monotonic()
    with Worker(coach_of(store, settings=short), WorkerOptions(poll=0.1)):
        until(lambda: store.calls.get("find due", 0) >= 5)
        assert monotonic() - began >= 4 * 0.08  # the shortest pauses in between
    assert set(store.calls) == {"find due"}


def test_memory_is_not_kept() -> None:
    """What was answered leaves nothing behind in the worker."""
    store = Watched(Memory())
    worker = Worker(coach_of(store))
    submitted(store, 20)
    assert worker.drain() == 20
    assert not worker._desk.is_busy
    assert worker._desk.not_wanted() == set()
