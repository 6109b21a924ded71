"""How a server is to be asked: what may be said, and what is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachwork.adapters.openai._options import Options, checked_key, checked_url
from coachwork.errors import ValidationError


def test_a_name_is_enough() -> None:
    """Everything else has a default that suits every server."""
    options = Options(model="small")
    assert (options.schema, options.instruction_role, options.merge) == ("auto", "user", True)
    assert options.opening
    assert options.tell_schema is options.temperature is None
    assert options.extra_body == {}


@pytest.mark.parametrize(
    "changed, expected",
    [
        ({"model": " "}, "the name of a model"),
        ({"model": 3}, "the name of a model"),
        ({"schema": "strict"}, "one of auto, json_schema, json_object, none"),
        ({"schema": ["auto"]}, "one of auto, json_schema, json_object, none"),
        ({"instruction_role": "tool"}, "one of user, system, developer"),
        ({"tell_schema": "yes"}, "True, False or None"),
        ({"merge": None}, "True or False"),
        ({"opening": ""}, "text that is not blank, or None"),
        ({"temperature": -0.1}, "a number from 0 to 2, or None"),
        ({"temperature": True}, "a number from 0 to 2, or None"),
        ({"temperature": "hot"}, "a number from 0 to 2, or None"),
        ({"temperature": float("nan")}, "a number from 0 to 2, or None"),
        ({"extra_body": [("seed", 1)]}, "a mapping of names to plain data"),
        ({"extra_body": {"seed": object()}}, "a mapping of names to plain data"),
        ({"extra_body": {"seed": float("inf")}}, "a mapping of names to plain data"),
        ({"extra_body": {1: "seed"}}, "a mapping of names to plain data"),
        ({"extra_body": {"stream": True}}, "none of messages, model, n, response_format"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changed: dict[str, object], expected: str) -> None:
    """The error names the argument, and what was expected in its place."""
    given: dict[str, object] = {"model": "small", **changed}
    with pytest.raises(ValidationError) as caught:
        Options(**given)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    (field,) = changed
    assert caught.value.field == field
    assert caught.value.expected.startswith(expected)


@pytest.mark.parametrize("url", [None, "http://localhost:11434/v1", "HTTPS://api.example.org"])
def test_an_address_is_taken(url: str | None) -> None:
    """So is none."""
    assert checked_url(url) == url


@pytest.mark.parametrize("key", [None, "sk-1234", "none"])
def test_a_key_is_taken(key: str | None) -> None:
    """So is none."""
    assert checked_key(key) == key


@pytest.mark.parametrize(
    "checked, value",
    [
        (checked_url, "localhost:11434"),
        (checked_url, ""),
        (checked_url, 80),
        (checked_key, ""),
        (checked_key, "sk-\n"),
        (checked_key, "sk 1234"),
        (checked_key, "sk-\u00e9t\u00e9"),
        (checked_key, 7),
    ],
)
def test_what_is_neither_is_refused(checked: Callable[[object], object], value: object) -> None:
    """The error names the argument and does not repeat it."""
    with pytest.raises(ValidationError) as caught:
        checked(value)
    assert caught.value.field in {"base_url", "api_key"}
    assert not str(value) or str(value) not in str(caught.value)
