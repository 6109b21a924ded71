"""Plain data that is read in one piece: text, numbers, instants, one of some choices."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import NoneType
from typing import Final

from coachwork.errors import ValidationError
from coachwork.plain._faults import Faults, Reader, misfit
from coachwork.plain._to_json import to_json


def read_anything(data: object) -> object:
    """Take whatever is plain data, and share nothing with it."""
    try:
        return to_json(data)
    except ValidationError as error:
        raise misfit(error.expected) from None


def _read_text(data: object) -> str:
    if isinstance(data, str):
        return data
    raise misfit("text")


def _read_bool(data: object) -> bool:
    if isinstance(data, bool):
        return data
    raise misfit("true or false")


def _read_int(data: object) -> int:
    if isinstance(data, int) and not isinstance(data, bool):
        return data
    raise misfit("a whole number")


def _read_float(data: object) -> float:
    if isinstance(data, int | float) and not isinstance(data, bool):
        try:
            number = float(data)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise misfit("a finite number")


def _read_none(data: object) -> None:
    if data is not None:
        raise misfit("null")


def _read_instant(data: object) -> datetime:
    try:
        instant = datetime.fromisoformat(_read_text(data))
        if instant.utcoffset() is not None:
            return instant.astimezone(UTC)
    except (Faults, ValueError, OverflowError):
        pass
    raise misfit("an instant with a time zone, in ISO 8601")


def _read_day(data: object) -> date:
    try:
        return date.fromisoformat(_read_text(data))
    except (Faults, ValueError):
        raise misfit("a day, in ISO 8601") from None


def _read_duration(data: object) -> timedelta:
    try:
        return timedelta(seconds=_read_float(data))
    except (Faults, OverflowError):
        raise misfit("a duration in seconds") from None


LEAVES: Final[Mapping[object, Reader]] = {
    str: _read_text,
    bool: _read_bool,
    int: _read_int,
    float: _read_float,
    NoneType: _read_none,
    datetime: _read_instant,
    date: _read_day,
    timedelta: _read_duration,
}
"""What reads each type that has no parts."""


def choice_reader(choices: tuple[object, ...]) -> Reader:
    """Return what reads the plain form of one of the *choices* as that choice."""
    plain = [(to_json(choice), choice) for choice in choices]
    expected = "one of " + ", ".join(json.dumps(value, ensure_ascii=False) for value, _ in plain)

    def read(data: object) -> object:
        for value, choice in plain:
            # ``True == 1`` in Python, not here.
            if type(value) is type(data) and value == data:
                return choice
        raise misfit(expected)

    return read
