"""What is wrong with some data."""

from __future__ import annotations

import pytest

from coachwork.plain._faults import InnerFaults, misfit, read_all
from tests.plain_kinds import Value, fault


def read_five(data: object) -> object:
    """A reader for one number."""
    if data == 5:
        return "five"
    raise misfit("a five")


def test_what_fits_is_read() -> None:
    """Every piece is read, in their order."""
    assert read_all([("[0]", read_five, 5), ("[1]", read_five, 5)]) == ["five", "five"]


def test_the_faults_of_all_pieces_are_told() -> None:
    """One piece that does not fit hides no other."""
    with pytest.raises(InnerFaults) as caught:
        read_all([(".a", read_five, 1), (".b", read_five, 5), (".c", read_five, 2)])
    assert caught.value.faults == ((".a", "a five"), (".c", "a five"))
    assert list(caught.value.under("[7]")) == [("[7].a", "a five"), ("[7].c", "a five")]


def test_one_fault_is_told_alone() -> None:
    """An error of one fault names no others."""
    error = misfit("a five").error()
    assert (error.field, error.expected) == ("value", "a five")


def test_all_faults_are_named() -> None:
    """One error names the paths of all faults, each once, until they are too many to read."""
    data = [{"name": 1, "weight": "x"}, {"name": "x", "more": 1, "other": 2}, {}, 5]
    assert fault(data, list[Value]) == (
        "[0].name",
        "text (also at fault: [0].weight, [1], [2].name, [3])",
    )
    where, expected = fault(["x"] * 50, list[int])
    assert where == "[0]"
    assert expected.endswith("[19], [20], 29 more)")
