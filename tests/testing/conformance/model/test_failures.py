"""The promises of a model that fails: adapters that break one each."""

from __future__ import annotations

from typing import Any, Final

import pytest

from coachwork.errors import LLMError
from coachwork.ports import Ask
from coachwork.testing.conformance.model import model_suite
from tests.providers import KEY, Adapter, Mutants, RefusedByProvider, found_in, report_on

pytestmark = pytest.mark.usefixtures("hurried")


class OtherErrors(Adapter):
    """Raises errors of its own."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Do so where it is refused."""
        try:
            return super().complete(ask)
        except LLMError as error:
            if self.provider.does == "refuses":
                raise RuntimeError("refused") from error
            raise


class Talkative(Adapter):
    """Tells what the provider said."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Do so where it is refused."""
        try:
            return super().complete(ask)
        except LLMError as error:
            if isinstance(error.__cause__, RefusedByProvider):
                told = str(error.__cause__).replace(KEY, "***")
                raise LLMError(told, retry_after=error.provider_retry_after) from error
            raise


class Careless(Adapter):
    """Tells with which key it was refused."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Do so where it is refused."""
        try:
            return super().complete(ask)
        except LLMError as error:
            error.client = {"key": KEY}  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
            raise


class Impatient(Adapter):
    """Takes no notice of a wish for a pause."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Forget it."""
        try:
            return super().complete(ask)
        except LLMError as error:
            error.provider_retry_after = None
            raise


class Retrying(Adapter):
    """Tries again by itself."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Do so once."""
        try:
            return super().complete(ask)
        except LLMError:
            return super().complete(ask)


class Resentful(Adapter):
    """Gives up after some failures."""

    failures = 0

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Count them."""
        if self.failures > 5:
            raise LLMError("the circuit is open")
        try:
            return super().complete(ask)
        except LLMError:
            self.failures += 1
            raise


class Content(Adapter):
    """Is content with half an answer."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Take it for the whole."""
        try:
            return super().complete(ask)
        except LLMError as error:
            if isinstance(error.__cause__, ConnectionError):
                return self.answer(self.provider.text[:9])
            raise


MUTANTS: Final[Mutants] = {
    "raises errors of its own": ("M21", OtherErrors),
    "repeats what was said": ("M22", Talkative),
    "tells its key": ("M22", Careless),
    "forgets a pause": ("M23", Impatient),
    "tries again": ("M24", Retrying),
    "gives up for ever": ("M25", Resentful),
    "takes half for all when the rest breaks off": ("M26", Content),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_adapter_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    found, number = found_in(MUTANTS, name)
    assert found == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the adapter does."""
    numbers = [p.number for p in model_suite().promises if "M21" <= p.number <= "M26"]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_a_report_tells_nothing_either() -> None:
    """What leaked is counted, not shown."""
    with pytest.raises(AssertionError) as error:
        report_on(Careless)()
    assert KEY not in str(error.value)
