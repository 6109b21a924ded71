"""Plain data of one type among several."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coachwork.plain import to_json
from tests.plain_kinds import Cat, Dog, Node, Value, fault, read


@pytest.mark.parametrize(
    "data, into, expected",
    [
        (5, float | int | None, 5),
        (5.5, float | int | None, 5.5),
        (True, int | bool, True),
        ("2026-01-02", str | date, date(2026, 1, 2)),
        ("noon", str | date, "noon"),
        ("x", Any | int, "x"),
        (None, int | None, None),
        ({"kind": "dog", "name": 1}, Cat | Dog, Dog("dog", 1)),
        ({"name": "x"}, Node | Value, Value("x")),
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
        (True, int | str | None, "int or str or null"),
        ({"kind": "cow", "name": 1}, Cat | Dog, "Cat or Dog"),
        (5, Cat | Dog, "Cat or Dog"),
        ("5", int | None, "a whole number"),
    ],
    ids=ascii,
)
def test_what_no_member_takes_is_refused(data: object, into: object, expected: str) -> None:
    """Data that no member takes is refused, with all that would do."""
    where, said = fault(data, into)
    assert where == "value"
    assert said.startswith(expected)


@pytest.mark.parametrize(
    "data, into, where, expected",
    [
        ({"kind": "cat", "name": 1}, Cat | Dog, "name", "text"),
        ([{"value": "x"}], int | list[Node], "[0].value", "a whole number"),
    ],
    ids=ascii,
)
def test_the_faults_of_the_member_that_is_meant_are_told(
    data: object, into: object, where: str, expected: str
) -> None:
    """Where only one member is like the data, its faults are the ones that help."""
    found = fault(data, into)
    assert found[0] == where
    assert found[1].startswith(expected)
    assert "secret" not in "".join(found)
