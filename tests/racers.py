"""What races on one file: a worker with a thread or a process of its own.

A worker does what its dice say, for its user, with keys and retries, and writes down what it was
answered. Run as a program it is one process of a race::

    python -m tests.racers FILE NAME SEED CALLS THREADS
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from traceback import format_exception
from typing import Any, Final

from attrs import define, field

from coachwork import Ask, Coach, CoachworkError, Settings, SQLite, Topic
from coachwork.adapters import ScriptedModel, final
from coachwork.coach import Chat, UserCoach
from coachwork.errors import (
    ModelError,
    RefusedError,
    SessionBusyError,
    StillAnsweringError,
    StoreError,
)
from coachwork.jobs import JobKind
from coachwork.testing import Audited, History, recorded

TENANT: Final = "acme"
ROOM: Final = Topic(
    id="room",
    system="Help.",
    initiation="Greet.",
    exclusive=True,
    idle_timeout=timedelta(milliseconds=1),
    result=dict,
)
"""An exclusive topic, idle at once, so that every take-over is allowed."""
DESK: Final = Topic(id="desk", system="Help.", initiation="Greet.")
"""A topic of one's own, on which all workers of a user share one session."""
USERS: Final = ("ada", "bob")
PATIENCE: Final = 6


def said(ask: Ask) -> str:
    """What the coach says: now and then that the conversation is over."""
    if ask.purpose is JobKind.EXTRACTION:
        return '{"done": true}'
    ends = ask.turn % 7 == 6 and ask.purpose is JobKind.REPLY
    return final(None, "That is all.") if ends else f"Go on, {ask.turn}."


@define
class Log:
    """What a worker was answered.

    Attributes:
        answers: How often which answer came: ``done``, or the code of an error.
        kept: Messages that the library acknowledged: session and text.
        strange: Errors that are none of the library's.
    """

    answers: Counter[str] = field(factory=Counter[str])
    kept: list[tuple[str, str]] = field(factory=list[tuple[str, str]])
    strange: list[str] = field(factory=list[str])

    def plain(self) -> str:
        """Return it as JSON text."""
        return json.dumps([self.answers, self.kept, self.strange])

    @classmethod
    def of(cls, plain: str) -> Log:
        """Return what `plain` wrote."""
        answers, kept, strange = json.loads(plain)
        return cls(Counter(answers), [(one, text) for one, text in kept], strange)

    def __add__(self, other: Log) -> Log:
        """Return both in one."""
        return Log(
            self.answers + other.answers, self.kept + other.kept, self.strange + other.strange
        )


def coach_on(path: str, history: History) -> Coach:
    """Return a coach on that file, with an audit of every commit, and a history of every call."""
    return Coach(
        Audited(recorded(SQLite(path, synchronous="NORMAL"), history)),
        ScriptedModel(said),
        topics=[ROOM, DESK],
        settings=Settings(commit_tries=100),
    )


class Worker:
    """One who calls, again and again."""

    def __init__(self, coach: Coach, name: str, seed: int) -> None:
        """Be one of the two users, by the name's last figure."""
        self._dice = random.Random(seed)
        self._user = USERS[seed % len(USERS)]
        self._me: UserCoach = coach.as_user(self._user, tenant=TENANT)
        self._name = name
        self._chats: dict[str, Chat[Any]] = {}
        self.log = Log()

    def work(self, calls: int) -> Log:
        """Make so many calls."""
        for number in range(calls):
            topic = self._dice.choice((ROOM, DESK))
            key = f"{self._name}-{number}"
            chat = self._chat(topic)
            word = self._dice.choice(
                ("start", "send", "send", "send", "pause", "resume", "cancel", "complete")
                if topic is ROOM
                else ("start", "send", "send", "send", "pause", "resume", "get", "complete")
            )
            if chat is None or word == "start":
                self._call(partial(self._me.start, topic, take_over=True, key=key))
            elif word == "send":
                self._call(partial(self._send, chat, f"{key} says so", key))
            elif word in {"resume", "complete"}:
                self._call(partial(getattr(chat, word), key=key))
            else:
                self._call(getattr(chat, word))
        return self.log

    def _chat(self, topic: Topic[Any]) -> Chat[Any] | None:
        """Return the session that is there for the user, whoever started it."""
        try:
            found = self._me.check(topic).session_id
        except CoachworkError as error:
            self.log.answers[error.code] += 1
            return None
        return None if found is None else self._me.session(topic, found)

    def _send(self, chat: Chat[Any], text: str, key: str) -> None:
        turn = chat.send(text, key=key)
        assert turn.message.role == "coach"
        self.log.kept.append((chat.session_id, text))

    def _call(self, call: Callable[[], object]) -> None:
        """Call until there is an answer that stands; some answered calls are made twice."""
        for _ in range(PATIENCE):
            try:
                call()
                if self._dice.random() < 0.2:
                    continue
            except (StillAnsweringError, SessionBusyError) as error:
                self.log.answers[error.code] += 1
                time.sleep(0.005)
            except RefusedError as error:
                self.log.answers[error.code] += 1
                return
            except (ModelError, StoreError) as error:
                self.log.answers[error.code] += 1
            except BaseException as error:  # noqa: BLE001 - that is what is looked for
                self.log.strange.append("".join(format_exception(error)))
                return
            else:
                self.log.answers["done"] += 1
                return


def race(path: str, name: str, seed: int, calls: int, threads: int) -> Log:
    """Let *threads* workers race on one coach; return what they were answered.

    What was called on the file stands beside it, in a file of this name.
    """
    with (
        History(f"{path}-{name}.calls") as history,
        coach_on(path, history) as coach,
        ThreadPoolExecutor(threads) as pool,
    ):
        workers = [Worker(coach, f"{name}-{n}", seed + n) for n in range(threads)]
        logs = list(pool.map(lambda worker: worker.work(calls), workers))
    return sum(logs, Log())


if __name__ == "__main__":
    file, who, dice, many, wide = sys.argv[1:]
    sys.stdin.readline()
    sys.stdout.write(race(file, who, int(dice), int(many), int(wide)).plain())
