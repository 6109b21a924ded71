"""Where two values differ, and that nothing of anybody is quoted."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from coachwork.effects import Commit, Get, Render
from coachwork.ports import Prompt, PromptRole
from coachwork.records import Delete, Facts, Insert, Key, Record, Update
from coachwork.testing._difference import LONGEST, differences, shown
from tests.specimens import ASK, TEXTS

KEY = Key("thing", "acme", ("a", 1))
RECORD = Record(KEY, 2, Facts(owner="ada"), '{"status":"active","turns":1,"log":["Hello."]}')
DIARY = "I drink at work."


@frozen
class Odd:
    """A value with something hidden and something that does not count."""

    shown: object
    hidden: object = field(default=None, repr=False)
    ignored: object = field(default=None, eq=False)


def test_what_is_equal_differs_nowhere() -> None:
    """Also where it is no longer the same object, or of another class."""
    assert differences(RECORD, evolve(RECORD)) == []
    assert differences({"a": 1}, MappingProxyType({"a": 1})) == []
    assert differences(Odd(1, ignored=1), Odd(1, ignored=2)) == []
    assert differences((Odd({"a": 1}),), (Odd(MappingProxyType({"a": 1})),)) == []


def test_each_place_is_told() -> None:
    """Field by field, through values, tuples and mappings."""
    ours = Commit((Insert(RECORD), Update(RECORD)))
    theirs = Commit((Insert(evolve(RECORD, version=3, facts=Facts(owner="ben"))), Update(RECORD)))
    assert differences(ours, theirs) == [
        "ops[0].record.version: expected 2, came 3",
        "ops[0].record.facts.owner: expected 'ada', came 'ben'",
    ]
    assert differences(Odd(1, ignored=1), Odd(2, ignored=2)) == ["shown: expected 1, came 2"]
    assert differences({"a": 1, "b": 2, "c": 3}, {"c": 4, "a": 1, "d": 5}) == [
        "['b']: is missing",
        "['c']: expected 3, came 4",
        "['d']: is one too many",
    ]
    assert differences([1, 2, 3], [1, 4]) == [
        "expected 3 of them, came 2",
        "[1]: expected 2, came 4",
    ]


def test_what_cannot_be_compared_part_by_part_is_told_whole() -> None:
    """Other classes, other kinds of sequence, and what is no collection at all."""
    assert differences(Delete(KEY, 1), Get(KEY)) == [f"expected {Delete(KEY, 1)}, came {Get(KEY)}"]
    assert differences((1,), [1]) == ["expected (1,), came [1]"]
    assert differences(1, "1") == ["expected 1, came '1'"]
    other = Key("thing", "acme", ("b", 1))
    assert differences(KEY, other) == [f"expected {KEY}, came {other}"]


def test_a_document_is_compared_by_its_parts() -> None:
    """A body is JSON: its figures are shown, its texts are not."""
    body = '{"status":"paused","turns":2,"log":["Hello."]}'
    assert differences(RECORD, evolve(RECORD, body=body)) == [
        "body['status']: expected 6 characters, came 6, another text from character 1 on",
        "body['turns']: expected 1, came 2",
    ]
    assert differences(evolve(RECORD, body="[1]"), evolve(RECORD, body="[null]")) == [
        "body[0]: expected 1, came None"
    ]


@pytest.mark.parametrize("other", ['{"status": "active"', '"text"', "[" * 100_000], ids=len)
def test_what_is_no_document_is_compared_as_text(other: str) -> None:
    """Broken, deep, or of another form."""
    (told,) = differences(RECORD, evolve(RECORD, body=other))
    assert told.startswith(f"body: expected {len(RECORD.body)} characters, came {len(other)}, ")


def test_documents_that_say_the_same_differ_as_texts() -> None:
    """A blank more is a difference."""
    assert differences(Odd(1, '{"a":1}'), Odd(1, '{"a": 1}')) == [
        "hidden: expected 7 characters, came 8, another text from character 6 on"
    ]


def test_what_hides_itself_stays_hidden() -> None:
    """A receipt's key is the caller's secret; two things that look alike are told to differ."""
    ours, theirs = (Key("receipt", "acme", ("ada", key)) for key in ("k1", "k2"))
    (told,) = differences(Get(ours), Get(theirs))
    assert told == f"key: {ours!r} differs in what is not shown"
    assert "k1" not in told
    assert differences(Odd(1, object()), Odd(1, object())) == [
        "hidden: a object differs in what is not shown"
    ]
    assert differences(Odd(1, DIARY), Odd(1, None)) == [
        f"hidden: expected a text of {len(DIARY)} characters, came None"
    ]


@given(TEXTS, TEXTS)
def test_no_text_of_anybody_is_quoted(one: str, other: str) -> None:
    """Wherever texts are hidden: in prompts, templates, values and bodies, whole or in parts."""
    ours, theirs = (f"{DIARY}{text}{DIARY}" for text in (one, other))
    prompt = Prompt(PromptRole.USER, ours)
    pairs: list[tuple[object, object]] = [
        (evolve(ASK, messages=(prompt,)), evolve(ASK, messages=(Prompt(PromptRole.USER, theirs),))),
        (evolve(ASK, messages=(prompt,)), evolve(ASK, messages=(prompt, prompt))),
        (Render(ours, {"name": ours}), Render(theirs, {"name": theirs})),
        (Render("", {"name": ours}), Render("", {"name": [theirs]})),
        (evolve(RECORD, body=ours), evolve(RECORD, body=theirs)),
        (prompt, None),
    ]
    for expected, came in pairs:
        told = "\n".join(differences(expected, came))
        assert DIARY not in told
        assert bool(told) is (expected != came)


@given(st.text(), st.text())
def test_the_place_where_texts_part(one: str, other: str) -> None:
    """As far as it says, they are the same, and no further."""
    for told in differences(Odd(0, f"x{one}"), Odd(0, f"x{other}")):
        number = int(told.split()[-2])
        assert f"x{one}"[: number - 1] == f"x{other}"[: number - 1]
        assert f"x{one}"[:number] != f"x{other}"[:number]


def test_what_is_long_is_cut() -> None:
    """What is shown of a value is one line."""
    assert shown("x" * 1000) == f"'{'x' * (LONGEST - 2)}…"
    assert shown("x" * (LONGEST - 2)) == f"'{'x' * (LONGEST - 2)}'"
