"""Mutants that break what is promised of a commit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import evolve

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
)

# --- the answers -----------------------------------------------------------------------------


@breaks("R09")
class AnswersWords(Memory):
    """A commit answers with a word that is equal to the answer, and not the same."""

    def commit(self, ops: Sequence[Op], /) -> Anything:
        """Answer with a text."""
        return str(super().commit(ops).value)


@breaks("R10")
class RefusesNothing(Memory):
    """A commit without operations is an error of the engine."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Refuse an empty list."""
        if not ops:
            raise ValueError("no operations")
        return super().commit(ops)


@breaks("R11", "R62")
class Upserts(Loose):
    """An insert writes over what is there."""

    def passes(self, op: Op) -> bool:
        """Let every insert pass."""
        return isinstance(op, Insert) or super().passes(op)


@breaks("R12", "R61")
class LastWriteWins(Loose):
    """An update does not look at the version."""

    def __init__(self) -> None:
        """Have met nobody."""
        super().__init__()
        self._company = Company()

    def get(self, key: Key, /) -> Record | None:
        """Read, and wait until somebody else has read what is to be counted up, too."""
        found = super().get(key)
        if key.parts == ("counter",):
            self._company.wait()
        return found

    def passes(self, op: Op) -> bool:
        """Let every update pass that finds something."""
        if isinstance(op, Update):
            return self.stored(op.record.key) is not None
        return super().passes(op)


@breaks("R12")
class TakesLaterVersions(Loose):
    """An update passes if its version is a later one."""

    def passes(self, op: Op) -> bool:
        """Let early ones pass."""
        if not isinstance(op, Update):
            return super().passes(op)
        found = self.stored(op.record.key)
        return found is not None and found.version < op.record.version


@breaks("R12")
class UpdatesWhatIsNotThere(Loose):
    """An update puts a record where none is."""

    def passes(self, op: Op) -> bool:
        """Let blind ones pass."""
        return super().passes(op) or (isinstance(op, Update) and self.stored(op.record.key) is None)


@breaks("R13")
class DeletesAnyVersion(Loose):
    """A delete does not look at the version."""

    def passes(self, op: Op) -> bool:
        """Let every delete pass that finds something."""
        if isinstance(op, Delete):
            return self.stored(op.key) is not None
        return super().passes(op)


@breaks("R13", "R63")
class DeletesNothing(Loose):
    """A delete of what is not there is done, as it is in SQL."""

    def passes(self, op: Op) -> bool:
        """Let it pass."""
        return super().passes(op) or (isinstance(op, Delete) and self.stored(op.key) is None)


@breaks("R14")
class ChecksWhatIsNotThere(Loose):
    """A check passes where nothing is."""

    def passes(self, op: Op) -> bool:
        """Let it pass."""
        return super().passes(op) or (isinstance(op, Check) and self.stored(op.key) is None)


@breaks("R14", "R64")
class IgnoresChecks(Loose):
    """Checks are not looked at."""

    def passes(self, op: Op) -> bool:
        """Let every check pass."""
        return isinstance(op, Check) or super().passes(op)


@breaks("R11", "R12", "R13", "R14")
class JudgesTheFirst(Loose):
    """Only the first operation is judged."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Judge one, do all."""
        with self._lock:
            if ops and not self.passes(ops[0]):
                return CONFLICT
            for op in ops:
                self.do(op)
        return DONE


# --- what is written -------------------------------------------------------------------------


@breaks("R15")
class ChecksByWriting(Loose):
    """A check locks a record by writing it, and moves its version."""

    def do(self, op: Op) -> None:
        """Write what is checked."""
        found = self.stored(key_of(op))
        if isinstance(op, Check) and found is not None:
            op = Update(evolve(found, version=found.version + 1))
        super().do(op)


@breaks("R16")
class EndsAtACheck(Loose):
    """What stands behind a check is lost: the check has ended the transaction."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Leave out inserts behind a check."""
        checked = False
        kept: list[Op] = []
        for op in ops:
            checked = checked or isinstance(op, Check)
            if not (checked and isinstance(op, Insert)):
                kept.append(op)
        return super().commit(kept)


@breaks("R17")
class WritesUntilItFails(Loose):
    """The operations before the one that fails stay done."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Do one after another."""
        with self._lock:
            for op in ops:
                if not self.passes(op):
                    return CONFLICT
                self.do(op)
        return DONE


@breaks("R17")
class DeletesAllTheSame(Loose):
    """Deletes are done before the others are judged."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Delete first."""
        with self._lock:
            if not all(self.passes(op) for op in ops):
                for op in ops:
                    if isinstance(op, Delete) and self.passes(op):
                        self.do(op)
                return CONFLICT
            return super().commit(ops)


@breaks("R18")
class KeepsOldFacts(Loose):
    """An update leaves a column as it is where the new fact is None."""

    def do(self, op: Op) -> None:
        """Merge the texts of the facts."""
        found = self.stored(key_of(op))
        if isinstance(op, Update) and found is not None:
            old, new = found.facts, op.record.facts
            kept = {
                name: getattr(new, name) or getattr(old, name)
                for name in ("owner", "session", "topic", "status", "scenario")
            }
            op = Update(evolve(op.record, facts=evolve(new, **kept)))
        super().do(op)


@breaks("R18")
class MergesBodies(Loose):
    """An update merges the new document into the old one."""

    def do(self, op: Op) -> None:
        """Merge them."""
        found = self.stored(key_of(op))
        if isinstance(op, Update) and found is not None:
            body = json.dumps({**json.loads(found.body), **json.loads(op.record.body)})
            op = Update(evolve(op.record, body=body.replace(" ", "")))
        super().do(op)


@breaks("R19", "R16", "R63", "R66")
class DeletesSoftly(Loose):
    """What is deleted is only marked so, and `get` does not look at the mark."""

    def __init__(self) -> None:
        """Mark nothing."""
        super().__init__()
        self._marked: dict[str, Record] = {}

    def get(self, key: Key, /) -> Record | None:
        """Return what is there, or was."""
        return super().get(key) or self._marked.get(key.text)

    def do(self, op: Op) -> None:
        """Mark what is deleted."""
        found = self.stored(key_of(op))
        if isinstance(op, Delete) and found is not None:
            self._marked[op.key.text] = found
        super().do(op)


@breaks("R20")
class LeavesTombstones(Loose):
    """Where a record was deleted, none can be put again."""

    def __init__(self) -> None:
        """Bury nothing."""
        super().__init__()
        self._buried: set[str] = set()

    def passes(self, op: Op) -> bool:
        """Refuse an insert where something was."""
        if isinstance(op, Insert) and op.record.key.text in self._buried:
            return False
        return super().passes(op)

    def do(self, op: Op) -> None:
        """Bury what is deleted."""
        if isinstance(op, Delete):
            self._buried.add(op.key.text)
        super().do(op)


# --- what nobody else may change -------------------------------------------------------------


@breaks("R21")
class WritesLater(Memory):
    """A commit is answered at once and written with the next call, from the caller's list."""

    def __init__(self) -> None:
        """Owe nothing."""
        super().__init__()
        self._owed: Sequence[Op] = ()

    def get(self, key: Key, /) -> Record | None:
        """Write what is owed, and read."""
        self._write()
        return super().get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Owe it, where it can be done."""
        if not isinstance(ops, list):
            self._write()
            return super().commit(ops)
        self._owed = ops
        return DONE

    def _write(self) -> None:
        owed, self._owed = self._owed, ()
        super().commit(owed)


@breaks("R22")
class SharesLogs(Memory):
    """Everybody is given the same list of a log, as long as nothing is written."""

    def __init__(self) -> None:
        """Have given nothing."""
        super().__init__()
        self._given: dict[str, Anything] = {}

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Forget what was given."""
        self._given = {}
        return super().commit(ops)

    def log(self, tenant: str, session: str, /, **wanted: Anything) -> Anything:
        """Give it again."""
        given = self._given
        asked = repr((tenant, session, wanted))
        if asked not in given:
            given[asked] = super().log(tenant, session, **wanted)
        return given[asked]


@breaks("R22")
class SharesViews(SharesLogs):
    """Everybody is given the same list of a view, as long as nothing is written."""

    log: Anything = Memory.log

    def find(self, query: Query, /) -> Anything:
        """Give it again."""
        given = self._given
        if repr(query) not in given:
            given[repr(query)] = super().find(query)
        return given[repr(query)]


# --- time ------------------------------------------------------------------------------------


def has_expired(record: Record) -> bool:
    """Whether the engine thinks that it is over."""
    expires = record.facts.expires
    return expires is not None and expires <= datetime.now(UTC)


@breaks("R23", "R24")
class HidesWhatExpired(Memory):
    """What has expired by the engine's clock is not shown, and still in the way."""

    def get(self, key: Key, /) -> Record | None:
        """Hide it."""
        found = super().get(key)
        return None if found is None or has_expired(found) else found


@breaks("R24")
class DeletesWhatExpired(Loose):
    """The engine deletes whatever has expired by its own clock, accounts too."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Delete it first."""
        with self._lock:
            for records in self._by_kind.values():
                for record in [record for record in records.values() if has_expired(record)]:
                    self.do(Delete(record.key, record.version))
        return super().commit(ops)


# --- how much --------------------------------------------------------------------------------


@breaks("R25")
class DoesTheFirstFifty(Memory):
    """Of a large commit only the first fifty operations are done."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Forget the others."""
        return super().commit(ops[:50])
