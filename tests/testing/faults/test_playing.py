"""A call is carried out, or what a fault makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest

from coachwork.courses import Course, at_once, awaited
from coachwork.ports import CommitResult
from coachwork.testing.faults import CrashError, Fault, FaultPlan, InterruptError
from coachwork.testing.faults._playing import Instead, Manner, Player

ENDS: Final[dict[Fault, tuple[object, int]]] = {
    Fault.FAIL_BEFORE: (ConnectionError, 0),
    Fault.FAIL_AFTER: (ConnectionError, 1),
    Fault.LOST_DONE: (TimeoutError, 1),
    Fault.LOST_NOT_DONE: (TimeoutError, 0),
    Fault.CONFLICT_DONE: (CommitResult.CONFLICT, 1),
    Fault.CONFLICT_NOT_DONE: (CommitResult.CONFLICT, 0),
    Fault.DELAY: (1, 1),
    Fault.DUPLICATE: (1, 2),
    Fault.CRASH_BEFORE: (CrashError, 0),
    Fault.CRASH_AFTER: (CrashError, 1),
    Fault.INTERRUPT_BEFORE: (InterruptError, 0),
    Fault.INTERRUPT_AFTER: (InterruptError, 1),
}
"""How a call ends with a fault, and how often it is done."""


class Stage:
    """A commit that counts how often it is done, under a plan."""

    def __init__(self, plan: FaultPlan, instead: dict[Fault, Instead] | None = None) -> None:
        """Begin with nothing done."""
        self.player = Player(plan)
        self.done = 0
        self.waited: list[float] = []
        self.instead = instead or {}
        self.meanwhile: Callable[[], object] = lambda: None
        self.again: Callable[[], object] = lambda: None

    def _do(self) -> int:
        self.done += 1
        self.meanwhile()
        if self.done > 1:
            self.again()
        return self.done

    def _course(self) -> Course[Any]:
        return (yield self._do)

    def course(self) -> Course[Any]:
        """Return the course of one commit of a session."""
        manner = Manner(
            do=self._course,
            wait=self.waited.append,
            failed=ConnectionError,
            lost=TimeoutError,
            instead=self.instead,
        )
        return self.player.play("repository", "commit", ("session",), manner)

    def ends(self, course: Callable[[Course[Any]], object]) -> object:
        """Return the answer of a call, or the type of what it raises."""
        try:
            return course(self.course())
        except BaseException as error:  # noqa: BLE001 - it is told
            return type(error)


def in_a_loop(course: Course[Any]) -> object:
    """Go a course in async code."""
    return asyncio.run(awaited(course))


@pytest.mark.parametrize("fault", ENDS)
@pytest.mark.parametrize("course", [at_once, in_a_loop])
def test_how_a_call_ends(fault: Fault, course: Callable[[Course[Any]], object]) -> None:
    """In both colours alike: the error or the answer, and whether it was done."""
    stage = Stage(FaultPlan.at(1, fault))
    wanted, done = ENDS[fault]
    assert stage.ends(course) == wanted
    assert stage.done == done
    (injected,) = stage.player.injected
    assert (injected.fault, injected.seconds) == (fault, fault.seconds)
    sentence = f"{fault.sentence}: 1 s" if fault is Fault.DELAY else fault.sentence
    assert str(injected) == f"call 1, repository.commit 1 of session: {sentence}"
    assert stage.waited == ([1.0] if fault is Fault.DELAY else [])


def test_a_call_without_a_fault_is_done() -> None:
    """And counted."""
    stage = Stage(FaultPlan.at(3, Fault.FAIL_BEFORE))
    assert [stage.ends(at_once) for _ in range(4)] == [1, 2, ConnectionError, 3]
    assert stage.player.calls == 4
    assert [one.call.number for one in stage.player.injected] == [3]


def test_the_dead_do_nothing() -> None:
    """After a crash every call dies, and is not counted, until the process is started again."""
    stage = Stage(FaultPlan.at(1, Fault.CRASH_AFTER))
    assert [stage.ends(at_once) for _ in range(3)] == [CrashError] * 3
    assert (stage.done, stage.player.calls, stage.player.dead) == (1, 1, True)
    stage.player.dead = False
    assert stage.ends(at_once) == 2


def test_who_waits_while_the_process_dies_dies_too() -> None:
    """What comes back from a call is told to nobody then."""
    stage = Stage(FaultPlan())

    def dies() -> None:
        stage.player.dead = True

    stage.meanwhile = dies
    assert stage.ends(at_once) is CrashError
    assert stage.done == 1


def test_what_comes_of_a_duplicate_is_told_to_nobody() -> None:
    """An error of the second time is not the first one's."""
    stage = Stage(FaultPlan.at(1, Fault.DUPLICATE))

    def fails() -> None:
        raise LookupError

    stage.again = fails
    assert stage.ends(at_once) == 1
    assert stage.done == 2


def test_of_two_rules_for_one_call_the_first_happens() -> None:
    """The other one has counted it all the same."""
    plan = FaultPlan.at(2, Fault.FAIL_BEFORE) + FaultPlan.at(2, Fault.LOST_DONE)
    plan += FaultPlan.at(3, Fault.CONFLICT_DONE)
    stage = Stage(plan)
    ends = [stage.ends(at_once) for _ in range(4)]
    assert ends == [1, ConnectionError, CommitResult.CONFLICT, 3]


@pytest.mark.parametrize("happens", [True, False])
def test_what_is_done_instead(*, happens: bool) -> None:
    """It is given its seconds, and written down only where anything happened."""
    asked: list[float] = []

    def instead(seconds: float) -> Course[tuple[Any, bool]]:
        yield lambda: asked.append(seconds)
        return "another answer", happens

    plan = FaultPlan.at(1, Fault.TTL_EARLY, seconds=7)
    stage = Stage(plan, {Fault.TTL_EARLY: instead})
    assert stage.ends(at_once) == "another answer"
    assert asked == [7.0]
    assert stage.done == 0
    assert len(stage.player.injected) == happens
