"""Plain data to values: for every type what reads it."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

from coachwork.errors import ValidationError
from coachwork.plain._containers import (
    list_reader,
    mapping_reader,
    member_reader,
    row_reader,
)
from coachwork.plain._faults import Faults, Reader
from coachwork.plain._leaves import LEAVES, choice_reader, read_anything
from coachwork.plain._objects import model_reader, object_reader
from coachwork.plain._schema import json_schema
from coachwork.plain._types import ANYTHING, LISTS, MAPPINGS, SETS, UNIONS, bare, known_class
from coachwork.plain._unions import union_reader

T = TypeVar("T")


def from_plain(data: object, into: type[T]) -> T:
    """Build a value of a type from plain data, strictly.

    Nothing is coerced: ``"5"`` is no integer, ``true`` is none either; an integer will do for a
    float. Instants must have a time zone and come back in UTC. Unknown fields are refused.

    Args:
        data: What ``json.loads`` gives.
        into: A type of those that `coachwork.plain` lists.

    Returns:
        The value.

    Raises:
        ValidationError: The data does not fit. The field is the path of the first fault
            (``values[0].name``); what was expected names the paths of the others. Neither holds
            anything of the data.
        MisuseError: The type has no plain form, or its annotations cannot be resolved.
    """
    read = _checked_reader(cast("Hashable", into))
    try:
        return cast("T", read(data))
    except Faults as found:
        raise found.error() from None
    except RecursionError:
        raise ValidationError("value", "data that is less deep") from None


@lru_cache(maxsize=512)
def _checked_reader(into: Hashable) -> Reader:
    # What can be described can be read, and nothing else.
    json_schema(into)
    return _reader(into)


def _reader(of: object) -> Reader:
    """Return what reads plain data as a type that can be described."""
    return _bare_reader(bare(of))


@lru_cache(maxsize=2048)
def _bare_reader(of: object) -> Reader:  # noqa: PLR0911 - one return for each kind
    if of in ANYTHING:
        return read_anything
    if of in LEAVES:
        return LEAVES[of]
    origin, args = get_origin(of) or of, get_args(of)
    if origin is Literal:
        return choice_reader(args)
    if origin in UNIONS:
        return union_reader(tuple(bare(member) for member in args), _bare_reader)
    if origin is tuple and args and args[1:] != (...,):
        return row_reader(tuple(_reader(arg) for arg in args))
    if origin is tuple or origin in LISTS:
        item = _reader(args[0] if args else Any)
        return list_reader(
            LISTS.get(origin, tuple), member_reader(item) if origin in SETS else item
        )
    if origin in MAPPINGS:
        key, value = args or (str, Any)
        return mapping_reader(_reader(key), _reader(value))
    kind = known_class(of)
    if issubclass(kind, Enum):
        return choice_reader(tuple(kind))
    validate: Reader | None = getattr(kind, "model_validate", None)
    if validate is not None:
        return model_reader(kind, validate)
    return object_reader(of, _reader)
