"""How a conversation looks at a terminal (`coachwork.cli._terminal`)."""

from __future__ import annotations

import io
import os
import pty
import sys
from datetime import UTC, datetime

import pytest
from attrs import frozen

from coachwork.cli._terminal import WIDEST, Terminal
from coachwork.messages import Message, Role
from tests.terminals import looked_at


@frozen
class Found:
    """A result with a field of each kind."""

    values: list[str]
    next_step: str | None
    sure: bool


def message(role: Role, text: str) -> Message:
    """Return a message that says *text*."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Message(
        tenant="t", user="u", session="s", sequence=1, role=role, text=text, at=at, job="j"
    )


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the terminal be narrow, and without colours."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_what_is_said_stands_in_two_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """The speaker stands left; what is said is folded at words, without blanks at the ends."""
    terminal = Terminal(user="Ada")
    terminal.said(message(Role.COACH, "What is it that you have to decide?"))
    terminal.said(message(Role.USER, "[bold]This[/] \x1b[31m :smile:\n\nThat"))
    assert capsys.readouterr().out.splitlines() == [
        "    coach  What is it that you",
        "           have to decide?",
        "      Ada  [bold]This[/] ␛[31m",
        "           :smile:",
        "",
        "           That",
    ]


def test_notes_headings_and_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """What happened stands in the same columns; an empty value keeps its line."""
    terminal = Terminal(user="Ada")
    terminal.heading("what\nnow")
    terminal.note("status", "")
    terminal.line("a long line that is folded at words")
    terminal.verbatim("    a line that is too long and is not folded\nnext")
    assert capsys.readouterr().out.splitlines() == [
        "",
        "what␊now ─────────────────────",
        "   status",
        "a long line that is folded at",
        "words",
        "    a line that is too long and is not folded",
        "next",
    ]


def test_a_result_is_shown_field_by_field(capsys: pytest.CaptureFixture[str]) -> None:
    """Lists stand below each other; what has no fields is shown as a whole."""
    terminal = Terminal(user="Ada")
    terminal.result(Found(["one", "two"], "go", sure=True))
    terminal.result(Found([], None, sure=False))
    terminal.result(["three"])
    assert capsys.readouterr().out.splitlines() == [
        "   values  one",
        "           two",
        "next_step  go",
        "     sure  True",
        "   values",
        "next_step  none",
        "     sure  False",
        "   result  three",
    ]


def test_a_wide_terminal_is_not_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines stay short enough to be read."""
    monkeypatch.setenv("COLUMNS", "300")
    assert Terminal(user="Ada").console.width == WIDEST


def test_the_prompt_stands_where_the_name_stands() -> None:
    """A long name widens the column."""
    assert Terminal(user="Ada").prompt == "      Ada  "
    assert Terminal(user="Augusta Ada").prompt == "Augusta Ada  "


def test_a_line_that_nobody_saw_being_typed_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the input is no terminal, what it says is part of what is printed."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("  yes \n"))
    assert Terminal(user="Ada").ask("Really? ") == "yes"
    assert capsys.readouterr().out == "Really? yes\n"
    with pytest.raises(EOFError):
        Terminal(user="Ada").ask("Really? ")


def test_a_line_that_is_typed_at_a_terminal_is_not_shown_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal itself has shown it."""
    typist, typed = pty.openpty()
    with open(typed, encoding="utf-8") as stdin:  # noqa: PTH123 - a descriptor has no path
        monkeypatch.setattr(sys, "stdin", stdin)
        os.write(typist, b"yes\n")
        assert Terminal(user="Ada").ask("Really? ") == "yes"
    os.close(typist)
    assert capsys.readouterr().out == "Really? "


def test_only_a_terminal_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a file nor a terminal that knows nothing but lines."""
    assert not Terminal(user="Ada").live
    with looked_at(monkeypatch):
        assert Terminal(user="Ada").live
        monkeypatch.setenv("TERM", "dumb")
        assert not Terminal(user="Ada").live


def test_a_line_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cut where it is too long, and nothing is left of what stood there."""
    with looked_at(monkeypatch, columns=30) as screen:
        terminal = Terminal(user="Ada")
        terminal.replace("one")
        terminal.replace("two " * 10)
        terminal.replace("three")
    assert screen.lines == ["           three"]
    with looked_at(monkeypatch, columns=30) as screen:
        terminal = Terminal(user="Ada")
        terminal.replace("two " * 10)
    assert screen.lines == ["           two two two two two"]
    with looked_at(monkeypatch, columns=30) as screen:
        terminal = Terminal(user="Ada")
        terminal.replace("one")
        terminal.replace("")
    assert screen.lines == [""]


def test_the_coach_may_speak_word_by_word(capsys: pytest.CaptureFixture[str]) -> None:
    """It looks the same as the whole message."""
    flow = Terminal(user="Ada").coach_speaks()
    for word in ("What is it ", "that you ", "have to decide?"):
        flow.write(word)
    flow.close()
    assert capsys.readouterr().out.splitlines() == [
        "    coach  What is it that you",
        "           have to decide?",
    ]
