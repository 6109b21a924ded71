"""The promises of an admission: some that keep them, and some that break one each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from threading import get_ident
from typing import Any, Final

import pytest

from coachwork.adapters import in_threads
from coachwork.errors import RefusedError
from coachwork.ports import Admission
from coachwork.testing.conformance import ConformanceError, Verdict
from coachwork.testing.conformance.admission import (
    admission_suite,
    check_admission,
    check_async_admission,
)
from tests.verdicts import broken, report_of

Answers = Callable[[Admission], Any]


def strict(admission: Admission) -> str | None:
    """Refuse what is long, keep commas out of the rest, and let everything else pass."""
    if admission.text is not None and len(admission.text) > 1000:
        raise RefusedError("too much")
    if admission.user.startswith("'"):
        raise PermissionError("who is that?")
    return None if admission.text is None else admission.text.replace(",", ";")


def says_yes(admission: Admission) -> Any:  # noqa: ANN401 - it is wrong
    """Say yes, which is no text."""
    return bool(admission.command)


def counts_quotas(admission: Admission) -> None:
    """Look a user up who has to be known."""
    {"ada": 1, **{f"user-{n}": 1 for n in range(8)}}[admission.user]


def censors(admission: Admission) -> str | None:
    """Leave nothing of a text that has a tag."""
    return "" if admission.text is not None and "<" in admission.text else None


def of_its_thread() -> Answers:
    """Return one that works in the thread that made it only."""
    thread = get_ident()

    def admit(_admission: Admission) -> None:
        if get_ident() != thread:
            raise RuntimeError("made in another thread")

    return admit


MUTANTS: Final[Mapping[str, tuple[str, Callable[[], Answers]]]] = {
    "says yes": ("A01", lambda: says_yes),
    "knows some users": ("A02", lambda: counts_quotas),
    "leaves nothing": ("A03", lambda: censors),
    "works in its own thread only": ("A04", of_its_thread),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_admission_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    assert broken(lambda: check_admission(lambda: nullcontext(make()))) == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the admission does."""
    numbers = [promise.number for promise in admission_suite().promises]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


async def strict_async(admission: Admission) -> str | None:
    """Do the same, awaited."""
    return strict(admission)


class Strict:
    """The same, as an object that is awaited when it is called."""

    async def __call__(self, admission: Admission, /) -> str | None:
        """Do it."""
        return strict(admission)


def test_admissions_that_keep_them() -> None:
    """In both colours, as a function and as an object, in a running loop, and in threads."""
    reports = [
        check_admission(lambda: nullcontext(strict)),
        check_admission(lambda: nullcontext(strict_async)),
        check_admission(lambda: nullcontext(Strict())),
        asyncio.run(check_async_admission(lambda: nullcontext(strict_async))),
        asyncio.run(check_async_admission(lambda: nullcontext(in_threads(strict)))),
    ]
    assert {o.verdict for report in reports for o in report.outcomes} == {Verdict.KEPT}


def test_an_application_has_errors_and_limits_of_its_own() -> None:
    """What it refuses with, and how long a message may be, it says itself."""

    def admit(admission: Admission) -> str | None:
        if admission.topic != "talk":
            raise ZeroDivisionError
        raise LookupError("nobody is let in")

    check_admission(lambda: nullcontext(admit), topic="talk", refusals=(LookupError,))
    report = report_of(lambda: check_admission(lambda: nullcontext(admit), topic="talk"))
    assert len(report.broken) == 4
    report = report_of(lambda: check_admission(lambda: nullcontext(lambda a: a.text), max_bytes=99))
    assert [outcome.promise.number for outcome in report.broken] == ["A03"]
    assert "at most 99 bytes of UTF-8" in report.broken[0].found


def test_what_is_wrong_is_told() -> None:
    """What was asked, what was expected, and what came."""
    with pytest.raises(ConformanceError) as error:
        asyncio.run(check_async_admission(lambda: nullcontext(in_threads(says_yes))))
    told = "admit(start by user 'ada')\n    expected: None or text\n    got:      True"
    assert told in str(error.value)
    report = report_of(lambda: check_admission(lambda: nullcontext(censors)))
    assert "admit(send '<b>" in report.broken[0].found
