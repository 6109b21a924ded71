"""Plain data that a caller gives."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from coachwork.errors import ValidationError
from coachwork.plain import JSON, MAX_DEPTH, checked_plain

ROOM = 1000


def nested(depth: int) -> JSON:
    """Return lists in lists, so many levels deep."""
    value: JSON = 1
    for _ in range(depth):
        value = [value]
    return value


def refused(value: object) -> str:
    """Return what was expected, after *value* was refused."""
    with pytest.raises(ValidationError) as caught:
        checked_plain(value, "given", most=ROOM)
    assert caught.value.field == "given"
    return caught.value.expected


def test_what_is_given_becomes_the_librarys_own() -> None:
    """The answer equals what was given and shares nothing with it."""
    inner: list[JSON] = [1, None, "é"]
    given: dict[str, JSON] = {"a": inner}
    checked = checked_plain(MappingProxyType(given), "given", most=ROOM)
    assert checked == given
    inner.append(2)
    assert checked == {"a": [1, None, "é"]}
    assert checked_plain(None, "given", most=ROOM) == {}


@pytest.mark.parametrize(
    "value, expected",
    [
        ("text", "a mapping of names to plain data"),
        ([("a", 1)], "a mapping of names to plain data"),
        ({"a": float("nan")}, "plain data: what JSON can hold, and no NaN"),
        ({"a": object()}, "plain data: what JSON can hold, and no NaN"),
        ({"a": (1, 2)}, "plain data: text keys, lists instead of tuples"),
        ({1: "a"}, "plain data: text keys, lists instead of tuples"),
        ({"a": "x" * ROOM}, f"at most {ROOM} bytes of JSON text"),
        ({"a": "\ud800"}, "text without lone surrogates"),
        ({"a": nested(MAX_DEPTH)}, f"at most {MAX_DEPTH} levels of nesting"),
        ({"a": nested(100_000)}, "plain data: what JSON can hold, and no NaN"),
    ],
)
def test_what_is_no_plain_data_is_refused(value: object, expected: str) -> None:
    """Each is told what was expected, without what came instead."""
    assert refused(value) == expected


def test_all_that_is_allowed_is_taken() -> None:
    """A character of two halves, and as deep and as long as may be."""
    for value in (
        {"a": "\U0001f600"},
        {"a": nested(MAX_DEPTH - 1)},
        {"a": "x" * (ROOM - len('{"a": ""}'))},
    ):
        assert checked_plain(value, "given", most=ROOM) == value
