"""The promises of a dispatcher: dispatchers that keep them, and some that break one each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from threading import Timer, current_thread
from time import sleep
from typing import Final

import pytest

from coachwork.adapters import AsyncRingingDispatcher, Bell, RingingDispatcher, in_threads
from coachwork.jobs import JobRef
from coachwork.testing import RecordingDispatcher
from coachwork.testing.conformance import ConformanceError, Verdict
from coachwork.testing.conformance.dispatcher import (
    check_async_dispatcher,
    check_dispatcher,
    dispatcher_suite,
)
from tests.verdicts import broken, report_of, unchecked


class Queue:
    """A dispatcher that puts jobs into a queue, which is its own other end."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.texts: list[str] = []

    def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        self.put(ref.text)

    def put(self, text: str) -> None:
        """Put it in."""
        self.texts.append(text)

    def arrived(self) -> Iterable[str]:
        """Tell what is in the queue."""
        return list(self.texts)


class Picky(Queue):
    """A dispatcher that fails on long ids."""

    def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        super().dispatch(ref)
        if len(ref.job) > 64:
            raise ValueError("too long for a column")


class Unique(Queue):
    """A dispatcher that fails on a job that it knows."""

    def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        known = ref.text in self.texts
        super().dispatch(ref)
        if known and ref.job == "job":
            raise LookupError("a key twice")


class Single(Queue):
    """A dispatcher that fails in threads of its callers."""

    def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        if "racer" in current_thread().name:
            raise RuntimeError("made in another thread")
        super().dispatch(ref)


class Joining(Queue):
    """A dispatcher that joins ids by a slash."""

    def put(self, text: str) -> None:
        """Put it in, cut where a slash is."""
        ref = JobRef.parse(text)
        super().put(JobRef(ref.tenant, ref.job.split("/")[0] or "none", ref.kind).text)


class Racing(Queue):
    """A dispatcher that forgets jobs when several come at once."""

    def put(self, text: str) -> None:
        """Put it in, a little later."""
        if JobRef.parse(text).job.count("-") < 2:
            super().put(text)
            return
        known = [*self.texts, text]
        sleep(0.002)
        self.texts = known


MUTANTS: Final[Mapping[str, tuple[str, Callable[[], Queue]]]] = {
    "fails on long ids": ("D01", Picky),
    "fails on a repeat": ("D02", Unique),
    "fails in other threads": ("D03", Single),
    "cuts ids": ("D04", Joining),
    "loses what comes at once": ("D05", Racing),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_dispatcher_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    queue = make()
    found = broken(lambda: check_dispatcher(lambda: nullcontext(queue), arrived=queue.arrived))
    assert found == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the dispatcher does."""
    numbers = [promise.number for promise in dispatcher_suite().promises]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_dispatchers_that_keep_them() -> None:
    """A queue, the bell with one behind it, and the recording one, in both colours."""
    queue, recording = Queue(), RecordingDispatcher()

    def recorded() -> Iterable[str]:
        return [ref.text for ref in recording.refs]

    ringing = RingingDispatcher(Bell(), queue)
    reports = [
        check_dispatcher(lambda: nullcontext(queue), arrived=queue.arrived),
        check_dispatcher(lambda: nullcontext(ringing), arrived=queue.arrived),
        check_dispatcher(lambda: nullcontext(recording), arrived=recorded),
        check_dispatcher(lambda: nullcontext(recording.for_async()), arrived=recorded),
    ]

    async def main() -> None:
        ringing = AsyncRingingDispatcher(Bell(), in_threads(queue, threads=2))
        make = lambda: nullcontext(ringing)  # noqa: E731 - it is handed on
        reports.append(await check_async_dispatcher(make, arrived=queue.arrived))

    asyncio.run(main())
    assert {o.verdict for report in reports for o in report.outcomes} == {Verdict.KEPT}


def test_what_arrives_late_is_waited_for() -> None:
    """As long as it may lag behind, and no longer."""

    class Late(Queue):
        """A queue that shows what was put in a little later."""

        def put(self, text: str) -> None:
            """Put it in."""
            timer = Timer(0.05, super().put, (text,))
            timer.daemon = True
            timer.start()

    late = Late()
    check_dispatcher(lambda: nullcontext(late), arrived=late.arrived, settle=20)
    report = report_of(lambda: check_dispatcher(lambda: nullcontext(late), arrived=late.arrived))
    assert "D04" in [outcome.promise.number for outcome in report.broken]


def test_what_nobody_sees_is_not_checked() -> None:
    """And the report says what is lost by that."""
    assert unchecked(lambda: check_dispatcher(lambda: nullcontext(Racing()))) == ["D04", "D05"]


def test_what_is_wrong_is_told() -> None:
    """What was asked, what was expected, and what came; in a running loop as well."""
    queue = Joining()
    with pytest.raises(ConformanceError) as error:
        check_dispatcher(lambda: nullcontext(queue), arrived=queue.arrived)
    assert "what has not arrived\n    expected: none\n" in str(error.value)
    assert "the reply job 'A/b' of tenant" in str(error.value)
    with pytest.raises(ConformanceError, match=r"dispatch\(the reply job 'xxx"):
        asyncio.run(check_async_dispatcher(lambda: nullcontext(in_threads(Picky()))))
