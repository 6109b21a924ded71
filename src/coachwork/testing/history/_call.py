"""What is recorded of a call: when, by whom, and which versions of which records; no text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeAlias

from attrs import frozen

from coachwork.records import Check, Delete, Insert, Key, Op, Record, key_of
from coachwork.testing._invariants import name_of


class Method(StrEnum):
    """The methods of a repository."""

    GET = "get"
    COMMIT = "commit"
    LOG = "log"
    FIND = "find"


class Outcome(StrEnum):
    """What became of a call."""

    DONE = "done"
    CONFLICT = "conflict"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


class Act(StrEnum):
    """What an operation does."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    CHECK = "check"


Name: TypeAlias = str
"""A record's kind and ids in words, with a digest of its key where they do not tell it apart."""


@frozen
class Part:
    """One operation of a commit.

    Attributes:
        act: What it does.
        name: To which record.
        version: The version that it writes, or wants to find for a deletion or a check.
        digest: The digest of the body that it writes, else empty.
    """

    act: Act
    name: Name
    version: int
    digest: str = ""


@frozen
class Seen:
    """One record that was read.

    Attributes:
        name: Which record.
        version: Its version, or 0 where there was none.
        digest: The digest of its body, else empty.
        number: The number of a message in its log, else 0.
    """

    name: Name
    version: int
    digest: str = ""
    number: int = 0


@frozen
class Span:
    """Which part of a log was asked for.

    Attributes:
        tenant: The tenant.
        session: The session's id.
        after: Only messages with a greater number.
        last: Only the last so many, or None.
        limit: At most so many.
    """

    tenant: str
    session: str
    after: int
    last: int | None
    limit: int


@frozen(kw_only=True)
class Call:
    """One call of a repository.

    Attributes:
        number: Its place in the history, by its beginning, from 1.
        who: The process, and the thread or task.
        method: Which method.
        begin: When it began, on a clock that never goes back.
        end: When it ended, or None where it never did.
        outcome: What became of it.
        parts: The operations of a commit.
        seen: What a read has read.
        span: Which part of a log was asked for, else None.
    """

    number: int
    who: str
    method: Method
    begin: int
    end: int | None
    outcome: Outcome
    parts: tuple[Part, ...] = ()
    seen: tuple[Seen, ...] = ()
    span: Span | None = None


_LENGTH: Final = 16


def digest_of(text: str) -> str:
    """Return what tells *text* from other texts, and not what it says."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


_PLAIN: Final = re.compile(r"(?!\d+$)[^/\s]+")
"""An id that can be taken for nothing else in a name: for no number, and for no two ids."""


def record_name(key: Key) -> Name:
    """Return how the record of *key* is called; different records have different names."""
    ids = [part for part in key.parts if isinstance(part, str)]
    plain = key.kind != "receipt" and "/" not in key.tenant and all(map(_PLAIN.fullmatch, ids))
    return name_of(key) if plain else f"{name_of(key)} {digest_of(key.text)}"


def part_of(op: Op) -> Part:
    """Return what is recorded of an operation."""
    name = record_name(key_of(op))
    match op:
        case Insert(record):
            return Part(Act.INSERT, name, record.version, digest_of(record.body))
        case Delete(_, version):
            return Part(Act.DELETE, name, version)
        case Check(_, version):
            return Part(Act.CHECK, name, version)
        case _:
            return Part(Act.UPDATE, name, op.record.version, digest_of(op.record.body))


def seen_of(key: Key, record: Record | None) -> Seen:
    """Return what is recorded of a read record."""
    if record is None:
        return Seen(record_name(key), 0)
    number = key.parts[-1] if key.kind == "message" else 0
    return Seen(
        record_name(key),
        record.version,
        digest_of(record.body),
        number if isinstance(number, int) else 0,
    )


def all_seen(records: Sequence[Record]) -> tuple[Seen, ...]:
    """Return what is recorded of what a view shows."""
    return tuple(seen_of(record.key, record) for record in records)
