"""What calls of the model cost."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import astuple
from hypothesis import given
from hypothesis import strategies as st

from coachwork.messages import NO_USAGE, Usage

FIGURES = st.integers(0, 10**12)
USAGES = st.builds(Usage, FIGURES, FIGURES, FIGURES)


def test_nothing_is_used_at_first() -> None:
    """The usage of no call is zero in all figures."""
    assert astuple(NO_USAGE) == (0, 0, 0)
    assert Usage() == NO_USAGE


def test_figures_are_added_each_to_its_own() -> None:
    """Tokens in, out and cached are summed apart."""
    assert Usage(1, 20, 300) + Usage(4, 50, 600) == Usage(5, 70, 900)


@given(USAGES, USAGES, USAGES)
def test_the_order_of_calls_does_not_change_the_bill(a: Usage, b: Usage, c: Usage) -> None:
    """A session's usage is the sum of its jobs', in whatever order they ended."""
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + NO_USAGE == a


@pytest.mark.parametrize(
    "reported, kept",
    [
        (0, 0),
        (7, 7),
        (-1, 0),
        (10**15, 10**15),
        (10**15 + 1, 10**15),
        (10**400, 10**15),
        (None, 0),
        (True, 0),
        (1.5, 0),
        (float("nan"), 0),
        ("7", 0),
    ],
    ids=lambda figure: str(figure)[:20],
)
def test_what_a_provider_reports_is_made_fit_to_be_kept(
    reported: Any,  # noqa: ANN401 - providers report anything
    kept: int,
) -> None:
    """A negative, huge or missing figure spoils neither the session nor the database."""
    assert Usage(reported, 1, 2).clamped() == Usage(kept, 1, 2)
    assert Usage(1, reported, 2).clamped() == Usage(1, kept, 2)
    assert Usage(1, 2, reported).clamped() == Usage(1, 2, kept)


@given(USAGES)
def test_sound_figures_are_kept_as_they_are(usage: Usage) -> None:
    """Clamping changes nothing that could be true."""
    assert usage.clamped() == usage
