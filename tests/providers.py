"""A provider of a language model that needs no network and misbehaves on demand, and its adapters.

The adapters are right; tests make mutants of them that break one promise each.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, nullcontext
from threading import Event
from typing import Any, Final, TypeAlias

from attrs import define, field

from coachwork.errors import LLMError, LLMTimeoutError
from coachwork.messages import Usage
from coachwork.ports import Answer, Ask
from coachwork.testing.conformance import Report
from coachwork.testing.conformance.model import Provocations, check_model
from tests.verdicts import broken

KEY: Final = "sk-tell-nobody"
"""What the adapter is known by."""


class RefusedByProvider(Exception):  # noqa: N818 - the provider's own word
    """What the provider's client raises.

    Attributes:
        pause: For how many seconds it wants to be left alone.
    """

    def __init__(self, sentence: str, pause: float | None = None) -> None:
        """Tell why."""
        super().__init__(sentence)
        self.pause = pause


@define(eq=False)
class Provider:
    """The provider.

    Attributes:
        requests: Every request that came in.
        text: What it says.
        finish: Why it stops.
        does: What it does in the place of a good answer: one of the words of `Provocations`.
        pause: For how many seconds it wants to be left alone.
        ending: Set when nobody needs to wait any more.
    """

    requests: list[str] = field(factory=list[str])
    text: str = '{"message": "What else?", "is_final": false}'
    finish: str = "stop"
    does: str | None = None
    pause: float | None = None
    ending: Event = field(factory=Event)

    def stream(self, request: str, timeout: float) -> Generator[str]:
        """Answer a request, piece by piece."""
        begun = self._begin(request)
        if self.does == "hangs":
            self._wait(timeout)
        yield begun
        if self.does == "stalls":
            self._wait(timeout)
        if self.does == "breaks":
            raise ConnectionError("reset by peer")
        yield self.text[len(begun) :]

    async def stream_async(self, request: str) -> AsyncGenerator[str]:
        """Do the same, awaited."""
        begun = self._begin(request)
        if self.does == "hangs":
            await asyncio.sleep(30)
        yield begun
        if self.does == "stalls":
            await asyncio.sleep(30)
        if self.does == "breaks":
            raise ConnectionError("reset by peer")
        yield self.text[len(begun) :]

    def _begin(self, request: str) -> str:
        """Take a request, and return the beginning of the answer."""
        self.requests.append(request)
        if self.does in {"refuses", "pauses"}:
            raise RefusedByProvider(f"401 for {KEY}: cannot answer {request}", self.pause)
        return self.text[:9]

    def _wait(self, timeout: float) -> None:
        self.ending.wait(timeout)
        raise TimeoutError

    @contextmanager
    def doing(self, word: str | None = None, **changed: Any) -> Generator[None]:  # noqa: ANN401
        """Do something else for as long as the block lasts."""
        before = {name: getattr(self, name) for name in ("does", *changed)}
        for name, value in {"does": word, **changed}.items():
            setattr(self, name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                setattr(self, name, value)

    @property
    def provocations(self) -> Provocations:
        """How it can be provoked."""
        return Provocations(
            requests=lambda: list(self.requests),
            says=lambda text: self.doing(text=text),
            stops=lambda finish: self.doing(finish=finish),
            refuses=lambda: self.doing("refuses"),
            pauses=lambda seconds: self.doing("pauses", pause=seconds),
            breaks=lambda: self.doing("breaks"),
            hangs=lambda: self.doing("hangs"),
            stalls=lambda: self.doing("stalls"),
            secrets=[KEY],
        )


class Adapter:
    """A blocking adapter that keeps all promises."""

    def __init__(self, provider: Provider) -> None:
        """Know the provider."""
        self.provider = provider

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - a mutant may give anything
        """See `coachwork.ports.LanguageModel.complete`."""
        with said_properly():
            pieces = list(self.heard(ask, self.provider.stream(self.request(ask), ask.timeout)))
        return self.answer("".join(pieces))

    def request(self, ask: Ask) -> str:
        """Return what is sent."""
        messages = [(prompt.role.value, prompt.text) for prompt in ask.messages]
        return json.dumps([ask.model or "the-small-one", messages, dict(ask.schema)])

    def heard(self, ask: Ask, pieces: Iterable[str]) -> Generator[str]:
        """Pass the pieces on to who listens."""
        for piece in pieces:
            if ask.sink is not None:
                ask.sink(piece)
            yield piece

    def answer(self, text: str) -> Any:  # noqa: ANN401 - as above
        """Return the answer."""
        return Answer(
            text=text, finish=self.provider.finish, usage=Usage(10, 5), request_id="call-1"
        )


class AsyncAdapter(Adapter):
    """The same, awaited."""

    async def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as above
        """See `coachwork.ports.LanguageModel.complete`."""
        pieces: list[str] = []
        with said_properly():
            async with asyncio.timeout(ask.timeout):
                async for piece in self.provider.stream_async(self.request(ask)):
                    pieces += self.heard(ask, [piece])
        return self.answer("".join(pieces))


@contextmanager
def said_properly() -> Generator[None]:
    """Say in the words of coachwork what went wrong."""
    try:
        yield
    except TimeoutError as error:
        raise LLMTimeoutError from error
    except RefusedByProvider as error:
        raise LLMError("the provider refused", retry_after=error.pause) from error
    except ConnectionError as error:
        raise LLMError("the answer broke off") from error


Mutants: TypeAlias = Mapping[str, tuple[str, Callable[[Provider], Any]]]


def report_on(make: Callable[[Provider], Any]) -> Callable[[], Report]:
    """Return what checks an adapter with all provocations."""
    provider = Provider()
    return lambda: check_model(lambda: nullcontext(make(provider)), provider.provocations)


def found_in(mutants: Mutants, name: str) -> tuple[list[str], str]:
    """Return the promises that a mutant breaks, and the one that it is made to break."""
    number, make = mutants[name]
    return broken(report_on(make)), number
