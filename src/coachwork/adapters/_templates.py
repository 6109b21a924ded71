"""Templates that stand in the topics themselves, and the built-in way to render them."""

from __future__ import annotations

from collections.abc import Mapping

from coachwork.errors import TemplateError
from coachwork.topics import TemplateName, Topic, names, render


class BuiltinRenderer:
    """Fills ``{name}`` gaps and nothing else; ``{{`` and ``}}`` are braces."""

    def names(self, template: str, /) -> frozenset[str]:
        """See `coachwork.ports.TemplateRenderer.names`."""
        return names(template)

    def render(self, template: str, values: Mapping[str, object], /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        return render(template, values)


class TopicTemplates:
    """The templates that the application wrote into its topics."""

    def __init__(self, topics: Mapping[str, Topic[object]]) -> None:
        """Take the *topics* by id."""
        self._topics = topics

    def template(self, topic: str, name: TemplateName, /) -> str | None:
        """See `coachwork.ports.TemplateSource.template`."""
        return self._topics[topic].template(name)

    def check(self) -> None:
        """Make sure that all of them are templates of the built-in form.

        Raises:
            TemplateError: Some are not; it names those of the first topic concerned.
        """
        for topic in self._topics.values():
            problems: dict[str, tuple[str, ...]] = {}
            for name in TemplateName:
                try:
                    names(topic.template(name) or "")
                except TemplateError as error:
                    problems[name.value] = tuple(
                        what for said in error.problems.values() for what in said
                    )
            if problems:
                raise TemplateError(problems, topic=topic.id)

    def for_async(self) -> AsyncTopicTemplates:
        """Return the same for an async coach."""
        return AsyncTopicTemplates(self)


class AsyncTopicTemplates:
    """The same, awaited."""

    def __init__(self, templates: TopicTemplates) -> None:
        """Stand before *templates*."""
        self._templates = templates

    async def template(self, topic: str, name: TemplateName, /) -> str | None:
        """See `coachwork.ports.TemplateSource.template`."""
        return self._templates.template(topic, name)
