"""The connections to one SQLite file: each is lent to one thread at a time.

A fork is what SQLite bears least. A child that goes on with a connection of its parent harms the
file, and one that opens the file anew writes into a log that the parent takes away when it closes
the file: SQLite believes that the child has the locks that only the parent has. So a file that was
open at a fork is refused in the child, for as long as it lives.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Lock, RLock
from typing import Final, Literal, TypeAlias
from weakref import WeakSet

from coachwork.adapters._sqlite_errors import CANNOT_OPEN, translated
from coachwork.adapters._sqlite_schema import bring_up_to_date
from coachwork.errors import StoreUnavailableError

_File: TypeAlias = tuple[int, int]
"""A file's device and number there: what it is, by whatever name."""

_FORKED: Final = (
    "the file was open at the fork: close it before forking, or start the process by spawn"
)


class Pool:
    """The connections of this process to one file.

    Args:
        path: The file, as an absolute path; it is made if it is not there.
        synchronous: When SQLite writes to the disk.
        busy_timeout: Seconds that a connection waits for others.

    Attributes:
        file: What the file is.

    Raises:
        CorruptRecordError: It is no SQLite file, or a damaged one.
        StoreUnavailableError: The file cannot be opened, is locked, or was open at a fork.
        UnsupportedSchemaError: It was written by newer code.
    """

    def __init__(
        self, path: str, synchronous: Literal["FULL", "NORMAL"], busy_timeout: float
    ) -> None:
        """Open the file, and bring its schema up to date."""
        self._path = path
        self._synchronous = synchronous
        self._busy_timeout = busy_timeout
        self._process = os.getpid()
        self._lock = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._open = 0
        self._closed = False
        self.file = _made(path)
        if any(pool.file == self.file for pool in _INHERITED):
            raise StoreUnavailableError(_FORKED)
        _POOLS.add(self)
        with self.lent():
            pass

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, or is about to be one."""
        return self._open > 0

    def refuse_fork(self) -> None:
        """Refuse to go on with a parent's connections, or to wait for a lock of its threads.

        Raises:
            StoreUnavailableError: This process was forked after the file was opened.
        """
        if os.getpid() != self._process:
            raise StoreUnavailableError(_FORKED)

    @contextmanager
    def lent(self) -> Generator[sqlite3.Connection]:
        """Lend a connection to this thread, and tell in our words what goes wrong with it."""
        connection: sqlite3.Connection | None = None
        try:
            connection = self._borrow()
            yield connection
        except sqlite3.Error as error:
            raise translated(error) from error
        finally:
            if connection is not None:
                self._give_back(connection)

    def close(self) -> None:
        """Close what is not lent now; what is lent is closed when it comes back."""
        if os.getpid() != self._process:
            return  # the connections are the parent's: to touch them here would harm it
        with self._lock:
            self._closed = True
            connections, self._idle = self._idle, []
        for connection in connections:
            self._end(connection)

    def _borrow(self) -> sqlite3.Connection:
        """Return an idle connection, or a new one."""
        self.refuse_fork()
        with self._lock:
            if self._closed:
                raise StoreUnavailableError("it is closed")
            if self._idle:
                return self._idle.pop()
            self._open += 1  # before it is, so that no fork misses it
        try:
            return self._new()
        except BaseException:
            with self._lock:
                self._open -= 1
            raise

    def _new(self) -> sqlite3.Connection:
        """Return a new connection."""
        if _identity(self._path) != self.file:
            raise StoreUnavailableError("another file has taken the place of the one it opened")
        connection = sqlite3.connect(
            self._path,
            timeout=self._busy_timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            # Elsewhere than on macOS, where a disk is asked twice, it means nothing.
            connection.execute("PRAGMA fullfsync = 1")
            bring_up_to_date(connection, self._busy_timeout)
        except BaseException:
            connection.close()
            raise
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        """Take a connection back, without a transaction that failed in the middle."""
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        self._end(connection)

    def _end(self, connection: sqlite3.Connection) -> None:
        """Close a connection."""
        connection.close()
        with self._lock:
            self._open -= 1


# --- files -----------------------------------------------------------------------------------


def _made(path: str) -> _File:
    """Make the file, for nobody but this user, if it is not there; return what it is.

    Only a file that was not there may be opened without SQLite: closing it gives up all locks that
    this process has on it. So nobody of this process sees a new file before that is done.
    """
    with _MAKING, _told(), suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    return _identity(path)


def _identity(path: str) -> _File:
    """Return what the file is."""
    with _told():
        found = os.stat(path)  # noqa: PTH116 - the path is text, and stays so
    return found.st_dev, found.st_ino


@contextmanager
def _told() -> Generator[None]:
    """Tell in our words that a file cannot be reached."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailableError(CANNOT_OPEN) from error


# --- forks -----------------------------------------------------------------------------------

_POOLS: Final[WeakSet[Pool]] = WeakSet()
"""All pools of this process, and those that it was forked with."""

_INHERITED: Final[set[Pool]] = set()
"""The pools that were open when this process was forked.

They are kept, for a connection that is forgotten is closed, which would harm the parent's.
"""

_MAKING: Final = RLock()


def _remember_in_child() -> None:
    """Remember which files were open at the fork."""
    _INHERITED.update(pool for pool in _POOLS if pool.is_open)
    _MAKING.release()


if hasattr(os, "register_at_fork"):  # Windows cannot fork
    os.register_at_fork(
        before=_MAKING.acquire,
        after_in_parent=_MAKING.release,
        after_in_child=_remember_in_child,
    )
