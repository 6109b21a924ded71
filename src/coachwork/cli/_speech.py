"""What the coach does at this moment: it thinks, or it speaks. Only a terminal shows it."""

from __future__ import annotations

from typing import Final

from coachwork.cli._flow import Flow
from coachwork.cli._terminal import Terminal
from coachwork.ports import Partial

BROKEN_OFF: Final = "(This answer broke off; what stands above does not count.)"
"""What marks words that were shown and that nobody will keep."""


class Speech:
    """The coach's words as they come. All its methods are for one thread.

    Where the output is no terminal nothing of it is shown: what was printed into a file cannot
    be taken back.
    """

    def __init__(self, terminal: Terminal) -> None:
        """Show it there."""
        self._terminal = terminal
        self._thought = ""
        self._of = ("", 0)
        self._text = ""
        self._flow: Flow | None = None

    def thinks(self, how: str) -> None:
        """Show that the coach still thinks, until it speaks or `hush` is called."""
        if self._flow is None and how != self._thought and self._terminal.live:
            self._terminal.replace(how)
            self._thought = how

    def hush(self) -> None:
        """Take away that the coach thinks."""
        if self._thought:
            self._terminal.replace("")
            self._thought = ""

    def piece(self, piece: Partial) -> None:
        """Show the next piece of what the coach says."""
        if not self._terminal.live:
            return
        self.hush()
        if self._flow is None or self._of != (piece.job, piece.attempt):
            self.break_off()
            self._of = (piece.job, piece.attempt)
            self._flow = self._terminal.coach_speaks()
        self._text += piece.text
        self._flow.write(piece.text)

    def ends_with(self, text: str) -> bool:
        """End what was being said; tell whether it was *text*, and need not be shown again."""
        self.hush()
        if self._flow is None:
            return False
        if self._text != text:
            self.break_off()
            return False
        self._flow.close()
        self._flow, self._text = None, ""
        return True

    def break_off(self) -> None:
        """End what was being said, and mark it as of no account; nothing where nothing was."""
        self.hush()
        if self._flow is not None:
            self._flow.close()
            self._flow, self._text = None, ""
            self._terminal.line(BROKEN_OFF, "dim")
