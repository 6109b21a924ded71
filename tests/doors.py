"""A door: a small machine by hand, for the tests of machines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Final, TypeAlias, cast

import attrs

from coachwork.machine import Guard, Machine, Refused, Row

NOW: Final = datetime(2024, 5, 1, tzinfo=UTC)


class Status(StrEnum):
    """States of a door."""

    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


class Event(StrEnum):
    """What happens to a door."""

    SHUT = "shut"
    OPEN = "open"
    KNOCK = "knock"
    REMOVE = "remove"


class Effect(StrEnum):
    """What follows."""

    BANG = "bang"
    ECHO = "echo"


class OtherEvent(StrEnum):
    """Another enum that shares a value with the events."""

    SHUT = "shut"
    REMOVE = "remove"


@attrs.frozen
class Door:
    """The value."""

    status: Status
    knocks: int = 0
    shut_at: datetime = NOW


def turn(door: Door, to: Status, now: datetime, _given: object) -> Door:
    """Build the next door."""
    return Door(to, door.knocks, now)


def knock(door: Door, to: Status, _now: datetime, given: int | None) -> Door:
    """Build the next door, knocked at."""
    return Door(to, door.knocks + (given or 1), door.shut_at)


def patient(door: Door, _now: datetime) -> str | None:
    """Nobody knocked too often."""
    return "knocked at too often" if door.knocks >= 3 else None


def settled(door: Door, now: datetime) -> str | None:
    """A minute has passed."""
    return None if now - door.shut_at >= timedelta(minutes=1) else "shut just now"


def stuck(_door: Door, _now: datetime) -> str | None:
    """Fail to answer."""
    raise ZeroDivisionError


PATIENT: Final = Guard("patient", patient)
SETTLED: Final = Guard("settled", settled)
STUCK: Final = Guard("stuck", stuck)

DoorRow: TypeAlias = Row[Door, Status, int | None, Effect]
DoorTable: TypeAlias = dict[Status, dict[Event, DoorRow]]
DoorMachine: TypeAlias = Machine[Door, Status, Event, int | None, Effect]


def table() -> DoorTable:
    """A sound table."""
    return {
        Status.OPEN: {
            Event.SHUT: Row(Status.SHUT, turn, (), (Effect.BANG, Effect.ECHO)),
            Event.REMOVE: Row(Status.GONE, turn),
        },
        Status.SHUT: {
            Event.OPEN: Row(Status.OPEN, turn, (PATIENT, SETTLED)),
            Event.KNOCK: Row(Status.SHUT, knock, (PATIENT,), (Effect.ECHO,)),
        },
        Status.GONE: {},
    }


def door_machine(changed: DoorTable | None = None) -> DoorMachine:
    """The sound machine, or one with another table."""
    return Machine(
        name="door",
        states=Status,
        events=Event,
        initial=(Status.OPEN,),
        ends=(Status.GONE,),
        state=attrgetter("status"),
        table=table() if changed is None else changed,
    )


DOOR: Final = door_machine()
OPEN: Final = Door(Status.OPEN)
SHUT: Final = Door(Status.SHUT)
LATER: Final = NOW + timedelta(minutes=1)


def refused(answer: object) -> Refused[Door, Status, Event]:
    """The answer, which must be a refusal."""
    assert isinstance(answer, Refused)
    return cast("Refused[Door, Status, Event]", answer)


Parts: TypeAlias = dict[str, object]


def parts(**changed: object) -> Parts:
    """What the sound machine is made from, with changes."""
    return {
        "name": "door",
        "states": Status,
        "events": Event,
        "initial": (Status.OPEN,),
        "ends": (Status.GONE,),
        "state": attrgetter("status"),
        "table": table(),
    } | changed


def made(given_parts: Parts) -> object:
    """Make a machine, past the type checkers."""
    return cast("Callable[..., object]", Machine)(**given_parts)
