"""What is promised of a renderer of templates, whatever its language looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Final, TypeAlias

from coachwork.effects import Render, TemplateNames, Workflow
from coachwork.errors import TemplateError
from coachwork.ports import TemplateRenderer
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import PromiseBrokenError, answers, expect, fails
from coachwork.testing.conformance._promise import DEADLINE, Port, Suite, Terms, Trial
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check
from coachwork.testing.conformance._together import AtOnce
from coachwork.testing.conformance._words import in_words

RendererMake: TypeAlias = Callable[[], AbstractContextManager[TemplateRenderer]]
"""Makes a renderer: see `coachwork.testing.conformance.Make`."""

Gap: TypeAlias = Callable[[str], str]
"""Writes the gap for a name as the renderer's language has it."""

SAFE: Final = "coachwork.ports.TemplateRenderer: safe; brief, section 4"
STRICT: Final = "coachwork.ports.TemplateRenderer: strict; brief, section 4"
RENDER: Final = "coachwork.ports.TemplateRenderer.render"
NAMES: Final = "coachwork.ports.TemplateRenderer.names"
RACERS: Final = 8
TEXT: Final = (
    "Dear friend,\n\n\t'how' are <b>\"you\"</b>? R&B; 100 \u20ac \u00e9 \U0001f469\u200d\U0001f9b0."
)
"""What is a gap in no language."""

ODD: Final = ("", " \n\n", "<b>&amp;'\"", "\0", "\ud800", "\u202e\u0301", r"\1\n%s", "x" * 100_000)
"""What people write, and what they do not."""

WITHIN: Final = "within-a-value"
"""What no template may reach."""

REACHING: Final = (
    "user.secret", "user['secret']", 'user["secret"]', "user[secret]", "user.get('secret')",
    "user|attr('secret')", "user.values()", "talks[0]", "talks.0", "talks.pop()", "talks|first",
)  # fmt: skip
"""How some languages reach into a value."""

VALUES: Final[Mapping[str, object]] = MappingProxyType(
    {"user": {"secret": WITHIN}, "talks": [WITHIN]}
)
"""Values as the context of a session has them."""

SLIPS: Final = ("{", "}", "{{", "{%", "{#", "{0}", "{}", "{ }", "$", "${", "%", "%(", "<%", "\\")
"""Slips of the pen, in some languages."""


@draft("F01", why="A start is let pass whose prompts cannot be rendered later.", where=NAMES)
def the_names_of_the_gaps_are_told(gap: Gap, _trial: Trial) -> Workflow[None]:
    """The names of a template are those of its gaps, each once, and none where it has none."""
    template = f"{gap('name')}, {gap('goal')}{gap('name')} {gap('long_name_2')}"
    for asked, names in ((template, {"name", "goal", "long_name_2"}), (TEXT, set[str]())):
        effect = TemplateNames(asked)
        expect(effect, set((yield from effect)), names)


@draft("F02", why="The model is told something else than was written.", where=RENDER)
def text_stays_as_it_is(_gap: Gap, _trial: Trial) -> Workflow[None]:
    """Text without gaps comes out as it was written, blanks and all."""
    for text in (TEXT, "", "\n", f" {TEXT}\n"):
        yield from answers(Render(text, {}), text)


@draft("F03", why="The model does not know whom it speaks to.", where=RENDER)
def gaps_are_filled(gap: Gap, _trial: Trial) -> Workflow[None]:
    """Every gap is filled with the value of its name, as often as it stands there."""
    template = f"{gap('name')}, {gap('goal')}{gap('name')}."
    yield from answers(Render(template, {"name": "Ada", "goal": "rest"}), "Ada, restAda.")


@draft(
    "F04",
    why="No session can be resumed: the turn that the library tells is a number.",
    where="coachwork.topics.RESERVED_NAMES",
)
def numbers_are_filled_in(gap: Gap, _trial: Trial) -> Workflow[None]:
    """A whole number is filled in as its digits."""
    yield from answers(Render(f"Turn {gap('turn')}.", {"turn": 12}), "Turn 12.")


@draft("F05", why="A person's name changes what the model is told of them.", where=RENDER)
def values_go_in_as_they_are(gap: Gap, _trial: Trial) -> Workflow[None]:
    """Any text goes in unchanged: blank, long, in other scripts, or half a character."""
    for text in ODD:
        yield from answers(Render(f"<{gap('text')}>", {"text": text}), f"<{text}>")


@draft("F06", why="A person who types a gap reads what is not theirs.", where=SAFE)
def values_are_no_templates(gap: Gap, _trial: Trial) -> Workflow[None]:
    """A gap in a value stays text, also where its name has a value."""
    values = {"a": gap("b"), "b": gap("c"), "c": WITHIN}
    template = f"{gap('a')} {gap('b')}"
    yield from answers(Render(template, values), f"{gap('b')} {gap('c')}")


@draft(
    "F07",
    why="Whoever may edit templates runs code, or reads what no name gives.",
    where=SAFE,
)
def nothing_is_reached_but_by_name(gap: Gap, _trial: Trial) -> Workflow[None]:
    """A template reaches no part of a value, no attribute of it, and computes nothing."""
    hostile = [(inner, WITHIN) for inner in REACHING]
    hostile += [("user.__class__", "class"), ("6*7", "42"), ("talks*2", WITHIN)]
    for inner, reached in hostile:
        effect = Render(f"<{gap(inner)}>", VALUES)
        try:
            told = yield from effect
        except TemplateError:
            continue
        if reached in told.replace(gap(inner), ""):
            raise PromiseBrokenError(in_words(effect), "a TemplateError, or text", in_words(told))


@draft("F08", why="The model is shown a hole where a name should stand.", where=STRICT)
def a_missing_value_is_an_error(gap: Gap, _trial: Trial) -> Workflow[None]:
    """A name without a value is a TemplateError."""
    yield from fails(Render(f"Dear {gap('name')},", {"nam": "x", "names": "y"}), TemplateError)


@draft("F09", why="Its author mends one name, tries again, and meets the next.", where=RENDER)
def all_missing_names_are_told(gap: Gap, _trial: Trial) -> Workflow[None]:
    """The error tells every name that has no value, not the first alone."""
    names = ("alpha", "beta", "gamma")
    effect = Render(" ".join(gap(name) for name in (*names, "delta")), {"delta": "x"})
    try:
        yield from effect
    except TemplateError as error:
        untold = [name for name in names if name not in str(error)]
        expect(f"the error of {in_words(effect)}", untold, [])


@draft("F10", why="A slip in a template is told as an error of nobody knows what.", where=NAMES)
def what_is_no_template_is_told_so(gap: Gap, _trial: Trial) -> Workflow[None]:
    """A template with a slip is text, or a TemplateError; nothing else is raised."""
    cut = (gap("name")[:-1], gap("name")[1:], gap(""), gap(" "), gap("1"), gap("a b"))
    for template in (*cut, *SLIPS):
        for effect in (TemplateNames(template), Render(template, {"name": "x", "a": "y"})):
            try:
                yield from effect
            except TemplateError:
                continue


@draft("F11", why="A session that knows more than a template asks cannot go on.", where=RENDER)
def other_values_are_ignored(gap: Gap, _trial: Trial) -> Workflow[None]:
    """Values that the template has no gap for make no difference."""
    values = {"name": "Ada", "age": 36, "goal": None, "talks": [1]}
    yield from answers(Render(gap("name"), values), "Ada")


@draft(
    "F12", why="One person's name is told to the next.", where="coachwork.ports.TemplateRenderer"
)
def nothing_is_remembered(gap: Gap, _trial: Trial) -> Workflow[None]:
    """The same template is filled anew each time, and the values are left as they are."""
    for name in ("Ada", "Ben"):
        values = MappingProxyType({"name": name})
        yield from answers(Render(f"Hello {gap('name')}", values), f"Hello {name}")


@draft(
    "F13",
    why="People who talk at the same moment are told each other's names.",
    where="coachwork.coach.Coach: it may be used by several threads at once",
)
def several_may_render_at_once(gap: Gap, _trial: Trial) -> Workflow[None]:
    """Threads that render at the same time get each their own text."""

    def rendered(number: int) -> Workflow[None]:
        for turn in range(20):
            effect = Render(f"{gap('a')}-{gap('b')}", {"a": f"{number}", "b": f"{turn}"})
            yield from answers(effect, f"{number}-{turn}")

    yield from AtOnce(tuple(rendered(number) for number in range(RACERS)))


DRAFTS: Final = (
    the_names_of_the_gaps_are_told,
    text_stays_as_it_is,
    gaps_are_filled,
    numbers_are_filled_in,
    values_go_in_as_they_are,
    values_are_no_templates,
    nothing_is_reached_but_by_name,
    a_missing_value_is_an_error,
    all_missing_names_are_told,
    what_is_no_template_is_told_so,
    other_values_are_ignored,
    nothing_is_remembered,
    several_may_render_at_once,
)


def braces(name: str) -> str:
    """Write the gap for *name* as the built-in language has it."""
    return f"{{{name}}}"


def renderer_suite(gap: Gap = braces) -> Suite:
    """Return all that is promised of a renderer whose gaps are written so."""
    port = Port(name="TemplateRenderer", field="renderer", method="render")
    return Suite(port=port, promises=tuple(each.given(gap) for each in DRAFTS))


def check_renderer(make: RendererMake, *, gap: Gap = braces, deadline: float = DEADLINE) -> Report:
    """Check a renderer of templates.

    Args:
        make: Makes the renderer: a function that returns a context manager of it.
        gap: Writes the gap for a name in the renderer's language; ``{name}`` by default.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    suite = renderer_suite(gap)
    return check(suite, make, Terms.of(suite, deadline=deadline))


@in_words.register(TemplateNames)
def _(effect: TemplateNames) -> str:
    return f"names({in_words(effect.template)})"


@in_words.register(Render)
def _(effect: Render) -> str:
    return f"render({in_words(effect.template)}, {in_words(dict(effect.values))})"
