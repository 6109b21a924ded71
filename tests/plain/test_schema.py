"""Types to JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated, Any, Final, Literal, Optional, cast

import attrs
import pytest

from coachwork.errors import MisuseError
from coachwork.plain import json_schema
from tests.names import told
from tests.plain_kinds import (
    RING,
    BadKeys,
    Box,
    Color,
    Data,
    Documented,
    FakeModel,
    Holder,
    IntBox,
    Ints,
    Level,
    Loose,
    Movie,
    Name,
    Node,
    NotTyped,
    Odd,
    Quoted,
    T,
    Twin,
    Unknown,
    Unresolved,
    Value,
    read,
)


@pytest.mark.parametrize(
    "of, expected",
    [
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (None, {"type": "null"}),
        (Any, {}),
        (object, {}),
        (T, {}),
        (datetime, {"type": "string", "format": "date-time"}),
        (date, {"type": "string", "format": "date"}),
        (timedelta, {"type": "number", "description": "A duration in seconds."}),
        (Annotated[int, []], {"type": "integer"}),
        (Final[int], {"type": "integer"}),
        (Name, {"type": "string"}),
        (Ints, {"type": "array", "items": {"type": "integer"}}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal[1, "a", True], {"enum": [1, "a", True]}),
        (Color, {"description": "A colour.", "type": "string", "enum": ["red", "blue"]}),
        (Level, {"enum": [1]}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),  # noqa: UP045
        (list, {"type": "array", "items": {}}),
        (Sequence[str], {"type": "array", "items": {"type": "string"}}),
        (MutableSequence, {"type": "array", "items": {}}),
        (tuple, {"type": "array", "items": {}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (set[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        (frozenset, {"type": "array", "items": {}, "uniqueItems": True}),
        (AbstractSet[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        (dict, {"type": "object", "additionalProperties": {}}),
        (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (
            MutableMapping[Literal["a"], Any],
            {
                "type": "object",
                "additionalProperties": {},
                "propertyNames": {"type": "string", "enum": ["a"]},
            },
        ),
        (Documented, {"description": "Has words of its own.", "properties": {}, "required": []}),
        (
            Movie,
            {
                "properties": {
                    "title": {"type": "string"},
                    "year": {"type": "integer"},
                    "_note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
                "required": ["title"],
            },
        ),
        (
            Loose,
            {
                "properties": {"title": {"type": "string"}, "year": {"type": "integer"}},
                "required": ["title"],
            },
        ),
        (Holder[int], {"properties": {"item": {"type": "integer"}}, "required": ["item"]}),
        (Holder, {"properties": {"item": {}}, "required": ["item"]}),
        (
            Value,
            {
                "description": "One value.",
                "properties": {"name": {"type": "string"}, "weight": {"type": "number"}},
                "required": ["name"],
            },
        ),
        (
            Box,
            {
                "properties": {"item": {}, "many": {"type": "array", "items": {}}},
                "required": ["item"],
            },
        ),
        (
            IntBox,
            {
                "properties": {
                    "item": {"type": "integer"},
                    "many": {"type": "array", "items": {"type": "integer"}},
                    "note": {"type": "string"},
                },
                "required": ["item"],
            },
        ),
        (
            Twin[str],
            {
                "properties": {
                    "item": {"type": "array", "items": {"type": "string"}},
                    "many": {
                        "type": "array",
                        "items": {"type": "array", "items": {"type": "string"}},
                    },
                    "other": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
                "required": ["item"],
            },
        ),
    ],
    ids=str,
)
def test_types_become_schemas(of: object, expected: dict[str, object]) -> None:
    """Every type has one schema; classes close their fields and say which must be there."""
    if "properties" in expected:
        expected = {"type": "object", "additionalProperties": False, **expected}
    schema = json_schema(of)
    if "description" not in expected:
        schema.pop("description", None)
    assert schema == expected


def test_private_and_computed_fields_are_not_described() -> None:
    """What ``__init__`` does not take, and what is private, is neither shown nor read."""
    properties = json_schema(Odd)["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == ["cl", "converter", "kept", "names", "small"]
    data = json_schema(Data)
    assert "description" not in data
    assert data["required"] == ["color"]
    assert isinstance(data["properties"], dict)
    assert list(data["properties"]) == ["color", "level", "more"]


def test_classes_inside_are_defined_once() -> None:
    """A class used twice has one definition, and two of one name have two."""
    other = attrs.make_class("Value", {"n": attrs.field(type=int)}, frozen=True)
    schema = json_schema(tuple[Value, list[Value], other, Box[Box[int]]])  # type: ignore[valid-type]
    assert schema["prefixItems"] == [
        {"$ref": "#/$defs/Value"},
        {"type": "array", "items": {"$ref": "#/$defs/Value"}},
        {"$ref": "#/$defs/Value_2"},
        {"$ref": "#/$defs/Box_Box_int"},
    ]
    assert isinstance(schema["$defs"], dict)
    assert schema["$defs"].keys() == {"Value", "Value_2", "Box_Box_int", "Box_int"}


@attrs.frozen
class Größe:  # noqa: PLC2401 - the point
    """A name beyond ASCII."""

    kleiner: Größe | None = None


@pytest.mark.parametrize("of", [Node, Größe])
def test_a_class_that_holds_itself_is_defined(of: type) -> None:
    """A recursive type is a reference to its own definition."""
    schema = json_schema(of)
    assert schema["$ref"] == f"#/$defs/{of.__name__}"
    assert isinstance(schema["$defs"], dict)
    assert list(schema["$defs"]) == [of.__name__]


def test_a_model_describes_itself() -> None:
    """A pydantic model's definitions stand beside ours, under names that cannot collide."""
    schema = json_schema(tuple[Value, FakeModel])
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    assert definitions.keys() == {"Value", "FakeModel", "FakeModel.Value"}
    assert definitions["FakeModel"] == {
        "type": "object",
        "properties": {"n": {"$ref": "#/$defs/FakeModel.Value"}},
    }


@pytest.mark.parametrize(
    "of",
    [
        bytes,
        complex,
        RING,
        Quoted,
        "text",
        Callable,
        Callable[[], int],
        NotTyped,
        Unknown,
        Unresolved,
        BadKeys,
        SimpleNamespace,
        list[bytes],
        dict[int, str],
        dict[Level, str],
        dict[Literal[1], str],
        dict[Any, str],
        set[list[int]],
        frozenset[dict[str, int]],
        AbstractSet[Mapping[str, int]],
        set[set[int]],
        set[tuple[str, list[int]]],
        set[list[int] | dict[str, int]],
        set[Annotated[Movie, "a TypedDict is a dict"]],
        set[Data],
    ],
    ids=told,
)
def test_a_type_without_a_plain_form_is_a_mistake(of: object) -> None:
    """Declaring such a type is the developer's error, told before any data comes."""
    with pytest.raises(MisuseError):
        json_schema(of)
    with pytest.raises(MisuseError):
        read({}, of)


@pytest.mark.parametrize(
    "of, data",
    [
        (set[int | list[int]], [1]),
        (set[Sequence[list[int]]], [[]]),
        (set[tuple[list[int], ...]], [[]]),
        (set[tuple[()]], [[]]),
        (set[AbstractSet[int]], [[1]]),
        (set[Value], [{"name": "x"}]),
        (set[Color], ["red"]),
        (set[object], [None]),
    ],
    ids=str,
)
def test_a_set_of_what_may_be_hashed_is_described(of: object, data: list[object]) -> None:
    """Only members that no data can make hashable are a mistake."""
    assert json_schema(of)["uniqueItems"] is True
    assert len(cast("set[object]", read(data, of))) == 1
