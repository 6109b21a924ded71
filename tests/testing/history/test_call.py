"""What is recorded of a call: names and digests, and no text."""

from __future__ import annotations

from itertools import combinations

import pytest

from coachwork.records import Check, Delete, Facts, Insert, Key, Record, Update, message_key
from coachwork.testing.history._call import (
    Act,
    Part,
    Seen,
    all_seen,
    digest_of,
    part_of,
    record_name,
    seen_of,
)

KEY = Key("thing", "acme", ("a", 3))
RECORD = Record(KEY, 2, Facts(), "a secret")
DIGEST = digest_of("a secret")


def test_different_records_have_different_names() -> None:
    """Whatever their ids hold; and where they tell the record apart they are all of the name."""
    keys = [
        Key("thing", "a", ("b/c",)),
        Key("thing", "a/b", ("c",)),
        Key("thing", "a", ("b", "c")),
        Key("thing", "a", ("b",)),
        Key("thing", "a", (1,)),
        Key("thing", "a", ("1",)),
        Key("thing", "a", ("001",)),
        Key("thing", "a", ("",)),
        Key("thing", "a", ()),
        Key("receipt", "a", ("b", "one")),
        Key("receipt", "a", ("b", "two")),
    ]
    for one, other in combinations(keys, 2):
        assert record_name(one) != record_name(other)
    assert record_name(KEY) == "thing acme/a/3"
    assert record_name(Key("thing", "a", ("b", "c"))) == "thing a/b/c"


def test_a_receipts_key_is_no_part_of_its_name() -> None:
    """Nor of anything else that is recorded."""
    key = Key("receipt", "acme", ("ada", "my secret key"))
    name = record_name(key)
    assert name.startswith("receipt acme/ada/... ")
    assert "secret" not in str((seen_of(key, None), part_of(Check(key, 1))))


def test_a_digest_tells_texts_apart_and_not_what_they_say() -> None:
    """Any text has one, broken ones too."""
    texts = ["", "a", "b", "a secret", "\ud800"]
    assert len({digest_of(text) for text in texts}) == len(texts)
    assert {len(digest_of(text)) for text in texts} == {16}


@pytest.mark.parametrize(
    "op, wanted",
    [
        (Insert(RECORD), Part(Act.INSERT, "thing acme/a/3", 2, DIGEST)),
        (Update(RECORD), Part(Act.UPDATE, "thing acme/a/3", 2, DIGEST)),
        (Delete(KEY, 2), Part(Act.DELETE, "thing acme/a/3", 2)),
        (Check(KEY, 2), Part(Act.CHECK, "thing acme/a/3", 2)),
    ],
)
def test_what_is_recorded_of_an_operation(op: Insert, wanted: Part) -> None:
    """What it does, to which record, and which version."""
    assert part_of(op) == wanted


def test_what_is_recorded_of_a_read() -> None:
    """The version and the digest, or nothing; of a message its number in the log."""
    assert seen_of(KEY, None) == Seen("thing acme/a/3", 0)
    assert seen_of(KEY, RECORD) == Seen("thing acme/a/3", 2, DIGEST)
    message = Record(message_key("acme", "s", 7), 1, Facts(), "x")
    odd = Record(Key("message", "acme", ("s",)), 1, Facts(), "x")
    assert [seen.number for seen in all_seen([message, odd, RECORD])] == [7, 0, 0]
