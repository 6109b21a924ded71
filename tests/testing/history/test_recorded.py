"""A recorded repository is the one behind it, and writes down what it was asked and answered."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from coachwork import AsyncCoach, Coach, Memory, Topic, in_threads
from coachwork.adapters import ScriptedModel
from coachwork.errors import MisuseError, OutcomeUnknownError, StoreUnavailableError
from coachwork.ports import CommitResult, Query
from coachwork.records import Key, Op, Record
from coachwork.testing import check_repository
from coachwork.testing.history import History, Method, Outcome, history_violations, recorded
from coachwork.testing.history._call import Span, all_seen, part_of, seen_of
from tests.told_calls import key, message, put, say, thing

TALK = Topic(id="talk", system="Listen.", initiation="Greet.")
THINGS = Query(kind="thing", tenant="acme", owner="ada")


def test_it_keeps_the_promises_of_the_repository_behind_it() -> None:
    """In both colours; and what the kit did to a correct store is a history that passes."""
    for store in (Memory(), Memory().for_async()):
        history = History()
        made: Any = recorded(store, history)
        check_repository(lambda made=made: nullcontext(made))  # type: ignore[misc]
        assert len(history.calls) > 1000
        assert history_violations(history) == []


def test_what_is_written_down() -> None:
    """Each of the four calls, with what it asked and what it was answered."""
    history = History()
    store = recorded(Memory(), history)
    store.get(key("a"))
    ops = [put("a"), say(1)]
    assert store.commit(ops) is CommitResult.DONE
    assert store.commit(ops) is CommitResult.CONFLICT
    store.get(key("a"))
    store.log("acme", "s", after=0, last=3, limit=5)
    store.find(THINGS)
    calls = history.calls
    assert [(call.method, call.outcome) for call in calls] == [
        (Method.GET, Outcome.DONE),
        (Method.COMMIT, Outcome.DONE),
        (Method.COMMIT, Outcome.CONFLICT),
        (Method.GET, Outcome.DONE),
        (Method.LOG, Outcome.DONE),
        (Method.FIND, Outcome.DONE),
    ]
    assert calls[0].seen == (seen_of(key("a"), None),)
    assert calls[1].parts == tuple(map(part_of, ops))
    assert calls[3].seen == (seen_of(key("a"), thing("a")),)
    assert (calls[4].span, calls[4].seen) == (Span("acme", "s", 0, 3, 5), all_seen([message(1)]))
    assert calls[5].seen == ()
    assert {call.who for call in calls} == {f"process {os.getpid()}, MainThread"}


class Died(BaseException):
    """The end of a process."""


class Failing(Memory):
    """A memory that fails as it is told to, after it was done or before."""

    error: BaseException | None = None
    done = True

    def get(self, key: Key, /) -> Record | None:
        """Fail, or read."""
        if self.error is not None:
            raise self.error
        return super().get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Do it or not, and fail."""
        answer = super().commit(ops) if self.done else CommitResult.CONFLICT
        if self.error is not None:
            raise self.error
        return answer


class Awaited:
    """A memory, awaited."""

    def __init__(self, store: Memory) -> None:
        """Stand before it."""
        self._store = store

    async def get(self, key: Key, /) -> Record | None:
        """Ask it."""
        return self._store.get(key)

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Tell it."""
        return self._store.commit(ops)

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Ask it."""
        return self._store.log(tenant, session, after=after, last=last, limit=limit)

    async def find(self, query: Query, /) -> Sequence[Record]:
        """Ask it."""
        return self._store.find(query)


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize(
    "error, outcome",
    [
        (StoreUnavailableError(), Outcome.NOT_DONE),
        (OutcomeUnknownError(), Outcome.UNKNOWN),
        (ConnectionError(), Outcome.UNKNOWN),
        (Died(), Outcome.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_known_of_a_commit_that_failed(
    error: BaseException, outcome: Outcome, *, awaited: bool
) -> None:
    """Only what the port promises; whatever else was raised, nobody knows."""
    history, store = History(), Failing()
    store.error = error

    async def both() -> None:
        made = recorded(Awaited(store), history)
        with pytest.raises(type(error)):
            await made.commit([put("a")])
        with pytest.raises(type(error)):
            await made.get(key("a"))

    if awaited:
        asyncio.run(both())
    else:
        made = recorded(store, history)
        with pytest.raises(type(error)):
            made.commit([put("a")])
        with pytest.raises(type(error)):
            made.get(key("a"))
    commit, read = history.calls
    assert (commit.outcome, read.outcome) == (outcome, Outcome.NOT_DONE)
    assert read.seen == ()
    assert commit.end is not None


def test_who_calls_is_told_by_thread_and_task() -> None:
    """A task by its name, wherever a loop runs."""
    history = History()
    store = recorded(Memory(), history)
    thread = threading.Thread(target=store.get, args=(key("a"),), name="worker")
    thread.start()
    thread.join()

    async def main() -> None:
        await asyncio.create_task(store.for_async().get(key("a")), name="a task")
        await asyncio.to_thread(store.get, key("a"))

    asyncio.run(main())
    told = [call.who.partition(", ")[2] for call in history.calls]
    assert told[:2] == ["worker", "a task"]
    assert told[2].startswith("asyncio_")


def test_who_calls_is_told_where_nobody_awaits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without an event loop imports none for that."""
    monkeypatch.delitem(sys.modules, "asyncio")
    history = History()
    recorded(Memory(), history).get(key("a"))
    assert "asyncio" not in sys.modules
    assert history.calls[0].who.endswith(", MainThread")


def test_coaches_of_both_colours_are_recorded() -> None:
    """One history of both, and what is stored in the end is what it tells."""
    memory, history = Memory(), History()
    store = recorded(memory, history)
    with Coach(store, ScriptedModel(lambda _: "Go on."), topics=[TALK]) as coach:
        coach.as_user("ada").start(TALK).send("One.")

    async def main() -> None:
        async with AsyncCoach(store, ScriptedModel(lambda _: "Go on."), topics=[TALK]) as coach:
            chat = await coach.as_user("ada").open(TALK)
            await chat.send("Two.")
            await chat.history()

    asyncio.run(main())
    assert {call.method for call in history.calls} >= {Method.GET, Method.COMMIT, Method.LOG}
    assert history_violations(history, left=memory.records()) == []
    assert history_violations(history, left=memory.records()[1:]) != []


class Plain:
    """A blocking repository without an async form, that counts how often it was closed."""

    closed = 0

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Do nothing."""
        raise NotImplementedError(ops)

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def test_a_repository_without_an_async_form_has_to_be_put_into_threads() -> None:
    """The error says so."""
    plain: Any = Plain()
    with pytest.raises(MisuseError, match=r"Plain has no async form: record in_threads\(Plain\)"):
        recorded(plain, History()).for_async()


def test_closing_it_closes_the_repository() -> None:
    """In both colours."""
    plain: Any = Plain()
    recorded(plain, History()).close()
    asyncio.run(recorded(in_threads(plain), History()).close())
    assert plain.closed == 2


def test_views_are_read_in_async_code() -> None:
    """A log and a find, awaited."""
    history = History()
    store = recorded(Memory().for_async(), history)

    async def main() -> None:
        await store.commit([say(1)])
        assert len(await store.log("acme", "s", limit=5)) == 1
        assert list(await store.find(THINGS)) == []

    asyncio.run(main())
    assert [call.method for call in history.calls] == [Method.COMMIT, Method.LOG, Method.FIND]
