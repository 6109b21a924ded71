"""The promises of a renderer: renderers that keep them, and some that break one each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from html import escape
from string import Template
from time import sleep
from typing import Final, TypeAlias

import pytest

from coachwork.adapters import BuiltinRenderer
from coachwork.errors import TemplateError
from coachwork.ports import TemplateRenderer
from coachwork.testing.conformance import ConformanceError, Verdict
from coachwork.testing.conformance.renderer import check_renderer, renderer_suite
from tests.verdicts import broken, report_of

Values: TypeAlias = Mapping[str, object]


class Forgetful(BuiltinRenderer):
    """A renderer that tells two names at most."""

    def names(self, template: str, /) -> frozenset[str]:
        """See `coachwork.ports.TemplateRenderer.names`."""
        return frozenset(sorted(super().names(template))[:2])


class Stripping(BuiltinRenderer):
    """A renderer that takes blanks for no part of a text."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        return super().render(template if values else template.strip(), values)


class Single(BuiltinRenderer):
    """A renderer that fills a gap where it stands first."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        head, gap, tail = template.partition("{name}")
        return super().render(head + gap + tail.replace("{name}", ""), values)


class Textual(BuiltinRenderer):
    """A renderer that knows no other values than text."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        if any(isinstance(values.get(name), int) for name in self.names(template)):
            raise TypeError("expected str instance, int found")
        return super().render(template, values)


class Escaping(BuiltinRenderer):
    """A renderer that writes for a browser."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        safe = {name: escape(v) if isinstance(v, str) else v for name, v in values.items()}
        return super().render(template, safe)


class Again(BuiltinRenderer):
    """A renderer that renders what it has rendered."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        once = super().render(template, values)
        return re.sub(r"\{(\w+)\}", lambda gap: str(values.get(gap[1], gap[0])), once)


class Reaching(BuiltinRenderer):
    """A renderer that reaches into values, as `str.format` does."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        try:
            return super().render(template, values)
        except TemplateError:
            with suppress(AttributeError, LookupError, ValueError):
                return template.format_map(values)
            raise


class Lenient(BuiltinRenderer):
    """A renderer that leaves a gap empty where it has no value."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        missing = dict.fromkeys(self.names(template) - values.keys(), "")
        return super().render(template, {**values, **missing})


class OneByOne(BuiltinRenderer):
    """A renderer that tells one missing name at a time."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        for name in sorted(self.names(template)):
            if name not in values:
                raise TemplateError({"template": (f"{name} has no value",)})
        return super().render(template, values)


class Sloppy(BuiltinRenderer):
    """A renderer that tells slips as the engine behind it does."""

    def names(self, template: str, /) -> frozenset[str]:
        """See `coachwork.ports.TemplateRenderer.names`."""
        try:
            return super().names(template)
        except TemplateError as error:
            raise SyntaxError(str(error)) from error


class Exact(BuiltinRenderer):
    """A renderer that takes no more than one name in vain."""

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        if len(values) > len(super().names(template)) + 2:
            raise TemplateError({"template": ("too many values",)})
        return super().render(template, values)


class Caching(BuiltinRenderer):
    """A renderer that keeps what it made of a template that it meets for the first time."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._made: dict[str, str] = {}

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        made = super().render(template, values)
        return self._made.setdefault(template, made) if template.startswith("Hello") else made


class Sharing(BuiltinRenderer):
    """A renderer that keeps values where another thread may change them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._values: Values = {}

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        self._values = values
        if template.count("{") == 2:
            sleep(0.001)
        return super().render(template, self._values)


class Dollars:
    """A renderer of another language, that of `string.Template`."""

    def names(self, template: str, /) -> frozenset[str]:
        """See `coachwork.ports.TemplateRenderer.names`."""
        found = re.findall(r"\$(?:(\$)|\{([A-Za-z_]\w*)\}|(.?))", template, re.ASCII | re.DOTALL)
        if any(not doubled and not name for doubled, name, _ in found):
            raise TemplateError({"template": ("a $ that is no ${name}",)})
        return frozenset(name for _, name, _ in found if name)

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        missing = sorted(self.names(template) - values.keys())
        if missing:
            raise TemplateError({"template": tuple(f"{name} has no value" for name in missing)})
        return Template(template).substitute({name: str(values[name]) for name in values})


class Literal(BuiltinRenderer):
    """A renderer that takes what is no gap for text."""

    def names(self, template: str, /) -> frozenset[str]:
        """See `coachwork.ports.TemplateRenderer.names`."""
        return frozenset(re.findall(r"\{([A-Za-z_]\w*)\}", template))

    def render(self, template: str, values: Values, /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        missing = sorted(self.names(template) - values.keys())
        if missing:
            raise TemplateError({"template": tuple(missing)})
        return re.sub(r"\{([A-Za-z_]\w*)\}", lambda gap: str(values[gap[1]]), template)


MUTANTS: Final[Mapping[str, tuple[str, Callable[[], TemplateRenderer]]]] = {
    "forgets a name": ("F01", Forgetful),
    "strips": ("F02", Stripping),
    "fills the first only": ("F03", Single),
    "wants text": ("F04", Textual),
    "escapes": ("F05", Escaping),
    "renders twice": ("F06", Again),
    "reaches into values": ("F07", Reaching),
    "leaves a hole": ("F08", Lenient),
    "tells one name at a time": ("F09", OneByOne),
    "lets its engine speak": ("F10", Sloppy),
    "wants the very names": ("F11", Exact),
    "caches by the template": ("F12", Caching),
    "shares its values": ("F13", Sharing),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_renderer_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    assert broken(lambda: check_renderer(lambda: nullcontext(make()))) == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the renderer does."""
    numbers = [promise.number for promise in renderer_suite().promises]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_the_renderer_that_ships_keeps_them() -> None:
    """All of them."""
    report = check_renderer(lambda: nullcontext(BuiltinRenderer()))
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.KEPT}


def test_renderers_of_other_languages_keep_them() -> None:
    """How a gap is written is all that has to be said; what is no gap may be text."""
    check_renderer(lambda: nullcontext(Dollars()), gap=lambda name: f"${{{name}}}")
    check_renderer(lambda: nullcontext(Literal()))


def test_what_is_wrong_is_told() -> None:
    """What was rendered, what was expected, and what came."""
    with pytest.raises(ConformanceError) as error:
        check_renderer(lambda: nullcontext(Lenient()))
    asked = "render('Dear {name},', {'nam': 'x', 'names': 'y'})"
    assert f"{asked}\n    expected: TemplateError is raised" in str(error.value)
    report = report_of(lambda: check_renderer(lambda: nullcontext(Sloppy())))
    assert report.broken[0].found.startswith("names('{name')\nexpected: an answer")
