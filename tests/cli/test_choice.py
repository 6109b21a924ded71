"""Who is to answer, as it was typed (`coachwork.cli._choice`)."""

from __future__ import annotations

from coachwork.cli._arguments import parser
from coachwork.cli._choice import PREFIX, Choice


def test_without_a_choice_the_listening_coach_answers_at_once() -> None:
    """As it is where nothing is typed."""
    options = parser().parse_args(["chat"])
    assert Choice() == Choice(name=options.model, base_url=options.base_url, think=options.think)
    assert Choice().name is None


def test_a_model_is_known_by_its_prefix() -> None:
    """What may be typed begins with it."""
    name = parser().parse_args(["worker", "--model", f"{PREFIX}small"]).model
    assert Choice(name=name).name == "openai:small"
