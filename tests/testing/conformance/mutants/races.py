"""Mutants that lose a race."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Lock, local
from time import sleep

from coachwork.adapters import Memory
from coachwork.ports import CommitResult, Query
from coachwork.records import Check, Delete, Insert, Key, Op, Record, Update, key_of
from tests.testing.conformance.mutants.base import (
    CONFLICT,
    DONE,
    Anything,
    Company,
    Loose,
    breaks,
    racing,
)


class JudgesTooEarly(Loose):
    """A repository that judges operations of one kind before it takes the lock."""

    early: type[Anything]

    def __init__(self) -> None:
        """Have met nobody."""
        super().__init__()
        self._company = Company()

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Judge, wait for somebody else who has judged, and write."""
        early = [op for op in ops if isinstance(op, self.early)]
        if not all(self.passes(op) for op in early):
            return CONFLICT
        if early and len(ops) == 2:
            self._company.wait()
        with self._lock:
            if not all(self.passes(op) for op in ops if op not in early):
                return CONFLICT
            for op in ops:
                self.do(op)
        return DONE


@breaks("R61")
class UpdatesFromWhatWas(JudgesTooEarly):
    """An update is judged before others are kept out: the last one wins."""

    early = Update


@breaks("R62")
class InsertsWhereNothingWas(JudgesTooEarly):
    """Whether a claim is there is looked up before it is put: two have it."""

    early = Insert


@breaks("R63")
class DeletesWhatWas(JudgesTooEarly):
    """A delete is judged before others are kept out: two are told that it was theirs."""

    early = Delete


@breaks("R64")
class ChecksByReading(JudgesTooEarly):
    """A check is a plain read before the write: it keeps nobody out."""

    early = Check


@breaks("R65")
class WritesOneByOne(Loose):
    """The records of a commit are seen one after another."""

    def __init__(self) -> None:
        """Have been read by nobody."""
        super().__init__()
        self._writing = Lock()
        self._reads = 0

    def get(self, key: Key, /) -> Record | None:
        """Count, and read."""
        self._reads += 1
        return super().get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Keep other writers out, but no readers; let them read in the middle."""
        with self._writing:
            if not all(self.passes(op) for op in ops):
                return CONFLICT
            for op in ops:
                self.do(op)
                if racing() and op is ops[0] and len(ops) > 2 and isinstance(ops[2], Update):
                    self._wait_for_readers()
        return DONE

    def _wait_for_readers(self) -> None:
        """Wait until each reader has come round, or nobody reads any more."""
        before = self._reads
        for _ in range(100):
            sleep(0.005)
            if self._reads > before + 30:
                return


@breaks("R66")
class RemembersWhatIsNotThere(Memory):
    """A thread that found nothing remembers that, and looks no more."""

    def __init__(self) -> None:
        """Remember nothing."""
        super().__init__()
        self._mine = local()

    def get(self, key: Key, /) -> Record | None:
        """Look, where nothing is remembered."""
        missing: set[str] = self._mine.__dict__.setdefault("missing", set())
        found = None if key.text in missing else super().get(key)
        if found is None:
            missing.add(key.text)
        return found

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Forget what was remembered of what is written."""
        self._mine.__dict__.setdefault("missing", set()).difference_update(
            key_of(op).text for op in ops
        )
        return super().commit(ops)


@breaks("R67")
class LosesAnAppend(Loose):
    """Of two who append to a log at the same moment, one is not in it."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write back the log as it was, once."""
        with self._lock:
            result = super().commit(ops)
            for log in self._logs.values() if racing() else ():
                if len(log) == 5:
                    del log[2]
            return result


@breaks("R67")
class SeesTheNewestFirst(Memory):
    """Whoever reads while others append sees the newest message before the one before it."""

    def log(self, tenant: str, session: str, /, **wanted: Anything) -> Anything:
        """Leave out the one before the last."""
        found = list(super().log(tenant, session, **wanted))
        if racing() and len(found) > 3:
            del found[-2]
        return found


@breaks("R68")
class LocksInTheOrderOfOps(Loose):
    """A commit locks what it changes one by one, and fails where two lock crosswise."""

    def __init__(self) -> None:
        """Hold no lock."""
        super().__init__()
        self._locks: dict[str, Lock] = {}
        self._company = Company()

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Lock, write, and unlock."""
        held: list[Lock] = []
        try:
            for op in ops:
                if isinstance(op, Update):
                    lock = self._locks.setdefault(op.record.key.text, Lock())
                    if not lock.acquire(timeout=0.2 if held else -1):
                        raise RuntimeError("deadlock detected")
                    held.append(lock)
                    if len(ops) == 2 and isinstance(ops[1], Update):
                        self._company.wait()
            return super().commit(ops)
        finally:
            for lock in held:
                lock.release()


# --- tasks -----------------------------------------------------------------------------------


class Slow:
    """An async repository that waits on the way, as one does that asks a server."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._loose = Loose()
        self._lock = asyncio.Lock()

    async def get(self, key: Key, /) -> Record | None:
        """Read, when nobody writes."""
        async with self._lock:
            return self._loose.get(key)

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write."""
        raise NotImplementedError

    async def log(self, tenant: str, session: str, /, **wanted: Anything) -> Sequence[Record]:
        """Read the log."""
        return self._loose.log(tenant, session, **wanted)

    async def find(self, query: Query, /) -> Sequence[Record]:
        """Find."""
        return self._loose.find(query)


@breaks("R69")
class StopsHalfWay(Slow):
    """A task that is cancelled between two writes leaves the first."""

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write one by one."""
        async with self._lock:
            if not all(self._loose.passes(op) for op in ops):
                return CONFLICT
            for op in ops:
                self._loose.do(op)
                await asyncio.sleep(0)
        return DONE


@breaks("R69", deadline=5.0)
class KeepsTheLock(Slow):
    """A task that is cancelled never gives its connection back: all others wait for it."""

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write, and give the lock back only at the end."""
        await self._lock.acquire()
        await asyncio.sleep(0)
        result = self._loose.commit(ops)
        self._lock.release()
        return result
