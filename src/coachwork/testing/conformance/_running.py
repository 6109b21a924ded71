"""Where the checks of a port are run, each in a thread or task of its own and with a deadline."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from functools import partial
from threading import Thread
from time import perf_counter
from typing import Final

from coachwork.adapters import TimeOrderedIds
from coachwork.errors import ValidationError
from coachwork.testing.conformance._colours import GRACE, HungError, drive, drive_async
from coachwork.testing.conformance._places import places_of_threads
from coachwork.testing.conformance._promise import CheckWorkflow, Make, Promise, Suite, Terms, Trial
from coachwork.testing.conformance._report import (
    ConformanceError,
    Outcome,
    Report,
    Verdict,
    finding,
)

MOST_HUNG: Final = 3
"""After so many checks that hung the others are not tried."""


# --- all checks of a suite -------------------------------------------------------------------


def check(suite: Suite, make: Make, terms: Terms) -> Report:
    """Check an adapter of either colour.

    A blocking one is called in threads, an async one in event loops of the kit's own.

    Args:
        suite: What is promised.
        make: Makes the adapter.
        terms: On which terms.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept.
        ValidationError: ``make`` is not what it should be.
    """
    checked_make(make, terms)
    begun = perf_counter()
    outcomes: list[Outcome] = []
    for promise in suite.promises:
        outcomes.append(_not_tried(promise, outcomes) or hold(suite, promise, make, terms))
    return _judged(suite, outcomes, begun)


async def check_async(suite: Suite, make: Make, terms: Terms) -> Report:
    """Check an async adapter in the running event loop of asyncio; see `check`.

    Raises:
        ConformanceError: Some promise is not kept.
        ValidationError: ``make`` is not what it should be.
    """
    checked_make(make, terms)
    begun = perf_counter()
    outcomes: list[Outcome] = []
    for promise in suite.promises:
        outcome = _not_tried(promise, outcomes)
        outcomes.append(outcome or await hold_async(suite, promise, make, terms))
    return _judged(suite, outcomes, begun)


def checked_make(make: object, terms: Terms) -> None:
    """Make sure that *make* may be called, in other processes too where it is to be.

    Raises:
        ValidationError: It may not.
    """
    if not callable(make):
        raise ValidationError("make", "a function that returns a context manager of the adapter")
    if terms.processes:
        try:
            pickle.dumps(make)
        except Exception as error:
            raise ValidationError(
                "make", "a function that other processes can import, since processes=True"
            ) from error


def _not_tried(promise: Promise, outcomes: Iterable[Outcome]) -> Outcome | None:
    """Return that a promise is not tried, where too many checks hung before, else None."""
    if sum(outcome.verdict is Verdict.HUNG for outcome in outcomes) < MOST_HUNG:
        return None
    found = f"{MOST_HUNG} checks hung before it"
    return Outcome(promise=promise, verdict=Verdict.UNTRIED, found=found)


def _judged(suite: Suite, outcomes: Iterable[Outcome], begun: float) -> Report:
    """Return the report, if all is well.

    Raises:
        ConformanceError: It is not.
    """
    seconds = perf_counter() - begun
    report = Report(port=suite.port, outcomes=tuple(outcomes), seconds=seconds)
    if report.broken:
        raise ConformanceError(report)
    return report


# --- one check -------------------------------------------------------------------------------


def hold(suite: Suite, promise: Promise, make: Make, terms: Terms) -> Outcome:
    """Hold an adapter of either colour to one promise, and return what came of it."""
    if promise.needs in terms.lacks:
        return Outcome(promise=promise, verdict=Verdict.LACKING)
    trial = _trial(suite, make, terms)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for chapter in _chapters(promise):
                drive(suite.port, make, partial(chapter, trial), terms.deadline)
        except BaseException as error:  # noqa: BLE001 - it is reported
            failed.append(error)

    name = f"coachwork-{promise.number}-{trial.tenant}"
    thread = Thread(target=work, name=name, daemon=True)
    begun = perf_counter()
    thread.start()
    thread.join(terms.deadline + GRACE)
    if thread.is_alive():
        failed.append(HungError(places_of_threads(name)))
    return _outcome(promise, failed[-1] if failed else None, begun, terms)


async def hold_async(suite: Suite, promise: Promise, make: Make, terms: Terms) -> Outcome:
    """Hold an async adapter to one promise in the running event loop of asyncio; see `hold`."""
    if promise.needs in terms.lacks:
        return Outcome(promise=promise, verdict=Verdict.LACKING)
    trial = _trial(suite, make, terms)
    begun = perf_counter()
    try:
        for chapter in _chapters(promise):
            await drive_async(suite.port, make, partial(chapter, trial), terms.deadline)
    except Exception as error:  # noqa: BLE001 - it is reported
        return _outcome(promise, error, begun, terms)
    return _outcome(promise, None, begun, terms)


def _trial(suite: Suite, make: Make, terms: Terms) -> Trial:
    """Return what a check works with: under a tenant of its own it meets nobody's records."""
    return Trial(
        tenant=TimeOrderedIds().new_id(),
        settle=terms.settle,
        make=make,
        port=suite.port,
        deadline=terms.deadline,
    )


def _chapters(promise: Promise) -> tuple[CheckWorkflow, ...]:
    """Return what is run, each with an adapter that is made for it."""
    return (promise.check,) if promise.then is None else (promise.check, promise.then)


def _outcome(promise: Promise, error: BaseException | None, begun: float, terms: Terms) -> Outcome:
    """Return what came of a check that ended so."""
    seconds = perf_counter() - begun
    if error is None:
        return Outcome(promise=promise, verdict=Verdict.KEPT, seconds=seconds)
    if isinstance(error, HungError):
        found = f"no end after {terms.deadline:g} s; it stands at {error}"
        return Outcome(promise=promise, verdict=Verdict.HUNG, found=found, seconds=seconds)
    return Outcome(promise=promise, verdict=Verdict.BROKEN, found=finding(error), seconds=seconds)
