"""A repository that goes wrong as planned, in both colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from attrs import evolve

from coachwork.courses import Course, at_once, awaited, closing
from coachwork.errors import OutcomeUnknownError, StoreUnavailableError
from coachwork.ports import AsyncRepository, Clock, CommitResult, Query, Repository
from coachwork.records import (
    ACCOUNT,
    CLAIM,
    KINDS,
    MESSAGE,
    Check,
    Delete,
    Insert,
    Key,
    Op,
    Record,
    Update,
    key_of,
)
from coachwork.testing.faults._fault import Fault
from coachwork.testing.faults._past import Past, stale_log, stale_view
from coachwork.testing.faults._playing import Instead, Manner, Player, Sleep

_EXPIRING: Final = tuple(kind for kind in KINDS if kind not in {CLAIM.name, ACCOUNT.name})
"""What an engine's time to live may delete (brief, section 8)."""
_PAGE: Final = 100


class FaultyStore:
    """What the two colours of a faulty repository share: the courses of its four methods.

    Attributes:
        repository: The repository behind it.
    """

    def __init__(
        self,
        repository: Repository | AsyncRepository,
        player: Player,
        clock: Clock,
        wait: Sleep,
        past: Past,
    ) -> None:
        """Stand before *repository*, whose engine has that *clock*."""
        self.repository = repository
        self._player = player
        self._clock = clock
        self._wait = wait
        self._past = past
        self._remembers = Fault.STALE in player.plan.faults

    def get(self, key: Key) -> Course[Record | None]:
        """Read one record."""
        return self._play(
            "get",
            (key.kind,),
            partial(self._call, self.repository.get, key),
            partial(self._older, key),
        )

    def commit(self, ops: Sequence[Op]) -> Course[CommitResult]:
        """Commit."""
        kinds = sorted({key_of(op).kind for op in ops})
        return self._play("commit", tuple(kinds), partial(self._commit, ops))

    def log(
        self, tenant: str, session: str, *, after: int, last: int | None, limit: int
    ) -> Course[Sequence[Record]]:
        """Read a log."""
        ask = partial(self.repository.log, tenant, session, after=after)
        return self._play(
            "log",
            (MESSAGE.name,),
            partial(self._call, partial(ask, last=last, limit=limit)),
            partial(self._older_log, tenant, session, after=after, last=last, limit=limit),
        )

    def find(self, query: Query) -> Course[Sequence[Record]]:
        """Read a view."""
        return self._play(
            "find",
            (query.kind,),
            partial(self._call, self.repository.find, query),
            partial(self._older_view, query),
        )

    def _play(
        self,
        method: str,
        kinds: tuple[str, ...],
        do: Callable[[], Course[Any]],
        stale: Callable[[], Course[tuple[Any, bool]]] | None = None,
    ) -> Course[Any]:
        """Play one call."""
        instead: dict[Fault, Instead] = {
            Fault.TTL_EARLY: lambda seconds: self._swept(seconds, do),
            Fault.TTL_LATE: lambda seconds: self._swept(-seconds, do),
        }
        if stale is not None:
            instead[Fault.STALE] = lambda _: stale()
        manner = Manner(
            do=do,
            wait=self._wait,
            failed=lambda: StoreUnavailableError("a fault was injected"),
            lost=OutcomeUnknownError,
            instead=instead,
        )
        return self._player.play("repository", method, kinds, manner)

    def _call(self, ask: Callable[..., object], *args: object) -> Course[Any]:
        """Make one call of the repository."""
        return (yield partial(ask, *args))

    # --- what was there before ---------------------------------------------------------------

    def _commit(self, ops: Sequence[Op]) -> Course[CommitResult]:
        """Commit, and take note of what was there before, where somebody may want to know."""
        before: dict[Key, Record | None] = {}
        for op in ops if self._remembers else ():
            if not isinstance(op, Check):
                before[key_of(op)] = yield from self._before(op)
        answer: CommitResult = yield partial(self.repository.commit, ops)
        if answer is CommitResult.DONE:
            self._past.changed(before)
        return answer

    def _before(self, op: Insert | Update | Delete) -> Course[Record | None]:
        """Return what *op* changes."""
        if isinstance(op, Insert):
            return None
        found: Record | None = yield partial(self.repository.get, key_of(op))
        return found

    def _older(self, key: Key) -> Course[tuple[Record | None, bool]]:
        """Return the record of *key* before its last change; the record itself if none is known."""
        fresh: Record | None = yield partial(self.repository.get, key)
        return (self._past.of(key), True) if self._past.knows(key) else (fresh, False)

    def _older_log(
        self, tenant: str, session: str, *, after: int, last: int | None, limit: int
    ) -> Course[tuple[Sequence[Record], bool]]:
        """Return what a log told before its last change."""
        before = self._past.of_log(tenant, session)
        more = len(before)
        most = (limit if last is None else last) + more
        shown: Sequence[Record] = yield partial(
            self.repository.log,
            tenant,
            session,
            after=after,
            last=None if last is None else most,
            limit=most,
        )
        old = stale_log(shown, before, tenant, session, after=after, last=last, limit=limit)
        return old, bool(before)

    def _older_view(self, query: Query) -> Course[tuple[Sequence[Record], bool]]:
        """Return what a view found before the last change of anything it could show."""
        before = self._past.of_kind(query.kind)
        shown: Sequence[Record] = yield partial(
            self.repository.find, evolve(query, limit=query.limit + len(before))
        )
        return stale_view(shown, before, query), bool(before)

    # --- a time to live ----------------------------------------------------------------------

    def _swept(self, early: float, do: Callable[[], Course[Any]]) -> Course[tuple[Any, bool]]:
        """Delete what has expired, or will have so many seconds later, and then make the call."""
        until = self._clock.now() + timedelta(seconds=early)
        deleted = 0
        for kind in _EXPIRING:
            query = Query(kind=kind, expires=until, limit=_PAGE)
            while True:
                found: Sequence[Record] = yield partial(self.repository.find, query)
                for record in found:
                    op = Delete(record.key, record.version)
                    done = yield from self._commit([op])
                    deleted += done is CommitResult.DONE
                if len(found) < _PAGE:
                    break
                query = evolve(query, after=found[-1].key)
        return (yield from do()), deleted > 0


class FaultyRepository:
    """A blocking repository that goes wrong as planned."""

    def __init__(self, store: FaultyStore, other_colour: Callable[[], AsyncRepository]) -> None:
        """Made by `Faults.repository`."""
        self._store = store
        self._other_colour = other_colour

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        return at_once(self._store.get(key))

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        return at_once(self._store.commit(ops))

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return at_once(self._store.log(tenant, session, after=after, last=last, limit=limit))

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return at_once(self._store.find(query))

    def for_async(self) -> AsyncRepository:
        """Return the same for an async coach, before the async form of the repository."""
        return self._other_colour()

    def close(self) -> None:
        """Close the repository, where it can be closed."""
        at_once(closing(self._store.repository))


class AsyncFaultyRepository:
    """The same, awaited."""

    def __init__(self, store: FaultyStore) -> None:
        """Made by `Faults.repository`."""
        self._store = store

    async def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        return await awaited(self._store.get(key))

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        return await awaited(self._store.commit(ops))

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return await awaited(self._store.log(tenant, session, after=after, last=last, limit=limit))

    async def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return await awaited(self._store.find(query))

    async def close(self) -> None:
        """Close the repository, where it can be closed."""
        await awaited(closing(self._store.repository))
