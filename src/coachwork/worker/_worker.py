"""A worker in threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, RLock, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from coachwork import workflows
from coachwork.coach import Coach
from coachwork.errors import MisuseError
from coachwork.jobs import JobRef
from coachwork.worker._desk import Desk
from coachwork.worker._options import WorkerOptions
from coachwork.workflows import Claimed, JobView


class Worker:
    """Answers the jobs of a blocking coach that wait, several at once.

    Use it as a context manager, and it works in the background until the end of the block; or call
    `run`, which works until another thread calls `stop`; or `drain`, which works until nothing
    waits any more.

    It holds each job under a short lease (``Settings.worker_lease``) that it renews while the model
    thinks: a worker that dies is noticed soon, whatever a model call may take. It is woken when a
    job is submitted to the same coach, and looks for others now and then. Where the coach has a
    notifier, it also delivers the events that are owed.

    Args:
        coach: The coach; it is not closed.
        options: How to work.
        settled: Told of every job that it settled; it is called in the worker's threads.
    """

    def __init__(
        self,
        coach: Coach,
        options: WorkerOptions | None = None,
        *,
        settled: Callable[[JobView], None] | None = None,
    ) -> None:
        """Make the worker; it does nothing yet."""
        self._coach = coach
        self._options = options or WorkerOptions()
        self._setup = coach.setup.for_worker()
        self._desk = Desk(self._options, self._setup.settings, settled, relays=self._setup.notifies)
        self._lock = RLock()
        self._rung = Event()
        self._stopping = Event()
        self._thread: Thread | None = None

    def run(self) -> None:
        """Work until `stop` is called, then wait for the answers under way, for the grace time.

        On Ctrl-C the jobs in hand are given back at once.
        """
        self._coach.bell.listen(self._rung.set)
        try:
            while not self._stopping.is_set():
                self._rung.clear()
                self._keep()
                self._claim()
                self._rung.wait(self._desk.patience())
            self._wait_for_answers(self._options.grace)
        finally:
            self._coach.bell.unlisten(self._rung.set)
            self._give_back()

    def drain(self) -> int:
        """Work until nothing waits and nothing is under way; return how many jobs it settled."""
        answered = self._desk.answered
        self._coach.bell.listen(self._rung.set)
        try:
            while True:
                self._rung.clear()
                self._keep()
                found = self._claim()
                if not found and not self._desk.in_hand and self._desk.may_claim:
                    return self._desk.answered - answered
                self._rung.wait(self._desk.patience())
        finally:
            self._coach.bell.unlisten(self._rung.set)
            self._give_back()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the answers under way have come."""
        self._stopping.set()
        self._rung.set()

    def __enter__(self) -> Self:
        """Begin to work in the background.

        Raises:
            MisuseError: It was used before.
        """
        if self._thread is not None or self._stopping.is_set():
            raise MisuseError("a worker is used once: make another one")
        self._thread = Thread(target=self.run, name="coachwork-worker", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and wait for the end of `run`."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    # --- one round -----------------------------------------------------------------------------

    def _claim(self) -> bool:
        """Take jobs that wait, as many as there is room for; tell whether there were any."""
        with self._lock:
            if not self._desk.may_claim:
                return False
            most = self._desk.pace.look_at(self._desk.free)
        try:
            due = self._coach.run(workflows.due_jobs(self._setup, limit=most))
        except Exception as error:  # noqa: BLE001 - a worker goes on, whatever a port does
            with self._lock:
                self._desk.failed("look for jobs", error)
            return False
        with self._lock:
            taken = self._desk.take(due)
        for ref in taken:
            Thread(target=self._answer, args=(ref,), name="coachwork-job", daemon=True).start()
        return bool(taken)

    def _answer(self, ref: JobRef) -> None:
        """Answer one job, in a thread of its own."""
        try:
            held = self._coach.run(
                workflows.serve(self._setup, ref, lambda claimed: self._claimed(ref, claimed))
            )
        except Exception as error:  # noqa: BLE001 - as above
            with self._lock:
                self._desk.broke(ref, error)
        else:
            with self._lock:
                self._desk.done(ref, held)
        finally:
            self._rung.set()

    def _claimed(self, ref: JobRef, claimed: Claimed) -> None:
        with self._lock:
            self._desk.claimed(ref, claimed)

    def _keep(self) -> None:
        """Renew the leases of jobs in hand, and deliver events that are owed, when it is time."""
        with self._lock:
            beating = self._desk.beat_is_due()
            relays = self._desk.relay_is_due()
        for claimed in beating:
            self._renew(claimed)
        if relays:
            after = timedelta(seconds=self._options.relay_after)
            try:
                self._coach.run(workflows.relay(self._setup, older_than=after))
            except Exception as error:  # noqa: BLE001 - as above
                with self._lock:
                    self._desk.failed("relay events", error)

    def _renew(self, claimed: Claimed) -> None:
        try:
            mine = self._coach.run(workflows.renew(self._setup, claimed))
        except Exception as error:  # noqa: BLE001 - as above
            with self._lock:
                self._desk.failed("renew a lease", error)
        else:
            if not mine:
                with self._lock:
                    self._desk.lost(claimed.ref)

    # --- the end -------------------------------------------------------------------------------

    def _wait_for_answers(self, seconds: float) -> None:
        """Wait for the jobs in hand, so long at the most; their leases are renewed meanwhile."""
        until = monotonic() + seconds
        while self._desk.in_hand and (left := until - monotonic()) > 0:
            self._rung.clear()
            self._keep()
            self._rung.wait(min(left, self._desk.patience()))

    def _give_back(self) -> None:
        """Give the leases of jobs up that are still under way; their answers will come too late."""
        with self._lock:
            left = [claimed for claimed in self._desk.in_hand.values() if claimed is not None]
        for claimed in left:
            self._coach.run(workflows.release(claimed))
