"""What is promised of a source of ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, TypeAlias, cast

from attrs import field, frozen

from coachwork.effects import Effect, Workflow
from coachwork.errors import ValidationError
from coachwork.ids import checked_id
from coachwork.ports import AsyncPorts, IdSource, Ports
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._processes import Elsewhere
from coachwork.testing.conformance._promise import (
    DEADLINE,
    Port,
    Suite,
    Terms,
    Trial,
    promise,
)
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check
from coachwork.testing.conformance._together import AtOnce, Wait
from coachwork.testing.conformance._words import in_words

IdsMake: TypeAlias = Callable[[], AbstractContextManager[IdSource]]
"""Makes a source of ids: see `coachwork.testing.conformance.Make`."""

NEW_ID: Final = "coachwork.ports.IdSource.new_id"
RACERS: Final = 8
MANY: Final = 2000
FEW: Final = 20
LATER: Final = 0.003
"""Seconds after which it is another millisecond."""


@frozen
class AskId(Effect[object]):
    """What does the source give, as it gives it?"""

    def perform(self, ports: Ports | AsyncPorts, /) -> object:
        """Ask the source."""
        return ports.ids.new_id()


@frozen
class AskAnother(Effect[list[object]]):
    """What does a second source give, which is made meanwhile?"""

    trial: Trial = field(repr=False)

    def perform(self, _ports: Ports | AsyncPorts, /) -> list[object]:
        """Make it, and ask it."""
        made = cast("AbstractContextManager[IdSource]", self.trial.make())
        with made as source:
            return [source.new_id() for _ in range(MANY)]


@in_words.register(AskId)
def _(_effect: AskId) -> str:
    return "new_id()"


@in_words.register(AskAnother)
def _(_effect: AskAnother) -> str:
    return "new_id() of a second source"


def _ids(number: int) -> Workflow[list[object]]:
    """Return so many ids."""
    found: list[object] = []
    for _ in range(number):
        found.append((yield from AskId()))  # noqa: PERF401 - no comprehension can ask
    return found


def _all_differ(operation: str, ids: Iterable[object]) -> None:
    """Make sure that no id comes twice.

    Raises:
        PromiseBrokenError: One does.
    """
    told, times = Counter(map(in_words, ids)).most_common(1)[0]
    if times > 1:
        raise PromiseBrokenError(operation, "each id once", f"{told} {times} times")


@promise(
    "I01",
    why="Every command fails: an id that is none is refused before anything is written.",
    where="coachwork.ids; coachwork.effects.NewId",
)
def an_id_can_be_one(_trial: Trial) -> Workflow[None]:
    """An id is printable text of 1 to 128 characters, without a blank at either end."""
    for made in (yield from _ids(FEW)):
        try:
            checked_id(made, "id")
        except ValidationError as error:
            raise PromiseBrokenError("new_id()", error.expected, in_words(made)) from None


@promise(
    "I02",
    why="A start or a message is taken for another one, and fails or is lost.",
    where=NEW_ID,
)
def no_id_comes_twice(_trial: Trial) -> Workflow[None]:
    """No id is made twice."""
    _all_differ(f"new_id(), {MANY} times", (yield from _ids(MANY)))


@promise(
    "I03",
    why="Two people who write at the same moment get each other's session or answer refused.",
    where=f"{NEW_ID}; coachwork.coach.Coach: it may be used by several threads at once",
)
def no_two_threads_get_one_id(_trial: Trial) -> Workflow[None]:
    """Threads that ask at the same time never get the same id."""
    found = yield from AtOnce(tuple(_ids(3 * FEW) for _ in range(RACERS)))
    _all_differ("new_id() in several threads", (made for ids in found for made in ids))


@promise(
    "I04",
    why="After a restart, or beside a second coach, new sessions meet the ids of old ones.",
    where=NEW_ID,
    needs=Capability.OTHER_SOURCES,
)
def a_second_source_makes_others(trial: Trial) -> Workflow[None]:
    """Two sources never make the same id."""
    mine = yield from _ids(MANY)
    theirs = yield from AskAnother(trial)
    both = {*map(in_words, mine)} & {*map(in_words, theirs)}
    if both:
        raise PromiseBrokenError("new_id() of a second source", "other ids", f"{min(both)} again")


@promise(
    "I05",
    why="Two processes of one service overwrite or refuse each other's sessions.",
    where=NEW_ID,
    needs=Capability.PROCESSES,
)
def no_two_processes_get_one_id(trial: Trial) -> Workflow[None]:
    """Sources in several processes never make the same id."""
    calls = tuple(partial(_ids, FEW) for _ in range(2))
    found = yield from Elsewhere(trial, calls)
    _all_differ("new_id() in several processes", (made for ids in found for made in ids))


@promise(
    "I06",
    why="Lists of sessions are in another order than that of time.",
    where=NEW_ID,
    needs=Capability.TIME_ORDER,
)
def later_ids_are_greater(_trial: Trial) -> Workflow[None]:
    """An id that is made later is greater as text."""
    earlier = ""
    for _ in range(FEW):
        made = str((yield from AskId()))
        if made <= earlier:
            raise PromiseBrokenError("new_id(), later", f"more than {earlier!r}", repr(made))
        earlier = made
        yield from Wait(LATER)


@promise(
    "I07",
    why="Lists are in another order than that of time: shorter ids come before longer ones.",
    where=f"{NEW_ID}; coachwork.records.Key.text",
    needs=Capability.TIME_ORDER,
)
def ids_are_of_one_length(_trial: Trial) -> Workflow[None]:
    """All ids have as many characters."""
    found = yield from _ids(MANY)
    lengths = sorted({len(made): made for made in map(str, found)}.items())
    if len(lengths) > 1:
        told = " and ".join(repr(made) for _, made in lengths)
        raise PromiseBrokenError("new_id()", "ids of one length", told)


IDS: Final = Suite(
    port=Port(name="IdSource", field="ids", method="new_id"),
    promises=(
        an_id_can_be_one,
        no_id_comes_twice,
        no_two_threads_get_one_id,
        a_second_source_makes_others,
        no_two_processes_get_one_id,
        later_ids_are_greater,
        ids_are_of_one_length,
    ),
)
"""All that is promised of a source of ids."""


def check_ids(
    make: IdsMake,
    *,
    lacks: Collection[Capability] = (),
    processes: bool = False,
    deadline: float = DEADLINE,
) -> Report:
    """Check a source of ids.

    Args:
        make: Makes the source: a function that returns a context manager of it.
        lacks: What it lacks: `Capability.OTHER_SOURCES`, `Capability.TIME_ORDER`.
        processes: Whether to try it in several processes at once, too. Then ``make`` is a function
            of a module that other processes can import.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    terms = Terms.of(IDS, lacks=lacks, processes=processes, deadline=deadline)
    return check(IDS, make, terms)
