"""What a machine answers are values, and a refusal tells all that is asked of it."""

from __future__ import annotations

from tests.doors import (
    DOOR,
    NOW,
    OPEN,
    Event,
)


def test_refusals_and_moves_are_values() -> None:
    """Equal answers are equal, and can be members of a set."""
    assert len({DOOR.step(OPEN, Event.KNOCK, NOW), DOOR.step(OPEN, Event.KNOCK, NOW)}) == 1
    assert len({DOOR.step(OPEN, Event.SHUT, NOW), DOOR.step(OPEN, Event.SHUT, NOW)}) == 1
