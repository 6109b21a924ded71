"""Several at work side by side: until nothing is left, and not a moment longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from threading import Barrier, Event, Lock, get_ident
from typing import Final

import pytest

from coachwork.crew import side_by_side, side_by_side_async

WHO: Final = ContextVar("WHO", default="nobody")
BOTH: Final = (True, False)


class Work:
    """Pieces of work, some of which are there only when others are done.

    Attributes:
        left: How many pieces there are now.
        later: How many come for each piece that is done, in order.
        done: How many were done.
        most: How many were at work at once, at most.
    """

    def __init__(self, left: int, *later: int) -> None:
        """Put the pieces there."""
        self.left, self.later, self.done, self.most = left, [*later], 0, 0
        self._busy = 0
        self._lock = Lock()

    def take(self) -> bool:
        """Take a piece, if there is one."""
        with self._lock:
            if not self.left:
                return False
            self.left -= 1
            self._busy += 1
            self.most = max(self.most, self._busy)
            return True

    def end(self) -> None:
        """Be done with it; perhaps there are others now."""
        with self._lock:
            self._busy -= 1
            self.done += 1
            self.left += self.later.pop(0) if self.later else 0

    def step(self) -> bool:
        """Do a piece."""
        found = self.take()
        if found:
            self.end()
        return found

    async def step_async(self) -> bool:
        """Do a piece, with others in between."""
        found = self.take()
        await asyncio.sleep(0)
        if found:
            self.end()
        return found


def run(work: Work, most: int, *, awaited: bool) -> None:
    """Do all work, in threads or in tasks."""
    if awaited:
        asyncio.run(side_by_side_async(work.step_async, most))
    else:
        side_by_side(work.step, most)


@pytest.mark.parametrize("awaited", BOTH)
@pytest.mark.parametrize("most", [1, 2, 5])
@pytest.mark.parametrize("later", [(), (1, 1, 1), (0, 0, 3, 0, 2), (2,) * 20])
def test_all_work_is_done(most: int, later: tuple[int, ...], *, awaited: bool) -> None:
    """Also what comes of it, however many there are, and even if there is none."""
    for first in (0, 1, 3):
        work = Work(first, *later)
        run(work, most, awaited=awaited)
        assert work.left == 0
        assert work.most <= most
        assert work.done >= first


def test_they_work_at_once_in_threads() -> None:
    """As many as may: each waits here for all others."""
    together, work, who = Barrier(3, timeout=60), Work(3), set[int]()

    def step() -> bool:
        found = work.take()
        if found:
            who.add(get_ident())
            together.wait()
            work.end()
        return found

    side_by_side(step, 3)
    assert (work.done, len(who)) == (3, 3)


def test_they_work_at_once_in_tasks() -> None:
    """The same on an event loop."""
    work = Work(3)

    async def main() -> None:
        here, all_here = 0, asyncio.Event()

        async def step() -> bool:
            nonlocal here
            found = work.take()
            if found:
                here += 1
                if here == 3:
                    all_here.set()
                await all_here.wait()
                work.end()
            return found

        await side_by_side_async(step, 3)

    asyncio.run(main())
    assert work.done == 3


def test_one_works_in_the_thread_of_the_caller() -> None:
    """No other is needed for it."""
    threads = set[int]()
    work = Work(3)

    def step() -> bool:
        threads.add(get_ident())
        return work.step()

    side_by_side(step, 1)
    assert threads == {get_ident()}


def test_who_finds_nothing_waits_for_those_at_work() -> None:
    """What they do may make more of it; those who wait are then at work at once, with them."""
    work, idle, together = Work(1, 2), Event(), Barrier(2, timeout=20)

    def step() -> bool:
        found = work.take()
        if not found:
            idle.set()
            return False
        if work.done == 0:
            assert idle.wait(60)
        else:
            together.wait()
        work.end()
        return True

    side_by_side(step, 2)
    assert work.done == 3


@pytest.mark.parametrize("awaited", BOTH)
@pytest.mark.parametrize("most", [1, 3])
def test_an_error_ends_it_all(most: int, *, awaited: bool) -> None:
    """The first one is raised; whoever is at work ends it, and nobody begins anything more."""
    work = Work(100)
    error = ZeroDivisionError("first")

    def step() -> bool:
        if work.done >= 5:
            raise error
        return work.step()

    async def step_async() -> bool:
        await asyncio.sleep(0)
        return step()

    def all_of_it() -> None:
        if awaited:
            asyncio.run(side_by_side_async(step_async, most))
        else:
            side_by_side(step, most)

    with pytest.raises(ZeroDivisionError) as caught:
        all_of_it()
    assert caught.value is error
    assert 5 <= work.done < 100


def test_context_variables_go_along() -> None:
    """Whoever traces calls finds them in every thread."""
    work, found = Work(20), set[str]()
    WHO.set("ada")

    def step() -> bool:
        found.add(WHO.get())
        return work.step()

    side_by_side(step, 3)
    assert found == {"ada"}


def test_who_is_cancelled_cancels_all() -> None:
    """No task goes on behind the caller's back."""
    began, cancelled = 0, 0

    async def main() -> None:
        all_began = asyncio.Event()

        async def step() -> bool:
            nonlocal began, cancelled
            began += 1
            if began == 3:
                all_began.set()
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancelled += 1
                raise
            raise AssertionError

        all_of_them = asyncio.create_task(side_by_side_async(step, 3))
        await all_began.wait()
        all_of_them.cancel()
        with pytest.raises(asyncio.CancelledError):
            await all_of_them

    asyncio.run(main())
    assert (began, cancelled) == (3, 3)


def test_ctrl_c_lets_nobody_begin_anything_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those at work are waited for; the caller gets the interrupt."""
    work, began = Work(10**9), Event()

    def step() -> bool:
        began.set()
        return work.step()

    def interrupted(_futures: object) -> None:
        assert began.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr("concurrent.futures.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        side_by_side(step, 2)
    assert work.left > 0


def test_elsewhere_than_on_asyncio_one_goes_after_the_other() -> None:
    """Any event loop will do that the ports know."""
    work = Work(2, 1)

    async def step() -> bool:
        return work.step()

    def drive(awaitable: Awaitable[None]) -> None:
        """Drive something that never waits, without any event loop."""
        try:
            awaitable.__await__().send(None)
        except StopIteration:
            return
        raise AssertionError

    drive(side_by_side_async(step, 4))
    assert (work.done, work.most) == (3, 1)
