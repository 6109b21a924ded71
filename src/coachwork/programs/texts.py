"""What the texts of a program may be: validators for the parameters of actions, and quotes.

A text is kept as it came, for it is a person's own words; a name has single blanks inside, and none
around it. What no model could be told (a NUL, half a character) is refused before it is kept, and
what is told stands in quotes, so that a line of a person's is never taken for one of the program's.

The validators are for fields of attrs classes, and raise `coachwork.errors.ValidationError`, which
names the field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from json.encoder import encode_basestring_ascii
from typing import Any

from attrs import Attribute

from coachwork.errors import ValidationError
from coachwork.messages import is_blank
from coachwork.plain import JSON

__all__ = [
    "is_deeper",
    "is_tellable",
    "one_line",
    "optional_text_of",
    "quoted",
    "some_of",
    "text_of",
    "text_weight",
    "texts_of",
]


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


def texts_of(
    most: int, *, least_texts: int = 1, most_texts: int
) -> Callable[[Any, Attribute[tuple[str, ...]], tuple[str, ...]], None]:
    """Return the validator of some texts of at most *most* characters each.

    Args:
        most: The most characters of one of them.
        least_texts: How many there are at least.
        most_texts: How many there are at most.
    """
    some = some_of(most_texts, least=least_texts)

    def check(
        instance: object, attribute: Attribute[tuple[str, ...]], value: tuple[str, ...]
    ) -> None:
        some(instance, attribute, value)
        for place, one in enumerate(value):
            _check(one, f"{attribute.name}[{place}]", most)

    return check


def some_of(
    most: int, *, least: int = 1
) -> Callable[[Any, Attribute[tuple[Any, ...]], tuple[Any, ...]], None]:
    """Return the validator of *least* to *most* things of any kind."""

    def check(
        _instance: object, attribute: Attribute[tuple[Any, ...]], value: tuple[object, ...]
    ) -> None:
        if not least <= len(value) <= most:
            raise ValidationError(attribute.name, f"{least} to {most} of them")

    return check


def quoted(value: JSON) -> str:
    """Return *value* in quotes, as JSON has them: so words of people are never taken for ours."""
    return json.dumps(value, ensure_ascii=False)


def is_tellable(value: str) -> bool:
    """Whether a model can be told *value*: it holds no NUL and no half of a character."""
    return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def is_deeper(value: JSON, levels: int) -> bool:
    """Whether lists and objects stand in each other deeper in *value* than so many levels.

    What is in none is the first level.
    """
    level = [value]
    for _ in range(levels):
        level = [part for whole in level for part in _parts(whole)]
    return bool(level)


def _parts(whole: JSON) -> Iterable[JSON]:
    if isinstance(whole, dict):
        return whole.values()
    return whole if isinstance(whole, list) else ()


def text_weight(value: str) -> int:
    """Return how many characters a text takes as ASCII JSON text, as a state is kept."""
    return len(encode_basestring_ascii(value))


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
