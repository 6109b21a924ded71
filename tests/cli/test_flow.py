"""Text that is shown while it still comes (`coachwork.cli._flow`)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.cli._flow import Flow
from coachwork.cli._terminal import Terminal
from coachwork.messages import Message, Role

WORDS = st.lists(st.text("ab¿漢́", min_size=1, max_size=14), min_size=1, max_size=12)
ENDS = st.sampled_from([" ", " ", "  ", "\n", "\n\n", " \n"])


def flowing(*pieces: str, room: int = 10) -> str:
    """Return what becomes of *pieces*."""
    shown: list[str] = []
    flow = Flow(shown.append, room=room, indent=2)
    for piece in pieces:
        flow.write(piece)
    flow.close()
    return "".join(shown)


def test_words_stay_whole() -> None:
    """However the pieces are cut, a line ends between words, and further lines are indented."""
    told = "One two three four\nfive"
    whole = "One two\n  three four\n  five\n"
    assert flowing(told) == whole
    assert flowing(*told) == whole
    assert flowing("One tw", "o thr", "ee four\nfi", "ve") == whole


def test_a_word_is_shown_when_it_is_whole() -> None:
    """Only then is it known whether it fits into the line."""
    shown: list[str] = []
    flow = Flow(shown.append, room=10, indent=2)
    flow.write("One tw")
    assert "".join(shown) == "One"
    flow.write("o ")
    assert "".join(shown) == "One two"


def test_a_word_that_is_longer_than_a_line_is_cut() -> None:
    """It begins a line of its own."""
    assert flowing("a bcdefghijklmnop q") == "a\n  bcdefghijk\n  lmnop q\n"


def test_nothing_in_it_moves_the_cursor() -> None:
    """Control characters are shown as pictures; a tabulator is some blanks."""
    assert flowing("\x1b[2J\ta") == "␛[2J    a\n"
    assert flowing("") == "\n"


@settings(max_examples=30)
@given(WORDS, st.data())
def test_it_looks_like_the_whole_message(words: list[str], data: st.DataObject) -> None:
    """What flows is folded as a stored message is."""
    text = "".join(word + data.draw(ENDS) for word in words).strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "24")
        terminal = Terminal(user="Ada")
        with terminal.console.capture() as whole:
            terminal.said(_message(text))
        with terminal.console.capture() as flowed:
            flow = terminal.coach_speaks()
            for char in text:
                flow.write(char)
            flow.close()
    trimmed = [line.rstrip() for line in flowed.get().splitlines()]
    assert trimmed == whole.get().splitlines()


def _message(text: str) -> Message:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Message(
        tenant="t", user="u", session="s", sequence=1, role=Role.COACH, text=text, at=at, job="j"
    )
