"""What the texts of a coach state may be: validators for the parameters of actions.

A text is kept as it came, for it is a person's own words; a name has single blanks inside, and none
around it. What no model could be told (a NUL, half a character) is refused before it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from attrs import Attribute

from coachwork.errors import ValidationError
from coachwork.messages import is_blank
from coachwork.plain import JSON

MAX_NAME: Final = 120
"""The most characters of an identity's name."""

MAX_STATEMENT: Final = 1000
"""The most characters of an identity's statement."""

MAX_NOTE: Final = 1000
"""The most characters of a note."""

MAX_QUESTION: Final = 500
"""The most characters of a question, and of what was answered in short."""

MAX_TRAIT: Final = 200
"""The most characters of one of the things that a person says they are or want to be."""

MAX_AT_ONCE: Final = 20
"""The most texts or identities that one action brings."""

MAX_REFERENCE: Final = 255
"""The most characters of an id or a name by which something is found."""


def one_line(value: str) -> str:
    """Return *value* with single blanks between its words and none around them."""
    return " ".join(value.split())


def text_of(most: int) -> Callable[[Any, Attribute[str], str], None]:
    """Return the validator of a text of at most *most* characters that is not blank."""

    def check(_instance: object, attribute: Attribute[str], value: str) -> None:
        _check(value, attribute.name, most)

    return check


def optional_text_of(most: int) -> Callable[[Any, Attribute[str], str], None]:
    """Return the validator of a text of at most *most* characters that is empty or not blank."""

    def check(_instance: object, attribute: Attribute[str], value: str) -> None:
        if value:
            _check(value, attribute.name, most)

    return check


def texts_of(most: int) -> Callable[[Any, Attribute[tuple[str, ...]], tuple[str, ...]], None]:
    """Return the validator of 1 to `MAX_AT_ONCE` texts of at most *most* characters each."""

    def check(
        _instance: object, attribute: Attribute[tuple[str, ...]], value: tuple[str, ...]
    ) -> None:
        some(_instance, attribute, value)
        for place, one in enumerate(value):
            _check(one, f"{attribute.name}[{place}]", most)

    return check


def some(
    _instance: object, attribute: Attribute[tuple[Any, ...]], value: tuple[object, ...]
) -> None:
    """Refuse a list that is empty, or longer than one action may bring.

    Raises:
        ValidationError: It is.
    """
    if not 1 <= len(value) <= MAX_AT_ONCE:
        raise ValidationError(attribute.name, f"1 to {MAX_AT_ONCE} of them")


def quoted(value: JSON) -> str:
    """Return *value* in quotes, as JSON has them: so words of people are never taken for ours."""
    return json.dumps(value, ensure_ascii=False)


def is_tellable(value: str) -> bool:
    """Whether a model can be told *value*: it holds no NUL and no half of a character."""
    return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def _check(value: str, name: str, most: int) -> None:
    """Refuse a text that cannot be kept.

    Raises:
        ValidationError: It is blank, too long, or could not be told.
    """
    if len(value) > most:
        raise ValidationError(name, f"at most {most} characters")
    if is_blank(value):
        raise ValidationError(name, "text that is not blank")
    if not is_tellable(value):
        raise ValidationError(name, "text without NUL characters and lone surrogates")
