"""Plain data to values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, cast

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coachwork.errors import ValidationError
from coachwork.plain import from_plain, json_schema, to_json
from tests.names import told
from tests.plain_kinds import (
    Box,
    Cat,
    Color,
    Data,
    Dog,
    FakeModel,
    IntBox,
    Ints,
    Movie,
    Name,
    Node,
    Value,
    fault,
    read,
)


@pytest.mark.parametrize(
    "data, into, expected",
    [
        ({"a": []}, Any, {"a": []}),
        ("a", Name, "a"),
        ([1, "a"], tuple[int, str], (1, "a")),
        ([1], tuple, (1,)),
        ([1], Ints, [1]),
        ({"a": 1}, dict, {"a": 1}),
        ("red", Literal["red"], "red"),
        ("red", Color, Color.RED),
        (None, int | None, None),
        ({"n": 5}, FakeModel, FakeModel(5)),
        ({"name": "x"}, Value, Value("x")),
    ],
    ids=told,
)
def test_each_kind_of_type_is_read(data: object, into: object, expected: object) -> None:
    """What reads a type is found by its kind, and found again."""
    assert read(data, into) == expected
    assert read(data, into) == expected


def test_data_without_an_end_is_refused() -> None:
    """A cycle and data that is too deep are refused, and no crash."""
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(ValidationError, match="without cycles"):
        read(ring, object)
    node: dict[str, object] = {"value": 1}
    node["parent"] = node
    with pytest.raises(ValidationError):
        from_plain(node, Node)
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert fault(deep, list[object]) == ("[0]", "data without cycles, and less deep")


@attrs.frozen
class Link:
    """One of a chain."""

    next: Link | None = None


def test_a_chain_that_is_too_long_is_refused() -> None:
    """Values inside values have an end, too."""
    data: dict[str, object] = {}
    for _ in range(5_000):
        data = {"next": data}
    fault(data, Link)


def made(fields: list[tuple[object, object]]) -> tuple[type, object]:
    """A class with fields of these types, and a value of it."""
    names = [f"f{number}" for number in range(len(fields))]
    kind = attrs.make_class(
        "Made",
        {
            name: attrs.field(type=cast("type", of))
            for name, (of, _) in zip(names, fields, strict=True)
        },
        frozen=True,
    )
    return kind, kind(*(value for _, value in fields))


def pairs(*of: tuple[object, st.SearchStrategy[Any]]) -> st.SearchStrategy[tuple[object, Any]]:
    """A type and a value of it."""
    return st.one_of(*(st.tuples(st.just(kind), values) for kind, values in of))


LEAVES = pairs(
    (int, st.integers()),
    (str, st.text()),
    (bool, st.booleans()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (Color, st.sampled_from(Color)),
    (Literal["a", 1], st.sampled_from(["a", 1])),
    (int | None, st.integers() | st.none()),
    (int | str | bool, st.integers() | st.text() | st.booleans()),
    (datetime, st.datetimes(timezones=st.just(UTC))),
    (datetime | None, st.datetimes(timezones=st.just(UTC)) | st.none()),
    (date, st.dates()),
    (timedelta, st.integers(-(10**9), 10**9).map(lambda ms: timedelta(milliseconds=ms))),
    (frozenset[int], st.frozensets(st.integers())),
    (tuple[int, ...], st.lists(st.integers()).map(tuple)),
    (tuple[int, str], st.tuples(st.integers(), st.text())),
    (dict[str, float], st.dictionaries(st.text(), st.floats(0, 1))),
    (Mapping[Color, bool], st.dictionaries(st.sampled_from(Color), st.booleans())),
    (Value, st.builds(Value, st.text(), st.floats(0, 1))),
    (Box[int], st.builds(Box, st.integers(), st.lists(st.integers()).map(tuple))),
)
CLASSES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4).map(made), max_leaves=12)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(CLASSES)
def test_there_and_back(pair: tuple[object, object]) -> None:
    """Whatever the class, its values survive the way through JSON text unchanged."""
    of, value = pair
    schema = json_schema(of)
    text = json.dumps(to_json(value), allow_nan=False)
    assert read(json.loads(text), of) == value
    assert json.loads(json.dumps(schema)) == schema


WHATEVER = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from(["name", "value", "item", "kind"]), inner)
    ),
    max_leaves=8,
)


@given(
    WHATEVER,
    st.sampled_from([Value, Node, Cat | Dog, Data, Movie, IntBox, list[Value], dict[Color, Node]]),
)
def test_any_data_fits_or_is_refused(data: object, into: object) -> None:
    """No data crashes; what is taken goes out again as data that is taken."""
    try:
        value = read(data, into)
    except ValidationError as error:
        caught = error
    else:
        assert read(to_json(value), into) == value
        return
    assert caught.field
    assert caught.expected
