"""What SQLite says went wrong, in the words of the port."""

from __future__ import annotations

import sqlite3
from typing import Final

from coachwork.errors import CorruptRecordError, StoreError, StoreUnavailableError

LOCKED: Final = "the database is locked by somebody else"
CANNOT_OPEN: Final = "the file cannot be opened"

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_WHY: Final[dict[int | None, str]] = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: CANNOT_OPEN,
}


def translated(error: sqlite3.Error) -> StoreError:
    """Return what went wrong in the words of the port; nothing was written."""
    code = primary(error)
    # Without a code it is Python that cannot read what SQLite gave: a text that is none.
    if code in _DAMAGED or (code is None and isinstance(error, sqlite3.OperationalError)):
        return CorruptRecordError("database", "file", "is no intact SQLite database")
    if code == sqlite3.SQLITE_ERROR:  # the statements are right, so it is what they speak of
        return CorruptRecordError("database", "schema", "is not what its version says")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreUnavailableError(_WHY.get(code, f"SQLite says {name}"))


def primary(error: sqlite3.Error) -> int | None:
    """Return SQLite's code without what it tells besides, or None where it has none."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
