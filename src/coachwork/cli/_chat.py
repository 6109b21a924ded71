"""``coachwork chat``: a person at a terminal.

Every line is kept before it is answered. Whoever is interrupted, by Ctrl-C, by a closed terminal
or by a power failure, finds everything again, and an answer that was owed is given first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from importlib import import_module
from time import sleep
from typing import Final, TypeVar

from coachwork.adapters import ScriptedModel, TimeOrderedIds
from coachwork.cli._chat_coach import Insight, listener, topic_of
from coachwork.cli._database import opened
from coachwork.cli._plain import tell
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, Coach, UserCoach
from coachwork.errors import (
    CoachworkError,
    SessionBusyError,
    SessionNotActiveError,
    SessionNotFoundError,
)
from coachwork.messages import Role
from coachwork.policies import Settings
from coachwork.topics import Topic

with suppress(ImportError):  # not every system has it
    import_module("readline")  # it lets `input` edit the line and recall earlier ones

R = TypeVar("R")

SETTINGS: Final = Settings(
    # The coach answers at once, so an answer that takes longer belongs to a process that is gone.
    model_timeout=timedelta(seconds=1),
    lease=timedelta(seconds=1.5),
    unclaimed=timedelta(milliseconds=1),
)
"""A person waits at the terminal: whatever was left behind is taken up without delay."""

HELP: Final = (
    ("/pause", "pause, and leave; nothing more can be said until you resume"),
    ("/quit", "leave; Ctrl-C and Ctrl-D do the same"),
    ("/complete", "end the conversation, and get what it yielded"),
    ("/cancel", "give the conversation up"),
    ("/status", "where the conversation stands"),
    ("/history", "everything that was said"),
    ("/help", "this list"),
    ("//...", "say something that begins with a slash"),
)

POLL: Final = 0.2
"""Seconds between two looks at what another process does."""

RECALLED: Final = 2
"""How many messages are shown again to somebody who comes back."""


def chat(path: str, name: str, user: str, *, think: float) -> int:
    """Let a person talk with the listening coach.

    Args:
        path: The database file.
        name: The topic's name.
        user: Who talks.
        think: Seconds that the coach takes to answer.

    Raises:
        CoachworkError: The database cannot be used, or the conversation was ended elsewhere.
    """
    topic = topic_of(name)
    terminal = Terminal(user=user)
    with opened(path) as database:
        coach = Coach(
            database, ScriptedModel(listener(name, think)), topics=[topic], settings=SETTINGS
        )
        me = coach.as_user(user)
        terminal.line(f"Everything is kept in {path}. Type /help for what else you can do.", "dim")
        try:
            _Conversation(terminal, me, user, topic).run()
        except (EOFError, KeyboardInterrupt):
            terminal.line()
            terminal.line("Nothing is lost: run the same command to go on.", "dim")
    return 0


def _patiently(call: Callable[[], R]) -> R:
    """Return what *call* answers once nobody else is answering."""
    while True:
        try:
            return call()
        except SessionBusyError as busy:
            sleep(busy.retry_after or 0)


class _Conversation:
    """One sitting: from the first line to the last."""

    _chat: Chat[Insight]

    def __init__(self, terminal: Terminal, me: UserCoach, user: str, topic: Topic[Insight]) -> None:
        """Take where to print, who talks, and what about."""
        self._terminal = terminal
        self._user = user
        self._me = me
        self._topic = topic
        self._ids = TimeOrderedIds()
        self._seen = 0
        self._commands: Mapping[str, Callable[[], bool]] = {
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
        ended = self._open()
        while not ended:
            line = self._terminal.ask(self._terminal.prompt)
            try:
                ended = self._obey(line)
            except (SessionNotActiveError, SessionNotFoundError):
                raise  # it was ended elsewhere
            except CoachworkError as error:
                tell(error.code, str(error))

    # --- beginning -----------------------------------------------------------------------

    def _open(self) -> bool:
        """Start or resume, as the person wants it; tell whether that ended the session."""
        waiting = self._me.check(self._topic).session_id
        if waiting is not None:
            self._chat = self._me.session(self._topic, waiting)
            if self._wants_to_resume():
                return self._resume()
        self._chat = self._me.start(self._topic, context={"name": self._user})
        self._show_new()
        return False

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

    def _resume(self) -> bool:
        """Resume the session that waits; tell whether that ended it."""
        self._seen = max(0, self._chat.get().messages - RECALLED)
        self._show_new(*Role)
        resumed = self._chat.resume()
        if resumed.message is None and not resumed.is_final:
            self._terminal.line("An answer is still on its way ...", "dim")
        while resumed.message is None and not resumed.is_final:
            # Another process is answering, or was when it was killed: then its job is ours as
            # soon as its time is up.
            sleep(POLL)
            resumed = self._chat.resume(key=resumed.key)
        self._show_new()
        return self._ended(final=resumed.is_final)

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
        key = self._ids.new_id()
        turn = _patiently(lambda: self._chat.send(text, key=key))
        self._show_new()
        return self._ended(final=turn.is_final)

    def _show_new(self, *roles: Role) -> None:
        """Show what was said since the last time, as it is stored; by the coach, or by *roles*."""
        page = self._chat.history(after=self._seen)
        while page.messages:
            for message in page.messages:
                self._seen = message.sequence
                if message.role in (roles or {Role.COACH}):
                    self._terminal.said(message)
            page = self._chat.history(after=self._seen)

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
        _patiently(lambda: self._chat.complete(key=key))
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
