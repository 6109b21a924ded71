"""The promises of a sink: sinks that keep them, and some that break one each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from queue import Queue
from threading import get_ident
from time import sleep
from typing import Any, Final, cast

import pytest

from coachwork.ports import Partial, Sink
from coachwork.testing.conformance import ConformanceError, Terms, Verdict, hold
from coachwork.testing.conformance.sink import SINK_SUITE, check_sink
from tests.verdicts import broken, report_of


def in_latin(partial: Partial) -> None:
    """Write a piece down in bytes, which not every text can be."""
    partial.text.encode()


async def awaited(_partial: Partial) -> None:
    """Take a piece, when somebody awaits it."""


def slow(_partial: Partial) -> None:
    """Write to something that takes its time."""
    sleep(0.021)


def of_its_thread() -> Callable[[Partial], None]:
    """Return a sink that works in the thread that made it only."""
    thread = get_ident()

    def sink(_partial: Partial) -> None:
        if get_ident() != thread:
            raise RuntimeError("made in another thread")

    return sink


def in_a_loop_of_its_own(partial: Partial) -> None:
    """Publish a piece by an event loop that is run for it."""
    publishing = awaited(partial)
    try:
        asyncio.run(publishing)
    finally:
        publishing.close()


MUTANTS: Final[Mapping[str, tuple[str, Callable[[], Any]]]] = {
    "cannot write some texts": ("K01", lambda: in_latin),
    "has to be awaited": ("K02", lambda: awaited),
    "is slow": ("K03", lambda: slow),
    "works in its own thread only": ("K04", of_its_thread),
    "runs a loop": ("K05", lambda: in_a_loop_of_its_own),
}
"""What is wrong with each, and which promise tells it."""


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give as few pieces as show what is slow."""
    monkeypatch.setattr("coachwork.testing.conformance.sink.MANY", 20)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_sink_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    assert broken(lambda: check_sink(lambda: nullcontext(cast("Sink", make())))) == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the sink does."""
    numbers = [promise.number for promise in SINK_SUITE.promises]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_sinks_that_keep_them() -> None:
    """A list, and a queue that has no end."""
    pieces: list[Partial] = []
    queue: Queue[Partial] = Queue()
    reports = [
        check_sink(lambda: nullcontext(pieces.append)),
        check_sink(lambda: nullcontext(queue.put)),
    ]
    assert {o.verdict for report in reports for o in report.outcomes} == {Verdict.KEPT}
    assert len(pieces) == queue.qsize() > 100


def test_a_queue_that_gets_full_is_found_to_hang() -> None:
    """Whoever reads it may be slow, or gone."""
    (promise,) = (promise for promise in SINK_SUITE.promises if promise.number == "K03")
    terms = Terms.of(SINK_SUITE, deadline=0.2)
    outcome = hold(SINK_SUITE, promise, lambda: nullcontext(Queue[Partial](19).put), terms)
    assert outcome.verdict is Verdict.HUNG


def test_what_is_wrong_is_told() -> None:
    """What was asked, what was expected, and what came."""
    with pytest.raises(ConformanceError) as error:
        check_sink(lambda: nullcontext(lambda partial: partial.sequence))
    assert "a piece of 5 characters\n    expected: None\n    got:      1" in str(error.value)
    report = report_of(lambda: check_sink(lambda: nullcontext(in_a_loop_of_its_own)))
    assert (
        "a piece of 5 characters, in an event loop\nexpected: an answer" in report.broken[0].found
    )
