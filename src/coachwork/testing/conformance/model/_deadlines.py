"""What is promised of a model whose provider takes too long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

from attrs import frozen

from coachwork.effects import Effect, Workflow
from coachwork.errors import LLMTimeoutError
from coachwork.ports import Ask, AsyncPorts, Ports
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect
from coachwork.testing.conformance._promise import Trial
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.model._asking import ASK, SINKS, asking, failure
from coachwork.testing.conformance.model._provocations import Provocations

TIMEOUT: Final = 0.3
"""Seconds that a call is given."""

LATE: Final = 5.0
"""Seconds that it may take longer on a busy machine."""

TIME: Final = f"{ASK}: timeout"


@frozen
class GiveUp(Effect[bool]):
    """Does the call end when its task is cancelled?

    Where the port blocks, nothing can be cancelled, and nothing is asked.
    """

    ask: Ask

    def perform(self, ports: Ports | AsyncPorts, /) -> bool | Awaitable[bool]:
        """Begin it, and cancel it."""
        return self._given_up(ports) if isinstance(ports, AsyncPorts) else True

    async def _given_up(self, ports: AsyncPorts) -> bool:
        import asyncio  # noqa: PLC0415 - only who awaits needs it

        async def asked() -> None:
            await ports.model.complete(self.ask)

        task = asyncio.create_task(asked())
        await asyncio.wait([task], timeout=TIMEOUT)
        task.cancel()
        await asyncio.wait([task], timeout=LATE)
        return task.cancelled()


def _ends_in_time(trial: Trial, sink: Callable[[str], None] | None) -> Workflow[None]:
    """Make sure that a call that is not answered ends when its time is over, by an error."""
    effect = asking(trial, timeout=TIMEOUT, sink=sink)
    begun = monotonic()
    yield from failure(effect, LLMTimeoutError)
    took = monotonic() - begun
    if not TIMEOUT / 2 <= took <= TIMEOUT + LATE:
        raise PromiseBrokenError(in_words(effect), f"{TIMEOUT} s", f"{took:.1f} s")


@draft(
    "M27",
    why="A session hangs until its lease runs out, and with it a worker.",
    where=TIME,
    needs=Capability.SILENCE,
)
def a_call_ends_in_time(provider: Provocations, trial: Trial) -> Workflow[None]:
    """A provider that says nothing is an LLMTimeoutError when the time is over."""
    for sink in SINKS:
        with provider.hanging():
            yield from _ends_in_time(trial, sink)


@draft(
    "M28",
    why="A session hangs in the middle of an answer, and with it a worker.",
    where=TIME,
    needs=Capability.STALLS,
)
def half_an_answer_ends_in_time(provider: Provocations, trial: Trial) -> Workflow[None]:
    """A provider that falls silent is an LLMTimeoutError when the time is over."""
    for sink in SINKS:
        with provider.stalling():
            yield from _ends_in_time(trial, sink)


@draft(
    "M29",
    why="A server that is told to end does not, and a person who left is still paid for.",
    where="coachwork.ports.AsyncLanguageModel: a cancelled call is really given up",
    needs=Capability.SILENCE,
)
def a_cancelled_call_is_given_up(provider: Provocations, trial: Trial) -> Workflow[None]:
    """An async call whose task is cancelled ends at once."""
    with provider.hanging():
        is_over = yield from GiveUp(asking(trial).ask)
    expect("whether a cancelled call ends", is_over, expected=True)
