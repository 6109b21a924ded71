"""The machine's clock, and ids that sort by the time they were made."""

from __future__ import annotations

from datetime import UTC, datetime
from os import urandom
from threading import Lock
from time import time_ns


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)


class TimeOrderedIds:
    """Ids like UUID version 7: milliseconds, a counter within one, and chance.

    Later ids of one source are greater as text, also within a millisecond and when the clock goes
    back. Two sources do not meet: 62 bits of each id are chance.
    """

    def __init__(self) -> None:
        """Begin at the machine's time."""
        self._lock = Lock()
        self._last = 0

    def new_id(self) -> str:
        """Return an id that nobody has had, 36 characters long."""
        with self._lock:
            # 48 bits of milliseconds and 12 of a counter that starts anew with each of them; a
            # counter that runs over goes on into the next millisecond.
            self._last = stamp = max(self._last + 1, (time_ns() // 1_000_000) << 12)
        chance = int.from_bytes(urandom(8)) >> 2
        value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | chance
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
