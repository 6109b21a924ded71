"""Plain data that is read in one piece."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Any, Literal

import pytest

from coachwork.plain import to_json
from tests.names import told
from tests.plain_kinds import NOON, Color, Ints, Level, Name, Pair, fault, read


@pytest.mark.parametrize(
    "data, into, expected",
    [
        (5, int, 5),
        (5, float, 5.0),
        (True, bool, True),
        (None, None, None),
        ("a", Name, "a"),
        ([1], Ints, [1]),
        ("red", Color, Color.RED),
        (1, Level, Level.LOW),
        ([1, "a"], Pair, Pair.BOTH),
        ("red", Literal[Color.RED], Color.RED),
        ("2026-01-02T13:00:00.000005+01:00", datetime, NOON),
        ("2026-01-02", date, date(2026, 1, 2)),
        (1, timedelta, timedelta(seconds=1)),
    ],
    ids=told,
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
        ("5", int, "a whole number"),
        (True, int, "a whole number"),
        (5.0, int, "a whole number"),
        (1, bool, "true or false"),
        (5, str, "text"),
        (True, float, "a finite number"),
        ("1", float, "a finite number"),
        (math.nan, float, "a finite number"),
        (10**400, float, "a finite number"),
        (0, None, "null"),
        ("RED", Color, 'one of "red", "blue"'),
        (True, Level, "one of 1"),
        (1.0, Literal[1], "one of 1"),
        ([], Literal["ä"], 'one of "ä"'),
        (5, datetime, "an instant with a time zone, in ISO 8601"),
        ("soon", datetime, "an instant with a time zone, in ISO 8601"),
        ("2026-01-02T12:00:00", datetime, "an instant with a time zone, in ISO 8601"),
        ("0001-01-01T00:00:00+14:00", datetime, "an instant with a time zone, in ISO 8601"),
        ("soon", date, "a day, in ISO 8601"),
        (5, date, "a day, in ISO 8601"),
        ("5", timedelta, "a duration in seconds"),
        (1e300, timedelta, "a duration in seconds"),
        (..., Any, "a value with a plain form (attrs, dataclass, text, number, list ...)"),
    ],
    ids=ascii,
)
def test_nothing_is_coerced(data: object, into: object, expected: str) -> None:
    """Data of another type is refused, with what was expected."""
    where, said = fault(data, into)
    assert where == "value"
    assert said.startswith(expected)


def test_anything_is_not_shared() -> None:
    """What is taken as it is, is taken as a copy."""
    data: list[object] = [[]]
    assert read(data, object) == data
    assert read(data, object) is not data
