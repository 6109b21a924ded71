"""What is checked when a machine is made: first the pieces, then the whole.

What is given may be of any kind, whatever its declared type: each fault is told with its place,
and nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from coachwork.machine._graph import closure
from coachwork.machine._row import E, F_co, G_contra, Guard, Row, S, V

if TYPE_CHECKING:
    from coachwork.machine._machine import Machine


def faults_of(machine: Machine[V, S, E, G_contra, F_co]) -> tuple[str, ...]:
    """Every fault of a machine in the making; the whole is looked at once its pieces are sound."""
    return tuple(_faults_of_parts(machine)) or tuple(_faults_of_graph(machine))


def _faults_of_parts(machine: Machine[V, S, E, G_contra, F_co]) -> Iterator[str]:
    """What is wrong with the pieces: kinds, names, duplicates."""
    broken = (
        *_faults_of_enum("states", machine.states),
        *_faults_of_enum("events", machine.events),
        *(() if machine.name else ("name: expected a text that is not empty",)),
        *(() if _can_be_called(machine.state) else ("state: expected a function of the value",)),
        *_faults_of_mapping("table", machine.table),
    )
    if broken:
        yield from broken  # nothing else can be told while these are wrong
        return
    yield from _faults_of_members("initial", machine.initial, machine.states)
    yield from _faults_of_members("ends", machine.ends, machine.states)
    yield from _faults_of_table(machine)


def _faults_of_table(machine: Machine[V, S, E, G_contra, F_co]) -> Iterator[str]:
    """The table has a row for each state and a place for each event, and nothing else."""
    guards: dict[str, object] = {}
    used: set[object] = set()
    for state in machine.states:
        if state not in machine.table:
            yield f"table: {state} has no row"
    for state, rows in machine.table.items():
        yield from _faults_of_members("table", (state,), machine.states)
        broken = tuple(_faults_of_mapping(state, rows))
        yield from broken
        if broken:
            continue
        yield from _faults_of_members(state, tuple(rows), machine.events)
        for event, row in rows.items():
            used.add(event)
            for fault in _faults_of_row(row, machine.states, guards):
                yield f"{state}, {event}: {fault}"
    for event in machine.events:
        if event not in used:
            yield f"events: {event} is used in no row"


def _faults_of_mapping(what: object, given: object) -> Iterator[str]:
    """Tables and their rows are mappings."""
    if not isinstance(given, Mapping):
        yield f"{what}: expected a mapping"


def _can_be_called(thing: object) -> bool:
    """Like ``callable``, of something whose declared type may be wrong."""
    return callable(thing)


def _faults_of_enum(what: str, enum: object) -> Iterator[str]:
    """A set of names must be a string enum in which each name has a value of its own."""
    if not (isinstance(enum, type) and issubclass(enum, StrEnum)):
        yield f"{what}: expected a StrEnum"
        return
    for name, member in enum.__members__.items():
        if name != member.name:
            yield f"{what}: {name} and {member.name} are one value, {member.value!r}"
        if not member.value:
            yield f"{what}: {name} is an empty text"


def _faults_of_members(what: str, given: object, enum: type[StrEnum]) -> Iterator[str]:
    """A tuple must hold members of *enum*, each once."""
    if not isinstance(given, tuple):
        yield f"{what}: expected a tuple"
        return
    members = cast("tuple[object, ...]", given)
    for position, member in enumerate(members):
        if not isinstance(member, enum):
            yield f"{what}: {member!r} is none of {enum.__name__}"
        elif member in members[:position]:
            yield f"{what}: {member} is listed twice"


def _faults_of_row(row: object, states: type[StrEnum], guards: dict[str, object]) -> Iterator[str]:
    """A row must lead to a state, build a value, and list guards and effects soundly.

    *guards* collects all guards of the machine by name.
    """
    if not isinstance(row, Row):
        yield "expected a Row"
        return
    sound = cast("Row[object, StrEnum, object, StrEnum]", row)
    if not isinstance(sound.to, states):
        yield f"to: {sound.to!r} is no state of {states.__name__}"
    if not _can_be_called(sound.update):
        yield "update: expected a function that builds the next value"
    yield from _faults_of_guards(sound.guards, guards)
    yield from _faults_of_members("effects", sound.effects, StrEnum)


def _faults_of_guards(given: object, guards: dict[str, object]) -> Iterator[str]:
    """A row's guards are a tuple of named, callable ones, and a name means one guard."""
    if not isinstance(given, tuple):
        yield "guards: expected a tuple"
        return
    named: set[str] = set()
    for guard in cast("tuple[object, ...]", given):
        if not isinstance(guard, Guard):
            yield f"guards: {guard!r} is no Guard"
            continue
        known = cast("Guard[object]", guard)
        if not known.name:
            yield "guards: a guard has no name"
        if not _can_be_called(known.check):
            yield f"guards: {known.name!r}: expected a check that can be called"
        if known.name in named:
            yield f"guards: {known.name!r} is listed twice"
        named.add(known.name)
        if guards.setdefault(known.name, known) != known:
            yield f"guards: {known.name!r} is the name of another guard, too"


def _faults_of_graph(machine: Machine[V, S, E, G_contra, F_co]) -> Iterator[str]:
    """What is wrong with the whole, once the pieces are sound."""
    table = machine.table
    if machine.endless and machine.ends:
        yield "ends: an endless machine has none"
    if not machine.initial:
        yield "initial: expected at least one state"
    if not machine.endless and not machine.ends:
        yield "ends: expected at least one state, or endless=True"
    reached = closure(table, machine.initial)
    for state, rows in table.items():
        if state in machine.ends and rows:
            yield f"{state}: an end state, yet it has events"
        if state not in machine.ends and not rows:
            yield f"{state}: has no events, yet it is no end state"
        if state not in reached:
            yield f"{state}: cannot be reached from the initial states"
        if machine.ends and not closure(table, (state,)) & set(machine.ends):
            yield f"{state}: leads to no end state"
