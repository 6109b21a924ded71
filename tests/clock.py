"""A clock that stands still until it is told to go on, or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

NOON: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""When the tests begin: a Monday at noon."""


class Clock:
    """A clock for tests (`coachwork.ports.Clock`).

    Attributes:
        time: What it shows.
    """

    def __init__(self, time: datetime = NOON) -> None:
        """Set it to *time*."""
        self.time = time

    def now(self) -> datetime:
        """Return what it shows."""
        return self.time

    def advance(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        microseconds: float = 0,
    ) -> None:
        """Move it on by so much, or back where that is negative."""
        self.time += timedelta(
            days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds
        )
