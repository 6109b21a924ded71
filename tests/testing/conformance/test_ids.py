"""The promises of a source of ids: sources that keep them, and some that break one each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from time import sleep
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from coachwork.adapters import TimeOrderedIds
from coachwork.errors import ValidationError
from coachwork.ports import IdSource
from coachwork.testing import CountedIds
from coachwork.testing.conformance import Capability, ConformanceError, Terms, Verdict, hold
from coachwork.testing.conformance.ids import IDS, check_ids
from tests.verdicts import broken, report_of, unchecked


class Made:
    """Ids that a function makes of good ones."""

    def __init__(self, made: Callable[[str], object]) -> None:
        """Take the function."""
        self._ids = TimeOrderedIds()
        self._made = made

    def new_id(self) -> Any:  # noqa: ANN401 - it may be wrong
        """Return one."""
        return self._made(self._ids.new_id())


class Racing:
    """Ids that are counted without a lock."""

    numbers = count()

    def __init__(self) -> None:
        """Begin with a range of its own."""
        self._number = next(self.numbers) * 10**6
        self._calls = 0

    def new_id(self) -> str:
        """Return the number, and count it a little later."""
        number = self._number
        self._calls += 1
        if self._calls % 20 == 0:
            sleep(0.001)
        self._number = number + 1
        return f"{number:012d}"


def repeating() -> Callable[[str], str]:
    """Return what gives the same id twice now and then."""
    last: list[str] = []
    numbers = count(1)

    def made(text: str) -> str:
        if next(numbers) % 500 == 0:
            return last.pop()
        last[:] = [text]
        return text

    return made


def growing() -> Callable[[str], str]:
    """Return what makes ids longer as they get more, and yet in order."""
    numbers = count()
    return lambda text: text if next(numbers) < 1000 else f"{text}0"


def processes_alike() -> AbstractContextManager[IdSource]:
    """Return a source that counts on in one process, and begins anew in another."""
    return nullcontext(_COUNTED)


_COUNTED: Final = CountedIds("same-", digits=8)


def time_ordered() -> AbstractContextManager[IdSource]:
    """Return the source that ships."""
    return nullcontext(TimeOrderedIds())


MUTANTS: Final[Mapping[str, tuple[str, Callable[[], IdSource]]]] = {
    "has a newline at its end": ("I01", lambda: Made(lambda made: f"{made}\n")),
    "is no text": ("I01", lambda: Made(UUID)),
    "repeats an id": ("I02", lambda: Made(repeating())),
    "loses count between threads": ("I03", Racing),
    "counts from one, each time": ("I04", CountedIds),
    "has no order": ("I06", lambda: Made(lambda _: str(uuid4()))),
    "gets longer": ("I07", lambda: Made(growing())),
}
"""What is wrong with each, and which promise tells it."""


OF_PROCESSES: Final[Mapping[str, str]] = {"begins anew in each process": "I05"}
"""What is wrong with one that is sound within a process."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_source_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    assert broken(lambda: check_ids(lambda: nullcontext(make()))) == [number]


def test_a_source_that_other_processes_do_not_know() -> None:
    """It is found by its promise only where several processes are tried."""
    assert broken(lambda: check_ids(processes_alike, processes=True)) == [*OF_PROCESSES.values()]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the source does."""
    numbers = {number for number, _ in MUTANTS.values()} | {*OF_PROCESSES.values()}
    assert numbers == {p.number for p in IDS.promises}


def test_the_source_that_ships_keeps_them() -> None:
    """All of them, in several processes too."""
    report = check_ids(time_ordered, processes=True)
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.KEPT}


def test_a_source_may_lack_something() -> None:
    """Ids for tests are the same in each source, and ids by chance have no order."""
    lacks = [Capability.OTHER_SOURCES]
    assert unchecked(lambda: check_ids(lambda: nullcontext(CountedIds()), lacks=lacks)) == [
        "I04",
        "I05",
    ]
    chance = Made(lambda _: uuid4().hex)
    check_ids(lambda: nullcontext(chance), lacks=[Capability.TIME_ORDER])


def test_what_is_wrong_is_told() -> None:
    """What was asked, what was expected, and what came."""
    with pytest.raises(ConformanceError) as error:
        check_ids(lambda: nullcontext(CountedIds()))
    told = str(error.value)
    assert "new_id() of a second source\n    expected: other ids\n    got:      'id-00001'" in told


class Used:
    """A source that can be had once, and gives one id."""

    made = 0

    def __init__(self) -> None:
        """Count."""
        type(self).made += 1

    def new_id(self) -> str:
        """Fail."""
        raise OSError(f"source {self.made}")


def test_what_it_raises_is_told() -> None:
    """With what was asked."""
    report = report_of(lambda: check_ids(lambda: nullcontext(Used())))
    told = [outcome.found for outcome in report.broken]
    assert "new_id()\nexpected: an answer\ngot:      OSError: source 1" in told[0]


def test_what_a_second_source_raises_is_told() -> None:
    """With which it was."""
    sources = iter([TimeOrderedIds(), Used()])
    (promise,) = (promise for promise in IDS.promises if promise.number == "I04")
    outcome = hold(IDS, promise, lambda: nullcontext(next(sources)), Terms.of(IDS))
    assert "new_id() of a second source\nexpected: an answer\n" in outcome.found


def test_processes_have_to_find_the_source() -> None:
    """A function that cannot be imported is refused before anything is tried."""
    with pytest.raises(ValidationError, match="make"):
        check_ids(lambda: nullcontext(TimeOrderedIds()), processes=True)
