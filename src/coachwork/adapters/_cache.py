"""What a cache remembers: by which names it knows logs, and how often it was of use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import TypeAlias

from attrs import frozen

Log: TypeAlias = tuple[str, str]
"""Whose log it is: the tenant and the session's id."""


@frozen(kw_only=True)
class CacheFigures:
    """What a cache has done so far.

    Attributes:
        hits: How many logs were answered with what the fast side had.
        misses: How many were read from the durable side alone.
        failures: How often something failed that no caller was told of: a call of the fast side,
            or a read of the durable side that was there for the cache alone.
        sessions: How many sessions are cached at this moment.
    """

    hits: int
    misses: int
    failures: int
    sessions: int


class Cache:
    """The names of the logs that were used last, for several threads at once."""

    def __init__(self, sessions: int) -> None:
        """Know at most so many."""
        self._lock = Lock()
        self._most = sessions
        self._names: dict[Log, str] = {}
        self._losing = Counter[Log]()
        self._losses = 0
        self._hits = self._misses = self._failures = 0

    def name(self, log: Log) -> str | None:
        """Return the name that *log* is known by, and count it as used."""
        with self._lock:
            name = self._names.pop(log, None)
            if name is not None:
                self._names[log] = name  # the last one of a dictionary is the one that came last
            return name

    def know(self, log: Log, name: str, since: int) -> Sequence[tuple[Log, str]]:
        """Know *log* by that name; return what is known no more, and by which name it was.

        Nothing is known of a log that is losing messages, nor by what was seen of it *since* a
        moment before any log has lost some.
        """
        with self._lock:
            if log in self._losing or since != self._losses:
                return []
            gone: list[tuple[Log, str]] = []
            before = self._names.pop(log, name)
            if before != name:
                gone.append((log, before))
            self._names[log] = name
            if len(self._names) > self._most:
                oldest = next(iter(self._names))
                gone.append((oldest, self._names.pop(oldest)))
            return gone

    def forget(self, log: Log, name: str) -> None:
        """Know *log* no more by that name."""
        with self._lock:
            if self._names.get(log) == name:
                del self._names[log]

    @property
    def losses(self) -> int:
        """The moment, as a number: how often logs began to lose messages, or were done with it."""
        with self._lock:
            return self._losses

    def keeps(self, log: Log, name: str, since: int) -> bool:
        """Whether what was seen of *log* *since* that moment may be kept by that name."""
        with self._lock:
            return self._names.get(log) == name and since == self._losses

    def lose(self, logs: Iterable[Log]) -> Sequence[tuple[Log, str]]:
        """Know *logs* no more until they are `lost`; return those that were known, and how."""
        with self._lock:
            self._losses += 1
            self._losing.update(logs)
            return [(log, self._names.pop(log)) for log in logs if log in self._names]

    def lost(self, logs: Iterable[Log]) -> None:
        """Let *logs* be known again, unless somebody else makes them lose messages still."""
        with self._lock:
            self._losses += 1
            self._losing -= Counter(logs)

    def count(self, *, hit: bool) -> None:
        """Count a log that was read."""
        with self._lock:
            self._hits += hit
            self._misses += not hit

    def count_failure(self) -> None:
        """Count something that failed."""
        with self._lock:
            self._failures += 1

    @property
    def figures(self) -> CacheFigures:
        """What was done so far."""
        with self._lock:
            return CacheFigures(
                hits=self._hits,
                misses=self._misses,
                failures=self._failures,
                sessions=len(self._names),
            )
