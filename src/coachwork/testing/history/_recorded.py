"""A repository that writes down what it is asked and what it answers, in both colours."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast, overload

from coachwork.courses import Course, at_once, awaited, closing, is_async
from coachwork.errors import MisuseError, StoreUnavailableError
from coachwork.ports import AsyncRepository, CommitResult, Query, Repository
from coachwork.records import Key, Op, Record
from coachwork.testing.history._call import (
    Method,
    Outcome,
    Seen,
    Span,
    all_seen,
    part_of,
    seen_of,
)
from coachwork.testing.history._history import History

R = TypeVar("R")


class _Recorder:
    """What both colours share: how each of the four calls is written down."""

    def __init__(self, repository: Repository | AsyncRepository, history: History) -> None:
        self.repository = repository
        self.history = history

    def get(self, key: Key) -> Course[Record | None]:
        call = partial(self.repository.get, key)
        return self._noted(Method.GET, call, lambda record: (seen_of(key, record),))

    def commit(self, ops: Sequence[Op]) -> Course[CommitResult]:
        number = self.history.begin(_who(), Method.COMMIT, tuple(map(part_of, ops)))
        outcome = Outcome.UNKNOWN
        try:
            answer: CommitResult = yield partial(self.repository.commit, ops)
            outcome = Outcome.DONE if answer is CommitResult.DONE else Outcome.CONFLICT
        except StoreUnavailableError:
            outcome = Outcome.NOT_DONE
            raise
        finally:
            self.history.end(number, outcome)
        return answer

    def log(
        self, tenant: str, session: str, *, after: int, last: int | None, limit: int
    ) -> Course[Sequence[Record]]:
        call = partial(self.repository.log, tenant, session, after=after, last=last, limit=limit)
        span = Span(tenant, session, after, last, limit)
        return self._noted(Method.LOG, call, all_seen, span)

    def find(self, query: Query) -> Course[Sequence[Record]]:
        return self._noted(Method.FIND, partial(self.repository.find, query), all_seen)

    def _noted(
        self,
        method: Method,
        call: Callable[[], object],
        seen: Callable[[R], tuple[Seen, ...]],
        span: Span | None = None,
    ) -> Course[R]:
        """Make a call that reads, and write it down."""
        number = self.history.begin(_who(), method, span=span)
        read: tuple[Seen, ...] = ()
        outcome = Outcome.NOT_DONE
        try:
            answer: R = yield call
            read, outcome = seen(answer), Outcome.DONE
        finally:
            self.history.end(number, outcome, read)
        return answer


def _who() -> str:
    """Return the process, and the thread or task, that calls."""
    name = threading.current_thread().name
    asyncio = sys.modules.get("asyncio")  # where there is a task, somebody has imported it
    if asyncio is not None:
        try:
            task: Any = asyncio.current_task()
        except RuntimeError:  # no loop runs in this thread
            task = None
        if task is not None:
            name = task.get_name()
    return f"process {os.getpid()}, {name}"


class RecordedRepository:
    """A blocking repository that writes down what it is asked and what it answers."""

    def __init__(self, repository: Repository, history: History) -> None:
        """Made by `recorded`."""
        self._recorder = _Recorder(repository, history)

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        return at_once(self._recorder.get(key))

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        return at_once(self._recorder.commit(ops))

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return at_once(self._recorder.log(tenant, session, after=after, last=last, limit=limit))

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return at_once(self._recorder.find(query))

    def for_async(self) -> AsyncRecordedRepository:
        """Return the same history before the async form of the repository.

        Raises:
            MisuseError: The repository has none.
        """
        repository = self._recorder.repository
        form: Callable[[], AsyncRepository] | None = getattr(repository, "for_async", None)
        if form is None:
            name = type(repository).__name__
            raise MisuseError(f"{name} has no async form: record in_threads({name})")
        return AsyncRecordedRepository(form(), self._recorder.history)

    def close(self) -> None:
        """Close the repository, where it can be closed; the history stays as it is."""
        at_once(closing(self._recorder.repository))


class AsyncRecordedRepository:
    """The same, awaited."""

    def __init__(self, repository: AsyncRepository, history: History) -> None:
        """Made by `recorded`."""
        self._recorder = _Recorder(repository, history)

    async def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        return await awaited(self._recorder.get(key))

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        return await awaited(self._recorder.commit(ops))

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return await awaited(
            self._recorder.log(tenant, session, after=after, last=last, limit=limit)
        )

    async def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return await awaited(self._recorder.find(query))

    async def close(self) -> None:
        """Close the repository, where it can be closed; the history stays as it is."""
        await awaited(closing(self._recorder.repository))


@overload
def recorded(repository: Repository, history: History) -> RecordedRepository: ...
@overload
def recorded(repository: AsyncRepository, history: History) -> AsyncRecordedRepository: ...
def recorded(
    repository: Repository | AsyncRepository, history: History
) -> RecordedRepository | AsyncRecordedRepository:
    """Return *repository* such that *history* tells what it was asked and what it answered.

    Several repositories may be recorded by one history, if they stand before the same store.
    """
    if is_async(repository, "commit"):
        return AsyncRecordedRepository(cast("AsyncRepository", repository), history)
    return RecordedRepository(cast("Repository", repository), history)
