"""What strategies give: some values, and whether all that is wanted is ever among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

T = TypeVar("T")

few: Final = settings(max_examples=20)
"""For what holds of all values by the way in which they are made."""

_SLOW: Final = [HealthCheck.too_slow, HealthCheck.data_too_large]
_MOST: Final = 1500


def some(strategy: st.SearchStrategy[T], number: int = 12) -> list[T]:
    """Return at most that many values of *strategy*, the same in every run."""
    drawn: list[T] = []

    @settings(
        max_examples=number,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        suppress_health_check=_SLOW,
    )
    @given(value=strategy)
    def draw(value: T) -> None:
        drawn.append(value)

    draw()
    return drawn


def reaches(
    strategy: st.SearchStrategy[T],
    wanted: Iterable[object] = (True, False),
    told: Callable[[T], object] = bool,
) -> None:
    """Make sure that what is *told* of the values of *strategy* is, by and by, all of *wanted*."""
    missing = {*wanted}

    def all_seen(value: T) -> bool:
        missing.discard(told(value))
        return not missing

    try:
        find(
            strategy,
            all_seen,
            settings=settings(
                max_examples=_MOST,
                phases=[Phase.generate],
                derandomize=True,
                database=None,
                suppress_health_check=_SLOW,
            ),
        )
    except NoSuchExample:
        raise AssertionError(f"never drawn: {missing}") from None
