"""What a machine answers: to a step, to the question what is available, and to a walk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import attrs

from coachwork.errors import TransitionRefusedError
from coachwork.machine._row import E, Edge, F_co, Reasons, S, V, V_contra

# The answers of a step are frozen for the checkers alone: to make a frozen object takes as long
# again as all the rest of a step. They are no named tuples, since mypy loses the types of generic
# ones where a union is narrowed by isinstance.
if TYPE_CHECKING:
    from attrs import frozen as _answer
else:
    from attrs import define as _answer

E_co = TypeVar("E_co", bound=StrEnum, covariant=True)
S_co = TypeVar("S_co", bound=StrEnum, covariant=True)

UNREADABLE = "state of the value"
"""Stands for the guard's name where the state itself could not be read."""


@_answer(weakref_slot=False, unsafe_hash=True)
class Moved(Generic[V, F_co]):
    """The event happened.

    Attributes:
        value: The next value.
        effects: Names of what has to follow.
    """

    value: V
    effects: tuple[F_co, ...]


class _Source(Protocol[V_contra, S_co, E_co]):
    """What a refusal needs of its machine, later, when it is asked."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> Callable[[V_contra], S_co]: ...
    def available(self, value: V_contra, now: datetime) -> tuple[E_co, ...]: ...


@_answer(weakref_slot=False, unsafe_hash=True)
class Refused(Generic[V, S, E]):
    """The event did not happen, and nothing was changed.

    Everything beside the fields is found out when asked, and is the same whenever that is.

    Attributes:
        source: The machine that refused.
        value: The value as it was, and is.
        event: The event that was refused.
        now: The instant (UTC) of the step.
        reasons: Per failing guard its name and why; empty when the event is impossible here.
    """

    source: _Source[V, S, E]
    value: V
    event: E
    now: datetime
    reasons: Reasons

    @property
    def machine(self) -> str:
        """The name of the machine."""
        return self.source.name

    @property
    def state(self) -> S:
        """The state the value is in."""
        return self.source.state(self.value)

    @property
    def impossible(self) -> bool:
        """Whether the table has no such event in this state; otherwise guards refused it."""
        return not self.reasons

    @property
    def allowed(self) -> tuple[E, ...]:
        """The events that would be allowed at that instant."""
        return self.source.available(self.value, self.now)

    def error(self) -> TransitionRefusedError:
        """Make the error that tells this refusal, for callers who raise."""
        return TransitionRefusedError(
            self.machine,
            str(self.state),
            str(self.event),
            impossible=self.impossible,
            reasons=self.reasons,
            allowed=tuple(str(event) for event in self.allowed),
        )

    def __repr__(self) -> str:
        """Tell machine, state, event and reasons; the value stays out of logs."""
        why = "impossible" if self.impossible else f"reasons={self.reasons!r}"
        return f"Refused({self.machine}: {self.event} in {self.state}, {why})"


@attrs.frozen
class Availability(Generic[E]):
    """What each event of a state would answer now; the three parts share no event.

    Attributes:
        events: The events that would move, in table order.
        refused: Per event that guards refuse: the reasons of all failing guards.
        broken: Per event that cannot be told: the name of the first guard that failed to answer
            and of the exception's class. A step with it raises `MachineError`.
    """

    events: tuple[E, ...]
    refused: Mapping[E, Reasons]
    broken: Mapping[E, tuple[str, str]]


@attrs.frozen(kw_only=True)
class Walk(Generic[V, S, E]):
    """What an exhaustive walk has seen.

    Attributes:
        states: How many different values were visited (different by their view).
        steps: How many moves were tried.
        refusals: How many of them were refused.
        taken: The edges of the table that were taken, in table order.
        untaken: The edges that no move took, in table order.
        stuck: Values outside the end states from which no move led on: dead ends that only the
            guards make. A value is listed whose moves all led back to itself, too.
    """

    states: int
    steps: int
    refusals: int
    taken: tuple[Edge[S, E], ...]
    untaken: tuple[Edge[S, E], ...]
    stuck: tuple[V, ...]
