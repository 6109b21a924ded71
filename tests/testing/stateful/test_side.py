"""A coach of either colour over what is made for a run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from typing import Any, cast

import pytest

from coachwork.adapters import Memory
from coachwork.coach import AsyncCoach, Coach
from coachwork.courses import Course
from coachwork.errors import MisuseError
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask
from coachwork.testing.conformance._promise import Make
from coachwork.testing.stateful._side import Props, side_of
from coachwork.topics import Topic

TALK: Topic[Any] = Topic(id="talk", system="Listen.", resume="So far: {conversation_summary}")


def answer(ask: Ask) -> Course[Answer]:
    """Answer with the purpose and the last that is shown, after asking somebody else."""
    somebody = yield lambda: "they"
    return Answer(text=f"{somebody} {ask.purpose.value}: {ask.messages[-1].text}")


def talk(coach: Any) -> Course[list[str]]:  # noqa: ANN401 - of either colour
    """Talk, come back, and return what was said."""
    chat = yield lambda: coach.as_user("ada").start(TALK)
    yield lambda: chat.send("hello")
    yield chat.resume
    page = yield chat.history
    return [message.text for message in page.messages]


ENDED: list[str] = []


@contextmanager
def blocking() -> Iterator[Memory]:
    """Give a repository for blocking code."""
    yield Memory()
    ENDED.append("blocking")


@contextmanager
def entered() -> Iterator[Any]:
    """Give one that is awaited."""
    yield Memory().for_async()
    ENDED.append("entered")


@asynccontextmanager
async def awaited() -> AsyncIterator[Any]:
    """Give one that is awaited, as it is itself."""
    yield Memory().for_async()
    ENDED.append("awaited")


@pytest.mark.parametrize(
    "make, colour, ends",
    [
        (blocking, Coach, ["blocking"]),
        (entered, AsyncCoach, ["entered", "entered"]),  # it is looked at outside of the loop first
        (awaited, AsyncCoach, ["awaited"]),
    ],
)
def test_either_colour_does_the_same(make: Make, colour: type, ends: list[str]) -> None:
    """The repository decides on the colour; courses, model and summaries are alike."""
    ENDED.clear()
    side = side_of(make, Props(topics=[TALK], settings=Settings(), answer=answer))
    assert isinstance(side.coach, colour)
    assert side.run(talk(side.coach)) == [
        "hello",
        "they reply: hello",
        "they welcome_back: So far: [1-2]",
    ]
    side.close()
    assert ends == ENDED


def test_the_loop_goes_on_while_the_other_side_sleeps() -> None:
    """What is to happen meanwhile happens there."""
    side = side_of(awaited, Props(topics=[TALK], settings=Settings(), answer=answer))
    happened: list[str] = []

    def course() -> Course[None]:
        yield lambda: asyncio.get_running_loop().call_later(0.001, happened.append, "meanwhile")
        yield partial(side.sleep, 0.01)
        happened.append("then")

    side.run(course())
    side.close()
    assert happened == ["meanwhile", "then"]


def test_what_makes_no_context_manager_is_refused() -> None:
    """Who forgets it is told what to return; the loop is closed."""
    make = cast("Make", Memory)
    with pytest.raises(MisuseError, match="make must return a context manager"):
        side_of(make, Props(topics=[TALK], settings=Settings(), answer=answer))


def test_the_loop_is_closed_where_a_repository_cannot_be_made() -> None:
    """What was raised is what is told."""
    loops: list[asyncio.AbstractEventLoop] = []

    @asynccontextmanager
    async def broken() -> AsyncIterator[Any]:
        loops.append(asyncio.get_running_loop())
        if loops:
            raise ConnectionRefusedError
        yield

    with pytest.raises(ConnectionRefusedError):
        side_of(broken, Props(topics=[TALK], settings=Settings(), answer=answer))
    assert [loop.is_closed() for loop in loops] == [True]


def test_a_repository_that_is_none_is_refused() -> None:
    """The coach refuses what has not the methods of the port, and what was entered is left."""
    with pytest.raises(MisuseError, match="is no such port"):
        side_of(
            lambda: nullcontext("a shelf"),
            Props(topics=[TALK], settings=Settings(), answer=answer),
        )
