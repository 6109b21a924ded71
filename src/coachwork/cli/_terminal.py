"""How a conversation looks at a terminal; the same without colours where there is none."""

from __future__ import annotations

import sys
from typing import Final

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from coachwork.cli._flow import Flow
from coachwork.cli._plain import one_line, shown
from coachwork.messages import Message, Role
from coachwork.plain import to_json

WIDEST: Final = 96
"""Lines longer than this are hard to read."""

LABEL: Final = 9
"""How wide the left column is at least."""

COACH: Final = "bold green"
"""How the coach's name looks."""

GAP: Final = "  "
"""What stands between the columns."""


class Terminal:
    """Where a command prints to: the standard output stream, in two columns.

    Nothing that it is given is read as markup, and no control character reaches the terminal.
    """

    def __init__(self, *, user: str) -> None:
        """Take the name by which the user is called."""
        self.console = Console(markup=False, highlight=False, emoji=False)
        self.console.width = min(self.console.width, WIDEST)
        self._user = one_line(user)
        self._left = max(LABEL, len(self._user))

    def heading(self, text: str) -> None:
        """Print a line across the screen that says *text*."""
        self.console.print()
        self.console.print(Rule(Text(one_line(text), "bold"), align="left", style="dim"))

    def note(self, label: str, text: str) -> None:
        """Print what happened, or a name and its value."""
        self._row(one_line(label), "yellow", shown(text))

    def said(self, message: Message) -> None:
        """Print a stored message with the name of who said it."""
        if message.role is Role.USER:
            self._row(self._user, "bold cyan", shown(message.text))
        else:
            self._row("coach", COACH, shown(message.text))

    def result(self, value: object) -> None:
        """Print what a conversation yielded, field by field."""
        plain = to_json(value)
        fields = plain if isinstance(plain, dict) else {"result": plain}
        for name, told in fields.items():
            lines = told if isinstance(told, list) else [told]
            self.note(name, "\n".join("none" if line is None else str(line) for line in lines))

    def line(self, text: str = "", style: str = "") -> None:
        """Print *text*, folded at words."""
        for line in Text(shown(text), style).wrap(self.console, self.console.width):
            line.rstrip()
            self.console.print(line, soft_wrap=True)

    def verbatim(self, text: str) -> None:
        """Print *text* to be copied: never folded."""
        for line in text.splitlines():
            self.console.print(Text(line), soft_wrap=True)

    @property
    def live(self) -> bool:
        """Whether a person looks on, and what was printed can be replaced."""
        return sys.stdout.isatty() and not self.console.is_dumb_terminal

    def replace(self, text: str) -> None:
        """Show *text*, which fits into a line, in the place of the line; for a live terminal."""
        room = max(self.console.width - self._left - len(GAP), LABEL)
        told = Text(" " * (self._left + len(GAP)) + text[:room], "dim") if text else Text()
        # Written at once: Ctrl-C in between would leave the old line, or half of the new one.
        with self.console.capture() as capture:
            self.console.print(told, end="", soft_wrap=True)
        self.console.file.write("\r\x1b[K" + capture.get())
        self.console.file.flush()

    def coach_speaks(self) -> Flow:
        """Begin a message of the coach; what comes of it is to be written there."""
        left = self._left + len(GAP)
        self.console.print(Text.assemble((f"{'coach':>{self._left}}", COACH), GAP), end="")

        def put(text: str) -> None:
            self.console.print(Text(text), end="", soft_wrap=True)

        return Flow(put, room=max(self.console.width - left, LABEL), indent=left)

    @property
    def prompt(self) -> str:
        """What stands before a line that the user types, in the place of their name."""
        return f"{self._user:>{self._left}}{GAP}"

    def ask(self, question: str) -> str:
        """Return the line that is typed after *question*, without blanks around it.

        Raises:
            EOFError: There is no more input.
        """
        line = input(question).strip()
        if not sys.stdin.isatty():  # nobody saw it being typed
            self.console.print(Text(shown(line)), soft_wrap=True)
        return line

    def _row(self, left: str, style: str, right: str) -> None:
        """Print two columns, the right one folded at words."""
        room = max(self.console.width - self._left - len(GAP), LABEL)
        for line in Text(right).wrap(self.console, room) or [Text()]:
            row = Text.assemble((f"{left:>{self._left}}", style), GAP, line)
            row.rstrip()
            self.console.print(row, soft_wrap=True)
            left = ""
