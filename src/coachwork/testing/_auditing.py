"""How an audit judges a commit: by what it changes, and by what is remembered of the rest.

What is remembered may be old, for others write too, and a key that was deleted begins again with
version one. So whatever looks wrong is judged once more by what is stored, key by key, before
anybody is told of it: memory saves reads, and refuses nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any, Final, TypeAlias

from attrs import define, frozen

from coachwork.courses import Course
from coachwork.errors import StoreError
from coachwork.ports import AsyncRepository, CommitResult, Repository
from coachwork.records import (
    ACCOUNT,
    BACKGROUND,
    CLAIM,
    JOB_RECORD,
    KINDS,
    RECEIPT,
    SESSION_RECORD,
    SPENDING,
    STANDING,
    Check,
    Delete,
    Insert,
    Key,
    Op,
    Record,
    Stored,
    Update,
    key_of,
)
from coachwork.testing._invariants import (
    Change,
    Step,
    UnknownRecordError,
    alone,
    judged,
    name_of,
    read,
)

OnViolation: TypeAlias = Callable[[tuple[str, ...]], object]
"""Told of the violations of a commit before it is done; if it raises, the commit is refused."""

_KEPT: Final = frozenset(
    kind.name for kind in (SESSION_RECORD, JOB_RECORD, ACCOUNT, CLAIM, BACKGROUND, STANDING)
)
"""What is remembered: the kinds that change, or that others are held against."""
_NEEDED: Final[Mapping[type[Op], frozenset[str]]] = {
    Update: frozenset(
        kind.name for kind in (SESSION_RECORD, JOB_RECORD, CLAIM, BACKGROUND, STANDING)
    ),
    Delete: frozenset(kind.name for kind in (SESSION_RECORD, JOB_RECORD, CLAIM, RECEIPT, SPENDING)),
    Check: frozenset(),
}
"""The kinds of which an operation has to know the value before: the key does not tell enough."""


@frozen(kw_only=True)
class AuditFigures:
    """What an audit has done so far.

    Attributes:
        commits: How many commits it was given.
        reads: How many records it read that nobody else had asked for.
        unjudged: How many commits passed unjudged, since something of them could not be read.
        violations: How many violations it told of.
    """

    commits: int = 0
    reads: int = 0
    unjudged: int = 0
    violations: int = 0


@define
class _Kept:
    """A record that is remembered, and what it holds once somebody wanted to know."""

    record: Record
    value: Stored[Any] | None = None


class _Memory:
    """The records that were seen last, so many at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()

    def note(self, record: Record, value: Stored[Any] | None = None) -> None:
        """Remember *record*; what it holds is kept where it was known before."""
        if record.key.kind not in _KEPT:
            return
        with self._lock:
            before = self._kept.pop(record.key, None)
            if value is None and before is not None and before.record == record:
                value = before.value
            self._kept[record.key] = _Kept(record, value)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Remember nothing of *key*."""
        with self._lock:
            self._kept.pop(key, None)

    def knows(self, key: Key) -> bool:
        """Whether something is remembered of *key*."""
        return key in self._kept

    def stored(self, key: Key) -> Stored[Any] | None:
        """Return what is remembered of *key*, or None.

        Raises:
            StoreError: It is remembered, and cannot be read.
        """
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.value is None:
            kept.value = read(kept.record)
        return kept.value


class _WouldConflictError(Exception):
    """The repository will certainly answer that commit with a conflict: it decides nothing."""


class _Reader:
    """What is known while one commit is judged.

    Attributes:
        certain: Whether nothing that is only remembered counts.
        reads: How many records were read.
    """

    def __init__(
        self, repository: Repository | AsyncRepository, memory: _Memory, *, certain: bool
    ) -> None:
        self.certain = certain
        self.reads = 0
        self._get = repository.get
        self._memory = memory
        self._read: dict[Key, Stored[Any] | None] = {}

    def fetch(self, key: Key) -> Course[Stored[Any] | None]:
        """Return what is stored under *key*, which is read now."""
        self.reads += 1
        record: Record | None = yield partial(self._get, key)
        self._read[key] = None if record is None else read(record)
        return self._read[key]

    def fetch_version(self, key: Key, version: int) -> Course[Stored[Any]]:
        """Return what is stored under *key* in that version.

        Raises:
            _WouldConflictError: Another version is stored, or none.
        """
        found = None if self.certain else self._memory.stored(key)
        if found is None or found.version != version:
            found = yield from self.fetch(key)
        if found is None or found.version != version:
            raise _WouldConflictError
        return found

    def look(self, key: Key) -> object | None:
        """Return the value that is stored under *key*, or None.

        Raises:
            UnknownRecordError: It was not read, and is not remembered.
        """
        if key in self._read:
            found = self._read[key]
            return None if found is None else found.value
        found = None if self.certain else self._memory.stored(key)
        if found is None:
            raise UnknownRecordError(key)
        value: object = found.value
        return value


@frozen
class _Judgement:
    """What came of judging a commit.

    Attributes:
        violations: What is wrong with it.
        written: The records that it writes, with what they hold.
    """

    violations: list[str]
    written: list[tuple[Record, Stored[Any]]]


class Audit:
    """What an audited repository of either colour asks before it commits."""

    def __init__(self, on_violation: OnViolation, remember: int) -> None:
        """Remember nothing yet."""
        self._on_violation = on_violation
        self._memory = _Memory(remember)
        self._lock = Lock()
        self._figures = AuditFigures()

    @property
    def figures(self) -> AuditFigures:
        """What was done so far."""
        return self._figures

    def saw(self, key: Key, record: Record | None) -> None:
        """Take note of what is stored under *key*."""
        if record is None:
            self._memory.forget(key)
        else:
            self._memory.note(record)

    def found(self, records: Iterable[Record]) -> None:
        """Take note of what a view, which may lag, has found."""
        for record in records:
            if not self._memory.knows(record.key):
                self._memory.note(record)

    def commit(
        self, repository: Repository | AsyncRepository, ops: Sequence[Op]
    ) -> Course[CommitResult]:
        """Judge *ops*, and hand them on where nobody refuses them."""
        self._count(commits=1)
        judgement = yield from self._judged(repository, ops, certain=False)
        if judgement.violations:
            judgement = yield from self._judged(repository, ops, certain=True)
        if judgement.violations:
            self._count(violations=len(judgement.violations))
            self._on_violation(tuple(judgement.violations))
        for op in ops:  # nobody knows before there is an answer
            self._memory.forget(key_of(op))
        answer: CommitResult = yield partial(repository.commit, ops)
        if answer is CommitResult.DONE:
            for record, value in judgement.written:
                self._memory.note(record, value)
        return answer

    def _judged(
        self, repository: Repository | AsyncRepository, ops: Sequence[Op], *, certain: bool
    ) -> Course[_Judgement]:
        """Judge *ops*; whatever goes wrong with that is no reason to refuse a commit."""
        reader = _Reader(repository, self._memory, certain=certain)
        try:
            return (yield from _judgement(reader, ops))
        except _WouldConflictError:
            return _Judgement([], [])
        except Exception:  # noqa: BLE001 - a repository may raise anything, and a record hold it
            self._count(unjudged=1)
            return _Judgement([], [])
        finally:
            self._count(reads=reader.reads)

    def _count(
        self, *, commits: int = 0, reads: int = 0, unjudged: int = 0, violations: int = 0
    ) -> None:
        """Count what was done."""
        with self._lock:
            done = self._figures
            self._figures = AuditFigures(
                commits=done.commits + commits,
                reads=done.reads + reads,
                unjudged=done.unjudged + unjudged,
                violations=done.violations + violations,
            )


def _judgement(reader: _Reader, ops: Sequence[Op]) -> Course[_Judgement]:
    """Judge *ops*, reading what is not known.

    Raises:
        _WouldConflictError: They would be answered with a conflict.
        StoreError: What is stored cannot be read.
    """
    alone_wrong: list[str] = []
    changes: dict[Key, Change] = {}
    written: list[tuple[Record, Stored[Any]]] = []
    for op in ops:
        key = key_of(op)
        old = yield from _old(reader, op)
        if isinstance(op, Insert | Update):
            try:
                new = read(op.record)
            except StoreError:
                alone_wrong.append(f"8: {name_of(key)}: its body cannot be read")
                continue
            if key.kind in KINDS:
                alone_wrong += alone(op.record, new.value)
            changes[key] = Change(key, old, new)
            written.append((op.record, new))
        elif isinstance(op, Delete):
            changes[key] = Change(key, old, None)
    step = Step(changes, reader.look)
    while True:
        told, unknown = judged(step)
        if not unknown:
            return _Judgement([*alone_wrong, *told], written)
        for key in dict.fromkeys(unknown):
            yield from reader.fetch(key)


def _old(reader: _Reader, op: Op) -> Course[Stored[Any] | None]:
    """Return what *op* finds, as far as it has to be known; its version alone where that will do.

    Raises:
        _WouldConflictError: It finds something else.
    """
    key = key_of(op)
    if isinstance(op, Insert):
        if reader.certain and (yield from reader.fetch(key)) is not None:
            raise _WouldConflictError
        return None
    version = op.record.version - 1 if isinstance(op, Update) else op.version
    needed = key.kind in _NEEDED[type(op)]
    if needed or reader.certain:
        return (yield from reader.fetch_version(key, version))
    return Stored(None, version)
