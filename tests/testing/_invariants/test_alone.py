"""What holds of each record by itself."""

from __future__ import annotations

import pytest

from coachwork.records import KINDS, Key
from coachwork.testing._invariants import alone, name_of
from tests.damage import SESSION, damaged
from tests.testing._invariants.test_state import STATES

ALONE = (
    "an end without an ending",
    "an ending of another kind",
    "an ending without an end",
    "a result of a cancelled session",
    "a failed result of a cancelled session",
    "an ended session that waits for its completion",
    "more turns than allowed",
    "an ended session with a job",
    "a completed job without an outcome",
    "a completed job with an error",
    "an event of an open job is delivered",
    "an event that nobody is to hear is delivered",
    "a lease of a settled job",
    "work without a lease",
    "an old lease",
    "an attempt without a claim",
    "a claim without an attempt",
    "a step done twice",
    "facts of another owner",
)
"""The states of which one record is wrong by itself."""


@pytest.mark.parametrize("name", ALONE)
def test_what_one_record_shows_needs_no_other(name: str) -> None:
    """Judged one by one, the record that is wrong is told, and no other one."""
    wanted, records = STATES[name]
    told = [
        one
        for record in records()
        for one in alone(record, KINDS[record.key.kind].read(record).value)
    ]
    assert len({one.split(": ")[1] for one in told}) == 1
    assert any(one.startswith(wanted) for one in told), told


def test_healthy_records_are_well_one_by_one() -> None:
    """Nothing is told of any record that the workflows wrote."""
    for record in damaged():
        assert list(alone(record, KINDS[record.key.kind].read(record).value)) == []


def test_a_name_tells_no_secret() -> None:
    """The key that a caller chose is not in the name of its receipt."""
    assert name_of(Key("receipt", "acme", ("ada", "secret"))) == "receipt acme/ada/..."
    assert name_of(Key("session", "acme", (SESSION,))) == f"session acme/{SESSION}"
