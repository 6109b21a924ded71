"""What wakes a worker in threads."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final

NAP: Final = 1.0
"""Seconds that a thread sleeps at a stretch.

A signal that comes at the very moment of falling asleep is not noticed before the thread wakes up.
"""


class Alarm:
    """An alarm for one sleeper; it may be rung from any thread, and from a signal handler.

    A `threading.Event` may not: its lock may be held by the very code that the signal interrupts.

    Who sleeps clears it first, then looks at what there is to do, then waits. What happens after
    the look rings again, so that no ring is lost.
    """

    def __init__(self) -> None:
        """Begin silently."""
        self._rings: SimpleQueue[None] = SimpleQueue()

    def ring(self) -> None:
        """Wake the sleeper, or keep it from falling asleep."""
        if self._rings.empty():  # one ring is enough; two at the same moment do no harm
            self._rings.put(None)

    def clear(self) -> None:
        """Forget the rings so far."""
        with suppress(Empty):
            while True:
                self._rings.get_nowait()

    def wait(self, seconds: float) -> None:
        """Sleep until it rings, or has rung since it was cleared, for so long at the most."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            with suppress(Empty):
                self._rings.get(timeout=min(left, NAP))
                return
