"""The promises of how a model is shown a conversation: adapters that break one each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork.ports import Ask, PromptRole
from coachwork.testing.conformance.model import model_suite
from tests.providers import Adapter, Mutants, Provider, found_in

pytestmark = pytest.mark.usefixtures("hurried")


def refusing(refuses: Callable[[list[PromptRole]], bool]) -> Callable[[Provider], Adapter]:
    """Return an adapter whose client refuses conversations of some form."""

    class Refusing(Adapter):
        def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
            if refuses([prompt.role for prompt in ask.messages]):
                raise ValueError("roles must alternate")
            return super().complete(ask)

    return Refusing


class Encoding(Adapter):
    """Sends bytes, which not every text can be."""

    def request(self, ask: Ask) -> str:
        """Make them."""
        for prompt in ask.messages:
            prompt.text.encode()
        return super().request(ask)


class Cutting(Adapter):
    """Shows the end of a conversation only."""

    def request(self, ask: Ask) -> str:
        """Leave the rest out."""
        return super().request(evolve(ask, messages=(ask.messages[0], *ask.messages[-2:])))


class Sorting(Adapter):
    """Shows what the person said after what the coach did."""

    def request(self, ask: Ask) -> str:
        """Put it in that order."""
        return super().request(evolve(ask, messages=tuple(sorted(ask.messages, key=_role))))


def _role(prompt: Any) -> str:  # noqa: ANN401 - a prompt
    return str(prompt.role)


class Stubborn(Adapter):
    """Asks its own model, whatever a topic wants."""

    def request(self, ask: Ask) -> str:
        """Leave the name out."""
        return super().request(evolve(ask, model=None))


class Cautious(Adapter):
    """Asks whether the provider is there, each time before it asks."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Ask twice."""
        if self.provider.does is None:
            list(self.provider.stream("ping", ask.timeout))
        return super().complete(ask)


MUTANTS: Final[Mutants] = {
    "wants somebody to have spoken": (
        "M10",
        refusing(lambda roles: not {PromptRole.USER, PromptRole.COACH} & {*roles}),
    ),
    "wants roles to take turns": (
        "M11",
        refusing(lambda roles: any(one == other for one, other in pairwise(roles))),
    ),
    "wants the last word to be the user's": (
        "M12",
        refusing(lambda roles: roles[-2:] == [PromptRole.COACH, PromptRole.INSTRUCTION]),
    ),
    "cannot send some texts": ("M13", Encoding),
    "takes fifty messages": ("M14", refusing(lambda roles: len(roles) > 50)),
    "shows the end only": ("M15", Cutting),
    "shows another order": ("M15", Sorting),
    "asks its own model": ("M16", Stubborn),
    "asks whether it may ask": ("M17", Cautious),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_adapter_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    found, number = found_in(MUTANTS, name)
    assert found == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the adapter does."""
    numbers = [p.number for p in model_suite().promises if "M10" <= p.number <= "M17"]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers
