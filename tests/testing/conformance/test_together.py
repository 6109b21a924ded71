"""Effects that checks ask: to do things at once, to meet, to wait, to be cancelled."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable

import pytest
from attrs import frozen

from coachwork.drivers import run, run_async
from coachwork.effects import Effect, Workflow
from coachwork.ports import AsyncPorts, Ports
from coachwork.testing.conformance import (
    AdapterRaisedError,
    AtOnce,
    CancelAfter,
    Meet,
    Meeting,
    PromiseBrokenError,
    Wait,
    in_words,
)
from coachwork.testing.conformance._together import SHORTEST
from tests.things import async_ports, ports

ASYNC = async_ports()
BLOCKING = ports()
COLOURS: list[Ports | AsyncPorts] = [BLOCKING, ASYNC]


def in_colour(workflow: Callable[[], Workflow[object]], colour: Ports | AsyncPorts) -> object:
    """Drive a workflow in a colour."""
    if isinstance(colour, AsyncPorts):
        return asyncio.run(run_async(workflow(), colour))
    return run(workflow(), colour)


both = pytest.mark.parametrize("colour", COLOURS, ids=["threads", "tasks"])


@frozen
class Where(Effect[str]):
    """In which thread or task?"""

    def perform(self, ports: Ports | AsyncPorts, /) -> str:
        """Look."""
        if isinstance(ports, AsyncPorts):
            task = asyncio.current_task()
            assert task is not None
            return task.get_name()
        return threading.current_thread().name


def told(effect: Effect[object]) -> Workflow[object]:
    """Ask an effect."""
    return (yield from effect)


@both
def test_racers_have_threads_or_tasks_of_their_own(colour: Ports | AsyncPorts) -> None:
    """Their names tell whose they are, and the answers come in the order of the racers."""
    found = in_colour(lambda: told(AtOnce(tuple(told(Where()) for _ in range(3)))), colour)
    assert isinstance(found, tuple)
    name = str(found[0]).removesuffix("-racer-0")
    assert name
    assert found == tuple(f"{name}-racer-{n}" for n in range(3))


@both
def test_racers_meet(colour: Ports | AsyncPorts) -> None:
    """Nobody goes on before all are there, and they may meet again."""
    heard: list[str] = []
    meeting = Meeting(2)

    def racer(name: str) -> Workflow[None]:
        for _ in range(3):
            heard.append(name)
            yield from Meet(meeting)

    in_colour(lambda: told(AtOnce((racer("a"), racer("b")), meeting)), colour)
    assert [sorted(heard[n : n + 2]) for n in (0, 2, 4)] == [["a", "b"]] * 3


@both
def test_who_fails_ends_the_race(colour: Ports | AsyncPorts) -> None:
    """Those who wait for somebody, and those who go round and round, are let go."""
    meeting = Meeting(2)

    def fails() -> Workflow[None]:
        yield from Wait(0)
        raise PromiseBrokenError("it", "a", "b")

    def waits() -> Workflow[None]:
        yield from Meet(meeting)

    def goes_round() -> Workflow[None]:
        while True:
            yield from Wait(0)

    race = AtOnce((waits(), goes_round(), fails()), meeting)
    with pytest.raises(PromiseBrokenError, match="it"):
        in_colour(lambda: told(race), colour)


@both
def test_a_race_without_a_meeting_fails_as_well(colour: Ports | AsyncPorts) -> None:
    """What a racer's port raises is told with what the racer asked."""
    with pytest.raises(AdapterRaisedError, match=r"Away\(\) raised OSError") as caught:
        in_colour(lambda: told(AtOnce((told(Wait(0)), told(Away())))), colour)
    assert isinstance(caught.value.error, OSError)


def test_racing_threads_take_turns_as_often_as_they_can() -> None:
    """As long as there is a race, and also where one race is within another; then as before."""
    before = sys.getswitchinterval()

    def racer() -> Workflow[float]:
        yield from Wait(0)
        return sys.getswitchinterval()

    def nested() -> Workflow[float]:
        yield from AtOnce((racer(), racer()))
        return sys.getswitchinterval()

    found = run(told(AtOnce((racer(), nested()))), BLOCKING)
    assert found == pytest.approx((SHORTEST, SHORTEST))
    assert sys.getswitchinterval() == before


@frozen
class Away(Effect[None]):
    """Is it there?"""

    def perform(self, _ports: Ports | AsyncPorts, /) -> None:
        """Find out that it is not."""
        raise OSError("away")


@frozen
class Turn(Effect[None]):
    """Let others have a turn of the loop, and note it."""

    noted: list[str]

    def perform(self, ports: Ports | AsyncPorts, /) -> Awaitable[None] | None:
        """Give it."""
        self.noted.append("turn")
        return asyncio.sleep(0) if isinstance(ports, AsyncPorts) else None


def turns(noted: list[str], number: int) -> Workflow[None]:
    """Take so many turns."""
    for _ in range(number):
        yield from Turn(noted)
    noted.append("over")


def test_a_task_is_cancelled_after_so_many_turns() -> None:
    """What it had done till then is done, and no more."""
    for after in range(6):
        noted: list[str] = []
        cancel = CancelAfter(turns(noted, 3), after)
        assert asyncio.run(run_async(told(cancel), ASYNC)) is (after > 3)
        assert noted == (["turn"] * min(after, 3) + ["over"] * (after > 3))


def test_what_cannot_be_cancelled_is_done() -> None:
    """Where the port blocks there is no task."""
    noted: list[str] = []
    assert run(told(CancelAfter(turns(noted, 3), 0)), BLOCKING) is True
    assert noted[-1] == "over"


def test_what_fails_before_it_is_cancelled_fails() -> None:
    """An error is not taken for the end."""

    def fails() -> Workflow[None]:
        yield from Turn([])
        raise PromiseBrokenError("it", "a", "b")

    with pytest.raises(PromiseBrokenError):
        asyncio.run(run_async(told(CancelAfter(fails(), 9)), ASYNC))


def test_a_race_is_told_by_its_number() -> None:
    """A report says how many raced."""
    assert in_words(AtOnce((told(Wait(0)), told(Wait(0))))) == "2 at once"
