"""What a cache remembers: by which names it knows logs, and how often it was of use."""

from __future__ import annotations

from collections.abc import Sequence
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
        self._hits = self._misses = self._failures = 0

    def name(self, log: Log) -> str | None:
        """Return the name that *log* is known by, and count it as used."""
        with self._lock:
            name = self._names.pop(log, None)
            if name is not None:
                self._names[log] = name  # the last one of a dictionary is the one that came last
            return name

    def know(self, log: Log, name: str) -> Sequence[tuple[Log, str]]:
        """Know *log* by that name; return what is known no more, and by which name it was."""
        with self._lock:
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
