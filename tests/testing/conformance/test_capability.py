"""What an adapter may lack."""

from __future__ import annotations

import re

import pytest

from coachwork.testing.conformance import Capability


@pytest.mark.parametrize("capability", Capability, ids=lambda capability: capability.name)
def test_each_says_in_a_sentence_what_is_lost(capability: Capability) -> None:
    """A capability is a few words, and its loss is a sentence."""
    assert re.fullmatch(r"[a-z][^.]+", capability.value)
    assert re.fullmatch(r"[A-Z].*\.", capability.loss)


def test_no_two_lose_the_same() -> None:
    """Each loss is one of its own."""
    assert len({capability.loss for capability in Capability}) == len(Capability)
