"""How fast histories are judged: ``python -m tests.benchmarks.bench_history``.

Threads talk to one coach in memory, through a recorded repository; what they called is judged. The
same without recording tells what recording costs. Calls and seconds of CPU time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from attrs import frozen

from coachwork import Coach, CoachworkError, Memory, Topic
from coachwork.adapters import ScriptedModel
from coachwork.ports import Repository
from coachwork.testing import History, history_violations, recorded

ROUNDS: Final = (50, 500, 2_000)
"""How often each thread starts, talks, looks back and goes."""
THREADS: Final = 4
"""How many threads talk at once."""
TURNS: Final = 300
"""How many turns are taken to see what recording costs."""

TALK: Final = Topic(id="talk", system="Listen.", initiation="Greet.")


@frozen
class Figures:
    """What it took to judge a history.

    Attributes:
        calls: How many calls it had.
        seconds: How long it took.
    """

    calls: int
    seconds: float

    @property
    def speed(self) -> float:
        """How many calls were judged in a second."""
        return self.calls / self.seconds


def coach_on(repository: Repository) -> Coach:
    """A coach that answers at once."""
    return Coach(repository, ScriptedModel(lambda _: "Go on."), topics=[TALK])


def talk(coach: Coach, user: str, rounds: int) -> None:
    """Start, talk, look back, and now and then go; two threads share a user and a topic."""
    me = coach.as_user(user)
    for number in range(rounds):
        with suppress(CoachworkError):
            chat = me.start(TALK) if number % 7 == 0 else me.open(TALK)
            chat.send("More.")
            chat.history(limit=20)
            if number % 5 == 4:
                chat.cancel()


def judged(rounds: int) -> Figures:
    """Record a history, and judge it."""
    memory, history = Memory(), History()
    coach = coach_on(recorded(memory, history))
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda number: talk(coach, f"u{number % 2}", rounds), range(THREADS)))
    began = time.process_time()
    assert history_violations(history, left=memory.records()) == []
    return Figures(len(history.calls), time.process_time() - began)


def recording(turns: int) -> float:
    """How long a turn takes that is recorded, in units of one that is not."""
    coaches = coach_on(Memory()), coach_on(recorded(Memory(), History()))
    chats = [coach.as_user("ada").start(TALK) for coach in coaches]
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for chat, seconds in zip(chats, took, strict=True):
            began = time.process_time()
            chat.send("More.")
            seconds.append(time.process_time() - began)
    return statistics.median(took[1]) / statistics.median(took[0])


def report(rounds: Sequence[int] = ROUNDS, turns: int = TURNS) -> Mapping[int, Figures]:
    """Measure and print everything; return the figures."""
    told = {number: judged(number) for number in rounds}
    print("Judging what four threads did to one store")
    print("     calls   seconds   calls a second")
    for figures in told.values():
        print(f"{figures.calls:>10,}{figures.seconds:>10.2f}{figures.speed:>17,.0f}")
    print(f"\nA turn that is recorded, in units of one that is not: {recording(turns):.2f}")
    return told


if __name__ == "__main__":
    report()
