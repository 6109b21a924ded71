"""What a machine answers are values, and a refusal tells all that is asked of it."""

from __future__ import annotations

import pytest

from coachwork.machine import Refused
from tests.doors import DOOR, LATER, NOW, OPEN, SHUT, Door, Event, Status, refused


def test_refusals_and_moves_are_values() -> None:
    """Equal answers are equal, and can be members of a set."""
    assert len({DOOR.step(OPEN, Event.KNOCK, NOW), DOOR.step(OPEN, Event.KNOCK, NOW)}) == 1
    assert len({DOOR.step(OPEN, Event.SHUT, NOW), DOOR.step(OPEN, Event.SHUT, NOW)}) == 1


def test_a_refusal_finds_out_its_rest_when_asked() -> None:
    """Machine, state and allowed events come from the machine and the value as they are."""
    answer: Refused[Door, Status, Event] = Refused(DOOR, OPEN, Event.KNOCK, NOW, ())
    assert (answer.machine, answer.state) == ("door", Status.OPEN)
    assert answer.impossible
    assert answer.allowed == (Event.SHUT, Event.REMOVE)


def test_a_refusal_by_guards_is_not_impossible() -> None:
    """The reasons tell the two apart, and the instant of the step decides what is allowed."""
    answer = refused(DOOR.step(SHUT, Event.OPEN, NOW))
    assert not answer.impossible
    assert answer.allowed == (Event.KNOCK,)
    later: Refused[Door, Status, Event] = Refused(DOOR, SHUT, Event.OPEN, LATER, answer.reasons)
    assert later.allowed == (Event.OPEN, Event.KNOCK)


@pytest.mark.parametrize("event, impossible", [(Event.SHUT, True), (Event.OPEN, False)])
def test_the_error_of_a_refusal_holds_plain_texts(event: Event, *, impossible: bool) -> None:
    """Who catches it needs none of the enums."""
    answer = refused(DOOR.step(SHUT, event, NOW))
    error = answer.error()
    told = (error.machine, error.state, error.event, *error.allowed)
    assert told == ("door", "shut", event.value, "knock")
    assert {type(text) for text in told} == {str}
    assert error.impossible is impossible
    assert error.reasons == answer.reasons


def test_the_value_stays_out_of_logs() -> None:
    """The text of a refusal tells machine, event, state and reasons, and nothing of the value."""
    assert repr(refused(DOOR.step(OPEN, Event.KNOCK, NOW))) == (
        "Refused(door: knock in open, impossible)"
    )
    assert repr(refused(DOOR.step(SHUT, Event.OPEN, NOW))) == (
        "Refused(door: open in shut, reasons=(('settled', 'shut just now'),))"
    )
