"""What a table says as a graph, guards aside: where it leads, and by which ways."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from coachwork.machine._row import E, Edge, F_co, G_contra, Row, S, V


def closure(
    table: Mapping[S, Mapping[E, Row[V, S, G_contra, F_co]]], starts: Iterable[S]
) -> frozenset[S]:
    """All states that *table* leads to from *starts*, these among them."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        for row in table[waiting.pop()].values():
            if row.to not in found:
                found.add(row.to)
                waiting.append(row.to)
    return frozenset(found)


def ways(
    table: Mapping[S, Mapping[E, Row[V, S, G_contra, F_co]]], start: S, end: S
) -> tuple[tuple[Edge[S, E], ...], ...]:
    """All ways from *start* to *end* that enter no state twice; the shorter come first."""
    found: list[tuple[Edge[S, E], ...]] = []
    waiting: deque[tuple[S, tuple[Edge[S, E], ...]]] = deque([(start, ())])
    while waiting:
        state, path = waiting.popleft()
        if state is end:
            found.append(path)
            continue
        entered = {start, *(edge[2] for edge in path)}
        waiting.extend(
            (row.to, (*path, (state, event, row.to)))
            for event, row in table[state].items()
            if row.to not in entered
        )
    return tuple(found)
