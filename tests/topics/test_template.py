"""The built-in language of templates."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from enum import StrEnum

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from coachwork.errors import TemplateError, ValidationError
from coachwork.topics._template import MAX_TEMPLATE_BYTES, names, render
from tests.names import told

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
# A template as what it is made of: text, and names of gaps.
PIECES = st.lists(st.tuples(st.booleans(), st.text(max_size=8)) | st.tuples(st.none(), NAMES))


def written(pieces: list[tuple[bool | None, str]]) -> str:
    """The template that consists of *pieces*, the braces of its text doubled."""
    return "".join(
        f"{{{text}}}" if kind is None else text.replace("{", "{{").replace("}", "}}")
        for kind, text in pieces
    )


@pytest.mark.parametrize(
    "template, expected",
    [
        ("", ""),
        ("no gap", "no gap"),
        ("{name}", "Ada"),
        ("Hello {name}, {name}!", "Hello Ada, Ada!"),
        ("{{name}}", "{name}"),
        ("{{{name}}}", "{Ada}"),
        ("{name}}}", "Ada}"),
        ("{{}}", "{}"),
        ('{{"message": "{name}"}}', '{"message": "Ada"}'),
        ("{class}{_x1}", "Ax"),
        ("a\r\n{name}\n", "a\r\nAda\n"),
    ],
)
def test_gaps_are_filled_and_doubled_braces_are_braces(template: str, expected: str) -> None:
    """A gap takes its value, as often as it stands there; a doubled brace is one brace."""
    assert render(template, {"name": "Ada", "class": "A", "_x1": "x", "other": 1}) == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        ("as it is", "as it is"),
        ("{secret} {{x}}", "{secret} {{x}}"),
        ("C:\\users\\new \\1 $1 %s", "C:\\users\\new \\1 $1 %s"),
        ("", ""),
        (None, "null"),
        (True, "true"),
        (5, "5"),
        (["ä", {"b": 1}], '["ä",{"b":1}]'),
        ((1, 2), "[1,2]"),
        (datetime(2026, 1, 2, tzinfo=UTC), '"2026-01-02T00:00:00.000000Z"'),
    ],
)
def test_a_value_goes_in_once(value: object, expected: str) -> None:
    """Text goes in as it is and is never read for gaps; anything else as compact JSON."""
    assert render("<{gap}>", {"gap": value, "secret": "told", "x": "told"}) == f"<{expected}>"


def test_values_of_classes_are_plain_data() -> None:
    """A value of a class goes in as the JSON of its public fields; text of an enum as text."""

    @frozen
    class Goal:
        title: str
        _hidden: str = "kept"

    class Mood(StrEnum):
        GOOD = "good"

    assert render("{a} {b}", {"a": Goal("run"), "b": Mood.GOOD}) == '{"title":"run"} good'


@pytest.mark.parametrize("value", [object(), float("nan"), b"x", [{"a": object()}]], ids=told)
def test_a_value_without_a_plain_form_is_refused_by_name(value: object) -> None:
    """What is no plain data is refused, and the name of its gap told."""
    with pytest.raises(ValidationError) as caught:
        render("{gap}", {"gap": value})
    assert caught.value.field == "gap"


def test_all_missing_names_are_told_at_once() -> None:
    """One error lists all names without a value, of the template that it is asked about."""
    with pytest.raises(TemplateError) as caught:
        render("{b} {a} {b} {c}", {"c": 1}, name="system")
    assert caught.value.problems == {"system": ("a has no value", "b has no value")}


def test_a_default_of_a_mapping_is_no_value() -> None:
    """A mapping that makes values up when asked does not hide that a name is missing."""
    with pytest.raises(TemplateError, match="name has no value"):
        render("{name}", defaultdict(str))


@pytest.mark.parametrize(
    "template, place",
    [
        ("{x.__class__}", "line 1, column 1"),
        ("ab {0}", "line 1, column 4"),
        ("\n\n  {x!r}", "line 3, column 3"),
        ("{u[a]}", "line 1, column 1"),
        ("{x:>9999999}", "line 1, column 1"),
        ("{}", "line 1, column 1"),
        ("{ name }", "line 1, column 1"),
        ("{näme}", "line 1, column 1"),
        ("{name\n}", "line 1, column 1"),
        ("{", "line 1, column 1"),
        ("}", "line 1, column 1"),
        ("{name}}", "line 1, column 7"),
        ("{{name}", "line 1, column 7"),
        ("a {name", "line 1, column 3"),
    ],
)
def test_any_other_brace_is_a_mistake_with_its_place(template: str, place: str) -> None:
    """No attribute, index, conversion or width; the error tells line and column and the cure."""
    for act in (lambda: names(template), lambda: render(template, {"name": "x"})):
        with pytest.raises(TemplateError) as caught:
            act()
        (problem,) = caught.value.problems["template"]
        assert problem.startswith(f"{place}: ")
        assert "write {{" in problem


def test_many_mistakes_are_told_in_short() -> None:
    """All mistakes are told with their places, until they are too many to read."""
    with pytest.raises(TemplateError) as caught:
        names("{0}\n" * 23, name="resume")
    problems = caught.value.problems["resume"]
    assert problems[1].startswith("line 2, column 1: ")
    assert (len(problems), problems[-1]) == (21, "and 3 more such places")


def test_a_template_has_a_limit_in_bytes() -> None:
    """A template may take 256 KiB of UTF-8 and not a byte more."""
    assert names("a" * MAX_TEMPLATE_BYTES) == frozenset()
    for template in ("a" * (MAX_TEMPLATE_BYTES + 1), "ä" * MAX_TEMPLATE_BYTES):
        with pytest.raises(TemplateError, match="longer than 262144 bytes"):
            names(template)


def test_a_lone_surrogate_is_refused_with_its_place() -> None:
    """A template that cannot be sent to any model is refused where it is declared."""
    with pytest.raises(TemplateError, match="line 2, column 2: a lone surrogate"):
        names("a\nb\ud800")


def test_ten_thousand_gaps_are_no_burden() -> None:
    """A template may have very many gaps."""
    many = {f"n{i}": str(i) for i in range(10_000)}
    template = ",".join(f"{{{name}}}" for name in many)
    assert names(template) == many.keys()
    assert render(template, many) == ",".join(many.values())


@given(PIECES)
def test_names_and_render_agree(pieces: list[tuple[bool | None, str]]) -> None:
    """A template renders with exactly the names it tells, and every missing one is told."""
    template = written(pieces)
    wanted = names(template)
    assert wanted == {text for kind, text in pieces if kind is None}
    values = {name: f"{{{name}}}" for name in wanted}
    assert render(template, values) == "".join(
        f"{{{text}}}" if kind is None else text for kind, text in pieces
    )
    if wanted:
        with pytest.raises(TemplateError) as caught:
            render(template, {})
        assert len(caught.value.problems["template"]) == len(wanted)


@given(st.text("{}x.0! \nä", max_size=30))
def test_any_text_is_a_template_or_a_template_error(template: str) -> None:
    """Whatever the text, it is refused by both, or by none."""
    try:
        wanted = names(template)
    except TemplateError:
        with pytest.raises(TemplateError):
            render(template, {})
    else:
        # Python's own formatting agrees on everything that is taken here at all.
        values = dict.fromkeys(wanted, "{0}")
        assert render(template, values) == template.format(**values)
