"""Exploring: figures, a violation with the way to it, and a script that shows it again."""

from __future__ import annotations

import builtins
import gc
import sys
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType

import pytest

from coachwork.effects import AskModel, Get, Now, Workflow
from coachwork.errors import MisuseError
from coachwork.jobs import JobKind
from coachwork.records import Facts, Key, Record
from coachwork.testing.explorer import (
    Bounds,
    Command,
    Fault,
    Happening,
    Invariants,
    Outcome,
    Records,
    World,
    _exploration,
    explore,
)
from tests.testing.explorer.test_world import asking
from tests.tills import NothingIsLost, racing, taking, with_till, writing

COMMANDS = [taking(), racing()]
INVARIANTS = NothingIsLost(1)
WORLD = with_till(5)


def test_all_is_well() -> None:
    """The figures say how far it went."""
    found = explore(WORLD, [taking()], Bounds(commands=3), INVARIANTS)
    assert found.violation is None
    assert found.states > found.depth > 5
    assert found.transitions >= found.states - 1
    assert found.stores == 4
    assert found.processes > 0
    assert found.memory >= 0
    assert str(found) == (
        f"{found.states} states, {found.transitions} transitions, depth {found.depth}, "
        f"{found.seconds:.1f} s"
    )


def test_without_more_no_bound_and_no_invariant_is_needed() -> None:
    """Two calls, no fault, and nothing to hold."""
    assert explore(WORLD, COMMANDS).violation is None


def test_a_violation_tells_the_shortest_way() -> None:
    """Step by step, as text, and once more in a replay."""
    found = explore(WORLD, [racing()], Bounds(commands=3), INVARIANTS)
    assert found.violation is not None
    assert found.violation.violations == ("race took 0",)
    assert len(found.violation.trace) == 9
    assert found.violation.replay().lines == found.violation.trace
    assert str(found).splitlines()[1:] == str(found.violation).splitlines()
    assert str(found.violation).splitlines()[-1] == "  -> race took 0"


def test_the_script_shows_the_same_again(capsys: pytest.CaptureFixture[str]) -> None:
    """It is a program of a few lines."""
    found = explore(WORLD, COMMANDS, Bounds(commands=3, faults=1), INVARIANTS)
    assert found.violation is not None
    script = found.violation.script(f"from {__name__} import COMMANDS, INVARIANTS, WORLD")
    exec(compile(script, "script", "exec"), {})  # noqa: S102 - it is made for that
    assert capsys.readouterr().out.rstrip() == str(found.violation)


class Nobody(Invariants):
    """Something goes wrong in every way that is named."""

    def __init__(self, *wanted: Fault) -> None:
        """Complain of what is left of the last of them."""
        self.wanted = wanted

    def outcome(self, outcome: Outcome, /) -> Iterator[str]:
        """Complain of the last answer."""
        if outcome.value == ("gone", 1):
            yield "it is gone"


def waiting(_call: object) -> Workflow[object]:
    """Ask a model, look at the clock, and see whether the record is gone by then."""
    yield from AskModel(asking(JobKind.REPLY), "acme", "ada")
    now = yield from Now()
    found = yield from Get(Key("session", "acme", ("s",)))
    return "gone" if found is None else "there", (now - World().time(0)).days


def test_time_and_engines_are_in_the_way_too() -> None:
    """A happening of nobody's, an answer that was chosen, and a call with a key."""
    session = Record(
        Key("session", "acme", ("s",)),
        1,
        Facts(session="s", expires=World().time(0) + timedelta(1)),
        "0",
    )
    world = World(records=(session,), instants=(timedelta(0), timedelta(1)))
    kinds = frozenset({Fault.TTL, Fault.CLOCK})
    found = explore(
        world,
        [Command(name="wait", workflow=waiting), writing()],
        Bounds(commands=1, faults=2, kinds=kinds),
        Nobody(),
    )
    assert found.violation is not None
    script = found.violation.script()
    assert "fault=Fault.CLOCK" in script
    assert f"gone={session.key.text!r}" in script
    told = {happening.fault for happening in found.violation.happenings}
    assert told == {Fault.CLOCK, Fault.TTL, None}


class ByTheWay(Invariants):
    """What one search says and a replay does not: a judge that has moods."""

    def __init__(self) -> None:
        """Complain in both rounds of a search, and both times."""
        self.moods = iter([True] * 4)

    def outcome(self, outcome: Outcome, /) -> Iterator[str]:
        """Complain as long as it is in the mood."""
        del outcome
        if next(self.moods, False):
            yield "it is not so"


def test_what_a_replay_does_not_show_is_an_error_of_the_search() -> None:
    """Nobody is told of a violation that is none."""
    with pytest.raises(AssertionError, match="a replay does not show"):
        explore(WORLD, [taking()], Bounds(commands=1), ByTheWay())


class NoSecond(Invariants):
    """Nothing may be taken twice."""

    def state(self, records: Records, now: object, /) -> Iterator[str]:
        """Complain of the third version."""
        del now
        if any(record.version == 3 for record in records.values()):
            yield "taken twice"


def test_what_has_nothing_to_do_with_it_is_left_out() -> None:
    """The way holds only what leads there."""
    found = explore(WORLD, [taking()], Bounds(commands=3), NoSecond())
    assert found.violation is not None
    whos = {happening.who for happening in found.violation.happenings}
    assert whos == {"take 1", "take 2"}


def test_garbage_is_collected_again_afterwards() -> None:
    """Whoever has switched it off finds it off."""
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            explore(WORLD, [taking()], Bounds(commands=1))
            assert gc.isenabled() is enabled
        finally:
            gc.enable()


def test_memory_is_told_in_bytes_where_the_system_tells_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Linux tells it in KiB, macOS in bytes, and Windows not at all."""
    linux = _exploration._memory()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert _exploration._memory() < linux
    plain = builtins.__import__

    def without(name: str, *more: object) -> ModuleType:
        if name == "resource":
            raise ImportError(name)
        return plain(name, *more)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(builtins, "__import__", without)
    assert _exploration._memory() == 0


class Reading(Invariants):
    """Nobody may read the till when something has been taken."""

    def outcome(self, outcome: Outcome, /) -> Iterator[str]:
        """Complain of who took the second time."""
        if outcome.value == 3:
            yield "the second one"


def test_a_process_that_changes_nothing_is_left_out_of_the_way() -> None:
    """A death and a read that nothing depends on are not told."""
    happenings = tuple(Happening(who=str(number)) for number in range(1, 5))
    _, second, _, fourth = happenings
    needed = _exploration._needed(happenings, lambda left: {second, fourth} <= set(left))
    assert needed == (second, fourth)

    def raising(left: object) -> bool:
        raise MisuseError(str(left))

    assert _exploration._needed(happenings, raising) == happenings
    assert explore(WORLD, [taking()], Bounds(), Reading()).violation is not None
