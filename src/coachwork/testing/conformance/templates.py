"""What is promised of a source of templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from itertools import product
from typing import Final, TypeAlias

from attrs import frozen

from coachwork.adapters import BuiltinRenderer
from coachwork.effects import GetTemplate, Workflow
from coachwork.errors import TemplateError, ValidationError
from coachwork.ports import AsyncTemplateSource, TemplateRenderer, TemplateSource
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect
from coachwork.testing.conformance._promise import DEADLINE, Port, Suite, Terms, Trial
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check, check_async
from coachwork.testing.conformance._samples import is_text
from coachwork.testing.conformance._together import AtOnce
from coachwork.testing.conformance._words import in_words
from coachwork.topics import TemplateName, Topic

TemplatesMake: TypeAlias = Callable[
    [],
    AbstractContextManager[TemplateSource]
    | AbstractContextManager[AsyncTemplateSource]
    | AbstractAsyncContextManager[AsyncTemplateSource],
]
"""Makes a source of templates of either colour: see `coachwork.testing.conformance.Make`."""

TEMPLATE: Final = "coachwork.ports.TemplateSource.template"
RACERS: Final = 8


@frozen
class Declared:
    """What the application declares.

    Attributes:
        topics: The ids of its topics.
        renderer: What renders its templates.
    """

    topics: tuple[str, ...]
    renderer: TemplateRenderer

    @property
    def asks(self) -> list[GetTemplate]:
        """The question for each template of each topic."""
        return [GetTemplate(*pair) for pair in product(self.topics, TemplateName)]


@draft("T01", why="Every prompt of that topic fails.", where=TEMPLATE)
def a_template_is_text(declared: Declared, _trial: Trial) -> Workflow[None]:
    """A template is text, or None where the topic has none."""
    for effect in declared.asks:
        found = yield from effect
        if found is not None and not is_text(found):
            raise PromiseBrokenError(in_words(effect), "text or None", in_words(found))


@draft(
    "T02",
    why="No session on that topic can be started.",
    where="coachwork.topics.Topic; brief, section 4",
)
def every_topic_has_a_system_template(declared: Declared, _trial: Trial) -> Workflow[None]:
    """Every topic has a template SYSTEM."""
    for topic in declared.topics:
        effect = GetTemplate(topic, TemplateName.SYSTEM)
        if (yield from effect) is None:
            raise PromiseBrokenError(in_words(effect), "text", "None")


@draft(
    "T03",
    why="A slip of the pen in one template stops every start on that topic.",
    where="coachwork.ports.TemplateRenderer.names",
)
def every_template_can_be_read(declared: Declared, _trial: Trial) -> Workflow[None]:
    """Every template is one to the renderer."""
    for effect in declared.asks:
        found = yield from effect
        try:
            declared.renderer.names(found if found is not None and is_text(found) else "")
        except TemplateError as error:
            raise PromiseBrokenError(in_words(effect), "a template", str(error)) from None


@draft(
    "T04",
    why="A coach that serves several people at once fails now and then.",
    where="coachwork.coach.Coach: it may be used by several threads at once",
)
def several_may_ask_at_once(declared: Declared, _trial: Trial) -> Workflow[None]:
    """Who asks at the same time as others is told what one alone is told."""
    alone = yield from _all(declared)
    for told in (yield from AtOnce(tuple(_all(declared) for _ in range(RACERS)))):
        expect("template(...) at once", told, alone)


def _all(declared: Declared) -> Workflow[list[object]]:
    """Return all templates."""
    found: list[object] = []
    for effect in declared.asks:
        found.append((yield from effect))  # noqa: PERF401 - no comprehension can ask
    return found


DRAFTS: Final = (
    a_template_is_text,
    every_topic_has_a_system_template,
    every_template_can_be_read,
    several_may_ask_at_once,
)


def templates_suite(
    topics: Iterable[Topic[object]], renderer: TemplateRenderer | None = None
) -> Suite:
    """Return all that is promised of a source of templates for these topics.

    Raises:
        ValidationError: There is no topic.
    """
    declared = Declared(tuple(topic.id for topic in topics), renderer or BuiltinRenderer())
    if not declared.topics:
        raise ValidationError("topics", "one topic at least")
    port = Port(name="TemplateSource", field="templates", method="template")
    return Suite(port=port, promises=tuple(each.given(declared) for each in DRAFTS))


def check_templates(
    make: TemplatesMake,
    topics: Iterable[Topic[object]],
    *,
    renderer: TemplateRenderer | None = None,
    deadline: float = DEADLINE,
) -> Report:
    """Check a source of templates, of either colour, with all the templates that it has.

    Args:
        make: Makes the source: a function that returns a context manager of it.
        topics: What the application declares.
        renderer: What renders its templates; the built-in one by default.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    suite = templates_suite(topics, renderer)
    return check(suite, make, Terms.of(suite, deadline=deadline))


async def check_async_templates(
    make: TemplatesMake,
    topics: Iterable[Topic[object]],
    *,
    renderer: TemplateRenderer | None = None,
    deadline: float = DEADLINE,
) -> Report:
    """Do what `check_templates` does with an async source, in the running loop of asyncio.

    Raises:
        ConformanceError: See `check_templates`.
        ValidationError: See `check_templates`.
    """
    suite = templates_suite(topics, renderer)
    return await check_async(suite, make, Terms.of(suite, deadline=deadline))


@in_words.register(GetTemplate)
def _(effect: GetTemplate) -> str:
    return f"template({effect.topic!r}, {effect.name.name})"
