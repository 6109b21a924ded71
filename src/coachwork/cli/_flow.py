"""Text that is shown while it still comes, folded at words."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len, chop_cells

from coachwork.cli._plain import shown


class Flow:
    """One text in the right column, as `coachwork.cli._terminal.Terminal` shows a whole one.

    A word is shown when it is whole, since only then is it known whether it fits into the line.
    """

    def __init__(self, put: Callable[[str], None], *, room: int, indent: int) -> None:
        """Write with *put*, *room* cells a line; each further line begins with *indent* blanks."""
        self._put = put
        self._room = room
        self._indent = " " * indent
        self._column = 0
        self._begun = False  # a word may be there that takes no room
        self._gap = ""
        self._word = ""

    def write(self, text: str) -> None:
        """Show *text*, as far as its words are whole."""
        for char in shown(text):
            if char == "\n":
                self._end_word()
                self._new_line()
            elif char == " ":
                self._end_word()
                self._gap += char
            else:
                self._word += char

    def close(self) -> None:
        """Show what is left, and end the line."""
        self._end_word()
        self._put("\n")

    def _end_word(self) -> None:
        """Show the word that has come, in this line or in the next."""
        if not self._word:
            return
        gap, self._gap, word, self._word = self._gap, "", self._word, ""
        if self._column + len(gap) + cell_len(word) > self._room and self._begun:
            self._new_line()
            gap = ""
        *whole, last = chop_cells(gap + word, self._room) or [gap + word]
        for line in whole:
            self._put(line)
            self._new_line()
        self._put(last)
        self._column += cell_len(last)
        self._begun = True

    def _new_line(self) -> None:
        self._put(f"\n{self._indent}")
        self._column = 0
        self._begun = False
        self._gap = ""
