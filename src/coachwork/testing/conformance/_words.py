"""How what a check does and gets is told to the reader of a report."""

from __future__ import annotations

from functools import singledispatch
from typing import Final

LONGEST: Final = 160
"""The most characters of a value that a report shows."""


@singledispatch
def in_words(value: object) -> str:
    """Return *value* for the reader of a report; register how those of a port are told best."""
    return shortened(repr(value))


def shortened(text: str) -> str:
    """Return *text*, without its middle where it is long."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} ... {text[-half:]} ({len(text)} characters)"
