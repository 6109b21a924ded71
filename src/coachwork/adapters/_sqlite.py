"""A repository in one SQLite file: the embedded default.

One table holds all records; its key is the record's key as text, so the messages of a session lie
side by side and in order, and a turn touches as few pages at the ten-thousandth message as at the
first. Write-ahead logging lets readers read while somebody writes; writers wait for each other.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from coachwork.adapters._sqlite_errors import LOCKED, primary
from coachwork.adapters._sqlite_pool import Pool
from coachwork.adapters._sqlite_schema import checked_version
from coachwork.adapters._threads import in_threads
from coachwork.errors import (
    CorruptRecordError,
    OutcomeUnknownError,
    StoreUnavailableError,
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

_Row = tuple[Any, ...]


class SQLite:
    """Keeps records in one SQLite file, for any number of threads and processes of one machine.

    The file may hold other tables too. It must not lie on a network file system. A file that is
    open when the process forks cannot be used in the child: close it before, or start the process
    by spawn. Once newer code has migrated the file, older code that has it open is refused.

    Args:
        path: The file. If it is not there it is made, to be read and written by this user alone;
            who wants to share it makes an empty one beforehand. Relative paths and links are
            resolved once.
        synchronous: ``FULL`` writes every commit to the disk before it is acknowledged. ``NORMAL``
            is faster; after a power failure the last commits may be missing, though never a part
            of one, and after a crash of the process none is.
        busy_timeout: Seconds to wait for other writers, of this process and of others together,
            before giving up.

    Raises:
        ValidationError: An argument is not what it should be.
        StoreUnavailableError: The file cannot be opened, is locked, can have no write-ahead log
            where it lies, or was open when this process was forked.
        CorruptRecordError: It is no SQLite file, or a damaged one, or lacks a table of ours.
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
        # Once and for all: neither another working directory nor another link leads elsewhere.
        self._path = os.path.realpath(_checked_path(path))
        self._busy_timeout = _checked_seconds(busy_timeout)
        self._writing = Lock()
        self._pool = Pool(self._path, synchronous, self._busy_timeout)

    # --- the port ----------------------------------------------------------------------------

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        rows = self._read(f"{_SELECT} WHERE key = ?", (key.text,))
        return _record(rows[0], key) if rows else None

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        self._pool.refuse_fork()
        with self._turn() as waited, self._connection() as connection:
            self._begin(connection, waited)
            checked_version(connection)
            if not all(_done(connection, op) for op in ops):
                connection.execute("ROLLBACK")
                return CommitResult.CONFLICT
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                # Still open, or without room for its last page: it was not done, and will not be.
                if connection.in_transaction or primary(error) == sqlite3.SQLITE_FULL:
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
        if query.after is not None and query.after_due is None:
            conditions.append((f"key {'<' if query.newest_first else '>'} ?", query.after.text))
        where = [condition for condition, _ in conditions]
        values = [value for _, value in conditions]
        if query.after is not None and query.after_due is not None:
            where.append("(due, key) > (?, ?)")
            values += [_number(query.after_due), query.after.text]
        if query.status:
            where.append(f"status IN ({', '.join('?' * len(query.status))})")
            values += query.status
        order = "DESC" if query.newest_first else "ASC"
        # Left to itself, an analyzed file is read from its beginning to have the order for free.
        by, first = "", ""
        if query.due is not None:
            by, first = " INDEXED BY coachwork_record_due", "due, "
        elif query.expires is not None:
            by = " INDEXED BY coachwork_record_expires"
        rows = self._read(
            f"{_SELECT}{by} WHERE {' AND '.join(where)} ORDER BY {first}key {order} LIMIT ?",
            (*values, query.limit),
        )
        return [_record(row) for row in rows]

    def close(self) -> None:
        """Close the file; whoever uses it afterwards is told so, and calls under way still end."""
        self._pool.close()

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

    def _connection(self) -> AbstractContextManager[sqlite3.Connection]:
        """Lend a connection to this thread."""
        return self._pool.lent()

    @contextmanager
    def _turn(self) -> Generator[float]:
        """Wait for the writers of this process; tell how many seconds it took.

        They wait here, instead of polling the file's lock.
        """
        begun = monotonic()
        if not self._writing.acquire(timeout=self._busy_timeout):
            raise StoreUnavailableError(LOCKED)
        try:
            yield monotonic() - begun
        finally:
            self._writing.release()

    def _begin(self, connection: sqlite3.Connection, waited: float) -> None:
        """Begin to write; wait for other processes for what is left of the timeout."""
        if waited < _A_MOMENT:
            connection.execute("BEGIN IMMEDIATE")
            return
        _wait_for_others(connection, max(0.0, self._busy_timeout - waited))
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            _wait_for_others(connection, self._busy_timeout)


def _checked_path(path: object) -> str:
    """Return *path* as text, if it is the path of a file."""
    told: object = path
    if isinstance(path, os.PathLike):
        told = os.fspath(cast("os.PathLike[str]", path))
    if isinstance(told, str) and told not in {"", ":memory:"} and "\0" not in told:
        with suppress(UnicodeEncodeError):
            os.fsencode(told)
            return told
    raise ValidationError("path", "the path of a file; Memory() keeps nothing on disk")


def _checked_seconds(busy_timeout: object) -> float:
    """Return *busy_timeout* if it is one; an hour is longer than anybody waits."""
    if not isinstance(busy_timeout, int | float) or not 0 <= busy_timeout <= _HOUR:
        raise ValidationError("busy_timeout", f"seconds from 0 to {_HOUR}")
    return float(busy_timeout)


def _wait_for_others(connection: sqlite3.Connection, seconds: float) -> None:
    """Let a connection wait so long for others."""
    connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


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
