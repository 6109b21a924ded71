"""What an audit costs: ``python -m tests.benchmarks.bench_audit [FOLDER]``.

A *turn* is one ``Chat.send`` to a coach that answers at once, as in ``bench_turn``. Two coaches
take turn after turn alternately, one before a plain repository and one before an audited one of
the same kind, so what else the machine and its disk do hits both. Give a FOLDER on the disk that
is to be measured.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from coachwork import Chat, Memory, SQLite
from coachwork.ports import Repository
from coachwork.testing import Audited, AuditFigures
from tests.benchmarks.bench_turn import PER_SESSION, SAID, coach_on, conversations, topic

LENGTHS: Final = (10, 1_000)
"""How many messages a conversation has before it is measured."""
TURNS: Final = 500
"""How many turns of each kind are measured."""

Wrap = Callable[[Repository], Repository]


@frozen
class Figures:
    """What turns cost.

    Attributes:
        plain: Seconds of each turn without an audit.
        audited: Seconds of each turn with one.
        done: What the audit did.
    """

    plain: Sequence[float]
    audited: Sequence[float]
    done: AuditFigures

    @property
    def ratio(self) -> float:
        """How long a turn takes with an audit, in units of one without."""
        return statistics.median(self.audited) / statistics.median(self.plain)


def chats(store: Repository, before: Repository, length: int, turns: int) -> list[Chat[object]]:
    """Return conversations in *store* that are continued through the repository *before* it."""
    count = -(-turns // PER_SESSION) if length < turns else 1
    ids = [chat.session_id for chat in conversations(store, count, length)]
    coach = coach_on(before)
    return [
        coach.as_user(f"user-{number}", tenant="acme").session(topic(), session_id)
        for number, session_id in enumerate(ids)
    ]


def race(
    make: Callable[[], Repository], length: int, turns: int, clock: Callable[[], float]
) -> Figures:
    """Let both take turns alternately."""
    store, other = make(), make()
    audited = Audited(other)
    sides = chats(store, store, length, turns), chats(other, audited, length, turns)
    took: tuple[list[float], list[float]] = ([], [])
    gc.collect()
    gc.disable()
    for number in range(turns):
        for side, seconds in zip(sides, took, strict=True):
            began = clock()
            side[number % len(side)].send(SAID)
            seconds.append(clock() - began)
    gc.enable()
    for one in (store, other):
        if isinstance(one, SQLite):
            one.close()
    return Figures(*took, audited.figures)


def report(
    folder: Path, lengths: Sequence[int] = LENGTHS, turns: int = TURNS
) -> Mapping[tuple[str, int], Figures]:
    """Measure and print everything; return the figures."""
    made = 0

    def file() -> Repository:
        nonlocal made
        made += 1
        return SQLite(folder / f"{made}.db", synchronous="FULL")

    told: dict[tuple[str, int], Figures] = {}
    print("A turn with an audit, in units of one without (medians)")
    print("  repository     messages    ratio     plain   audited   commits   reads")
    for name, make, clock in (
        ("memory (CPU)", Memory, time.process_time),
        ("SQLite FULL", file, time.perf_counter),
    ):
        for length in lengths:
            figures = told[name, length] = race(make, length, turns, clock)
            plain, audited = statistics.median(figures.plain), statistics.median(figures.audited)
            print(
                f"  {name:<13}{length:>10,}{figures.ratio:>8.2f}x"
                f"{plain * 1e6:>8.0f}us{audited * 1e6:>8.0f}us"
                f"{figures.done.commits:>10,}{figures.done.reads:>8,}"
            )
    return told


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as temporary:
        report(Path(temporary))
