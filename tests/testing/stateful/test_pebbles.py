"""The program of the machine, by itself."""

from __future__ import annotations

from coachwork.actions import ActionStatus, Sender
from coachwork.programs import carry_out
from coachwork.testing import NOON
from coachwork.testing.stateful._pebbles import PEBBLES, Pebbles, Phase
from coachwork.testing.stateful._words import BUTTONS, FLINT, SHAKE, SHUT, SLATE


def test_pebbles_are_collected_until_it_is_shut() -> None:
    """In order, one of a name; what is added is shown with a button."""
    carried = carry_out(PEBBLES, Pebbles(), [FLINT, SLATE], Sender.COACH, NOON, "a")
    assert carried.state == Pebbles(Phase.OPEN, ("flint", "slate"))
    assert [shown.kind for shown in carried.components] == ["pebble", "pebble"]
    assert PEBBLES.prompt(carried.state) == "Pebbles: flint, slate."
    shaken = carry_out(PEBBLES, carried.state, [SHAKE, FLINT, SHUT], Sender.USER, NOON, "b")
    assert shaken.state == Pebbles(Phase.SHUT, ("slate", "flint"))
    assert [action.status for action in shaken.actions] == [
        ActionStatus.APPLIED,
        ActionStatus.REFUSED,
        ActionStatus.APPLIED,
    ]
    assert PEBBLES.is_finished(shaken.state)


def test_not_all_that_can_be_clicked_can_be_done() -> None:
    """Two are no action at all, or not whole: they are refused, whatever the state."""
    names = [action.name for action in PEBBLES.actions]
    assert {name for name, asked in BUTTONS.items() if asked["type"] not in names} == {"fly"}
    carried = carry_out(PEBBLES, Pebbles(), [BUTTONS["bare"]], Sender.USER, NOON, "a")
    assert carried.state == Pebbles()
