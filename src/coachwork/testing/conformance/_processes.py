"""An effect that checks ask where several processes use the store at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from attrs import field, frozen

from coachwork.effects import Effect, Workflow
from coachwork.ports import AsyncPorts, Ports
from coachwork.testing.conformance._colours import drive
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._promise import Make, Port, Trial
from coachwork.testing.conformance._report import finding
from coachwork.testing.conformance._words import in_words

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

R = TypeVar("R")


@frozen
class Elsewhere(Effect[tuple[R, ...]], Generic[R]):
    """What do these answer, each in a process and with an adapter of its own, at the same time?

    Attributes:
        trial: The trial of the check that asks.
        calls: What makes the workflows; it and the answers are pickled.
    """

    trial: Trial = field(repr=False)
    calls: tuple[Callable[[], Workflow[R]], ...]

    def perform(self, ports: Ports | AsyncPorts, /) -> tuple[R, ...] | Awaitable[tuple[R, ...]]:
        """Begin the processes, let them go together, and hear what they answer."""
        if isinstance(ports, AsyncPorts):
            import asyncio  # noqa: PLC0415 - only who awaits needs it

            return asyncio.to_thread(self._raced)
        return self._raced()

    def _raced(self) -> tuple[R, ...]:
        racers: list[_Racer] = []
        try:
            # One by one: those that were begun are ended, should the next one fail.
            racers.extend(_Racer(self.trial, call) for call in self.calls)
            _heard(racers, self.trial.deadline)
            for racer in racers:
                racer.go()
            answers = _heard(racers, self.trial.deadline)
            return tuple(cast("R", answer) for answer in answers)
        finally:
            for racer in racers:
                racer.end()


class ProcessMeeting:
    """Where the processes of one race wait for each other; it is sent to them with the calls."""

    def __init__(self, racers: int) -> None:
        """Let everybody wait until so many are there."""
        import multiprocessing  # noqa: PLC0415 - only where several processes are tried

        self._barrier = multiprocessing.get_context("spawn").Barrier(racers)

    def wait(self) -> None:
        """Wait for the other processes."""
        self._barrier.wait()

    async def wait_async(self) -> None:
        """Wait for the other processes."""
        import asyncio  # noqa: PLC0415 - only who awaits needs it

        await asyncio.to_thread(self.wait)


class _Racer:
    """A process, seen from the one that began it."""

    def __init__(self, trial: Trial, call: Callable[[], Workflow[object]]) -> None:
        """Begin the process; it makes its adapter and waits."""
        import multiprocessing  # noqa: PLC0415 - only where several processes are tried

        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=_race,
            args=(theirs, trial.port, trial.make, call, trial.deadline),
            daemon=True,
        )
        self._process.start()
        theirs.close()

    def hear(self) -> object:
        """Return what it answers.

        Raises:
            PromiseBrokenError: It failed, or ended without a word.
        """
        try:
            is_well, told = self.pipe.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            raise _broken(f"it ended with exit code {code}; can it import `make`?") from None
        if not is_well:
            raise _broken(told)
        answer: object = told
        return answer

    def go(self) -> None:
        """Let it begin."""
        self.pipe.send("go")

    def end(self) -> None:
        """Let it end by itself, or make it."""
        self.pipe.close()
        self._process.join(1)
        self._process.kill()
        self._process.join()


def _heard(racers: Sequence[_Racer], deadline: float) -> list[object]:
    """Return what each of *racers* says next.

    Raises:
        PromiseBrokenError: One of them failed, or did not say anything in time. Those who fail are
            heard at once: the others may wait for them.
    """
    from multiprocessing.connection import wait  # noqa: PLC0415 - only where they are tried

    said: dict[int, object] = {}
    silent = {racer.pipe: number for number, racer in enumerate(racers)}
    until = monotonic() + deadline
    while silent:
        speaking = wait(list(silent), max(0.0, until - monotonic()))
        if not speaking:
            raise _broken(f"no word after {deadline:g} s")
        for pipe, number in list(silent.items()):
            if pipe in speaking:
                said[number] = racers[number].hear()
                del silent[pipe]
    return [said[number] for number in range(len(racers))]


def _broken(found: str) -> PromiseBrokenError:
    """Return that a process did not answer."""
    return PromiseBrokenError("the same in a process of its own", "an answer", found)


def _race(
    pipe: Connection,
    port: Port,
    make: Make,
    call: Callable[[], Workflow[object]],
    deadline: float,
) -> None:
    """Do it, as the process that was begun for it."""

    def when_told() -> Workflow[object]:
        pipe.send((True, "ready"))
        pipe.recv()
        return (yield from call())

    try:
        told = (True, drive(port, make, when_told, deadline))
    except BaseException as error:  # noqa: BLE001 - whoever began it reports it
        told = (False, finding(error))
    with suppress(OSError):  # whoever began it may have given up
        pipe.send(told)


@in_words.register(Elsewhere)
def _(effect: Elsewhere[object]) -> str:
    return f"{len(effect.calls)} processes at once"
