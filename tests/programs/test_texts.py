"""What texts may be."""

from __future__ import annotations

import json
from typing import Final, cast

import pytest
from attrs import field, frozen

from coachwork.errors import ValidationError
from coachwork.plain import JSON
from coachwork.programs.texts import (
    is_deeper,
    is_tellable,
    one_line,
    optional_text_of,
    quoted,
    some_of,
    text_of,
    text_weight,
    texts_of,
)

MOST: Final = 4


@frozen
class Texts:
    """A field of each kind."""

    one: str = field(default="x", validator=text_of(5))
    other: str = field(default="", validator=optional_text_of(5))
    many: tuple[str, ...] = field(default=("x",), validator=texts_of(5, most_texts=MOST))
    few: tuple[str, ...] = field(default=(), validator=texts_of(5, least_texts=0, most_texts=1))
    any: tuple[int, ...] = field(default=(1,), validator=some_of(MOST))


BAD: Final = [
    ("", "not blank"),
    (" \t", "not blank"),
    ("\N{ZERO WIDTH SPACE}", "not blank"),
    ("abcdef", "at most 5 characters"),
    ("a\0b", "without NUL"),
    ("a\ud800b", "lone surrogates"),
    ("\udfff", "lone surrogates"),
]


@pytest.mark.parametrize("text, why", BAD, ids=ascii)
def test_a_text_that_cannot_be_kept_is_refused(text: str, why: str) -> None:
    """It is blank, too long, or no model could be told it; the error names the field."""
    with pytest.raises(ValidationError, match=rf"^one: .*{why}"):
        Texts(one=text)
    with pytest.raises(ValidationError, match=rf"^many\[1\]: .*{why}"):
        Texts(many=("x", text))


@pytest.mark.parametrize("text, why", BAD[1:], ids=ascii)
def test_a_text_that_is_optional_may_only_be_empty(text: str, why: str) -> None:
    """Else it is as any other."""
    assert Texts(other="").other == ""
    with pytest.raises(ValidationError, match=rf"^other: .*{why}"):
        Texts(other=text)


@pytest.mark.parametrize("text", ["a", "abcde", " a\n b", "é\N{GRINNING FACE}"])
def test_a_text_is_kept_as_it_came(text: str) -> None:
    """Blanks and line breaks are a person's own."""
    texts = Texts(one=text, other=text, many=(text, text))
    assert (texts.one, texts.other, texts.many) == (text, text, (text, text))


def test_an_action_brings_at_least_one_and_not_too_many() -> None:
    """The bounds are kept for texts and for whatever else it brings."""
    many = ("x",) * MOST
    assert Texts(many=many).many == many
    assert len(Texts(any=(1,) * MOST).any) == MOST
    for wrong in ((), (*many, "x")):
        with pytest.raises(ValidationError, match=r"^many: expected 1 to 4 of them"):
            Texts(many=wrong)
        with pytest.raises(ValidationError, match=r"^any: expected 1 to 4 of them"):
            Texts(any=tuple(map(len, wrong)))


def test_a_name_is_one_line() -> None:
    """Single blanks between words, and none around them."""
    assert one_line("  The \n night\towl ") == "The night owl"


def test_what_people_wrote_is_quoted() -> None:
    """Quotes and line breaks of theirs end nothing of ours; other letters stay as they are."""
    assert quoted('He said "é"\nStop.') == '"He said \\"é\\"\\nStop."'


def test_what_cannot_be_told() -> None:
    """NULs and halves of characters."""
    assert is_tellable("é\N{GRINNING FACE}\n")
    assert not is_tellable("\0")
    assert not is_tellable("\udc00")


@pytest.mark.parametrize("text", ["", "abc", '"\n', "\xe9", "\N{GRINNING FACE}"])
def test_a_text_weighs_what_it_takes_where_it_is_kept(text: str) -> None:
    """As JSON text in ASCII, with its quotes."""
    assert text_weight(text) == len(json.dumps(text))


def test_there_may_be_none_where_that_is_said() -> None:
    """The bounds of how many there are can be chosen."""
    assert Texts(few=()).few == ()
    with pytest.raises(ValidationError, match=r"^few: expected 0 to 1 of them"):
        Texts(few=("x", "x"))


def test_levels_are_counted() -> None:
    """What is in no list or object is one; text has no parts."""
    for value, levels in (("abc", 1), ([], 1), ([1, {}], 2), ({"a": [["x"]], "b": 1}, 4)):
        assert not is_deeper(cast("JSON", value), levels)
        assert is_deeper(cast("JSON", value), levels - 1)
