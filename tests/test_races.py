"""Races on one SQLite file: two users, several processes and threads (brief, section 10).

``COACHWORK_RACE_CALLS`` sets how many calls each worker makes, for a bigger run.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from coachwork import Ask, AsyncCoach, Chat, Coach, Memory, SQLite, Topic
from coachwork.adapters import ScriptedModel, final
from coachwork.errors import (
    SessionBusyError,
    SessionConflictError,
    SessionNotActiveError,
    VersionConflictError,
)
from coachwork.jobs import JobKind
from coachwork.ports import CommitResult, Repository
from coachwork.records import MESSAGE, SESSION_RECORD, Key, Op, Record
from coachwork.sessions import LIVE
from coachwork.testing import Audited, History, history_violations, recorded, snapshot, violations
from tests.faults import all_records
from tests.racers import DESK, ROOM, TENANT, USERS, Log, race

CALLS: Final = int(os.environ.get("COACHWORK_RACE_CALLS", "6"))
LIMIT: Final = 60 + CALLS * 10
"""Seconds after which a race counts as a deadlock."""

OWNERS: Final = [(TENANT, user) for user in USERS]


def processes(path: Path, number: int, calls: int, threads: int) -> Log:
    """Let so many processes race; return what all of them were answered."""
    root = Path(__file__).parents[1]
    racers = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.racers",
                str(path),
                f"p{n}",
                str(100 * n + n % 2),
                str(calls),
                str(threads),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        for n in range(number)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    log = Log()
    for racer in racers:
        told, _ = racer.communicate(timeout=LIMIT)
        assert racer.returncode == 0
        log += Log.of(told)
    return log


def all_is_well(repository: Repository, log: Log) -> None:
    """Hold what must be true after a race against what is stored and what was answered.

    No commit was refused by the audit that each racer has.
    """
    assert not log.strange, log.strange[0]
    records = snapshot(repository, OWNERS)
    assert violations(records) == []
    messages = [MESSAGE.read(r).value for r in records if r.key.kind == MESSAGE.name]
    stored = Counter((message.session, message.text) for message in messages)
    for session, text in log.kept:
        assert stored[session, text] == 1, "an acknowledged message is there once"
    # None may be left: racers cancel and delete as well.
    assert {stored[pair] for pair in stored if "says so" in pair[1]} <= {1}
    sessions = [SESSION_RECORD.read(r).value for r in records if r.key.kind == "session"]
    live = [session for session in sessions if session.status in LIVE]
    assert sum(session.about.topic == ROOM.id for session in live) <= 1
    for user in USERS:
        mine = [s for s in live if (s.about.topic, s.about.user) == (DESK.id, user)]
        assert len(mine) <= 1


def a_correct_store_did_it(path: Path, racers: int) -> None:
    """Hold all that was called on the file, by all racers, against what a store can answer."""
    files = list(path.parent.glob(f"{path.name}-*.calls"))
    assert len(files) == racers
    history = History.load(*files)
    assert len(history.calls) > 100
    with closing(SQLite(path)) as repository:
        assert history_violations(history, left=all_records(repository)) == []


# --- one at a time: what happens between two reads of one call ---------------------------------


class Between(Memory):
    """A repository that lets something happen right after a record of some kind was read."""

    def __init__(self) -> None:
        """Let nothing happen yet."""
        super().__init__()
        self._waiting: list[tuple[str, Callable[[], object]]] = []

    def then(self, kind: str, happens: Callable[[], object]) -> None:
        """Let it happen after the next read of that kind; several happen one after another."""
        self._waiting.append((kind, happens))

    def get(self, key: Key, /) -> Record | None:
        """Read, and then let it happen."""
        found = super().get(key)
        if self._waiting and self._waiting[0][0] == key.kind:
            self._waiting.pop(0)[1]()
        return found


def test_an_answer_that_meets_the_end_between_two_reads_is_dropped() -> None:
    """A session that ends between the reads of job and session is one that ended."""
    repository = Between()
    chats: list[Chat[None]] = []

    def said(ask: Ask) -> str:
        if ask.turn == 1:  # the version moves on, so that the answer is decided on anew
            chats[0].pause()
            repository.then("job", chats[0].cancel)
        return "Go on."

    with Coach(repository, ScriptedModel(said), topics=[DESK]) as coach:
        chats.append(coach.as_user("ada", tenant=TENANT).start(DESK))
        with pytest.raises(SessionNotActiveError):
            chats[0].send("hello", key="k")
        assert chats[0].get().status == "cancelled"
        assert violations(snapshot(repository, OWNERS)) == []


class Interrupted(BaseException):
    """The end of a process."""


@pytest.mark.parametrize("command", ["resume", "send", "complete", "pause"])
@pytest.mark.parametrize("last", ["Go on.", final(None)], ids=["reply", "final reply"])
def test_a_job_that_is_settled_between_two_reads_is_settled(command: str, last: str) -> None:
    """Who reads a session that waits, and then its job that does not, reads again."""
    repository = Between()
    replies: Iterator[str | Interrupted] = iter(["Hello.", Interrupted(), last])

    def said(ask: Ask) -> str | Interrupted:
        return '{"a": 1}' if ask.purpose is JobKind.EXTRACTION else next(replies, "Again.")

    with Coach(repository, ScriptedModel(said), topics=[ROOM]) as coach:
        chat = coach.as_user("ada", tenant=TENANT).start(ROOM)
        with pytest.raises(Interrupted):
            chat.send("one", key="k1")
        repository.then("session", lambda: chat.send("one", key="k1"))
        call = partial(chat.send, "two") if command == "send" else getattr(chat, command)
        if last == "Go on.":
            call()
        else:
            with suppress(SessionNotActiveError):
                call()
            assert chat.get().status == "completed"
        assert violations(snapshot(repository, OWNERS)) == []


# --- many at once ----------------------------------------------------------------------------


def test_threads_on_one_coach(tmp_path: Path) -> None:
    """Eight threads, one coach: no invariant breaks, no message is lost, everybody is answered."""
    path = tmp_path / "race.db"
    log = race(str(path), "t", 0, CALLS * 2, 8)
    with closing(SQLite(path)) as repository:
        all_is_well(repository, log)
    a_correct_store_did_it(path, 1)
    assert log.answers["done"] > 0


@pytest.mark.parametrize("threads", [1, 8])
def test_processes_on_one_file(tmp_path: Path, threads: int) -> None:
    """Eight processes, of one or eight threads each: the same, and the file stays whole."""
    path = tmp_path / "race.db"
    SQLite(path).close()
    log = processes(path, 8, CALLS if threads == 1 else max(1, CALLS // 3), threads)
    with closing(SQLite(path)) as repository:
        all_is_well(repository, log)
    a_correct_store_did_it(path, 8)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert log.answers["done"] > 0


# --- claims ----------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["memory", "sqlite"])
@pytest.mark.parametrize("same_key", [False, True], ids=["keys of their own", "one key"])
def test_eight_starts_leave_one_live_session(tmp_path: Path, store: str, *, same_key: bool) -> None:
    """Whoever starts last holds the topic alone; under one key all get the same session."""
    repository = Memory() if store == "memory" else SQLite(tmp_path / "a.db", synchronous="NORMAL")
    together = threading.Barrier(8)
    history = History()
    watched = Audited(recorded(repository, history))
    coach = Coach(watched, ScriptedModel(lambda _: "Hello."), topics=[DESK])

    def go(number: int) -> str | None:
        ada = coach.as_user("ada", tenant=TENANT)
        key = "k" if same_key else f"k-{number}"
        together.wait()
        for _ in range(200):
            try:
                return ada.start(DESK, key=key).session_id
            except (SessionBusyError, VersionConflictError):
                # The same call is being answered in another thread, or the others were faster all
                # the time: the same call again, under the same key, goes on.
                threading.Event().wait(0.005)
            except SessionNotActiveError:  # a later start took its place before it was greeted
                return None
        raise AssertionError("nobody answers")

    with ThreadPoolExecutor(8) as pool:
        started = set(pool.map(go, range(8)))
    records = snapshot(repository, OWNERS)
    assert violations(records) == []
    sessions = [SESSION_RECORD.read(r).value for r in records if r.key.kind == "session"]
    live = [session.about.id for session in sessions if session.status in LIVE]
    assert len(live) == 1
    assert live[0] in started
    assert len(sessions) == (1 if same_key else 8)
    assert history_violations(history, left=all_records(repository)) == []
    assert watched.figures.unjudged == 0
    coach.close()


def test_of_two_users_one_gets_an_exclusive_topic(tmp_path: Path) -> None:
    """Two users who both find it free: one starts, the other is told of the conflict."""
    room = Topic(id="room", system="Help.", exclusive=True)
    for number in range(10):
        with Coach(
            SQLite(tmp_path / f"{number}.db", synchronous="NORMAL"),
            ScriptedModel([]),
            topics=[room],
        ) as coach:
            together = threading.Barrier(2)

            def go(user: str, coach: Coach = coach, together: threading.Barrier = together) -> str:
                me = coach.as_user(user, tenant=TENANT)
                assert not me.check(room).conflict
                together.wait()
                try:
                    me.start(room)
                except SessionConflictError:
                    return "conflict"
                return "started"

            with ThreadPoolExecutor(2) as pool:
                assert sorted(pool.map(go, USERS)) == ["conflict", "started"]


# --- the event loop --------------------------------------------------------------------------


class Tells(SQLite):
    """A file that tells when somebody begins to write."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self.writing = threading.Event()
        super().__init__(path)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Tell, and write."""
        self.writing.set()
        return super().commit(ops)


def test_sqlite_never_blocks_the_event_loop(tmp_path: Path) -> None:
    """While a message waits for a file that somebody else writes to, the loop goes on beating."""

    async def main() -> None:
        repository = Tells(tmp_path / "a.db")
        model = ScriptedModel(lambda _: "Go on.")
        async with AsyncCoach(repository, model, topics=[DESK]) as coach:
            chat = await coach.as_user("ada", tenant=TENANT).start(DESK)
            with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                repository.writing.clear()
                sending = asyncio.create_task(chat.send("hello"))
                assert await asyncio.to_thread(repository.writing.wait, LIMIT)
                for _ in range(1000):
                    await asyncio.sleep(0)
                    assert not sending.done()
                other.execute("ROLLBACK")
            assert (await sending).message.text == "Go on."

    asyncio.run(main())
