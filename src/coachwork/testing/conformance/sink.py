"""What is promised of who is given the pieces of a message while a model writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from statistics import median
from time import perf_counter
from types import CoroutineType
from typing import Final, TypeAlias, cast

from attrs import frozen

from coachwork.effects import Effect, Workflow
from coachwork.ports import AsyncPorts, Partial, Ports, Sink
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._promise import (
    DEADLINE,
    Port,
    Suite,
    Terms,
    Trial,
    promise,
)
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check
from coachwork.testing.conformance._samples import HOSTILE, ODD
from coachwork.testing.conformance._together import AtOnce
from coachwork.testing.conformance._words import in_words

SinkMake: TypeAlias = Callable[[], AbstractContextManager[Sink]]
"""Makes a sink: see `coachwork.testing.conformance.Make`."""

SINK: Final = "coachwork.ports.Sink"
RACERS: Final = 8
MANY: Final = 1000
"""More pieces than anybody reads meanwhile."""

PROMPT: Final = 0.02
"""Seconds within which at least half of all pieces are taken."""


@frozen
class Give(Effect[object]):
    """What becomes of this piece?"""

    partial: Partial

    def perform(self, ports: Ports | AsyncPorts, /) -> object:
        """Give it to the sink."""
        return _give(ports, self.partial)


@frozen
class GiveInLoop(Effect[object]):
    """What becomes of this piece in an event loop that is running?"""

    partial: Partial

    def perform(self, ports: Ports | AsyncPorts, /) -> object:
        """Run a loop, and give it there."""
        import asyncio  # noqa: PLC0415 - only who awaits needs it

        async def given() -> object:
            return _give(ports, self.partial)

        return asyncio.run(given())


def _give(ports: Ports | AsyncPorts, partial: Partial) -> object:
    """Give a piece to the sink, and return what comes back; nothing of it is awaited."""
    sink = cast("Callable[[Partial], object]", ports.sink)
    answer = sink(partial)
    if isinstance(answer, CoroutineType):
        answer.close()
        return "something to be awaited"
    return answer


@in_words.register(Give)
def _(effect: Give) -> str:
    return f"a piece of {len(effect.partial.text)} characters"


@in_words.register(GiveInLoop)
def _(effect: GiveInLoop) -> str:
    return f"a piece of {len(effect.partial.text)} characters, in an event loop"


def _piece(trial: Trial, number: int, text: str = "word ", session: str = "s") -> Partial:
    """Return a piece of what the coach is saying."""
    return Partial(
        tenant=trial.tenant,
        user="ada",
        session=session,
        job=f"{trial.tenant}-j",
        attempt=1,
        sequence=number,
        text=text,
    )


def _given(pieces: Iterable[Partial]) -> Workflow[None]:
    """Give some pieces."""
    for piece in pieces:
        yield from Give(piece)


@promise("K01", why="People see an answer with holes, and a log full of warnings.", where=SINK)
def every_piece_is_taken(trial: Trial) -> Workflow[None]:
    """Pieces of any text, and of sessions of any id, are taken without error."""
    yield from _given(_piece(trial, number, text) for number, text in enumerate(ODD, 1))
    yield from _given(_piece(trial, number, session=s) for number, s in enumerate(HOSTILE, 20))


@promise("K02", why="Nobody sees anything: what an async sink gives is never awaited.", where=SINK)
def nothing_is_to_be_awaited(trial: Trial) -> Workflow[None]:
    """What comes back is None, and nothing that somebody had to wait for."""
    effect = Give(_piece(trial, 1))
    found = yield from effect
    if found is not None:
        raise PromiseBrokenError(in_words(effect), "None", in_words(found))


@promise(
    "K03",
    why="The model, or every other conversation of the event loop, stands still meanwhile.",
    where=f"{SINK}: it must not wait",
)
def nobody_has_to_wait(trial: Trial) -> Workflow[None]:
    """Many pieces are taken at once, though nobody reads them."""
    took: list[float] = []
    for number in range(MANY):
        begun = perf_counter()
        yield from Give(_piece(trial, number))
        took.append(perf_counter() - begun)
    if median(took) > PROMPT:
        told = f"{median(took) * 1000:.0f} ms, as a rule"
        raise PromiseBrokenError("each of a thousand pieces", f"{PROMPT * 1000:.0f} ms", told)


@promise(
    "K04",
    why="Of conversations that go on at the same moment one loses pieces.",
    where="coachwork.coach.Coach: it may be used by several threads at once",
)
def several_may_give_at_once(trial: Trial) -> Workflow[None]:
    """Pieces of several sessions, given by threads at the same time, are taken without error."""
    yield from AtOnce(
        tuple(
            _given(_piece(trial, number, session=f"s-{racer}") for number in range(1, 20))
            for racer in range(RACERS)
        )
    )


@promise(
    "K05",
    why="An async coach shows nothing while the model writes.",
    where=f"{SINK}: in the model's thread or event loop",
)
def a_piece_may_come_in_an_event_loop(trial: Trial) -> Workflow[None]:
    """A piece that is given in a running event loop is taken without error."""
    yield from GiveInLoop(_piece(trial, 1))


SINK_SUITE: Final = Suite(
    port=Port(name="Sink", field="sink", method=""),  # it has no async form
    promises=(
        every_piece_is_taken,
        nothing_is_to_be_awaited,
        nobody_has_to_wait,
        several_may_give_at_once,
        a_piece_may_come_in_an_event_loop,
    ),
)
"""All that is promised of a sink."""


def check_sink(make: SinkMake, *, deadline: float = DEADLINE) -> Report:
    """Check who is given the pieces of a message.

    Args:
        make: Makes the sink: a function that returns a context manager of it.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    return check(SINK_SUITE, make, Terms.of(SINK_SUITE, deadline=deadline))
