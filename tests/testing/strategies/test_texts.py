"""What a person may say, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from coachwork.errors import ValidationError
from coachwork.messages import checked_text, is_blank
from coachwork.testing import strategies as st
from coachwork.testing.strategies._texts import SAID, UNSEEN
from tests.drawn import few, reaches

FEW = 40


@few
@given(text=st.texts())
def test_a_text_is_taken_as_it_is(text: str) -> None:
    """Everything that a person may say is accepted unchanged."""
    assert checked_text(text, "text", max_bytes=16 * 1024) == text


@few
@given(text=st.texts(max_bytes=FEW))
def test_a_text_is_as_long_as_it_may_be(text: str) -> None:
    """A limit in bytes is kept."""
    assert checked_text(text, "text", max_bytes=FEW) == text


@few
@given(text=st.refused_texts(max_bytes=FEW))
def test_what_is_no_text_is_refused(text: object) -> None:
    """Nothing that is refused is accepted."""
    with pytest.raises(ValidationError):
        checked_text(text, "text", max_bytes=FEW)


def test_texts_reach_what_looks_like_something_else() -> None:
    """JSON, fences, other scripts, controls and blanks at the ends are among them."""
    reaches(st.texts(), SAID, str)
    reaches(st.texts(), told=lambda text: any(ord(char) > 0xFFFF for char in text))


def test_refused_texts_reach_every_fault() -> None:
    """Each reason to refuse a text is given."""

    def fault(text: object) -> str:
        with pytest.raises(ValidationError) as refused:
            checked_text(text, "text", max_bytes=FEW)
        return refused.value.expected

    faults = [
        "text",
        "text that is not blank",
        "text without NUL characters",
        "text without lone surrogates",
        f"at most {FEW} bytes of UTF-8",
    ]
    reaches(st.refused_texts(max_bytes=FEW), faults, fault)


@few
@given(text=st.sound_texts())
def test_a_sound_text_goes_into_any_database(text: str) -> None:
    """It has no NUL and no half of a character."""
    assert "\0" not in text
    assert isinstance(text.encode(), bytes)


@few
@given(text=st.any_texts())
def test_any_text_comes_back_from_json(text: str) -> None:
    """Halves of characters too."""
    assert json.loads(json.dumps(text)) == text


def test_other_texts_reach_what_is_odd() -> None:
    """What cannot be seen, NUL, and halves of characters."""
    assert all(is_blank(text) for text in UNSEEN)
    reaches(st.sound_texts(), UNSEEN, str)
    reaches(st.any_texts(), told=lambda text: "\0" in text)
    reaches(st.any_texts(), told=lambda text: any("\ud800" <= char <= "\udfff" for char in text))
