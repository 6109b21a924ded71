"""A repository in one SQLite file: the embedded default.

One table holds all records; its key is the record's key as text, so the messages of a session lie
side by side and in order, and a turn touches as few pages at the ten-thousandth message as at the
first. Write-ahead logging lets readers read while somebody writes; writers wait for each other.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from coachwork.adapters._threads import in_threads
from coachwork.errors import (
    CorruptRecordError,
    OutcomeUnknownError,
    StoreUnavailableError,
    UnsupportedSchemaError,
    ValidationError,
)
from coachwork.ports import CommitResult, Query
from coachwork.records import (
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    Update,
    message_key,
)

if TYPE_CHECKING:
    from coachwork.ports import AsyncRepository

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE coachwork_record (
            key TEXT NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL,
            tenant TEXT NOT NULL,
            version INTEGER NOT NULL,
            owner TEXT,
            session TEXT,
            topic TEXT,
            status TEXT,
            at INTEGER,
            due INTEGER,
            expires INTEGER,
            scenario TEXT,
            body TEXT NOT NULL
        ) WITHOUT ROWID""",
        """CREATE INDEX coachwork_record_owner ON coachwork_record (tenant, owner, kind, key)
            WHERE owner IS NOT NULL""",
        """CREATE INDEX coachwork_record_due ON coachwork_record (kind, due)
            WHERE due IS NOT NULL""",
        """CREATE INDEX coachwork_record_expires ON coachwork_record (kind, expires)
            WHERE expires IS NOT NULL""",
    ),
)
"""What brings a database from each version of its schema to the next, in order."""

_INSERT: Final = (
    "INSERT INTO coachwork_record (key, version, owner, session, topic, status, at, due, expires,"
    " scenario, body, kind, tenant) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_UPDATE: Final = (
    "UPDATE coachwork_record SET version = ?, owner = ?, session = ?, topic = ?, status = ?,"
    " at = ?, due = ?, expires = ?, scenario = ?, body = ? WHERE key = ? AND version = ?"
)
_DELETE: Final = "DELETE FROM coachwork_record WHERE key = ? AND version = ?"
_CHECK: Final = "SELECT 1 FROM coachwork_record WHERE key = ? AND version = ?"
_SELECT: Final = (
    "SELECT key, version, owner, session, topic, status, at, due, expires, scenario, body"
    " FROM coachwork_record"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST: Final = 10**12 - 1
_HOUR: Final = 3600
_A_MOMENT: Final = 0.01
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_Row = tuple[Any, ...]


class SQLite:
    """Keeps records in one SQLite file, for any number of threads and processes of one machine.

    The file may hold other tables too. It must not lie on a network file system.

    Args:
        path: The file; it is made, with its folder's permission, if it is not there.
        synchronous: ``FULL`` writes every commit to the disk before it is acknowledged. ``NORMAL``
            is faster; after a power failure the last commits may be missing, though never a part
            of one, and after a crash of the process none is.
        busy_timeout: Seconds to wait for other writers before giving up.

    Raises:
        ValidationError: An argument is not what it should be.
        StoreUnavailableError: The file cannot be opened, or is locked.
        CorruptRecordError: It is no SQLite file, or a damaged one.
        UnsupportedSchemaError: It was written by newer code.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        busy_timeout: float = 30.0,
    ) -> None:
        """Open the file and bring its schema up to date."""
        if synchronous not in ("FULL", "NORMAL"):
            raise ValidationError("synchronous", "'FULL' or 'NORMAL'")
        self._path = _checked_path(path)
        self._synchronous = synchronous
        self._busy_timeout = _checked_seconds(busy_timeout)
        self._process = os.getpid()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._pool = Lock()
        self._writing = Lock()
        try:
            with self._connection() as connection:
                _log_ahead(connection, self._busy_timeout)
                _migrate(connection)
        except BaseException:
            self.close()
            raise

    # --- the port ----------------------------------------------------------------------------

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        rows = self._read(f"{_SELECT} WHERE key = ?", (key.text,))
        return _record(rows[0], key) if rows else None

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        self._refuse_fork()
        # Writers of this process wait here in order, instead of polling the file's lock.
        with self._writing, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not all(_done(connection, op) for op in ops):
                connection.execute("ROLLBACK")
                return CommitResult.CONFLICT
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                # Still open, or without room for its last page: it was not done, and will not be.
                if connection.in_transaction or _primary(error) == sqlite3.SQLITE_FULL:
                    raise
                raise OutcomeUnknownError from error
            return CommitResult.DONE

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        first, end = message_key(tenant, session, after), message_key(tenant, session, _LAST)
        between = (first.text, end.text)
        select = f"{_SELECT} WHERE key > ? AND key <= ? ORDER BY key"
        if last is None:
            return [_record(row) for row in self._read(f"{select} LIMIT ?", (*between, limit))]
        rows = self._read(f"{select} DESC LIMIT ?", (*between, last))
        return [_record(row) for row in reversed(rows)][:limit]

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        conditions: list[tuple[str, object]] = [
            (f"{column} = ?", wanted)
            for column in ("kind", "tenant", "owner", "session", "topic", "scenario")
            if (wanted := getattr(query, column)) is not None
        ]
        for condition, instant in (
            ("at >= ?", query.since),
            ("at < ?", query.before),
            ("due <= ?", query.due),
            ("expires <= ?", query.expires),
        ):
            if instant is not None:
                conditions.append((condition, _number(instant)))
        if query.after is not None:
            conditions.append((f"key {'<' if query.newest_first else '>'} ?", query.after.text))
        where = [condition for condition, _ in conditions]
        values = [value for _, value in conditions]
        if query.status:
            where.append(f"status IN ({', '.join('?' * len(query.status))})")
            values += query.status
        order = "DESC" if query.newest_first else "ASC"
        # Left to itself, an analyzed file is read from its beginning to have the order for free.
        by = ""
        if query.due is not None:
            by = " INDEXED BY coachwork_record_due"
        elif query.expires is not None:
            by = " INDEXED BY coachwork_record_expires"
        rows = self._read(
            f"{_SELECT}{by} WHERE {' AND '.join(where)} ORDER BY key {order} LIMIT ?",
            (*values, query.limit),
        )
        return [_record(row) for row in rows]

    def close(self) -> None:
        """Close the file; whoever uses it afterwards is told so, and calls under way still end."""
        if os.getpid() != self._process:
            return  # the connections are the parent's: to touch them here would harm it
        with self._pool:
            self._closed = True
            # One that is lent is closed when it comes back: SQLite bears no other order.
            connections, self._idle = self._idle, []
        for connection in connections:
            connection.close()

    def for_async(self) -> AsyncRepository:
        """Return the same file for an async coach: it never blocks the event loop."""
        return in_threads(self)

    def __reduce__(self) -> str:
        """Refuse to be pickled: another process opens the file for itself."""
        raise TypeError("SQLite cannot be pickled: open the file again in the other process")

    # --- connections -------------------------------------------------------------------------

    def _read(self, sql: str, values: Sequence[object]) -> list[_Row]:
        """Return all rows."""
        with self._connection() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        """Lend a connection to this thread, and tell in our words what goes wrong with it."""
        connection: sqlite3.Connection | None = None
        try:
            connection = self._borrow()
            yield connection
        except sqlite3.Error as error:
            raise _translated(error) from error
        finally:
            if connection is not None:
                self._give_back(connection)

    def _borrow(self) -> sqlite3.Connection:
        """Return an idle connection, or a new one."""
        self._refuse_fork()
        with self._pool:
            if self._closed:
                raise StoreUnavailableError("it is closed")
            if self._idle:
                return self._idle.pop()
        connection = sqlite3.connect(
            self._path,
            timeout=self._busy_timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse_fork(self) -> None:
        """Refuse to go on with a parent's connections, or to wait for a lock of its threads.

        Raises:
            StoreUnavailableError: This process was forked after the file was opened.
        """
        if os.getpid() != self._process:
            raise StoreUnavailableError("it was opened before a fork; open it again after")

    def _give_back(self, connection: sqlite3.Connection) -> None:
        """Take a connection back, without a transaction that failed in the middle."""
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        with self._pool:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def _checked_path(path: object) -> str:
    """Return *path* as text, if it is the path of a file."""
    told: object = path
    if isinstance(path, os.PathLike):
        told = os.fspath(cast("os.PathLike[str]", path))
    if not isinstance(told, str) or told in {"", ":memory:"} or "\0" in told:
        raise ValidationError("path", "the path of a file; Memory() keeps nothing on disk")
    return told


def _checked_seconds(busy_timeout: object) -> float:
    """Return *busy_timeout* if it is one; an hour is longer than anybody waits."""
    if not isinstance(busy_timeout, int | float) or not 0 <= busy_timeout <= _HOUR:
        raise ValidationError("busy_timeout", f"seconds from 0 to {_HOUR}")
    return float(busy_timeout)


def _log_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Turn write-ahead logging on; the file remembers it.

    While others open the new file too, SQLite says that it is locked at once, whatever its
    timeout, so the waiting is done here: for at most *patience* seconds.
    """
    until = monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _primary(error) != sqlite3.SQLITE_BUSY or monotonic() >= until:
                raise
            sleep(_A_MOMENT)
        else:
            return


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date; one process does it, the others wait."""
    exists = "SELECT 1 FROM sqlite_master WHERE name = 'coachwork_schema'"
    if connection.execute(exists).fetchone() and _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE IF NOT EXISTS coachwork_schema (version INTEGER NOT NULL)")
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise UnsupportedSchemaError("database", "coachwork_schema", version, len(MIGRATIONS))
    for migration in MIGRATIONS[version:]:
        for statement in migration:
            connection.execute(statement)
    connection.execute("DELETE FROM coachwork_schema")
    connection.execute("INSERT INTO coachwork_schema VALUES (?)", (len(MIGRATIONS),))
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    """Return the version of the schema; 0 is none."""
    row = connection.execute("SELECT version FROM coachwork_schema").fetchone()
    version: object = row[0] if row else 0
    if not isinstance(version, int) or version < 0:
        raise CorruptRecordError("database", "coachwork_schema", "is no version number")
    return version


def _done(connection: sqlite3.Connection, op: Op) -> bool:
    """Do *op* in the open transaction; tell whether it found what it wanted."""
    match op:
        case Insert(record):
            facts = _facts(record)
            key = record.key
            row = (key.text, record.version, *facts, record.body, key.kind, key.tenant)
            return connection.execute(_INSERT, row).rowcount == 1
        case Update(record):
            changed = (record.version, *_facts(record), record.body)
            found = (record.key.text, record.version - 1)
            return connection.execute(_UPDATE, (*changed, *found)).rowcount == 1
        case Delete(key, version):
            return connection.execute(_DELETE, (key.text, version)).rowcount == 1
        case _:
            return connection.execute(_CHECK, (op.key.text, op.version)).fetchone() is not None


def _facts(record: Record) -> _Row:
    """Return the columns of a record's facts."""
    facts = record.facts
    return (
        facts.owner,
        facts.session,
        facts.topic,
        facts.status,
        _number(facts.at),
        _number(facts.due),
        _number(facts.expires),
        facts.scenario,
    )


def _key(text: str) -> Key:
    """Return the key whose text this is."""
    try:
        return Key.parse(text)
    except ValueError:
        raise CorruptRecordError("database", "key", "is no key of a record") from None


def _record(row: _Row, asked: Key | None = None) -> Record:
    """Return the record that a row is; its key need not be read where it was asked for."""
    text, version, owner, session, topic, status, at, due, expires, scenario, body = row
    key = asked or _key(text)
    if not isinstance(version, int):
        raise CorruptRecordError(key.kind, "version", "is no whole number")
    try:
        facts = Facts(
            owner=owner,
            session=session,
            topic=topic,
            status=status,
            at=_instant(at),
            due=_instant(due),
            expires=_instant(expires),
            scenario=scenario,
        )
    except (TypeError, OverflowError):
        raise CorruptRecordError(key.kind, "facts", "hold what is no instant") from None
    return Record(key, version, facts, body)


def _number(instant: datetime | None) -> int | None:
    """Return an instant as microseconds since 1970."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


def _instant(number: int | None) -> datetime | None:
    """Return the instant that many microseconds after 1970."""
    return None if number is None else _EPOCH + number * _MICROSECOND


def _translated(error: sqlite3.Error) -> Exception:
    """Return what went wrong in the words of the port; nothing was written."""
    code = _primary(error)
    # Without a code it is Python that cannot read what SQLite gave: a text that is none.
    if code in _DAMAGED or (code is None and isinstance(error, sqlite3.OperationalError)):
        return CorruptRecordError("database", "file", "is no intact SQLite database")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreUnavailableError(_WHY.get(code, f"SQLite says {name}"))


def _primary(error: sqlite3.Error) -> int | None:
    """Return SQLite's code without what it tells besides, or None where it has none."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


_WHY: Final[dict[int | None, str]] = {
    sqlite3.SQLITE_BUSY: "the database is locked by another process",
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
}
