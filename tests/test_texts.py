"""What to tell the person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.errors import CoachworkError, MaxTurnsReachedError, ValidationError
from coachwork.texts import TEXTS, user_text

JOB_CODES = {
    "EMPTY_REPLY",
    "BAD_REPLY",
    "LENGTH",
    "CONTENT_FILTER",
    "LLM_TIMEOUT",
    "LLM_ERROR",
    "LEASE_EXPIRED",
    "ATTEMPTS_EXHAUSTED",
    "SESSION_CANCELLED",
    "SESSION_REPLACED",
    "SESSION_EXPIRED",
    "JOB_CANCELLED",
    "JOB_EXPIRED",
}


def errors(of: type[CoachworkError]) -> Iterator[type[CoachworkError]]:
    """The class and all classes below it."""
    yield of
    for below in of.__subclasses__():
        yield from errors(below)


def test_every_code_has_a_text_and_no_text_is_for_nothing() -> None:
    """The catalogue has the codes of all errors and of all failed jobs."""
    assert TEXTS.keys() >= {error.code for error in errors(CoachworkError)} | JOB_CODES
    here = {e.code for e in errors(CoachworkError) if e.__module__ == "coachwork.errors"}
    assert TEXTS.keys() == here | JOB_CODES


@pytest.mark.parametrize("code", TEXTS)
def test_every_text_stands_without_facts(code: str) -> None:
    """Each text says something of its own even when nothing is known; it is short and plain."""
    text = user_text(code)
    assert text.endswith(".")
    assert len(text) <= 160
    assert not re.search(r"[{}_]", text)
    assert code == "INTERNAL_ERROR" or text != TEXTS["INTERNAL_ERROR"]


def test_facts_fill_the_gaps() -> None:
    """What an error tells about itself goes into the sentence."""
    error = MaxTurnsReachedError(12)
    assert user_text(error.code, error.facts).endswith("It had 12 turns.")
    wrong = ValidationError("text", "text that is not blank")
    assert "check text: it should be text that is not blank." in user_text(wrong.code, wrong.facts)


@pytest.mark.parametrize(
    "catalogue, facts, expected",
    [
        ({"X": "Hello {a}.  You {b}?"}, {"a": 1, "b": "{a}"}, "Hello 1.  You {a}?"),
        ({"X": "Hello {a}. So be it."}, {}, "So be it."),
        ({"X": "Hello {a}. So be it."}, {"a": None}, "So be it."),
        ({"X": "Hello {a}.", "INTERNAL_ERROR": "Oh."}, {"b": 1}, "Oh."),
        ({"X": "Hello {a}.", "INTERNAL_ERROR": "{b}"}, {}, TEXTS["INTERNAL_ERROR"]),
        ({"X": "", "INTERNAL_ERROR": "Oh."}, {}, "Oh."),
        ({"INTERNAL_ERROR": "Oh."}, {}, "Oh."),
        ({}, {}, TEXTS["INTERNAL_ERROR"]),
    ],
)
def test_what_cannot_be_said_is_left_out(
    catalogue: dict[str, str], facts: dict[str, object], expected: str
) -> None:
    """Sentences without their facts go; where nothing is left, the general text comes."""
    assert user_text("X", facts, catalogue) == expected


def test_the_catalogue_cannot_be_changed_in_place() -> None:
    """An application makes its own from it, and does not change everybody's."""
    with pytest.raises(TypeError):
        cast("dict[str, str]", TEXTS)["LENGTH"] = "x"
    own = {**TEXTS, "LENGTH": "Zu lang."}
    assert user_text("LENGTH", {}, own) == "Zu lang."


@given(st.text(), st.dictionaries(st.text(), st.none() | st.text()), st.text())
def test_it_never_raises(code: str, facts: dict[str, object], text: str) -> None:
    """Whatever code, facts and catalogue, there is something to tell."""
    assert user_text(code, facts)
    assert user_text(code, facts, {code: text})
