"""What a table is made of: rows, and the guards that must agree to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

import attrs

V = TypeVar("V")
"""The value that moves: a frozen class with one attribute that holds its state."""
V_contra = TypeVar("V_contra", contravariant=True)
S = TypeVar("S", bound=StrEnum)
"""The enum of states."""
E = TypeVar("E", bound=StrEnum)
"""The enum of events."""
G_contra = TypeVar("G_contra", contravariant=True)
"""What is given with an event; often a union, or None."""
F_co = TypeVar("F_co", bound=StrEnum, covariant=True)
"""The enum of effect names; ``Never`` where a machine has none."""

Edge: TypeAlias = tuple[S, E, S]
"""One arrow of the table: from, event, to."""
Reasons: TypeAlias = tuple[tuple[str, str], ...]
"""Per failing guard its name and why."""


@attrs.frozen
class Guard(Generic[V_contra]):
    """A named condition of a row.

    Attributes:
        name: What refusals and diagrams call it; one name means one guard in a machine.
        check: Answers None when the event may pass, or why not, for the value and the instant
            (UTC). It is pure, and it never sees what is given with the event.
    """

    name: str
    check: Callable[[V_contra, datetime], str | None]


@attrs.frozen
class Row(Generic[V, S, G_contra, F_co]):
    """What one event does in one state.

    Attributes:
        to: The state it leads to.
        update: Builds the next value, with its class, from the value, `to`, the instant (UTC) and
            what was given with the event. It must be in state `to`.
        guards: All must agree. All are asked, in this order, and all who do not are named.
        effects: Names of what has to follow; the caller carries them out.
    """

    to: S
    update: Callable[[V, S, datetime, G_contra], V]
    guards: tuple[Guard[V], ...] = ()
    effects: tuple[F_co, ...] = ()
