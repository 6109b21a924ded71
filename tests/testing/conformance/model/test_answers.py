"""The promises of answers: adapters that break one each."""

from __future__ import annotations

import json
from threading import current_thread
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from attrs import evolve

from coachwork.jobs import JobKind
from coachwork.messages import Usage
from coachwork.plain import JSON
from coachwork.ports import Answer, Ask
from coachwork.testing.conformance.model import model_suite
from tests.providers import Adapter, Mutants, found_in

pytestmark = pytest.mark.usefixtures("hurried")


class OtherClass(Adapter):
    """Answers in a class of its own."""

    def answer(self, text: str) -> Any:  # noqa: ANN401 - it is wrong
        """Return something that looks like an answer."""
        good = super().answer(text)
        return SimpleNamespace(**{name: getattr(good, name) for name in good.__slots__[:5]})


class OtherWords(Adapter):
    """Tells the provider's own words for why it stopped."""

    def answer(self, text: str) -> Answer:
        """Return it so."""
        good: Answer = super().answer(text)
        return evolve(good, finish={"stop": "end_turn"}.get(good.finish, good.finish))


class Negative(Adapter):
    """Counts by subtracting what was free."""

    def answer(self, text: str) -> Answer:
        """Return it so."""
        good: Answer = super().answer(text)
        return evolve(good, usage=Usage(-3, 5))


class Numbered(Adapter):
    """Has numbers for names."""

    def answer(self, text: str) -> Any:  # noqa: ANN401 - it is wrong
        """Return it so."""
        good = super().answer(text)
        return evolve(good, request_id=7)


class NoGreeting(Adapter):
    """Knows three of four purposes."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Look the purpose up."""
        {JobKind.REPLY: 1, JobKind.WELCOME_BACK: 2, JobKind.EXTRACTION: 3}[ask.purpose]
        return super().complete(ask)


class Closing(Adapter):
    """Closes the schema that it is handed, as a strict mode wants it."""

    def request(self, ask: Ask) -> str:
        """Change it."""
        cast("dict[str, JSON]", ask.schema)["required"] = ["message"]
        return super().request(ask)


class OfItsThread(Adapter):
    """Works in threads of its own only."""

    def complete(self, ask: Ask, /) -> Any:  # noqa: ANN401 - as its base
        """Refuse others."""
        if "racer" in current_thread().name:
            raise RuntimeError("made in another thread")
        return super().complete(ask)


class Simplifying(Adapter):
    """Leaves out what is no plain letter."""

    def answer(self, text: str) -> Answer:
        """Return it so."""
        good: Answer = super().answer(text)
        return evolve(good, text=text.replace("\\u05d0", "?"))


class Shortening(Adapter):
    """Leaves out what is too long for it."""

    def answer(self, text: str) -> Any:  # noqa: ANN401 - it is wrong
        """Return the data of it so."""
        good = super().answer(text)
        data = {name: value for name, value in json.loads(text).items() if len(text) < 999}
        return evolve(good, data=data, text=None)


class AlwaysWhole(Adapter):
    """Takes every answer for a whole one."""

    def answer(self, text: str) -> Answer:
        """Return it so."""
        good: Answer = super().answer(text)
        return evolve(good, finish="stop")


MUTANTS: Final[Mutants] = {
    "answers in a class of its own": ("M01", OtherClass),
    "has other words for an end": ("M02", OtherWords),
    "counts below zero": ("M03", Negative),
    "has numbers for names": ("M04", Numbered),
    "knows no greetings": ("M05", NoGreeting),
    "changes the schema": ("M06", Closing),
    "works in its own thread only": ("M07", OfItsThread),
    "leaves letters out": ("M08", Simplifying),
    "leaves out what is long": ("M08", Shortening),
    "takes every answer for whole": ("M09", AlwaysWhole),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_adapter_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    found, number = found_in(MUTANTS, name)
    assert found == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the adapter does."""
    numbers = [p.number for p in model_suite().promises if "M01" <= p.number <= "M09"]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers
