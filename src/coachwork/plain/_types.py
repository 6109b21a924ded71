"""What a type is: without its wrappers, of which kind, and what it is called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    NewType,
    NotRequired,
    Required,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

from typing_extensions import ReadOnly

# ``type`` alone says less than this to the one checker, and ``type[object]`` to the other.
Class: TypeAlias = type[Any]

WRAPPERS: Final[Collection[object]] = frozenset({Annotated, Final, NotRequired, ReadOnly, Required})
"""What stands around a type and changes nothing of its data."""

ANYTHING: Final[Collection[object]] = frozenset({Any, object})
UNIONS: Final[Collection[object]] = frozenset({Union, UnionType})

LISTS: Final[Mapping[object, Class]] = {
    list: list,
    MutableSequence: list,
    Sequence: tuple,
    set: set,
    frozenset: frozenset,
    AbstractSet: frozenset,
}
"""What is a list in plain data, and the class to make of one; tuples have rules of their own."""

SETS: Final[Collection[object]] = frozenset({set, frozenset, AbstractSet})
MAPPINGS: Final[Collection[object]] = frozenset({dict, Mapping, MutableMapping})


def bare(of: object) -> object:
    """Return what a type is without its wrappers."""
    while True:
        if of is None:
            return NoneType
        if get_origin(of) in WRAPPERS:
            of = get_args(of)[0]
        elif isinstance(of, NewType):
            of = of.__supertype__
        elif (alias := getattr(of, "__value__", None)) is not None:  # ``type X = ...``
            of = cast("object", alias)
        elif isinstance(of, TypeVar):
            return Any
        else:
            return of


def class_of(of: object) -> Class | None:
    """Return the class behind *of*, which may be a generic one with its arguments."""
    found: object = get_origin(of) or of
    return found if isinstance(found, type) else None


def known_class(of: object) -> Class:
    """Return the class behind *of*, where it is known that there is one."""
    return cast("Class", get_origin(of) or of)


def is_never_hashable(of: object) -> bool:
    """Tell whether nothing that plain data gives for *of* could be in a set."""
    of = bare(of)
    origin, args = get_origin(of) or of, get_args(of)
    if origin in UNIONS:
        return all(map(is_never_hashable, args))
    if origin is tuple and args[1:] != (...,):
        return any(map(is_never_hashable, args))
    made: object = LISTS.get(origin, origin)
    return getattr(made, "__hash__", None) is None


def name_of(of: object) -> str:
    """Return a name for a type: ``Box``, ``Box_int``."""
    names = [getattr(get_origin(of) or of, "__name__", str(of)), *map(name_of, get_args(of))]
    return "_".join("".join(c if c.isalnum() else "_" for c in name) for name in names)
