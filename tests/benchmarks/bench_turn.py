"""What a turn costs: ``python tests/benchmarks/bench_turn.py [FOLDER]``.

A *turn* is one ``Chat.send`` to a coach that answers at once: the message is accepted in one
commit, the reply settled in another. It is held against the standard library's ``sqlite3``, which
writes the very same rows into a copy of the same file: same schema, everything encoded beforehand,
the same two transactions, and nothing read. The two take turn after turn alternately, so what else
the machine and its disk do hits both. Give a FOLDER on the disk that is to be measured.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Literal, TypeAlias

from attrs import evolve, field, frozen

from coachwork import Chat, Coach, Memory, SQLite, Topic
from coachwork.adapters import ScriptedModel
from coachwork.messages import Message, Role
from coachwork.ports import CommitResult, Query, Repository
from coachwork.records import (
    MESSAGE,
    SESSION_RECORD,
    Check,
    Insert,
    Key,
    Op,
    Record,
    Update,
    session_key,
)

LENGTHS: Final = (10, 1_000, 10_000)
"""How many messages a conversation has before it is measured."""
TURNS: Final = 300
"""How many turns of each kind are measured."""
PER_SESSION: Final = 10
"""How many turns a conversation gets, so that a short one stays short."""
WINDOW: Final = 10
"""How many messages the model sees: no more than the shortest conversation has."""
LOGGED: Final = 20
"""How many turns the written bytes are counted over: fewer than make SQLite clear its log."""
SAID: Final = "I have thought about it: what I want most is to be honest with the other people. "
"""What the user says, and the coach."""

Level: TypeAlias = Literal["FULL", "NORMAL"]
Statement: TypeAlias = tuple[str, tuple[object, ...]]


def topic(window: int = WINDOW) -> Topic[object]:
    """What the conversations are about."""
    return Topic(id="bench", system="You help {name}.", message_window=window)


def coach_on(store: Repository, window: int = WINDOW) -> Coach:
    """A coach that answers at once."""
    return Coach(store, ScriptedModel(lambda _ask: SAID), topics=[topic(window)])


def conversations(
    store: Repository, count: int, length: int, window: int = WINDOW
) -> list[Chat[object]]:
    """Make *count* conversations of *length* messages, each of another user."""
    coach = coach_on(store, window)
    chats: list[Chat[object]] = []
    for number in range(count):
        user = coach.as_user(f"user-{number}", tenant="acme")
        chat = user.start(topic(window), context={"name": "Ada"})
        lengthen(store, chat.session_id, length)
        chats.append(chat)
    return chats


def lengthen(store: Repository, session_id: str, length: int) -> None:
    """Put *length* messages into a session that has none, as if they had been said."""
    record = store.get(session_key("acme", session_id))
    assert record is not None
    stored = SESSION_RECORD.read(record)
    session = stored.value
    ops: list[Op] = [
        MESSAGE.insert(
            Message(
                tenant=session.about.tenant,
                user=session.about.user,
                session=session_id,
                sequence=sequence,
                role=Role.USER if sequence % 2 else Role.COACH,
                text=SAID,
                at=session.updated_at,
                job=session_id,
            )
        )
        for sequence in range(1, length + 1)
    ]
    ledger = evolve(session.ledger, coach_messages=length // 2)
    longer = evolve(session, messages=length, turns=length // 2, ledger=ledger)
    ops.append(SESSION_RECORD.update(stored, longer))
    for begin in range(0, len(ops), 100):
        assert store.commit(ops[begin : begin + 100]) is CommitResult.DONE


# --- the floor: sqlite3 by hand ------------------------------------------------------------------

INSERT: Final = (
    "INSERT INTO coachwork_record (key, version, owner, session, topic, status, at, due, expires,"
    " scenario, body, kind, tenant) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
UPDATE: Final = (
    "UPDATE coachwork_record SET version = ?, owner = ?, session = ?, topic = ?, status = ?,"
    " at = ?, due = ?, expires = ?, scenario = ?, body = ? WHERE key = ? AND version = ?"
)
CHECK: Final = "SELECT 1 FROM coachwork_record WHERE key = ? AND version = ?"


def statement(op: Op) -> Statement:
    """Return what is to be told to ``sqlite3`` for *op*, with everything encoded."""
    if isinstance(op, Check):
        return CHECK, (op.key.text, op.version)
    assert isinstance(op, Insert | Update)
    record, facts = op.record, op.record.facts
    instants = [
        None if at is None else int(at.timestamp()) * 1_000_000 + at.microsecond
        for at in (facts.at, facts.due, facts.expires)
    ]
    told = (facts.owner, facts.session, facts.topic, facts.status, *instants, facts.scenario)
    changed = (record.version, *told, record.body)
    if isinstance(op, Insert):
        return INSERT, (record.key.text, *changed, record.key.kind, record.key.tenant)
    return UPDATE, (*changed, record.key.text, record.version - 1)


def write(connection: sqlite3.Connection, commits: Sequence[Sequence[Statement]]) -> None:
    """Write a turn by hand."""
    for statements in commits:
        connection.execute("BEGIN IMMEDIATE")
        for sql, values in statements:
            connection.execute(sql, values)
        connection.execute("COMMIT")


def opened(path: Path, level: Level) -> sqlite3.Connection:
    """Open a file by hand."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {level}")
    return connection


# --- turn by turn --------------------------------------------------------------------------------


@frozen
class Watched:
    """A repository that keeps what it was told to commit."""

    store: Repository
    commits: list[tuple[Op, ...]] = field(factory=list[tuple[Op, ...]])

    def get(self, key: Key, /) -> Record | None:
        """Ask the store."""
        return self.store.get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Tell the store, and keep it."""
        self.commits.append(tuple(ops))
        return self.store.commit(ops)

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Ask the store."""
        return self.store.log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Ask the store."""
        return self.store.find(query)


@frozen(kw_only=True)
class Figures:
    """What a turn cost, this library's and that of ``sqlite3``.

    Attributes:
        ours: Seconds of each turn.
        raw: The same by hand.
        our_bytes: By how much the write-ahead log grew with a turn.
        raw_bytes: The same by hand.
    """

    ours: Sequence[float]
    raw: Sequence[float]
    our_bytes: float
    raw_bytes: float

    @property
    def ratio(self) -> float:
        """How long a turn takes, in units of the same rows by hand."""
        return statistics.median(self.ours) / statistics.median(self.raw)


class Race:
    """One file for this library, and a copy of it for ``sqlite3``."""

    def __init__(self, folder: Path, level: Level, length: int, turns: int) -> None:
        """Fill the file and copy it."""
        self.paths = folder / f"ours-{level}-{length}.db", folder / f"raw-{level}-{length}.db"
        count = 1 if length > turns * PER_SESSION else -(-turns // PER_SESSION)
        store = SQLite(self.paths[0], synchronous="NORMAL")
        ids = [chat.session_id for chat in conversations(store, count, length)]
        store.close()
        shutil.copyfile(*self.paths)
        self.store = SQLite(self.paths[0], synchronous=level)
        self.watched = Watched(self.store)
        self.raw = opened(self.paths[1], level)
        coach = coach_on(self.watched)
        self.chats = [
            coach.as_user(f"user-{number}", tenant="acme").session(topic(), session_id)
            for number, session_id in enumerate(ids)
        ]
        self.ours: list[float] = []
        self.theirs: list[float] = []
        self.turn()  # opens what is opened once
        self.ours.clear()
        self.theirs.clear()

    def turn(self) -> None:
        """Let both take the next turn."""
        chat = self.chats[len(self.ours) % len(self.chats)]
        self.watched.commits.clear()
        self.ours.append(seconds(lambda: chat.send(SAID)))
        commits = [[statement(op) for op in ops] for ops in self.watched.commits]
        self.theirs.append(seconds(lambda: write(self.raw, commits)))

    def finish(self) -> Figures:
        """Count the bytes over some more turns, and make sure that both wrote the same."""
        ours, theirs = tuple(self.ours), tuple(self.theirs)
        logs = [Path(f"{path}-wal") for path in self.paths]
        for path in self.paths:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for _ in range(LOGGED):
            self.turn()
        grown = [log.stat().st_size / LOGGED for log in logs]
        self.store.close()
        self.raw.close()
        assert rows(self.paths[0]) == rows(self.paths[1])
        return Figures(ours=ours, raw=theirs, our_bytes=grown[0], raw_bytes=grown[1])


def seconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def rows(path: Path) -> list[tuple[object, ...]]:
    """All rows of a file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM coachwork_record ORDER BY key").fetchall()


def race(
    folder: Path, level: Level, lengths: Sequence[int] = LENGTHS, turns: int = TURNS
) -> Mapping[int, Figures]:
    """Measure turns at all *lengths*, turn by turn alternately."""
    races = {length: Race(folder, level, length, turns) for length in lengths}
    gc.collect()
    gc.disable()
    for _ in range(turns):
        for one in races.values():
            one.turn()
    gc.enable()
    return {length: one.finish() for length, one in races.items()}


# --- the library's own work ----------------------------------------------------------------------


def own_seconds(turns: int = TURNS, *, length: int = LENGTHS[0], window: int = WINDOW) -> float:
    """CPU seconds of a turn with everything in memory: the library's own work."""
    chats = conversations(Memory(), -(-turns // PER_SESSION), length, window)
    took: list[float] = []
    for number in range(turns):
        chat = chats[number % len(chats)]
        began = time.process_time()
        chat.send(SAID)
        took.append(time.process_time() - began)
    return statistics.median(took)


PARTS: Final = {
    "/json/": "json",
    "<cattrs": "records read and written (cattrs)",
    "/cattrs/": "records read and written (cattrs)",
    "coachwork/records": "records read and written (cattrs)",
    "coachwork/plain": "the reply's schema and form",
    "coachwork/replies": "the reply's schema and form",
    "coachwork/machine": "transitions",
    "coachwork/sessions": "transitions",
    "coachwork/jobs": "transitions",
    "coachwork/effects": "drivers and effects",
    "coachwork/drivers": "drivers and effects",
    "coachwork/workflows": "workflows",
    "coachwork/topics": "templates",
    "coachwork/adapters": "adapters",
    "attrs generated": "constructors and comparisons (attrs)",
}
"""What a part of a file's path tells about the work done there."""


def where_it_goes(turns: int = TURNS) -> Mapping[str, float]:
    """Shares of a turn's time by part of the library; a profile weighs small calls too much."""
    chats = conversations(Memory(), -(-turns // PER_SESSION), LENGTHS[0])
    profile = cProfile.Profile()
    profile.enable()
    for number in range(turns):
        chats[number % len(chats)].send(SAID)
    profile.disable()
    shares: dict[str, float] = {}
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in stats.values())
    for (file, _, name), (_, _, own, _, _) in stats.items():
        where = f"{file} {name}".replace("\\", "/")
        part = next((told for path, told in PARTS.items() if path in where), "Python's own")
        shares[part] = shares.get(part, 0.0) + own / total
    return dict(sorted(shares.items(), key=lambda share: -share[1]))


# --- what is printed -----------------------------------------------------------------------------


def report(
    folder: Path, lengths: Sequence[int] = LENGTHS, turns: int = TURNS
) -> Mapping[Level, Mapping[int, Figures]]:
    """Measure and print everything; return the figures of the races."""
    told: dict[Level, Mapping[int, Figures]] = {}
    print("A durable turn, in units of sqlite3 writing the same rows by hand (medians)")
    print("  synchronous  messages    ratio       ours   by hand     bytes   by hand   of shortest")
    for level in ("FULL", "NORMAL"):
        told[level] = race(folder, level, lengths, turns)
        shortest = statistics.median(told[level][lengths[0]].ours)
        for length, figures in told[level].items():
            ours, raw = statistics.median(figures.ours), statistics.median(figures.raw)
            print(
                f"  {level:<11}{length:>10,}{figures.ratio:>8.2f}x"
                f"{ours * 1e6:>9.0f}us{raw * 1e6:>8.0f}us"
                f"{figures.our_bytes:>10,.0f}{figures.raw_bytes:>10,.0f}{ours / shortest:>12.2f}x"
            )
    print("\nThe library's own work: CPU time of a turn with everything in memory")
    for window in (1, WINDOW, 30):
        own = own_seconds(turns, length=max(lengths[0], window), window=window)
        print(f"  the model sees {window:>2} messages  {own * 1e6:>7.0f}us")
    print("\nWhere it goes (profile)")
    for part, share in where_it_goes(turns).items():
        print(f"  {part:<40}{share:>6.1%}")
    return told


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as made:
        report(Path(made))
