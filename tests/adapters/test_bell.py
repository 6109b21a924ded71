"""The bell that wakes the workers of the same process."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final, cast

import pytest

from coachwork.adapters import AsyncRingingDispatcher, Bell, RingingDispatcher
from coachwork.jobs import JobKind, JobRef

REF: Final = JobRef("acme", "j-1", JobKind.REPLY)


class Heard:
    """Notes in which order who is told what, and may refuse."""

    def __init__(self, failure: Exception | None = None) -> None:
        """Begin with nothing."""
        self.notes: list[object] = []
        self._failure = failure

    def rung(self) -> None:
        """Note a ring."""
        self.notes.append("rung")

    def dispatch(self, ref: JobRef, /) -> None:
        """Note a job."""
        self.notes.append(ref)
        if self._failure is not None:
            raise self._failure

    def close(self) -> str:
        """Note the end."""
        self.notes.append("closed")
        return "done"


class AsyncHeard:
    """The same, awaited."""

    def __init__(self, heard: Heard) -> None:
        """Stand before it."""
        self._heard = heard

    async def dispatch(self, ref: JobRef, /) -> None:
        """Note a job."""
        self._heard.dispatch(ref)

    async def close(self) -> str:
        """Note the end."""
        return self._heard.close()


class Endless:
    """A dispatcher of either colour that cannot be closed."""

    def dispatch(self, _ref: JobRef, /) -> None:
        """Do nothing."""


class AsyncEndless:
    """The same, awaited."""

    async def dispatch(self, _ref: JobRef, /) -> None:
        """Do nothing."""


def test_all_listeners_are_woken_in_their_order() -> None:
    """Each ring wakes each of them once; who listens twice is woken twice."""
    bell = Bell()
    bell.ring()
    notes: list[int] = []
    bell.listen(lambda: notes.append(1))
    bell.listen(lambda: notes.append(2))
    bell.ring()
    bell.ring()
    assert notes == [1, 2, 1, 2]


def test_who_listens_no_more_is_not_woken() -> None:
    """The others still are; a stranger may leave, too. A method is the same each time."""
    bell, one, other = Bell(), Heard(), Heard()
    bell.listen(one.rung)
    bell.listen(other.rung)
    bell.unlisten(one.rung)
    bell.unlisten(one.rung)
    bell.ring()
    assert (one.notes, other.notes) == ([], ["rung"])


def test_a_listener_may_leave_and_another_come_while_it_rings() -> None:
    """A ring is for those who listened when it began."""
    bell, heard = Bell(), Heard()

    def leave() -> None:
        bell.unlisten(leave)
        bell.listen(heard.rung)
        heard.notes.append("left")

    bell.listen(leave)
    bell.ring()
    assert heard.notes == ["left"]
    bell.ring()
    assert heard.notes == ["left", "rung"]


def test_threads_lose_no_listener() -> None:
    """Many come and go at once; those who stay are all woken."""
    bell = Bell()
    notes: list[int] = []

    def come(number: int) -> None:
        def stay() -> None:
            notes.append(number)

        def go() -> None:
            notes.append(-1)

        bell.listen(go)
        bell.listen(stay)
        bell.unlisten(go)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(200)))
    bell.ring()
    assert sorted(notes) == list(range(200))


def test_a_dispatcher_rings_first_and_goes_on() -> None:
    """The workers of the process are awake before any queue is asked."""
    bell, heard = Bell(), Heard()
    bell.listen(heard.rung)
    RingingDispatcher(bell, heard).dispatch(REF)
    assert heard.notes == ["rung", REF]
    heard.notes.clear()
    asyncio.run(AsyncRingingDispatcher(bell, AsyncHeard(heard)).dispatch(REF))
    assert heard.notes == ["rung", REF]


def test_without_another_dispatcher_it_only_rings() -> None:
    """An application without a queue has its workers in the process, or they look by themselves."""
    bell, heard = Bell(), Heard()
    bell.listen(heard.rung)
    RingingDispatcher(bell, None).dispatch(REF)
    asyncio.run(AsyncRingingDispatcher(bell, None).dispatch(REF))
    assert heard.notes == ["rung", "rung"]


def test_what_the_other_dispatcher_raises_comes_after_the_ring() -> None:
    """A queue that is away keeps nobody of the process asleep."""
    bell, heard = Bell(), Heard(OSError("the queue is away"))
    bell.listen(heard.rung)
    with pytest.raises(OSError, match="away"):
        RingingDispatcher(bell, heard).dispatch(REF)
    with pytest.raises(OSError, match="away"):
        asyncio.run(AsyncRingingDispatcher(bell, AsyncHeard(heard)).dispatch(REF))
    assert heard.notes == ["rung", REF] * 2


def test_closing_closes_the_other_dispatcher() -> None:
    """Once, in its own colour."""
    heard = Heard()
    assert RingingDispatcher(Bell(), heard).close() == "done"

    async def main() -> None:
        closing = AsyncRingingDispatcher(Bell(), AsyncHeard(heard)).close()
        assert heard.notes == ["closed"]
        assert await cast("asyncio.Future[str]", closing) == "done"

    asyncio.run(main())
    assert heard.notes == ["closed"] * 2


def test_what_cannot_be_closed_is_left_alone() -> None:
    """Nor is there anything to close without another dispatcher."""
    for blocking in (None, Endless()):
        assert RingingDispatcher(Bell(), blocking).close() is None
    for awaited in (None, AsyncEndless()):
        assert AsyncRingingDispatcher(Bell(), awaited).close() is None
