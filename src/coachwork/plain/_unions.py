"""Plain data of one type among several: which one is meant, and whose faults to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Final, Literal, cast, get_origin

from coachwork.plain._faults import Faults, InnerFaults, Reader, misfit, read_all
from coachwork.plain._fields import fields_of, has_fields
from coachwork.plain._types import bare, class_of, name_of

_RANKS: Final[Mapping[object, int]] = {int: 1, float: 2, str: 3, Any: 4, object: 4}
"""The less a member of a union says, the later it is tried."""


def union_reader(members: tuple[object, ...], reader: Callable[[object], Reader]) -> Reader:
    """Return what reads data as the first of the *members* that it fits.

    Args:
        members: The types, without their wrappers.
        reader: Finds what reads a type without its wrappers. For a member it is asked when there is
            data, for a class may hold itself.
    """
    ordered = sorted(members, key=lambda member: _RANKS.get(member, 0))
    marked = [(member, marks) for member in ordered if (marks := _marks(member, reader))]
    is_optional = len(members) == 2 and NoneType in members  # noqa: PLR2004 - ``X | None``
    expected = " or ".join("null" if member is NoneType else name_of(member) for member in members)

    def read(data: object) -> object:
        meant = [member for member, marks in marked if _bears(data, marks)]
        if len(meant) == 1:
            return reader(meant[0])(data)
        # Where only one member is like the data, its faults are the ones that help.
        like: dict[object, Faults] = {}
        for member in ordered:
            try:
                return reader(member)(data)
            except Faults as faults:
                if isinstance(faults, InnerFaults) or (is_optional and member is not NoneType):
                    like[member] = faults
        raise next(iter(like.values())) if len(like) == 1 else misfit(expected)

    return read


def _marks(of: object, reader: Callable[[object], Reader]) -> Mapping[str, Reader]:
    """Return the fields of a class that are ``Literal``, so that they tell it from others."""
    kind = class_of(of)
    if kind is None or not has_fields(kind):
        return {}
    return {
        f.name: reader(choice) for f in fields_of(of) if get_origin(choice := bare(f.of)) is Literal
    }


def _bears(data: object, marks: Mapping[str, Reader]) -> bool:
    """Tell whether the data has all the fixed values that a class has as its marks."""
    if not isinstance(data, dict):
        return False
    items = cast("dict[object, object]", data)
    try:
        read_all((name, read, items.get(name)) for name, read in marks.items())
    except Faults:
        return False
    return True
