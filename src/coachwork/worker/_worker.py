"""A worker in threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from coachwork import workflows
from coachwork.coach import Coach
from coachwork.errors import MisuseError
from coachwork.jobs import Job
from coachwork.worker._alarm import NAP, Alarm
from coachwork.worker._desk import LONGEST_WAIT, RELAY_PAGE, Desk, Hand, TooLate, check_made_of
from coachwork.worker._options import WorkerOptions
from coachwork.worker._telling import tell
from coachwork.workflows import Claimed, JobView


class Worker:
    """Answers the jobs of a blocking coach that wait, several at once.

    Use it as a context manager, and it works in the background until the end of the block; or call
    `run`, which works until `stop` is called; or `drain`, which works until nothing waits any more.

    It holds each job under a short lease (``Settings.worker_lease``) that it renews while the model
    thinks: a worker that dies is noticed soon, whatever a model call may take. It is woken when a
    job is submitted to the same coach, and looks for others now and then. Where the coach has a
    notifier, it also delivers the events that are owed.

    Args:
        coach: The coach; it is not closed.
        options: How to work.
        settled: Told of every job that got its outcome in this worker's hands, in the worker's
            threads, by several at once.
    """

    def __init__(
        self,
        coach: Coach,
        options: WorkerOptions | None = None,
        *,
        settled: Callable[[JobView], None] | None = None,
    ) -> None:
        """Make the worker; it does nothing yet."""
        check_made_of(coach, Coach, options)
        self._coach = coach
        self._options = options or WorkerOptions()
        self._setup = coach.setup.for_worker()
        self._settled = settled
        self._desk = Desk(self._options, self._setup.settings, relays=self._setup.notifies)
        self._lock = Lock()
        self._alarm = Alarm()
        self._stopping = False
        self._hurried = False
        self._at_work = False
        self._background: Event | None = None

    def run(self) -> None:
        """Work until `stop` is called, then wait for the answers under way, for the grace time.

        What is under way after that is given back, so that others can go on with it at once; its
        late answer is dropped. On Ctrl-C everything is given back at once.

        Raises:
            MisuseError: It is at work already.
        """
        self._work(drains=False)

    def drain(self) -> int:
        """Work until nothing waits and nothing is under way, or `stop` is called.

        Jobs that cannot be answered, such as those of a topic that is not declared here, are left;
        so are those in other hands. While the repository is out of reach it waits.

        Returns:
            How many jobs got their outcome.

        Raises:
            MisuseError: It is at work already.
        """
        return self._work(drains=True)

    def stop(self) -> None:
        """Claim nothing more, for ever; `run` returns when the answers under way have come.

        It may be called from any thread and from a signal handler, and before `run`.
        """
        self._stopping = True
        self._alarm.ring()

    def __enter__(self) -> Self:
        """Begin to work in the background.

        Raises:
            MisuseError: It was entered before, or is at work.
        """
        if self._background is not None or self._at_work:
            raise MisuseError("a worker is entered once: make another one")
        ended = Event()

        def run() -> None:
            try:
                self.run()
            finally:
                ended.set()

        Thread(target=run, name="coachwork-worker", daemon=True).start()
        self._background = ended
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and wait for the end of `run`; when the block was interrupted, without grace."""
        if self._background is None:
            return
        if error is not None and not isinstance(error, Exception):
            self._hurried = True
        try:
            self.stop()
            _wait_for(self._background)
        except BaseException:  # Ctrl-C while it waits
            self._hurried = True
            self.stop()
            _wait_for(self._background)
            raise

    # --- at work ---------------------------------------------------------------------------------

    def _work(self, *, drains: bool) -> int:
        """Work until it is stopped, or nothing is left to do; return how many were answered."""
        before = self._desk.answered
        ended = Event()
        heart = Thread(target=self._beat, args=(ended,), name="coachwork-heart", daemon=True)
        with self._lock:
            if self._at_work:
                raise MisuseError("the worker is at work already")
            self._at_work = True
        try:
            self._coach.bell.listen(self._alarm.ring)
            heart.start()
            while True:
                self._alarm.clear()
                if self._stopping:
                    break
                self._relay()
                self._claim()
                if drains and self._desk.is_drained:
                    break
                self._alarm.wait(self._patience())
            self._wait_for_answers()
        finally:
            self._coach.bell.unlisten(self._alarm.ring)
            ended.set()
            try:
                self._give_back(heart)
            finally:
                self._at_work = False
        return self._desk.answered - before

    def _claim(self) -> None:
        """Take jobs that wait, as many as there is room for, and begin to answer them."""
        with self._lock:
            most, without = self._desk.look_at(), self._desk.not_wanted()
        if most == 0:
            return
        try:
            due = self._coach.run(workflows.due_jobs(self._setup, limit=most, without=without))
        except Exception as error:  # noqa: BLE001 - a worker goes on, whatever a port does
            with self._lock:
                self._desk.failed("look for jobs", error)
            return
        with self._lock:
            hands = self._desk.take(due)
        for hand in hands:
            try:
                Thread(target=self._answer, args=(hand,), name="coachwork-job", daemon=True).start()
            except Exception as error:  # noqa: BLE001 - there are no more threads to be had
                with self._lock:
                    self._desk.off(hand)
                    self._desk.failed("start a thread", error)

    def _answer(self, hand: Hand) -> None:
        """Answer one job, in a thread of its own."""
        try:
            held = self._coach.run(
                workflows.serve(self._setup, hand.ref, lambda claimed: self._claimed(hand, claimed))
            )
            with self._lock:
                view = self._desk.outcome(hand, held)
            tell(self._settled, view)  # in its place: what it submits is found by who drains
            with self._lock:
                untold = self._desk.begin_telling(held)
                self._desk.off(hand)
            self._alarm.ring()
            self._deliver(untold)
        except TooLate as late:
            self._coach.run(workflows.release(late.claimed))
        except BaseException as error:  # noqa: BLE001 - a model may raise SystemExit in its thread
            with self._lock:
                self._desk.broke(hand, error)
        finally:
            with self._lock:
                self._desk.off(hand)
            self._alarm.ring()

    def _claimed(self, hand: Hand, claimed: Claimed) -> None:
        with self._lock:
            self._desk.claimed(hand, claimed)

    def _deliver(self, job: Job | None) -> None:
        """Deliver a job's event, and those that wait meanwhile; what fails is left to the relay."""
        while job is not None:
            goes_on = False
            try:
                self._coach.run(workflows.deliver_quietly(self._setup, job))
                goes_on = True
            finally:
                with self._lock:
                    job = self._desk.told(goes_on=goes_on)

    def _relay(self) -> None:
        """Begin to deliver the events that are owed, when it is time."""
        with self._lock:
            if not self._desk.relay_is_due():
                return
        try:
            Thread(target=self._deliver_owed, name="coachwork-relay", daemon=True).start()
        except Exception as error:  # noqa: BLE001 - there are no more threads to be had
            with self._lock:
                self._desk.relayed(None)
                self._desk.failed("start a thread", error)

    def _deliver_owed(self) -> None:
        """Deliver events that are owed, in a thread of its own: a notifier may be slow."""
        relayed = None
        try:
            after = timedelta(seconds=self._options.relay_after)
            relayed = self._coach.run(
                workflows.relay(self._setup, limit=RELAY_PAGE, older_than=after)
            )
        except BaseException as error:  # noqa: BLE001 - as above
            with self._lock:
                self._desk.failed("relay events", error)
        finally:
            with self._lock:
                self._desk.relayed(relayed)
            self._alarm.ring()

    def _patience(self) -> float:
        with self._lock:
            return self._desk.patience()

    # --- the heart -------------------------------------------------------------------------------

    def _beat(self, ended: Event) -> None:
        """Renew the leases of the jobs in hand, in a thread of its own, until all has *ended*."""
        while not ended.wait(self._desk.beat):
            with self._lock:
                renewing = self._desk.to_renew()
            for hand, claimed in renewing:
                self._renew(hand, claimed)

    def _renew(self, hand: Hand, claimed: Claimed) -> None:
        try:
            mine = self._coach.run(workflows.renew(self._setup, claimed))
        except Exception as error:  # noqa: BLE001 - as above
            with self._lock:
                self._desk.renewal_failed(hand, error)
        else:
            if not mine:
                with self._lock:
                    self._desk.lost(hand)

    # --- the end ---------------------------------------------------------------------------------

    def _wait_for_answers(self) -> None:
        """Wait for what is under way, for the grace time at the most."""
        until = monotonic() + self._options.grace
        while True:
            self._alarm.clear()
            left = until - monotonic()
            if not self._desk.is_busy or self._hurried or left <= 0:
                return
            self._alarm.wait(min(left, LONGEST_WAIT))

    def _give_back(self, heart: Thread) -> None:
        """Give back what is still under way; its threads may go on, but nobody listens to them."""
        with self._lock:
            left = self._desk.let_go()
        if heart.is_alive():
            heart.join()
        for claimed in left:
            self._coach.run(workflows.release(claimed))
        if left:
            self._coach.bell.ring()  # for the other workers of this coach


def _wait_for(ended: Event) -> None:
    """Wait for the end of a thread, such that Ctrl-C is noticed.

    Before Python 3.13 a `Thread.join` that is interrupted takes the thread for ended.
    """
    while not ended.wait(NAP):
        pass
