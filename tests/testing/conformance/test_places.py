"""Where threads and tasks are seen that do not end."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable

from attrs import frozen

from coachwork.drivers import run, run_async
from coachwork.effects import Effect, Workflow
from coachwork.ports import AsyncPorts, Ports
from coachwork.testing.conformance import AtOnce, Wait
from coachwork.testing.conformance._places import _outwards, places_of_tasks, places_of_threads
from tests.things import async_ports, ports


def stuck(until: threading.Event) -> None:
    """Wait, as an adapter that hangs."""
    until.wait(20)


async def stuck_async() -> None:
    """Wait, as an async adapter that hangs."""
    await nested()


async def nested() -> None:
    """Wait deeper down."""
    await asyncio.sleep(20)


def seen(name: str, target: Callable[[threading.Event], object]) -> str:
    """Return where a thread of that name stands while it runs *target*."""
    until = threading.Event()
    thread = threading.Thread(target=target, args=(until,), name=name)
    thread.start()
    told = places_of_threads(name)
    for _ in range(1000):
        if " in stuck" in told:
            break
        threading.Event().wait(0.005)
        told = places_of_threads(name)
    until.set()
    thread.join()
    return told


def test_a_thread_is_seen_where_the_adapter_stands() -> None:
    """Neither the standard library's lock is shown, nor the kit's own lines."""
    told = seen("a-thread-of-a-check", stuck)
    assert told.startswith(__file__)
    assert told.endswith(" in stuck")


def test_only_threads_of_that_check_are_seen() -> None:
    """A name that only begins alike is another one's."""
    until = threading.Event()
    thread = threading.Thread(target=stuck, args=(until,), name="check-10")
    thread.start()
    assert places_of_threads("check-1") == "nowhere that could be seen"
    assert places_of_threads("check-10") != "nowhere that could be seen"
    until.set()
    thread.join()


def test_racers_of_a_check_are_seen() -> None:
    """It is they who hang; a place where several stand is told once."""

    def main(until: threading.Event) -> None:
        def racer() -> Workflow[None]:
            stuck(until)
            yield from Wait(0)

        def race() -> Workflow[None]:
            yield from AtOnce(tuple(racer() for _ in range(3)))

        run(race(), ports())

    told = seen("a-check", main)
    assert told.count(" in stuck") == 1


def test_a_task_is_seen_where_it_waits() -> None:
    """The innermost of the coroutines that wait for each other is told."""

    async def main() -> str:
        task = asyncio.create_task(stuck_async(), name="a-check")
        await asyncio.sleep(0)
        told = places_of_tasks(task)
        task.cancel()
        return told

    told = asyncio.run(main())
    assert told.startswith(__file__)
    assert told.endswith(" in nested")


@frozen
class Stuck(Effect[None]):
    """Is it over?"""

    def perform(self, _ports: Ports | AsyncPorts, /) -> Awaitable[None]:
        """Wait for it."""
        return nested()


def test_racing_tasks_are_seen() -> None:
    """The tasks of a race are told with the one that waits for them, other tasks are not."""

    def racer() -> Workflow[None]:
        yield from Stuck()

    def race() -> Workflow[None]:
        yield from AtOnce((racer(), racer()))

    async def main() -> tuple[str, str]:
        other = asyncio.create_task(asyncio.sleep(20), name="a-checker")
        task = asyncio.create_task(run_async(race(), async_ports()), name="a-check")
        for _ in range(5):
            await asyncio.sleep(0)
        told = places_of_tasks(task), places_of_tasks(other)
        task.cancel()
        other.cancel()
        await asyncio.gather(task, other, return_exceptions=True)
        return told

    race_told, other_told = asyncio.run(main())
    assert race_told.endswith(" in nested")
    assert other_told == "nowhere that could be seen"


def test_a_task_that_is_over_is_nowhere() -> None:
    """Who has ended in the meantime is not looked for."""

    async def main() -> str:
        task = asyncio.create_task(asyncio.sleep(0))
        await task
        return places_of_tasks(task)

    assert asyncio.run(main()) == "nowhere that could be seen"


def test_a_stack_is_told_to_its_end() -> None:
    """From the innermost frame outwards, until there is no other."""
    frames = list(_outwards(sys._getframe()))
    assert frames[0].f_code.co_name == "test_a_stack_is_told_to_its_end"
    assert frames[-1].f_back is None
