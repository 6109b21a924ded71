"""Plain lists and mappings to lists, tuples, sets and dicts."""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import pytest
from attrs import frozen

from coachwork.plain import to_json
from tests.plain_kinds import Color, Value, fault, read


@frozen
class Tagged:
    """Frozen, but what it holds is not."""

    tags: list[str]


@frozen
class Shelf:
    """Holds a set."""

    items: set[Tagged]


@pytest.mark.parametrize(
    "data, into, expected",
    [
        ([1], tuple[int, ...], (1,)),
        ([1], tuple, (1,)),
        ([1, "a"], tuple[int, str], (1, "a")),
        ([1], Sequence[int], (1,)),
        ([1], MutableSequence[int], [1]),
        ([1, 1], set[int], {1}),
        ([1], AbstractSet[int], frozenset({1})),
        ({"a": 1}, Mapping[str, int], {"a": 1}),
        ({"red": [None]}, dict[Color, Any], {Color.RED: [None]}),
        ({"a": 1}, dict, {"a": 1}),
    ],
    ids=repr,
)
def test_data_that_fits_becomes_a_value(data: object, into: object, expected: object) -> None:
    """Plain data of the right shape becomes a value of the type, of exactly that type."""
    value = read(data, into)
    assert value == expected
    assert type(value) is type(expected)
    assert read(to_json(value), into) == value


@pytest.mark.parametrize(
    "data, into, expected",
    [
        ("text", list[str], "a list"),
        ({}, set[str], "a list"),
        ([1], tuple[int, int], "a list of 2"),
        ("ab", tuple[str, str], "a list of 2"),
        ([], dict[str, int], "an object"),
    ],
    ids=ascii,
)
def test_other_shapes_are_refused(data: object, into: object, expected: str) -> None:
    """Data of another shape is refused, with what was expected."""
    where, said = fault(data, into)
    assert where == "value"
    assert said.startswith(expected)


@pytest.mark.parametrize(
    "data, into, where, expected",
    [
        ([{"name": "x"}, {"name": 5}], list[Value], "[1].name", "text"),
        ({"secret": {"name": 5}}, dict[str, Value], "*.name", "text"),
        ({"secret": 1}, dict[Color, int], "*", 'one of "red", "blue"'),
        ([1, "1"], tuple[int, int], "[1]", "a whole number"),
    ],
    ids=ascii,
)
def test_a_fault_is_told_with_its_path(
    data: object, into: object, where: str, expected: str
) -> None:
    """The field is the path of the first fault; keys of mappings are data and are not told."""
    found = fault(data, into)
    assert found[0] == where
    assert found[1].startswith(expected)
    assert "secret" not in "".join(found)


@pytest.mark.parametrize(
    "data, into, where",
    [
        ([["secret"]], set[object], "[0]"),
        (["a", {"secret": 1}], frozenset[Any], "[1]"),
        ([[["secret"]]], AbstractSet[tuple[object, ...]], "[0]"),
        ([1, [2]], set[int | list[int]], "[1]"),
        ({"items": [{"tags": ["secret"]}]}, Shelf, "items[0]"),
    ],
    ids=ascii,
)
def test_what_no_set_can_hold_is_refused(data: object, into: object, where: str) -> None:
    """A member that cannot be hashed is a fault of the data, told with its path."""
    found = fault(data, into)
    assert found == (where, "what a set can hold")
