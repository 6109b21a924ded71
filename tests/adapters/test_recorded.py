"""A coach that says what a coach once said."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

from coachwork.adapters import RecordedModel
from coachwork.errors import LLMError
from tests.specimens import ASK


def test_it_replays_by_turns() -> None:
    """The greeting is turn 0; what is said depends on the turn alone, in any order."""
    model = RecordedModel({0: "Hello.", 1: "Go on.", 2: "Bye."})
    for turn, text in ((2, "Bye."), (0, "Hello."), (1, "Go on."), (1, "Go on.")):
        assert model.complete(evolve(ASK, turn=turn)).text == text


def test_a_turn_without_a_reply_is_a_failed_model() -> None:
    """The last message of a recording may be unanswered."""
    with pytest.raises(LLMError, match="no reply here"):
        RecordedModel({0: "Hello."}).complete(ASK)


def test_the_recording_is_its_own() -> None:
    """Changing the mapping afterwards changes nothing."""
    replies = {1: "Go on."}
    model = RecordedModel(replies)
    replies[1] = "Stop."
    assert model.complete(ASK).text == "Go on."


def test_the_async_form_is_the_same() -> None:
    """The same recording, awaited."""
    model = RecordedModel({1: "Go on."}).for_async()
    assert asyncio.run(model.complete(ASK)).text == "Go on."
