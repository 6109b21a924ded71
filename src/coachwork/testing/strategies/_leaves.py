"""What all other values are made of: ids, keys, instants, durations and counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Final

from hypothesis import strategies as st

from coachwork.ids import MAX_ID, MAX_KEY

HOSTILE: Final = (
    "a",
    "A",
    "a#b",
    "a/b",
    "/",
    "#000000000001",
    "3:x",
    "1:a/1:b",
    "' OR 1=1 --",
    '"; DROP TABLE coachwork_record; --',
    "%",
    "_",
    "../../etc/passwd",
    "C:\\x",
    "\N{LATIN SMALL LETTER E WITH ACUTE}",
    "e\N{COMBINING ACUTE ACCENT}",
    "\N{WOMAN}",
    "x" * MAX_ID,
)
"""Ids that would break a key made carelessly, or that are alike to the eye."""

TICK: Final = timedelta(microseconds=1)
MOST: Final = 10**12 - 1
_DAY: Final = 86_400
_PRINTABLE: Final = st.characters(exclude_categories=("C", "Z")) | st.just(" ")
_UNPRINTABLE: Final = st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp"))


@cache
def ids() -> st.SearchStrategy[str]:
    """Return a strategy of all that can be an id, hostile ones often (`coachwork.ids`)."""
    return st.sampled_from(HOSTILE) | _printable(12)


@cache
def refused_ids() -> st.SearchStrategy[object]:
    """Return a strategy of what is no id: too long, blank at an end, not printable, no text."""
    return (
        st.sampled_from(("", " ", None, 7, b"a", ["a"]))
        | st.text("ab", min_size=MAX_ID + 1, max_size=MAX_ID + 9)
        | st.builds("{}{}".format, ids(), st.sampled_from((" ", "\t", "\n")))
        | st.builds("{1}{0}".format, ids(), st.sampled_from((" ", "\t", "\n")))
        | st.builds("{}{}{}".format, ids(), _UNPRINTABLE, ids())
    )


@cache
def idempotency_keys() -> st.SearchStrategy[str]:
    """Return a strategy of all that a caller may pass as ``key``."""
    return st.sampled_from((*HOSTILE, "k" * MAX_KEY)) | _printable(24)


@cache
def instants() -> st.SearchStrategy[datetime]:
    """Return a strategy of aware instants, with the oddest offsets from UTC that there are."""
    offsets = st.integers(1 - _DAY, _DAY - 1) | st.integers(-24, 24).map(lambda half: half * 1800)
    return st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(9998, 12, 31),  # noqa: DTZ001 - the same
        timezones=offsets.map(lambda seconds: timezone(timedelta(seconds=seconds))),
    )


@cache
def utc_instants() -> st.SearchStrategy[datetime]:
    """Return a strategy of instants as they are kept and told: in UTC."""
    return instants().map(lambda at: at.astimezone(UTC))


@cache
def durations() -> st.SearchStrategy[timedelta]:
    """Return a strategy of all durations longer than nothing, down to a microsecond."""
    return st.timedeltas(min_value=TICK, max_value=timedelta.max)


@cache
def counts() -> st.SearchStrategy[int]:
    """Return a strategy of the whole numbers that a key or a count may hold."""
    return st.integers(0, MOST)


@cache
def maybe_ids() -> st.SearchStrategy[str | None]:
    """Return a strategy of ids, and of none."""
    return st.none() | ids()


def _printable(most: int) -> st.SearchStrategy[str]:
    """Return a strategy of printable texts without a blank at either end."""
    return st.text(_PRINTABLE, min_size=1, max_size=most).map(str.strip).filter(bool)
