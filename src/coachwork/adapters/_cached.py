"""A fast repository in front of a durable one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from coachwork.adapters._cache import Cache, CacheFigures
from coachwork.adapters._caching import Caching
from coachwork.courses import at_once, awaited, is_async
from coachwork.errors import MisuseError, ValidationError
from coachwork.ports import AsyncRepository, CommitResult, Query, Repository
from coachwork.records import Key, Op, Record

S = TypeVar("S")

SESSIONS: Final = 1000
"""How many sessions a cache holds the messages of, unless it is told otherwise."""


class Cached:
    """A repository that reads the messages of sessions from a fast repository where it can.

    The durable side alone decides: `get`, `find` and `commit` are its own, and a log is
    answered from the fast side only as far as the durable side proves it at that moment. What
    goes wrong with the fast side reaches nobody: the durable side is asked instead.

    It may be used by several threads, and beside any number of processes that write to the durable
    side, each with a cache, with the same fast side, or without one.

    Args:
        durable: Where everything is kept.
        fast: Where messages are kept too, for as long as it likes: a `Memory`, or a
            repository of the application's own in a store that may forget. It must give back what
            it was given, and nobody else may write there. Where its calls can hang, they need a
            timeout of their own.
        sessions: Of how many sessions it is to hold messages; those that were used last stay.

    Raises:
        MisuseError: One of the two is async: take `AsyncCached`.
        ValidationError: Both are the same, or the number of sessions is no whole number from 1.
    """

    def __init__(self, durable: Repository, fast: Repository, *, sessions: int = SESSIONS) -> None:
        """Stand before both."""
        if is_async(durable, "commit") or is_async(fast, "commit"):
            raise MisuseError("both repositories must be blocking: else take AsyncCached")
        self._durable = durable
        self._fast = _checked_other(fast, durable)
        self._cache = Cache(_checked_number(sessions))
        self._caching = Caching(durable, fast, self._cache)

    @property
    def figures(self) -> CacheFigures:
        """What the cache has done so far."""
        return self._cache.figures

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`; it is the durable side's."""
        return self._durable.get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`; it is the durable side's."""
        return at_once(self._caching.commit(ops))

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`; it is what the durable side would answer."""
        return at_once(self._caching.log(tenant, session, after=after, last=last, limit=limit))

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`; it is the durable side's."""
        return self._durable.find(query)

    def for_async(self) -> AsyncCached:
        """Return the same cache for an async coach, before the async forms of both repositories.

        Raises:
            MisuseError: One of them has none: pass `AsyncCached` with ``in_threads(...)``.
        """
        return _OtherColour(_async_form(self._durable), _async_form(self._fast), self._cache)

    def close(self) -> None:
        """Close both repositories, where they can be closed."""
        at_once(self._caching.close())


class AsyncCached:
    """The same as `Cached`, awaited."""

    def __init__(
        self, durable: AsyncRepository, fast: AsyncRepository, *, sessions: int = SESSIONS
    ) -> None:
        """Stand before both; see `Cached`.

        Raises:
            MisuseError: One of the two is blocking: take `Cached`, or put it `in_threads`.
            ValidationError: Both are the same, or the number of sessions is none from 1.
        """
        if not (is_async(durable, "commit") and is_async(fast, "commit")):
            raise MisuseError("both repositories must be async: put a blocking one in_threads")
        self._durable = durable
        self._bind(_checked_other(fast, durable), Cache(_checked_number(sessions)))

    def _bind(self, fast: AsyncRepository, cache: Cache) -> None:
        """Work with that *cache*."""
        self._cache = cache
        self._caching = Caching(self._durable, fast, cache)

    @property
    def figures(self) -> CacheFigures:
        """What the cache has done so far."""
        return self._cache.figures

    async def get(self, key: Key, /) -> Record | None:
        """See `Cached.get`."""
        return await self._durable.get(key)

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `Cached.commit`."""
        return await awaited(self._caching.commit(ops))

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `Cached.log`."""
        return await awaited(
            self._caching.log(tenant, session, after=after, last=last, limit=limit)
        )

    async def find(self, query: Query, /) -> Sequence[Record]:
        """See `Cached.find`."""
        return await self._durable.find(query)

    async def close(self) -> None:
        """Close both repositories, where they can be closed."""
        await awaited(self._caching.close())


class _OtherColour(AsyncCached):
    """The async form of a cache that has a blocking one."""

    def __init__(self, durable: AsyncRepository, fast: AsyncRepository, cache: Cache) -> None:
        super().__init__(durable, fast)
        self._bind(fast, cache)


def _async_form(repository: Repository) -> AsyncRepository:
    """Return the async form of a blocking repository.

    Raises:
        MisuseError: It has none.
    """
    form: Callable[[], AsyncRepository] | None = getattr(repository, "for_async", None)
    if form is None:
        name = type(repository).__name__
        raise MisuseError(f"{name} has no async form: pass AsyncCached with in_threads({name})")
    return form()


def _checked_other(fast: S, durable: object) -> S:
    """Return *fast* if it is another repository than *durable*."""
    if fast is durable:
        raise ValidationError("fast", "another repository than the durable one")
    return fast


def _checked_number(sessions: object) -> int:
    """Return *sessions* if it is a number of sessions."""
    if type(sessions) is not int or sessions < 1:
        raise ValidationError("sessions", "a whole number from 1")
    return sessions
