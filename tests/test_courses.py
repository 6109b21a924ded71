"""A course is the same in both colours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from coachwork.courses import Course, at_once, awaited, closing, is_async


def fails() -> object:
    """Fail."""
    raise LookupError("nothing there")


async def later(answer: int) -> int:
    """Answer when it is awaited."""
    await asyncio.sleep(0)
    return answer


def course(two: Callable[[], object]) -> Course[list[object]]:
    """Call for one and for *two*, and live through a failure."""
    answers: list[object] = [(yield lambda: 1), (yield two)]
    try:
        yield fails
    except LookupError as error:
        answers.append(str(error))
    return answers


def test_both_colours_go_the_same_course() -> None:
    """Answers are sent back, and failures thrown in, where they were called for."""
    wanted = [1, 2, "nothing there"]
    assert at_once(course(lambda: 2)) == wanted
    assert asyncio.run(awaited(course(lambda: 2))) == wanted
    assert asyncio.run(awaited(course(partial(later, 2)))) == wanted


def test_a_course_that_calls_nothing_returns_at_once() -> None:
    """Also one that fails before it calls."""

    def empty() -> Course[str]:
        yield from ()
        return "done"

    def broken() -> Course[None]:
        yield lambda: None
        raise LookupError

    assert at_once(empty()) == asyncio.run(awaited(empty())) == "done"
    with pytest.raises(LookupError):
        at_once(broken())
    with pytest.raises(LookupError):
        asyncio.run(awaited(broken()))


def test_a_task_that_is_cancelled_tells_its_course() -> None:
    """What waits is told where it waits, and may clean up."""
    told: list[str] = []

    def waiting() -> Course[None]:
        try:
            yield partial(asyncio.sleep, 60)
        except asyncio.CancelledError:
            told.append("cancelled")
            yield partial(later, 0)
            told.append("cleaned")
            raise

    async def main() -> None:
        task = asyncio.create_task(awaited(waiting()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert told == ["cancelled", "cleaned"]


class Closable:
    """Something that can be closed."""

    closed = 0

    def close(self) -> None:
        """Close it."""
        self.closed += 1


class AsyncClosable:
    """The same, awaited."""

    closed = 0

    async def close(self) -> None:
        """Close it."""
        self.closed += 1


def test_what_can_be_closed_is_closed() -> None:
    """In both colours, and nothing happens to what cannot."""
    one, two = Closable(), AsyncClosable()
    at_once(closing(one))
    asyncio.run(awaited(closing(two)))
    assert (one.closed, two.closed) == (1, 1)
    at_once(closing(object()))


def test_the_colour_of_a_port_is_that_of_its_method() -> None:
    """A function, an object that can be called, or a method of a port."""

    class Calls:
        """It can be called."""

        async def __call__(self) -> None:
            """Do nothing."""

    assert is_async(AsyncClosable(), "close")
    assert not is_async(Closable(), "close")
    assert is_async(later, "__call__")
    assert is_async(Calls(), "__call__")
    assert not is_async(fails, "__call__")
    assert not is_async(Closable(), "nothing")
