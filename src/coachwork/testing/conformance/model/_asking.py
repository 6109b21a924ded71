"""How the checks of a language model ask it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from attrs import frozen

from coachwork.effects import Effect, Workflow
from coachwork.jobs import JobKind
from coachwork.plain import JSON
from coachwork.ports import Answer, Ask, AsyncPorts, Ports, Prompt, PromptRole
from coachwork.replies import reply_schema, result_schema
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._promise import Trial
from coachwork.testing.conformance._words import in_words

COMPLETE: Final = "coachwork.ports.LanguageModel.complete"
ASK: Final = "coachwork.ports.Ask"
ANSWER: Final = "coachwork.ports.Answer"
AT_ONCE: Final = "coachwork.coach.Coach: it may be used by several threads at once"
E = TypeVar("E", bound=Exception)

RACERS: Final = 8
PATIENCE: Final = 30.0
"""Seconds that a good provider has to answer."""


def _nobody(_piece: str) -> None:
    """Hear a piece, and forget it."""


SINKS: Final[tuple[Callable[[str], None] | None, ...]] = (None, _nobody)
"""Nobody listens, or somebody does: many adapters ask in two ways."""

SYSTEM: Final = Prompt(PromptRole.SYSTEM, "You are a kind coach. Answer in a sentence.")
USER: Final = Prompt(PromptRole.USER, "I would like to sleep better.")
COACH: Final = Prompt(PromptRole.COACH, "What keeps you awake?")
INSTRUCTION: Final = Prompt(PromptRole.INSTRUCTION, "Welcome them back.")


@frozen
class Values:
    """What a conversation may yield."""

    values: list[str]


@frozen
class Complete(Effect[Answer]):
    """What does the model answer, as it answers it?"""

    ask: Ask

    def perform(self, ports: Ports | AsyncPorts, /) -> Answer | Awaitable[Answer]:
        """Ask the model; nobody but the adapter keeps the time."""
        return ports.model.complete(self.ask)


@frozen
class Try(Effect[Answer | Exception]):
    """What comes of it: an answer, or an error?"""

    ask: Ask

    def perform(
        self, ports: Ports | AsyncPorts, /
    ) -> Answer | Exception | Awaitable[Answer | Exception]:
        """Ask the model, and let nothing be raised."""
        if isinstance(ports, AsyncPorts):
            return self._tried(ports)
        try:
            return ports.model.complete(self.ask)
        except Exception as error:  # noqa: BLE001 - it is what was asked for
            return error

    async def _tried(self, ports: AsyncPorts) -> Answer | Exception:
        try:
            return await ports.model.complete(self.ask)
        except Exception as error:  # noqa: BLE001 - as above
            return error


def failure(effect: Complete, wanted: type[E]) -> Workflow[E]:
    """Return the error that an ask ends with, if it is of that class.

    Raises:
        PromiseBrokenError: It is of another, or there is none.
    """
    found = yield from Try(effect.ask)
    if not isinstance(found, wanted):
        raise PromiseBrokenError(in_words(effect), f"{wanted.__name__} is raised", in_words(found))
    return found


def answered(effect: Complete) -> Workflow[object]:
    """Return what the model answers, as something that may be anything."""
    return (yield from effect)


def part(answer: object, name: str) -> object:
    """Return a part of an answer; None of what is no answer, which is another promise."""
    return getattr(answer, name, None)


@in_words.register(Complete)
def _(effect: Complete) -> str:
    ask = effect.ask
    heard = "" if ask.sink is None else ", with a sink"
    roles = ", ".join(prompt.role.value for prompt in ask.messages[:6])
    more = ", ..." if len(ask.messages) > 6 else ""  # noqa: PLR2004 - as many as just above
    return f"complete({ask.purpose.value} to {roles}{more}{heard})"


@in_words.register(Answer)
def _(answer: Answer) -> str:
    said = "no text" if answer.text is None else in_words(answer.text)
    data = "" if answer.data is None else f", data {in_words(answer.data)}"
    return f"{said}{data}, finish {answer.finish!r}"


def asking(
    trial: Trial,
    *prompts: Prompt,
    purpose: JobKind = JobKind.REPLY,
    schema: Mapping[str, JSON] | None = None,
    model: str | None = None,
    timeout: float = PATIENCE,
    sink: Callable[[str], None] | None = None,
) -> Complete:
    """Return the question to the model; a short conversation where no prompts are given."""
    own = result_schema(Values) if purpose is JobKind.EXTRACTION else reply_schema(Values)
    return Complete(
        Ask(
            messages=prompts or (SYSTEM, USER),
            schema=own if schema is None else schema,
            purpose=purpose,
            model=model,
            timeout=timeout,
            session=f"{trial.tenant}-s",
            job=f"{trial.tenant}-j",
            turn=1,
            sink=sink,
        )
    )
