"""A repository that is watched: each call is told to the test first, which may fail or wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coachwork.adapters import SQLite
from coachwork.ports import CommitResult, Query, Repository
from coachwork.records import Key, Op, Record


class Watched:
    """A repository in front of another one.

    Attributes:
        hook: Called before each call with its word: ``get``, ``commit``, ``log``, ``find`` or
            ``find due``, and ``committed`` after a commit that was done. What it raises is raised.
        calls: How often each word was called.
    """

    def __init__(self, store: Repository) -> None:
        """Stand before *store*."""
        self._store = store
        self.hook: Callable[[str], object] = lambda _: None
        self.calls: dict[str, int] = {}

    def _tell(self, word: str) -> None:
        self.calls[word] = self.calls.get(word, 0) + 1
        self.hook(word)

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        self._tell("get")
        return self._store.get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        self._tell("commit")
        result = self._store.commit(ops)
        if result is CommitResult.DONE:
            self._tell("committed")
        return result

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        self._tell("log")
        return self._store.log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        settled = {"completed", "failed"}
        due = query.due is not None and not settled & set(query.status)
        self._tell("find due" if due else "find")
        return self._store.find(query)

    def again(self) -> Watched:
        """Return the same repository, watched by nobody yet."""
        return Watched(self._store)

    def close(self) -> None:
        """Close it, where it can be closed."""
        if isinstance(self._store, SQLite):
            self._store.close()

    def for_async(self) -> AsyncWatched:
        """Return the same for an async coach; it blocks, which does no harm in a test."""
        return AsyncWatched(self)


class AsyncWatched:
    """The same, awaited.

    Attributes:
        watched: The repository.
    """

    def __init__(self, watched: Watched) -> None:
        """Stand before *watched*."""
        self.watched = watched

    async def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        return self.watched.get(key)

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        return self.watched.commit(ops)

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return self.watched.log(tenant, session, after=after, last=last, limit=limit)

    async def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return self.watched.find(query)
