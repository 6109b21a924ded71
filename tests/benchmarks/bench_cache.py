"""What a cache saves, and costs: ``python -m tests.benchmarks.bench_cache [FOLDER]``.

One conversation is read and continued by two coaches alternately, one before an SQLite file and one
before the same kind of file with a memory in front of it, so what else the machine does hits both.
Besides the time it is counted how often the file is asked for messages, and how many it shows: that
is what a database pays for that is not on the same machine.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import define, frozen

from coachwork import Chat, Memory, SQLite
from coachwork.adapters import Cached
from coachwork.ports import CommitResult, Query, Repository
from coachwork.records import MESSAGE, Key, Op, Record
from tests.benchmarks.bench_turn import SAID, coach_on, conversations, topic

LENGTHS: Final = (100, 10_000)
"""How many messages the conversation has."""
WINDOW: Final = 30
"""How many messages the model sees: as many as topics have by default."""
PAGE: Final = 200
"""How many messages a page of a history has at most."""
ROUNDS: Final = 200
"""How often each of them does each thing."""


@define
class Counted:
    """A repository that counts what it is asked for messages.

    Attributes:
        store: The repository.
        calls: How often it was asked.
        shown: How many messages it has shown.
    """

    store: Repository
    calls: int = 0
    shown: int = 0

    def get(self, key: Key, /) -> Record | None:
        """Ask the store."""
        found = self.store.get(key)
        if key.kind == MESSAGE.name:
            self._count(0 if found is None else 1)
        return found

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Tell the store."""
        return self.store.commit(ops)

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Ask the store."""
        found = self.store.log(tenant, session, after=after, last=last, limit=limit)
        self._count(len(found))
        return found

    def find(self, query: Query, /) -> Sequence[Record]:
        """Ask the store."""
        return self.store.find(query)

    def _count(self, shown: int) -> None:
        self.calls += 1
        self.shown += shown


@frozen(kw_only=True)
class Figures:
    """What one thing takes.

    Attributes:
        plain: Seconds each time without a cache.
        cached: Seconds each time with one.
        calls: How often the durable side was asked for messages, without a cache and with one.
        shown: How many messages it has shown, without a cache and with one.
    """

    plain: Sequence[float]
    cached: Sequence[float]
    calls: tuple[float, float]
    shown: tuple[float, float]

    @property
    def ratio(self) -> float:
        """How long it takes with a cache, in units of without one."""
        return statistics.median(self.cached) / statistics.median(self.plain)


Deed = Callable[["Side"], object]


class Side:
    """A conversation in a file of its own."""

    def __init__(self, path: Path, length: int, *, cached: bool) -> None:
        """Make it, and read it once to its end."""
        self.file = SQLite(path, synchronous="NORMAL")
        self.counted = Counted(self.file)
        self.length = length
        (chat,) = conversations(self.file, 1, length, WINDOW)
        self.store: Repository = Cached(self.counted, Memory()) if cached else self.counted
        coach = coach_on(self.store, WINDOW)
        user = coach.as_user("user-0", tenant="acme")
        self.chat: Chat[object] = user.session(topic(WINDOW), chat.session_id)
        after: int | None = 0
        while after is not None:
            after = self.chat.history(after=after, limit=PAGE).next

    def middle(self) -> int:
        """Return a number in the middle of the conversation."""
        return max(0, self.length // 2 - PAGE // 2)


def _last(side: Side) -> object:
    return side.store.log("acme", side.chat.session_id, last=WINDOW, limit=WINDOW)


def _page(side: Side) -> object:
    return side.store.log("acme", side.chat.session_id, after=side.middle(), limit=PAGE)


def _poll(side: Side) -> object:
    return side.store.log("acme", side.chat.session_id, after=10**9, limit=PAGE)


def _history(side: Side) -> object:
    return side.chat.history(after=side.middle(), limit=PAGE)


def _turn(side: Side) -> object:
    return side.chat.send(SAID)


DEEDS: Final[dict[str, Deed]] = {
    "the last 30 messages": _last,
    "a page of 200": _page,
    "a poll that finds nothing": _poll,
    "Chat.history, a page of 200": _history,
    "Chat.send, a turn": _turn,
}
"""What is done: first what a repository alone does, then what a coach does with it."""


def race(sides: tuple[Side, Side], deed: Deed, rounds: int) -> Figures:
    """Let both do it alternately."""
    took: tuple[list[float], list[float]] = ([], [])
    for side in sides:
        deed(side)
        side.counted.calls = side.counted.shown = 0
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        for side, seconds in zip(sides, took, strict=True):
            began = time.perf_counter()
            deed(side)
            seconds.append(time.perf_counter() - began)
    gc.enable()
    plain, cached = (side.counted for side in sides)
    return Figures(
        plain=took[0],
        cached=took[1],
        calls=(plain.calls / rounds, cached.calls / rounds),
        shown=(plain.shown / rounds, cached.shown / rounds),
    )


def report(
    folder: Path, lengths: Sequence[int] = LENGTHS, rounds: int = ROUNDS
) -> Mapping[tuple[int, str], Figures]:
    """Measure and print everything; return the figures."""
    told: dict[tuple[int, str], Figures] = {}
    print("With a memory in front of SQLite, in units of SQLite alone (medians)")
    print(
        "  messages                                ratio     plain    cached     asked       shown"
    )
    for length in lengths:
        sides = (
            Side(folder / f"plain-{length}.db", length, cached=False),
            Side(folder / f"cached-{length}.db", length, cached=True),
        )
        for name, deed in DEEDS.items():
            figures = told[length, name] = race(sides, deed, rounds)
            plain, cached = statistics.median(figures.plain), statistics.median(figures.cached)
            calls, shown = figures.calls, figures.shown
            print(
                f"  {length:>8,}  {name:<28}{figures.ratio:>6.2f}x"
                f"{plain * 1e6:>8.0f}us{cached * 1e6:>8.0f}us"
                f"{calls[0]:>6.1f}{calls[1]:>4.1f}{shown[0]:>8.1f}{shown[1]:>5.1f}"
            )
        for side in sides:
            side.file.close()
    return told


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as temporary:
        report(Path(temporary))
