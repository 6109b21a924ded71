"""Where threads and tasks stand that do not end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from coachwork import drivers

if TYPE_CHECKING:
    import asyncio

MOST_PLACES: Final = 3
"""How many places are told."""

_NOBODYS: Final = (
    str(Path(__file__).parent),
    drivers.__file__,
    threading.__file__,
    str(Path(threading.__file__).parent / "asyncio"),
)
"""How the names of files begin that the author of an adapter has not to mend."""


def places_of_threads(name: str) -> str:
    """Return where the thread of that name stands, and its racers."""
    # There is no other way to see where a thread stands.
    frames = sys._current_frames()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return _told(
        _outwards(frames.get(thread.ident or 0))
        for thread in threading.enumerate()
        if thread.name == name or thread.name.startswith(f"{name}-")
    )


def places_of_tasks(task: asyncio.Task[Any]) -> str:
    """Return where *task* stands, and its racers."""
    import asyncio  # noqa: PLC0415 - only who awaits needs it

    return _told(
        reversed(list(_inwards(other.get_coro())))
        for other in asyncio.all_tasks()
        if other is task or other.get_name().startswith(f"{task.get_name()}-")
    )


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """Return the frames of a stack, the innermost first."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _inwards(coroutine: Any) -> Iterator[FrameType]:  # noqa: ANN401 - anything may be awaited
    """Return the frames of the coroutines that wait for each other, the outermost first."""
    while getattr(coroutine, "cr_frame", None) is not None:
        yield coroutine.cr_frame
        coroutine = coroutine.cr_await


def _told(stacks: Iterable[Iterable[FrameType]]) -> str:
    """Return file, line and function of the innermost part of each stack that is an adapter's."""
    places: dict[str, None] = {}
    for stack in stacks:
        for frame in stack:
            code = frame.f_code
            if not code.co_filename.startswith(_NOBODYS):
                places[f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"] = None
                break
    return "; ".join(list(places)[:MOST_PLACES]) or "nowhere that could be seen"
