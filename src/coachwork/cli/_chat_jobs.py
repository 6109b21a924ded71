"""How `chat --async` gets its answers: it submits, and waits for what a worker makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final, TypeAlias

from coachwork.adapters import TimeOrderedIds
from coachwork.cli._chat_calls import ON_ITS_WAY, UnansweredError, patiently
from coachwork.cli._chat_coach import Insight
from coachwork.cli._speech import Speech
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, UserCoach
from coachwork.jobs import OPEN, JobStatus
from coachwork.ports import Partial
from coachwork.sessions import SessionStatus
from coachwork.topics import Topic
from coachwork.workflows import JobReport, JobView

TICK: Final = 0.1
"""Seconds between two looks at a job that nobody in this process has told of."""

LONG: Final = 2
"""After so many seconds it is told that nobody has taken a job."""

Inbox: TypeAlias = "SimpleQueue[Partial | JobView]"
"""What the worker of this process tells: the pieces of messages, and the jobs that it settled."""


class Jobs:
    """Each answer is a job, which a worker answers: of this process, or of another one."""

    def __init__(
        self,
        terminal: Terminal,
        speech: Speech,
        inbox: Inbox,
        reasons: Mapping[str, str],
        *,
        worker: str,
    ) -> None:
        """Show what goes on there.

        Args:
            terminal: Where to tell what lasts.
            speech: Where to show what passes.
            inbox: What the worker of this process tells.
            reasons: Why jobs failed in this process, by their ids.
            worker: The command that runs a worker of its own.
        """
        self._terminal = terminal
        self._speech = speech
        self._inbox = inbox
        self._reasons = reasons
        self._worker = worker
        self._ids = TimeOrderedIds()
        self._waits = False

    @property
    def farewell(self) -> str:
        """See `coachwork.cli._chat_calls.Manner.farewell`."""
        if not self._waits:
            return "Nothing is lost: run the same command to go on."
        return (
            "The answer is left to a worker: run the same command to wait for it again, or let "
            f"`{self._worker}` give it."
        )

    def owed(self, chat: Chat[Insight]) -> Callable[[], bool] | None:
        """See `coachwork.cli._chat_calls.Manner.owed`: a page that is loaded anew begins so."""
        report = chat.pending_job()
        if report is None or chat.get().status is not SessionStatus.ACTIVE:
            return None
        return lambda: self._wait(chat, report.id, ON_ITS_WAY)

    def start(
        self, me: UserCoach, topic: Topic[Insight], context: Mapping[str, str]
    ) -> Chat[Insight]:
        """See `coachwork.cli._chat_calls.Manner.start`."""
        chat = me.start(topic, context=context, wait=False)
        self._wait_for(chat, chat.opening_job)
        return chat

    def resume(self, chat: Chat[Insight]) -> bool:
        """See `coachwork.cli._chat_calls.Manner.resume`."""
        resumed = chat.resume(wait=False)
        return resumed.is_final or self._wait_for(chat, resumed.job)

    def say(self, chat: Chat[Insight], text: str) -> bool:
        """See `coachwork.cli._chat_calls.Manner.say`."""
        key = self._ids.new_id()
        return self._wait_for(chat, patiently(lambda: chat.submit(text, key=key)))

    def retry(self, chat: Chat[Insight], job: str) -> bool:
        """See `coachwork.cli._chat_calls.Manner.retry`."""
        key = self._ids.new_id()
        return self._wait_for(chat, patiently(lambda: chat.retry(job, key=key, wait=False)))

    # --- waiting -------------------------------------------------------------------------

    def _wait_for(self, chat: Chat[Insight], job: JobView | None) -> bool:
        """Wait for what comes of *job*, if there is one; tell whether that ended the session."""
        if job is None:
            return False
        quietly = None if self._terminal.live else f"Your coach is thinking (job {job.id}) ..."
        return self._wait(chat, job.id, quietly)

    def _wait(self, chat: Chat[Insight], job: str, told: str | None) -> bool:
        """Wait for what comes of a job, after it was *told*; tell whether that ended the session.

        Raises:
            UnansweredError: It failed.
        """
        if told is not None:
            self._terminal.line(told, "dim")
        self._waits = True
        try:
            beats = count()
            while (report := chat.job(job)).status in OPEN:
                self._speech.thinks(_how(report, next(beats), failed=bool(self._reasons)))
                self._listen(job)
            while not self._inbox.empty():
                self._hear(job, self._inbox.get())
        finally:
            self._speech.hush()
        self._waits = False
        if report.error_code is not None:
            raise UnansweredError(
                self._reasons.get(job, f"job {job} failed"),
                session=report.session,
                job=job,
                code=report.error_code,
                retry_after=report.retry_after,
            )
        return report.outcome is not None and report.outcome.is_final

    def _listen(self, job: str) -> None:
        """Hear what this process has to tell, until it is time to look at the job again."""
        until = monotonic() + TICK
        settled = False
        while not settled and (left := until - monotonic()) > 0:
            try:
                settled = self._hear(job, self._inbox.get(timeout=left))
            except Empty:
                return

    def _hear(self, job: str, told: Partial | JobView) -> bool:
        """Show a piece of what that job brings; tell whether it is settled."""
        if isinstance(told, JobView):
            return told.id == job
        if told.job == job:
            self._speech.piece(told)
        return False


def _how(report: JobReport[Insight], beat: int, *, failed: bool) -> str:
    """Return in what way an answer is waited for, at that *beat*.

    Args:
        report: The job.
        beat: How often that was told before.
        failed: Whether the model failed before in this process, whose worker pauses then.
    """
    seconds = int((datetime.now(UTC) - report.created_at).total_seconds())
    waits = report.status is JobStatus.PENDING and seconds >= LONG
    what = "thinking"
    if waits:
        what = "waiting; after a failure the worker pauses" if failed else "waiting for a worker"
    return f"{what} {'.' * (beat // 3 % 3 + 1):<3}" + (f" {seconds} s" if seconds > 0 else "")
