"""Which call must have come before which, and whether that can be.

Calls are nodes, and an edge says that one must have come before the other: since it wrote what the
other changed or read, since it read what the other changed, or since it had ended before the other
began. If the edges lead in a circle, no store that does one thing after the other could give those
answers (Adya's dependency graphs, as Elle uses them).

Real time is not an edge for each two calls, which would be too many. The ends and beginnings are a
chain of moments: a call leads to the moment after its end, a moment to what begins after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from attrs import frozen

from coachwork.testing.history._call import Name
from coachwork.testing.history._chains import Node

MOST_BEGINNINGS: Final = 200
"""From how many calls of a tangle the shortest circle is looked for."""


class Why(StrEnum):
    """Why one call must have come before another."""

    CHANGED = "it wrote what the other changed"
    READ = "it wrote what the other read"
    READ_BEFORE = "it read what the other changed"
    ENDED = "it had ended before the other began"


@frozen
class Edge:
    """One call must have come before another.

    Attributes:
        before: The number of the one.
        after: The number of the other.
        why: Why.
        name: Which record it is about, else empty.
        version: Which version of it the first one wrote or read.
    """

    before: int
    after: int
    why: Why
    name: Name = ""
    version: int = 0


class Graph:
    """Calls, and what must have come before what."""

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
        """Put them together, and real time with them."""
        self._numbers = [node.number for node in nodes]
        place = {number: index for index, number in enumerate(self._numbers)}
        self._calls = len(nodes)
        self._next: list[list[int]] = [[] for _ in nodes]
        self._edges: dict[tuple[int, int], Edge] = {}
        for edge in edges:
            pair = place[edge.before], place[edge.after]
            if pair not in self._edges:
                self._edges[pair] = edge
                self._next[pair[0]].append(pair[1])
        self._add_moments(nodes)

    def _add_moments(self, nodes: Sequence[Node]) -> None:
        """Add the moments between ends and beginnings."""
        # Of what happens at the same time the beginnings come first: nothing is before the other.
        events = [(node.begin, 0, index) for index, node in enumerate(nodes)]
        events += [(node.end, 1, index) for index, node in enumerate(nodes) if node.ended]
        events.sort()
        moment, left = -1, True
        for _, ends, index in events:
            if not ends:
                left = True
                if moment >= 0:
                    self._next[moment].append(index)
                continue
            if left:  # others begin after the moment before, and not after this end
                self._next.append([])
                if moment >= 0:
                    self._next[moment].append(len(self._next) - 1)
                moment, left = len(self._next) - 1, False
            self._next[index].append(moment)

    def circles(self) -> Iterator[list[Edge]]:
        """Return the shortest circle of each tangle, as edges from call to call."""
        for tangle in _tangles(self._next):
            yield self._shortest(tangle)

    def _shortest(self, tangle: set[int]) -> list[Edge]:
        """Return the shortest circle among the nodes of *tangle*."""
        best: list[int] = []
        calls = sorted(node for node in tangle if node < self._calls)
        for start in calls[:MOST_BEGINNINGS]:
            circle = self._circle_from(start, tangle)
            if not best or len(circle) < len(best):
                best = circle
        return [
            self._edge(before, after)
            for before, after in zip(best, [*best[1:], best[0]], strict=True)
        ]

    def _edge(self, before: int, after: int) -> Edge:
        """Return why the one comes before the other."""
        real = Edge(self._numbers[before], self._numbers[after], Why.ENDED)
        return self._edges.get((before, after), real)

    def _circle_from(self, start: int, tangle: set[int]) -> list[int]:
        """Return the calls of the shortest circle through *start*; moments count nothing."""
        came: dict[int, int] = {}
        waiting = deque([start])
        while True:  # in a tangle every node leads back to itself
            node = waiting.popleft()
            for after in self._next[node]:
                if after == start:
                    return self._back(node, start, came)
                if after in tangle and after not in came:
                    came[after] = node
                    if after < self._calls:
                        waiting.append(after)
                    else:
                        waiting.appendleft(after)

    def _back(self, node: int, start: int, came: dict[int, int]) -> list[int]:
        """Return the calls on the way from *start* to *node*."""
        way: list[int] = []
        while node != start:
            if node < self._calls:
                way.append(node)
            node = came[node]
        return [start, *reversed(way)]


def _tangles(after: Sequence[Sequence[int]]) -> list[set[int]]:
    """Return the sets of nodes that lead to each other: Kosaraju's algorithm, without recursion."""
    before: list[list[int]] = [[] for _ in after]
    for node, following in enumerate(after):
        for one in following:
            before[one].append(node)
    seen = [False] * len(after)
    found: list[set[int]] = []
    for root in reversed(_finished(after)):
        if seen[root]:
            continue
        seen[root] = True
        tangle, waiting = {root}, [root]
        while waiting:
            for node in before[waiting.pop()]:
                if not seen[node]:
                    seen[node] = True
                    tangle.add(node)
                    waiting.append(node)
        if len(tangle) > 1:
            found.append(tangle)
    return found


def _finished(after: Sequence[Sequence[int]]) -> list[int]:
    """Return all nodes in the order in which a walk, as deep as it leads, is done with them."""
    seen = [False] * len(after)
    done: list[int] = []
    for root in range(len(after)):
        if seen[root]:
            continue
        seen[root] = True
        walk = [(root, iter(after[root]))]
        while walk:
            following = next((one for one in walk[-1][1] if not seen[one]), None)
            if following is None:
                done.append(walk.pop()[0])
            else:
                seen[following] = True
                walk.append((following, iter(after[following])))
    return done
