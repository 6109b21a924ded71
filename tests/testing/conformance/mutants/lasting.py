"""Mutants that break what is promised to whoever comes later, or from another process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from time import sleep

from coachwork.adapters import SQLite
from coachwork.ports import CommitResult
from coachwork.records import Delete, Insert, Key, Op, Record, Update, key_of
from tests.testing.conformance.mutants.base import (
    Anything,
    Loose,
    Mutant,
    sentence_of,
)

# --- later -----------------------------------------------------------------------------------


class Lasting(Loose):
    """A repository that is opened and closed, and not quite the same when it is opened again."""

    @contextmanager
    def opened(self) -> Generator[Lasting]:
        """Open it, and close it."""
        yield self
        self.close()

    def close(self) -> None:
        """Lose something."""
        raise NotImplementedError


def lasts(number: str) -> Callable[[type[Anything]], type[Anything]]:
    """Say which promise a repository breaks that is opened again and again."""

    def made(broken: type[Anything]) -> type[Anything]:
        broken.mutant = Mutant(
            name=sentence_of(broken), caught_by=(number,), prepare=lambda _: broken().opened
        )
        return broken

    return made


@lasts("R70")
class LosesTheLastCommit(Lasting):
    """What was committed last is not on the disk when it is closed."""

    def __init__(self) -> None:
        """Have written nothing."""
        super().__init__()
        self._before: dict[Key, Record | None] = {}

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Remember what was there before."""
        with self._lock:
            self._before = {key_of(op): self.stored(key_of(op)) for op in ops}
            return super().commit(ops)

    def close(self) -> None:
        """Bring it back."""
        for key, record in self._before.items():
            self.do(Delete(key, 0) if record is None else Insert(record))


@lasts("R70")
class DeletesInMemoryOnly(Lasting):
    """What was deleted is back when it is opened again."""

    def __init__(self) -> None:
        """Have deleted nothing."""
        super().__init__()
        self._deleted: dict[Key, Record] = {}

    def do(self, op: Op) -> None:
        """Remember what is deleted."""
        found = self.stored(key_of(op))
        if isinstance(op, Delete) and found is not None:
            self._deleted[op.key] = found
        super().do(op)

    def close(self) -> None:
        """Bring it back."""
        for record in self._deleted.values():
            self.do(Insert(record))


# --- elsewhere -------------------------------------------------------------------------------


@contextmanager
def opened(broken: type[SQLite], path: Path) -> Generator[SQLite]:
    """Open a file in this process."""
    with closing(broken(path, synchronous="NORMAL")) as repository:
        yield repository


def races(*numbers: str) -> Callable[[type[Anything]], type[Anything]]:
    """Say which promises a file breaks in other processes; in this one it is sound."""

    def made(broken: type[Anything]) -> type[Anything]:
        broken.mutant = Mutant(
            name=sentence_of(broken),
            caught_by=numbers,
            prepare=lambda folder: partial(opened, broken, folder / "coach.db"),
            processes=True,
            only=frozenset({"R70", "R71", "R72", "R73", "R74"}),
        )
        return broken

    return made


@races("R71", "R72", "R73")
class KeepsThreadsOutOnly(SQLite):
    """A commit is judged and written under a lock that other processes do not see."""

    def __init__(self, path: Path, **options: Anything) -> None:
        """Have met nobody."""
        super().__init__(path, **options)
        self._folder = path.parent
        self._has_met = multiprocessing.parent_process() is None

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Judge, wait for the other process, and write whatever has become of it."""
        early = [op for op in ops if not isinstance(op, Delete)]
        if self._has_met or len(ops) != 2 or not all(map(self._passes, early)):
            return super().commit(ops)
        self._meet(early[-1])
        super().commit(ops)  # what the other one has written meanwhile is written over
        return CommitResult.DONE

    def _passes(self, op: Op) -> bool:
        """Whether what *op* wants to find is there."""
        found = self.get(key_of(op))
        if isinstance(op, Insert):
            return found is None
        wanted = op.record.version - 1 if isinstance(op, Update) else op.version
        return found is not None and found.version == wanted

    def _meet(self, op: Op) -> None:
        """Wait until the other process is here too."""
        mark = f"here-{key_of(op).tenant}-"
        (self._folder / f"{mark}{os.getpid()}").touch()
        for _ in range(2000):
            if len(list(self._folder.glob(f"{mark}*"))) > 1:
                break
            sleep(0.005)
        self._has_met = True


@races("R74")
class RemembersWhatItRead(SQLite):
    """A process remembers what it read, until it changes that itself."""

    def __init__(self, path: Path, **options: Anything) -> None:
        """Remember nothing."""
        super().__init__(path, **options)
        self._known: dict[Key, Record | None] = {}

    def get(self, key: Key, /) -> Record | None:
        """Read what is not remembered."""
        if key not in self._known:
            self._known[key] = super().get(key)
        return self._known[key]

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Forget what is written."""
        for op in ops:
            self._known.pop(key_of(op), None)
        return super().commit(ops)
