"""Values to plain data."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import attrs

from coachwork.errors import ValidationError
from coachwork.plain._fields import public_names
from coachwork.plain._paths import Where, path_of

if TYPE_CHECKING:
    JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None
else:
    # At run time it is anything, so that annotations that name it can be resolved.
    JSON = object


def to_json(value: object) -> JSON:
    """Turn *value* into plain data that ``json.dumps`` accepts, for any web framework.

    Args:
        value: What `coachwork.plain` lists. Nothing of it is shared with the answer.

    Returns:
        Dicts, lists, text, numbers, booleans and None.

    Raises:
        ValidationError: Something in it has no plain form: an unknown class, an instant without
            a time zone, NaN or an infinity, a key that is no text, a cycle. The field is its path.
    """
    try:
        return _plain(value, None)
    except RecursionError:
        raise ValidationError("value", "data without cycles, and less deep") from None


def to_json_after(value: object, before: object, plain: JSON) -> JSON:
    """Do what `to_json` does for a *value* that was made from another one and shares most of it.

    What the two share is not turned again, so a change costs what it changes. Parts of the answer
    are parts of *plain*: neither may be changed.

    Args:
        value: What is to be turned.
        before: What it was made from.
        plain: What `to_json` made of that.

    Raises:
        ValidationError: As `to_json`.
    """
    try:
        return _after(value, before, plain, None)
    except RecursionError:
        raise ValidationError("value", "data without cycles, and less deep") from None


def _after(value: object, before: object, plain: JSON, where: Where) -> JSON:
    if value is before:
        return plain
    kind = type(value)
    if kind is type(before):
        if isinstance(plain, dict) and attrs.has(kind):
            return {
                name: _after(
                    getattr(value, name), getattr(before, name), plain[name], (where, step)
                )
                for name, step in _steps(cast("Hashable", kind))
            }
        if isinstance(plain, list) and isinstance(value, tuple):
            olds, news = cast("tuple[object, ...]", before), cast("tuple[object, ...]", value)
            known = [
                old if new is was else _after(new, was, old, (where, f"[{place}]"))
                for place, (new, was, old) in enumerate(zip(news, olds, plain, strict=False))
            ]
            added = news[len(known) :]
            places = range(len(known), len(news))
            return [*known, *map(_plain, added, ((where, f"[{place}]") for place in places))]
    return _plain(value, where)


_PLAIN_ALREADY: Final = frozenset({str, int, bool, type(None)})
"""Classes whose values are plain data as they are: most of what there is to turn."""


def _plain(value: object, where: Where) -> JSON:  # noqa: PLR0911 - one return for each kind
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        told: object = value.value
        return cast("JSON", told) if type(told) in _PLAIN_ALREADY else _plain(told, where)
    if isinstance(value, date | timedelta):
        return _time(value, where)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _finite(value, where)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return {_key(k, where): _plain(v, (where, ".*")) for k, v in pairs}
    if isinstance(value, list | tuple):
        items = enumerate(cast("Iterable[object]", value))
        return [_plain(v, (where, f"[{i}]")) for i, v in items]
    if isinstance(value, AbstractSet):
        # A set has no order; plain data gets one that is always the same.
        members = cast("Iterable[object]", value)
        return sorted((_plain(v, (where, ".*")) for v in members), key=json.dumps)
    return _object(value, where)


def _key(key: object, where: Where) -> str:
    name = key.value if isinstance(key, Enum) else key
    if not isinstance(name, str):
        raise ValidationError(path_of(where), "text as keys")
    return str(name)


def _finite(value: float, where: Where) -> float:
    if not math.isfinite(value):
        raise ValidationError(path_of(where), "a finite number")
    return float(value)


def _time(value: date | timedelta, where: Where) -> JSON:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.utcoffset() is None:
        raise ValidationError(path_of(where), "an instant with a time zone")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        expected = "an instant of the years 1 to 9999 in UTC"
        raise ValidationError(path_of(where), expected) from None
    return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _object(value: object, where: Where) -> JSON:
    kind = type(value)
    dump: Callable[..., object] | None = getattr(kind, "model_dump", None)
    if dump is not None:
        return _plain(dump(value, mode="json"), where)
    if attrs.has(kind) or dataclasses.is_dataclass(kind):
        plain: dict[str, JSON] = {}
        for name, step in _steps(cast("Hashable", kind)):
            part: object = getattr(value, name)
            is_plain = type(part) in _PLAIN_ALREADY
            plain[name] = cast("JSON", part) if is_plain else _plain(part, (where, step))
        return plain
    expected = "a value with a plain form (attrs, dataclass, text, number, list ...)"
    raise ValidationError(path_of(where), expected)


@lru_cache(maxsize=512)
def _steps(kind: Hashable) -> tuple[tuple[str, str], ...]:
    """Return the names of a class's fields, each with the step to it in a path."""
    return tuple((name, f".{name}") for name in public_names(kind))
