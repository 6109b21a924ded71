"""How long the event loop waits for this library: ``python tests/benchmarks/bench_event_loop.py``.

A hundred sessions talk at once through one `AsyncCoach` on an SQLite file: each is started, says
some messages with ``send`` and some with ``submit``, which an `AsyncWorker` answers in the same
loop. The model takes a random time and leaves the loop alone meanwhile. The promise is that nothing
of the library holds the loop up for more than 20 milliseconds.

Three things are measured. Each *callback* that the loop runs is timed: what one takes, all others
wait for. A *round* is all callbacks that were ready at the same time; a task that becomes ready
meanwhile waits for the round. And a *watchdog* that sleeps a millisecond at a time tells how late
it was woken, which is what another task in this loop would see; the same without any load tells
what the machine makes of it.

A machine that does other things, and the threads of this process that want the interpreter, make
whatever the clock tells longer. So callbacks and rounds are told in CPU seconds of the loop's
thread, too, which are their own. Where a collection of garbage fell into a callback, that is told.
"""

from __future__ import annotations

import asyncio
import asyncio.events
import gc
import random
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from attrs import field, frozen

from coachwork import Answer, Ask, AsyncCoach, AsyncWorker, SQLite, Topic
from coachwork.adapters import LocalNotifier
from coachwork.coach import AsyncChat

SESSIONS: Final = 100
"""How many sessions talk at once."""
TURNS: Final = 10
"""How many messages each says; every other one is left to the worker."""
QUICK: Final = 0.005
SLOW: Final = 0.3
"""How many seconds the model takes, at least and at most."""
BEGIN: Final = 1.0
"""Seconds within which the sessions begin, one after the other, as callers come."""
PAUSE: Final = 0.001
"""Seconds that the watchdog sleeps."""
IDLE: Final = 5.0
"""Seconds for which the loop is watched without load."""
ALLOWED: Final = 0.020
"""Seconds for which the library may block the loop."""
LONGEST: Final = 8
"""How many callbacks are listed."""
SAID: Final = "I have thought about it: what I want most is to be honest with the other people. "

TOPIC: Final = Topic(id="bench", system="You help {name}.", initiation="Greet {name}.")


class Model:
    """A model that takes a random time, and leaves the loop alone meanwhile."""

    def __init__(self) -> None:
        """Take the same times in each run."""
        self._chance = random.Random(1)

    async def complete(self, _ask: Ask, /) -> Answer:
        """See `coachwork.ports.AsyncLanguageModel.complete`."""
        await asyncio.sleep(self._chance.uniform(QUICK, SLOW))
        return Answer(text=SAID)


# --- what is measured ----------------------------------------------------------------------------


@frozen
class Measured:
    """What was measured while a loop ran. All lists of callbacks have one order.

    Attributes:
        walls: Seconds of the clock of every callback.
        cpus: CPU seconds of the loop's thread of every callback.
        collected: Seconds of those in which garbage was collected.
        names: What every callback was.
        rounds: CPU seconds of every round.
        late: By how many seconds the watchdog was late, each time.
    """

    # Arrays and names are nothing that the garbage collector looks at: measuring adds no garbage.
    walls: array[float] = field(factory=lambda: array("d"))
    cpus: array[float] = field(factory=lambda: array("d"))
    collected: array[float] = field(factory=lambda: array("d"))
    names: list[str] = field(factory=list[str])
    rounds: array[float] = field(factory=lambda: array("d"))
    late: array[float] = field(factory=lambda: array("d"))


def quantile(seconds: Sequence[float], share: float) -> float:
    """Return what so great a share of *seconds* does not exceed."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Loop(asyncio.SelectorEventLoop):
    """An event loop that times its rounds and its callbacks.

    Attributes:
        measured: Where to note them, or None.
    """

    measured: Measured | None = None

    def _run_once(self) -> None:
        cpu = time.thread_time()
        super()._run_once()  # type: ignore[misc]
        if self.measured is not None:
            self.measured.rounds.append(time.thread_time() - cpu)


@contextmanager
def timed() -> Generator[Measured]:
    """Time what the running loop does."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    measured = Measured()
    handle = cast("Any", asyncio.events.Handle)
    run: Callable[[Any], None] = handle._run
    mine = threading.get_ident()
    begun = collected = 0.0

    def collect(phase: str, _told: dict[str, int]) -> None:
        nonlocal begun, collected
        if threading.get_ident() != mine:
            return
        if phase == "start":
            begun = time.thread_time()
        else:
            collected += time.thread_time() - begun

    def _run(self: Any) -> None:  # noqa: ANN401 - a handle of asyncio's own
        wall, cpu, before = time.perf_counter(), time.thread_time(), collected
        run(self)
        measured.cpus.append(time.thread_time() - cpu)
        measured.walls.append(time.perf_counter() - wall)
        measured.collected.append(collected - before)
        measured.names.append(_what(self._callback))

    gc.callbacks.append(collect)
    handle._run = _run
    loop.measured = measured
    watchdog = asyncio.create_task(watch(measured.late))
    try:
        yield measured
    finally:
        watchdog.cancel()
        loop.measured = None
        handle._run = run
        gc.callbacks.remove(collect)


def _what(callback: object) -> str:
    """Return what a callback is: the coroutine of a task that it drives, else its own name."""
    owner: object = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return str(owner.get_coro().__qualname__)  # type: ignore[union-attr]
    return str(getattr(callback, "__qualname__", type(callback).__name__))


async def watch(late: array[float]) -> None:
    """Sleep again and again, and note how late it was woken."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + PAUSE
        await asyncio.sleep(PAUSE)
        late.append(loop.time() - due)


# --- the load ------------------------------------------------------------------------------------


async def idle(seconds: float) -> Measured:
    """Watch a loop without load."""
    with timed() as measured:
        await asyncio.sleep(seconds)
    return measured


async def loaded(path: Path, sessions: int, turns: int) -> tuple[Measured, float]:
    """Watch a loop in which so many sessions talk; return the seconds that it took, too."""
    notifier = LocalNotifier()
    async with AsyncCoach(SQLite(path), Model(), topics=[TOPIC], notifier=notifier) as coach:
        await talk(coach, notifier, "warm", 2)  # loads what is loaded when it is needed first
        with timed() as measured:
            began = time.perf_counter()
            async with AsyncWorker(coach):
                await asyncio.gather(
                    *(
                        talk(coach, notifier, f"user-{number}", turns, BEGIN * number / sessions)
                        for number in range(sessions)
                    )
                )
            seconds = time.perf_counter() - began
    return measured, seconds


async def talk(
    coach: AsyncCoach, notifier: LocalNotifier, user: str, turns: int, begin: float = 0.0
) -> None:
    """Start a session after so many seconds, and say so many messages in it."""
    await asyncio.sleep(begin)
    me = coach.as_user(user, tenant="acme")
    chat = await me.start(TOPIC, context={"name": "Ada"})
    async with notifier.subscribe(tenant="acme", session=chat.session_id) as told:
        for number in range(turns):
            if number % 2 == 0 or user == "warm":
                await chat.send(SAID)
                continue
            job = (await chat.submit(SAID)).id
            async for event in told:
                if event.job == job:
                    break
    await _look(chat)


async def _look(chat: AsyncChat[None]) -> None:
    """Read what a page shows."""
    await chat.history()
    await chat.get()


# --- what is printed -----------------------------------------------------------------------------


def report(
    folder: Path, sessions: int = SESSIONS, turns: int = TURNS, seconds: float = IDLE
) -> Measured:
    """Measure and print everything; return what was measured under load."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        quiet = runner.run(idle(seconds))
    with asyncio.Runner(loop_factory=Loop) as runner:
        measured, took = runner.run(loaded(folder / "loop.db", sessions, turns))
    print(f"{sessions} sessions at once, {turns} messages each, in {took:.1f} s; milliseconds")
    print(f"  {'':<36}{'number':>9}{'p50':>8}{'p99':>8}{'p99.9':>8}{'worst':>8}")
    for what, figures in (
        ("the watchdog is late, without load", quiet.late),
        ("the watchdog is late, with load", measured.late),
        ("a callback, without load", quiet.walls),
        ("a callback, with load", measured.walls),
        ("a callback, with load, CPU time", measured.cpus),
        ("a round, with load, CPU time", measured.rounds),
    ):
        told = "".join(f"{quantile(figures, share) * 1e3:>8.2f}" for share in (0.5, 0.99, 0.999, 1))
        print(f"  {what:<36}{len(figures):>9,}{told}")
    for what, figures in (("callbacks", measured.cpus), ("rounds", measured.rounds)):
        over = sum(took > ALLOWED for took in figures)
        print(f"{over} {what} took more than {ALLOWED * 1e3:.0f} ms of CPU time")
    print(
        "\nThe callbacks that took longest: CPU time, of it collecting garbage, time of the clock"
    )
    for cpu, collected, wall, name in sorted(
        zip(measured.cpus, measured.collected, measured.walls, measured.names, strict=True),
        reverse=True,
    )[:LONGEST]:
        print(f"  {cpu * 1e3:>8.2f}{collected * 1e3:>8.2f}{wall * 1e3:>8.2f}  {name}")
    return measured


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as made:
        report(Path(made))
