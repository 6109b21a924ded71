"""How values are told in a report."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coachwork.testing.conformance import in_words
from coachwork.testing.conformance._words import LONGEST, shortened


class Parcel:
    """Something with words of its own."""


@in_words.register
def _(parcel: Parcel) -> str:
    return f"a {type(parcel).__name__.lower()}"


def test_a_value_is_told_by_its_repr_or_as_its_port_says() -> None:
    """What nobody has said anything about is shown as Python shows it."""
    assert in_words("a\n") == "'a\\n'"
    assert in_words(Parcel()) == "a parcel"


def test_a_long_value_is_told_without_its_middle() -> None:
    """Beginning, end and length are there."""
    told = in_words("x" * 1000 + "y")
    assert told.startswith("'xxx")
    assert told.endswith("xxy' (1003 characters)")


@given(st.text(max_size=LONGEST * 3))
def test_nothing_told_is_much_longer_than_the_longest(text: str) -> None:
    """A short text is told whole, a long one in a bounded length."""
    told = shortened(text)
    assert told == text if len(text) <= LONGEST else len(told) < LONGEST + 40
