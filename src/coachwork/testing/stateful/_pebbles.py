"""The program that sessions of the machine work on: pebbles that are collected until it is shut."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

from attrs import frozen

from coachwork.actions import Button, Component
from coachwork.machine import Machine, Row
from coachwork.programs import ActionType, Done, Moment, Program, Refusal


class Phase(StrEnum):
    """Whether more can be collected."""

    OPEN = "OPEN"
    SHUT = "SHUT"


class Event(StrEnum):
    """What may become of it."""

    SHUT = "shut"


@frozen
class Pebbles:
    """What was collected, in order."""

    phase: Phase = Phase.OPEN
    names: tuple[str, ...] = ()


@frozen
class Add:
    """Add a pebble.

    Attributes:
        name: What it is called; there is one of a name.
    """

    name: str


@frozen
class Shake:
    """Turn the order of all pebbles round."""


@frozen
class Shut:
    """Collect no more."""


def _shut(old: Pebbles, to: Phase, _now: datetime, _given: None) -> Pebbles:
    return Pebbles(to, old.names)


PHASES: Final = Machine[Pebbles, Phase, Event, None, Any](
    name="pebbles",
    states=Phase,
    events=Event,
    initial=(Phase.OPEN,),
    ends=(Phase.SHUT,),
    state=attrgetter("phase"),
    table={Phase.OPEN: {Event.SHUT: Row(Phase.SHUT, _shut)}, Phase.SHUT: {}},
)


def _add(state: Pebbles, given: Add, _moment: Moment) -> Done[Pebbles] | Refusal:
    if given.name in state.names:
        return Refusal("there is one of that name")
    button = Button(label="Enough", action="shut")
    shown = Component(kind="pebble", data={"name": given.name}, buttons=(button,))
    return Done(Pebbles(state.phase, (*state.names, given.name)), "added", shown)


def _shake(state: Pebbles, _given: Shake, _moment: Moment) -> Done[Pebbles]:
    return Done(Pebbles(state.phase, state.names[::-1]), "shaken")


def _end(state: Pebbles, _given: Shut, moment: Moment) -> Done[Pebbles]:
    return Done(PHASES.move(state, Event.SHUT, moment.now).value, "shut")


PEBBLES: Final = Program(
    id="pebbles",
    state=Pebbles,
    phases=PHASES,
    prompt=lambda state: f"Pebbles: {', '.join(state.names)}.",
    actions=[ActionType(Add, _add), ActionType(Shake, _shake, by="user"), ActionType(Shut, _end)],
)
