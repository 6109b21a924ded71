"""New ids for what is planted, and references that follow them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.plain import JSON
from coachwork.workflows._scenario_ids import NewIds, seed_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_the_same_planting_makes_the_same_ids() -> None:
    """Another planting makes others, and so does anything else of the same one."""
    ids = NewIds("seed")
    assert SHAPE.fullmatch(ids.new("a", NOON))
    assert ids.new("a", NOON) == NewIds("seed").new("a", NOON)
    others = {ids.new("b", NOON), NewIds("other").new("a", NOON), ids.new("a", NOON)}
    assert len(others) == 3
    assert ids.session("s", NOON) == ids.session("s", NOON + timedelta(days=1))


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_ids_sort_by_their_instants(one: datetime, other: datetime) -> None:
    """To the millisecond, from 1970 on; earlier ones come first of all."""
    ids = NewIds("seed")
    first, second = ids.new("a", one), ids.new("b", other)
    assert SHAPE.fullmatch(first)
    if one + timedelta(milliseconds=2) < other and other.year > 1970:
        assert first < second


def test_sessions_of_one_millisecond_keep_their_order() -> None:
    """A document tells them in order, and so does whoever lists what was planted."""
    for seed in map(str, range(9)):
        ids = NewIds(seed)
        made = [ids.session(name, NOON) for name in ("c", "a", "b")]
        assert made == sorted(made)
        assert [ids.session(name, NOON) for name in ("c", "a", "b")] == made


@pytest.mark.parametrize(
    "old, new",
    [
        ("s", "NEW"),
        ("s.1", "NEW.1"),
        ("s.12", "NEW.12"),
        (["s.1", {"s.2": "s", "n": 1}, None], ["NEW.1", {"NEW.2": "NEW", "n": 1}, None]),
        ("S", "S"),
        ("s.", "s."),
        ("s.x", "s.x"),
        ("s.1.1", "s.1.1"),
        ("about s.1", "about s.1"),
        ("t.1", "t.1"),
        (".1", ".1"),
        (1.5, 1.5),
        (True, True),
    ],
)
def test_whole_texts_that_are_ids_follow(old: JSON, new: JSON) -> None:
    """Those of a session and of its messages, and nothing that only holds one."""
    ids = NewIds("seed", {"s": "NEW"})
    assert ids.renamed(old) == new


def test_a_seed_is_of_its_parts() -> None:
    """No two lists of parts have one seed, whatever stands in them."""
    assert len({seed_of(parts) for parts in (["a", "b"], ["ab"], ["a/b"], ["a", "b", ""])}) == 4
