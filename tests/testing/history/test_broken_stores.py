"""Stores that break one promise each are found out by the history of what they did.

Each goes through the same few calls; what overlaps is called from within the broken store, so
nothing here depends on a race.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from coachwork.adapters import Memory
from coachwork.errors import OutcomeUnknownError
from coachwork.ports import CommitResult, Query
from coachwork.records import MESSAGE, Check, Insert, Key, Op, Record, Update, key_of
from coachwork.testing.history import History, history_violations, recorded
from tests.told_calls import gone, held, key, message, put, say

DONE, CONFLICT = CommitResult.DONE, CommitResult.CONFLICT


class Store(Memory):
    """A correct store, that lets something happen in the middle of a commit."""

    def __init__(self) -> None:
        """Let nothing happen."""
        super().__init__()
        self.meanwhile: Callable[[], object] = lambda: None

    def happen(self) -> None:
        """Let it happen once."""
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Let it happen before."""
        self.happen()
        return super().commit(ops)

    def put(self, record: Record) -> None:
        """Write a record, whatever is there."""
        self._by_kind.setdefault(record.key.kind, {})[record.key.text] = record


class LastWriteWins(Store):
    """It asks for no version."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write everything."""
        answer = super().commit([op for op in ops if not isinstance(op, Update)])
        for op in ops:
            if isinstance(op, Update) and answer is DONE:
                self.put(op.record)
        return answer


class StaleGet(Store):
    """It reads from a cache that nobody refreshes."""

    def __init__(self) -> None:
        """Have read nothing."""
        super().__init__()
        self._cache: dict[Key, Record] = {}

    def get(self, key: Key, /) -> Record | None:
        """Read what was read before."""
        found = self._cache.get(key) or super().get(key)
        if found is not None:
            self._cache[key] = found
        return found


class LostAppend(Store):
    """It forgets messages that are written together with something else."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write the rest."""
        kept = [op for op in ops if key_of(op).kind != MESSAGE.name]
        return super().commit(kept or ops)


class PartialCommit(Store):
    """It shows the first half of a commit before the second."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write one after the other."""
        if isinstance(ops[0], Insert | Update) and all(self._holds(op) for op in ops):
            before = {kind: dict(records) for kind, records in self._by_kind.items()}
            self.put(ops[0].record)
            self.happen()
            self._by_kind = before
        return super().commit(ops)


class CheckWithoutLock(Store):
    """It looks at what is checked, and not again when it writes."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Check first, write later."""
        checks = [op for op in ops if isinstance(op, Check)]
        if not all(self._holds(op) for op in checks):
            return CONFLICT
        return super().commit([op for op in ops if not isinstance(op, Check)])


class DirtyRead(Store):
    """It shows what it writes before it knows whether it will stay."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write, show, and take back."""
        before = {kind: dict(records) for kind, records in self._by_kind.items()}
        for op in ops:
            if isinstance(op, Insert | Update):
                self.put(op.record)
        self.happen()
        self._by_kind = before
        return super().commit(ops)


class HalfOfWhatNobodyKnows(Store):
    """It loses the answer, and with it a part of the commit."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write half of it."""
        if len(ops) == 1:
            return super().commit(ops)
        super().commit(ops[:1])
        raise OutcomeUnknownError


class LogWithAGap(Store):
    """A page of its log is late."""

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Leave the second one out."""
        found = super().log(tenant, session, after=after, last=last, limit=limit)
        return [*found[:1], *found[2:]]


class LogWithoutItsBeginning(Store):
    """Its log is filled from the end."""

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Leave the first one out."""
        return super().log(tenant, session, after=after, last=last, limit=limit)[1:]


class ViewOfWhatWasNotDone(Store):
    """Its view is told of what is about to be written."""

    def __init__(self) -> None:
        """Have heard of nothing."""
        super().__init__()
        self._heard: list[Record] = []

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Tell, and write."""
        self._heard += [op.record for op in ops if isinstance(op, Insert | Update)]
        return super().commit(ops)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Return what it was told."""
        return [record for record in self._heard if record.key.kind == query.kind]


class Resurrection(Store):
    """What was deleted comes back."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write, and forget the deletions."""
        before = {kind: dict(records) for kind, records in self._by_kind.items()}
        answer = super().commit(ops)
        for kind, records in before.items():
            for text, record in records.items():
                self._by_kind[kind].setdefault(text, record)
        return answer


def calls(store: Store, history: History) -> None:
    """Make calls in which each of the promises is of account."""
    told = recorded(store, history)
    things = Query(kind="thing", tenant="acme", owner="ada")

    def look() -> None:
        for name in "ab":
            told.get(key(name))

    def commit(*ops: Op) -> None:
        try:
            told.commit(ops)
        except OutcomeUnknownError:
            look()

    store.meanwhile = look
    commit(put("a"), put("b"), say(1), say(2), say(3))
    look()
    told.get(message(2).key)
    told.log("acme", "s", limit=10)
    # Each is told that the other's record is as it was.
    store.meanwhile = lambda: told.commit([held("b"), put("a", 2, "mine")])
    commit(held("a"), put("b", 2, "mine"))
    look()
    # Two from the same version, of which one is too late.
    commit(put("a", 3))
    commit(put("a", 3, "late"))
    store.meanwhile = look
    commit(put("c"), put("b", 9, "never"))
    told.find(things)
    told.get(key("c"))
    look()
    commit(gone("a", 3))
    look()


BROKEN: dict[type[Store], str] = {
    LastWriteWins: "both wrote version 3 over version 2",
    StaleGet: "found version 1 after call",
    LostAppend: "message acme/s/2: call",
    PartialCommit: "these calls cannot have come one after the other",
    CheckWithoutLock: "which the other changed",
    DirtyRead: "which was answered: conflict",
    HalfOfWhatNobodyKnows: "found nothing",
    LogWithAGap: "message acme/s/2: call",
    LogWithoutItsBeginning: "message acme/s/1: call",
    ViewOfWhatWasNotDone: "which was answered: conflict",
    Resurrection: "had deleted it",
}


def test_a_correct_store_goes_through_it_all() -> None:
    """Of these very calls nothing is told; some of them conflict, and some overlap."""
    history, store = History(), Store()
    calls(store, history)
    assert history_violations(history, left=store.records()) == []
    assert {call.outcome.value for call in history.calls} == {"done", "conflict"}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda store: store.__name__)
def test_a_broken_store_is_found_out(broken: type[Store]) -> None:
    """By what it did alone, without a look into it."""
    history = History()
    calls(broken(), history)
    told = history_violations(history)
    assert any(BROKEN[broken] in one for one in told), told


def test_what_is_missing_in_the_end_is_found_without_another_read() -> None:
    """A message that is nowhere, though nobody has asked for it since."""
    history, store = History(), LostAppend()
    recorded(store, history).commit([put("a"), say(1)])
    assert history_violations(history) == []
    (told,) = history_violations(history, left=store.records())
    assert told.startswith("message acme/s/1: what is left in the end found nothing after call 1")
