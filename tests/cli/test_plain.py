"""Text that a terminal shows and does not obey (`coachwork.cli._plain`)."""

from __future__ import annotations

import pytest

from coachwork.cli._plain import one_line, shown, tell


def test_control_characters_are_pictured() -> None:
    """What would move the cursor or change the terminal is shown instead; lines stay lines."""
    assert shown("a\x1b[31mb\r\x7f\x9b\tc\nd") == "a␛[31mb␍␡\N{REPLACEMENT CHARACTER}    c\nd"
    assert shown("Ünïcödé 🙂") == "Ünïcödé 🙂"


def test_one_line_is_one_line() -> None:
    """Line breaks are pictured too."""
    assert one_line("a\nb\tc\r\n") == "a␊b␉c␍␊"


def test_an_error_is_one_line_of_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    """Program, code and sentence stand in one line."""
    tell("CODE", "a file\nwith a line break")
    assert capsys.readouterr() == ("", "coachwork: CODE: a file␊with a line break\n")
