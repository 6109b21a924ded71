"""What records were before they last changed, so that a read can be stale.

Only what passes by is known. A read is stale by one change: of a key, that of its own record; of a
view, the last commit that changed anything the view could show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

from coachwork.adapters import Memory
from coachwork.ports import Query
from coachwork.records import MESSAGE, Insert, Key, Record


class Past:
    """The version before, of every record that changed, and what changed together at last."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = Lock()
        self._before: dict[Key, Record | None] = {}
        self._kinds: dict[str, tuple[Key, ...]] = {}
        self._logs: dict[tuple[str, str], tuple[Key, ...]] = {}

    def changed(self, before: Mapping[Key, Record | None]) -> None:
        """Take note of what one commit changed: what each of its records was before."""
        with self._lock:
            self._before |= before
            kinds: dict[str, list[Key]] = {}
            logs: dict[tuple[str, str], list[Key]] = {}
            for key in before:
                kinds.setdefault(key.kind, []).append(key)
                if key.kind == MESSAGE.name:
                    logs.setdefault((key.tenant, str(key.parts[0])), []).append(key)
            self._kinds |= {kind: tuple(keys) for kind, keys in kinds.items()}
            self._logs |= {log: tuple(keys) for log, keys in logs.items()}

    def knows(self, key: Key) -> bool:
        """Whether the record of *key* was seen to change."""
        return key in self._before

    def of(self, key: Key) -> Record | None:
        """Return what the record of *key* was before its last change, or None."""
        return self._before.get(key)

    def of_kind(self, kind: str) -> dict[Key, Record | None]:
        """Return what the last commit that changed this *kind* changed of it."""
        with self._lock:
            return {key: self._before[key] for key in self._kinds.get(kind, ())}

    def of_log(self, tenant: str, session: str) -> dict[Key, Record | None]:
        """Return what the last commit that changed this log changed of it."""
        with self._lock:
            return {key: self._before[key] for key in self._logs.get((tenant, session), ())}


def stale_log(
    shown: Sequence[Record],
    before: Mapping[Key, Record | None],
    tenant: str,
    session: str,
    *,
    after: int,
    last: int | None,
    limit: int,
) -> Sequence[Record]:
    """Return what a log told before the last commit, from what it tells now.

    Args:
        shown: What it tells now, asked for as many more as the commit changed.
        before: What the commit changed.
        tenant: The tenant.
        session: The session's id.
        after: Only messages with a greater number.
        last: Only the last so many.
        limit: At most so many.
    """
    return _as_before(shown, before).log(tenant, session, after=after, last=last, limit=limit)


def stale_view(
    shown: Sequence[Record], before: Mapping[Key, Record | None], query: Query
) -> Sequence[Record]:
    """Return what *query* found before the last commit, from what it finds now.

    Args:
        shown: What it finds now, asked for as many more as the commit changed.
        before: What the commit changed.
        query: The query.
    """
    return _as_before(shown, before).find(query)


def _as_before(shown: Sequence[Record], before: Mapping[Key, Record | None]) -> Memory:
    """Return a memory of what is shown, but what changed as it was.

    It judges which of them a view shows, as every repository does.
    """
    memory = Memory()
    kept = [record for record in shown if record.key not in before]
    old = [record for record in before.values() if record is not None]
    memory.commit([Insert(record) for record in (*kept, *old)])
    return memory
