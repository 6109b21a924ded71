"""Workflows as automata."""

from __future__ import annotations

import itertools
from collections.abc import Hashable

import pytest

from coachwork.effects import Effect, Get, Workflow
from coachwork.errors import MisuseError
from coachwork.testing.explorer import Call, Command, Invariants, World, _processes
from coachwork.testing.explorer._playing import DONE, UNAVAILABLE
from coachwork.testing.explorer._processes import Doing, Processes
from coachwork.testing.explorer._stores import NOTHING, Stores
from tests.tills import TILL, Print, noting, take, till

CALL = Call(command="take")


def made(
    workflow: object, *, invariants: Invariants | None = None, merges: bool = True
) -> tuple[Processes, Stores]:
    """Return the automaton of one command, and the stores it works on."""
    stores = Stores(keeps_past=False)
    commands = {"take": Command(name="take", workflow=workflow)}  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    world = World(records=(till(5),), answers=lambda _: ("paper", OSError("no paper")))
    judge = invariants or Invariants()
    return Processes(world, commands, judge, stores, merges=merges), stores


def test_a_process_is_what_it_is_suspended_in() -> None:
    """It asks, is answered, and comes to its result; every step is taken once."""
    processes, stores = made(lambda _: take(2))
    first = processes.all[processes.begin(CALL)]
    assert first.doing is Doing.GET
    assert first.key == stores.key(TILL)
    second = processes.all[processes.answer(first, stores.record(till(5)))]
    assert second.doing is Doing.COMMIT
    assert [want.version for want in second.wants] == [1]
    result = processes.answer(second, DONE)
    assert result < 0
    assert processes.results[~result].value == 3
    assert processes.answer(second, DONE) == result
    assert processes.begin(CALL) == first.number


def test_another_way_of_answers_is_played_from_the_beginning() -> None:
    """A generator goes on once; a second answer at the same place needs a new one."""
    processes, stores = made(lambda _: take(2))
    first = processes.all[processes.begin(CALL)]
    rich = processes.answer(first, stores.record(till(5)))
    poor = processes.answer(first, stores.record(till(1)))
    assert rich >= 0
    assert str(processes.results[~poor].error) == "there is not enough in the till"
    lost = processes.answer(processes.all[rich], UNAVAILABLE)
    assert type(processes.results[~lost].error).__name__ == "StoreUnavailableError"


def test_it_is_known_who_may_write_what() -> None:
    """A write that is found out is noted on all the way to it."""
    processes, stores = made(lambda _: take(2))
    first = processes.all[processes.begin(CALL)]
    assert first.writes == 0
    processes.answer(first, stores.record(till(5)))
    assert first.writes == 1 << stores.key(TILL)


def reading_twice(_call: Call) -> Workflow[None]:
    """Read, and forget what was read."""
    yield from Get(TILL)
    yield from Get(TILL)


def test_processes_that_nobody_can_tell_apart_are_one() -> None:
    """What was read and forgotten makes no difference, unless nothing is merged."""
    for merges in (True, False):
        processes, stores = made(reading_twice, merges=merges)
        first = processes.all[processes.begin(CALL)]
        one = processes.answer(first, stores.record(till(5)))
        other = processes.answer(first, NOTHING)
        assert (one == other) is merges


def hiding(_call: Call) -> Workflow[None]:
    """Keep state where nobody can look."""
    for number in itertools.count():
        yield from Get(TILL)
        if number == 1:
            return


def test_hidden_state_is_never_merged() -> None:
    """A process that cannot be looked into is its whole way."""
    processes, stores = made(hiding)
    first = processes.all[processes.begin(CALL)]
    one = processes.answer(first, stores.record(till(5)))
    other = processes.answer(first, NOTHING)
    assert one != other
    ends = {processes.answer(processes.all[number], NOTHING) for number in (one, other)}
    assert len(ends) == 1


def test_results_that_cannot_be_looked_into_are_told_by_their_way() -> None:
    """A lock that is answered is not compared with another one."""
    processes, stores = made(lambda _: answering_a_counter())
    first = processes.all[processes.begin(CALL)]
    one = processes.answer(first, stores.record(till(5)))
    assert processes.answer(first, NOTHING) != one


def answering_a_counter() -> Workflow[object]:
    """Answer something that hides its state."""
    yield from Get(TILL)
    return itertools.count()


class Noting(Invariants):
    """Note how often something was asked."""

    def begin(self, call: Call, /) -> Hashable:
        """Begin with nothing."""
        del call
        return 0

    def note(self, note: Hashable, effect: Effect[object], answer: object, /) -> Hashable:
        """Count."""
        del effect, answer
        assert isinstance(note, int)
        return note + 1


def test_what_is_noted_goes_with_the_process() -> None:
    """It comes with the next one, and with the result."""
    processes, stores = made(lambda _: take(2), invariants=Noting())
    first = processes.all[processes.begin(CALL)]
    second = processes.all[processes.answer(first, stores.record(till(5)))]
    assert second.note == 1
    assert processes.results[~processes.answer(second, DONE)].note == 2


def printing(_call: Call) -> Workflow[str]:
    """Ask the application's own."""
    return (yield from Print())


def test_the_applications_own_effects_have_the_worlds_answers() -> None:
    """Each of them is a way to go on; errors are raised."""
    processes, _ = made(printing)
    first = processes.all[processes.begin(CALL)]
    assert first.doing is Doing.OTHER
    assert processes.choices(first) == 2
    assert processes.results[~processes.answer(first, 0)].value == "paper"
    assert isinstance(processes.results[~processes.answer(first, 1)].error, OSError)


def test_a_workflow_that_is_no_function_of_its_answers_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Played again, it has to come to the same."""
    monkeypatch.setattr(_processes, "_MOST_SPARE", 0)
    calls = itertools.count()

    def moody(_call: Call) -> Workflow[object]:
        yield from (Get(TILL) if next(calls) % 2 == 0 else Print())
        return None

    processes, _ = made(moody)
    first = processes.all[processes.begin(CALL)]
    with pytest.raises(MisuseError, match="take: a workflow must be a function of the answers"):
        processes.answer(first, NOTHING)


def test_a_process_knows_the_numbers_that_are_its_own() -> None:
    """Those of its ids and of its key."""
    stores = Stores(keeps_past=False)
    commands = {"write": Command(name="write", workflow=lambda c: noting(str(c.key)), keyed=True)}
    processes = Processes(World(), commands, Invariants(), stores)
    call = Call(command="write", number=3, key="key-2-write.0")
    assert processes.all[processes.begin(call)].numbers == {3, 2}
