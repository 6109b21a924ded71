"""Values to plain data."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from datetime import date, datetime, timedelta, timezone

import pytest

from coachwork.errors import ValidationError
from coachwork.plain import JSON, json_schema, to_json, to_json_after
from tests.names import told
from tests.plain_kinds import NOON, Box, Color, Data, FakeModel, Level, Odd, Pair, Value


@pytest.mark.parametrize(
    "value, expected",
    [
        (None, None),
        (True, True),
        (5, 5),
        (1.5, 1.5),
        ("ä", "ä"),
        (Color.RED, "red"),
        (Level.LOW, 1),
        (Pair.BOTH, [1, "a"]),
        ((1, [2]), [1, [2]]),
        ({Color.RED: 1, "b": 2}, {"red": 1, "b": 2}),
        (OrderedDict(a=1), {"a": 1}),
        (frozenset({3, 1, 2}), [1, 2, 3]),
        ({"b", "a"}, ["a", "b"]),
        (NOON, "2026-01-02T12:00:00.000005Z"),
        (
            datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-01T23:00:00.000000Z",
        ),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(minutes=1, milliseconds=5), 60.005),
        (Value("x"), {"name": "x", "weight": 1.0}),
        (Data(Color.RED), {"color": "red", "level": 1, "more": []}),
        (
            Odd(1, 2),
            {"cl": 1, "converter": 2, "kept": "x", "names": [], "small": 0},
        ),
        (FakeModel(5), {"n": 5}),
        ([Box(Value("x"))], [{"item": {"name": "x", "weight": 1.0}, "many": []}]),
    ],
    ids=told,
)
def test_values_become_plain_data(value: object, expected: object) -> None:
    """Every kind of value has one plain form, that JSON keeps as it is."""
    plain = to_json(value)
    assert plain == expected
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_plain_data_has_the_plain_types_alone() -> None:
    """Subclasses of text and numbers become text and numbers, and nothing is shared."""

    class Text(str):
        __slots__ = ()

    class Number(int):
        pass

    class Real(float):
        pass

    data = [Text("a"), Number(1), Real(1.5), {Text("k"): []}]
    plain = to_json(data)
    assert isinstance(plain, list)
    assert [type(item) for item in plain] == [str, int, float, dict]
    assert plain[3] == {"k": []}
    assert plain[3] is not data[3]


def test_anything_goes_for_the_alias() -> None:
    """At run time `JSON` may stand in an annotation that is resolved."""
    assert json_schema(JSON) == {}


@pytest.mark.parametrize(
    "value, where, expected",
    [
        (math.nan, "value", "a finite number"),
        ([1, {"a": -math.inf}], "[1].*", "a finite number"),
        (datetime(2026, 1, 2), "value", "an instant with a time zone"),  # noqa: DTZ001
        (
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            "value",
            "an instant of the years 1 to 9999 in UTC",
        ),
        ({1: "a"}, "value", "text as keys"),
        ([{Level.LOW: "a"}], "[0]", "text as keys"),
        (Box([Box(...)]), "item[0].item", "a value with a plain form"),
        (..., "value", "a value with a plain form"),
        (b"bytes", "value", "a value with a plain form"),
        (Value, "value", "a value with a plain form"),
        (FakeModel, "value", "a value with a plain form"),
        ({...}, "*", "a value with a plain form"),
    ],
    ids=ascii,
)
def test_what_has_no_plain_form_is_refused_with_its_path(
    value: object, where: str, expected: str
) -> None:
    """The error says where it is and what was expected there, and nothing of the value."""
    with pytest.raises(ValidationError) as caught:
        to_json(value)
    assert caught.value.field == where
    assert caught.value.expected.startswith(expected)


def test_a_cycle_is_refused() -> None:
    """Data without an end is refused, and no crash."""
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(ValidationError, match="without cycles"):
        to_json(ring)
    with pytest.raises(ValidationError, match="without cycles"):
        to_json_after(ring, [], [])
