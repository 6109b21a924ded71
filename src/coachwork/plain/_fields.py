"""The fields of a class, with their types: attrs classes, dataclasses and TypedDicts."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from typing import (
    Any,
    Generic,
    NamedTuple,
    NotRequired,
    Required,
    TypeVar,
    cast,
    get_args,
    get_origin,
)

import attrs
from typing_extensions import get_type_hints, is_typeddict

from coachwork.errors import MisuseError
from coachwork.plain._types import WRAPPERS, Class, class_of, known_class


class Field(NamedTuple):
    """A public field: its name, its type, and whether a value must be given."""

    name: str
    of: object
    required: bool


def has_fields(kind: Class) -> bool:
    """Tell whether a class is one of those whose fields are known."""
    return is_typeddict(kind) or dataclasses.is_dataclass(kind) or attrs.has(kind)


def own_fields(kind: Class) -> tuple[tuple[str, bool], ...]:
    """Return the fields that ``__init__`` takes: the name, and whether a value must be given."""
    if is_typeddict(kind):
        return tuple(_keys(kind))
    if attrs.has(kind):
        return tuple((a.name, a.default is attrs.NOTHING) for a in attrs.fields(kind) if a.init)
    missing = dataclasses.MISSING
    return tuple(
        (f.name, f.default is missing and f.default_factory is missing)
        for f in dataclasses.fields(kind)
        if f.init
    )


@lru_cache(maxsize=512)
def public_names(kind: Hashable) -> tuple[str, ...]:
    """Return the names of the fields that plain data shows of an attrs class or a dataclass."""
    return tuple(name for name, _ in own_fields(cast("Class", kind)) if not name.startswith("_"))


def fields_of(of: object) -> tuple[Field, ...]:
    """Return the public fields of a class with fields, their types without type variables.

    Raises:
        MisuseError: An annotation cannot be resolved, or a key of a TypedDict is no name.
    """
    kind = known_class(of)
    try:
        hints = get_type_hints(kind)
        own = own_fields(kind)
    except (NameError, TypeError, AttributeError) as error:
        raise MisuseError(f"the annotations of {kind.__qualname__} cannot be resolved") from error
    known = dict(_bindings(of))
    return tuple(
        Field(name, _bound(hints.get(name, Any), known[_owner(kind, name, known)]), required)
        for name, required in own
        # The keys of a TypedDict are data, whatever they begin with.
        if is_typeddict(kind) or not name.startswith("_")
    )


def _keys(kind: Class) -> Iterator[tuple[str, bool]]:
    # Under postponed annotations a TypedDict does not see its own NotRequired, so it is read here.
    required: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
    for name, of in get_type_hints(kind, include_extras=True).items():
        if not name.isidentifier():
            raise MisuseError(f"the keys of {kind.__qualname__} must be names")
        marks = set(_marks(of))
        yield name, Required in marks or (name in required and NotRequired not in marks)


def _marks(of: object) -> Iterator[object]:
    while (origin := get_origin(of)) in WRAPPERS:
        yield origin
        of = get_args(of)[0]


def _bindings(of: object) -> Iterator[tuple[Class, Mapping[object, object]]]:
    """Tell for a class and each of its bases what their type variables stand for."""
    kind = known_class(of)
    free: tuple[object, ...] = getattr(kind, "__parameters__", ())
    known = dict[object, object](zip(free, get_args(of), strict=False))
    for base in getattr(kind, "__orig_bases__", kind.__bases__):
        if get_origin(base) is not Generic and class_of(base) is not None:
            yield from _bindings(_bound(base, known))
    yield kind, known


def _owner(kind: Class, name: str, known: Mapping[Class, object]) -> Class:
    """Return the class that declares the field, for its type variables are that class's."""
    return next(
        (c for c in kind.__mro__ if c in known and name in inspect.get_annotations(c)), kind
    )


def _bound(of: object, known: Mapping[object, object]) -> object:
    """Put types in the place of type variables; a free one becomes ``Any``."""
    if isinstance(of, TypeVar):
        return known.get(of, Any)
    free: tuple[object, ...] = getattr(of, "__parameters__", ())
    if get_origin(of) is None or not free:
        return of
    generic = cast("Mapping[object, object]", of)
    return generic[tuple(known.get(variable, Any) for variable in free)]
