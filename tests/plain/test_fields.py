"""The fields of a class."""

from __future__ import annotations

from typing import Any

import pytest

from coachwork.errors import MisuseError
from coachwork.plain._fields import fields_of, has_fields, own_fields, public_names
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
        (Value, [("name", str, True), ("weight", float, False)]),
        (Empty, []),
        (Untyped, [("what", Any, False)]),
        (
            Data,
            [
                ("color", Color, True),
                ("level", Level, False),
                ("more", list[Any], False),
            ],
        ),
        (
            Movie,
            [
                ("title", str, True),
                ("year", int, False),
                ("_note", str | None, False),
            ],
        ),
        (Loose, [("title", str, True), ("year", int, False)]),
        (Holder[int], [("item", int, True)]),
        (Box, [("item", Any, True), ("many", tuple[Any, ...], False)]),
        (
            Twin[int],
            [
                ("item", list[int], True),
                ("many", tuple[list[int], ...], False),
                ("other", int | None, False),
            ],
        ),
        (
            IntBox,
            [
                ("item", int, True),
                ("many", tuple[int, ...], False),
                ("note", str, False),
            ],
        ),
    ],
    ids=str,
)
def test_public_fields_have_their_types(
    of: object, expected: list[tuple[str, object, bool]]
) -> None:
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
