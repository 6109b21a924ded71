"""Text that a terminal shows and does not obey, and errors as one line of it."""

from __future__ import annotations

import sys
from typing import Final

_PICTURES: Final = 0x2400  # the pictures of the control characters, in their order
_CONTROLS: Final = (
    {code: chr(_PICTURES + code) for code in range(0x20)}
    | {0x7F: "\N{SYMBOL FOR DELETE}"}
    | dict.fromkeys(range(0x80, 0xA0), "\N{REPLACEMENT CHARACTER}")
)
_KEPT: Final = {ord("\n"): "\n", ord("\t"): "    "}


def shown(text: str) -> str:
    """Return *text* with pictures in the place of control characters; lines stay lines.

    What people and models write is kept as it came, so it may hold what would move the cursor or
    change the title of a terminal.
    """
    return text.translate(_CONTROLS | _KEPT)


def one_line(text: str) -> str:
    """Return *text* as one line that a terminal shows."""
    return text.translate(_CONTROLS)


def tell(code: str, sentence: str) -> None:
    """Tell of an error in one line of the standard error stream."""
    print(f"coachwork: {code}: {one_line(sentence)}", file=sys.stderr)
