"""The promises of a model whose provider takes too long: adapters that break one each."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any, Final

import pytest

from coachwork.errors import LLMError, LLMTimeoutError
from coachwork.ports import Ask
from coachwork.testing.conformance import hold
from coachwork.testing.conformance.model import _deadlines as deadlines
from coachwork.testing.conformance.model import model_suite, model_terms
from tests.providers import Adapter, AsyncAdapter, Mutants, Provider, found_in

pytestmark = pytest.mark.usefixtures("hurried")


class Vague(Adapter):
    """Takes silence for any failure."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Say so."""
        try:
            return super().complete(ask)
        except LLMTimeoutError as error:
            if self.provider.does == "hangs":
                raise LLMError("nothing came") from error
            raise


class Hasty(Adapter):
    """Waits for no first word."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Give up at once."""
        if self.provider.does == "hangs":
            raise LLMTimeoutError
        return super().complete(ask)


class Slow(Adapter):
    """Keeps a time of its own."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Wait longer than it is told to."""
        if self.provider.does == "hangs":
            self.provider.ending.wait(ask.timeout + 0.2)
            raise LLMTimeoutError
        return super().complete(ask)


class Content(Adapter):
    """Is content with what came until then."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Take it for the whole."""
        try:
            return super().complete(ask)
        except LLMTimeoutError:
            if self.provider.does == "stalls":
                return self.answer(self.provider.text[:9])
            raise


class Unstoppable(AsyncAdapter):
    """Goes on when it is cancelled."""

    async def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Wait for the time to be over."""
        try:
            return await super().complete(ask)
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)
            raise


MUTANTS: Final[Mutants] = {
    "takes silence for any failure": ("M27", Vague),
    "waits for nothing": ("M27", Hasty),
    "keeps a time of its own": ("M27", Slow),
    "takes half for all when the rest is late": ("M28", Content),
    "goes on when it is cancelled": ("M29", Unstoppable),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_adapter_is_found_by_its_promise(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    if name not in {"keeps a time of its own", "goes on when it is cancelled"}:
        assert found_in(MUTANTS, name) == ([number], number)
        return
    # A busy machine may be that late with what is right, too.
    monkeypatch.setattr(deadlines, "LATE", 0.05)
    provider = Provider()
    suite, terms = model_terms(provider.provocations, (), 20)
    (promise,) = (promise for promise in suite.promises if promise.number == number)
    assert hold(suite, promise, lambda: nullcontext(make(provider)), terms).verdict == "broken"


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the adapter does."""
    numbers = [p.number for p in model_suite().promises if "M27" <= p.number <= "M29"]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers
