"""Rows and guards are values that cannot be changed."""

from __future__ import annotations

import attrs
import pytest

from coachwork.machine import Guard, Row
from tests.doors import PATIENT, DoorRow, Effect, Status, patient, turn


def test_a_row_needs_a_target_and_an_update() -> None:
    """Guards and effects may be left out."""
    row: DoorRow = Row(Status.SHUT, turn)
    assert (row.guards, row.effects) == ((), ())
    assert row != Row(Status.SHUT, turn, (PATIENT,), (Effect.BANG,))


def test_guards_are_compared_by_name_and_check() -> None:
    """A guard written twice is one guard, so one name can be held to mean one guard."""
    assert Guard("patient", patient) == PATIENT
    assert Guard("calm", patient) != PATIENT


@pytest.mark.parametrize("made", [PATIENT, Row(Status.SHUT, turn)], ids=["guard", "row"])
def test_neither_can_be_changed(made: attrs.AttrsInstance) -> None:
    """A table that was checked stays as it was."""
    for field in attrs.fields(type(made)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(made, field.name, None)
