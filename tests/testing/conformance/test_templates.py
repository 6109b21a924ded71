"""The promises of a source of templates: sources that keep them, and some that break one each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from threading import get_ident
from typing import Any, Final

import pytest

from coachwork.adapters import BuiltinRenderer, TopicTemplates, in_threads
from coachwork.errors import TemplateError, ValidationError
from coachwork.ports import TemplateSource
from coachwork.testing.conformance import ConformanceError, Verdict
from coachwork.testing.conformance.templates import (
    check_async_templates,
    check_templates,
    templates_suite,
)
from coachwork.topics import TemplateName, Topic
from tests.verdicts import broken, report_of

TALK: Final = Topic(id="talk", system="Listen to {name}.", initiation="Greet {name}.")
QUIET: Final = Topic(id="quiet", system="Say little.")
TOPICS: Final = (TALK, QUIET)


class Says:
    """A source that says what a function makes of the topics' own templates."""

    def __init__(self, says: Callable[[str, TemplateName, str | None], object]) -> None:
        """Take the function."""
        self._own = TopicTemplates({topic.id: topic for topic in TOPICS})
        self._says = says

    def template(self, topic: str, name: TemplateName, /) -> Any:  # noqa: ANN401 - it may be wrong
        """See `coachwork.ports.TemplateSource.template`."""
        return self._says(topic, name, self._own.template(topic, name))


class OfItsThread(Says):
    """A source that can be read in the thread that made it only."""

    def __init__(self) -> None:
        """Remember the thread."""
        super().__init__(lambda _topic, _name, own: own if get_ident() == thread else None)
        thread = get_ident()


MUTANTS: Final[Mapping[str, tuple[str, Callable[[], TemplateSource]]]] = {
    "gives bytes": (
        "T01",
        lambda: Says(lambda _, name, own: own.encode() if own and name == "resume" else own),
    ),
    "lacks a system template": (
        "T02",
        lambda: Says(
            lambda topic, name, own: None if (topic, name) == ("quiet", "system") else own
        ),
    ),
    "has a slip": (
        "T03",
        lambda: Says(lambda _, name, own: "Greet {name." if name == "initiation" else own),
    ),
    "knows nothing in other threads": ("T04", OfItsThread),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_source_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    assert broken(lambda: check_templates(lambda: nullcontext(make()), TOPICS)) == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the source does."""
    numbers = [promise.number for promise in templates_suite(TOPICS).promises]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_the_source_that_ships_keeps_them() -> None:
    """In both colours, in a loop of the kit's own and in a running one, and in threads."""
    own = TopicTemplates({topic.id: topic for topic in TOPICS})
    reports = [
        check_templates(lambda: nullcontext(own), TOPICS),
        check_templates(lambda: nullcontext(own.for_async()), TOPICS),
        asyncio.run(check_async_templates(lambda: nullcontext(own.for_async()), TOPICS)),
        check_templates(lambda: nullcontext(in_threads(own, threads=2)), TOPICS),
    ]
    assert {o.verdict for report in reports for o in report.outcomes} == {Verdict.KEPT}


def test_an_async_source_that_is_broken() -> None:
    """It is found in a running loop as well."""
    own = Says(lambda *_: None)
    with pytest.raises(ConformanceError) as error:
        asyncio.run(check_async_templates(lambda: nullcontext(in_threads(own)), TOPICS))
    assert [o.promise.number for o in error.value.report.broken] == ["T02"]
    assert "template('talk', SYSTEM)\n    expected: text\n    got:      None" in str(error.value)


class Strict(BuiltinRenderer):
    """A renderer that knows one name."""

    def names(self, template: str, /) -> frozenset[str]:
        """See `coachwork.ports.TemplateRenderer.names`."""
        names = super().names(template)
        if names - {"name"}:
            raise TemplateError({"template": tuple(names)})
        return names


def test_templates_are_read_by_the_renderer_that_renders_them() -> None:
    """What is a template depends on it."""
    own = TopicTemplates({"talk": TALK})
    report = report_of(lambda: check_templates(lambda: nullcontext(own), [TALK], renderer=Strict()))
    assert [outcome.promise.number for outcome in report.broken] == ["T03"]
    assert "template('talk', RESUME)\nexpected: a template\n" in report.broken[0].found


def test_a_topic_has_to_be_declared() -> None:
    """Of none there is nothing to check."""
    with pytest.raises(ValidationError, match="topics"):
        check_templates(lambda: nullcontext(TopicTemplates({})), [])
