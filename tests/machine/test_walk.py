"""A walk visits every value that can come to be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter

import pytest
from hypothesis import given

from coachwork.errors import MachineError
from tests.doors import DOOR, LATER, NOW, OPEN, SHUT, Door, Event, Status
from tests.random_machines import ThingMachine, sound_machines, walk_all


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


@given(machine=sound_machines())
def test_guards_only_take_away(machine: ThingMachine) -> None:
    """With guards a walk stays within what the table says."""
    met, taken = walk_all(machine)
    assert met <= set(machine.states)
    assert taken <= set(machine.edges)
