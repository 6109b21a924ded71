"""What jobs cost: ``python -m tests.benchmarks.bench_jobs [FOLDER]``.

A *job* is one ``Chat.submit`` and the ``Coach.process`` that answers it, with a model that answers
at once and a notifier that takes every event: accepted, claimed, settled and marked as delivered,
in a commit each. So many processes do that side by side, each with sessions of its own, and wait
for each other only where SQLite makes them.

It is held against the standard library's ``sqlite3``: the very same processes write the very same
rows into a copy of the same file, in the same transactions, everything encoded beforehand, and read
nothing. Both take round after round alternately, so what else the machine and its disk do hits
both. Give a FOLDER on the disk that is to be measured.
"""

from __future__ import annotations

import cProfile
import pstats
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, cast

from attrs import field, frozen

from coachwork import Chat, Coach, JobRef, Memory, SQLite
from coachwork.adapters import ScriptedModel
from coachwork.events import Event
from coachwork.ports import Repository
from tests.benchmarks.bench_turn import (
    SAID,
    Level,
    Watched,
    conversations,
    opened,
    rows,
    statement,
    topic,
    write,
)

WORKERS: Final = (1, 4, 8)
"""How many processes work side by side."""
ROUNDS: Final = 7
"""How many rounds make a figure."""
JOBS: Final = 50
"""How many jobs a process does in a round."""
SESSIONS: Final = 10
"""How many sessions a process has."""
LENGTH: Final = 10
"""How many messages a session has before it is measured."""
PROFILED: Final = 500
"""How many jobs are profiled."""
COSTLY: Final = 12
"""How many functions are listed."""


class Taken:
    """A notifier that takes every event, and does nothing with it."""

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""


def coach_on(store: Repository) -> Coach:
    """A coach that answers at once and tells its events."""
    return Coach(store, ScriptedModel(lambda _ask: SAID), topics=[topic()], notifier=Taken())


def do(coach: Coach, chat: Chat[object]) -> None:
    """Do one job from the call to the event."""
    job = chat.submit(SAID)
    told = coach.process(JobRef("acme", job.id, job.kind))
    assert told is not None
    assert told.outcome is not None


# --- a worker's process --------------------------------------------------------------------------


def work(folder: Path, level: Level, number: int, jobs: int) -> None:
    """Do what the standard input says, round by round, and say so each time."""
    watched = Watched(SQLite(folder / "ours.db", synchronous=level))
    coach = coach_on(watched)
    raw = opened(folder / "raw.db", level)
    raw.execute("PRAGMA busy_timeout = 30000")
    ids = (folder / "sessions.txt").read_text("utf-8").split()
    mine = range(number * SESSIONS, (number + 1) * SESSIONS)
    chats = [
        coach.as_user(f"user-{user}", tenant="acme").session(topic(), ids[user]) for user in mine
    ]
    written = [[statement(op) for op in ops] for ops in watched.commits]
    for line in sys.stdin:
        cpu = time.process_time()
        match line.strip():
            case "ours":
                for job in range(jobs):
                    do(coach, chats[job % len(chats)])
            case "encode":
                written = [[statement(op) for op in ops] for ops in watched.commits]
                watched.commits.clear()
            case _:
                write(raw, written)
        print(time.process_time() - cpu, flush=True)
    coach.close()
    raw.close()


@frozen(kw_only=True)
class Figures:
    """What rounds of jobs took, this library's and those of ``sqlite3``.

    Attributes:
        jobs: How many jobs a round has.
        ours: Seconds of each round.
        raw: The same by hand.
        our_cpu: CPU seconds of each round, of all processes together.
        raw_cpu: The same by hand.
    """

    jobs: int
    ours: list[float] = field(factory=list[float])
    raw: list[float] = field(factory=list[float])
    our_cpu: list[float] = field(factory=list[float])
    raw_cpu: list[float] = field(factory=list[float])

    @property
    def ratio(self) -> float:
        """How long jobs take, in units of the same rows by hand: the median of all rounds."""
        return statistics.median(ours / raw for ours, raw in zip(self.ours, self.raw, strict=True))


def race(folder: Path, level: Level, workers: int, rounds: int, jobs: int) -> Figures:
    """Measure so many processes side by side, by the library and by hand alternately."""
    folder.mkdir()
    store = SQLite(folder / "ours.db", synchronous="NORMAL")
    ids = [chat.session_id for chat in conversations(store, workers * SESSIONS, LENGTH)]
    store.close()
    shutil.copyfile(folder / "ours.db", folder / "raw.db")
    (folder / "sessions.txt").write_text("\n".join(ids), "utf-8")
    figures = Figures(jobs=workers * jobs)
    program = [sys.executable, "-m", "tests.benchmarks.bench_jobs", "--work", str(folder), level]
    with ExitStack() as ending:
        processes = [
            ending.enter_context(
                subprocess.Popen(
                    [*program, str(number), str(jobs)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(workers)
        ]
        for done in range(rounds + 1):
            ours = _all(processes, "ours")
            _all(processes, "encode")
            raw = _all(processes, "raw")
            if done:  # the first round opens what is opened once
                figures.ours.append(ours[0])
                figures.raw.append(raw[0])
                figures.our_cpu.append(ours[1])
                figures.raw_cpu.append(raw[1])
    assert rows(folder / "ours.db") == rows(folder / "raw.db")
    return figures


def _all(processes: Sequence[subprocess.Popen[str]], word: str) -> tuple[float, float]:
    """Let all processes do it; return the seconds until the last is done, and all CPU seconds."""
    began = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{word}\n")
        process.stdin.flush()
    cpu = 0.0
    for process in processes:
        assert process.stdout is not None
        cpu += float(process.stdout.readline())
    return time.perf_counter() - began, cpu


# --- where it goes -------------------------------------------------------------------------------


def where_it_goes(jobs: int = PROFILED) -> list[tuple[str, int, float, float]]:
    """Profile jobs with everything in memory.

    Returns:
        What costs most: the function, how often it was called, and the share of the time that was
        spent in it, alone and with all that it calls.
    """
    store = Memory()
    coach = coach_on(store)
    chats = [
        coach.as_user(f"user-{user}", tenant="acme").session(topic(), chat.session_id)
        for user, chat in enumerate(conversations(store, SESSIONS, LENGTH))
    ]
    profile = cProfile.Profile()
    profile.enable()
    for job in range(jobs):
        do(coach, chats[job % len(chats)])
    profile.disable()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in stats.values())
    told = [
        (f"{'/'.join(Path(file).parts[-2:])}:{line} {name}", calls, own / total, all_ / total)
        for (file, line, name), (_, calls, own, all_, _) in stats.items()
    ]
    return sorted(told, key=lambda one: -one[2])


# --- what is printed -----------------------------------------------------------------------------


def report(
    folder: Path,
    workers: Sequence[int] = WORKERS,
    rounds: int = ROUNDS,
    jobs: int = JOBS,
    profiled: int = PROFILED,
) -> Mapping[tuple[Level, int], Figures]:
    """Measure and print everything; return the figures of the races."""
    told: dict[tuple[Level, int], Figures] = {}
    print("Jobs from call to event, in units of sqlite3 writing the same rows by hand (medians)")
    print("  synchronous  workers    ratio    jobs/s   by hand   CPU ms   by hand")
    for level in cast("Sequence[Level]", ("FULL", "NORMAL")):
        for number in workers:
            figures = told[level, number] = race(
                folder / f"{level}-{number}", level, number, rounds, jobs
            )
            ours, raw = statistics.median(figures.ours), statistics.median(figures.raw)
            our_cpu, raw_cpu = (
                statistics.median(cpu) / figures.jobs * 1e3
                for cpu in (figures.our_cpu, figures.raw_cpu)
            )
            print(
                f"  {level:<11}{number:>9}{figures.ratio:>8.2f}x"
                f"{figures.jobs / ours:>10,.0f}{figures.jobs / raw:>10,.0f}"
                f"{our_cpu:>9.2f}{raw_cpu:>10.2f}"
            )
    print("\nWhat costs most with everything in memory (profile): alone, with what it calls, calls")
    for name, calls, own, all_ in where_it_goes(profiled)[:COSTLY]:
        print(f"  {own:>6.1%}{all_:>8.1%}{calls / profiled:>8.1f}  {name}")
    return told


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        where, how, who, many = sys.argv[2:]
        work(Path(where), cast("Level", how), int(who), int(many))
    else:
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as made:
            report(Path(made))
