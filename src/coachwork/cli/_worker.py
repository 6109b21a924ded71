"""``coachwork worker``: answers the jobs that wait in a database file, for `chat --async`."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from time import monotonic
from types import FrameType
from typing import Final

from attrs import frozen

from coachwork.cli._chat_coach import topic_of
from coachwork.cli._choice import Choice
from coachwork.cli._database import opened
from coachwork.cli._models import PATIENCE, Candid, model_of, settings_of, tell_reason
from coachwork.cli._plain import one_line
from coachwork.cli._warnings import told_in_lines
from coachwork.coach import Coach
from coachwork.ports import Answer, Ask, LanguageModel
from coachwork.worker import Worker, WorkerOptions
from coachwork.workflows import JobView

STDERR: Final = 2
STOPPING: Final = b"Stopping.\n"
STOPPING_LATER: Final = (
    b"Stopping when what is under way is answered; once more gives it back at once.\n"
)

GRACE: Final = PATIENCE.total_seconds()
"""Seconds for which a worker that is to stop waits for the answers under way."""

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
"""What stops a worker; the second one at once."""


@frozen(kw_only=True)
class Shift:
    """What `worker` was told.

    Attributes:
        path: The database file.
        topics: The names of the topics.
        choice: Who answers.
        concurrency: How many jobs at once.
        once: Whether to end when nothing waits.
    """

    path: str
    topics: Sequence[str]
    choice: Choice
    concurrency: int
    once: bool


def worker(shift: Shift) -> int:
    """Answer jobs until it is stopped, or until none waits.

    Raises:
        CoachworkError: The database or the model cannot be used.
        KeyboardInterrupt: It was to stop at once; the jobs in hand are given back.
        OSError: What it does cannot be printed.
    """
    topics = [topic_of(name) for name in dict.fromkeys(shift.topics)]
    options = WorkerOptions(concurrency=shift.concurrency, grace=GRACE)
    with opened(shift.path) as database, told_in_lines(TOPIC_NOT_FOUND="; name it by --topic"):
        model = _Counted(Candid(model_of(shift.choice), tell_reason))
        coach = Coach(
            database,
            model,
            topics=topics,
            settings=settings_of(shift.choice, jobs=True),
        )
        report = _Report()

        def settled(job: JobView) -> None:
            if not report.tells_of(job):
                working.stop()  # whoever reads it has seen enough

        working = Worker(coach, options, settled=settled)
        about = ", ".join(one_line(topic.title) for topic in topics)
        _say(f"Answering in {one_line(shift.path)} about {about}, by {_who(shift)}.")
        with _stopped_by_signals(working, model):
            try:
                working.drain() if shift.once else working.run()
            finally:
                report.end(given_back=model.asked > 0)
    return 0


@contextmanager
def _stopped_by_signals(working: Worker, model: _Counted) -> Generator[None]:
    """Let the first signal stop *working* when the answers under way have come, the next at once.

    Raises:
        KeyboardInterrupt: It was to be at once.
    """
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            raise KeyboardInterrupt
        stopping = True
        working.stop()
        with suppress(OSError):  # a handler may have come in the midst of a print
            os.write(STDERR, STOPPING_LATER if model.asked else STOPPING)

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Counted:
    """A model that knows how many of its answers are under way.

    Attributes:
        asked: How many. A signal handler may read it, for it needs no lock.
    """

    def __init__(self, model: LanguageModel) -> None:
        """Count the answers of *model*."""
        self.asked = 0
        self._model = model
        self._lock = Lock()

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        with self._lock:
            self.asked += 1
        try:
            return self._model.complete(ask)
        finally:
            with self._lock:
                self.asked -= 1


class _Report:
    """One line for each job, and one at the end. It tells ids and codes, and no text."""

    def __init__(self) -> None:
        """Begin without jobs."""
        self._began = monotonic()
        self._lock = Lock()
        self._outcomes: Counter[str] = Counter()
        self._error: OSError | None = None

    def tells_of(self, job: JobView) -> bool:
        """Tell of a job that was settled; return whether that could be printed.

        It may be called by several threads at once.
        """
        outcome = str(job.error_code or job.status)
        with self._lock:
            self._outcomes[outcome] += 1
            try:
                _say(
                    f"{job.updated_at.astimezone():%H:%M:%S} {job.id} {job.kind:12} {outcome:9} "
                    f"{job.processing_time or 0:>6} ms"
                )
            except OSError as error:
                self._error = error
                return False
        return True

    def end(self, *, given_back: bool) -> None:
        """Tell what was done.

        Args:
            given_back: Whether something was under way until the end.

        Raises:
            OSError: It could not be told.
        """
        if self._error is not None:
            raise self._error
        number = self._outcomes.total()
        told = ", ".join(f"{times} {what}" for what, times in self._outcomes.most_common())
        _say(
            f"{number} job{'' if number == 1 else 's'}"
            + (f" ({told})" if told else "")
            + f" in {monotonic() - self._began:.1f} s"
            + ("; what was under way is given back." if given_back else ".")
        )


def _who(shift: Shift) -> str:
    """Return who answers, and how many jobs at once."""
    who = "the listening coach" if shift.choice.name is None else shift.choice.name
    return f"{one_line(who)}, up to {shift.concurrency} at once"


def _say(line: str) -> None:
    """Print a line that is read at once, also through a pipe."""
    print(line, flush=True)
