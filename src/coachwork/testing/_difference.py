"""Where two values differ, field by field, in words that quote no text of anybody.

What a class hides from its ``repr`` is hidden here, too: of a hidden text is told how long it is,
and from where on it is another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from itertools import takewhile
from typing import Final, TypeAlias, TypeGuard, cast

import attrs

from coachwork.records import Key

LONGEST: Final = 120
"""The most characters of a value that are shown."""

_NO_TEXT: Final = (bool, int, float, datetime, Enum, type(None))
"""What is shown even where texts are hidden."""

_Found: TypeAlias = Iterator[tuple[str, str]]


def differences(expected: object, came: object) -> list[str]:
    """Return where *came* is not what was *expected*: a line for each place, none if nowhere."""
    found = _walk("", expected, came, hidden=False)
    return [f"{place.lstrip('.')}: {told}" if place else told for place, told in found]


def shown(value: object) -> str:
    """Return *value* as it shows itself, cut where that is too long."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _walk(place: str, expected: object, came: object, *, hidden: bool) -> _Found:
    """Return place and difference wherever the two differ, at *place* and below."""
    if expected == came:
        return
    alike = type(expected) is type(came)
    if _has_names(expected) and _has_names(came):
        yield from _in_mappings(place, expected, came, hidden=hidden)
    elif alike and attrs.has(type(expected)) and not isinstance(expected, Key):
        yield from _in_fields(place, expected, came, hidden=hidden)
    elif alike and _is_list(expected) and _is_list(came):
        yield from _in_lists(place, expected, came, hidden=hidden)
    elif hidden and isinstance(expected, str) and isinstance(came, str):
        yield from _in_hidden_texts(place, expected, came)
    else:
        yield place, _told(_leaf(expected, hidden=hidden), _leaf(came, hidden=hidden))


def _in_fields(place: str, expected: object, came: object, *, hidden: bool) -> _Found:
    """Return where the fields of two values of one class differ."""
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(expected))):
        if field.eq:
            ours, theirs = getattr(expected, field.name), getattr(came, field.name)
            is_hidden = hidden or field.repr is False
            yield from _walk(f"{place}.{field.name}", ours, theirs, hidden=is_hidden)


def _in_mappings(
    place: str, expected: Mapping[object, object], came: Mapping[object, object], *, hidden: bool
) -> _Found:
    """Return where two mappings differ: names that are missing, are too many, or stand for else."""
    for name in dict.fromkeys([*expected, *came]):
        inner = f"{place}[{shown(name)}]"
        if name not in came:
            yield inner, "is missing"
        elif name not in expected:
            yield inner, "is one too many"
        else:
            yield from _walk(inner, expected[name], came[name], hidden=hidden)


def _in_lists(
    place: str, expected: Sequence[object], came: Sequence[object], *, hidden: bool
) -> _Found:
    """Return where two lists differ: in their length, and as far as both go."""
    if len(expected) != len(came):
        yield place, f"expected {len(expected)} of them, came {len(came)}"
    for number, (ours, theirs) in enumerate(zip(expected, came, strict=False)):
        yield from _walk(f"{place}[{number}]", ours, theirs, hidden=hidden)


def _in_hidden_texts(place: str, expected: str, came: str) -> _Found:
    """Return where two texts differ that may not be shown; documents in JSON by their parts."""
    ours, theirs = _document(expected), _document(came)
    if ours is not None and theirs is not None and ours != theirs:
        yield from _walk(place, ours, theirs, hidden=True)
    else:
        pairs = zip(expected, came, strict=False)
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        lengths = f"expected {len(expected)} characters, came {len(came)}"
        yield place, f"{lengths}, another text from character {alike + 1} on"


def _document(text: str) -> object:
    """Return the JSON object or array that *text* is, or None."""
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if _has_names(document) or _is_list(document) else None


def _has_names(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _leaf(value: object, *, hidden: bool) -> str:
    """Return *value* in words."""
    if not hidden or isinstance(value, _NO_TEXT):
        return shown(value)
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    return f"a {type(value).__name__}"


def _told(expected: str, came: str) -> str:
    if expected == came:
        return f"{expected} differs in what is not shown"
    return f"expected {expected}, came {came}"
