"""What a session takes, in memory and on disk: ``python tests/benchmarks/bench_memory.py``.

In memory: one *hot* value, as a step makes it. It shares what never changes (`About`) and what
seldom changes (`Ledger`) with the values before it, so they are counted once and not with it. On
disk: everything that a started session stores, and what each turn adds to it.
"""

from __future__ import annotations

import gc
import sqlite3
import tempfile
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

from coachwork import Coach, Memory, SQLite, Topic
from coachwork.adapters import ScriptedModel
from coachwork.records import SESSION_RECORD, session_key
from coachwork.sessions import SESSION, InFlight, JobKind, Session, SessionEvent, Spoken

VALUES: Final = 100_000
"""How many values are made at once."""
SESSIONS: Final = 500
"""How many sessions are stored."""
SAID: Final = "I have thought about it: what I want most is to be honest with the other people. "
TOPIC: Final[Topic[object]] = Topic(
    id="bench", system="You help {name}.", initiation="Greet {name}."
)


def begun() -> Session:
    """A session that has begun."""
    memory = Memory()
    coach = Coach(memory, ScriptedModel(lambda _ask: SAID), topics=[TOPIC])
    chat = coach.as_user("ada", tenant="acme").start(TOPIC, context={"name": "Ada"})
    record = memory.get(session_key("acme", chat.session_id))
    assert record is not None
    return SESSION_RECORD.read(record).value


def bytes_each(make: Callable[[int], object], count: int) -> float:
    """Bytes of what *make* makes, a piece, without the list that holds them."""
    kept: list[object] = [None] * count
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for place in range(count):
        kept[place] = make(place)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(kept) == count
    return (after - before) / count


def in_memory(count: int = VALUES) -> Mapping[str, float]:
    """Bytes of a session value, by how much of it is its own."""
    session = begun()
    now = session.updated_at + timedelta(minutes=1)
    job = InFlight("job", JobKind.REPLY)
    usage = session.ledger.usage

    def step(_place: int) -> object:
        return SESSION.move(session, SessionEvent.MESSAGE, now, job).value

    def own_instant(place: int) -> object:
        later = now + timedelta(seconds=place)
        return SESSION.move(session, SessionEvent.MESSAGE, later, job).value

    waiting = SESSION.move(session, SessionEvent.MESSAGE, now, job).value

    def own_ledger(place: int) -> object:
        later = now + timedelta(seconds=place)
        return SESSION.move(waiting, SessionEvent.REPLY, later, Spoken(usage)).value

    return {
        "a message": bytes_each(step, count),
        "a message, with the instant that it was said at": bytes_each(own_instant, count),
        "a reply, with its instant and a new ledger": bytes_each(own_ledger, count),
    }


def on_disk(folder: Path, sessions: int = SESSIONS, turns: int = 1) -> Mapping[str, float]:
    """Bytes in the file per started session, and per turn; and of that the bodies alone."""
    path = folder / "stored.db"
    store = SQLite(path, synchronous="NORMAL")
    coach = Coach(store, ScriptedModel(lambda _ask: SAID), topics=[TOPIC])
    empty = sum(size_of(path))
    chats = [
        coach.as_user(f"user-{number}", tenant="acme").start(TOPIC, context={"name": "Ada"})
        for number in range(sessions)
    ]
    started = size_of(path)
    for chat in chats:
        for _ in range(turns):
            chat.send(SAID)
    talked = size_of(path)
    store.close()
    return {
        "a started session (account, claim, job, receipt ...)": (started[0] - empty) / sessions,
        "its bodies alone": started[1] / sessions,
        "a turn": (talked[0] - started[0]) / sessions / turns,
        "its bodies alone ": (talked[1] - started[1]) / sessions / turns,
    }


def size_of(path: Path) -> Sequence[int]:
    """Bytes of the pages of a file, and of the bodies in them."""
    with closing(sqlite3.connect(path)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (bodies,) = connection.execute(
            "SELECT coalesce(sum(length(body)), 0) FROM coachwork_record"
        ).fetchone()
    return pages * size, bodies


def report(folder: Path, values: int = VALUES, sessions: int = SESSIONS) -> Mapping[str, float]:
    """Measure and print everything; return the bytes of a value in memory."""
    print(f"Bytes of a hot session value that shares About and Ledger ({values:,} of them)")
    measured = in_memory(values)
    for what, size in measured.items():
        print(f"  {what:<56}{size:>8.0f}")
    print(f"\nBytes in an SQLite file ({sessions:,} sessions)")
    for what, size in on_disk(folder, sessions).items():
        print(f"  {what:<56}{size:>8,.0f}")
    return measured


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        report(Path(made))
