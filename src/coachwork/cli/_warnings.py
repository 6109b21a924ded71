"""What the library logs while a command runs: one line each, as errors are told."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from coachwork.cli._plain import tell


class _Lines(logging.Handler):
    """Tells each record in one line of the standard error stream."""

    def __init__(self, hints: dict[str, str | None]) -> None:
        super().__init__(logging.WARNING)
        self._hints = hints

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one record; of an exception its class alone, for its text may hold anything."""
        told = record.getMessage()
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None:
            told = f"{told}: {kind.__name__}"
        hint = self._hints.get(told.rpartition(": ")[2], "")
        if hint is not None:
            tell(record.levelname, told + hint)


@contextmanager
def told_in_lines(**hints: str | None) -> Generator[None]:
    """Tell what is logged meanwhile.

    Args:
        hints: By the code at the end of a line, what to add to the line; None leaves it out.
    """
    log = logging.getLogger("coachwork")
    lines = _Lines(hints)
    log.addHandler(lines)
    try:
        yield
    finally:
        log.removeHandler(lines)
