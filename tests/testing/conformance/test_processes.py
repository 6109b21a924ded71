"""Processes that race on one store."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from pickle import PicklingError
from typing import Any

import pytest

from coachwork.drivers import run, run_async
from coachwork.effects import Workflow
from coachwork.testing.conformance import (
    Elsewhere,
    Make,
    Port,
    ProcessMeeting,
    PromiseBrokenError,
    Trial,
    in_words,
)
from tests.testing.conformance import makes
from tests.things import async_ports, ports

PORT = Port(name="Repository", field="repository", method="commit")


def trial(make: Make, deadline: float = 30) -> Trial:
    """Return a trial of that adapter."""
    return Trial(tenant="t", settle=0, make=make, port=PORT, deadline=deadline)


def race(about: Trial, *calls: Callable[[], Workflow[Any]]) -> Workflow[tuple[Any, ...]]:
    """Race those."""
    return (yield from Elsewhere(about, calls))


@pytest.mark.parametrize("colour", ["blocking", "awaited"])
def test_each_has_a_process_and_an_adapter_of_its_own(colour: str, tmp_path: Path) -> None:
    """The answers come in the order of the calls, from whichever colour to whichever colour."""
    path = str(tmp_path / "a.db")
    with makes.blocking(path):
        pass
    calls = [partial(makes.puts, name) for name in "ab"]
    if colour == "blocking":
        found = run(race(trial(partial(makes.awaited, path)), *calls), ports())
    else:
        driven = run_async(race(trial(partial(makes.blocking, path)), *calls), async_ports())
        found = asyncio.run(driven)
    assert [name for name, _ in found] == ["a", "b"]
    assert len({os.getpid(), *(process for _, process in found)}) == 3


@pytest.mark.parametrize(
    "call, deadline, found",
    [
        (makes.stumbles, 30, "it\n +expected: something\n +got: +nothing"),
        (makes.hangs, 1, r"no word after 1 s"),
        (makes.dies, 30, r"ended with exit code 3; can it import `make`"),
    ],
)
def test_a_process_that_does_not_answer_breaks_a_promise(
    call: Callable[[], Workflow[None]], deadline: float, found: str, tmp_path: Path
) -> None:
    """What it found, that it hangs, or that it is gone, is told as found by the check."""
    about = trial(partial(makes.blocking, str(tmp_path / "a.db")), deadline)
    with pytest.raises(PromiseBrokenError, match=found):
        run(race(about, call), ports())


@pytest.mark.parametrize("colour", [makes.blocking, makes.awaited], ids=["blocking", "async"])
def test_processes_meet(colour: Callable[[str], Any], tmp_path: Path) -> None:
    """As often as they like; where one of them fails, nobody waits for it."""
    path = str(tmp_path / "a.db")
    with makes.blocking(path):
        pass
    about = trial(partial(colour, path))
    meeting = ProcessMeeting(2)
    calls = [partial(makes.meets, meeting, 3)] * 2
    assert run(race(about, *calls), ports()) == (3, 3)
    with pytest.raises(PromiseBrokenError, match=r"got: +nothing"):
        run(race(about, partial(makes.meets, meeting, 1), makes.stumbles), ports())


def test_a_process_that_cannot_make_the_adapter_tells_why(tmp_path: Path) -> None:
    """Its error comes back in words."""
    about = trial(partial(makes.blocking, str(tmp_path / "missing" / "a.db")))
    with pytest.raises(PromiseBrokenError, match="StoreUnavailableError"):
        run(race(about, makes.stumbles), ports())


def test_a_make_that_cannot_be_sent_begins_nothing(tmp_path: Path) -> None:
    """Those that were begun before are ended."""
    make = partial(makes.blocking, str(tmp_path / "a.db"))
    unsendable = lambda: makes.puts("a")  # noqa: E731 - a function without a name
    with pytest.raises((AttributeError, PicklingError)):
        run(race(trial(make), makes.hangs, unsendable), ports())


def test_it_is_told_by_its_number() -> None:
    """A report says how many processes there were."""
    about = trial(partial(makes.blocking, "a.db"))
    assert in_words(Elsewhere(about, (makes.dies,) * 2)) == "2 processes at once"
