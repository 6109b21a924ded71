"""How a server is to be asked; checked when it is said, and the same for both colours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, cast, get_args

from attrs import field, frozen

from coachwork.errors import ValidationError
from coachwork.messages import is_blank

SchemaMode: TypeAlias = Literal["auto", "json_schema", "json_object", "none"]
"""How a server is asked for an answer of the reply's shape; see `OpenAIModel`."""

InstructionRole: TypeAlias = Literal["user", "system", "developer"]
"""Who speaks the application's instructions, as the server sees it; see `OpenAIModel`."""

OPENING: Final = "(The conversation begins.)"
"""What stands in the user's place where the coach spoke first."""

OWN: Final = frozenset(
    {"messages", "model", "n", "response_format", "stream", "stream_options", "temperature"}
)
"""What the adapter itself puts into a request."""

HOTTEST: Final = 2.0
"""The highest temperature of the protocol."""


@frozen(kw_only=True)
class Options:
    """What `OpenAIModel` was told; the fields are told there.

    Raises:
        ValidationError: A field is not what it should be; it names the field.
    """

    model: str
    schema: SchemaMode = "auto"
    tell_schema: bool | None = None
    instruction_role: InstructionRole = "user"
    merge: bool = True
    opening: str | None = field(default=OPENING, repr=False)
    temperature: float | None = None
    extra_body: Mapping[str, object] = field(factory=dict[str, object], repr=False)

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        _check(_is_text(self.model), "model", "the name of a model")
        _check_word("schema", self.schema, get_args(SchemaMode))
        _check_word("instruction_role", self.instruction_role, get_args(InstructionRole))
        _check(self.tell_schema in (None, True, False), "tell_schema", "True, False or None")
        _check(self.merge in (True, False), "merge", "True or False")
        _check(
            self.opening is None or _is_text(self.opening),
            "opening",
            "text that is not blank, or None",
        )
        _check(
            self.temperature is None or _is_warmth(self.temperature),
            "temperature",
            f"a number from 0 to {HOTTEST:g}, or None",
        )
        _check(_is_plain(self.extra_body), "extra_body", "a mapping of names to plain data")
        _check(
            OWN.isdisjoint(self.extra_body), "extra_body", f"none of {', '.join(sorted(OWN))} in it"
        )


def checked_url(base_url: str | None) -> str | None:
    """Return the address of a server.

    Raises:
        ValidationError: It is none.
    """
    _check(
        base_url is None
        or (_is_text(base_url) and base_url.lower().startswith(("http://", "https://"))),
        "base_url",
        "an address that begins with http:// or https://",
    )
    return base_url


def checked_key(api_key: str | None) -> str | None:
    """Return a key; the error does not tell it.

    Raises:
        ValidationError: It could stand in no header.
    """
    _check(
        api_key is None
        or (
            _is_text(api_key) and api_key.isascii() and api_key.isprintable() and " " not in api_key
        ),
        "api_key",
        "visible ASCII characters",
    )
    return api_key


def _check(fits: bool, name: str, expected: str) -> None:  # noqa: FBT001 - it is what is checked
    if not fits:
        raise ValidationError(name, expected)


def _check_word(name: str, word: object, words: tuple[str, ...]) -> None:
    # No set: what it is may have no hash.
    _check(word in words, name, f"one of {', '.join(words)}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not is_blank(value)


def _is_warmth(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= HOTTEST


def _is_plain(value: object) -> bool:
    """Whether *value* is an object that JSON can say."""
    if not isinstance(value, Mapping):
        return False
    fields = dict(cast("Mapping[object, object]", value))
    try:
        json.dumps(fields, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return all(isinstance(name, str) for name in fields)
