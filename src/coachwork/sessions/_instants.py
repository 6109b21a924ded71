"""Two questions about instants that a session asks again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, overload

_LAST: Final = datetime.max.replace(tzinfo=UTC)


def latest(old: datetime, now: datetime) -> datetime:
    """Return the later one: instants never go back, whatever the clock does."""
    return max(old, now)


@overload
def later(at: datetime, duration: timedelta) -> datetime: ...
@overload
def later(at: datetime, duration: timedelta | None) -> datetime | None: ...
def later(at: datetime, duration: timedelta | None) -> datetime | None:
    """Return the instant *duration* after *at*, at most the last one there is; None is never."""
    if duration is None:
        return None
    return at + duration if duration <= _LAST - at else _LAST
