"""Reading and writing records, each only once for as long as a search lasts.

What a record says is a function of the record, and both are frozen; a search meets the same few
records millions of times.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from coachwork.records import Kind, Record, Stored


@contextmanager
def remembered() -> Generator[None]:
    """Remember what `Kind.read` and `Kind.record` answered, until this is left."""
    read: Any = vars(Kind)["read"]
    write: Any = vars(Kind)["record"]
    # Things whose ids are used as names are kept, so that no other thing gets the same id.
    known: dict[int, tuple[Record, Stored[Any]]] = {}
    written: dict[tuple[int, int, str], tuple[object, Record]] = {}
    same: dict[Record, Record] = {}

    def reads(kind: Kind[Any], record: Record) -> Stored[Any]:
        found = known.get(id(record))
        if found is None:
            stored: Stored[Any] = read(kind, record)
            found = known[id(record)] = record, stored
        return found[1]

    def writes(kind: Kind[Any], value: object, version: int) -> Record:
        name = id(value), version, kind.name
        found = written.get(name)
        if found is None:
            record = write(kind, value, version)
            found = written[name] = value, same.setdefault(record, record)
        return found[1]

    with patch.object(Kind, "read", reads), patch.object(Kind, "record", writes):
        yield
