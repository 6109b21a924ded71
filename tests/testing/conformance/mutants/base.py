"""Repositories that are broken on purpose: each breaks one promise, and its own check tells.

A mutant is the repository in memory with one thing wrong. Where the wrong thing is a race, the
mutant waits at the place of the race until somebody else is there too, so that it is always lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Condition, RLock, current_thread
from types import ModuleType
from typing import Any, Final, TypeAlias

from attrs import frozen

from coachwork.adapters import Memory
from coachwork.ports import CommitResult
from coachwork.records import Check, Delete, Insert, Key, Op, Record, Update, key_of
from coachwork.testing.conformance import (
    Capability,
    ConformanceError,
    Make,
    Suite,
    Terms,
    check,
)
from coachwork.testing.conformance.repository import REPOSITORY

CONFLICT: Final = CommitResult.CONFLICT
DONE: Final = CommitResult.DONE

Anything: TypeAlias = Any
"""What a broken repository takes or gives: the wrong thing, at times."""


@frozen(kw_only=True)
class Mutant:
    """A broken repository.

    Attributes:
        name: What is wrong with it, in a sentence.
        caught_by: The numbers of the promises that it breaks; the first is the one it is made for.
        prepare: Gets an empty folder and returns what makes the repository.
        lacks: What it lacks, as it says.
        processes: Whether several processes may use it.
        only: The numbers of the promises that are checked, where it is sound in all others.
        deadline: Seconds that a check may take.
    """

    name: str
    caught_by: tuple[str, ...]
    prepare: Callable[[Path], Make]
    lacks: frozenset[Capability] = frozenset()
    processes: bool = False
    only: frozenset[str] = frozenset()
    deadline: float = 20.0

    def findings(self) -> dict[str, str]:
        """Run the kit; return what it found broken, by number."""
        wanted = [p for p in REPOSITORY.promises if p.number in self.only or not self.only]
        suite = Suite(port=REPOSITORY.port, promises=tuple(wanted))
        terms = Terms.of(
            REPOSITORY, lacks=self.lacks, processes=self.processes, deadline=self.deadline
        )
        with TemporaryDirectory() as folder:
            try:
                check(suite, self.prepare(Path(folder)), terms)
            except ConformanceError as error:
                return {o.promise.number: str(o) for o in error.report.broken}
        return {}


def breaks(number: str, *others: str, deadline: float = 20.0) -> Callable[[type[Any]], type[Any]]:
    """Say which promise a mutant is made to break, and which others it breaks unavoidably."""

    def made(broken: type[Any]) -> type[Any]:
        broken.mutant = Mutant(
            name=sentence_of(broken),
            caught_by=(number, *others),
            prepare=lambda _: lambda: nullcontext(broken()),
            lacks=frozenset({Capability.REOPENING}),
            deadline=deadline,
        )
        return broken

    return made


def sentence_of(broken: type[Any]) -> str:
    """Return what is wrong with a class of repositories: it says so itself."""
    return " ".join((broken.__doc__ or "").split())


def mutants_in(*modules: ModuleType) -> tuple[Mutant, ...]:
    """Return the mutants that modules hold, by the numbers of their promises."""
    found = [
        vars(made)["mutant"]
        for module in modules
        for made in vars(module).values()
        if isinstance(made, type) and "mutant" in vars(made)
    ]
    return tuple(sorted(found, key=lambda mutant: mutant.caught_by[0]))


# --- what mutants are made of ----------------------------------------------------------------


class Loose(Memory):
    """A repository whose parts can be broken one by one."""

    def __init__(self) -> None:
        """Let a thread that holds the lock take it again."""
        super().__init__()
        self._lock: Any = RLock()

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Judge all operations, then do them, under one lock."""
        with self._lock:
            if not all(self.passes(op) for op in ops):
                return CONFLICT
            for op in ops:
                self.do(op)
        return DONE

    def passes(self, op: Op) -> bool:
        """Whether what *op* wants to find is there."""
        return self._holds(op)

    def do(self, op: Op) -> None:
        """Do *op*, whatever is there."""
        found = self.stored(key_of(op))
        if found is not None and not isinstance(op, Check):
            super().commit([Delete(found.key, found.version)])
        if isinstance(op, Insert | Update):
            super().commit([Insert(op.record)])

    def stored(self, key: Key) -> Record | None:
        """Return what is there."""
        return self._by_kind.get(key.kind, {}).get(key.text)


def racing() -> bool:
    """Whether this is one of the threads that the kit lets race."""
    return "-racer-" in current_thread().name


class Company:
    """Where racers wait for one another, at the place of a race; nobody else waits."""

    def __init__(self) -> None:
        """Let nobody have been here."""
        self._changed = Condition()
        self._here = 0
        self._has_met = False

    def wait(self) -> None:
        """Wait until somebody else is here too: the first time, and not for ever."""
        if racing():
            with self._changed:
                self._here += 1
                self._has_met = self._has_met or self._here > 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._has_met, timeout=LONG)
                self._has_met = True
                self._here -= 1


LONG: Final = 5.0
"""Seconds after which somebody who waits is alone."""
