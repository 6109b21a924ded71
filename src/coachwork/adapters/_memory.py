"""A repository in memory: the reference, and enough for tests and tools."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Lock

from coachwork.ports import CommitResult, Query
from coachwork.records import (
    MESSAGE,
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    Update,
    key_of,
    message_key,
)


class Memory:
    """Keeps records in dictionaries, for as long as it lives.

    It may be used by several threads, and by several coaches of either colour at once. Nothing is
    copied, because nothing that is kept can change.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = Lock()
        self._by_kind: dict[str, dict[str, Record]] = {}
        # Per kind the keys of what is due some day: few of many, and workers ask all the time.
        self._due: dict[str, set[str]] = {}
        # Per tenant and session the numbers of its messages, in order: a log is found at once.
        self._logs: dict[tuple[str, ...], list[int]] = {}

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        with self._lock:
            return self._by_kind.get(key.kind, {}).get(key.text)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        with self._lock:
            if not all(self._holds(op) for op in ops):
                return CommitResult.CONFLICT
            for op in ops:
                if isinstance(op, Insert | Update):
                    key = op.record.key
                    self._by_kind.setdefault(key.kind, {})[key.text] = op.record
                    self._note_due(op.record)
                    if isinstance(op, Insert) and key.kind == MESSAGE.name:
                        log, number = _place(key)
                        insort(self._logs.setdefault(log, []), number)
                elif isinstance(op, Delete):
                    del self._by_kind[op.key.kind][op.key.text]
                    self._due[op.key.kind].discard(op.key.text)
                    if op.key.kind == MESSAGE.name:
                        log, number = _place(op.key)
                        self._logs[log].remove(number)
        return CommitResult.DONE

    def _note_due(self, record: Record) -> None:
        """Note that *record* is due some day, or that it is not."""
        due = self._due.setdefault(record.key.kind, set())
        if record.facts.due is None:
            due.discard(record.key.text)
        else:
            due.add(record.key.text)

    def _holds(self, op: Op) -> bool:
        """Whether what *op* wants to find is there."""
        key = key_of(op)
        found = self._by_kind.get(key.kind, {}).get(key.text)
        if isinstance(op, Insert):
            return found is None
        wanted = op.record.version - 1 if isinstance(op, Update) else op.version
        return found is not None and found.version == wanted

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        with self._lock:
            messages = self._by_kind.get(MESSAGE.name, {})
            numbers = self._logs.get((tenant, session), [])
            first = bisect_right(numbers, after)
            if last is not None:
                first = max(first, len(numbers) - last)
            wanted = numbers[first : first + limit]
            return [messages[message_key(tenant, session, number).text] for number in wanted]

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        with self._lock:
            records = self._by_kind.get(query.kind, {})
            after = None if query.after is None else query.after.text
            asked = records if query.due is None else self._due.get(query.kind, ())
            found = [
                text
                for text in asked
                if _matches(records[text].facts, records[text].key.tenant, query)
                and (after is None or _comes_after(records[text], after, query))
            ]
            found.sort(reverse=query.newest_first)
            if query.due is not None:
                found.sort(key=lambda text: _due(records[text]))
            return [records[text] for text in found[: query.limit]]

    def records(self) -> list[Record]:
        """Return everything that is kept, whoever's it is, in the order of the keys' texts."""
        with self._lock:
            kept = [record for kind in self._by_kind.values() for record in kind.items()]
        return [record for _, record in sorted(kept)]

    def for_async(self) -> AsyncMemory:
        """Return the same records for an async coach; nothing in it makes anybody wait."""
        return AsyncMemory(self)


class AsyncMemory:
    """The records of a `Memory`, awaited."""

    def __init__(self, memory: Memory) -> None:
        """Stand before *memory*."""
        self._memory = memory

    async def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        return self._memory.get(key)

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        return self._memory.commit(ops)

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return self._memory.log(tenant, session, after=after, last=last, limit=limit)

    async def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return self._memory.find(query)


def _place(key: Key) -> tuple[tuple[str, ...], int]:
    """Return the log that a message's key belongs to, and its number there."""
    *session, number = key.parts
    return (key.tenant, *map(str, session)), int(number)


def _comes_after(record: Record, after: str, query: Query) -> bool:
    """Whether *record* comes after the key of that text in the order that is asked for."""
    text = record.key.text
    if query.after_due is not None:
        return (_due(record), text) > (query.after_due, after)
    return text < after if query.newest_first else text > after


def _due(record: Record) -> datetime:
    """Return when *record* is due; one that is not comes last."""
    return record.facts.due or datetime.max.replace(tzinfo=UTC)


def _matches(facts: Facts, tenant: str, query: Query) -> bool:
    """Whether a record with these *facts* is asked for."""
    return (
        query.tenant in {None, tenant}
        and query.owner in {None, facts.owner}
        and query.session in {None, facts.session}
        and query.topic in {None, facts.topic}
        and query.scenario in {None, facts.scenario}
        and (not query.status or facts.status in query.status)
        and (query.since is None or (facts.at is not None and facts.at >= query.since))
        and (query.before is None or (facts.at is not None and facts.at < query.before))
        and (query.due is None or (facts.due is not None and facts.due <= query.due))
        and (
            query.expires is None or (facts.expires is not None and facts.expires <= query.expires)
        )
    )
