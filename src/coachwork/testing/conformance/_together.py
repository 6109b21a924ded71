"""Effects that checks ask beside those of the port: to do things at once, to meet, to wait.

Like all effects they are answered in both colours: by threads where the port blocks, by tasks
where it is awaited.
"""

from __future__ import annotations

from collections.abc import Awaitable
from sys import getswitchinterval, setswitchinterval
from threading import Barrier, Lock, Thread, current_thread
from time import sleep
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from attrs import field, frozen

from coachwork.drivers import run, run_async
from coachwork.effects import Effect, Workflow
from coachwork.ports import AsyncPorts, Ports
from coachwork.testing.conformance._watching import watched
from coachwork.testing.conformance._words import in_words

if TYPE_CHECKING:
    import asyncio

R = TypeVar("R")


class MeetingPlace(Protocol):
    """Where racers wait for each other."""

    def wait(self) -> None:
        """Wait for the others, where the port blocks."""
        ...

    async def wait_async(self) -> None:
        """Wait for the others, where the port is awaited."""
        ...


class Meeting:
    """Where the racers of one process wait for each other."""

    def __init__(self, racers: int) -> None:
        """Let everybody wait until so many are there."""
        self._racers = racers
        self._threads = Barrier(racers)
        self._tasks: asyncio.Barrier | None = None

    def wait(self) -> None:
        """Wait for the other threads."""
        self._threads.wait()

    async def wait_async(self) -> None:
        """Wait for the other tasks."""
        await self._of_tasks().wait()

    def abort(self) -> None:
        """Let nobody wait any longer: one of them is not going to come."""
        self._threads.abort()

    async def abort_async(self) -> None:
        """Let no task wait any longer."""
        await self._of_tasks().abort()

    def _of_tasks(self) -> asyncio.Barrier:
        import asyncio  # noqa: PLC0415 - only who awaits needs it

        if self._tasks is None:
            self._tasks = asyncio.Barrier(self._racers)
        return self._tasks


@frozen
class Meet(Effect[None]):
    """Are the others here?"""

    meeting: MeetingPlace

    def perform(self, ports: Ports | AsyncPorts, /) -> Awaitable[None] | None:
        """Wait for the other threads, tasks or processes."""
        if isinstance(ports, AsyncPorts):
            return self.meeting.wait_async()
        self.meeting.wait()
        return None


@frozen
class Wait(Effect[None]):
    """Is so much time over?"""

    seconds: float

    def perform(self, ports: Ports | AsyncPorts, /) -> Awaitable[None] | None:
        """Wait as long."""
        if isinstance(ports, AsyncPorts):
            import asyncio  # noqa: PLC0415 - only who awaits needs it

            return asyncio.sleep(self.seconds)
        sleep(self.seconds)
        return None


class _Hurry:
    """Lets threads take turns as often as they can: what goes wrong in a race goes wrong sooner."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._races = 0
        self._before = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if self._races == 0:
                self._before = getswitchinterval()
                setswitchinterval(SHORTEST)
            self._races += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._races -= 1
            if self._races == 0:
                setswitchinterval(self._before)


SHORTEST: Final = 1e-6
"""Seconds after which a thread lets another one have its turn, in a race."""

_HURRY: Final = _Hurry()


@frozen
class AtOnce(Effect[tuple[R, ...]], Generic[R]):
    """What do these workflows answer, each in a thread or task of its own, at the same time?

    Attributes:
        workflows: The racers.
        meeting: Where they meet on their way, if they do.
    """

    workflows: tuple[Workflow[R], ...]
    meeting: Meeting | None = field(default=None, repr=False)

    def perform(self, ports: Ports | AsyncPorts, /) -> tuple[R, ...] | Awaitable[tuple[R, ...]]:
        """Race; what the first of them raises is raised when all have ended."""
        if isinstance(ports, AsyncPorts):
            return self._in_tasks(ports)
        return self._in_threads(ports)

    def _in_threads(self, ports: Ports) -> tuple[R, ...]:
        begin = Barrier(len(self.workflows))
        answered: dict[int, R] = {}
        failed: list[BaseException] = []

        def race(number: int, workflow: Workflow[R]) -> None:
            begin.wait()
            try:
                answered[number] = run(watched(workflow, failed), ports)
            except BaseException as error:  # noqa: BLE001 - it is raised below
                failed.append(error)
                if self.meeting is not None:
                    self.meeting.abort()

        # The name tells to which check they belong, where one of them hangs.
        name = current_thread().name
        racers = [
            Thread(target=race, args=racer, name=f"{name}-racer-{racer[0]}", daemon=True)
            for racer in enumerate(self.workflows)
        ]
        with _HURRY:
            for racer in racers:
                racer.start()
            for racer in racers:
                racer.join()
        if failed:
            raise failed[0]
        return tuple(answered[number] for number in range(len(racers)))

    async def _in_tasks(self, ports: AsyncPorts) -> tuple[R, ...]:
        import asyncio  # noqa: PLC0415 - only who awaits needs it

        failed: list[BaseException] = []

        async def race(workflow: Workflow[R]) -> R:
            try:
                return await run_async(watched(workflow, failed), ports)
            except BaseException as error:
                failed.append(error)
                if self.meeting is not None:
                    await self.meeting.abort_async()
                raise

        racing = asyncio.current_task()
        name = "" if racing is None else racing.get_name()
        racers = [
            asyncio.create_task(race(workflow), name=f"{name}-racer-{number}")
            for number, workflow in enumerate(self.workflows)
        ]
        await asyncio.gather(*racers, return_exceptions=True)
        if failed:
            raise failed[0]
        return tuple(racer.result() for racer in racers)


@frozen
class CancelAfter(Effect[bool], Generic[R]):
    """Was the workflow over before its task was cancelled, so many turns of the loop later?

    Attributes:
        workflow: What is done.
        turns: After how many turns of the event loop its task is cancelled. Where the port blocks,
            nothing can be cancelled, and it is done to its end.
    """

    workflow: Workflow[R]
    turns: int

    def perform(self, ports: Ports | AsyncPorts, /) -> bool | Awaitable[bool]:
        """Begin it, and cancel it."""
        if isinstance(ports, AsyncPorts):
            return self._cancelled(ports)
        run(watched(self.workflow), ports)
        return True

    async def _cancelled(self, ports: AsyncPorts) -> bool:
        import asyncio  # noqa: PLC0415 - only who awaits needs it

        task = asyncio.ensure_future(run_async(watched(self.workflow), ports))
        for _ in range(self.turns):
            await asyncio.sleep(0)
        task.cancel()
        (failure,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(failure, Exception):
            raise failure
        return failure is None


@in_words.register(AtOnce)
def _(effect: AtOnce[object]) -> str:
    return f"{len(effect.workflows)} at once"
