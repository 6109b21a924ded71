"""What a type is."""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from types import NoneType
from typing import Annotated, Any, Final, Literal, NotRequired

import pytest
from typing_extensions import ReadOnly

from coachwork.plain._types import bare, class_of, is_never_hashable, known_class, name_of
from tests.plain_kinds import Box, Color, Data, Holder, Ints, Movie, Name, T, Value


@pytest.mark.parametrize(
    "of, expected",
    [
        (int, int),
        (None, NoneType),
        (Annotated[int, []], int),
        (Final[int], int),
        (NotRequired[ReadOnly[Annotated[int, []]]], int),
        (Name, str),
        (Ints, list[int]),
        (T, Any),
        (Box[int], Box[int]),
    ],
    ids=str,
)
def test_wrappers_are_taken_off(of: object, expected: object) -> None:
    """What changes nothing of the data is left out, however many there are of it."""
    assert bare(of) == expected


@pytest.mark.parametrize(
    "of, expected",
    [(int, int), (Box[int], Box), (list[int], list), (Literal[1], None), ("text", None)],
    ids=str,
)
def test_a_class_is_found_behind_its_arguments(of: object, expected: object) -> None:
    """A generic class with its arguments is that class; what is no class has none."""
    assert class_of(of) is expected
    assert expected is None or known_class(of) is expected


@pytest.mark.parametrize(
    "of, expected",
    [
        (Value, "Value"),
        (Box[int], "Box_int"),
        (Box[Box[int]], "Box_Box_int"),
        (Literal["a b"], "Literal_a_b"),
        (Any, "Any"),
    ],
    ids=str,
)
def test_a_type_has_a_name(of: object, expected: str) -> None:
    """A name is made of letters, digits and underscores."""
    assert name_of(of) == expected


@pytest.mark.parametrize(
    "of, expected",
    [
        (int, False),
        (None, False),
        (Any, False),
        (T, False),
        (Literal["a"], False),
        (Color, False),
        (Value, False),
        (Box[int], False),
        (Sequence[list[int]], False),
        (AbstractSet[int], False),
        (tuple, False),
        (tuple[()], False),
        (tuple[list[int], ...], False),
        (list[int] | int, False),
        (list, True),
        (Ints, True),
        (Final[MutableSequence[int]], True),
        (set[int], True),
        (Mapping[str, int], True),
        (Movie, True),
        (Holder[int], True),
        (Data, True),
        (tuple[int, list[int]], True),
        (list[int] | dict[str, int], True),
    ],
    ids=str,
)
def test_what_can_never_be_in_a_set_is_known(of: object, expected: bool) -> None:  # noqa: FBT001
    """Types whose values cannot be hashed, whatever the data; where it depends, data decides."""
    assert is_never_hashable(of) is expected
