"""The promises of a model that writes piece by piece: adapters that break one each."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from threading import Timer
from time import sleep
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork.ports import Answer, Ask
from coachwork.testing.conformance.model import _streams as streams
from coachwork.testing.conformance.model import model_suite
from tests.providers import Adapter, Mutants, found_in, report_on
from tests.verdicts import broken

pytestmark = pytest.mark.usefixtures("hurried")


class Silent(Adapter):
    """Streams nothing."""

    def heard(self, ask: Ask, pieces: Iterable[str]) -> Generator[str]:
        """Let nobody hear."""
        return super().heard(evolve(ask, sink=None), pieces)


class Repeating(Adapter):
    """Gives the whole once more in the end."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Do so."""
        answer = super().complete(ask)
        if ask.sink is not None:
            ask.sink(str(answer.text))
        return answer


class Bytes(Adapter):
    """Gives what came over the wire."""

    def heard(self, ask: Ask, pieces: Iterable[str]) -> Generator[str]:
        """Pass it on."""
        sink: Callable[[Any], None] | None = ask.sink
        for piece in pieces:
            if sink is not None:
                sink(piece.encode())
            yield piece


class Lingering(Adapter):
    """Gives one more piece when everything is over."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Do so, a little later."""
        answer = super().complete(ask)
        if ask.sink is not None:
            late = Timer(0.5, ask.sink, ("one more thing",))
            late.daemon = True
            late.start()
        return answer


class Sharing(Adapter):
    """Keeps the sink where another call changes it."""

    _sink: Callable[[str], None] | None = None

    def heard(self, ask: Ask, pieces: Iterable[str]) -> Generator[str]:
        """Pass the pieces on to whoever came last."""
        self._sink = ask.sink
        for piece in pieces:
            if ask.sink is not None:
                sleep(0.01)
                assert self._sink is not None
                self._sink(piece)
            yield piece


class Structured(Adapter):
    """Gives data, as providers do that hold a model to a schema."""

    def answer(self, text: str) -> Answer:
        """Return it so."""
        return Answer(data=json.loads(text), finish=self.provider.finish)


class Confused(Structured):
    """Gives data, and streams what it thought of before."""

    def heard(self, ask: Ask, pieces: Iterable[str]) -> Generator[str]:
        """Let that be heard."""
        if ask.sink is not None:
            ask.sink("Let me see: ")
        return super().heard(ask, pieces)


MUTANTS: Final[Mutants] = {
    "streams nothing": ("M18", Silent),
    "says it twice": ("M18", Repeating),
    "gives bytes": ("M18", Bytes),
    "thinks aloud": ("M18", Confused),
    "lingers": ("M19", Lingering),
    "shares its sink": ("M20", Sharing),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_adapter_is_found_by_its_promise(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By that one and by no other."""
    if name == "lingers":
        monkeypatch.setattr(streams, "AFTER", 10.0)
        monkeypatch.setattr(streams, "STEPS", 1000)
    found, number = found_in(MUTANTS, name)
    assert found == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the adapter does."""
    numbers = [p.number for p in model_suite().promises if "M18" <= p.number <= "M20"]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_data_may_be_streamed_as_the_document_that_it_is() -> None:
    """An adapter with structured output keeps all promises."""
    assert broken(report_on(Structured)) == []
