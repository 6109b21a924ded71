"""The records that checks work with, and how they are told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from coachwork.effects import Commit, Effect, Find, Get, ReadLog
from coachwork.ids import checked_id
from coachwork.ports import Query
from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Update, message_key
from coachwork.testing.conformance import in_words
from coachwork.testing.conformance.repository._things import (
    HOSTILE,
    NOON,
    message,
    names,
    numbers,
    thing,
)

A = Key("thing", "t", ("a", 7))
OPS: tuple[Op, ...] = (
    Insert(thing("t", "a", 7)),
    Update(thing("t", "a", 7, version=2)),
    Delete(A, 3),
    Check(A, 4),
)

OPS_TOLD = (
    "insert thing('a', 7)",
    "update thing('a', 7) to version 2",
    "delete thing('a', 7) at version 3",
    "check thing('a', 7) at version 4",
)


@pytest.mark.parametrize("id_", HOSTILE)
def test_hostile_ids_are_ids(id_: str) -> None:
    """The checks ask for nothing that the library would refuse."""
    assert checked_id(id_, "id") == id_


def test_a_thing_means_nothing() -> None:
    """It has a key, and everything else may be said."""
    assert thing("t", "a") == thing("t", "a", version=1, facts=Facts(), body='{"schema":1}')
    assert thing("t", "a", kind="other").key == Key("other", "t", ("a",))
    record = message("t", "s", 3)
    assert (record.key, record.facts.session) == (message_key("t", "s", 3), "s")


def test_records_are_known_by_a_part_of_their_key() -> None:
    """Things by their first part, messages by their number."""
    assert names([thing("t", "a", 1), thing("t", 2)]) == ["a", "2"]
    assert numbers([message("t", "s", 3), message("t", "s", 1)]) == [3, 1]


@pytest.mark.parametrize(
    "effect, told",
    [
        (Get(A), "get(thing('a', 7))"),
        (Get(Key("kind-123", "t", ("a",))), "get(kind('a'))"),
        (
            Commit(OPS),
            f"commit({', '.join(OPS_TOLD)})",
        ),
        (Commit(()), "commit()"),
        (ReadLog(tenant="t", session="s", limit=5), "log('s', limit=5)"),
        (
            ReadLog(tenant="t", session="s", after=2, last=0, limit=5),
            "log('s', after=2, last=0, limit=5)",
        ),
        (
            Find(Query(kind="thing", tenant="t", owner="u", newest_first=True)),
            "find(one tenant, owner='u', newest_first=True, limit=100)",
        ),
        (
            Find(Query(kind="thing", due=NOON, after_due=NOON, after=A, limit=2)),
            f"find(all tenants, due={NOON!r}, after_due={NOON!r}, after=thing('a', 7), limit=2)",
        ),
    ],
)
def test_what_is_asked_is_told(effect: Effect[object], told: str) -> None:
    """In the words of the port, and no more of it than was asked."""
    assert in_words(effect) == told


def test_of_many_operations_some_are_told() -> None:
    """And how many there are beside them."""
    many: Sequence[Op] = [Insert(thing("t", n)) for n in range(7)]
    assert in_words(Commit(tuple(many))).endswith("insert thing(4), 2 more)")
    assert in_words(Commit(tuple(many[:5]))).endswith("insert thing(4))")


def test_a_record_is_told_by_key_and_version() -> None:
    """Its body is not shown."""
    assert in_words(thing("t", "a", version=3)) == "thing('a') at version 3"
