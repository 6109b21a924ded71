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
from typing import TYPE_CHECKING, Any, Final, Literal

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
    Check,
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
        if synchronous not in {"FULL", "NORMAL"}:
            raise ValidationError("synchronous", "'FULL' or 'NORMAL'")
        if not 0 <= busy_timeout <= 3600:  # noqa: PLR2004 - an hour is longer than anybody waits
            raise ValidationError("busy_timeout", "seconds from 0 to 3600")
        self._path = os.fspath(path)
        if self._path in {"", ":memory:"} or "\0" in self._path:
            raise ValidationError("path", "the path of a file; Memory() keeps nothing on disk")
        self._synchronous = synchronous
        self._busy_timeout = busy_timeout
        self._process = os.getpid()
        self._idle: list[sqlite3.Connection] = []
        self._open: list[sqlite3.Connection] = []
        self._closed = False
        self._pool = Lock()
        self._writing = Lock()
        try:
            with self._connection() as connection:
                _migrate(connection)
        except BaseException:
            self.close()
            raise

    # --- the port ----------------------------------------------------------------------------

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        rows = self._read(f"{_SELECT} WHERE key = ?", (key.text,))
        return _record(rows[0]) if rows else None

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        # Writers of this process wait here in order, instead of polling the file's lock.
        with self._writing, self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not all(_done(connection, op) for op in ops):
                connection.execute("ROLLBACK")
                return CommitResult.CONFLICT
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                if connection.in_transaction:  # it was not done, and will not be
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
        rows = self._read(
            f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY key {order} LIMIT ?",
            (*values, query.limit),
        )
        return [_record(row) for row in rows]

    def close(self) -> None:
        """Close the file; whoever uses it afterwards is told so."""
        with self._pool:
            self._closed = True
            connections, self._open, self._idle = self._open, [], []
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
        if os.getpid() != self._process:
            raise StoreUnavailableError("it was opened before a fork; open it again after")
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
        with self._pool:
            self._open.append(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        return connection

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
    if not isinstance(version, int):
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
        case Check(key, version):
            return connection.execute(_CHECK, (key.text, version)).fetchone() is not None


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


def _record(row: _Row) -> Record:
    """Return the record that a row is."""
    key, version, owner, session, topic, status, at, due, expires, scenario, body = row
    try:
        parsed = Key.parse(key)
    except ValueError:
        raise CorruptRecordError("database", "key", "is no key of a record") from None
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
    return Record(parsed, version, facts, body)


def _number(instant: datetime | None) -> int | None:
    """Return an instant as microseconds since 1970."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


def _instant(number: int | None) -> datetime | None:
    """Return the instant that many microseconds after 1970."""
    return None if number is None else _EPOCH + number * _MICROSECOND


def _translated(error: sqlite3.Error) -> Exception:
    """Return what went wrong in the words of the port; nothing was written."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _DAMAGED:
        return CorruptRecordError("database", "file", "is no intact SQLite database")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreUnavailableError(_WHY.get(name, f"SQLite says {name}"))


_WHY: Final = {
    "SQLITE_BUSY": "the database is locked by another process",
    "SQLITE_READONLY": "the database is read-only",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_CANTOPEN": "the file cannot be opened",
}
