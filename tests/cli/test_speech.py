"""What the coach does at this moment (`coachwork.cli._speech`)."""

from __future__ import annotations

import pytest

from coachwork.cli._speech import BROKEN_OFF, Speech
from coachwork.cli._terminal import Terminal
from coachwork.ports import Partial
from tests.terminals import looked_at


def piece(text: str, *, job: str = "j", attempt: int = 1) -> Partial:
    """Return a piece of a message."""
    return Partial(
        tenant="t", user="u", session="s", job=job, attempt=attempt, sequence=1, text=text
    )


def test_words_are_shown_as_they_come_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thinking gives way to them, and the whole message need not be shown again."""
    with looked_at(monkeypatch) as screen:
        speech = Speech(Terminal(user="Ada"))
        speech.thinks("thinking ...")
        speech.thinks("thinking ...")
        speech.thinks("thinking ... 1 s")
        speech.piece(piece("How are "))
        speech.thinks("thinking ... 2 s")
        speech.piece(piece("you?"))
        assert speech.ends_with("How are you?")
        assert not speech.ends_with("How are you?")
        speech.break_off()
    assert screen.lines == ["    coach  How are you?", ""]
    assert screen.raw.count("thinking") == 2


def test_words_that_nobody_keeps_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Because the model was asked anew, the message became another one, or there is none."""
    with looked_at(monkeypatch) as screen:
        speech = Speech(Terminal(user="Ada"))
        speech.piece(piece("One"))
        speech.piece(piece("Two", attempt=2))
        speech.piece(piece("Three", job="k"))
        assert not speech.ends_with("Four")
        speech.piece(piece("Five", job="k"))
        speech.break_off()
    said = ["One", "Two", "Three", "Five"]
    marked = [line for word in said for line in (f"    coach  {word}", BROKEN_OFF)]
    assert screen.lines == [*marked, ""]


def test_the_thought_is_taken_away_when_none_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left of it."""
    with looked_at(monkeypatch) as screen:
        speech = Speech(Terminal(user="Ada"))
        speech.thinks("thinking ...")
        speech.hush()
        speech.hush()
    assert screen.lines == [""]


def test_where_nobody_looks_on_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """What was printed into a file could not be taken back."""
    speech = Speech(Terminal(user="Ada"))
    speech.thinks("thinking ...")
    speech.piece(piece("One"))
    assert not speech.ends_with("One")
    speech.break_off()
    assert capsys.readouterr().out == ""
