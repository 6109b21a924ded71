"""A terminal that a person sits at: for a process of its own, or for code of this process."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from threading import Condition, Thread
from typing import Final

import pytest

PATIENCE: Final = 20.0
PROGRAM: Final = (sys.executable, "-m", "coachwork")

_AT_THE_TERMINAL: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # from here on Ctrl-C reaches it
os.execv(sys.argv[1], sys.argv[1:])
"""
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_ANEW: Final = "\r\x1b[K"


class Terminal:
    """What is shown at a terminal, and the keys of its keyboard."""

    def __init__(self, columns: int) -> None:
        """Be so wide."""
        self._keys, self.end = pty.openpty()
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._shown = b""
        self._place = 0
        self._more = Condition()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while piece := os.read(self._keys, 4096):
                with self._more:
                    self._shown += piece
                    self._more.notify_all()
        except OSError:  # nobody writes any more
            return

    def type(self, text: str) -> None:
        """Type *text*; U+0003 is Ctrl-C, U+0004 is Ctrl-D."""
        os.write(self._keys, text.encode())

    def until(self, *words: str) -> None:
        """Wait until all *words* have come, one after the other, since the last call."""
        for word in words:
            wanted = word.encode()
            with self._more:
                came = self._more.wait_for(partial(self._has, wanted), PATIENCE)
                assert came, self.lines
                self._place = self._shown.index(wanted, self._place) + len(wanted)

    def _has(self, wanted: bytes) -> bool:
        return wanted in self._shown[self._place :]

    def close(self) -> None:
        """Wait for the end of what is shown; all who write have closed their end."""
        os.close(self.end)
        self._reader.join(PATIENCE)
        os.close(self._keys)

    @property
    def raw(self) -> str:
        """Everything that was sent to the terminal."""
        return self._shown.decode()

    @property
    def lines(self) -> list[str]:
        """The lines that a person sees in the end, without colours and blanks at their ends."""
        plain = _COLOUR.sub("", self.raw)
        return [line.rpartition(_ANEW)[2].rstrip() for line in plain.split("\r\n")]

    @property
    def text(self) -> str:
        """The same as one line."""
        return " ".join(" ".join(self.lines).split())


@contextmanager
def program(
    *arguments: str, columns: int = 80
) -> Generator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """Run the program at a terminal of its own, and wait for its end."""
    terminal = Terminal(columns)
    own = {"TERM": "xterm", "NO_COLOR": "", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-ISc", _AT_THE_TERMINAL, *PROGRAM, *arguments],
        stdin=terminal.end,
        stdout=terminal.end,
        stderr=terminal.end,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"} | own,
        start_new_session=True,
    )
    try:
        yield terminal, process
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
        terminal.close()


@contextmanager
def looked_at(
    monkeypatch: pytest.MonkeyPatch, columns: int = 80, stream: str = "stdout"
) -> Generator[Terminal]:
    """Let what this process prints to *stream* go to a terminal; look at it after the block."""
    terminal = Terminal(columns)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    with open(terminal.end, "w", encoding="utf-8", closefd=False) as end:
        monkeypatch.setattr(sys, stream, end)
        try:
            yield terminal
        finally:
            end.flush()
            monkeypatch.undo()
    terminal.close()
