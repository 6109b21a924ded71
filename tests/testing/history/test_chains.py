"""The orders in which the writes of one record can have come."""

from __future__ import annotations

from itertools import permutations
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coachwork.testing.history._chains import (
    MOST_ORDERS,
    Chain,
    Node,
    Read,
    TooManyOrdersError,
    Write,
    chains,
)


def write(
    begin: float, end: float, found: int, left: int, digest: str = "", *, certain: bool = True
) -> Write:
    """Return a write."""
    return Write(Node(int(begin), begin, end), "a", found, left, digest, certain)


def read(begin: float, end: float, version: int, digest: str | None = None) -> Read:
    """Return a read."""
    return Read(Node(int(begin), begin, end), "a", version, digest)


def orders(*writes: Write) -> list[list[float]]:
    """Return the orders that are possible, each by when its writes began."""
    found, _ = chains(writes, ())
    return sorted([one.node.begin for one in chain.writes] for chain in found)


def test_versions_tell_the_order() -> None:
    """However the writes are given, and however they overlap."""
    assert orders() == [[]]
    assert orders(write(5, 9, 1, 2), write(1, 8, 0, 1), write(3, 7, 2, 3)) == [[1, 5, 3]]


def test_real_time_forbids_an_order() -> None:
    """What had ended before another began comes before it."""
    assert orders(write(5, 9, 0, 1), write(1, 2, 1, 2)) == []
    assert orders(write(5, 9, 0, 1), write(1, 5, 1, 2)) == [[5, 1]]


def test_two_changes_of_one_version_have_no_order() -> None:
    """Nor has one of a version that nobody left."""
    assert orders(write(1, 9, 0, 1), write(2, 9, 1, 2), write(3, 9, 1, 2)) == []
    assert orders(write(1, 9, 0, 1), write(2, 9, 2, 3)) == []


def test_a_record_that_begins_again_may_have_several() -> None:
    """Those that real time allows."""
    whole = [write(1, 9, 0, 1), write(2, 9, 1, 0), write(3, 9, 0, 1), write(4, 9, 1, 0)]
    assert orders(*whole) == [[1, 2, 3, 4], [1, 4, 3, 2], [3, 2, 1, 4], [3, 4, 1, 2]]
    apart = [write(1, 2, 0, 1), write(3, 4, 1, 0), write(5, 6, 0, 1), write(7, 8, 1, 0)]
    assert orders(*apart) == [[1, 3, 5, 7]]


def test_what_is_not_certain_may_be_left_out() -> None:
    """Where it fits it may be there, once or not at all; where it is needed it is."""
    lost = write(3, inf, 1, 2, certain=False)
    assert orders(write(1, 2, 0, 1), lost) == [[1], [1, 3]]
    assert orders(write(1, 2, 0, 1), lost, write(5, 6, 2, 3)) == [[1, 3, 5]]
    assert orders(write(1, 2, 0, 1), lost, write(5, 6, 1, 2)) == [[1, 5]]
    assert orders(lost) == [[]]


def test_reads_choose_among_orders() -> None:
    """An order without a place for a read is none; if there is none at all, one is told."""
    lost = write(3, inf, 1, 2, "x", certain=False)
    first = write(1, 2, 0, 1)
    found, other = chains([first, lost], [read(8, 9, 2, "x")])
    assert [chain.writes for chain in found] == [(first, lost)]
    assert other is None
    found, other = chains([first, lost], [read(8, 9, 7)])
    assert found == []
    assert other is not None
    assert chains([lost, write(1, 2, 5, 6)], []) == ([], None)


CHAIN = Chain((write(1, 2, 0, 1, "x"), write(5, 6, 1, 0), write(9, 10, 0, 1, "y")))


@pytest.mark.parametrize(
    "one, places",
    [
        (read(0, 0.5, 0), (-1, -1)),
        (read(0, 5.5, 0), (-1, 1)),
        (read(2.5, 4, 0), None),
        (read(3, 4, 1), (0, 0)),
        (read(3, 4, 1, "x"), (0, 0)),
        (read(3, 4, 1, "y"), None),
        (read(3, 20, 1), (0, 2)),
        (read(3, 20, 1, "y"), (2, 2)),
        (read(6, 6, 1), (0, 0)),
        (read(6.5, 7, 1), None),
        (read(1, 1, 1), (0, 0)),
        (read(0.5, 0.9, 1), None),
        (read(20, inf, 1), (2, 2)),
        (read(20, inf, 0), None),
        (read(7, 8, 0), (1, 1)),
        (read(7, 8, 2), None),
    ],
)
def test_the_places_of_a_read(one: Read, places: tuple[int, int] | None) -> None:
    """After a write that left what was read, unless real time forbids it."""
    assert CHAIN.places(one) == places


def test_a_read_has_its_place_among_all_writes() -> None:
    """Not only among its two neighbours, the second of which may have no certain end."""
    lost = write(0, inf, 1, 0, certain=False)
    chain = Chain((write(0, 0, 0, 1), lost, write(0, 2, 0, 1), write(2, 2, 1, 0)))
    assert chain.places(read(1, 1, 0)) == (1, 1)
    assert chain.places(read(0, 0, 0)) == (-1, 1)
    late = Chain((write(4, 9, 0, 1), write(1, 9, 1, 0)))
    assert late.places(read(3, 3, 0)) == (-1, -1)


def test_a_record_that_nobody_wrote_was_never_there() -> None:
    """Whenever it is read."""
    assert Chain(()).places(read(1, 2, 0)) == (-1, -1)
    assert Chain(()).places(read(1, 2, 1)) is None


def test_too_many_orders_are_told_of() -> None:
    """Instead of being tried for ever: orders that fit, and steps that lead nowhere."""
    lost = [write(1, inf, 0, 1, str(n), certain=False) for n in range(MOST_ORDERS + 5)]
    with pytest.raises(TooManyOrdersError):
        chains(lost, ())
    assert len(chains(lost, [read(8, 9, 1, "7")])[0]) == 1
    tangled = [write(n, 100, n % 2, 1 - n % 2) for n in range(40)]
    with pytest.raises(TooManyOrdersError):
        chains([*tangled, write(1, 100, 7, 8)], ())


def test_a_long_record_is_fast() -> None:
    """Thousands of changes one after the other, with others under way, take no search."""
    whole = [write(2 * n, 2 * n + 5, n, n + 1) for n in range(3000)]
    assert len(orders(*whole)[0]) == 3000
    again = [write(2 * n, 2 * n + 1, n % 2, 1 - n % 2) for n in range(3000)]
    assert len(orders(*again)[0]) == 3000


WRITES = st.lists(
    st.builds(
        lambda begin, length, found, certain: write(
            begin, begin + length if certain else inf, found, 1 - found, certain=certain
        ),
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(0, 1),
        st.sampled_from([True, True, False]),
    ),
    max_size=5,
)
READS = st.lists(
    st.builds(
        lambda begin, length, version: read(begin, begin + length, version),
        st.integers(0, 6),
        st.integers(0, 4),
        st.integers(0, 1),
    ),
    max_size=3,
)


@given(WRITES, READS)
@example(
    [
        write(0, 0, 0, 1),
        write(0, inf, 1, 0, certain=False),
        write(0, 2, 0, 1),
        write(2, 2, 1, 0),
    ],
    [read(1, 1, 0)],
)
def test_reads_rule_out_what_has_no_place_for_them_and_nothing_else(
    writes: list[Write], reads: list[Read]
) -> None:
    """Whether or not that is seen while the search is under way."""
    everything, _ = chains(writes, ())
    wanted = [
        chain.writes for chain in everything if all(chain.places(one) is not None for one in reads)
    ]
    found, other = chains(writes, reads)
    assert [chain.writes for chain in found] == wanted
    assert (other is None) == (bool(wanted) or not everything)


@settings(max_examples=300)
@given(WRITES)
def test_all_orders_are_found_and_no_others(writes: list[Write]) -> None:
    """Held against all that there are: each permutation of the certain ones with some others."""

    def possible(order: tuple[Write, ...]) -> bool:
        version, begun = 0, -inf
        for one in order:
            if one.found != version or one.node.end < begun:
                return False
            version, begun = one.left, max(begun, one.node.begin)
        missing = [one for one in writes if one.certain and not any(one is x for x in order)]
        return not missing

    wanted = {
        tuple(map(id, order))
        for size in range(len(writes) + 1)
        for order in permutations(writes, size)
        if possible(order)
    }
    found, _ = chains(writes, ())
    assert {tuple(map(id, chain.writes)) for chain in found} == wanted
    assert len(found) == len(wanted)
