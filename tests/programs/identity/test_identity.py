"""The identity's table, row by row (brief, section 7)."""

from __future__ import annotations

from typing import Final

import pytest
from attrs import evolve

from coachwork.machine import Moved, Refused
from coachwork.programs.identity import (
    IDENTITY_TABLE,
    IdentityEffect,
    IdentityEvent,
    IdentityStatus,
)
from tests.programs.identity.people import LATER, identity

S = IdentityStatus
E = IdentityEvent

TABLE: Final[dict[IdentityStatus, dict[IdentityEvent, IdentityStatus]]] = {
    S.PROPOSED: {E.ACCEPT: S.ACCEPTED, E.ARCHIVE: S.ARCHIVED},
    S.ACCEPTED: {E.REFINE: S.REFINED, E.ARCHIVE: S.ARCHIVED},
    S.REFINED: {E.REFINE: S.REFINED, E.INTEGRATE: S.INTEGRATED, E.ARCHIVE: S.ARCHIVED},
    S.INTEGRATED: {E.REFINE: S.REFINED, E.ARCHIVE: S.ARCHIVED},
    S.ARCHIVED: {},
}
"""The table, copied by hand."""


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("event", E)
def test_the_table_is_as_it_should_be(status: IdentityStatus, event: IdentityEvent) -> None:
    """Every event leads where it should, changes nothing else, and lets the work move on."""
    before = identity("Runner", status, statement="I run")
    answer = IDENTITY_TABLE.step(before, event, LATER)
    if event in TABLE[status]:
        assert isinstance(answer, Moved)
        assert answer.value == evolve(before, status=TABLE[status][event], updated_at=LATER)
        assert answer.effects == (IdentityEffect.MOVE_ON,)
    else:
        assert isinstance(answer, Refused)
        assert answer.impossible
        assert answer.value is before


def test_it_begins_proposed_and_ends_archived() -> None:
    """Every identity can come to every status."""
    assert IDENTITY_TABLE.initial == (S.PROPOSED,)
    assert IDENTITY_TABLE.ends == (S.ARCHIVED,)
    assert IDENTITY_TABLE.reachable(S.PROPOSED) == set(S)
