"""The converter between values and plain data."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum

import pytest
from attrs import frozen
from hypothesis import given

from coachwork.errors import MisuseError
from coachwork.plain import JSON
from coachwork.records._converter import converter, first_fault
from tests.names import told
from tests.specimens import DURATIONS, INSTANTS, PLAIN, TEXTS


class Colour(StrEnum):
    """Two words."""

    RED = "red"
    BLUE = "blue"


@frozen
class Inner:
    """A part."""

    number: int
    at: datetime | None = None


@frozen
class Outer:
    """A whole."""

    parts: tuple[Inner, ...]
    named: dict[str, Inner]
    colour: Colour = Colour.RED
    lasts: timedelta | None = None
    extra: JSON = None
    ratio: float | None = None


class Nowhere(tzinfo):
    """A time zone that does not know how far it is from UTC."""

    def utcoffset(self, _when: datetime | None) -> None:
        """Return that it does not know."""

    def dst(self, _when: datetime | None) -> None:
        """Return that it does not know."""

    def tzname(self, _when: datetime | None) -> None:
        """Return that it has none."""


GOOD = {
    "parts": [{"number": 1, "at": None}],
    "named": {"a": {"number": 2, "at": "2026-02-03T12:00:00+00:00"}},
    "colour": "blue",
    "lasts": 90_000_001,
    "extra": {"a": [1, "x", None]},
    "ratio": 0.5,
}


def test_values_become_plain_data_and_back() -> None:
    """Nested classes, enums, instants, durations and plain data come back as they were."""
    value = converter().structure(GOOD, Outer)
    assert value == Outer(
        parts=(Inner(1),),
        named={"a": Inner(2, datetime(2026, 2, 3, 12, tzinfo=UTC))},
        colour=Colour.BLUE,
        lasts=timedelta(seconds=90, microseconds=1),
        extra={"a": [1, "x", None]},
        ratio=0.5,
    )
    plain = converter().unstructure(value)
    assert json.loads(json.dumps(plain)) == GOOD


def test_there_is_one_converter() -> None:
    """It is made once."""
    assert converter() is converter()


@given(INSTANTS)
def test_instants_come_back_in_utc(instant: datetime) -> None:
    """An aware instant of any zone comes back as the same instant, in UTC, to the microsecond."""
    plain = converter().unstructure(instant)
    assert plain.endswith("+00:00")
    read = converter().structure(plain, datetime)
    assert read == instant
    assert read.tzinfo is UTC


def test_the_first_and_the_last_instant_come_back() -> None:
    """The ends of time in UTC are instants like others."""
    for instant in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert converter().structure(converter().unstructure(instant), datetime) == instant


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 2, 3),  # noqa: DTZ001 - that is the point
        datetime(2026, 2, 3, tzinfo=Nowhere()),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    ],
    ids=told,
)
def test_an_instant_that_utc_has_not_cannot_be_stored(instant: datetime) -> None:
    """A naive datetime, and one beyond the calendar, is a mistake of the program."""
    with pytest.raises(MisuseError, match="instant"):
        converter().unstructure(instant)


@given(DURATIONS)
def test_durations_come_back_exactly(duration: timedelta) -> None:
    """A duration is a whole number of microseconds."""
    plain = converter().unstructure(duration)
    assert type(plain) is int
    assert converter().structure(plain, timedelta) == duration


@given(PLAIN)
def test_plain_data_is_left_as_it_is(plain: JSON) -> None:
    """What is JSON already goes through untouched."""
    written = converter().unstructure(Outer((), {}, extra=plain))
    assert converter().structure(json.loads(json.dumps(written)), Outer).extra == plain


@given(TEXTS)
def test_any_text_survives_json(text: str) -> None:
    """NUL, control characters and halves of characters come back."""
    written = converter().unstructure(Outer((), {text: Inner(1)}))
    body = json.dumps(written)
    assert body.isascii()
    assert converter().structure(json.loads(body), Outer).named == {text: Inner(1)}


@pytest.mark.parametrize(
    "change, field, reason",
    [
        ({"parts": None}, "parts", "is no list"),
        ({"parts": "ab"}, "parts", "is no list"),
        ({"parts": {}}, "parts", "is no list"),
        ({"parts": [5]}, "parts[0]", "is no object"),
        ({"parts": [{"number": 1, "at": None}, {"at": None}]}, "parts[1].number", "is missing"),
        ({"parts": [{"number": "1", "at": None}]}, "parts[0].number", "is no int"),
        ({"parts": [{"number": 1, "at": None, "b": 1, "a": 2}]}, "parts[0].a", "is unknown"),
        ({"named": []}, "named", "is not what it should be"),
        ({"named": {"x": 5}}, "named['x']", "is no object"),
        ({"named": {"x": {"number": True, "at": None}}}, "named['x'].number", "is no int"),
        ({"colour": "green"}, "colour", "is not what it should be"),
        ({"colour": None}, "colour", "is no str"),
        ({"lasts": 1.5}, "lasts", "is no whole number of microseconds"),
        ({"lasts": 10**40}, "lasts", "is not what it should be"),
        ({"ratio": 1}, "ratio", "is no float"),
        ({"named": {"x": {"number": 1, "at": 5}}}, "named['x'].at", "is no instant"),
        ({"named": {"x": {"number": 1, "at": "now"}}}, "named['x'].at", "is no instant"),
        (
            {"named": {"x": {"number": 1, "at": "2026-02-03T12:00:00"}}},
            "named['x'].at",
            "is no instant in UTC",
        ),
        (
            {"named": {"x": {"number": 1, "at": "2026-02-03T12:00:00+01:00"}}},
            "named['x'].at",
            "is no instant in UTC",
        ),
        ({"more": 1, "beside": 2}, "beside", "is unknown"),
    ],
)
def test_the_first_fault_is_told_by_its_path(
    change: dict[str, object], field: str, reason: str
) -> None:
    """A path to the field and what is wrong, without the value."""
    with pytest.raises(Exception, match=r".*") as caught:
        converter().structure({**GOOD, **change}, Outer)
    assert first_fault(caught.value) == (field, reason)


def test_a_fault_of_the_whole_is_one_of_the_body() -> None:
    """Where no field can be named, the body is."""
    with pytest.raises(Exception, match=r".*") as caught:
        converter().structure([], Outer)
    assert first_fault(caught.value) == ("body", "is no object")
    assert first_fault(KeyError("secret")) == ("body", "is not what it should be")
    assert first_fault(ValueError("secret")) == ("body", "is not what it should be")
