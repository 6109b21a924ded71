"""What a table is checked for when a machine is made."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeAlias, cast

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.errors import MachineError
from coachwork.machine import Guard, Machine, Row
from tests.doors import (
    NOW,
    PATIENT,
    Door,
    Effect,
    Event,
    Parts,
    Status,
    knock,
    made,
    parts,
    patient,
    settled,
    table,
    turn,
)
from tests.random_machines import POOL, ThingRow, count_on, fails, machines, mended


class Alias(StrEnum):
    """An event that has two names."""

    SHUT = "shut"
    CLOSE = "shut"


def faults_of(given_parts: Parts) -> set[str]:
    """All faults of which making the machine complains."""
    with pytest.raises(MachineError) as caught:
        made(given_parts)
    intro, _, told = str(caught.value).partition(": ")
    assert intro == f"machine {given_parts['name']!r}"
    return set(told.split("; "))


def with_row(state: Status, event: object, row: object) -> Parts:
    """The sound parts with one row put in."""
    rows = cast("dict[object, dict[object, object]]", table())
    rows[state][event] = row
    return parts(table=rows)


def with_state(state: object, rows: object) -> Parts:
    """The sound parts with the rows of one state put in."""
    changed = cast("dict[object, object]", table())
    changed[state] = rows
    return parts(table=changed)


def without(state: Status, event: Event) -> Parts:
    """The sound parts without one row."""
    rows = table()
    del rows[state][event]
    return parts(table=rows)


OTHER_PATIENT: Final = Guard("patient", settled)
FAULTS: Final[dict[str, tuple[Parts, set[str]]]] = {
    "no name": (parts(name=""), {"name: expected a text that is not empty"}),
    "state is no function": (parts(state="status"), {"state: expected a function of the value"}),
    "states are no StrEnum": (parts(states=str), {"states: expected a StrEnum"}),
    "events are no enum": (parts(events=["shut"]), {"events: expected a StrEnum"}),
    "an alias": (parts(events=Alias), {"events: CLOSE and SHUT are one value, 'shut'"}),
    "an event without a text": (
        parts(events=StrEnum("Event", {"SHUT": "shut", "NOTHING": ""})),
        {"events: NOTHING is an empty text"},
    ),
    "table is no mapping": (parts(table=[]), {"table: expected a mapping"}),
    "rows are no mapping": (
        with_state(Status.OPEN, None),
        {
            "open: expected a mapping",
            "events: shut is used in no row",
            "events: remove is used in no row",
        },
    ),
    "a state without rows": (
        parts(table={state: rows for state, rows in table().items() if state != Status.GONE}),
        {"table: gone has no row"},
    ),
    "rows of no state": (with_state("ajar", {}), {"table: 'ajar' is none of Status"}),
    "a foreign event": (
        with_row(Status.OPEN, "slam", Row(Status.SHUT, turn)),
        {"open: 'slam' is none of Event"},
    ),
    "an unused event": (without(Status.SHUT, Event.KNOCK), {"events: knock is used in no row"}),
    "no beginning": (
        parts(initial=()),
        {
            "initial: expected at least one state",
            *(f"{state}: cannot be reached from the initial states" for state in Status),
        },
    ),
    "initial is no tuple": (parts(initial=[Status.OPEN]), {"initial: expected a tuple"}),
    "initial is no state": (parts(initial=("ajar",)), {"initial: 'ajar' is none of Status"}),
    "initial twice": (
        parts(initial=(Status.OPEN, Status.OPEN)),
        {"initial: open is listed twice"},
    ),
    "ends is no state": (parts(ends=(3,)), {"ends: 3 is none of Status"}),
    "an end with events": (
        parts(ends=(Status.GONE, Status.SHUT)),
        {"shut: an end state, yet it has events"},
    ),
    "an undeclared end": (
        parts(
            table={
                **table(),
                Status.OPEN: {**table()[Status.SHUT], **table()[Status.OPEN]},
                Status.SHUT: {},
            }
        ),
        {"shut: has no events, yet it is no end state", "shut: leads to no end state"},
    ),
    "no end": (
        parts(ends=()),
        {
            "ends: expected at least one state, or endless=True",
            "gone: has no events, yet it is no end state",
        },
    ),
    "an end of the endless": (parts(endless=True), {"ends: an endless machine has none"}),
    "a trap": (
        with_row(Status.SHUT, Event.OPEN, Row(Status.SHUT, turn)),
        {"shut: leads to no end state"},
    ),
    "an unreachable state": (
        with_row(Status.OPEN, Event.SHUT, Row(Status.OPEN, turn)),
        {"shut: cannot be reached from the initial states"},
    ),
    "no Row": (with_row(Status.OPEN, Event.SHUT, Status.SHUT), {"open, shut: expected a Row"}),
    "an unknown target": (
        with_row(Status.OPEN, Event.SHUT, Row(cast("Status", "ajar"), turn)),
        {"open, shut: to: 'ajar' is no state of Status"},
    ),
    "no update": (
        with_row(Status.OPEN, Event.SHUT, Row(Status.SHUT, cast("Callable[..., Door]", None))),
        {"open, shut: update: expected a function that builds the next value"},
    ),
    "a guard without a tuple": (
        with_row(
            Status.OPEN, Event.SHUT, Row(Status.SHUT, turn, cast("tuple[Guard[Door]]", PATIENT))
        ),
        {"open, shut: guards: expected a tuple"},
    ),
    "no Guard": (
        with_row(
            Status.OPEN, Event.SHUT, Row(Status.SHUT, turn, cast("tuple[Guard[Door]]", ("x",)))
        ),
        {"open, shut: guards: 'x' is no Guard"},
    ),
    "a guard without a name": (
        with_row(Status.OPEN, Event.SHUT, Row(Status.SHUT, turn, (Guard("", patient),))),
        {"open, shut: guards: a guard has no name"},
    ),
    "a guard without a check": (
        with_row(
            Status.OPEN,
            Event.SHUT,
            Row(Status.SHUT, turn, (Guard("x", cast("Callable[..., None]", None)),)),
        ),
        {"open, shut: guards: 'x': expected a check that can be called"},
    ),
    "a guard twice": (
        with_row(Status.OPEN, Event.SHUT, Row(Status.SHUT, turn, (PATIENT, PATIENT))),
        {"open, shut: guards: 'patient' is listed twice"},
    ),
    "two guards of one name": (
        with_row(Status.SHUT, Event.KNOCK, Row(Status.SHUT, knock, (OTHER_PATIENT,))),
        {"shut, knock: guards: 'patient' is the name of another guard, too"},
    ),
    "an effect without a tuple": (
        with_row(
            Status.OPEN, Event.SHUT, Row(Status.SHUT, turn, (), cast("tuple[Effect]", Effect.BANG))
        ),
        {"open, shut: effects: expected a tuple"},
    ),
    "an effect of no enum": (
        with_row(
            Status.OPEN, Event.SHUT, Row(Status.SHUT, turn, (), cast("tuple[Effect]", ("bang",)))
        ),
        {"open, shut: effects: 'bang' is none of StrEnum"},
    ),
    "an effect twice": (
        with_row(Status.OPEN, Event.SHUT, Row(Status.SHUT, turn, (), (Effect.BANG, Effect.BANG))),
        {"open, shut: effects: bang is listed twice"},
    ),
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_faulty_table_is_told_by_machine_and_place(fault: str) -> None:
    """Each fault alone is told alone, by its place."""
    given_parts, told = FAULTS[fault]
    assert faults_of(given_parts) == told


def test_all_faults_are_told_at_once() -> None:
    """Who mends a table need not mend it fault by fault."""
    assert faults_of(parts(initial=(), ends=(3,), table={})) == {
        "ends: 3 is none of Status",
        *(f"table: {state} has no row" for state in Status),
        *(f"events: {event} is used in no row" for event in Event),
    }


def test_an_endless_machine_is_made_on_purpose() -> None:
    """With ``endless=True`` no state need lead to an end."""
    rows = {state: rows for state, rows in table().items() if state is not Status.GONE}
    swing = StrEnum("swing", {"OPEN": "open", "SHUT": "shut"})
    both = StrEnum("both", {"SHUT": "shut", "OPEN": "open"})
    assert len(rows) == 2
    machine: Machine[StrEnum, StrEnum, StrEnum, None, Effect] = Machine(
        name="swing",
        states=swing,
        events=both,
        initial=(swing("open"),),
        ends=(),
        endless=True,
        state=lambda value: value,
        table={
            swing("open"): {both("shut"): Row(swing("shut"), lambda _v, to, _n, _g: to)},
            swing("shut"): {both("open"): Row(swing("open"), lambda _v, to, _n, _g: to)},
        },
    )
    assert machine.ends == ()
    assert machine.move(swing("open"), both("shut"), NOW).value is swing("shut")


Plant: TypeAlias = Callable[[Parts], str]


def plant_missing_state(given_parts: Parts) -> str:
    """Leave out the last state's row."""
    rows = cast("dict[StrEnum, dict[StrEnum, ThingRow]]", given_parts["table"])
    gone = list(rows)[-1]
    del rows[gone]
    return f"table: {gone} has no row"


def plant_undeclared_end(given_parts: Parts) -> str:
    """Forget one of the ends."""
    forgotten, *rest = cast("tuple[StrEnum, ...]", given_parts["ends"])
    given_parts["ends"] = tuple(rest)
    return f"{forgotten}: has no events, yet it is no end state"


def plant_trap(given_parts: Parts) -> str:
    """Make all rows of the first state lead back to it."""
    rows = cast("dict[StrEnum, dict[StrEnum, ThingRow]]", given_parts["table"])
    first = next(iter(rows))
    rows[first] = {event: attrs.evolve(row, to=first) for event, row in rows[first].items()}
    return f"{first}: leads to no end state"


def plant_unreachable_state(given_parts: Parts) -> str:
    """Turn all arrows away from the second state."""
    rows = cast("dict[StrEnum, dict[StrEnum, ThingRow]]", given_parts["table"])
    first, lonely, *_ = rows
    for state in rows:
        rows[state] = {
            event: attrs.evolve(row, to=first) if row.to is lonely else row
            for event, row in rows[state].items()
        }
    return f"{lonely}: cannot be reached from the initial states"


def plant_second_guard_of_a_name(given_parts: Parts) -> str:
    """Put two guards of one name into the machine."""
    rows = cast("dict[StrEnum, dict[StrEnum, ThingRow]]", given_parts["table"])
    first = next(iter(rows))
    event = next(iter(rows[first]))
    twins = (Guard("twin", fails), Guard("twin", POOL[0].check))
    rows[first][event] = Row(rows[first][event].to, count_on, twins)
    return f"{first}, {event}: guards: 'twin' is listed twice"


PLANTS: Final[tuple[Plant, ...]] = (
    plant_missing_state,
    plant_undeclared_end,
    plant_trap,
    plant_unreachable_state,
    plant_second_guard_of_a_name,
)


@settings(max_examples=200)
@given(given_parts=machines(), plant=st.sampled_from(PLANTS))
def test_a_planted_fault_is_always_found(given_parts: Parts, plant: Plant) -> None:
    """Whatever else the table says, the fault is told by its place."""
    told = plant(mended(given_parts))
    with pytest.raises(MachineError) as caught:
        made(given_parts)
    assert told in str(caught.value)
