"""Where a table leads, and by which ways."""

from __future__ import annotations

from hypothesis import given

from coachwork.machine import Row
from tests.doors import Event, Status, door_machine, table, turn
from tests.random_machines import ThingMachine, sound_machines, walk_all


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
