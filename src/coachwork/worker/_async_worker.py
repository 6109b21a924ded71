"""A worker in tasks of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from coachwork import workflows
from coachwork.coach import AsyncCoach
from coachwork.errors import MisuseError
from coachwork.jobs import Job
from coachwork.worker._desk import LONGEST_WAIT, RELAY_PAGE, Desk, Hand, TooLate, check_made_of
from coachwork.worker._options import WorkerOptions
from coachwork.worker._telling import tell
from coachwork.workflows import Claimed, JobView

LAST_WAIT: Final = 5.0
"""Seconds that calls which were cancelled have to end."""


class AsyncWorker:
    """Answers the jobs of an async coach that wait, several at once. The same words as `Worker`.

    Use it as an async context manager, or await `run` or `drain`. When either is cancelled, or the
    grace time is over, the calls of the model are cancelled and the jobs are given back at once.

    Args:
        coach: The coach; it is not closed.
        options: How to work.
        settled: Told of every job that got its outcome in this worker's hands; it must not wait.
    """

    def __init__(
        self,
        coach: AsyncCoach,
        options: WorkerOptions | None = None,
        *,
        settled: Callable[[JobView], None] | None = None,
    ) -> None:
        """Make the worker; it does nothing yet."""
        check_made_of(coach, AsyncCoach, options)
        self._coach = coach
        self._options = options or WorkerOptions()
        self._setup = coach.setup.for_worker()
        self._settled = settled
        self._desk = Desk(self._options, self._setup.settings, relays=self._setup.notifies)
        self._alarm = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._background: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """See `Worker.run`."""
        await self._work(drains=False)

    async def drain(self) -> int:
        """See `Worker.drain`."""
        return await self._work(drains=True)

    def stop(self) -> None:
        """See `Worker.stop`."""
        self._stopping = True
        self._ring()

    async def __aenter__(self) -> Self:
        """Begin to work in the background.

        Raises:
            MisuseError: It was entered before, or is at work.
        """
        if self._background is not None or self._loop is not None:
            raise MisuseError("a worker is entered once: make another one")
        self._background = asyncio.create_task(self.run(), name="coachwork-worker")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and wait for the end of `run`; when the block was interrupted, without grace."""
        if self._background is None:
            return
        if error is not None and not isinstance(error, Exception):
            self._background.cancel()
        try:
            self.stop()
            await asyncio.wait({self._background})
        except BaseException:  # cancelled while it waits
            self._background.cancel()
            await asyncio.wait({self._background})
            raise

    # --- at work ---------------------------------------------------------------------------------

    async def _work(self, *, drains: bool) -> int:
        """See `Worker._work`."""
        if self._loop is not None:
            raise MisuseError("the worker is at work already")
        self._loop = asyncio.get_running_loop()
        self._alarm = asyncio.Event()  # of this loop
        before = self._desk.answered
        heart = asyncio.create_task(self._beat(), name="coachwork-heart")
        try:
            self._coach.bell.listen(self._ring)
            while True:
                self._alarm.clear()
                if self._stopping:
                    break
                self._relay()
                await self._claim()
                if drains and self._desk.is_drained:
                    break
                await self._wait(self._desk.patience())
            await self._wait_for_answers()
        finally:
            self._coach.bell.unlisten(self._ring)
            try:
                await self._give_back(heart)
            finally:
                self._loop = None
        return self._desk.answered - before

    async def _claim(self) -> None:
        """See `Worker._claim`."""
        most = self._desk.look_at()
        if most == 0:
            return
        try:
            due = await self._coach.run(
                workflows.due_jobs(self._setup, limit=most, without=self._desk.not_wanted())
            )
        except Exception as error:  # noqa: BLE001 - a worker goes on, whatever a port does
            self._desk.failed("look for jobs", error)
            return
        for hand in self._desk.take(due):
            self._begin(self._answer(hand), "coachwork-job")

    async def _answer(self, hand: Hand) -> None:
        """Answer one job, in a task of its own."""
        try:
            held = await self._coach.run(
                workflows.serve(
                    self._setup, hand.ref, lambda claimed: self._desk.claimed(hand, claimed)
                )
            )
            tell(self._settled, self._desk.outcome(hand, held))
            untold = self._desk.begin_telling(held)
            self._desk.off(hand)
            self._alarm.set()
            await self._deliver(untold)
        except TooLate as late:
            await self._coach.run(workflows.release(late.claimed))
        except BaseException as error:
            self._desk.broke(hand, error)
            if not isinstance(error, Exception | asyncio.CancelledError):
                raise  # Ctrl-C and the like end the event loop
        finally:
            self._desk.off(hand)
            self._alarm.set()

    async def _deliver(self, job: Job | None) -> None:
        """See `Worker._deliver`."""
        while job is not None:
            goes_on = False
            try:
                await self._coach.run(workflows.deliver_quietly(self._setup, job))
                goes_on = True
            finally:
                job = self._desk.told(goes_on=goes_on)

    def _relay(self) -> None:
        """See `Worker._relay`."""
        if self._desk.relay_is_due():
            self._begin(self._deliver_owed(), "coachwork-relay")

    async def _deliver_owed(self) -> None:
        """Deliver events that are owed, in a task of its own: a notifier may be slow."""
        relayed = None
        try:
            after = timedelta(seconds=self._options.relay_after)
            relayed = await self._coach.run(
                workflows.relay(self._setup, limit=RELAY_PAGE, older_than=after)
            )
        except Exception as error:  # noqa: BLE001 - as above
            self._desk.failed("relay events", error)
        finally:
            self._desk.relayed(relayed)
            self._alarm.set()

    def _begin(self, doing: Coroutine[object, object, None], name: str) -> None:
        task = asyncio.create_task(doing, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _ring(self) -> None:
        """Wake the worker, from any thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody is to be woken
                loop.call_soon_threadsafe(self._alarm.set)

    async def _wait(self, seconds: float) -> None:
        """Wait until something happens, for so long at the most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._alarm.wait()

    # --- the heart -------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Renew the leases of the jobs in hand, in a task of its own, until it is cancelled."""
        while True:
            await asyncio.sleep(self._desk.beat)
            # Side by side: with many in hand, the last one's lease must not run out meanwhile.
            renewing = [
                asyncio.create_task(self._renew(hand, claimed), name="coachwork-heart")
                for hand, claimed in self._desk.to_renew()
            ]
            # Even a call that ends as cancelled, though nobody cancelled it, stops no heart.
            await asyncio.gather(*renewing, return_exceptions=True)

    async def _renew(self, hand: Hand, claimed: Claimed) -> None:
        try:
            mine = await self._coach.run(workflows.renew(self._setup, claimed))
        except Exception as error:  # noqa: BLE001 - as above
            self._desk.renewal_failed(hand, error)
        else:
            if not mine:
                self._desk.lost(hand)

    # --- the end ---------------------------------------------------------------------------------

    async def _wait_for_answers(self) -> None:
        """See `Worker._wait_for_answers`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._options.grace
        while True:
            self._alarm.clear()
            left = until - loop.time()
            if not self._desk.is_busy or left <= 0:
                return
            await self._wait(min(left, LONGEST_WAIT))

    async def _give_back(self, heart: asyncio.Task[None]) -> None:
        """Cancel what is still under way, and give it back; see `Worker._give_back`."""
        left = self._desk.let_go()
        ending = {heart, *self._tasks}
        for task in ending:
            task.cancel()
        await asyncio.wait(ending, timeout=LAST_WAIT)
        for claimed in left:  # most gave their leases up when they were cancelled; some do not end
            await self._coach.run(workflows.release(claimed))
        if left:
            self._coach.bell.ring()  # for the other workers of this coach
