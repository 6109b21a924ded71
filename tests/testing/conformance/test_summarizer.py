"""The promises of a summarizer: summarizers that keep them, and some that break one each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from threading import get_ident
from typing import Any, Final

import pytest

from coachwork.adapters import ExtractiveSummarizer, in_threads
from coachwork.messages import Message, Role
from coachwork.ports import Summarizer
from coachwork.testing.conformance import Capability, ConformanceError, Verdict
from coachwork.testing.conformance.summarizer import (
    SUMMARIZER,
    check_async_summarizer,
    check_summarizer,
)
from tests.verdicts import broken, unchecked

Told = Callable[[str | None, Sequence[Message]], object]


class Tells:
    """A summarizer that tells what a function says."""

    def __init__(self, tells: Told) -> None:
        """Take the function."""
        self._tells = tells

    def summarize(self, previous: str | None, messages: Sequence[Message], /) -> Any:  # noqa: ANN401
        """See `coachwork.ports.Summarizer.summarize`."""
        return self._tells(previous, messages)


OWN: Final = ExtractiveSummarizer().summarize


def first_word(_previous: str | None, messages: Sequence[Message]) -> str:
    """Tell who spoke first, which takes for granted that somebody did."""
    return f"{messages[0].role.name} began. {OWN(_previous, messages)}"


def latin(previous: str | None, messages: Sequence[Message]) -> str:
    """Write it down in bytes, which not every text can be."""
    return OWN(previous, messages).encode().decode()


def everything(previous: str | None, messages: Sequence[Message]) -> str:
    """Keep every word."""
    return " ".join([previous or "", *(m.text for m in messages if m.role is Role.USER)])


class OfItsThread(Tells):
    """A summarizer that works in the thread that made it only."""

    def __init__(self) -> None:
        """Remember the thread."""
        super().__init__(self._in_it)
        self._thread = get_ident()

    def _in_it(self, previous: str | None, messages: Sequence[Message]) -> str:
        if get_ident() != self._thread:
            raise RuntimeError("made in another thread")
        return OWN(previous, messages)


MUTANTS: Final[Mapping[str, tuple[str, Callable[[], Summarizer]]]] = {
    "gives a list": ("S01", lambda: Tells(lambda previous, messages: [OWN(previous, messages)])),
    "forgets the story": ("S02", lambda: Tells(lambda _, messages: OWN(None, messages))),
    "tells the story only": ("S03", lambda: Tells(lambda previous, _: previous or "")),
    "needs a message": ("S04", lambda: Tells(first_word)),
    "cannot write some texts": ("S05", lambda: Tells(latin)),
    "keeps every word": ("S06", lambda: Tells(everything)),
    "works in its own thread only": ("S07", OfItsThread),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_summarizer_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    assert broken(lambda: check_summarizer(lambda: nullcontext(make()))) == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the summarizer does."""
    numbers = [promise.number for promise in SUMMARIZER.promises]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_the_summarizer_that_ships_keeps_them() -> None:
    """In both colours, in a loop of the kit's own and in a running one, and in threads."""
    own = ExtractiveSummarizer()
    reports = [
        check_summarizer(lambda: nullcontext(own)),
        check_summarizer(lambda: nullcontext(own.for_async())),
        asyncio.run(check_async_summarizer(lambda: nullcontext(own.for_async()))),
        check_summarizer(lambda: nullcontext(in_threads(own, threads=2))),
    ]
    assert {o.verdict for report in reports for o in report.outcomes} == {Verdict.KEPT}


def test_a_summarizer_may_tell_in_words_of_its_own() -> None:
    """Said so, nobody looks for the words of who spoke."""
    own = Tells(lambda _previous, messages: f"{len(messages)} things were said.")
    lacks = [Capability.RECALL]
    assert unchecked(lambda: check_summarizer(lambda: nullcontext(own), lacks=lacks)) == [
        "S02",
        "S03",
    ]


def test_what_is_wrong_is_told() -> None:
    """What was asked, what was expected, and what came; in a running loop as well."""
    own = Tells(lambda _previous, messages: OWN(None, messages))
    with pytest.raises(ConformanceError) as error:
        asyncio.run(check_async_summarizer(lambda: nullcontext(in_threads(own))))
    told = "summarize('They said: My sister Quillfeather keeps bees.', 4 messages)"
    assert f"{told}\n    expected: a word of Quillfeather" in str(error.value)
