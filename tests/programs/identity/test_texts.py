"""How long texts may be."""

from __future__ import annotations

import pytest

from coachwork.actions import RefusalCode, Sender
from coachwork.programs.identity._texts import MAX_AT_ONCE, MAX_NAME, MAX_TRAIT
from tests.programs.identity.people import CREATION, applied, bad, coach_state, refused


def test_the_bounds_are_as_they_are_told() -> None:
    """A text of the longest length is kept, and one that is longer is refused."""
    state = coach_state(CREATION)
    applied(state, "create_identity", name="x" * MAX_NAME)
    assert bad(state, "create_identity", name="x" * (MAX_NAME + 1)).endswith("120 characters")
    applied(state, "add_who_you_are", texts=["x" * MAX_TRAIT])
    assert bad(state, "add_who_you_are", texts=["x" * (MAX_TRAIT + 1)]).endswith("200 characters")


@pytest.mark.parametrize("sender", [Sender.COACH, Sender.USER])
def test_an_action_brings_not_too_much_at_once(sender: Sender) -> None:
    """Twenty texts or identities at the most."""
    state = coach_state(CREATION)
    texts = [str(number) for number in range(MAX_AT_ONCE)]
    applied(state, "add_who_you_are", sender, texts=[*texts])
    why = refused(state, "add_who_you_are", RefusalCode.BAD_PARAMETERS, sender, texts=[*texts, "x"])
    assert why.endswith("texts: expected 1 to 20 of them")
