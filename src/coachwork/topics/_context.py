"""The plain data that a caller gives to a session, to be used in its templates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, cast

from coachwork.errors import ValidationError
from coachwork.plain import JSON
from coachwork.topics._topic import RESERVED_NAMES

MAX_CONTEXT_BYTES: Final = 64 * 1024
"""The most bytes a context may have as ASCII-escaped JSON text."""

MAX_CONTEXT_DEPTH: Final = 32
"""How deep lists and mappings of a context may stand in each other, the context included."""


def checked_context(value: object) -> dict[str, JSON]:
    """Return *value* as a context of its own, equal but not the caller's object.

    Args:
        value: A mapping of template names to plain data (what JSON can hold, exactly), or None.

    Returns:
        A new dict that shares nothing with *value*.

    Raises:
        ValidationError: It is no such mapping, uses a reserved name, is too large or too deep.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValidationError("context", "a mapping of names to plain data")
    given = cast("Mapping[object, object]", value)
    _check_names(given)
    try:
        text = json.dumps(dict(given), allow_nan=False)
        plain: dict[str, JSON] = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise ValidationError("context", "plain data: what JSON can hold, and no NaN") from None
    if _is_too_deep(plain):
        raise ValidationError("context", f"at most {MAX_CONTEXT_DEPTH} levels of nesting")
    if plain != dict(given):
        raise ValidationError("context", "plain data: text keys, lists instead of tuples")
    if len(text) > MAX_CONTEXT_BYTES:
        raise ValidationError("context", f"at most {MAX_CONTEXT_BYTES} bytes of JSON text")
    if "\\ud" in text:
        _refuse_lone_surrogates(text)
    return plain


def _check_names(names: Iterable[object]) -> None:
    """Refuse a name that no template could ask for, or that is the library's own."""
    for name in names:
        if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
            raise ValidationError("context", "names made of ASCII letters, digits and _")
        if name in RESERVED_NAMES:
            raise ValidationError(f"context.{name}", "another name: this one is reserved")


def _is_too_deep(context: JSON) -> bool:
    """Whether lists and mappings stand too deep in each other to be rendered on any stack."""
    level = [context]
    for _ in range(MAX_CONTEXT_DEPTH):
        level = [part for whole in level for part in _parts(whole)]
    return any(isinstance(part, list | dict) for part in level)


def _parts(whole: JSON) -> Iterable[JSON]:
    """Return what a list or a mapping holds; anything else holds nothing."""
    if isinstance(whole, dict):
        return whole.values()
    return whole if isinstance(whole, list) else ()


def _refuse_lone_surrogates(text: str) -> None:
    """Refuse escaped halves of characters that have no other half: no model takes them."""
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValidationError("context", "text without lone surrogates") from None
