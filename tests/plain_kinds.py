"""Types of every kind that plain data knows, and of some that it does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum, IntEnum, StrEnum
from typing import (
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypeVar,
    cast,
)

import attrs
import pytest
from attrs import field, frozen
from typing_extensions import ReadOnly, TypeAliasType, TypedDict

from coachwork.errors import ValidationError
from coachwork.plain import from_plain

T = TypeVar("T")
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


class NotTyped(NamedTuple):
    """A tuple with names has two plain forms, so it has none."""

    n: int


BadKeys = TypedDict("BadKeys", {"no-name": int})


def read(data: object, into: object) -> object:
    """`from_plain` for any type expression."""
    return from_plain(data, cast("type[object]", into))


def fault(data: object, into: object) -> tuple[str, str]:
    """Field and expectation of the error for data that does not fit."""
    with pytest.raises(ValidationError) as caught:
        read(data, into)
    return caught.value.field, caught.value.expected
