"""Machines at random, for what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final, TypeAlias, cast

import attrs
from hypothesis import strategies as st

from coachwork.errors import MachineError
from coachwork.machine import Guard, Machine, Moved, Refused, Row
from tests.doors import NOW, Effect, Parts, made


@attrs.frozen
class Thing:
    """A value of a random machine."""

    state: StrEnum
    count: int = 0


ThingRow: TypeAlias = Row[Thing, StrEnum, None, Effect]
ThingMachine: TypeAlias = Machine[Thing, StrEnum, StrEnum, None, Effect]
COUNTS: Final = 4


def count_on(thing: Thing, to: StrEnum, _now: datetime, _given: None) -> Thing:
    """Build the next thing."""
    return Thing(to, (thing.count + 1) % COUNTS)


def fails(thing: Thing, _now: datetime) -> str | None:
    """Answer sometimes, and fail otherwise."""
    return None if 6 // thing.count > 2 else "too many"


POOL: Final[tuple[Guard[Thing], ...]] = (
    Guard("even", lambda thing, _now: "odd" if thing.count % 2 else None),
    Guard("few", lambda thing, _now: "many" if thing.count > 1 else None),
    Guard("never", lambda _thing, _now: "never"),
    Guard("fails", fails),
)


def an_enum(letter: str, size: int) -> type[StrEnum]:
    """An enum of *size* members, made when the program runs."""
    make = cast("Callable[[str, dict[str, str]], type[StrEnum]]", StrEnum)
    return make(letter, {f"{letter}{place}".upper(): f"{letter}{place}" for place in range(size)})


@st.composite
def machines(draw: st.DrawFn, *, guarded: bool = True) -> Parts:
    """The parts of a sound machine: every state has a way to it, and a way on to an end."""
    size = draw(st.integers(2, 6))
    end_count = draw(st.integers(1, min(3, size - 1)))
    states = an_enum("s", size)
    members = list(states)
    moving = members[: size - end_count]
    ways: dict[StrEnum, list[StrEnum]] = {state: [] for state in members}
    for place, state in enumerate(members[1:], start=1):
        ways[draw(st.sampled_from(moving[:place]))].append(state)
    for place, state in enumerate(moving):
        ways[state] += draw(st.lists(st.sampled_from(members), max_size=3))
        if not any(members.index(to) > place for to in ways[state]):
            ways[state].append(members[-1])
    most = max(len(tos) for tos in ways.values())
    events = an_enum("e", most)
    guards = st.lists(st.sampled_from(POOL), unique=True, max_size=2 if guarded else 0)
    effects = st.lists(st.sampled_from(Effect), unique=True)
    return {
        "name": draw(st.text(min_size=1, max_size=5)),
        "states": states,
        "events": events,
        "initial": (members[0],),
        "ends": tuple(members[size - end_count :]),
        "state": attrgetter("state"),
        "table": {
            state: {
                event: Row(to, count_on, tuple(draw(guards)), tuple(draw(effects)))
                for event, to in zip(draw(st.permutations(list(events))), tos, strict=False)
            }
            for state, tos in ways.items()
        },
    }


@st.composite
def sound_machines(draw: st.DrawFn, *, guarded: bool = True) -> ThingMachine:
    """A sound machine; parts in which an event is left unused are mended."""
    given_parts = draw(machines(guarded=guarded))
    return cast("ThingMachine", made(mended(given_parts)))


def mended(given_parts: Parts) -> Parts:
    """Use each event that no row uses in the first state, which is never an end."""
    rows = cast("dict[StrEnum, dict[StrEnum, ThingRow]]", given_parts["table"])
    first = next(iter(rows))
    used = {event for row in rows.values() for event in row}
    for event in cast("Iterable[StrEnum]", given_parts["events"]):
        if event not in used:
            rows[first][event] = Row(first, count_on)
    return given_parts


def everything(machine: ThingMachine) -> Iterator[tuple[Thing, StrEnum]]:
    """Every value of every state, with every event."""
    for state in machine.states:
        for count in range(COUNTS):
            for event in machine.events:
                yield Thing(state, count), event


def outcome(
    machine: ThingMachine, thing: Thing, event: StrEnum
) -> Moved[Thing, Effect] | Refused[Thing, StrEnum, StrEnum] | str:
    """What a step answers, or the text of its error."""
    try:
        return machine.step(thing, event, NOW)
    except MachineError as error:
        return str(error)


def walk_all(machine: ThingMachine) -> tuple[set[StrEnum], set[tuple[StrEnum, StrEnum, StrEnum]]]:
    """The states met and the edges taken by a walk from all beginnings; broken events left out."""
    met: set[StrEnum] = set()

    def moves(thing: Thing) -> Iterator[tuple[StrEnum, datetime, None]]:
        met.add(thing.state)
        broken = machine.availability(thing, NOW).broken
        for event in machine.events:
            if event not in broken:
                yield event, NOW, None

    walked = machine.walk([Thing(state) for state in machine.initial], moves, lambda thing: thing)
    assert set(walked.taken) | set(walked.untaken) == set(machine.edges)
    assert not set(walked.taken) & set(walked.untaken)
    return met, set(walked.taken)
