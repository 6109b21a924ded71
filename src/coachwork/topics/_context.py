"""The plain data that a caller gives to a session, to be used in its templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, cast

from coachwork.errors import ValidationError
from coachwork.plain import JSON, checked_plain
from coachwork.topics._topic import RESERVED_NAMES

MAX_CONTEXT_BYTES: Final = 64 * 1024
"""The most bytes a context may have as ASCII-escaped JSON text."""


def checked_context(value: object) -> dict[str, JSON]:
    """Return *value* as a context of its own, equal but not the caller's object.

    Args:
        value: A mapping of template names to plain data (what JSON can hold, exactly), or None.

    Returns:
        A new dict that shares nothing with *value*.

    Raises:
        ValidationError: It is no such mapping, uses a reserved name, is too large or too deep.
    """
    for name in _names(value):
        _check_name(name)
    return checked_plain(value, "context", most=MAX_CONTEXT_BYTES)


def _names(value: object) -> Iterable[object]:
    """Return the names of a context; what is no mapping has none."""
    return cast("Mapping[object, object]", value) if isinstance(value, Mapping) else ()


def _check_name(name: object) -> None:
    """Refuse a name that no template could ask for, or that is the library's own."""
    if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
        raise ValidationError("context", "names made of ASCII letters, digits and _")
    if name in RESERVED_NAMES:
        raise ValidationError(f"context.{name}", "another name: this one is reserved")
