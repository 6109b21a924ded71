"""Where something is in plain data, as errors tell it: ``values[0].name``."""

from __future__ import annotations

from typing import TypeAlias

Where: TypeAlias = "tuple[Where, str] | None"
"""Where a value is: where its holder is, and its own step from there; None for the root."""


def path_of(where: Where) -> str:
    """Return the path of a place as people write it."""
    steps: list[str] = []
    while where is not None:
        where, step = where
        steps.append(step)
    return told("".join(reversed(steps)))


def told(path: str) -> str:
    """Return *path* as people write it; the root has no name of its own."""
    return path.removeprefix(".") or "value"
