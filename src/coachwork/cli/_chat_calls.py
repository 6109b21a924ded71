"""How `chat` gets its answers: what both ways share, and the first one, in the calls themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from time import sleep
from typing import Final, Protocol, TypeVar

from coachwork.adapters import TimeOrderedIds
from coachwork.cli._chat_coach import Insight
from coachwork.cli._speech import Speech
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, UserCoach
from coachwork.errors import ModelError, SessionBusyError
from coachwork.jobs import ErrorCode
from coachwork.topics import Topic

R = TypeVar("R")

POLL: Final = 0.2
"""Seconds between two looks at what another process does."""

ON_ITS_WAY: Final = "An answer is still on its way ..."


class UnansweredError(Exception):
    """The coach did not answer; what was said is kept.

    Attributes:
        session: The session's id.
        job: The id of the job that failed.
        code: Why.
        retry_after: Seconds to wait before asking again, if that may help, or None.
    """

    def __init__(
        self, sentence: str, *, session: str, job: str, code: ErrorCode, retry_after: float | None
    ) -> None:
        """Tell of it in one *sentence*."""
        super().__init__(sentence)
        self.session = session
        self.job = job
        self.code = code
        self.retry_after = retry_after


class Manner(Protocol):
    """How answers are got; whatever asks for one raises `UnansweredError` where none comes."""

    @property
    def farewell(self) -> str:
        """What to say to who leaves before the end."""
        ...

    def owed(self, chat: Chat[Insight]) -> Callable[[], bool] | None:
        """Return what waits for the answer that is owed already, or None.

        It tells whether the answer ended the session.
        """
        ...

    def start(
        self, me: UserCoach, topic: Topic[Insight], context: Mapping[str, str]
    ) -> Chat[Insight]:
        """Start a session, and wait for the greeting."""
        ...

    def resume(self, chat: Chat[Insight]) -> bool:
        """Resume, and wait for what the coach says; tell whether that ended the session."""
        ...

    def say(self, chat: Chat[Insight], text: str) -> bool:
        """Say *text*, and wait for the answer; tell whether that ended the session."""
        ...

    def retry(self, chat: Chat[Insight], job: str) -> bool:
        """Ask again for what *job* was to bring; tell whether that ended the session."""
        ...


def patiently(call: Callable[[], R]) -> R:
    """Return what *call* answers once nobody else is answering."""
    while True:
        try:
            return call()
        except SessionBusyError as busy:
            sleep(min(busy.retry_after or 0.0, POLL))


class Calls:
    """Each answer is made in the very call that asks for it."""

    farewell = "Nothing is lost: run the same command to go on."

    def __init__(self, terminal: Terminal, speech: Speech) -> None:
        """Show what goes on there."""
        self._terminal = terminal
        self._speech = speech
        self._ids = TimeOrderedIds()

    def owed(self, chat: Chat[Insight]) -> None:
        """See `Manner.owed`: whoever resumes gets it."""

    def start(
        self, me: UserCoach, topic: Topic[Insight], context: Mapping[str, str]
    ) -> Chat[Insight]:
        """See `Manner.start`."""
        return self._answered(lambda: me.start(topic, context=context))

    def resume(self, chat: Chat[Insight]) -> bool:
        """See `Manner.resume`."""
        resumed = self._answered(chat.resume)
        if resumed.message is None and not resumed.is_final:
            self._terminal.line(ON_ITS_WAY, "dim")
        while resumed.message is None and not resumed.is_final:
            # Another process is answering, or was when it was killed: then its job is ours as
            # soon as its time is up.
            sleep(POLL)
            resumed = self._answered(partial(chat.resume, key=resumed.key))
        return resumed.is_final

    def say(self, chat: Chat[Insight], text: str) -> bool:
        """See `Manner.say`."""
        key = self._ids.new_id()
        return self._answered(lambda: chat.send(text, key=key)).is_final

    def retry(self, chat: Chat[Insight], job: str) -> bool:
        """See `Manner.retry`."""
        key = self._ids.new_id()
        report = self._answered(lambda: chat.retry(job, key=key))
        return report.outcome is not None and report.outcome.is_final

    def _answered(self, call: Callable[[], R]) -> R:
        """Return what *call* answers; show that the coach thinks meanwhile.

        Raises:
            UnansweredError: The model failed.
        """
        self._speech.thinks("thinking ...")
        try:
            return patiently(call)
        except ModelError as error:
            cause = error.__cause__  # an adapter's own words say more, and repeat no text
            raise UnansweredError(
                str(cause if isinstance(cause, ModelError) else error),
                session=error.session or "",
                job=error.job or "",
                code=ErrorCode(error.reason),
                retry_after=error.retry_after,
            ) from None
        finally:
            self._speech.hush()
