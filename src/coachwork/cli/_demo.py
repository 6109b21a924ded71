"""``coachwork demo``: a whole session, in two processes that share nothing but a file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from typing import Final

from coachwork.adapters import ScriptedModel
from coachwork.cli._database import database_path, opened
from coachwork.cli._demo_coach import AFTER, BEFORE, DECISION, Decision, answer
from coachwork.cli._path import path_line, path_of
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, Coach, UserCoach
from coachwork.diagrams import mermaid
from coachwork.jobs import JobStatus
from coachwork.sessions import SESSION
from coachwork.workflows import SessionExport

USER: Final = "ada"
TENANT: Final = "demo"


def demo(told: str | None) -> int:
    """Show a whole session; everything that is printed was read back from the database.

    Args:
        told: The database file, or None for a temporary one.
    """
    terminal = Terminal(user="Ada")
    with database_path(told) as path:
        kept = "" if told is not None else ", a temporary file"
        terminal.line(f"A whole session on SQLite, kept in {path}{kept}.")
        terminal.heading(f"process {os.getpid()}")
        session_id, paused_at = _first_half(terminal, path)
        code = _in_a_new_process(path)
        if code != 0:
            return code
        terminal.heading(f"process {os.getpid()} again: what the file holds now")
        with opened(path) as database:
            ada = Coach(database, _model(), topics=[DECISION]).as_user(USER, tenant=TENANT)
            (stored,) = (each for each in ada.export().sessions if each.session.id == session_id)
            _show_end(terminal, ada, stored)
            _show_path(terminal, stored, paused_at)
    return 0


def demo_resume(path: str) -> int:
    """Show the second half; run by `demo` in a process of its own."""
    terminal = Terminal(user="Ada")
    terminal.heading(f"process {os.getpid()}, a new one: it knows nothing but the file")
    with opened(path) as database:
        ada = Coach(database, _model(), topics=[DECISION]).as_user(USER, tenant=TENANT)
        waiting = _show_check(terminal, ada)
        if waiting is None:
            return 0
        chat = ada.session(DECISION, waiting)
        seen = chat.get().messages
        chat.resume()
        _show_status(terminal, "resume", chat)
        seen = _show_new(terminal, chat, seen)
        for text in AFTER:
            chat.send(text)
            seen = _show_new(terminal, chat, seen)
    return 0


def _model() -> ScriptedModel:
    """Return the coach, which needs no network."""
    return ScriptedModel(answer)


def _first_half(terminal: Terminal, path: str) -> tuple[str, tuple[int, ...]]:
    """Show a session from its start to a pause.

    Returns:
        The session's id, and how many messages it had when it was paused.
    """
    with opened(path) as database:
        ada = Coach(database, _model(), topics=[DECISION]).as_user(USER, tenant=TENANT)
        _show_check(terminal, ada)
        chat = ada.start(DECISION, context={"name": "Ada"})
        _show_status(terminal, "start", chat)
        seen = _show_new(terminal, chat, 0)
        for text in BEFORE:
            chat.send(text)
            seen = _show_new(terminal, chat, seen)
        chat.pause()
        _show_status(terminal, "pause", chat)
        return chat.session_id, (seen,)


def _in_a_new_process(path: str) -> int:
    """Run the second half in a new process, and return its exit code."""
    sys.stdout.flush()
    again = [sys.executable, "-m", "coachwork", "demo", "--resume", path]
    return subprocess.run(again, check=False).returncode  # noqa: S603 - this program itself


def _show_check(terminal: Terminal, ada: UserCoach) -> str | None:
    """Show what a front end is told before it opens the topic; return the waiting session."""
    check = ada.check(DECISION)
    if check.session_id is None:
        terminal.note("check", f"no session waits; advice: {check.advice}")
    else:
        terminal.note("check", f"a session waits, {check.status}; advice: {check.advice}")
    return check.session_id


def _show_status(terminal: Terminal, command: str, chat: Chat[Decision]) -> None:
    """Show what became of the session by *command*."""
    terminal.note(command, f"session {chat.session_id} is {chat.get().status}")


def _show_new(terminal: Terminal, chat: Chat[Decision], seen: int) -> int:
    """Show the messages after the first *seen* ones; return how many there are now."""
    for message in chat.history(after=seen).messages:
        terminal.said(message)
        seen = message.sequence
    return seen


def _show_end(terminal: Terminal, ada: UserCoach, stored: SessionExport) -> None:
    """Show how the session ended, and what it yielded."""
    session = ada.session(DECISION, stored.session.id).get()
    standing = ada.topics()[0]
    kinds = ", ".join(job.kind for job in stored.jobs if job.status is JobStatus.COMPLETED)
    terminal.note("status", f"{session.status}, after {session.turns} turns")
    terminal.note("messages", f"{session.messages}, as shown above")
    terminal.note("jobs", f"completed: {kinds}")
    terminal.note("summary", stored.summary or "none")
    terminal.note("topic", f"{standing.title}: {standing.status}")
    terminal.heading(f"the result, a {type(session.result).__name__}")
    terminal.result(session.result)


def _show_path(terminal: Terminal, stored: SessionExport, paused_at: Collection[int]) -> None:
    """Show the way that the session took through its table."""
    path = path_of(stored, paused_at)
    terminal.heading("the way it took")
    terminal.line(path_line(path))
    terminal.heading("the state diagram with that way, for any viewer of Mermaid")
    terminal.verbatim(mermaid(SESSION, path))
