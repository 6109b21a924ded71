"""What a table is checked for, what a step promises, and what a machine can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Final, TypeAlias, cast

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.errors import MachineError, TransitionRefusedError
from coachwork.machine import (
    UNREADABLE,
    Availability,
    Guard,
    Machine,
    Moved,
    Refused,
    Row,
)

NOW: Final = datetime(2024, 5, 1, tzinfo=UTC)

# --- a machine by hand --------------------------------------------------------------------------


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


# --- steps ------------------------------------------------------------------------------------


def test_a_step_answers_the_next_value_and_the_effects() -> None:
    """The next value is built by the row's update, and the effects are the row's."""
    assert DOOR.step(OPEN, Event.SHUT, LATER) == Moved(
        Door(Status.SHUT, 0, LATER), (Effect.BANG, Effect.ECHO)
    )
    assert DOOR.move(OPEN, Event.REMOVE, LATER) == Moved(Door(Status.GONE, 0, LATER), ())


def test_what_is_given_reaches_the_update() -> None:
    """The payload of the event goes to the update, and None where nothing was given."""
    assert DOOR.move(SHUT, Event.KNOCK, NOW, 2).value.knocks == 2
    assert DOOR.move(SHUT, Event.KNOCK, NOW).value.knocks == 1


def test_an_impossible_event_is_refused() -> None:
    """An event without a row tells machine, state, event, and what would be allowed."""
    answer = refused(DOOR.step(OPEN, Event.KNOCK, NOW))
    assert (answer.machine, answer.state, answer.event) == ("door", Status.OPEN, Event.KNOCK)
    assert answer.impossible
    assert answer.reasons == ()
    assert answer.value is OPEN
    assert answer.allowed == (Event.SHUT, Event.REMOVE)
    assert repr(answer) == "Refused(door: knock in open, impossible)"


def test_all_failing_guards_tell_why() -> None:
    """The reasons of all failing guards are told, in the order of the row."""
    answer = refused(DOOR.step(Door(Status.SHUT, 3), Event.OPEN, NOW))
    assert not answer.impossible
    assert answer.reasons == (("patient", "knocked at too often"), ("settled", "shut just now"))
    assert answer.allowed == ()
    assert repr(answer) == f"Refused(door: open in shut, reasons={answer.reasons!r})"
    one = refused(DOOR.step(SHUT, Event.OPEN, NOW))
    assert one.reasons == (("settled", "shut just now"),)
    assert one.allowed == (Event.KNOCK,)


def test_a_guard_passes_on_its_boundary() -> None:
    """Guards see the instant: the same value moves later."""
    assert DOOR.move(SHUT, Event.OPEN, LATER).value.status is Status.OPEN


def test_the_thin_form_raises_the_whole_refusal() -> None:
    """``move`` raises what ``step`` answers, as plain text."""
    with pytest.raises(TransitionRefusedError, match="open refused in shut") as caught:
        DOOR.move(SHUT, Event.OPEN, NOW)
    error = caught.value
    assert (error.machine, error.state, error.event) == ("door", "shut", "open")
    assert not error.impossible
    assert error.reasons == (("settled", "shut just now"),)
    assert error.allowed == ("knock",)


def test_nothing_is_evaluated_for_a_refusal_until_asked() -> None:
    """A refusal asks no guard of another event; `allowed` does, when it is read."""
    asked: list[Event] = []

    def watch(event: Event) -> Guard[Door]:
        def check(_door: Door, _now: datetime) -> str | None:
            asked.append(event)
            return "no"

        return Guard(f"watch {event}", check)

    rows: dict[Event, DoorRow] = {event: Row(Status.GONE, turn, (watch(event),)) for event in Event}
    del rows[Event.KNOCK]
    machine = door_machine(
        {
            Status.OPEN: {**rows, Event.SHUT: Row(Status.SHUT, turn, (watch(Event.SHUT),))},
            Status.SHUT: {Event.KNOCK: Row(Status.GONE, turn)},
            Status.GONE: {},
        }
    )
    answer = refused(machine.step(OPEN, Event.REMOVE, NOW))
    assert asked == [Event.REMOVE]
    assert answer.allowed == ()
    assert sorted(asked[1:]) == [Event.OPEN, Event.REMOVE, Event.SHUT]


def test_a_guard_that_raises_is_an_error() -> None:
    """The error names machine, event and guard, and keeps the cause but not its text."""
    rows = table()
    rows[Status.OPEN][Event.SHUT] = Row(Status.SHUT, turn, (PATIENT, STUCK))
    with pytest.raises(MachineError) as caught:
        door_machine(rows).step(OPEN, Event.SHUT, NOW)
    assert str(caught.value) == (
        "machine 'door': shut: guard 'stuck' failed with ZeroDivisionError"
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("said", [True, False, ""], ids=repr)
def test_a_guard_that_answers_no_reason_is_an_error(said: object) -> None:
    """A bool or an empty reason could be read either way, so it is not read at all."""
    rows = table()
    odd = Guard("odd", cast("Callable[[Door, datetime], str]", lambda _door, _now: said))
    rows[Status.OPEN][Event.SHUT] = Row(Status.SHUT, turn, (odd,))
    machine = door_machine(rows)
    with pytest.raises(MachineError, match="guard 'odd' failed with TypeError"):
        machine.step(OPEN, Event.SHUT, NOW)
    assert machine.availability(OPEN, NOW).broken == {Event.SHUT: ("odd", "TypeError")}


@pytest.mark.parametrize(
    "event, kind",
    [
        ("shut", "str"),
        ("knock", "str"),
        ("nonsense", "str"),
        (3, "int"),
        ([], "list"),
        (OtherEvent.SHUT, "OtherEvent"),
        (Status.OPEN, "Status"),
    ],
    ids=repr,
)
def test_an_unknown_event_is_an_error(event: object, kind: str) -> None:
    """Only members of the enum are events; equal texts and equal members of others are not."""
    with pytest.raises(MachineError) as caught:
        DOOR.step(OPEN, cast("Event", event), NOW)
    assert str(caught.value) == f"machine 'door': {kind} is no event of Event"


@pytest.mark.parametrize("value", [None, Door(cast("Status", "ajar")), Door(cast("Status", []))])
def test_a_value_without_a_state_is_an_error(value: object) -> None:
    """The error of a step names the enum of states; a query answers that nothing can be told."""
    door = cast("Door", value)
    with pytest.raises(MachineError, match="shut: the value has no state of Status"):
        DOOR.step(door, Event.SHUT, NOW)
    told = DOOR.availability(door, NOW)
    assert told.events == DOOR.available(door, NOW) == ()
    assert set(told.broken) == set(Event)
    assert {guard for guard, _ in told.broken.values()} == {UNREADABLE}


@pytest.mark.parametrize(
    "built, where", [(OPEN, "in state open"), (None, "without a state")], ids=["open", "none"]
)
def test_an_update_must_reach_the_state_of_its_row(built: object, where: str) -> None:
    """What the table says is what happens, or it is an error."""
    rows = table()
    rows[Status.OPEN][Event.SHUT] = Row(
        Status.SHUT,
        cast(
            "Callable[[Door, Status, datetime, object], Door]",
            lambda _door, _to, _now, _given: built,
        ),
    )
    with pytest.raises(MachineError) as caught:
        door_machine(rows).step(OPEN, Event.SHUT, NOW)
    assert str(caught.value) == (
        f"machine 'door': shut: the update answers a value {where}, not in state shut"
    )


def test_the_error_of_an_update_goes_through() -> None:
    """What an update raises is the caller's to see, as it is."""
    with pytest.raises(TypeError):
        DOOR.step(SHUT, Event.KNOCK, NOW, cast("int", "much"))


def test_refusals_and_moves_are_values() -> None:
    """Equal answers are equal, and can be members of a set."""
    assert len({DOOR.step(OPEN, Event.KNOCK, NOW), DOOR.step(OPEN, Event.KNOCK, NOW)}) == 1
    assert len({DOOR.step(OPEN, Event.SHUT, NOW), DOOR.step(OPEN, Event.SHUT, NOW)}) == 1


# --- questions --------------------------------------------------------------------------------


def test_availability_tells_each_event_once() -> None:
    """Events move, are refused with all reasons, or are broken, by their first broken guard."""
    rows = table()
    rows[Status.SHUT][Event.REMOVE] = Row(Status.GONE, turn, (SETTLED, STUCK))
    machine = door_machine(rows)
    assert machine.availability(SHUT, NOW) == Availability(
        events=(Event.KNOCK,),
        refused={Event.OPEN: (("settled", "shut just now"),)},
        broken={Event.REMOVE: ("stuck", "ZeroDivisionError")},
    )
    assert machine.available(SHUT, NOW) == (Event.KNOCK,)


def test_a_machine_is_read_only() -> None:
    """The table cannot be changed, not even through the dict it was made from."""
    rows = table()
    machine = door_machine(rows)
    rows[Status.OPEN].clear()
    del rows[Status.SHUT]
    assert machine.table == DOOR.table
    with pytest.raises(TypeError):
        cast("DoorTable", machine.table)[Status.OPEN] = {}
    with pytest.raises(TypeError):
        cast("DoorTable", machine.table)[Status.OPEN][Event.KNOCK] = Row(Status.OPEN, turn)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        machine.name = "gate"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_what_the_table_says() -> None:
    """Edges in table order, reachable states, and beginnings and ends."""
    shut, open_ = (Status.OPEN, Event.SHUT, Status.SHUT), (Status.SHUT, Event.OPEN, Status.OPEN)
    remove = (Status.OPEN, Event.REMOVE, Status.GONE)
    assert DOOR.edges == (shut, remove, open_, (Status.SHUT, Event.KNOCK, Status.SHUT))
    assert DOOR.reachable(Status.SHUT) == set(Status)
    assert DOOR.reachable(Status.GONE) == {Status.GONE}
    assert (DOOR.initial, DOOR.ends, DOOR.endless) == ((Status.OPEN,), (Status.GONE,), False)
    assert DOOR.paths(Status.SHUT, Status.GONE) == ((open_, remove),)
    assert DOOR.paths(Status.GONE, Status.OPEN) == ()
    assert DOOR.paths(Status.OPEN, Status.OPEN) == ((),)
    assert DOOR.state(OPEN) is Status.OPEN
    assert "table" not in repr(DOOR)


def test_two_events_between_two_states_are_two_paths() -> None:
    """Paths differ by their events; the shorter come first."""
    rows = table()
    rows[Status.OPEN][Event.KNOCK] = Row(Status.GONE, turn)
    rows[Status.SHUT][Event.REMOVE] = Row(Status.GONE, turn)
    told = [
        [event for _, event, _ in path]
        for path in door_machine(rows).paths(Status.OPEN, Status.GONE)
    ]
    assert told == [[Event.REMOVE], [Event.KNOCK], [Event.SHUT, Event.REMOVE]]


# --- walks ------------------------------------------------------------------------------------


def all_moves(_door: Door) -> Iterator[tuple[Event, datetime, int | None]]:
    """Every event, at once and a minute later."""
    for event in Event:
        yield event, NOW, None
        yield event, LATER, None


def view(door: Door) -> tuple[Status, int]:
    """All but the instants."""
    return door.status, door.knocks


def test_a_walk_visits_every_value_with_the_real_guards() -> None:
    """Counts by hand: open and gone with 0 to 3 knocks, shut with 0 to 3."""
    walked = DOOR.walk([OPEN], all_moves, view)
    # A door that is knocked at three times is never opened again.
    assert walked.states == 3 + 4 + 3
    assert walked.steps == walked.states * len(Event) * 2
    assert walked.taken == DOOR.edges
    assert walked.untaken == ()
    assert [view(door) for door in walked.stuck] == [(Status.SHUT, 3)]
    moved = 3 * 2 * 2 + 3 * (2 + 1)
    assert walked.refusals == walked.steps - moved


def test_a_walk_tells_what_was_never_taken() -> None:
    """Moves that leave out an event leave out its edges; each different value is met once."""
    met: list[Door] = []

    def moves(door: Door) -> list[tuple[Event, datetime, int | None]]:
        met.append(door)
        return [(Event.SHUT, NOW, None), (Event.KNOCK, NOW, 1)]

    walked = DOOR.walk([OPEN, Door(Status.OPEN)], moves, view)
    assert walked.untaken == (
        (Status.OPEN, Event.REMOVE, Status.GONE),
        (Status.SHUT, Event.OPEN, Status.OPEN),
    )
    assert [view(door) for door in met] == [
        (Status.OPEN, 0),
        *((Status.SHUT, knocks) for knocks in range(4)),
    ]


def test_a_value_that_only_leads_to_itself_is_stuck() -> None:
    """A loop is no way on."""
    walked = DOOR.walk([SHUT], lambda _door: [(Event.KNOCK, NOW, None)], attrgetter("status"))
    assert walked.stuck == (SHUT,)
    assert walked.states == 1
    assert walked.steps == 1
    assert walked.refusals == 0


def test_a_walk_that_hits_its_bound_is_an_error() -> None:
    """As many values as allowed are walked; one more is an error and no shorter walk."""
    assert DOOR.walk([OPEN], all_moves, view, limit=10).states == 10
    with pytest.raises(MachineError, match="'door': the walk met more than 9 different values"):
        DOOR.walk([OPEN], all_moves, view, limit=9)


# --- what is checked when a machine is made -----------------------------------------------------


class Alias(StrEnum):
    """An event that has two names."""

    SHUT = "shut"
    CLOSE = "shut"


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


# --- what holds for all machines ----------------------------------------------------------------


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


@given(machine=sound_machines())
def test_an_event_is_available_exactly_when_a_step_moves(machine: ThingMachine) -> None:
    """Moved, refused, impossible and broken: the query and the step always agree."""
    for thing, event in everything(machine):
        told = machine.availability(thing, NOW)
        assert machine.available(thing, NOW) == told.events
        answer = outcome(machine, thing, event)
        assert (event in told.events) == isinstance(answer, Moved)
        assert (event in told.broken) == isinstance(answer, str)
        if isinstance(answer, str):
            guard, kind = told.broken[event]
            assert answer.endswith(f": {event}: guard {guard!r} failed with {kind}")
            assert event not in told.refused
        elif isinstance(answer, Refused):
            assert answer.reasons == told.refused.get(event, ())
            assert answer.impossible == (event not in machine.table[thing.state])
            assert answer.allowed == told.events
        else:
            row = machine.table[thing.state][event]
            assert answer == Moved(Thing(row.to, (thing.count + 1) % COUNTS), row.effects)


@given(machine=sound_machines())
def test_no_step_changes_the_value_it_is_given(machine: ThingMachine) -> None:
    """A refusal, a move and an error leave the value as it was, and the same call says the same."""
    for thing, event in everything(machine):
        before = deepcopy(thing)
        answer = outcome(machine, thing, event)
        assert answer == outcome(machine, thing, event)
        assert thing == before
        if isinstance(answer, Refused):
            assert answer.value is thing


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


@given(machine=sound_machines(guarded=False))
def test_a_walk_covers_what_paths_and_reachable_say(machine: ThingMachine) -> None:
    """Without guards a walk takes every edge, and so all edges of all paths."""
    met, taken = walk_all(machine)
    (start,) = machine.initial
    assert met == machine.reachable(start) == set(machine.states)
    assert taken == set(machine.edges)
    for state in machine.states:
        ways = machine.paths(start, state)
        assert ways
        assert len(set(ways)) == len(ways)
        for way in ways:
            assert taken.issuperset(way)
            at = start
            for begun, _, to in way:
                assert begun is at
                at = to
            assert at is state
            assert len({start, *(to for _, _, to in way)}) == len(way) + 1


@given(machine=sound_machines())
def test_guards_only_take_away(machine: ThingMachine) -> None:
    """With guards a walk stays within what the table says."""
    met, taken = walk_all(machine)
    assert met <= set(machine.states)
    assert taken <= set(machine.edges)


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
