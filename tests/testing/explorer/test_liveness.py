"""Which local variables can still be read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any

import pytest

from coachwork.testing.explorer import _liveness
from coachwork.testing.explorer._liveness import live_locals

Suspended = Generator[int, int, object]


def live_in(made: Suspended, answers: int = 0) -> set[str] | None:
    """Return what can still be read where a generator waits after so many answers."""
    assert isinstance(made, GeneratorType)
    next(made)
    for answer in range(answers):
        made.send(answer)
    frame = made.gi_frame
    assert frame is not None
    live = live_locals(frame.f_code)
    return None if live is None else set(live[frame.f_lasti])


def straight(first: int, second: int) -> Suspended:
    """Use one variable, and then the other."""
    third = first + (yield 1)
    del first
    yield third
    return second


def test_what_is_read_later_is_live() -> None:
    """A variable counts until it is read for the last time."""
    assert live_in(straight(1, 2)) == {"first", "second"}
    assert live_in(straight(1, 2), 1) == {"second"}


def looping(times: int) -> Suspended:
    """Go round, with a variable that is written before it is read."""
    told = 0
    while times:
        times -= 1
        told = yield times
    return told


def test_what_is_written_first_is_not_live() -> None:
    """What is overwritten before anybody reads it does not count; what a loop needs does."""
    assert live_in(looping(2)) == {"times"}


def failing(kept: str, lost: str) -> Suspended:
    """Read a variable only where something goes wrong."""
    told = lost
    try:
        told = "new"
        yield 1
    except ValueError:
        return kept, told
    return None


def test_what_only_a_handler_reads_is_live() -> None:
    """An exception may come at the very place."""
    assert live_in(failing("kept", "lost")) == {"kept", "told"}


def looking(seen: str) -> Suspended:
    """Look at the variables by name."""
    yield len(seen)
    return locals()


def test_code_that_may_look_at_its_variables_is_not_analysed() -> None:
    """Then all of them count."""
    assert live_in(looking("x")) is None


def fused(one: int, other: int) -> Suspended:
    """Do what newer interpreters do in one instruction: load two, store two, store and load."""
    third = yield one + other
    fourth = third
    third, fourth = fourth, third
    kept = yield fourth
    return third + kept + kept


def test_instructions_that_do_two_things() -> None:
    """They are understood on every interpreter."""
    assert live_in(fused(1, 2)) == set()
    assert live_in(fused(1, 2), 1) == {"third"}


@pytest.mark.parametrize(
    "name, argument, use",
    [
        ("LOAD_GLOBAL", "x", (set(), set())),
        ("LOAD_FAST_LOAD_FAST", ("x", "y"), ({"x", "y"}, set())),
        ("STORE_FAST_STORE_FAST", ("x", "y"), (set(), {"x", "y"})),
        ("STORE_FAST_LOAD_FAST", ("x", "y"), ({"y"}, {"x"})),
        ("STORE_FAST_LOAD_FAST", ("x", "x"), (set(), {"x"})),
        ("LOAD_FAST_OF_TOMORROW", "x", None),
    ],
)
def test_every_interpreters_instructions(name: str, argument: object, use: object) -> None:
    """What is not known is said to be not known."""
    assert _liveness._use(name, argument) == use


def test_an_unknown_instruction_makes_everything_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer interpreter costs time, never truth."""
    monkeypatch.setattr(_liveness, "_READS", frozenset[str]())
    plain: Callable[[Any], object] = live_locals.__wrapped__
    assert plain(straight.__code__) is None


def test_a_handler_far_away_is_found() -> None:
    """Offsets of more than six bits are read as they are written."""
    lines = "\n".join(f"    a = {number}000" for number in range(100))
    end = "    yield a\n  except KeyError:\n    return kept\n"
    source = f"def far(kept):\n  a = 0\n  try:\n{lines}\n{end}"
    made: dict[str, Any] = {}
    exec(source, made)  # noqa: S102 - it makes a long function
    assert live_in(made["far"](1)) == {"kept"}
    assert sys.version_info >= (3, 11)
