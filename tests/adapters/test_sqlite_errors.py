"""What SQLite says is told in the words of the port."""

from __future__ import annotations

import sqlite3

import pytest

from coachwork.adapters._sqlite_errors import primary, translated
from coachwork.errors import CorruptRecordError, StoreUnavailableError


def failed(code: int | None, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    """Return an error as Python raises it, with SQLite's code or without."""
    error = kind("words of SQLite's, which may hold data")
    if code is not None:
        error.sqlite_errorcode = code
        error.sqlite_errorname = "SQLITE_NAME"
    return error


def test_the_primary_code_is_told_without_what_is_beside_it() -> None:
    """An extended code is one of its primary code's."""
    assert primary(failed(sqlite3.SQLITE_BUSY_SNAPSHOT)) == sqlite3.SQLITE_BUSY
    assert primary(failed(sqlite3.SQLITE_BUSY)) == sqlite3.SQLITE_BUSY
    assert primary(failed(None)) is None


@pytest.mark.parametrize(
    "error, field",
    [
        (failed(sqlite3.SQLITE_CORRUPT_INDEX), "file"),
        (failed(sqlite3.SQLITE_NOTADB, sqlite3.DatabaseError), "file"),
        (failed(None), "file"),
        (failed(sqlite3.SQLITE_ERROR), "schema"),
    ],
    ids=["damaged", "no database", "no text", "no such table"],
)
def test_damage_is_told(error: sqlite3.Error, field: str) -> None:
    """Where the file is at fault, it is named."""
    told = translated(error)
    assert isinstance(told, CorruptRecordError)
    assert (told.kind, told.field) == ("database", field)
    assert "words" not in str(told)


@pytest.mark.parametrize(
    "error, why",
    [
        (failed(sqlite3.SQLITE_BUSY_RECOVERY), "the database is locked by somebody else"),
        (failed(sqlite3.SQLITE_READONLY_DIRECTORY), "the database is read-only"),
        (failed(sqlite3.SQLITE_FULL), "the disk is full"),
        (failed(sqlite3.SQLITE_CANTOPEN_ISDIR), "the file cannot be opened"),
        (failed(sqlite3.SQLITE_IOERR_READ), "SQLite says SQLITE_NAME"),
        (failed(None, sqlite3.ProgrammingError), "SQLite says ProgrammingError"),
    ],
    ids=["locked", "read-only", "full", "cannot be opened", "another", "Python's own"],
)
def test_what_may_go_by_is_told(error: sqlite3.Error, why: str) -> None:
    """Where somebody can mend it, the error says what; of the rest, its name."""
    told = translated(error)
    assert isinstance(told, StoreUnavailableError)
    assert str(told) == f"the repository did nothing: {why}"
