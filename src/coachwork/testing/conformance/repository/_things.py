"""The records that the checks of a repository work with; they mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from coachwork.effects import Commit, Find, Get, ReadLog
from coachwork.ports import Query
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
from coachwork.testing.conformance._words import in_words

NOON: Final = datetime(2026, 2, 3, 12, 0, 0, 123456, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
"""The smallest step of time."""

HOSTILE: Final = (
    "a",
    "A",
    "a#b",
    "a/b",
    "/",
    "#000000000001",
    "3:x",
    "1:a/1:b",
    "' OR 1=1 --",
    '"; DROP TABLE coachwork_record; --',
    "%",
    "_",
    "../../etc/passwd",
    "C:\\x",
    "é",
    "e\u0301",
    "\U0001f469\U0001f9b0",
    "x" * 128,
)
"""Ids that would break a key or a statement made carelessly."""

FEW: Final = 10
"""The most operations of a commit, but where a check is about their number."""


def thing(
    tenant: str,
    *parts: str | int,
    version: int = 1,
    kind: str = "thing",
    facts: Facts | None = None,
    body: str = '{"schema":1}',
) -> Record:
    """Return a record that means nothing."""
    return Record(Key(kind, tenant, parts), version, facts or Facts(), body)


def message(tenant: str, session: str, sequence: int) -> Record:
    """Return a message record as far as a repository looks at it."""
    key = message_key(tenant, session, sequence)
    return Record(key, 1, Facts(session=session), f'{{"n":{sequence}}}')


def names(records: Sequence[Record]) -> list[str]:
    """Return the first part of each record's key: its name, among those of one check."""
    return [str(record.key.parts[0]) for record in records]


def numbers(records: Sequence[Record]) -> list[int]:
    """Return the last part of each record's key: a message's sequence number."""
    return [int(record.key.parts[-1]) for record in records]


# --- how they are told -----------------------------------------------------------------------

MOST_OPS: Final = 5
"""How many operations of a commit are told."""


@in_words.register
def _(key: Key) -> str:
    kind = "kind" if key.kind.startswith("kind-") else key.kind
    return f"{kind}({', '.join(map(repr, key.parts))})"


@in_words.register
def _(record: Record) -> str:
    return f"{in_words(record.key)} at version {record.version}"


@in_words.register
def _(effect: Get) -> str:
    return f"get({in_words(effect.key)})"


@in_words.register
def _(effect: Commit) -> str:
    told = [_op(op) for op in effect.ops[:MOST_OPS]]
    more = len(effect.ops) - MOST_OPS
    return f"commit({', '.join([*told, f'{more} more'] if more > 0 else told)})"


@in_words.register
def _(effect: ReadLog) -> str:
    told = [f"{effect.session!r}"]
    if effect.after:
        told.append(f"after={effect.after}")
    if effect.last is not None:
        told.append(f"last={effect.last}")
    return f"log({', '.join([*told, f'limit={effect.limit}'])})"


@in_words.register
def _(effect: Find) -> str:
    return f"find({_query(effect.query)})"


def _op(op: Op) -> str:
    """Return what an operation does."""
    match op:
        case Insert(record):
            return f"insert {in_words(record.key)}"
        case Update(record):
            return f"update {in_words(record.key)} to version {record.version}"
        case Delete(key, version):
            return f"delete {in_words(key)} at version {version}"
        case _:
            return f"check {in_words(op.key)} at version {op.version}"


def _query(query: Query) -> str:
    """Return what a query asks, but for what is asked by default."""
    told = [
        f"{field}={in_words(value)}"
        for field in (
            "owner",
            "session",
            "topic",
            "status",
            "scenario",
            "since",
            "before",
            "due",
            "after_due",
            "expires",
            "after",
            "newest_first",
        )
        if (value := getattr(query, field))
    ]
    tenant = ["one tenant" if query.tenant is not None else "all tenants"]
    return ", ".join([*tenant, *told, f"limit={query.limit}"])
