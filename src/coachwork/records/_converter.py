"""The converter between stored values and plain data: exact, and strict about what it reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from types import GenericAlias
from typing import Any, cast, get_args, get_origin

import attrs
from cattrs import (
    AttributeValidationNote,
    ClassValidationError,
    Converter,
    IterableValidationError,
)
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn

from coachwork.errors import MisuseError
from coachwork.plain import JSON


class _MissingError(ValueError):
    """A stored value lacks fields."""


@cache
def converter() -> Converter:
    """Return the one converter of this room.

    Instants are ISO 8601 text in UTC, durations whole microseconds, enums their values. Every
    field of a class must be there, none besides, and nothing is converted silently.
    """
    made = Converter(forbid_extra_keys=True, detailed_validation=True)
    for exact in (str, int, float, bool):
        made.register_structure_hook(exact, _exactly(exact))
    made.register_structure_hook(datetime, _read_instant)
    made.register_unstructure_hook(datetime, _write_instant)
    made.register_structure_hook(timedelta, _read_duration)
    made.register_unstructure_hook(timedelta, _write_duration)
    made.register_structure_hook_func(lambda type_: type_ == JSON, lambda value, _type: value)
    made.register_unstructure_hook_func(lambda type_: type_ == JSON, lambda value: value)
    made.register_structure_hook_factory(attrs.has, partial(_class_hook, made))
    made.register_structure_hook_factory(_is_tuple, partial(_tuple_hook, made))
    return made


def _exactly(wanted: type) -> Callable[[object, type], object]:
    """Return a hook that takes values of exactly that type; enums of it come here too."""

    def hook(value: object, type_: type) -> object:
        if type(value) is not wanted:
            raise TypeError(f"is no {wanted.__name__}")
        return value if type_ is wanted else type_(value)

    return hook


def _write_instant(value: datetime) -> str:
    if value.utcoffset() is None:
        raise MisuseError("an instant without a time zone cannot be stored")
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:
        raise MisuseError("an instant that UTC has not cannot be stored") from None


def _read_instant(value: object, _type: object) -> datetime:
    if not isinstance(value, str):
        raise TypeError("is no instant")
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is no instant") from None
    if read.tzinfo is not UTC:  # what is read of an offset of nothing is UTC itself
        raise ValueError("is no instant in UTC")
    return read


def _write_duration(value: timedelta) -> int:
    return value // timedelta(microseconds=1)


def _read_duration(value: object, _type: object) -> timedelta:
    if type(value) is not int:
        raise TypeError("is no whole number of microseconds")
    return timedelta(microseconds=value)


def _is_tuple(type_: object) -> bool:
    return get_origin(type_) is tuple


def _tuple_hook(made: Converter, type_: type) -> Callable[[object, type], object]:
    """Return a hook for a tuple of any length that takes a list, and no other thing of many."""
    wanted: Any = GenericAlias(list, get_args(type_)[:1])
    read = made.get_structure_hook(wanted)

    def hook(value: object, _type: type) -> object:
        if not isinstance(value, list):
            raise TypeError("is no list")
        return tuple(read(value, wanted))

    return hook


def _class_hook(made: Converter, cls: type[Any]) -> Callable[[object, type], object]:
    """Return a hook for an attrs class that wants every field, not only those without default."""
    read: Callable[[dict[str, JSON], type], object] = make_dict_structure_fn(cls, made)
    wanted = {field.name for field in attrs.fields(cls)}

    def hook(value: object, type_: type) -> object:
        if not isinstance(value, dict):
            raise TypeError("is no object")
        body = cast("dict[str, JSON]", value)
        if missing := wanted - body.keys():
            raise _MissingError(min(missing))
        return read(body, type_)

    return hook


def first_fault(fault: BaseException) -> tuple[str, str]:
    """Return where in the body the first fault is, as a path, and what it is; no values."""
    path = ""
    while isinstance(fault, ClassValidationError | IterableValidationError):
        inner = fault.exceptions[0]
        notes = [note for note in getattr(inner, "__notes__", ()) if type(note) is not str]
        if notes:
            note: Any = notes[-1]
            is_field = isinstance(note, AttributeValidationNote)  # text too, with an index()
            path += f".{note.name}" if is_field else f"[{note.index!r}]"
        fault = inner
    if isinstance(fault, _MissingError):
        return f"{path}.{fault}".lstrip("."), "is missing"
    if isinstance(fault, ForbiddenExtraKeysError):
        return f"{path}.{min(fault.extra_fields)}".lstrip("."), "is unknown"
    told = str(fault) if type(fault) in {TypeError, ValueError} else "is not what it should be"
    if not told.startswith("is no"):
        told = "is not what it should be"
    return path.lstrip(".") or "body", told
