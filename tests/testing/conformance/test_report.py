"""What came of the checks, as a reader sees it."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.effects import Now, Workflow
from coachwork.testing.conformance import (
    AdapterRaisedError,
    Capability,
    ConformanceError,
    Outcome,
    Port,
    Promise,
    PromiseBrokenError,
    Report,
    Trial,
    Verdict,
    promise,
)
from coachwork.testing.conformance._report import finding

PORT = Port(name="Clock", field="clock", method="now")


@promise("C01", why="Nobody knows how old anything is.", where="Clock.now")
def the_time_is_aware(_trial: Trial) -> Workflow[None]:
    """The time has a zone."""
    yield from ()


def outcome(
    number: int, verdict: Verdict, needs: Capability | None = None, found: str = ""
) -> Outcome:
    """Return an outcome of a promise of that number."""
    about: Promise = evolve(the_time_is_aware, number=f"C{number:02d}", needs=needs)
    return Outcome(promise=about, verdict=verdict, found=found, seconds=number / 100)


REPORT = Report(
    port=PORT,
    outcomes=(
        outcome(1, Verdict.KEPT),
        outcome(2, Verdict.BROKEN, found="now()\nexpected: one\ngot:      two"),
        outcome(3, Verdict.LACKING, Capability.DUE),
        outcome(4, Verdict.HUNG, found="no end"),
        outcome(5, Verdict.LACKING, Capability.EXPIRED),
        outcome(6, Verdict.UNTRIED),
        outcome(7, Verdict.LACKING, Capability.DUE),
    ),
    seconds=1.25,
)

FINDINGS = f"""\
Clock: of 7 promises 1 kept, 1 broken, 1 hung, 1 not tried, 3 lacking (1.2 s)

C02 broken: The time has a zone.
    now()
    expected: one
    got:      two
    why it matters: Nobody knows how old anything is.
    promised in: Clock.now

C04 hung: The time has a zone.
    no end
    why it matters: Nobody knows how old anything is.
    promised in: Clock.now

C06 not tried: The time has a zone.
    why it matters: Nobody knows how old anything is.
    promised in: Clock.now

Not checked (C03, C07): a view of what is due. {Capability.DUE.loss}

Not checked (C05): a view of what has expired. {Capability.EXPIRED.loss}"""


def test_the_findings_are_all_that_must_be_mended() -> None:
    """What is not kept is told whole, what is lacking with its loss, what is kept in a number."""
    assert REPORT.findings == FINDINGS
    assert [o.promise.number for o in REPORT.broken] == ["C02", "C04", "C06"]
    assert REPORT.lacking == (Capability.DUE, Capability.EXPIRED)


def test_a_printed_report_has_a_line_for_each_promise() -> None:
    """With number, verdict, time and sentence, and the findings below."""
    lines = str(REPORT).splitlines()
    assert lines[0] == "C01  kept          10 ms  The time has a zone."
    assert lines[5] == "C06  not tried     60 ms  The time has a zone."
    assert lines[7] == ""
    assert str(REPORT).endswith(FINDINGS)


def test_the_error_tells_the_findings() -> None:
    """It is a failed assertion, and holds the report."""
    with pytest.raises(AssertionError) as caught:
        raise ConformanceError(REPORT)
    assert str(caught.value) == FINDINGS
    assert isinstance(caught.value, ConformanceError)
    assert caught.value.report is REPORT


def raised(depth: int) -> Exception:
    """Return an error that was raised so deep down."""
    try:
        dig(depth)
    except ValueError as error:
        return error
    raise AssertionError


def dig(depth: int) -> None:
    """Fail so deep down."""
    if depth == 0:
        raise ValueError("too deep\nfor anybody")
    dig(depth - 1)


def test_what_a_check_has_found_is_told() -> None:
    """A broken promise by itself; what an adapter raises with what was asked, type and place."""
    broken = PromiseBrokenError("a", "b", "c")
    assert finding(broken) == str(broken)
    told = finding(AdapterRaisedError(Now(), raised(5))).splitlines()
    assert told[:3] == ["Now()", "expected: an answer", "got:      ValueError: too deep"]
    assert told[3] == "          for anybody"
    assert [line.rpartition(" in ")[2] for line in told[4:]] == ["dig", "dig", "dig"]
    assert told[4].strip().startswith(f"{__file__}:")


def test_another_error_is_told_with_its_place() -> None:
    """Whatever a check stumbles over is reported."""
    told = finding(raised(0)).splitlines()
    assert told[0] == "ValueError: too deep"
    assert told[-1].endswith(" in raised")
