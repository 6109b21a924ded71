"""A circle is found wherever there is one, and the shortest one is told."""

from __future__ import annotations

from itertools import product
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from coachwork.testing.history._chains import Node
from coachwork.testing.history._graph import MOST_BEGINNINGS, Edge, Graph, Why


def circles(nodes: list[Node], *pairs: tuple[int, int]) -> list[list[tuple[int, int, Why]]]:
    """Return the circles of a graph with edges between these numbers."""
    edges = [Edge(one, other, Why.READ, "a", 1) for one, other in pairs]
    return [
        [(edge.before, edge.after, edge.why) for edge in circle]
        for circle in Graph(nodes, edges).circles()
    ]


def together(*numbers: int) -> list[Node]:
    """Return calls that all overlap."""
    return [Node(number, 0, 100) for number in numbers]


def test_what_leads_nowhere_is_no_circle() -> None:
    """Neither in a chain, nor in two that meet."""
    assert circles([]) == []
    assert circles(together(1, 2, 3), (1, 2), (2, 3), (1, 3)) == []


def test_a_circle_of_edges() -> None:
    """It is told from its first call on, each before the next."""
    (told,) = circles(together(4, 5, 6), (4, 5), (5, 6), (6, 4))
    assert told == [(4, 5, Why.READ), (5, 6, Why.READ), (6, 4, Why.READ)]


def test_the_shortest_circle_of_a_tangle_is_told() -> None:
    """One for each tangle."""
    long = [(1, 2), (2, 3), (3, 4), (4, 1), (3, 2)]
    told = circles(together(1, 2, 3, 4, 7, 8), *long, (7, 8), (8, 7))
    assert sorted(len(circle) for circle in told) == [2, 2]
    assert {frozenset(pair[0] for pair in circle) for circle in told} == {
        frozenset({2, 3}),
        frozenset({7, 8}),
    }


def test_real_time_is_an_edge() -> None:
    """From a call to all that begin after it has ended, and to no others."""
    nodes = [Node(1, 0, 10), Node(2, 11, 20), Node(3, 15, 30)]
    assert circles(nodes, (2, 1)) == [[(1, 2, Why.ENDED), (2, 1, Why.READ)]]
    assert circles(nodes, (3, 1)) == [[(1, 3, Why.ENDED), (3, 1, Why.READ)]]
    assert circles(nodes, (3, 2)) == []


def test_real_time_goes_past_others() -> None:
    """From an end to a beginning, whatever is still under way in between."""
    nodes = [Node(1, 0, 10), Node(2, -5, 20), Node(3, 11, 100), Node(4, 30, 40)]
    assert circles(nodes, (4, 1)) == [[(1, 4, Why.ENDED), (4, 1, Why.READ)]]


def test_real_time_is_a_short_way() -> None:
    """However much happens meanwhile: a circle is as long as it has calls."""
    others = [Node(number, 5 * number, 5 * number + 1) for number in range(10, 20)]
    under_way = [Node(3, 0, 500), Node(4, 0, 500)]
    nodes = [Node(1, 0, 10), Node(2, 300, 310), *under_way, *others]
    told = circles(nodes, (2, 1), (1, 3), (3, 4), (4, 2))
    assert told == [[(1, 2, Why.ENDED), (2, 1, Why.READ)]]


def test_what_happens_at_one_moment_has_no_order() -> None:
    """A call that begins when another ends may come before it."""
    assert circles([Node(1, 0, 10), Node(2, 10, 20)], (2, 1)) == []


def test_what_never_ended_is_before_nothing() -> None:
    """But may be after something; and what is left in the end is after all."""
    nodes = [Node(1, 0, inf), Node(2, 11, 20), Node(3, inf, inf)]
    assert circles(nodes, (2, 1)) == []
    assert circles(nodes, (3, 2)) == [[(2, 3, Why.ENDED), (3, 2, Why.READ)]]


def test_of_two_reasons_the_first_is_told() -> None:
    """A pair of calls has one edge."""
    edges = [Edge(1, 2, Why.CHANGED, "a", 1), Edge(1, 2, Why.READ, "b", 1), Edge(2, 1, Why.READ)]
    (told,) = Graph(together(1, 2), edges).circles()
    assert [edge.why for edge in told] == [Why.CHANGED, Why.READ]


def test_a_long_circle_needs_no_recursion() -> None:
    """Ten thousand calls in a ring, of which one circle is told."""
    ring = [(number, number % 10_000 + 1) for number in range(1, 10_001)]
    (told,) = circles(together(*range(1, 10_001)), *ring)
    assert len(told) == 10_000 > MOST_BEGINNINGS


NODES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted), min_size=1, max_size=6
).map(lambda spans: [Node(number, begin, end) for number, (begin, end) in enumerate(spans)])


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Node], list[tuple[int, int]]]:
    """Return some calls, and edges between them."""
    nodes = draw(NODES)
    pairs = [(one, other) for one, other in product(range(len(nodes)), repeat=2) if one != other]
    return nodes, draw(st.lists(st.sampled_from(pairs), max_size=8)) if pairs else []


@given(graphs())
def test_there_is_a_circle_if_and_only_if_no_order_is_possible(
    graph: tuple[list[Node], list[tuple[int, int]]],
) -> None:
    """Held against all edges of real time, each for itself."""
    nodes, pairs = graph
    before = {*pairs} | {
        (one.number, other.number) for one in nodes for other in nodes if one.end < other.begin
    }
    left = {node.number for node in nodes}
    while free := {one for one in left if not any((x, one) in before for x in left)}:
        left -= free
    told = circles(nodes, *pairs)
    assert bool(told) == bool(left)
    for circle in told:
        assert all((one, other) in before for one, other, _ in circle)
        assert [one for _, one, _ in circle] == [*(one for one, _, _ in circle[1:]), circle[0][0]]
