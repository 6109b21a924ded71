"""How all checks of a port are run: to the end, each with a deadline, and told at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Event, current_thread
from typing import Any

import pytest
from attrs import evolve

from coachwork.adapters import Memory
from coachwork.effects import Get, Workflow
from coachwork.errors import StoreUnavailableError, ValidationError
from coachwork.records import Key, Record
from coachwork.testing.conformance import (
    Capability,
    ConformanceError,
    Make,
    Port,
    Promise,
    PromiseBrokenError,
    Report,
    Suite,
    Terms,
    Trial,
    Verdict,
    check,
    check_async,
    promise,
)
from coachwork.testing.conformance import _running as running

PORT = Port(name="Repository", field="repository", method="commit")
TENANTS: list[str] = []


@promise("X01", why="Why.", where="Where.")
def nothing_is_there(trial: Trial) -> Workflow[None]:
    """Nothing is there."""
    TENANTS.append(trial.tenant)
    yield from Get(Key("thing", trial.tenant, ("a",)))


@promise("X02", why="Why.", where="Where.")
def something_is_there(_trial: Trial) -> Workflow[None]:
    """Something is there."""
    yield from ()
    raise PromiseBrokenError("get", "something", "nothing")


def afterwards(trial: Trial) -> Workflow[None]:
    """Look again."""
    yield from nothing_is_there.check(trial)


@promise("X03", why="Why.", where="Where.", needs=Capability.REOPENING, then=afterwards)
def it_lasts(trial: Trial) -> Workflow[None]:
    """It is the same afterwards."""
    yield from nothing_is_there.check(trial)


def suite(*promises: Promise) -> Suite:
    """Return a suite of those."""
    return Suite(port=PORT, promises=promises)


def memory() -> AbstractContextManager[Any]:
    """Make a repository."""
    return nullcontext(Memory())


def memory_async() -> AbstractContextManager[Any]:
    """Make an async one."""
    return nullcontext(Memory().for_async())


def blocking(about: Suite, make: Make = memory, terms: Terms | None = None) -> Report:
    """Check a blocking repository."""
    return found(lambda: check(about, make, terms or Terms.of(about)))


def awaited(about: Suite, make: Make = memory_async, terms: Terms | None = None) -> Report:
    """Check an async one in a running loop."""
    return found(lambda: asyncio.run(check_async(about, make, terms or Terms.of(about))))


def found(checked: Callable[[], Report]) -> Report:
    """Return the report, whether all was well or not."""
    try:
        return checked()
    except ConformanceError as error:
        return error.report


both = pytest.mark.parametrize("run", [blocking, awaited], ids=["blocking", "async"])


@both
def test_all_checks_run_and_then_what_failed_is_raised(run: Callable[..., Report]) -> None:
    """The first broken promise does not hide the others."""
    other = evolve(something_is_there, number="X04", name="another")
    report = run(suite(something_is_there, nothing_is_there, other))
    verdicts = [outcome.verdict for outcome in report.outcomes]
    assert verdicts == [Verdict.BROKEN, Verdict.KEPT, Verdict.BROKEN]
    assert [outcome.found for outcome in report.broken] == [
        "get\nexpected: something\ngot:      nothing"
    ] * 2
    assert report.seconds >= sum(outcome.seconds for outcome in report.outcomes) > 0


@both
def test_all_is_well(run: Callable[..., Report]) -> None:
    """Each check had a tenant of its own; what comes later has the same one."""
    TENANTS.clear()
    report = run(suite(nothing_is_there, it_lasts))
    assert report.broken == ()
    assert report.lacking == ()
    first, second, third = TENANTS
    assert first != second == third


@both
def test_the_adapter_is_made_for_every_chapter(run: Callable[..., Report]) -> None:
    """What was ended is not used again."""
    made: list[object] = []

    def make() -> AbstractContextManager[object]:
        made.append(1)
        return memory() if run is blocking else memory_async()

    run(suite(nothing_is_there, it_lasts), make)
    # A context manager that blocks and gives what is awaited is looked at first.
    assert len(made) == 3


@both
def test_what_is_lacking_is_not_checked(run: Callable[..., Report]) -> None:
    """It is reported as lacking, and that is no failure."""
    TENANTS.clear()
    about = suite(nothing_is_there, it_lasts)
    report = run(about, terms=Terms.of(about, lacks=[Capability.REOPENING]))
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.KEPT, Verdict.LACKING]
    assert report.lacking == (Capability.REOPENING,)
    assert len(TENANTS) == 1


class Away(Memory):
    """A repository that is not there."""

    def get(self, _key: Key, /) -> Record | None:
        """Fail."""
        raise StoreUnavailableError("it is away")


@both
def test_what_an_adapter_raises_is_reported(run: Callable[..., Report]) -> None:
    """With what was asked, and the place; a broken ``make`` as well."""
    make = {blocking: lambda: nullcontext(Away()), awaited: lambda: nullcontext(Away().for_async())}
    report = run(suite(nothing_is_there), make[run])
    (outcome,) = report.broken
    assert outcome.verdict is Verdict.BROKEN
    assert "StoreUnavailableError: the repository did nothing: it is away" in outcome.found
    assert "test_running.py" in outcome.found

    def fails() -> AbstractContextManager[object]:
        raise OSError("no network")

    (outcome,) = run(suite(nothing_is_there), fails).broken
    assert "OSError: no network" in outcome.found


@pytest.mark.parametrize("error", [SystemExit(2), KeyboardInterrupt()], ids=repr)
def test_an_adapter_cannot_end_the_kit(error: BaseException) -> None:
    """What ends a thread is reported."""

    def ends() -> AbstractContextManager[object]:
        raise error

    (outcome,) = blocking(suite(nothing_is_there), ends).broken
    assert type(error).__name__ in outcome.found


SOON = Terms.of(suite(nothing_is_there), deadline=0.05)


def hanging(until: Event) -> Promise:
    """Return a promise whose check does not end."""

    @promise("X05", why="Why.", where="Where.")
    def it_ends(_trial: Trial) -> Workflow[None]:
        """It comes to an end."""
        yield from ()
        until.wait(20)

    return it_ends


def test_a_check_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others run; after three that hang nobody waits any longer."""
    monkeypatch.setattr(running, "GRACE", 0.0)
    until = Event()
    promises = [
        evolve(hanging(until), number=f"X{n:02d}", name=f"it-ends-{n}") for n in range(10, 15)
    ]
    about = suite(nothing_is_there, *promises)
    report = blocking(about, terms=Terms.of(about, deadline=0.05))
    until.set()
    verdicts = [outcome.verdict for outcome in report.outcomes]
    assert verdicts == [Verdict.KEPT, *[Verdict.HUNG] * 3, *[Verdict.UNTRIED] * 2]
    assert report.broken[0].found.startswith("no end after 0.05 s; it stands at ")
    assert "in it_ends" in report.broken[0].found
    assert report.broken[3].found == "3 checks hung before it"


def test_an_async_check_that_hangs_is_given_up() -> None:
    """In the running loop as well."""

    class Hanging:
        async def commit(self, _ops: object, /) -> None:
            """Do nothing."""

        async def get(self, _key: Key, /) -> None:
            """Wait."""
            await asyncio.sleep(20)

    report = awaited(suite(nothing_is_there), lambda: nullcontext(Hanging()), SOON)
    assert report.broken[0].verdict is Verdict.HUNG
    assert "in get" in report.broken[0].found


def test_a_loop_that_is_blocked_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An async adapter that blocks stops its own loop, and not the kit."""
    monkeypatch.setattr(running, "GRACE", 0.05)
    until = Event()

    class Blocking:
        async def commit(self, _ops: object, /) -> None:
            """Do nothing."""

        async def get(self, _key: Key, /) -> None:
            """Block."""
            until.wait(20)

    report = blocking(suite(nothing_is_there), lambda: nullcontext(Blocking()), SOON)
    until.set()
    assert report.broken[0].verdict is Verdict.HUNG
    assert "test_running.py" in report.broken[0].found


def test_blocking_checks_run_in_threads_with_names() -> None:
    """A report of a hanging process can be told whose they are."""
    names: list[str] = []

    @promise("X06", why="Why.", where="Where.")
    def it_runs(_trial: Trial) -> Workflow[None]:
        """It runs."""
        names.append(current_thread().name)
        yield from ()

    blocking(suite(it_runs))
    assert names[0].startswith("coachwork-X06-")


@both
def test_what_makes_nothing_is_refused(run: Callable[..., Report]) -> None:
    """An argument of the wrong kind is an error of the caller, not of the adapter."""
    with pytest.raises(ValidationError, match="make: expected a function"):
        run(suite(nothing_is_there), Memory())
    terms = Terms.of(suite(nothing_is_there), processes=True)
    with pytest.raises(ValidationError, match="other processes can import"):
        run(suite(nothing_is_there), lambda: nullcontext(Memory()), terms)
    make = memory if run is blocking else memory_async
    assert run(suite(nothing_is_there), make, terms).broken == ()


def test_the_time_of_each_check_is_told() -> None:
    """In seconds, of the whole check."""

    @promise("X07", why="Why.", where="Where.")
    def it_takes_time(_trial: Trial) -> Workflow[None]:
        """It takes time."""
        time.sleep(0.02)
        yield from ()

    assert blocking(suite(it_takes_time)).outcomes[0].seconds >= 0.02
