"""``coachwork chat``: a person at a terminal.

Every line is kept before it is answered. Whoever is interrupted, by Ctrl-C, by a closed terminal
or by a power failure, finds everything again, and an answer that was owed is given first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from importlib import import_module
from queue import SimpleQueue
from typing import Final

from attrs import frozen

from coachwork.adapters import SQLite, TimeOrderedIds
from coachwork.cli._arguments import USER, worker_command
from coachwork.cli._chat_calls import Calls, Manner, UnansweredError, patiently
from coachwork.cli._chat_coach import SOMEBODY, Insight, topic_of
from coachwork.cli._chat_jobs import Inbox, Jobs
from coachwork.cli._choice import Choice
from coachwork.cli._database import opened
from coachwork.cli._models import Candid, model_of, settings_of
from coachwork.cli._plain import tell
from coachwork.cli._speech import Speech
from coachwork.cli._terminal import Terminal
from coachwork.cli._warnings import told_in_lines
from coachwork.coach import Chat, Coach, UserCoach
from coachwork.errors import (
    CoachworkError,
    JobNotFoundError,
    ModelError,
    SessionNotActiveError,
    SessionNotFoundError,
)
from coachwork.messages import Message, Role
from coachwork.sessions import SessionStatus
from coachwork.texts import user_text
from coachwork.topics import Topic
from coachwork.worker import Worker, WorkerOptions

with suppress(ImportError):  # not every system has it
    import_module("readline")  # it lets `input` edit the line and recall earlier ones

HELP: Final = (
    ("/retry", "ask again for an answer that did not come"),
    ("/pause", "pause, and leave; nothing more can be said until you resume"),
    ("/quit", "leave; Ctrl-C and Ctrl-D do the same"),
    ("/complete", "end the conversation, and get what it yielded"),
    ("/cancel", "give the conversation up"),
    ("/status", "where the conversation stands"),
    ("/history", "everything that was said"),
    ("/help", "this list"),
    ("//...", "say something that begins with a slash"),
)

KEPT: Final = " Your message is kept"
"""How, in the texts for people, begins what is wrong where no message waits for an answer."""

RECALLED: Final = 2
"""How many messages are shown again to somebody who comes back."""

WORKER: Final = WorkerOptions(
    concurrency=4,
    poll=0.5,
    # Somebody waits, and asks again when they want to.
    backoff=0.1,
    longest_backoff=1.0,
    # Whoever leaves does not wait: the job is given back. In so long it has been taken, though,
    # if it was just about to be: what is taken later holds a lease that nobody gives back.
    grace=0.3,
)
"""How the worker of `chat --async` works."""


@frozen(kw_only=True)
class Sitting:
    """What `chat` was told.

    Attributes:
        path: The database file.
        topic: The topic's name.
        user: Who talks.
        choice: Who answers.
        jobs: Whether answers are jobs that a worker answers.
        works: Whether that worker runs in this process.
    """

    path: str
    topic: str
    user: str
    choice: Choice
    jobs: bool = False
    works: bool = True


def chat(sitting: Sitting) -> int:
    """Let a person talk with the coach.

    Raises:
        CoachworkError: The database or the model cannot be used, or the conversation was ended
            elsewhere.
    """
    topic = topic_of(sitting.topic)
    terminal = Terminal(user=sitting.user)
    speech = Speech(terminal)
    with opened(sitting.path) as database, told_in_lines(TOPIC_NOT_FOUND=None):
        open_coach = _with_jobs if sitting.jobs else _with_calls
        with open_coach(sitting, database, topic, terminal, speech) as (coach, manner):
            me = coach.as_user(sitting.user)
            terminal.line(
                f"Everything is kept in {sitting.path}. Type /help for what else you can do.", "dim"
            )
            try:
                _Conversation(terminal, speech, manner, me, sitting.user, topic).run()
            except (EOFError, KeyboardInterrupt):
                speech.break_off()
                terminal.line()
                terminal.line(manner.farewell, "dim")
    return 0


@contextmanager
def _with_calls(
    sitting: Sitting, database: SQLite, topic: Topic[Insight], terminal: Terminal, speech: Speech
) -> Generator[tuple[Coach, Manner]]:
    """Lend a coach that answers in its calls."""
    coach = Coach(
        database,
        model_of(sitting.choice),
        topics=[topic],
        settings=settings_of(sitting.choice, jobs=False),
        sink=speech.piece,
    )
    yield coach, Calls(terminal, speech)


@contextmanager
def _with_jobs(
    sitting: Sitting, database: SQLite, topic: Topic[Insight], terminal: Terminal, speech: Speech
) -> Generator[tuple[Coach, Manner]]:
    """Lend a coach that leaves its answers to a worker."""
    inbox: Inbox = SimpleQueue()
    reasons: dict[str, str] = {}

    def failed(job: str, error: ModelError) -> None:
        reasons[job] = str(error)

    command = worker_command(sitting.path, sitting.topic)
    coach = Coach(
        database,
        Candid(model_of(sitting.choice), failed),
        topics=[topic],
        settings=settings_of(sitting.choice, jobs=True),
        sink=inbox.put,
    )
    manner = Jobs(terminal, speech, inbox, reasons, worker=command)
    if sitting.works:
        with Worker(coach, WORKER, settled=inbox.put):
            yield coach, manner
    else:
        terminal.line(f"Answers are left to `{command}`.", "dim")
        yield coach, manner


class _Conversation:
    """One sitting: from the first line to the last."""

    _chat: Chat[Insight]

    def __init__(
        self,
        terminal: Terminal,
        speech: Speech,
        manner: Manner,
        me: UserCoach,
        user: str,
        topic: Topic[Insight],
    ) -> None:
        """Take where to print, how answers are got, who talks, and what about."""
        self._terminal = terminal
        self._speech = speech
        self._manner = manner
        self._user = user
        self._me = me
        self._topic = topic
        self._ids = TimeOrderedIds()
        self._seen = 0
        self._failed: str | None = None
        self._commands: Mapping[str, Callable[[], bool]] = {
            "/retry": self._retry,
            "/pause": self._pause,
            "/quit": self._quit,
            "/complete": self._complete,
            "/cancel": self._cancel,
            "/status": self._status,
            "/history": self._history,
            "/help": self._help,
        }

    def run(self) -> None:
        """Open a session and talk until it or the person ends it.

        Raises:
            EOFError: There is no more input.
            KeyboardInterrupt: The person stopped it.
            CoachworkError: It cannot go on.
        """
        ended = self._answered(self._open)
        while not ended:
            line = self._terminal.ask(self._terminal.prompt)
            try:
                ended = self._answered(partial(self._obey, line))
            except (SessionNotActiveError, SessionNotFoundError):
                raise  # it was ended elsewhere
            except CoachworkError as error:
                tell(error.code, str(error))

    def _answered(self, do: Callable[[], bool]) -> bool:
        """Return what *do* returns; where no answer came, tell so, and go on."""
        try:
            return do()
        except UnansweredError as error:
            self._speech.break_off()
            self._chat = self._me.session(self._topic, error.session)
            self._failed = error.job if error.code.retryable else None
            tell(error.code, str(error))
            text = user_text(error.code)
            if self._last_words() is None:
                text = text.partition(KEPT)[0]
            self._terminal.line(text, "dim")
            if error.code.retryable:
                pause = f", best in {error.retry_after:.0f} s" if error.retry_after else ""
                self._terminal.line(f"/retry asks again{pause}.", "dim")
            return False

    def _last_words(self) -> Message | None:
        """Return the person's message that stands last, unanswered; None where there is none."""
        last = self._chat.history(last=1).messages
        return last[0] if last and last[0].role is Role.USER else None

    # --- beginning -----------------------------------------------------------------------

    def _open(self) -> bool:
        """Start or resume, as the person wants it; tell whether that ended the session."""
        waiting = self._me.check(self._topic).session_id
        if waiting is not None:
            self._chat = self._me.session(self._topic, waiting)
            wait = self._manner.owed(self._chat)
            if wait is not None or self._wants_to_resume():
                return self._go_on(wait or self._resume)
        # Who is called by no name of their own is not to be called "you" in the third person.
        name = SOMEBODY if self._user == USER else self._user
        self._chat = self._manner.start(self._me, self._topic, {"name": name})
        self._show_new()
        return False

    def _go_on(self, ask: Callable[[], bool]) -> bool:
        """Show what was said last, and what comes when one *asks*; tell whether that is the end."""
        self._seen = max(0, self._chat.get().messages - RECALLED)
        self._show_new(*Role)
        final = ask()
        self._show_new()
        return self._ended(final=final)

    def _resume(self) -> bool:
        """Resume, or ask again for the answer that did not come the last time."""
        said = self._last_words()
        if said is not None and self._chat.get().status is SessionStatus.ACTIVE:
            with suppress(JobNotFoundError):
                report = self._chat.job(said.job)
                if report.retryable:
                    return self._manner.retry(self._chat, report.id)
        return self._manner.resume(self._chat)

    def _wants_to_resume(self) -> bool:
        """Tell of the session that waits, and ask whether to go on with it."""
        session = self._chat.get()
        self._terminal.line(
            f"A conversation about {self._topic.title} waits ({session.status}, "
            f"{session.messages} messages, the last one of {_instant(session.last_activity_at)})."
        )
        while True:
            answer = self._terminal.ask("Resume it (r), or start a new one (n)? [r] ").lower()
            if answer in {"", "r", "resume"}:
                return True
            if answer in {"n", "new"}:
                return False

    # --- talking -------------------------------------------------------------------------

    def _obey(self, line: str) -> bool:
        """Do what was typed; tell whether that is the end of this sitting."""
        if not line.startswith("/"):
            return bool(line) and self._say(line)
        if line.startswith("//"):
            return self._say(line[1:])
        command = self._commands.get(line.lower())
        if command is None:
            self._terminal.line("There is no such command; /help lists them all.", "dim")
            return False
        return command()

    def _say(self, text: str) -> bool:
        """Send *text* and show the answer; tell whether it was the last one."""
        return self._show_answer(self._manner.say(self._chat, text))

    def _show_answer(self, final: bool) -> bool:  # noqa: FBT001 - it is what is told
        """Show what the coach said; tell whether that was the end."""
        self._failed = None
        self._show_new()
        return self._ended(final=final)

    def _show_new(self, *roles: Role) -> None:
        """Show what was said since the last time, as it is stored; by the coach, or by *roles*."""
        page = self._chat.history(after=self._seen)
        while page.messages:
            for message in page.messages:
                self._seen = message.sequence
                if message.role in (roles or {Role.COACH}) and not self._speech.ends_with(
                    message.text
                ):
                    self._terminal.said(message)
            page = self._chat.history(after=self._seen)
        self._speech.break_off()  # what nobody kept

    def _ended(self, *, final: bool) -> bool:
        """Show what the conversation yielded if it is over; tell whether it is."""
        if final:
            session = self._chat.get()
            self._terminal.heading("what this conversation yielded")
            if session.result is None:
                reason = session.result_error.reason if session.result_error else "nothing was said"
                self._terminal.line(f"Nothing: {reason}.")
            else:
                self._terminal.result(session.result)
        return final

    # --- commands: each tells whether it is the end of this sitting ----------------------

    def _retry(self) -> bool:
        """Ask again for an answer that did not come."""
        if self._failed is None:
            self._terminal.line("Every answer has come; there is nothing to ask again.", "dim")
            return False
        return self._show_answer(self._manner.retry(self._chat, self._failed))

    def _pause(self) -> bool:
        """Pause, and leave."""
        self._chat.pause()
        self._terminal.line("Paused. Run the same command to resume.", "dim")
        return True

    def _quit(self) -> bool:
        """Leave."""
        raise EOFError

    def _complete(self) -> bool:
        """End the conversation and show what it yielded."""
        key = self._ids.new_id()
        self._speech.thinks("writing down what it yielded ...")
        try:
            patiently(lambda: self._chat.complete(key=key))
        finally:
            self._speech.hush()
        return self._ended(final=True)

    def _cancel(self) -> bool:
        """Give the conversation up, if it is really meant."""
        if self._terminal.ask("Give it up for good? [y/N] ").lower() not in {"y", "yes"}:
            return False
        self._chat.cancel()
        self._terminal.line("Cancelled.", "dim")
        return True

    def _status(self) -> bool:
        """Show where the conversation stands."""
        session = self._chat.get()
        self._terminal.note("session", session.id)
        self._terminal.note("topic", self._topic.title)
        self._terminal.note("status", session.status)
        self._terminal.note("turns", str(session.turns))
        self._terminal.note("messages", str(session.messages))
        self._terminal.note("started", _instant(session.started_at))
        return False

    def _history(self) -> bool:
        """Show everything that was said."""
        self._seen = 0
        self._show_new(*Role)
        return False

    def _help(self) -> bool:
        """Show what else can be done."""
        for command, what in HELP:
            self._terminal.note(command, what)
        return False


def _instant(instant: datetime) -> str:
    """Return *instant* in the time of this machine, as a person reads it."""
    return f"{instant.astimezone():%d %B %Y, %H:%M}"
