"""What a user's text may be."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.errors import ValidationError
from coachwork.messages import checked_text, is_blank

INVISIBLE = " \t\r\n\x07\x85\xa0\xad\u034f\u115f\u1160\u1680\u17b4\u180e\u2000\u200b\u200d\u200e"
INVISIBLE += "\u2028\u2029\u202e\u2060\u2800\u3000\u3164\ufe0f\ufeff\uffa0\U000e0020\U000e0100"


@pytest.mark.parametrize("text", ["", *INVISIBLE, INVISIBLE], ids=ascii)
def test_what_shows_nothing_is_blank(text: str) -> None:
    """Blanks, controls, zero-width characters, fillers and selectors show nothing."""
    assert is_blank(text)
    with pytest.raises(ValidationError, match="not blank"):
        checked_text(text, "text", max_bytes=1000)


@pytest.mark.parametrize(
    "text", ["a", f"{INVISIBLE}.", "\u200d\U0001f469", "\U0001fae9", "e\u0301"]
)
def test_one_visible_character_is_enough(text: str) -> None:
    """A text is not blank as soon as one character of it shows; it comes back as it was."""
    assert not is_blank(text)
    assert checked_text(text, "text", max_bytes=1000) is text


@pytest.mark.parametrize("value", [None, 5, True, b"hello", ["hello"], {"text": "hello"}])
def test_only_text_is_text(value: object) -> None:
    """Nothing is turned into text."""
    with pytest.raises(ValidationError) as caught:
        checked_text(value, "note", max_bytes=1000)
    assert (caught.value.field, caught.value.expected) == ("note", "text")


@pytest.mark.parametrize("text", ["a\0b", "\0", " \0"])
def test_a_nul_is_refused(text: str) -> None:
    """A NUL is refused by name, for not every repository can keep it."""
    with pytest.raises(ValidationError, match="NUL"):
        checked_text(text, "text", max_bytes=1000)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\ude00\ud83d"], ids=ascii)
def test_a_lone_surrogate_is_refused(text: str) -> None:
    """Half a character is no text."""
    with pytest.raises(ValidationError, match="surrogate"):
        checked_text(text, "text", max_bytes=1000)


def test_the_limit_counts_bytes_and_is_told() -> None:
    """The limit is one of bytes of UTF-8: exactly so many are taken, one more is refused."""
    assert checked_text("ää", "text", max_bytes=4) == "ää"
    for text in ("äää", "ääa", "aaaaa"):
        with pytest.raises(ValidationError, match="at most 4 bytes of UTF-8"):
            checked_text(text, "text", max_bytes=4)


def test_ten_megabytes_are_refused_at_once() -> None:
    """A huge text costs no more than looking at its length."""
    text = "ä" * 5_000_000
    begun = time.thread_time()
    with pytest.raises(ValidationError):
        checked_text(text, "text", max_bytes=40_000)
    assert time.thread_time() - begun < 0.005


@given(st.text(st.characters()), st.integers(0, 40))
def test_what_is_taken_is_the_same_and_may_be_kept(text: str, most: int) -> None:
    """What is visible, fits, and could be kept is taken unchanged, and nothing else is."""
    size = len(text.encode(errors="replace"))
    is_sound = "\0" not in text and text.encode(errors="ignore").decode() == text
    if is_sound and size <= most and not is_blank(text):
        assert checked_text(text, "the field", max_bytes=most) is text
    else:
        with pytest.raises(ValidationError) as caught:
            checked_text(text, "the field", max_bytes=most)
        assert caught.value.field == "the field"
