"""Templates that stand in the topics, and the built-in renderer."""

from __future__ import annotations

import asyncio

import pytest

from coachwork.adapters import BuiltinRenderer, TopicTemplates
from coachwork.errors import TemplateError
from coachwork.topics import TemplateName, Topic

HABITS = Topic(id="habits", system="Help {name}.", initiation="Greet.")
QUIET = Topic(id="quiet", system="Help.")


def templates(*topics: Topic[object]) -> TopicTemplates:
    """Return the templates of these topics."""
    return TopicTemplates({topic.id: topic for topic in topics})


def test_a_topic_has_its_own_templates() -> None:
    """By topic and name; without INITIATION the user speaks first."""
    source = templates(HABITS, QUIET)
    assert source.template("habits", TemplateName.SYSTEM) == "Help {name}."
    assert source.template("habits", TemplateName.INITIATION) == "Greet."
    assert source.template("quiet", TemplateName.INITIATION) is None
    assert "{conversation_summary}" in (source.template("quiet", TemplateName.RESUME) or "")


def test_the_async_form_is_the_same() -> None:
    """The same templates, awaited."""
    source = templates(HABITS).for_async()
    assert asyncio.run(source.template("habits", TemplateName.SYSTEM)) == "Help {name}."


def test_sound_templates_pass() -> None:
    """Nothing is said where nothing is wrong."""
    templates(HABITS, QUIET).check()


def test_all_that_is_wrong_with_a_topic_is_told_at_once() -> None:
    """Every template of the first topic concerned, by its name."""
    broken = Topic(id="broken", system="{a.b}", initiation="}", extraction="{0}")
    with pytest.raises(TemplateError) as caught:
        templates(HABITS, broken, Topic(id="other", system="{")).check()
    error = caught.value
    assert error.topic == "broken"
    assert list(error.problems) == ["system", "initiation", "extraction"]
    assert all(error.problems.values())


def test_the_renderer_fills_gaps_and_nothing_else() -> None:
    """Names are told, values filled in once, and missing ones are an error."""
    renderer = BuiltinRenderer()
    assert renderer.names("{a} {{b}} {c}") == {"a", "c"}
    assert renderer.render("{a} {{b}} {c}", {"a": "{c}", "c": 5, "d": "x"}) == "{c} {b} 5"
    with pytest.raises(TemplateError) as caught:
        renderer.render("{a} {b} {c}", {"b": 1})
    assert "a" in str(caught.value)
    assert "c" in str(caught.value)
    with pytest.raises(TemplateError):
        renderer.names("{a.__class__}")
