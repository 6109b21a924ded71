"""Exploring: the one call that an application makes, and what it answers."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from attrs import field, frozen

from coachwork.testing.explorer._invariants import Invariants
from coachwork.testing.explorer._playing import CONFLICT
from coachwork.testing.explorer._processes import Doing
from coachwork.testing.explorer._remembered import remembered
from coachwork.testing.explorer._replay import Happening, Replay, replay
from coachwork.testing.explorer._search import Found, Move, Search
from coachwork.testing.explorer._world import Bounds, Command, Fault, World


@frozen(kw_only=True)
class Violation:
    """What does not hold, and the shortest way to it that was found.

    Attributes:
        violations: What does not hold, in words.
        happenings: What happens until then, to be replayed.
        trace: The same in words, a line for each effect.
        world: Where it was found.
        commands: The commands that were explored.
        invariants: What was to hold.
    """

    violations: tuple[str, ...]
    happenings: tuple[Happening, ...] = field(repr=False)
    trace: tuple[str, ...] = field(repr=False)
    world: World = field(repr=False)
    commands: tuple[Command, ...] = field(repr=False)
    invariants: Invariants = field(repr=False)

    def __str__(self) -> str:
        """Return the trace and what does not hold, as text."""
        return str(Replay(self.trace, self.violations))

    def replay(self) -> Replay:
        """Let it happen again, on real generators and without anything that the search does."""
        return replay(self.world, self.commands, self.invariants, self.happenings)

    def script(self, imports: str = "from my_workflows import COMMANDS, INVARIANTS, WORLD") -> str:
        """Return a Python program that lets it happen again and tells it.

        Args:
            imports: The line that brings the world, the commands and the invariants, under these
                names.
        """
        told = "".join(f"    {_as_code(happening)},\n" for happening in self.happenings)
        return (
            "from coachwork.testing.explorer import Fault, Happening, replay\n"
            f"{imports}\n\n"
            f"happenings = (\n{told})\n"
            "print(replay(WORLD, COMMANDS, INVARIANTS, happenings))\n"
        )


@frozen(kw_only=True)
class Exploration:
    """What an exploration came to.

    Attributes:
        states: How many states were visited.
        transitions: How many moves lead from one to another.
        depth: How many moves the farthest state is away from the beginning.
        processes: How many different suspended processes there were.
        stores: How many different contents of the store there were.
        seconds: How long it took.
        memory: The most memory that the process has had so far (bytes); 0 where the system does
            not tell.
        violation: What does not hold, or None: then everything holds within the bounds.
    """

    states: int
    transitions: int
    depth: int
    processes: int
    stores: int
    seconds: float
    memory: int
    violation: Violation | None

    def __str__(self) -> str:
        """Return the figures, and the violation where there is one, as text."""
        told = (
            f"{self.states} states, {self.transitions} transitions, depth {self.depth}, "
            f"{self.seconds:.1f} s"
        )
        return told if self.violation is None else f"{told}\n{self.violation}"


def explore(
    world: World,
    commands: Iterable[Command],
    bounds: Bounds | None = None,
    invariants: Invariants | None = None,
    *,
    merges: bool = True,
    reduces: bool = True,
) -> Exploration:
    """Try every way in which *commands* may come and go wrong, and say whether all holds.

    Every interleaving of the effects of up to ``bounds.at_once`` calls is tried, with every fault
    at every effect, breadth first: the first violation is one of the fewest moves. It is
    replayed before it is told.

    Args:
        world: Where it takes place.
        commands: What may come.
        bounds: How far to go.
        invariants: What must hold; nothing if it is left out but that no workflow breaks.
        merges: Whether processes that nobody can tell apart are one. Without, it takes much
            longer and comes to the same.
        reduces: Whether what could show nothing new is left out. Without, it takes much longer
            and comes to the same.

    Returns:
        The figures, and the violation where there is one.

    Raises:
        BoundReachedError: There are more states than the bounds allow: nothing is proven.
        MisuseError: A workflow is not a function of its answers, or asks what the world has no
            answer to.
    """
    wanted, judge = tuple(commands), invariants or Invariants()
    began = perf_counter()
    with remembered(), _without_collection():
        search = Search(world, wanted, bounds or Bounds(), judge, merges=merges, reduces=reduces)
        found = search.run()
        violation = None if found is None else _violation(search, found, world, wanted, judge)
    return Exploration(
        states=search.count.states,
        transitions=search.count.transitions,
        depth=search.count.depth,
        processes=len(search.processes.all),
        stores=len(search.stores.states),
        seconds=perf_counter() - began,
        memory=_memory(),
        violation=violation,
    )


@contextmanager
def _without_collection() -> Generator[None]:
    """Collect no garbage: almost nothing of what a search makes is any, and it makes much."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _memory() -> int:
    """Return the most memory that the process has had so far (bytes), or 0."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


# --- the way to a violation ----------------------------------------------------------------------


def _violation(
    search: Search,
    found: Found,
    world: World,
    commands: tuple[Command, ...],
    invariants: Invariants,
) -> Violation:
    """Return what was found, as far as it is needed for it.

    Raises:
        AssertionError: The replay does not show it: the search is wrong.
    """

    def shown(happenings: Sequence[Happening]) -> Replay:
        return replay(world, commands, invariants, happenings)

    happenings = tuple(_happenings(search, found.moves))
    told = shown(happenings)
    if not told.violations:
        raise AssertionError(f"a replay does not show {found.violations}:\n{told}")
    happenings = _needed(happenings, lambda left: shown(left).violations == told.violations)
    told = shown(happenings)
    return Violation(
        violations=told.violations,
        happenings=happenings,
        trace=told.lines,
        world=world,
        commands=commands,
        invariants=invariants,
    )


def _happenings(search: Search, moves: Iterable[Move]) -> Iterator[Happening]:
    """Return what happens, by names instead of numbers."""
    names: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for move in moves:
        if move.before is None and move.comes is None:
            gone = "" if move.key == CONFLICT else search.stores.keys[move.key].text
            yield Happening(fault=move.fault, gone=gone)
            continue
        call = None if move.comes is None else move.comes.call
        if call is not None:
            numbers[call.command] = numbers.get(call.command, 0) + 1
            who = f"{call.command} {numbers[call.command]}"
        else:
            who = next(name for name, number in names.items() if number == move.before)
        choice = 0
        if move.before is not None and move.answers:
            process = search.processes.all[move.before]
            if process.doing in {Doing.ASK, Doing.OTHER} and move.answers[0] >= 0:
                choice = move.answers[0]
        yield Happening(
            who=who,
            begins="" if call is None else call.command,
            target=0 if move.comes is None else move.comes.target,
            number=0 if call is None else call.number,
            key=None if call is None else call.key,
            again=None if move.comes is None else move.comes.again,
            effects=len(move.answers),
            choice=choice,
            fault=move.fault,
        )
        names.pop(who, None)
        if move.after is not None and move.after >= 0:
            names[who] = move.after


def _needed(
    happenings: tuple[Happening, ...], holds: Callable[[Sequence[Happening]], bool]
) -> tuple[Happening, ...]:
    """Return the happenings without those that the violation does not need."""
    at = len(happenings) - 2
    while at >= 0:
        less = (*happenings[:at], *happenings[at + 1 :])
        try:
            needed = not holds(less)
        except Exception:  # noqa: BLE001 - it cannot happen so
            needed = True
        if not needed:
            happenings = less
        at -= 1
    return happenings


def _as_code(happening: Happening) -> str:
    """Return a happening as Python code, without what is as usual."""
    usual = Happening()
    told: list[str] = []
    for name in ("who", "begins", "target", "number", "key", "again", "effects", "choice", "fault"):
        value = getattr(happening, name)
        if value != getattr(usual, name):
            shown = f"Fault.{value.name}" if isinstance(value, Fault) else repr(value)
            told.append(f"{name}={shown}")
    if happening.gone:
        told.append(f"gone={happening.gone!r}")
    return f"Happening({', '.join(told)})"
