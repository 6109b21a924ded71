"""Sessions on memory and SQLite at once, which must hold the very same records all the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import settings

from coachwork.adapters import Memory, SQLite
from coachwork.ports import CommitResult, Query
from coachwork.records import Key, Op, Record
from coachwork.testing import Audited
from coachwork.testing.stateful import SessionMachine
from tests.stores import everything

T = TypeVar("T")


class Twins:
    """Two repositories that are told the same, and must answer the same."""

    def __init__(self, memory: Memory, sqlite: SQLite) -> None:
        """Begin with two that are empty."""
        self._memory = memory
        self._sqlite = sqlite
        self._audited = Audited(memory)

    def get(self, key: Key, /) -> Record | None:
        """Read from both."""
        return same(self._audited.get(key), self._sqlite.get(key))

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit to both; then they hold the very same records."""
        answer = same(self._audited.commit(ops), self._sqlite.commit(ops))
        same(everything(self._memory), everything(self._sqlite))
        return answer

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read a log from both."""
        one = self._audited.log(tenant, session, after=after, last=last, limit=limit)
        other = self._sqlite.log(tenant, session, after=after, last=last, limit=limit)
        return same([*one], [*other])

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find in both, in the same order."""
        return same([*self._audited.find(query)], [*self._sqlite.find(query)])


def same(one: T, other: T) -> T:
    """Return what both say."""
    assert one == other
    return one


@contextmanager
def twins() -> Iterator[Twins]:
    """Give a memory and a database in a folder of its own."""
    with TemporaryDirectory(prefix="coachwork-") as folder:
        sqlite = SQLite(Path(folder) / "coach.db", synchronous="NORMAL")
        try:
            yield Twins(Memory(), sqlite)
        finally:
            sqlite.close()


TestTwins = SessionMachine.over(twins).TestCase
TestTwins.settings = settings(max_examples=20, stateful_step_count=25)
