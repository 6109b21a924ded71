"""Plain data at the edge: out, described, and back."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, IntEnum, StrEnum
from types import SimpleNamespace
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypeVar,
    cast,
)

import attrs
import pytest
from attrs import field, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import ReadOnly, TypeAliasType, TypedDict

from coachwork.errors import MisuseError, ValidationError
from coachwork.plain import JSON, from_plain, json_schema, to_json

T = TypeVar("T")
U = TypeVar("U")
NOON = datetime(2026, 1, 2, 12, 0, 0, 5, tzinfo=UTC)


class Color(StrEnum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    """Numbers as values."""

    LOW = 1


class Pair(Enum):
    """A value that is no scalar."""

    BOTH = (1, "a")


@frozen
class Value:
    """One value.

    More of it.
    """

    name: str
    weight: float = 1.0
    _hidden: int = 7


@frozen
class Box(Generic[T]):
    """Generic."""

    item: T
    many: tuple[T, ...] = ()


@frozen
class Twin(Box[list[T]], Generic[T]):
    """One type variable, two meanings."""

    other: T | None = None


@frozen
class IntBox(Box[int]):
    """No longer generic."""

    note: str = ""


@frozen
class Node:
    """A node."""

    value: int
    children: tuple[Node, ...] = ()
    parent: Node | None = None


@frozen
class Größe:  # noqa: PLC2401 - the point
    """A name beyond ASCII."""

    kleiner: Größe | None = None


@dataclasses.dataclass
class Data:  # noqa: D101 - its docstring is the one that dataclasses make
    color: Color
    level: Level = Level.LOW
    made: int = dataclasses.field(init=False, default=3)
    more: list[Any] = dataclasses.field(default_factory=list)
    _hidden: int = 7


@dataclasses.dataclass
class Documented:
    """Has words of its own."""


class Movie(TypedDict):
    """A TypedDict whose annotations are postponed."""

    title: str
    year: NotRequired[int]
    _note: NotRequired[ReadOnly[str | None]]


class Loose(TypedDict, total=False):
    """The other way round."""

    title: Required[str]
    year: int


class Holder(TypedDict, Generic[T]):
    """A generic TypedDict."""

    item: T


@frozen
class Cat:
    """Told from a dog by its mark."""

    kind: Literal["cat"]
    name: str


@frozen
class Dog:
    """Told from a cat by its mark."""

    kind: Literal["dog"]
    name: int


def as_tuple(names: Iterable[str]) -> tuple[str, ...]:
    """What a converter of an application may do."""
    return tuple(names)


@frozen
class Odd:
    """The names that cattrs itself uses, an alias, a converter, and a validator."""

    cl: int
    converter: int
    kept: str = field(alias="given", default="x")
    names: tuple[str, ...] = field(converter=as_tuple, default=())
    computed: int = field(init=False, default=3)
    small: int = field(default=0, validator=attrs.validators.lt(10))


Untyped = attrs.make_class("Untyped", {"what": attrs.field(default=None)})


@frozen
class Checked:
    """Checks itself."""

    inner: int

    def __attrs_post_init__(self) -> None:
        """Refuse what this library's own error can name."""
        if self.inner < 0:
            raise ValidationError("inner", "a number that is not negative")


@frozen
class Unknown:
    """Bytes have no plain form."""

    what: bytes


@frozen
class Unresolved:
    """Names what is not there."""

    what: Nowhere  # type: ignore[name-defined]  # noqa: F821 - the point  # pyright: ignore[reportUndefinedVariable]


@frozen
class Secretive:
    """Hides what it needs."""

    _must: int


@frozen
class Empty:
    """No fields."""


Ints = TypeAliasType("Ints", list[int])
Quoted = TypeAliasType("Quoted", "list[int]")


class LaterAlias:
    """What ``type Ring = list[Ring]`` makes in later versions of Python."""

    __value__: object


RING = LaterAlias()
RING.__value__ = cast("Any", list)[RING]
Name = NewType("Name", str)


class FakeModel:
    """What this module knows of a pydantic model, and no more."""

    model_fields: Mapping[str, object] = {"n": None, "m": None}

    def __init__(self, n: int) -> None:
        self.n = n

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FakeModel) and self.n == other.n

    def __hash__(self) -> int:
        return hash(self.n)

    def model_dump(self, *, mode: str) -> dict[str, object]:
        """Plain data, and whatever else a serializer of the application makes."""
        assert mode == "json"
        return {"n": self.n}

    @classmethod
    def model_json_schema(cls, *, ref_template: str) -> dict[str, object]:
        """A schema with definitions of its own, or without."""
        n = {"$ref": ref_template.format(model="Value")}
        return {"type": "object", "properties": {"n": n}, "$defs": {"Value": {"type": "integer"}}}

    @classmethod
    def model_validate(cls, data: object) -> FakeModel:
        """Build one, or refuse as pydantic does or as a validator of the application does."""
        match data:
            case {"n": int(n)}:
                return cls(n)
            case {"n": "places"}:
                raise FakeError([{"loc": ("m", 0)}, {"loc": ("n",)}, {"loc": ("key of data",)}])
            case {"n": "root"}:
                raise FakeError([{"loc": ()}])
        raise ValueError("with data in it")


class FakeError(ValueError):
    """What this module knows of pydantic's error."""

    def __init__(self, faults: list[dict[str, tuple[object, ...]]]) -> None:
        super().__init__()
        self.faults = faults

    def errors(self) -> list[dict[str, tuple[object, ...]]]:
        """All faults with their places."""
        return self.faults


@frozen
class WithModel:
    """Holds a model."""

    model: FakeModel


def read(data: object, into: object) -> object:
    """`from_plain` for any type expression."""
    return from_plain(data, cast("type[object]", into))


def fault(data: object, into: object) -> tuple[str, str]:
    """Field and expectation of the error for data that does not fit."""
    with pytest.raises(ValidationError) as caught:
        read(data, into)
    return caught.value.field, caught.value.expected


# --- out ---------------------------------------------------------------------------------------


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
    ids=repr,
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
        (Box([Box(object())]), "item[0].item", "a value with a plain form"),
        (object(), "value", "a value with a plain form"),
        (b"bytes", "value", "a value with a plain form"),
        (Value, "value", "a value with a plain form"),
        (FakeModel, "value", "a value with a plain form"),
        ({object()}, "*", "a value with a plain form"),
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
    """Data without an end is refused, and no crash, on both ways."""
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(ValidationError, match="without cycles"):
        to_json(ring)
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


# --- described ---------------------------------------------------------------------------------


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


class NotTyped(NamedTuple):
    """A tuple with names has two plain forms, so it has none."""

    n: int


BadKeys = TypedDict("BadKeys", {"no-name": int})


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
    ],
    ids=str,
)
def test_a_type_without_a_plain_form_is_a_mistake(of: object) -> None:
    """Declaring such a type is the developer's error, told before any data comes."""
    with pytest.raises(MisuseError):
        json_schema(of)
    with pytest.raises(MisuseError):
        read({}, of)


def test_a_private_field_needs_a_default_to_be_read() -> None:
    """What plain data never shows must come from somewhere."""
    assert json_schema(Secretive)["properties"] == {}
    assert to_json(Secretive(1)) == {}
    with pytest.raises(MisuseError, match=r"Secretive\._must"):
        from_plain({}, Secretive)


# --- back --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, into, expected",
    [
        (5, int, 5),
        (5, float, 5.0),
        (None, None, None),
        ("a", Name, "a"),
        ([1], Ints, [1]),
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
        ("red", Color, Color.RED),
        (1, Level, Level.LOW),
        ([1, "a"], Pair, Pair.BOTH),
        ("red", Literal[Color.RED], Color.RED),
        ("2026-01-02T13:00:00.000005+01:00", datetime, NOON),
        ("2026-01-02", date, date(2026, 1, 2)),
        (1, timedelta, timedelta(seconds=1)),
        (5, float | int | None, 5),
        (5.5, float | int | None, 5.5),
        (True, int | bool, True),
        ("2026-01-02", str | date, date(2026, 1, 2)),
        ("noon", str | date, "noon"),
        ("x", Any | int, "x"),
        (None, int | None, None),
        ({"kind": "dog", "name": 1}, Cat | Dog, Dog("dog", 1)),
        ({"name": "x"}, Node | Value, Value("x")),
        ({"n": 5}, FakeModel, FakeModel(5)),
        ({"model": {"n": 5}}, WithModel, WithModel(FakeModel(5))),
        ({"item": {"name": "x"}}, Box[Value], Box(Value("x"))),
        ({"item": {"name": "x"}}, Box, Box({"name": "x"})),
        ({"item": [1], "many": [[2]], "other": 3}, Twin[int], Twin([1], ([2],), 3)),
        ({"item": 1}, IntBox, IntBox(1)),
        ({"title": "x", "_note": None}, Movie, {"title": "x", "_note": None}),
        ({"item": 1}, Holder[int], {"item": 1}),
        ({"item": "x"}, Holder, {"item": "x"}),
        (
            {"cl": 1, "converter": 2, "kept": "y", "names": ["a"]},
            Odd,
            Odd(1, 2, "y", ["a"]),
        ),
        ({"what": {"a": []}}, Untyped, Untyped(what={"a": []})),
        ({"color": "red"}, Data, Data(Color.RED)),
        (
            {"value": 1, "children": [{"value": 2}], "parent": {"value": 3}},
            Node,
            Node(1, (Node(2),), Node(3)),
        ),
        ({}, Empty, Empty()),
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
        ("text", list[str], "a list"),
        ({}, set[str], "a list"),
        ([1], tuple[int, int], "a list of 2"),
        ("ab", tuple[str, str], "a list of 2"),
        ([], dict[str, int], "an object"),
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
        (object(), Any, "a value with a plain form (attrs, dataclass, text, number, list ...)"),
        ([], Value, "an object (Value)"),
        (None, Value, "an object (Value)"),
        ({"name": "x", "secret": 1}, Value, "no fields but name, weight"),
        ({"name": "x", "_hidden": 1}, Value, "no fields but name, weight"),
        ({"name": "x", "hidden": 1}, Value, "no fields but name, weight"),
        ({"secret": 1}, Empty, "no fields"),
        ({"title": "x", "secret": 1}, Movie, "no fields but title, year, _note"),
        ({"cl": 1, "converter": 1, "small": 50}, Odd, "what Odd accepts"),
        ({"cl": 1, "converter": 1, "computed": 1}, Odd, "no fields but cl, converter, kept, "),
        (True, int | str | None, "int or str or null"),
        ({"kind": "cow", "name": 1}, Cat | Dog, "Cat or Dog"),
        (5, Cat | Dog, "Cat or Dog"),
        ("5", int | None, "a whole number"),
        ({}, FakeModel, "what FakeModel accepts"),
        ({"n": "root"}, FakeModel, "what FakeModel accepts"),
    ],
    ids=ascii,
)
def test_nothing_is_coerced(data: object, into: object, expected: str) -> None:
    """Data of another type or shape is refused, with what was expected."""
    where, said = fault(data, into)
    assert where == "value"
    assert said.startswith(expected)


@pytest.mark.parametrize(
    "data, into, where, expected",
    [
        ({"name": 5}, Value, "name", "text"),
        ({}, Value, "name", "a value, for it is required"),
        ({}, Movie, "title", "a value, for it is required"),
        ([{"name": "x"}, {"name": 5}], list[Value], "[1].name", "text"),
        ({"secret": {"name": 5}}, dict[str, Value], "*.name", "text"),
        ({"secret": 1}, dict[Color, int], "*", 'one of "red", "blue"'),
        ([1, "1"], tuple[int, int], "[1]", "a whole number"),
        ({"value": 1, "children": [{"value": "1"}]}, Node, "children[0].value", "a whole number"),
        ({"value": 1, "parent": {"value": "1"}}, Node, "parent.value", "a whole number"),
        ({"value": 1, "parent": {"x": 1, "value": 1}}, Node, "parent", "no fields but value"),
        ({"kind": "cat", "name": 1}, Cat | Dog, "name", "text"),
        ([{"value": "x"}], int | list[Node], "[0].value", "a whole number"),
        ({"item": {"inner": -1}}, Box[Checked], "item.inner", "a number that is not negative"),
        ({"model": {"n": "places"}}, WithModel, "model.n", "what FakeModel accepts"),
        ({"item": 1, "many": ["x"]}, IntBox, "many[0]", "a whole number"),
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


# --- what always holds -------------------------------------------------------------------------


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
