"""Whether a correct store could give a history: strict serializability, and the rules of views.

What is judged (brief, section 8): commits and reads of single records must have come one after the
other, in an order that real time allows. A commit that was answered *done* is done whole; of one
that was answered otherwise nothing was ever seen; one whose outcome is unknown was done if anything
of it was seen. A view may lag, but shows nothing that was not written, and a log has no gaps.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import Final

from attrs import evolve

from coachwork.records import Record
from coachwork.testing.history._call import (
    Act,
    Call,
    Method,
    Name,
    Outcome,
    Part,
    Seen,
    all_seen,
    digest_of,
    record_name,
)
from coachwork.testing.history._chains import (
    ABSENT,
    Chain,
    Node,
    Read,
    TooManyOrdersError,
    Write,
    chains,
    is_of,
)
from coachwork.testing.history._graph import Edge, Graph, Why
from coachwork.testing.history._history import History
from coachwork.testing.history._logs import log_violations
from coachwork.testing.history._words import BEFORE_ALL, Words

_VIEWS: Final = frozenset({Method.LOG, Method.FIND})


def history_violations(
    history: History, *, before: Iterable[Record] = (), left: Iterable[Record] | None = None
) -> list[str]:
    """Return what no correct store could have answered; nothing where all is well.

    Each violation names the calls, the threads or tasks that made them, and the records by kind and
    ids; where calls cannot have come one after the other, the shortest circle of them is told.

    Args:
        history: The history of everything that was done to the store meanwhile.
        before: What was stored before; by default nothing.
        left: What is stored in the end, when all calls have ended; then everything that was done
            must be in it.
    """
    return _Judgement(history, before, left).violations()


class _Judgement:
    """What is known of a history, and what is wrong with it."""

    def __init__(
        self, history: History, before: Iterable[Record], left: Iterable[Record] | None
    ) -> None:
        calls = history.calls
        self._calls = {call.number: call for call in calls}
        self._words = Words(self._calls)
        self._nodes = {call.number: _node(call) for call in calls}
        self._writes: dict[Name, list[Write]] = defaultdict(list)
        self._reads: dict[Name, list[Read]] = defaultdict(list)
        self._undone: dict[Name, list[Write]] = defaultdict(list)
        self._by_version: dict[tuple[Name, int], list[Write]] = defaultdict(list)
        self._unknown: dict[int, bool | None] = {}
        self._views: list[tuple[Call, Seen]] = []
        self._edges: list[Edge] = []
        self._found: list[str] = []
        self._take_before(before)
        for call in calls:
            self._take(call)
        if left is not None:
            self._take_left(left)

    # --- what was called ---------------------------------------------------------------------

    def _take_before(self, before: Iterable[Record]) -> None:
        """Note what was there before."""
        node = Node(BEFORE_ALL, -inf, -inf)
        self._nodes[BEFORE_ALL] = node
        for record in before:
            name = record_name(record.key)
            digest = digest_of(record.body)
            self._writes[name].append(
                Write(node, name, ABSENT, record.version, digest, certain=True)
            )

    def _take_left(self, left: Iterable[Record]) -> None:
        """Note what is left in the end."""
        node = Node(len(self._calls) + 1, inf, inf)
        self._nodes[node.number] = node
        there = {seen.name: seen for seen in all_seen(list(left))}
        for name in {*self._writes, *there}:
            seen = there.get(name, Seen(name, ABSENT))
            self._reads[name].append(_read(node, seen))

    def _take(self, call: Call) -> None:
        """Note what one call did, or saw."""
        node = self._nodes[call.number]
        if call.method in _VIEWS:
            self._views += [(call, seen) for seen in call.seen]
        elif call.method is Method.GET:
            for seen in call.seen:
                self._reads[seen.name].append(_read(node, seen))
        else:
            self._take_commit(call, node)

    def _take_commit(self, call: Call, node: Node) -> None:
        """Note what a commit did, may have done, or did not do."""
        done = call.outcome is Outcome.DONE
        if call.outcome is Outcome.UNKNOWN:
            self._unknown[call.number] = None
        for part in call.parts:
            if part.act is Act.CHECK:
                if done or call.number in self._unknown:
                    self._reads[part.name].append(Read(node, part.name, part.version, None))
            elif done or call.number in self._unknown:
                self._writes[part.name].append(_write(node, part, certain=done))
            else:
                self._undone[part.name].append(_write(node, part, certain=False))

    # --- judging -----------------------------------------------------------------------------

    def violations(self) -> list[str]:
        """Judge it."""
        self._judge_views()
        for name, reads in self._reads.items():
            self._reads[name] = [read for read in reads if self._was_written(read)]
        for name, orders in self._orders().items():
            self._edges += _edges(orders, self._reads_of(name))
        self._found += log_violations(self._calls.values(), self._writes, self._words)
        linked = {number for edge in self._edges for number in (edge.before, edge.after)}
        graph = Graph([self._nodes[number] for number in sorted(linked)], self._edges)
        return self._found + [self._words.circle(circle) for circle in graph.circles()]

    def _judge_views(self) -> None:
        """Hold what views have shown against what was written."""
        for call, seen in self._views:
            read = _read(self._nodes[call.number], seen)
            if not self._was_written(read):
                continue
            wrote = self._wrote(read)
            if all(write.node.begin > read.node.end for write in wrote):
                self._found.append(self._words.impossible(read, wrote))
            elif len(wrote) == 1:
                (write,) = wrote
                if not write.certain:
                    self._unknown[write.node.number] = True
                why = Edge(write.node.number, call.number, Why.READ, seen.name, seen.version)
                self._edges.append(why)

    def _was_written(self, read: Read) -> bool:
        """Whether somebody may have written what was read; say so if nobody did."""
        if read.version == ABSENT or self._wrote(read):
            return True
        number = read.node.number
        if self._unknown.get(number, True) is None:
            self._unknown[number] = False  # it has not found what it wanted, so it was not done
            return False
        undone = (write for write in self._undone.get(read.name, ()) if is_of(write, read))
        self._found.append(self._words.unwritten(read, next(undone, None)))
        return False

    def _wrote(self, read: Read) -> list[Write]:
        """Return the writes that may have left what was read."""
        if not self._by_version:
            for write in (write for writes in self._writes.values() for write in writes):
                self._by_version[write.name, write.left].append(write)
        there = self._by_version.get((read.name, read.version), ())
        return [write for write in there if is_of(write, read)]

    def _orders(self) -> dict[Name, list[Chain]]:
        """Return in which orders each record can have been written, as far as that is known.

        What an order tells of commits whose outcome is unknown holds for all their records.
        """
        found: dict[Name, list[Chain]] = {}
        broken: set[Name] = set()
        waiting = deque(dict.fromkeys([*self._writes, *self._reads]))
        while waiting:
            name = waiting.popleft()
            if name in broken:
                continue
            orders = self._order(name)
            if orders is None:
                broken.add(name)
                found.pop(name, None)
                continue
            found[name] = orders
            for number in self._settle(name, orders):
                parts = self._calls[number].parts
                waiting += [part.name for part in parts if part.name != name]
        return found

    def _order(self, name: Name) -> list[Chain] | None:
        """Return the orders in which a record can have been written, or None, and say why."""
        writes, reads = self._writes_of(name), self._reads_of(name)
        try:
            orders, other = chains(writes, reads)
        except TooManyOrdersError:
            self._found.append(self._words.undecided(name))
            return None
        if orders:
            return orders
        if other is None:
            self._found.append(self._words.no_order(name, writes))
        else:
            wrong = next(read for read in reads if not other.places(read))
            self._found.append(self._words.impossible(wrong, other.writes))
        return None

    def _settle(self, name: Name, orders: Sequence[Chain]) -> Iterator[int]:
        """Note which commits of unknown outcome were done, or were not, in all *orders*."""
        for write in self._writes.get(name, ()):
            number = write.node.number
            if self._unknown.get(number, True) is None:
                done = [any(one.node.number == number for one in order.writes) for order in orders]
                if all(done) or not any(done):
                    self._unknown[number] = done[0]
                    yield number

    def _writes_of(self, name: Name) -> list[Write]:
        """Return what was, or may have been, written to a record."""
        settled = [
            evolve(write, certain=True) if self._unknown.get(write.node.number) else write
            for write in self._writes.get(name, ())
        ]
        return [one for one in settled if self._unknown.get(one.node.number) is not False]

    def _reads_of(self, name: Name) -> list[Read]:
        """Return what was found of a record; a commit that was not done has found nothing."""
        return [
            read for read in self._reads.get(name, ()) if self._unknown.get(read.node.number, True)
        ]


def _node(call: Call) -> Node:
    """Return a call as it is judged; one whose outcome is unknown may be done later."""
    ended = call.end is not None and call.outcome is not Outcome.UNKNOWN
    return Node(call.number, call.begin, call.end if ended and call.end is not None else inf)


def _write(node: Node, part: Part, *, certain: bool) -> Write:
    """Return what an operation did to its record."""
    match part.act:
        case Act.INSERT:
            found, left = ABSENT, part.version
        case Act.DELETE:
            found, left = part.version, ABSENT
        case _:
            found, left = part.version - 1, part.version
    return Write(node, part.name, found, left, part.digest, certain)


def _read(node: Node, seen: Seen) -> Read:
    """Return what a call found."""
    return Read(node, seen.name, seen.version, seen.digest)


def _edges(orders: Sequence[Chain], reads: Sequence[Read]) -> list[Edge]:
    """Return what must have come before what in all *orders* of a record."""
    first, *others = [_edges_of(order, reads) for order in orders]
    return [edge for pair, edge in first.items() if all(pair in other for other in others)]


def _edges_of(order: Chain, reads: Sequence[Read]) -> dict[tuple[int, int], Edge]:
    """Return what comes before what in one order of a record."""
    writes = order.writes
    found = [
        Edge(one.node.number, other.node.number, Why.CHANGED, one.name, one.left)
        for one, other in pairwise(writes)
    ]
    for read in reads:
        places = order.places(read)
        assert places is not None  # noqa: S101 - else the order would not fit
        first, last = places
        if first >= 0:
            write = writes[first]
            number = write.node.number
            found.append(Edge(number, read.node.number, Why.READ, read.name, read.version))
        if last + 1 < len(writes):
            after = writes[last + 1].node.number
            found.append(Edge(read.node.number, after, Why.READ_BEFORE, read.name, read.version))
    return {(edge.before, edge.after): edge for edge in found if edge.before != edge.after}
