"""Plain data that a caller gives: checked, and made the library's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, cast

from coachwork.errors import ValidationError
from coachwork.plain._to_json import JSON

MAX_DEPTH: Final = 32
"""How deep lists and mappings may stand in each other, the outermost mapping included."""


def checked_plain(value: object, field: str, *, most: int) -> dict[str, JSON]:
    """Return *value* as a mapping of its own, equal but not the caller's object.

    Args:
        value: A mapping of texts to plain data (what JSON can hold, exactly), or None for an empty
            one.
        field: The name to use in the error.
        most: The most bytes that it may have as ASCII-escaped JSON text.

    Returns:
        A new dict that shares nothing with *value*.

    Raises:
        ValidationError: It is no such mapping, is too large or too deep.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValidationError(field, "a mapping of names to plain data")
    given = cast("Mapping[object, object]", value)
    try:
        text = json.dumps(dict(given), allow_nan=False)
        plain: dict[str, JSON] = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise ValidationError(field, "plain data: what JSON can hold, and no NaN") from None
    if _is_too_deep(plain):
        raise ValidationError(field, f"at most {MAX_DEPTH} levels of nesting")
    if plain != dict(given):
        raise ValidationError(field, "plain data: text keys, lists instead of tuples")
    if len(text) > most:
        raise ValidationError(field, f"at most {most} bytes of JSON text")
    if "\\ud" in text:
        _refuse_lone_surrogates(text, field)
    return plain


def _is_too_deep(whole: JSON) -> bool:
    """Whether lists and mappings stand too deep in each other to be rendered on any stack."""
    level = [whole]
    for _ in range(MAX_DEPTH):
        level = [part for outer in level for part in _parts(outer)]
    return any(isinstance(part, list | dict) for part in level)


def _parts(whole: JSON) -> Iterable[JSON]:
    """Return what a list or a mapping holds; anything else holds nothing."""
    if isinstance(whole, dict):
        return whole.values()
    return whole if isinstance(whole, list) else ()


def _refuse_lone_surrogates(text: str, field: str) -> None:
    """Refuse escaped halves of characters that have no other half: no model takes them."""
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValidationError(field, "text without lone surrogates") from None
