"""What an operation of a commit is about."""

from __future__ import annotations

from coachwork.records import Insert, Key, Op, Update


def key_of(op: Op) -> Key:
    """Return the key that *op* is about."""
    return op.record.key if isinstance(op, Insert | Update) else op.key
