"""The tables in a SQLite file, and how a file of older code is brought up to date."""

from __future__ import annotations

import sqlite3
from time import monotonic, sleep
from typing import Final

from coachwork.adapters._sqlite_errors import primary
from coachwork.errors import CorruptRecordError, StoreUnavailableError, UnsupportedSchemaError

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

_PROBES: Final = (
    """SELECT key, kind, tenant, version, owner, session, topic, status, at, due, expires,
        scenario, body FROM coachwork_record LIMIT 0""",
    "SELECT 1 FROM coachwork_record INDEXED BY coachwork_record_due WHERE due < 0 LIMIT 0",
    "SELECT 1 FROM coachwork_record INDEXED BY coachwork_record_expires WHERE expires < 0 LIMIT 0",
)
"""What can be asked only where everything is there that the repository speaks of."""

_A_MOMENT: Final = 0.01


def bring_up_to_date(connection: sqlite3.Connection, patience: float) -> None:
    """Make the schema what this code needs, in a file of older code or of none.

    Args:
        connection: A new connection to the file.
        patience: Seconds to wait while others have the file to themselves.

    Raises:
        CorruptRecordError: The version is none.
        StoreUnavailableError: The file can have no write-ahead log.
        UnsupportedSchemaError: The file was written by newer code; not a byte of it is changed.
        sqlite3.Error: The file is locked, damaged, or not what its version says.
    """
    _version_if_any(connection)
    _log_ahead(connection, patience)
    _migrate(connection)
    for probe in _PROBES:
        connection.execute(probe)


def checked_version(connection: sqlite3.Connection) -> int:
    """Return the version of the schema.

    Raises:
        CorruptRecordError: It is none.
        UnsupportedSchemaError: It is one of newer code.
    """
    row = connection.execute("SELECT version FROM coachwork_schema").fetchone()
    version: object = row[0] if row else None
    if not isinstance(version, int) or version < 0:
        raise CorruptRecordError("database", "coachwork_schema", "is no version number")
    if version > len(MIGRATIONS):
        raise UnsupportedSchemaError("database", "coachwork_schema", version, len(MIGRATIONS))
    return version


def _version_if_any(connection: sqlite3.Connection) -> int:
    """Return the version of the schema; 0 is none."""
    exists = "SELECT 1 FROM sqlite_master WHERE name = 'coachwork_schema'"
    return checked_version(connection) if connection.execute(exists).fetchone() else 0


def _log_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Turn write-ahead logging on; the file remembers it.

    While others open the new file too, SQLite says that it is locked at once, whatever its
    timeout, so the waiting is done here: for at most *patience* seconds.
    """
    until = monotonic() + patience
    while (mode := _answer(connection, until)) is None:
        sleep(_A_MOMENT)
    if mode != "wal":  # SQLite goes on without, and says so only here
        raise StoreUnavailableError("the file can have no write-ahead log where it lies")


def _answer(connection: sqlite3.Connection, until: float) -> str | None:
    """Ask for write-ahead logging; return what there is then, or None to be asked again."""
    try:
        mode: str = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    except sqlite3.OperationalError as error:
        if primary(error) != sqlite3.SQLITE_BUSY or monotonic() >= until:
            raise
        return None
    return mode


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date; one process does it, the others wait."""
    if _version_if_any(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    version = _version_if_any(connection)  # others may have been faster
    connection.execute("CREATE TABLE IF NOT EXISTS coachwork_schema (version INTEGER NOT NULL)")
    for migration in MIGRATIONS[version:]:
        for statement in migration:
            connection.execute(statement)
    connection.execute("DELETE FROM coachwork_schema")
    connection.execute("INSERT INTO coachwork_schema VALUES (?)", (len(MIGRATIONS),))
    connection.execute("COMMIT")
