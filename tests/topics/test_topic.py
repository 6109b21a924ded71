"""What a conversation is about, as the application declares it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypedDict, cast

import pytest
from attrs import evolve, exceptions, fields, frozen

from coachwork.errors import ValidationError
from coachwork.programs import Program
from coachwork.topics import (
    MAX_MESSAGE_BYTES,
    RESERVED_NAMES,
    TemplateName,
    Topic,
    declared,
    names,
)
from tests.programs.habits import HABITS

PLAIN = Topic(id="talk", system="Listen.")


@frozen
class Values:
    """A result."""

    values: list[str]


@dataclass
class Goals:
    """A result of another kind."""

    goals: list[str]


class Plans(TypedDict):
    """A result of a third kind."""

    plans: list[str]


def topic(**given: Any) -> Topic[object]:  # noqa: ANN401 - wrong values are the point
    """Return a topic with those fields, whatever they are."""
    fields: dict[str, Any] = {"id": "talk", "system": "Listen."}
    return Topic(**fields | given)


def refused(name: str, *values: object) -> str:
    """Return what is expected of a field, after every one of *values* was refused by its name."""
    told: set[str] = set()
    for value in values:
        with pytest.raises(ValidationError) as caught:
            topic(**{name: value})
        assert caught.value.field == f"topic.{name}"
        told.add(caught.value.expected)
    (expected,) = told
    return expected


def test_an_id_and_a_system_prompt_are_enough() -> None:
    """All else has the default of the brief."""
    assert PLAIN.initiation is None
    assert PLAIN.result is None
    assert (PLAIN.title, PLAIN.max_turns, PLAIN.models, PLAIN.revision) == ("", 0, {}, 1)
    assert (PLAIN.complete_at_max_turns, PLAIN.exclusive, PLAIN.allow_take_over) == (
        False,
        False,
        True,
    )
    assert PLAIN.idle_timeout == timedelta(minutes=30)
    assert PLAIN.expires_after == PLAIN.keep_ended == timedelta(days=14)
    assert (PLAIN.message_window, PLAIN.resume_window, PLAIN.max_message_bytes) == (30, 20, 16384)


def test_every_field_is_documented() -> None:
    """Each field has its line in the docstring."""
    for field in fields(Topic):
        assert f"    {field.name}: " in (inspect.getdoc(Topic) or "")


def test_a_topic_does_not_change() -> None:
    """Who declared a topic can rely on it."""
    with pytest.raises(exceptions.FrozenInstanceError):
        PLAIN.system = "Talk."  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_prompts_are_in_no_log() -> None:
    """The representation of a topic holds none of its templates."""
    told = topic(system="one-x", initiation="two-x", resume="three-x", extraction="four-x")
    assert "-x" not in repr(told)
    assert "talk" in repr(told)


def test_templates_are_found_by_name() -> None:
    """Each of the four names gives its template, and a missing greeting none."""
    told = topic(initiation="Greet.", resume="Back.", extraction="Extract.")
    assert [told.template(name) for name in TemplateName] == [
        "Listen.",
        "Greet.",
        "Back.",
        "Extract.",
    ]
    assert PLAIN.template(TemplateName.INITIATION) is None


def test_the_default_templates_need_nothing_of_the_application() -> None:
    """Resume and extraction work without a word, and use reserved names only."""
    for name in (TemplateName.RESUME, TemplateName.EXTRACTION):
        template = PLAIN.template(name)
        assert template is not None
        assert names(template) <= RESERVED_NAMES


def test_an_id_is_checked_like_any_other() -> None:
    """A topic's id is one to 128 printable characters."""
    assert refused("id", "", " x", "a\nb", "x" * 129, None, 7).startswith("1 to 128 printable")


@pytest.mark.parametrize("name", [name.value for name in TemplateName])
def test_a_template_is_text_that_is_not_blank(name: str) -> None:
    """A blank template is a mistake; only the greeting may be left out."""
    wrong: tuple[object, ...] = ("", "  \n", 7, b"x")
    if name == "initiation":
        assert topic(initiation=None).initiation is None
    else:
        wrong += (None,)
    assert refused(name, *wrong) == "a template that is not blank"


@pytest.mark.parametrize("result", [Values, Goals, Plans, None], ids=str)
def test_a_result_is_a_class(result: type[object] | None) -> None:
    """Any class that yields plain data may be the result; an instance or a name may not."""
    assert topic(result=result).result is result
    assert refused("result", Values([]), "Values", {"type": "object"}) == "a class"


def test_a_title_is_text() -> None:
    """A name for people may be empty, and is nothing but text."""
    assert topic(title="Core values").title == "Core values"
    assert refused("title", None, 7, b"x") == "text"


def test_a_program_is_one_and_may_have_to_be_finished_first() -> None:
    """What is no program is refused, and so is one to be finished where there is none."""
    assert topic(program=HABITS, finish_first=True).program is HABITS
    assert PLAIN.program is None
    assert refused("program", "habits", Program, 7) == "a Program"
    assert refused("finish_first", *[True]) == "False where there is no program"
    for wrong in (0, None, "yes"):
        assert refused("finish_first", wrong) == "True or False"


def test_two_programs_have_two_ids() -> None:
    """The same one may be the program of several topics."""
    first, second = topic(program=HABITS), topic(id="second", program=HABITS)
    assert list(declared([first, second])) == ["talk", "second"]
    other = topic(id="other", program=evolve(HABITS))
    with pytest.raises(ValidationError, match="programs with different ids"):
        declared([first, other])


@pytest.mark.parametrize("models", [{}, {"reply": "large"}, MappingProxyType({"reply": "l"})])
def test_models_go_by_purpose(models: Mapping[str, str]) -> None:
    """Names of models are texts by the name of a purpose."""
    assert topic(models=models).models == models
    wrong = (None, "large", ["reply"], {"reply": None}, {1: "large"}, {"reply": 7})
    assert refused("models", *wrong) == "a mapping of purposes to names of models"


@pytest.mark.parametrize("name", ["complete_at_max_turns", "exclusive", "allow_take_over"])
def test_a_flag_is_true_or_false(name: str) -> None:
    """What decides who may enter is not guessed from something like a yes."""
    assert getattr(topic(**{name: True}), name) is True
    assert refused(name, 0, 1, "yes", None) == "True or False"


@pytest.mark.parametrize(
    "name, least, most",
    [
        ("max_turns", 0, 1_000_000),
        ("message_window", 1, 10_000),
        ("resume_window", 1, 10_000),
        ("max_message_bytes", 1, MAX_MESSAGE_BYTES),
        ("revision", 1, 1_000_000),
    ],
)
def test_a_number_has_bounds(name: str, least: int, most: int) -> None:
    """Both bounds are taken; beyond them, and for what is no whole number, the field is named."""
    assert getattr(topic(**{name: least}), name) == least
    assert getattr(topic(**{name: most}), name) == most
    wrong = (least - 1, most + 1, -1, 10**30, True, 5.0, "5", None)
    assert refused(name, *wrong) == f"a whole number from {least} to {most}"


@pytest.mark.parametrize("name", ["idle_timeout", "expires_after", "keep_ended"])
def test_a_duration_is_a_timedelta_longer_than_zero(name: str) -> None:
    """A session may be kept for ever, but is never idle at once."""
    assert getattr(topic(**{name: timedelta(microseconds=1)}), name)
    wrong: tuple[object, ...] = (timedelta(0), timedelta(days=-1), 1800, "30m")
    if name == "idle_timeout":
        wrong += (None,)
    else:
        assert getattr(topic(**{name: None}), name) is None
    assert refused(name, *wrong) == "a timedelta longer than zero"


def test_declared_topics_are_found_by_id() -> None:
    """A coach knows its topics by their ids, in the order of their declaration."""
    other = topic(id="other")
    assert list(declared(iter([PLAIN, other])).items()) == [("talk", PLAIN), ("other", other)]
    assert declared([]) == {}


def test_two_topics_of_one_id_are_refused() -> None:
    """Sessions are found by the id, so no two topics share one."""
    with pytest.raises(ValidationError) as caught:
        declared([PLAIN, topic(id="other"), topic(system="Something else.")])
    assert (caught.value.field, caught.value.expected) == ("topics", "topics with different ids")


@pytest.mark.parametrize("value", ["talk", None, Topic, {"id": "talk"}], ids=str)
def test_only_topics_are_declared(value: object) -> None:
    """An id, a class or a dict in place of a topic is found at once."""
    with pytest.raises(ValidationError, match=r"^topics: expected topics$"):
        declared(cast("list[object]", [PLAIN, value]))


def test_a_topic_can_be_a_key() -> None:
    """Topics are values: equal ones are one in a set, whatever mapping their models are."""
    models = {"reply": "large-1"}
    one, other = topic(models=models), topic(models=MappingProxyType(models))
    assert {one, other} == {one}
    assert {one, topic(models={})} == {topic(models={}), other}
