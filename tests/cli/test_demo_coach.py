"""The conversation of the demo (`coachwork.cli._demo_coach`)."""

from __future__ import annotations

from coachwork.adapters import Memory, ScriptedModel
from coachwork.cli._demo_coach import AFTER, BEFORE, DECISION, Decision, answer
from coachwork.coach import Coach


def test_the_coach_knows_its_part() -> None:
    """It greets, asks, welcomes back with the last words, and ends with a result."""
    coach = Coach(Memory(), ScriptedModel(answer), topics=[DECISION])
    chat = coach.as_user("ada").start(DECISION, context={"name": "Ada"})
    assert chat.greeting is not None
    assert "Ada" in chat.greeting.text
    turns = [chat.send(text) for text in BEFORE]
    chat.pause()
    welcome = chat.resume().message
    assert welcome is not None
    assert BEFORE[-1] in welcome.text
    turns += [chat.send(text) for text in AFTER]
    assert [turn.is_final for turn in turns] == [False, False, False, True]
    assert len({turn.message.text for turn in turns}) == 4
    assert isinstance(turns[-1].result, Decision)


def test_a_result_tells_nothing_by_accident() -> None:
    """What a person decided is in no representation."""
    assert "secret" not in repr(Decision("secret", ["secret"], "secret"))
