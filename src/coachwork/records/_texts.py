"""JSON texts of what changes little from one record to the next: only what changed is written anew.

The state of a program may be large, and a turn changes a few words of it. Plain data that is made
from an earlier one shares with it what did not change (`coachwork.plain.to_json_after`), and what
is shared has its text already.
"""

from __future__ import annotations

import json
from typing import Final

from attrs import field, frozen

from coachwork.plain import JSON

PLAIN: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
"""How bodies are written."""

DEPTH: Final = 4
"""How deep parts are told apart: down to the parts of the lists of a state that a body holds."""


@frozen
class Texts:
    """Plain data, its text, and the texts of its parts.

    Attributes:
        value: The plain data; held, so that no other may take its identity.
        text: Its text.
        parts: The texts of the lists and objects in it: by their names in an object, by their
            identities in a list.
    """

    value: JSON = field(repr=False)
    text: str = field(repr=False)
    parts: dict[str | int, Texts] = field(repr=False)


def texts_of(value: JSON, before: Texts | None = None, depth: int = DEPTH) -> Texts:
    """Return *value* as text.

    Args:
        value: Plain data; none of it may be changed as long as the answer is used.
        before: The answer for what *value* was made from: what both hold is not written anew.
        depth: How deep parts are told apart.

    Raises:
        ValueError: It holds NaN or an infinity.
    """
    if before is not None and before.value is value:
        return before
    if depth == 1 or not isinstance(value, dict | list):
        return Texts(value, PLAIN.encode(value), {})
    known = {} if before is None else before.parts
    parts: dict[str | int, Texts] = {}

    def text_of(name: str | int, part: JSON) -> str:
        if not isinstance(part, dict | list):
            return PLAIN.encode(part)
        parts[name] = told = texts_of(part, known.get(name), depth - 1)
        return told.text

    if isinstance(value, dict):
        told = (f"{PLAIN.encode(name)}:{text_of(name, part)}" for name, part in value.items())
        text = f"{{{','.join(told)}}}"
    else:
        text = f"[{','.join(text_of(id(part), part) for part in value)}]"
    return Texts(value, text, parts)
