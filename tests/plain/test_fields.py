"""The fields of a class."""

from __future__ import annotations

from typing import Any

import pytest

from coachwork.errors import MisuseError
from coachwork.plain._fields import Field, fields_of, has_fields, own_fields, public_names
from tests.plain_kinds import (
    BadKeys,
    Box,
    Color,
    Data,
    Empty,
    FakeModel,
    Holder,
    IntBox,
    Level,
    Loose,
    Movie,
    Twin,
    Unresolved,
    Untyped,
    Value,
)


@pytest.mark.parametrize(
    "kind, expected",
    [(Value, True), (Data, True), (Movie, True), (Color, False), (FakeModel, False), (int, False)],
    ids=str,
)
def test_classes_with_fields_are_known(kind: type, expected: bool) -> None:  # noqa: FBT001
    """Attrs classes, dataclasses and TypedDicts have fields, and nothing else has."""
    assert has_fields(kind) is expected


@pytest.mark.parametrize(
    "of, expected",
    [
        (Value, [Field("name", str, True), Field("weight", float, False)]),
        (Empty, []),
        (Untyped, [Field("what", Any, False)]),
        (
            Data,
            [
                Field("color", Color, True),
                Field("level", Level, False),
                Field("more", list[Any], False),
            ],
        ),
        (
            Movie,
            [
                Field("title", str, True),
                Field("year", int, False),
                Field("_note", str | None, False),
            ],
        ),
        (Loose, [Field("title", str, True), Field("year", int, False)]),
        (Holder[int], [Field("item", int, True)]),
        (Box, [Field("item", Any, True), Field("many", tuple[Any, ...], False)]),
        (
            Twin[int],
            [
                Field("item", list[int], True),
                Field("many", tuple[list[int], ...], False),
                Field("other", int | None, False),
            ],
        ),
        (
            IntBox,
            [
                Field("item", int, True),
                Field("many", tuple[int, ...], False),
                Field("note", str, False),
            ],
        ),
    ],
    ids=str,
)
def test_public_fields_have_their_types(of: object, expected: list[Field]) -> None:
    """Type variables are resolved where each field is declared; private fields are left out."""
    assert list(fields_of(of)) == expected


def test_own_fields_are_those_that_init_takes() -> None:
    """Private fields are among them, computed ones are not."""
    assert own_fields(Value) == (("name", True), ("weight", False), ("_hidden", False))
    names = [name for name, _ in own_fields(Data)]
    assert names == ["color", "level", "more", "_hidden"]
    assert public_names(Data) == ("color", "level", "more")


@pytest.mark.parametrize("of", [Unresolved, BadKeys], ids=str)
def test_fields_that_cannot_be_known_are_a_mistake(of: type) -> None:
    """The error names the class."""
    with pytest.raises(MisuseError, match=of.__name__):
        fields_of(of)
