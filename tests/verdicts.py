"""What the conformance kit finds in an adapter, for tests that hold it against broken ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from coachwork.testing.conformance import ConformanceError, Port, Report, Trial


def report_of(check: Callable[[], Report]) -> Report:
    """Return the report, whatever it says."""
    try:
        return check()
    except ConformanceError as error:
        return error.report


def broken(check: Callable[[], Report]) -> list[str]:
    """Return the numbers of the promises that are not kept."""
    return [outcome.promise.number for outcome in report_of(check).broken]


def unchecked(check: Callable[[], Report]) -> list[str]:
    """Return the numbers of the promises that were not checked, the adapter lacking something."""
    return [o.promise.number for o in report_of(check).outcomes if o.verdict == "lacking"]


def a_trial() -> Trial:
    """Return what a check works with that is rehearsed."""
    port = Port(name="Clock", field="clock", method="now")
    return Trial(tenant="acme", settle=0.0, make=nullcontext, port=port, deadline=10.0)
