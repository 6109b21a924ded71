"""Plain data: what JSON can hold, and the contexts that sessions are started with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from math import inf, nan
from typing import Final

from hypothesis import strategies as st

from coachwork.plain import JSON, MAX_DEPTH
from coachwork.testing.strategies._texts import FOUR_BYTES, any_texts, sound_texts
from coachwork.topics import MAX_CONTEXT_BYTES, RESERVED_NAMES

NAMES: Final = ("name", "goal", "_", "N0", "a_very_long_name_of_a_value")
"""Names that a template may ask for."""


@cache
def plain_data() -> st.SearchStrategy[JSON]:
    """Return a strategy of all that JSON can hold, any text and any whole number in it."""
    return _nested(any_texts())


@cache
def sound_data() -> st.SearchStrategy[JSON]:
    """Return a strategy of plain data that goes into any database: texts without NUL and halves."""
    return _nested(sound_texts())


def contexts(names: Collection[str] = ()) -> st.SearchStrategy[dict[str, JSON]]:
    """Return a strategy of what ``start(context=...)`` takes.

    Args:
        names: Names that have a value in every one of them.
    """
    return _with_values_for(tuple(names))


@cache
def _with_values_for(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, JSON]]:
    """Return a strategy of contexts with values for these *names*, and for others."""
    more = st.sampled_from(NAMES) | st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
    other = more.filter(lambda name: name not in RESERVED_NAMES)
    given = st.fixed_dictionaries({name: sound_data() for name in names})
    return st.builds(_over, st.dictionaries(other, sound_data(), max_size=3), given)


@cache
def refused_contexts() -> st.SearchStrategy[object]:
    """Return a strategy of what is refused in the place of a context."""
    deep: object = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    no_names = ("", "a b", "1st", "n\N{LATIN SMALL LETTER A WITH DIAERESIS}me", "a-b", 7, None)
    no_data = (nan, inf, (1, 2), {1: 2}, {"a"}, b"a", object(), "\ud800", deep)
    return (
        st.sampled_from((7, "name", [("name", "Ada")], {"name"}))
        | st.sampled_from((*no_names, *sorted(RESERVED_NAMES))).map(lambda name: {name: "Ada"})
        | st.sampled_from(no_data).map(lambda value: {"name": value})
        | st.just({"name": FOUR_BYTES * (MAX_CONTEXT_BYTES // 12 + 1)})  # twelve when escaped
    )


def _nested(texts: st.SearchStrategy[str]) -> st.SearchStrategy[JSON]:
    """Return a strategy of plain data with these *texts* in it."""
    leaves: st.SearchStrategy[JSON] = (
        st.none()
        | st.booleans()
        | st.integers(-(10**40), 10**40)
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    )


def _over(some: Mapping[str, JSON], given: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return both, the second over the first."""
    return {**some, **given}
