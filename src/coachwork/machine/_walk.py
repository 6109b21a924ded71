"""An exhaustive walk over the values of a machine, with the real guards."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from coachwork.errors import MachineError
from coachwork.machine._answers import Refused, Walk
from coachwork.machine._row import E, Edge, F_co, G_contra, S, V

if TYPE_CHECKING:
    from coachwork.machine._machine import Machine

WALK_LIMIT = 100_000
"""How many different values `Machine.walk` visits unless told otherwise."""


def walk(
    machine: Machine[V, S, E, G_contra, F_co],
    starts: Iterable[V],
    moves: Callable[[V], Iterable[tuple[E, datetime, G_contra]]],
    view: Callable[[V], Hashable],
    limit: int,
) -> Walk[V, S, E]:
    """See `Machine.walk`."""
    seen: set[Hashable] = set()
    waiting: deque[V] = deque()
    taken: set[Edge[S, E]] = set()
    stuck: list[V] = []
    steps = refusals = 0

    def meet(value: V) -> bool:
        """Put *value* in the queue when it is new; whether *limit* allows it is checked."""
        seeing = view(value)
        if seeing in seen:
            return False
        if len(seen) >= limit:
            sentence = f"machine {machine.name!r}: the walk met more than {limit} different values"
            raise MachineError(sentence)
        seen.add(seeing)
        waiting.append(value)
        return True

    for value in starts:
        meet(value)
    while waiting:
        value = waiting.popleft()
        here = machine.state(value)
        led_on = here in machine.ends
        for event, now, given in moves(value):
            steps += 1
            answer = machine.step(value, event, now, given)
            if isinstance(answer, Refused):
                refusals += 1
                continue
            taken.add((here, event, machine.state(answer.value)))
            led_on |= meet(answer.value) or view(answer.value) != view(value)
        if not led_on:
            stuck.append(value)
    return Walk(
        states=len(seen),
        steps=steps,
        refusals=refusals,
        taken=tuple(edge for edge in machine.edges if edge in taken),
        untaken=tuple(edge for edge in machine.edges if edge not in taken),
        stuck=tuple(stuck),
    )
