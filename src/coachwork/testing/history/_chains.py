"""The orders in which the writes of one record can have come.

A write says which version it found, so the order is nearly given: from one version to the next. It
is open where a record was deleted and begins again with version one, and where nobody knows whether
a write was done. Then all orders are tried that the versions and real time allow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import inf
from typing import Final

from attrs import field, frozen

from coachwork.testing.history._call import Name

ABSENT: Final = 0
"""The version of a record that is not there."""

MOST_ORDERS: Final = 1000
"""How many orders of one record's writes are told apart at most."""
MOST_STEPS: Final = 50_000
"""How many steps are tried for one record besides one for each of its writes."""


@frozen
class Node:
    """A call as it is judged.

    Attributes:
        number: The call's number in the history; 0 for what was there before, and one more than
            all for what is left in the end.
        begin: When it began.
        end: When it ended; infinite where it may still be done.
    """

    number: int
    begin: float
    end: float

    @property
    def ended(self) -> bool:
        """Whether it has certainly ended."""
        return self.end < inf


@frozen
class Write:
    """What a commit did to one record.

    Attributes:
        node: The commit.
        name: The record.
        found: The version that it found, `ABSENT` for an insertion.
        left: The version that it left, `ABSENT` for a deletion.
        digest: The digest of the body, else empty.
        certain: Whether it was certainly done.
    """

    node: Node
    name: Name
    found: int
    left: int
    digest: str
    certain: bool


@frozen
class Read:
    """What a call found of one record.

    Attributes:
        node: The call.
        name: The record.
        version: The version, or `ABSENT`.
        digest: The digest of the body; None where only the version is known.
    """

    node: Node
    name: Name
    version: int
    digest: str | None


def is_of(write: Write, read: Read) -> bool:
    """Whether it is what *write* left that was read."""
    return write.left == read.version and read.digest in {None, write.digest}


class TooManyOrdersError(Exception):
    """The writes of a record could have come in more orders than are tried."""


@frozen
class Chain:
    """One order of the writes of a record.

    Attributes:
        writes: The writes in order, the first of which found nothing; those that are left out were
            not done.
    """

    writes: tuple[Write, ...]
    _by_version: dict[int, list[int]] = field(init=False, eq=False, repr=False)
    _begun: list[float] = field(init=False, eq=False, repr=False)
    _ended: list[float] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Note where which version stands, and when at each place what is before had begun."""
        places: dict[int, list[int]] = defaultdict(list, {ABSENT: [-1]})
        for place, write in enumerate(self.writes):
            places[write.left].append(place)
        # From place -1 on: when the last of those before began, and the first of those after ended.
        begun = accumulate((write.node.begin for write in self.writes), max, initial=-inf)
        backwards = (write.node.end for write in reversed(self.writes))
        ended = list(accumulate(backwards, min, initial=inf))
        object.__setattr__(self, "_by_version", dict(places))
        object.__setattr__(self, "_begun", list(begun))
        object.__setattr__(self, "_ended", ended[::-1])

    def places(self, read: Read) -> tuple[int, int] | None:
        """Return after which write *read* can stand: the first place and the last, or None.

        Place -1 is before all writes. A place is possible if the read had not ended before its
        write, or one before that, began, nor begun after any of the later writes had ended.
        """
        found = [
            place for place in self._by_version.get(read.version, ()) if self._fits(read, place)
        ]
        return (found[0], found[-1]) if found else None

    def _fits(self, read: Read, place: int) -> bool:
        if place >= 0 and not is_of(self.writes[place], read):
            return False
        return self._begun[place + 1] <= read.node.end and read.node.begin <= self._ended[place + 1]


def chains(writes: Sequence[Write], reads: Sequence[Read]) -> tuple[list[Chain], Chain | None]:
    """Return the orders in which *writes* of one record can have come.

    Args:
        writes: The writes.
        reads: What was found meanwhile.

    Returns:
        The orders that have a place for every read, and where there is none, one of those that the
        writes alone allow, or None.

    Raises:
        TooManyOrdersError: There are more than are tried.
    """
    fitting: list[Chain] = []
    for order in _Search(writes, reads).orders():
        chain = Chain(order)
        if all(chain.places(read) for read in reads):
            fitting.append(chain)
            if len(fitting) > MOST_ORDERS:
                raise TooManyOrdersError
    if fitting:
        return fitting, None
    others = (Chain(order) for order in _Search(writes, ()).orders())
    return fitting, next(others, None)


@frozen
class _Level:
    """How far a search is.

    Attributes:
        fitting: What can be next.
        first: Which of the certain ones that are still to come ended first.
        placed: How many reads have their place.
    """

    fitting: Iterator[Write]
    first: int
    placed: int


class _Search:
    """A search that tries one write after the other, and undoes what leads nowhere.

    What is next must have found the version that was left, and may not have begun after another
    certain one, that is still to come, had ended. What is not certain may be left out. A read that
    had ended before what is next began must have its place before that.
    """

    def __init__(self, writes: Sequence[Write], reads: Sequence[Read]) -> None:
        certain = (write for write in writes if write.certain)
        self._by_end = sorted(certain, key=lambda write: write.node.end)
        self._by_found: dict[int, list[Write]] = defaultdict(list)
        self._place: dict[int, int] = {}
        for write in sorted(writes, key=lambda write: write.node.begin):
            self._place[id(write)] = len(self._by_found[write.found])
            self._by_found[write.found].append(write)
        self._reads = sorted(reads, key=lambda read: read.node.end)
        self._front = dict.fromkeys(self._by_found, 0)
        self._used: set[int] = set()
        self._order: list[Write] = []
        self._missing = len(self._by_end)
        self._steps = MOST_STEPS + len(writes)

    def orders(self) -> Iterator[tuple[Write, ...]]:
        """Return each order, one after the other.

        Raises:
            TooManyOrdersError: It takes too many steps.
        """
        if self._missing == 0:
            yield ()
        stack = [_Level(self._fitting(ABSENT, 0), 0, 0)]
        while stack:
            level = stack[-1]
            write = next(level.fitting, None)
            if write is None:
                stack.pop()
                if self._order:
                    self._undo()
                continue
            placed = self._placed(level.placed, write)
            if placed is None:
                continue
            self._take(write)
            first = level.first
            while first < len(self._by_end) and id(self._by_end[first]) in self._used:
                first += 1
            stack.append(_Level(self._fitting(write.left, first), first, placed))
            if self._missing == 0:
                yield tuple(self._order)

    def _placed(self, placed: int, write: Write) -> int | None:
        """Return how many reads have their place before *write*, or None where one has none.

        Args:
            placed: How many had theirs before, in the order of their ends.
            write: What is to be next.
        """
        while placed < len(self._reads) and self._reads[placed].node.end < write.node.begin:
            if not self._has_place(self._reads[placed], write):
                return None
            placed += 1
        return placed

    def _has_place(self, read: Read, following: Write) -> bool:
        """Whether *read* can stand somewhere before *following*, which is to be next."""
        for write in reversed(self._order):
            in_time = write.node.begin <= read.node.end and read.node.begin <= following.node.end
            if in_time and is_of(write, read):
                return True
            following = write
        return (
            read.version == ABSENT
            and following.found == ABSENT
            and read.node.begin <= following.node.end
        )

    def _fitting(self, version: int, first: int) -> Iterator[Write]:
        """Return what can be next where that *version* was left.

        Args:
            version: The version.
            first: Which of the certain ones that are still to come ended first.
        """
        end = self._by_end[first].node.end if first < len(self._by_end) else inf
        row = self._by_found.get(version, ())
        for place in range(self._front.get(version, 0), len(row)):
            if row[place].node.begin > end:
                return
            if id(row[place]) not in self._used:
                yield row[place]

    def _take(self, write: Write) -> None:
        """Put *write* next.

        Raises:
            TooManyOrdersError: It was tried often enough.
        """
        self._steps -= 1
        if self._steps < 0:
            raise TooManyOrdersError
        self._order.append(write)
        self._used.add(id(write))
        self._missing -= write.certain
        row, front = self._by_found[write.found], self._front[write.found]
        while front < len(row) and id(row[front]) in self._used:
            front += 1
        self._front[write.found] = front

    def _undo(self) -> None:
        """Take the last one away again."""
        write = self._order.pop()
        self._used.discard(id(write))
        self._missing += write.certain
        front = self._front[write.found]
        self._front[write.found] = min(front, self._place[id(write)])
