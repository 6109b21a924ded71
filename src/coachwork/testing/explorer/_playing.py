"""A workflow that is played from one effect that others can see to the next.

Effects that touch nothing that others can see (templates, ids, admission, deliveries ...) are
answered at once: to do them later could change nothing for anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

from coachwork.adapters import BuiltinRenderer, ExtractiveSummarizer, TopicTemplates
from coachwork.effects import (
    AskAdmission,
    AskModel,
    Commit,
    Dispatch,
    Effect,
    Find,
    Get,
    GetTemplate,
    NewId,
    Notify,
    Now,
    ReadLog,
    Render,
    RunAgent,
    Summarize,
    TemplateNames,
)
from coachwork.errors import MisuseError, OutcomeUnknownError, StoreUnavailableError
from coachwork.testing.explorer._world import Call, Command, World

# How an effect is answered, besides by a value.
DONE: Final = 0
CONFLICT: Final = -1
UNAVAILABLE: Final = -2
UNKNOWN: Final = -3
INTERRUPTED: Final = -4

SEEN: Final[tuple[type[Effect[object]], ...]] = (
    *(Get, Commit, ReadLog, Find, Now),
    *(AskModel, RunAgent),
)
"""The effects that others can see, or that see what others do; and those of an application."""


class Interrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl-C."""


RAISED: Final[dict[int, Callable[[], BaseException]]] = {
    UNAVAILABLE: lambda: StoreUnavailableError("the explorer says so"),
    UNKNOWN: OutcomeUnknownError,
    INTERRUPTED: Interrupted,
}
"""What is raised for an answer that is no value."""


class Surroundings:
    """What answers the effects that nobody else can see."""

    def __init__(self, world: World) -> None:
        """Take the templates from *world*."""
        self._world = world
        templates, renderer = TopicTemplates(world.setup.topics), BuiltinRenderer()
        summarizer = ExtractiveSummarizer()
        self._answer: dict[type[object], Callable[[Any], object]] = {
            GetTemplate: lambda asked: templates.template(asked.topic, asked.name),
            TemplateNames: lambda asked: renderer.names(asked.template),
            Render: lambda asked: renderer.render(asked.template, asked.values),
            Summarize: lambda asked: summarizer.summarize(asked.previous, asked.messages),
            AskAdmission: lambda _: None,
            Dispatch: lambda _: None,
            Notify: lambda _: None,
        }

    def answers(self, effect: Effect[object]) -> bool:
        """Whether *effect* is one that nobody else can see."""
        return type(effect) in self._answer

    def answer(self, effect: Effect[object]) -> object:
        """Return the answer to such an effect."""
        return self._answer[type(effect)](effect)

    def choices(self, effect: Effect[object]) -> tuple[object, ...]:
        """Return what a model, or the application, may answer to *effect*.

        Raises:
            MisuseError: There is nothing.
        """
        if isinstance(effect, AskModel):
            found: tuple[object, ...] = tuple(self._world.replies(effect.ask))
        elif isinstance(effect, RunAgent):
            found = tuple(self._world.agents(effect.ask))
        else:
            found = tuple(self._world.answers(effect))
        if not found:
            raise MisuseError(f"the world has no answer to {type(effect).__name__}")
        return found


class Playing:
    """A generator that is played.

    Attributes:
        generator: The generator.
        drawn: How many ids it has been given.
    """

    __slots__ = ("_call", "_surroundings", "drawn", "generator")

    def __init__(self, command: Command, call: Call, surroundings: Surroundings) -> None:
        """Make the generator of a call."""
        self.generator: Generator[Effect[object], object, object] = command.workflow(call)
        self.drawn = 0
        self._call = call
        self._surroundings = surroundings

    def begin(self) -> Effect[object]:
        """Return the first effect that others can see.

        Raises:
            StopIteration: There is none.
            BaseException: What it raises before.
        """
        return self._until_seen(next(self.generator))

    def give(self, answer: object) -> Effect[object]:
        """Answer the effect, or raise an error there, and return the next one that others can see.

        Raises:
            StopIteration: There is none any more.
            BaseException: What it raises.
        """
        if isinstance(answer, BaseException):
            return self._until_seen(self.generator.throw(answer))
        return self._until_seen(self.generator.send(answer))

    def _until_seen(self, effect: Effect[object]) -> Effect[object]:
        """Answer what nobody else can see."""
        while True:
            answer: object
            if isinstance(effect, NewId):
                if self._call.number == 0:
                    raise MisuseError(f"{self._call.command}: a command that makes ids must say so")
                self.drawn += 1
                answer = f"id-{self._call.number}.{self.drawn}"
            elif self._surroundings.answers(effect):
                try:
                    answer = self._surroundings.answer(effect)
                except Exception as error:  # noqa: BLE001 - thrown in where it was asked
                    effect = self.generator.throw(error)
                    continue
            else:
                return effect
            effect = self.generator.send(answer)
