"""What a step promises, what a machine can be asked, and that it is read-only."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from operator import attrgetter
from typing import cast

import attrs
import pytest
from hypothesis import given

from coachwork.errors import MachineError, TransitionRefusedError
from coachwork.machine import UNREADABLE, Availability, Guard, Moved, Refused, Row
from tests.doors import (
    DOOR,
    LATER,
    NOW,
    OPEN,
    PATIENT,
    SETTLED,
    SHUT,
    STUCK,
    Door,
    DoorRow,
    DoorTable,
    Effect,
    Event,
    OtherEvent,
    Status,
    door_machine,
    refused,
    table,
    turn,
)
from tests.random_machines import COUNTS, Thing, ThingMachine, everything, outcome, sound_machines


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


def test_a_machine_walks() -> None:
    """Every value that can come to be is visited, a hundred thousand at the most."""
    walked = DOOR.walk([OPEN], lambda _door: [(Event.SHUT, NOW, None)], attrgetter("status"))
    assert walked.states == 2
    assert walked.taken == ((Status.OPEN, Event.SHUT, Status.SHUT),)


def test_a_faulty_table_makes_no_machine() -> None:
    """All faults are told in one error, with the machine's name in front."""
    rows = table()
    del rows[Status.GONE]
    rows[Status.OPEN][Event.KNOCK] = Row(Status.GONE, turn, (PATIENT, PATIENT))
    with pytest.raises(MachineError) as caught:
        door_machine(rows)
    assert str(caught.value) == (
        "machine 'door': table: gone has no row; open, knock: guards: 'patient' is listed twice"
    )
