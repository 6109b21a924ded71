"""A worker in tasks of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Self

from coachwork import workflows
from coachwork.coach import AsyncCoach
from coachwork.errors import MisuseError
from coachwork.jobs import JobRef
from coachwork.worker._desk import Desk
from coachwork.worker._options import WorkerOptions
from coachwork.workflows import Claimed, JobView


class AsyncWorker:
    """Answers the jobs of an async coach that wait, several at once. The same words as `Worker`.

    Use it as an async context manager, or await `run` or `drain`. When `run` is cancelled, or the
    grace time is over, the calls of the model are cancelled and the jobs are given back at once.

    Args:
        coach: The coach; it is not closed.
        options: How to work.
        settled: Told of every job that it settled; it must not wait.
    """

    def __init__(
        self,
        coach: AsyncCoach,
        options: WorkerOptions | None = None,
        *,
        settled: Callable[[JobView], None] | None = None,
    ) -> None:
        """Make the worker; it does nothing yet."""
        self._coach = coach
        self._options = options or WorkerOptions()
        self._setup = coach.setup.for_worker()
        self._desk = Desk(self._options, self._setup.settings, settled, relays=self._setup.notifies)
        self._rung = asyncio.Event()
        self._stopping = False
        self._answers: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """See `Worker.run`."""
        ring = self._ring()
        self._coach.bell.listen(ring)
        try:
            while not self._stopping:
                self._rung.clear()
                await self._keep()
                await self._claim()
                await self._wait(self._desk.patience())
            await self._wait_for_answers(self._options.grace)
        finally:
            self._coach.bell.unlisten(ring)
            await self._give_back()

    async def drain(self) -> int:
        """See `Worker.drain`."""
        answered = self._desk.answered
        ring = self._ring()
        self._coach.bell.listen(ring)
        try:
            while True:
                self._rung.clear()
                await self._keep()
                found = await self._claim()
                if not found and not self._desk.in_hand and self._desk.may_claim:
                    return self._desk.answered - answered
                await self._wait(self._desk.patience())
        finally:
            self._coach.bell.unlisten(ring)
            await self._give_back()

    def stop(self) -> None:
        """See `Worker.stop`; call it in the worker's event loop."""
        self._stopping = True
        self._rung.set()

    async def __aenter__(self) -> Self:
        """Begin to work in the background.

        Raises:
            MisuseError: It was used before.
        """
        if self._running is not None or self._stopping:
            raise MisuseError("a worker is used once: make another one")
        self._running = asyncio.create_task(self.run(), name="coachwork-worker")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and wait for the end of `run`."""
        self.stop()
        if self._running is not None:
            await self._running

    # --- one round -----------------------------------------------------------------------------

    async def _claim(self) -> bool:
        """See `Worker._claim`."""
        if not self._desk.may_claim:
            return False
        most = self._desk.pace.look_at(self._desk.free)
        try:
            due = await self._coach.run(workflows.due_jobs(self._setup, limit=most))
        except Exception as error:  # noqa: BLE001 - a worker goes on, whatever a port does
            self._desk.failed("look for jobs", error)
            return False
        taken = self._desk.take(due)
        for ref in taken:
            task = asyncio.create_task(self._answer(ref), name="coachwork-job")
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
        return bool(taken)

    async def _answer(self, ref: JobRef) -> None:
        """Answer one job, in a task of its own."""
        try:
            held = await self._coach.run(
                workflows.serve(self._setup, ref, lambda claimed: self._desk.claimed(ref, claimed))
            )
        except Exception as error:  # noqa: BLE001 - as above
            self._desk.broke(ref, error)
        else:
            self._desk.done(ref, held)
        finally:
            self._rung.set()

    async def _keep(self) -> None:
        """See `Worker._keep`."""
        for claimed in self._desk.beat_is_due():
            await self._renew(claimed)
        if self._desk.relay_is_due():
            after = timedelta(seconds=self._options.relay_after)
            try:
                await self._coach.run(workflows.relay(self._setup, older_than=after))
            except Exception as error:  # noqa: BLE001 - as above
                self._desk.failed("relay events", error)

    async def _renew(self, claimed: Claimed) -> None:
        try:
            mine = await self._coach.run(workflows.renew(self._setup, claimed))
        except Exception as error:  # noqa: BLE001 - as above
            self._desk.failed("renew a lease", error)
        else:
            if not mine:
                self._desk.lost(claimed.ref)

    def _ring(self) -> Callable[[], None]:
        """Return what wakes the worker from any thread."""
        loop = asyncio.get_running_loop()

        def ring() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody is to be woken
                loop.call_soon_threadsafe(self._rung.set)

        return ring

    async def _wait(self, seconds: float) -> None:
        """Wait until something happens, for so long at the most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()

    # --- the end -------------------------------------------------------------------------------

    async def _wait_for_answers(self, seconds: float) -> None:
        """See `Worker._wait_for_answers`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._answers and (left := until - loop.time()) > 0:
            self._rung.clear()
            await self._keep()
            await self._wait(min(left, self._desk.patience()))

    async def _give_back(self) -> None:
        """Cancel what is still under way; each gives its lease up."""
        for task in self._answers:
            task.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
