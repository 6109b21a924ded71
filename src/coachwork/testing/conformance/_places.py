"""Where threads and tasks stand that do not end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from coachwork import drivers

if TYPE_CHECKING:
    import asyncio

MOST_PLACES: Final = 3
"""How many places are told."""

_NOBODYS: Final = (str(Path(__file__).parent), threading.__file__, drivers.__file__)
"""How the names of files begin that the author of an adapter has not to mend."""


def places_of_threads(name: str) -> str:
    """Return where the thread of that name stands, and its racers."""
    # There is no other way to see where a thread stands.
    frames = sys._current_frames()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return _told(
        frames.get(thread.ident or 0)
        for thread in threading.enumerate()
        if thread.name == name or thread.name.startswith(f"{name}-")
    )


def places_of_tasks(task: asyncio.Task[Any]) -> str:
    """Return where *task* stands, and its racers."""
    import asyncio  # noqa: PLC0415 - only who awaits needs it

    return _told(
        _innermost(other.get_coro())
        for other in asyncio.all_tasks()
        if other is task or other.get_name().startswith(f"{task.get_name()}-")
    )


def _innermost(coroutine: Any) -> FrameType | None:  # noqa: ANN401 - anything may be awaited
    """Return the frame that waits for what is no coroutine."""
    while hasattr(coroutine.cr_await, "cr_await"):
        coroutine = coroutine.cr_await
    frame: FrameType | None = coroutine.cr_frame
    return frame


def _told(frames: Iterable[FrameType | None]) -> str:
    """Return file, line and function of the adapters' part of each frame's stack."""
    places: dict[str, None] = {}
    for innermost in frames:
        frame = innermost
        while frame is not None and frame.f_code.co_filename.startswith(_NOBODYS):
            frame = frame.f_back
        if frame is not None:
            code = frame.f_code
            places[f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"] = None
    return "; ".join(list(places)[:MOST_PLACES]) or "nowhere that could be seen"
