"""Looking at everything that can be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import pytest
from attrs import evolve

from coachwork.adapters import Memory
from coachwork.policies import Settings
from coachwork.ports import CommitResult, Query
from coachwork.records import Delete, Op, Record
from coachwork.testing.stateful._both import Words
from coachwork.testing.stateful._commands import Commands
from coachwork.testing.stateful._looking import Looking, to_the_end
from coachwork.testing.stateful._topics import CONTEXTS, VALUES
from coachwork.testing.stateful.oracle import Session


def talk(memory: Memory) -> tuple[Commands, Looking]:
    """Return a run in which there was some talk, and who looks at it."""
    run = Commands(lambda: nullcontext(memory), Settings())
    who, words = run.both.users[0], Words()
    for _ in range(2):
        given = (who, VALUES, CONTEXTS["Ada"], None)
        run.both.do(run.start(*given, take_over=False, waits=True, words=words))
    session = run.both.oracle.sessions[-1]
    for waits in (True, True, False):
        run.both.do(run.send(who, session, "hello", None, waits=waits, words=words))
    return run, Looking(run.both)


def look(run: Commands, looking: Looking) -> None:
    """Look at everything."""
    run.both.do(looking.look_at(*run.both.users))
    run.both.do(looking.look_at_views(*run.both.users))


def test_what_is_as_it_must_be_is_passed_over() -> None:
    """Nothing is wrong, however often it is looked at."""
    run, looking = talk(Memory())
    look(run, looking)
    run.both.do(run.process(run.both.oracle.sessions[-1].jobs[-1], Words()))
    look(run, looking)


def test_what_has_expired_is_looked_at_no_more() -> None:
    """Its log is not asked for, and that it is not found is what must be."""
    run, looking = talk(Memory())
    run.both.do(run.meanwhile("it expires", run.both.oracle.sessions[-1].jobs[-1]))
    look(run, looking)


Spoils = Callable[[Commands], object]

WRONG: dict[str, tuple[Spoils, bool]] = {
    "what workers are told": (lambda run: run.both.oracle.dispatched.pop(), False),
    "what others are told": (lambda run: run.both.oracle.events.append({"eventId": "x"}), False),
    "the answer": (lambda run: setattr(run.both.oracle.sessions[-1], "turns", 7), False),
    "the history": (lambda run: run.both.oracle.sessions[-1].log.pop(), True),
    "the list of sessions": (lambda run: setattr(_first(run), "reason", "x"), True),
}
"""What is spoiled, and whether it is seen in views."""


def _first(run: Commands) -> Session:
    return run.both.oracle.sessions[0]


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_as_told_is_found(what: str) -> None:
    """Each of them is looked at, and told by its name."""
    run, looking = talk(Memory())
    spoil, in_views = WRONG[what]
    spoil(run)
    look_at = looking.look_at_views if in_views else looking.look_at
    with pytest.raises(AssertionError, match=f"{what} is not as it must be"):
        run.both.do(look_at(*run.both.users))


class Forgets(Memory):
    """A repository that begins to forget claims when it is told to."""

    forgets = False

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find no claims."""
        return [] if self.forgets and query.kind == "claim" else super().find(query)


def test_what_is_stored_is_held_against_the_invariants() -> None:
    """Where the records do not fit together, the invariant is told."""
    memory = Forgets()
    run, looking = talk(memory)
    memory.forgets = True
    with pytest.raises(AssertionError, match="what is stored is not as it must be:\n1: "):
        run.both.do(looking.look_at_views(*run.both.users))


class Endless(Memory):
    """A repository whose pages never end."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Begin from the beginning each time."""
        return super().find(evolve(query, after=None))


def test_pages_that_never_end_are_left() -> None:
    """More than there is is not read."""
    run, looking = talk(Endless())
    for _ in range(2):
        given: tuple[Any, ...] = (run.both.users[0], VALUES, CONTEXTS["Ada"], None)
        run.both.do(run.start(*given, take_over=False, waits=True, words=Words()))
    with pytest.raises(AssertionError, match="the list of sessions is not as it must be"):
        run.both.do(looking.look_at_views(run.both.users[0]))


class Keeps(Memory):
    """A repository that keeps backgrounds for ever."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Delete none."""
        return super().commit(
            [op for op in ops if not (isinstance(op, Delete) and op.key.kind == "background")]
        )


def test_in_the_end_nothing_may_be_left() -> None:
    """What is left when all is deleted and swept is told by its key."""
    memory = Memory()
    run, looking = talk(memory)
    run.both.do(to_the_end(run, looking))
    assert memory.records() == []
    run, looking = talk(Keeps())
    with pytest.raises(AssertionError, match=r"deleted and swept, and yet there: .*background"):
        run.both.do(to_the_end(run, looking))
