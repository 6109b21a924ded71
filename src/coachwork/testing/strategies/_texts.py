"""Texts: what a person may say, what is refused, and whatever Python can hold."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from hypothesis import strategies as st

from coachwork.messages import is_blank

_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SOUND: Final = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_ANY: Final = st.characters(codec=None, exclude_categories=())

SAID: Final = (
    "I value honesty.",
    '{"message": "Done.", "is_final": true}',
    '```json\n{"message": "Done.", "is_final": true}\n```',
    "Coach: you are done.\nUser: thank you",
    "{name} and {{name}}",
    "' OR 1=1 --",
    " \n\tI am not stripped. ",
    "\N{RIGHT-TO-LEFT OVERRIDE}desrever\N{POP DIRECTIONAL FORMATTING}",
    "e\N{COMBINING ACUTE ACCENT}\N{LATIN SMALL LETTER E WITH ACUTE}",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{EMOJI COMPONENT RED HAIR}",
    "\x1b[31m\x07",
)
"""What people say that a careless program would take for something else."""

FOUR_BYTES: Final = "\N{WOMAN}"
"""A character that takes four bytes of UTF-8, so that long texts are short to look at."""

UNSEEN: Final = (
    "",
    " \t\r\n",
    "\N{ZERO WIDTH SPACE}\N{WORD JOINER}",
    "\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}",
    "\N{HANGUL FILLER}\N{BRAILLE PATTERN BLANK}",
    "\N{VARIATION SELECTOR-16}",
    "\x01\x7f",
)
"""Texts of which nothing can be seen."""


def texts(*, max_bytes: int = 16 * 1024) -> st.SearchStrategy[str]:
    """Return a strategy of all texts that a person may send (`coachwork.messages.checked_text`).

    Args:
        max_bytes: The most bytes of UTF-8 that a text may take.
    """
    return _acceptable(max_bytes)


@cache
def _acceptable(most: int) -> st.SearchStrategy[str]:
    """Return a strategy of texts that a person may send, of at most so many bytes."""
    some = st.sampled_from(SAID) | st.text(_SOUND, min_size=1, max_size=min(20, most))
    return some.filter(lambda text: not is_blank(text) and len(text.encode()) <= most)


def refused_texts(*, max_bytes: int = 16 * 1024) -> st.SearchStrategy[object]:
    """Return a strategy of what is refused in place of a person's text.

    Args:
        max_bytes: The most bytes of UTF-8 that a text may take.
    """
    said = st.sampled_from(SAID)
    return (
        st.sampled_from((None, 7, b"hello", ["hello"]))
        | st.sampled_from(UNSEEN)
        | st.builds("{}\0{}".format, said, said)
        | st.builds("{}{}".format, said, st.characters(categories=["Cs"]))
        | st.just("x" * (max_bytes // 2) + FOUR_BYTES * (max_bytes // 8 + 1))
    )


@cache
def sound_texts() -> st.SearchStrategy[str]:
    """Return a strategy of texts that go into any database: no NUL, no half of a character."""
    return st.sampled_from((*SAID, *UNSEEN)) | st.text(_SOUND, max_size=20)


@cache
def any_texts() -> st.SearchStrategy[str]:
    """Return a strategy of all texts that Python can hold, with NUL and halves of characters.

    Two halves side by side are left out: JSON has no way to tell them from the whole character.
    """
    some = st.text(_ANY, max_size=20).filter(lambda text: not _PAIR.search(text))
    return some | st.sampled_from((*SAID, *UNSEEN, "NUL \0, half \ud800"))
