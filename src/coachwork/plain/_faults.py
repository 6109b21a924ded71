"""What is wrong with some data: every fault, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from coachwork.errors import ValidationError
from coachwork.plain._paths import told

MOST_PATHS: Final = 20
"""The most paths that an error names beside the first."""

Reader: TypeAlias = Callable[[object], object]
"""Reads plain data as a value; raises `Faults` alone."""


class Faults(Exception):  # noqa: N818 - it never leaves this room
    """All faults of some data: where each is, and what was expected there."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__()
        self.faults = faults

    def under(self, step: str) -> Iterator[tuple[str, str]]:
        """Tell the faults as the holder of the data sees them, one step further out."""
        return ((step + path, expected) for path, expected in self.faults)

    def error(self) -> ValidationError:
        """Return the error that tells the first fault in full, and of the others the paths."""
        path, expected = self.faults[0]
        others = list(dict.fromkeys(told(other) for other, _ in self.faults if other != path))
        if len(others) > MOST_PATHS:
            others[MOST_PATHS:] = [f"{len(others) - MOST_PATHS} more"]
        also = f" (also at fault: {', '.join(others)})" if others else ""
        return ValidationError(told(path), expected + also)


class InnerFaults(Faults):
    """Faults of data that is of the right kind (an object, a list), but wrong inside."""


def misfit(expected: str) -> Faults:
    """Return the one fault of data that is no such thing at all."""
    return Faults(("", expected))


def read_all(steps: Iterable[tuple[str, Reader, object]]) -> list[object]:
    """Read one piece of data after the other, and tell the faults of all.

    Args:
        steps: For each piece the step to it, what reads it, and the piece itself.

    Returns:
        What was read.

    Raises:
        InnerFaults: At least one piece does not fit.
    """
    made: list[object] = []
    faults: list[tuple[str, str]] = []
    for step, read, data in steps:
        try:
            made.append(read(data))
        except Faults as found:
            faults += found.under(step)
    if faults:
        raise InnerFaults(*faults)
    return made
