"""Records, and the text of their keys."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.effects import Commit, Get
from coachwork.ports import Query
from coachwork.records import (
    RECEIPT,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    Update,
    key_of,
    message_key,
    receipt_key,
)
from coachwork.sessions import Receipt
from tests.specimens import IDS, NUMBERS
from tests.things import HOSTILE

PARTS = st.lists(IDS | NUMBERS, min_size=1, max_size=3).map(tuple)
KEYS = st.builds(Key, st.sampled_from(("session", "claim")), IDS, PARTS)


def test_ten_thousand_pairs_of_hostile_ids_have_texts_of_their_own() -> None:
    """Whatever tenant and parts hold, two keys never share a text (reliability, case 11)."""
    dice = random.Random(7)
    alphabet = ("a", "b", "#", "/", ":", "0", "1", "3", "12", "000000000001", *HOSTILE)

    def word() -> str:
        return "".join(dice.choices(alphabet, k=dice.randint(1, 3)))

    texts: dict[str, Key] = {}
    while len(texts) < 10_000:
        parts = tuple(
            dice.randint(0, 12) if dice.random() < 0.3 else word()
            for _ in range(dice.randint(1, 3))
        )
        key = Key(dice.choice(("claim", "job")), word(), parts)
        assert texts.setdefault(key.text, key) == key
    for text, key in texts.items():
        assert Key.parse(text) == key


@given(KEYS, KEYS)
def test_texts_are_equal_only_if_keys_are(one: Key, other: Key) -> None:
    """The text of a key is injective, and `parse` is its inverse."""
    assert (one.text == other.text) == (one == other)
    assert Key.parse(one.text) == one


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "session",
        "session/",
        "session/a",
        "session/1:",
        "session/2:a",
        "session/1:ab",
        "session/-1:abc",
        "session/ 1:a",
        "session/01:a",
        "session/1:a#1",
        "session/1:a#00000000000x",
        "session/1:a#0_0000000001",
        "session/1:a#0000000000010",
        "session#000000000001",
        "session/1:a/9:b",
        "session/\u0661:a",
        f"session/{'9' * 5000}:a",
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_what_is_no_text_of_a_key_is_refused(text: str) -> None:
    """Only what `Key.text` writes is read."""
    with pytest.raises(ValueError, match=r"text of a key|invalid literal|Exceeds the limit"):
        Key.parse(text)


@given(st.lists(st.integers(0, 10**12 - 1), min_size=2, max_size=8), IDS, IDS)
def test_messages_are_ordered_by_their_numbers(
    numbers: list[int], tenant: str, session: str
) -> None:
    """As text, the keys of a session's messages stand in the order of the messages."""
    texts = [message_key(tenant, session, number).text for number in sorted(numbers)]
    assert texts == sorted(texts)


@given(IDS, IDS, IDS, NUMBERS, NUMBERS, NUMBERS)
def test_no_other_session_lies_between_the_messages_of_one(
    tenant: str, one: str, other: str, first: int, last: int, number: int
) -> None:
    """A range of keys from one message to another holds messages of that session only."""
    first, last = sorted((first, last))
    between = message_key(tenant, other, number).text
    start, end = message_key(tenant, one, first).text, message_key(tenant, one, last).text
    assert (start <= between <= end) == (one == other and first <= number <= last)


def test_no_text_shows() -> None:
    """The body is not in what a record shows of itself."""
    record = Record(Key("message", "t", ("s", 1)), 1, Facts(), '{"text":"secret"}')
    assert "secret" not in repr(record)


def test_a_key_shows_its_parts() -> None:
    """A key tells what it is the key of."""
    assert repr(Key("message", "t", ("s", 1))) == "Key(kind='message', tenant='t', parts=('s', 1))"


_RECORD = Record(Key("thing", "acme", ("a",)), 2, Facts(), "{}")


@pytest.mark.parametrize(
    "op", [Insert(_RECORD), Update(_RECORD), Delete(_RECORD.key, 2), Check(_RECORD.key, 2)]
)
def test_each_operation_has_its_key(op: Op) -> None:
    """Its record's, or the one that it names."""
    assert key_of(op) == _RECORD.key


def test_nothing_shows_an_idempotency_key() -> None:
    """The caller's key is part of a receipt's, and in nothing that may be logged."""
    key = receipt_key("acme", "ada", "secret-key")
    assert repr(key) == "Key(kind='receipt', tenant='acme', parts=('ada', '...'))"
    receipt = Receipt(
        tenant="acme",
        user="ada",
        key="secret-key",
        command="send",
        fingerprint="f",
        session="s",
        job=None,
        at=datetime(2026, 6, 1, tzinfo=UTC),
    )
    record = RECEIPT.insert(receipt).record
    assert record.key == key
    ops: tuple[Op, ...] = (Insert(record), Update(record), Delete(key, 1), Check(key, 1))
    stored = RECEIPT.read(record)
    shown = (receipt, record, stored, ops, Get(key), Commit(ops), Query(kind="receipt", after=key))
    assert "secret-key" not in "".join(map(repr, shown))
