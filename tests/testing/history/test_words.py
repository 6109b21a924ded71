"""What is wrong is told in words; the sentences stand where the histories are judged."""

from __future__ import annotations

from math import inf

import pytest

from coachwork.testing.history._chains import Node, Read, Write
from coachwork.testing.history._graph import Edge, Why
from coachwork.testing.history._words import Words
from tests.told_calls import commit, history, log, put

CALLS = {
    call.number: call
    for call in history([commit(1, 2, put("a")), commit(3, 4, put("a", 2)), log(5, 6)]).calls
}
WORDS = Words(CALLS)
ME = "(process 1, main)"


def write(number: int, found: int, left: int, *, certain: bool = True) -> Write:
    """Return what a call did to a record."""
    call = CALLS[number]
    return Write(Node(number, call.begin, call.end or inf), "a", found, left, "", certain)


def test_a_call_is_told_with_who_made_it() -> None:
    """And so is what was there before, and what is left."""
    assert WORDS.call(1) == f"call 1 {ME}"
    assert WORDS.call(0) == "what was there before"
    assert WORDS.call(4) == "what is left in the end"


@pytest.mark.parametrize(
    "why, told",
    [
        (Edge(1, 2, Why.CHANGED, "a", 3), "it wrote version 3 of a, and the other changed that"),
        (Edge(1, 2, Why.CHANGED, "a", 0), "it deleted a, and the other changed that"),
        (Edge(1, 2, Why.READ, "a", 3), "it wrote version 3 of a, and the other found that"),
        (Edge(1, 2, Why.READ, "a", 0), "it deleted a, and the other found that"),
        (Edge(1, 2, Why.READ_BEFORE, "a", 3), "it found version 3 of a, which the other changed"),
        (Edge(1, 2, Why.READ_BEFORE, "a", 0), "it found nothing of a, which the other changed"),
        (Edge(1, 2, Why.ENDED), "it had ended before the other began"),
    ],
)
def test_why_one_call_comes_before_another(why: Edge, told: str) -> None:
    """A line for each edge of a circle."""
    first, line = WORDS.circle([why]).splitlines()
    assert first == "these calls cannot have come one after the other:"
    assert line == f"  call 1 {ME} comes before call 2 {ME}: {told}"


def test_a_read_without_a_place_that_no_single_write_explains() -> None:
    """Where neither a later nor an earlier write forbids it alone."""
    read = Read(Node(3, 5, 6), "a", 7, None)
    assert WORDS.impossible(read, [write(1, 0, 1)]) == (
        f"a: call 3 {ME} found version 7, where its writes leave no room for it"
    )
    early = Read(Node(3, 0, 0), "a", 7, None)
    assert WORDS.impossible(early, [write(1, 0, 1)]).endswith("leave no room for it")


def test_writes_without_an_order_that_no_pair_explains() -> None:
    """Those that are not certain are no part of it."""
    told = WORDS.no_order("a", [write(2, 0, 1), write(1, 1, 2), write(3, 2, 3, certain=False)])
    assert told == "a: its writes by the calls 2, 1 cannot have come one after the other"


@pytest.mark.parametrize(
    "begin, end, between",
    [(4, 5, True), (0, 1, True), (6, 9, True), (0, 0.5, False), (6.5, 9, False)],
)
def test_two_that_changed_one_version_are_told_unless_it_came_back(
    begin: float, end: float, *, between: bool
) -> None:
    """A deletion that may have come between them could explain it."""

    def at(number: int, begin: float, end: float, left: int) -> Write:
        return Write(Node(number, begin, end), "a", 1 - left, left, "", certain=True)

    writes = [at(1, 1, 3, 1), at(2, 2, 6, 1), at(3, begin, end, 0)]
    assert ("both wrote version 1" in WORDS.no_order("a", writes)) is not between


def test_a_log_is_told_by_its_session() -> None:
    """And a call that is none by nothing."""
    assert WORDS.disorder(CALLS[3]).startswith("log acme/s: ")
    assert WORDS.disorder(CALLS[1]).startswith("log : ")
