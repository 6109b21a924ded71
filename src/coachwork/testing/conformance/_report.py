"""What came of the checks, for a reader at a terminal."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from enum import StrEnum
from textwrap import indent
from typing import Final

from attrs import field, frozen

from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._promise import Port, Promise
from coachwork.testing.conformance._watching import AdapterRaisedError

MOST_FRAMES: Final = 3
"""How many lines of a traceback are told, the innermost ones."""


class Verdict(StrEnum):
    """What came of one check."""

    KEPT = "kept"
    BROKEN = "broken"
    HUNG = "hung"
    UNTRIED = "not tried"
    LACKING = "lacking"


@frozen(kw_only=True)
class Outcome:
    """What came of one check.

    Attributes:
        promise: What was checked.
        verdict: What came of it.
        found: Where it is not kept, what was asked, expected and found, as text.
        seconds: How long it took.
    """

    promise: Promise
    verdict: Verdict
    found: str = field(default="", repr=False)
    seconds: float = 0.0

    @property
    def is_well(self) -> bool:
        """Whether the promise is kept, or was not given."""
        return self.verdict in {Verdict.KEPT, Verdict.LACKING}

    def __str__(self) -> str:
        """All that whoever has to mend it needs to know."""
        promise = self.promise
        lines = [f"{promise.number} {self.verdict}: {promise.sentence}"]
        if self.found:
            lines.append(indent(self.found, "    "))
        lines += [f"    why it matters: {promise.why}", f"    promised in: {promise.where}"]
        return "\n".join(lines)


@frozen(kw_only=True)
class Report:
    """What came of all checks of a port.

    Attributes:
        port: Which port it is.
        outcomes: What came of each check, in the order of their numbers.
        seconds: How long all of it took.
    """

    port: Port
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def broken(self) -> tuple[Outcome, ...]:
        """What is not kept, or could not be tried."""
        return tuple(outcome for outcome in self.outcomes if not outcome.is_well)

    @property
    def lacking(self) -> tuple[Capability, ...]:
        """What the adapter was said to lack."""
        met = {
            outcome.promise.needs: None
            for outcome in self.outcomes
            if outcome.verdict is Verdict.LACKING and outcome.promise.needs is not None
        }
        return tuple(met)

    @property
    def summary(self) -> str:
        """How many promises are kept, in a line."""
        counts = [
            (sum(outcome.verdict is verdict for outcome in self.outcomes), verdict)
            for verdict in Verdict
        ]
        told = ", ".join(f"{number} {verdict}" for number, verdict in counts if number)
        return f"{self.port.name}: of {len(self.outcomes)} promises {told} ({self.seconds:.1f} s)"

    @property
    def findings(self) -> str:
        """The summary, what is not kept, and what the adapter was said to lack."""
        return "\n\n".join([self.summary, *map(str, self.broken), *self._lacking()])

    def _lacking(self) -> Iterator[str]:
        """Return what is lost with each thing that the adapter lacks."""
        for capability in self.lacking:
            numbers = [
                outcome.promise.number
                for outcome in self.outcomes
                if outcome.verdict is Verdict.LACKING and outcome.promise.needs is capability
            ]
            yield f"Not checked ({', '.join(numbers)}): {capability}. {capability.loss}"

    def __str__(self) -> str:
        """Every promise in a line, and then the findings."""
        lines = [
            f"{o.promise.number}  {o.verdict:9} {o.seconds * 1000:6.0f} ms  {o.promise.sentence}"
            for o in self.outcomes
        ]
        return "\n".join([*lines, "", self.findings])


class ConformanceError(AssertionError):
    """An adapter does not keep its promises; the sentence is all that was found.

    Attributes:
        report: What came of all checks.
    """

    def __init__(self, report: Report) -> None:
        """Tell what was found."""
        super().__init__(report.findings)
        self.report = report


def finding(error: BaseException) -> str:
    """Return what a check that ended with *error* has found."""
    if isinstance(error, PromiseBrokenError):
        return str(error)
    if isinstance(error, AdapterRaisedError):
        return str(PromiseBrokenError(error.operation, "an answer", _raised(error.error)))
    return _raised(error)


def _raised(error: BaseException) -> str:
    """Return type, text and place of what was raised."""
    told = "".join(traceback.format_exception_only(error)).strip()
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    places = "".join(f"\n    {f.filename}:{f.lineno} in {f.name}" for f in reversed(frames))
    return f"{told}{places}"
