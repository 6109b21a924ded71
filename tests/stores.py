"""The two repositories that come with the library, and all that lies in one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, TypeAlias

from coachwork.adapters import Memory, SQLite

Store: TypeAlias = Memory | SQLite

STORES: Final = ("memory", "sqlite")
"""What to parametrize a test by that both must pass."""


def opened(name: str, folder: Path) -> Store:
    """Return an empty repository of that name; a file of it lies in *folder*."""
    if name == "memory":
        return Memory()
    return SQLite(folder / "coach.db", synchronous="NORMAL")


def everything(store: Store) -> dict[str, tuple[int, str]]:
    """Return version and body of every record by its key's text, whoever's it is."""
    if isinstance(store, Memory):
        return {record.key.text: (record.version, record.body) for record in store.records()}
    rows = _file(store, "SELECT key, version, body FROM coachwork_record")
    return {str(key): (int(str(version)), str(body)) for key, version, body in rows}


def kinds(store: Store) -> dict[str, int]:
    """Return how many records there are of each kind."""
    counts: dict[str, int] = {}
    for text in everything(store):
        kind = text.partition("/")[0]
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def change(store: SQLite, sql: str, *values: object) -> None:
    """Change the file behind the library's back."""
    _file(store, sql, *values)


def _file(store: SQLite, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Run *sql* on the file of *store*, on a connection of its own."""
    with closing(sqlite3.connect(store._path)) as connection, connection:
        return connection.execute(sql, values).fetchall()
