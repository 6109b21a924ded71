"""What a port that stands before another one does, written once for both colours.

A *course* yields calls, as functions of nothing, and is sent what they answer: it is to such a port
what a workflow is to the drivers of `coachwork.drivers`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeAlias, TypeVar

R = TypeVar("R")

Course: TypeAlias = Generator[Callable[[], object], Any, R]
"""A generator that makes calls by yielding them, and in the end returns an ``R``."""


def at_once(course: Course[R]) -> R:
    """Make the calls of *course*, one after the other, and return what it returns."""
    try:
        call = next(course)
        while True:
            try:
                answer = call()
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was called
                call = course.throw(failure)
            else:
                call = course.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result


async def awaited(course: Course[R]) -> R:
    """Make the calls of *course*, awaiting what is to be awaited, and return what it returns."""
    try:
        call = next(course)
        while True:
            try:
                answer = call()
                if isawaitable(answer):
                    answer = await answer
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was called
                call = course.throw(failure)
            else:
                call = course.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result


def closing(port: object) -> Course[None]:
    """Close *port*, where it can be closed."""
    close: Callable[[], object] | None = getattr(port, "close", None)
    if close is not None:
        yield close


def is_async(port: object, word: str) -> bool:
    """Whether that method of *port*, or *port* itself where it is a function, is async."""
    method = port if word == "__call__" else getattr(port, word, None)
    return iscoroutinefunction(method) or iscoroutinefunction(getattr(method, "__call__", None))  # noqa: B004 - an object may be called
