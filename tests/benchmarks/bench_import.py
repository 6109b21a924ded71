"""What importing costs: ``python tests/benchmarks/bench_import.py``.

Every figure is CPU time in a fresh process, over that of importing attrs and cattrs, which is
measured in the same process just before. The ways take turns, and medians are printed. The bytecode
is compiled beforehand, as an installer does it, into a folder of its own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

RUNS: Final = 15
"""How many processes make a figure."""
WAYS: Final = (
    "import coachwork",
    "from coachwork import CoachworkError, problem",
    "from coachwork import Topic",
    "from coachwork import Coach, Memory, Topic",
    "from coachwork import *",
)
"""What is imported; each is a program that some application begins with."""
PROGRAM: Final = """
import sys, time
began = time.process_time()
import attrs, cattrs
floor = time.process_time()
{way}
ended = time.process_time()
print(floor - began, ended - floor)
"""
COSTLY: Final = 12
"""How many modules are listed."""


def run(program: str, cache: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run *program* in a fresh process that finds its bytecode in *cache*."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    environ["PYTHONPYCACHEPREFIX"] = str(cache)
    return subprocess.run(
        [sys.executable, *options, "-c", program],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )


def measure(
    cache: Path, runs: int = RUNS, ways: Sequence[str] = WAYS
) -> tuple[float, Mapping[str, float]]:
    """Return the seconds of the floor, and of each way over the floor."""
    floors: list[float] = []
    took: dict[str, list[float]] = {way: [] for way in ways}
    for way in ways:
        run(PROGRAM.format(way=way), cache)  # compiles
    for _ in range(runs):
        for way in ways:
            floor, own = map(float, run(PROGRAM.format(way=way), cache).stdout.split())
            floors.append(floor)
            took[way].append(own)
    return statistics.median(floors), {way: statistics.median(own) for way, own in took.items()}


def costly(cache: Path, way: str = WAYS[-1]) -> Sequence[tuple[str, float]]:
    """Return what costs most in *way*: modules with their own seconds, most first."""
    begun = run("import attrs, cattrs", cache, "-X", "importtime").stderr
    told = run(f"import attrs, cattrs\n{way}", cache, "-X", "importtime").stderr
    before = {line.split("|")[2].strip() for line in begun.splitlines()}
    found: list[tuple[str, float]] = []
    for line in told.splitlines():
        own, _, module = line.removeprefix("import time:").split("|")
        if own.strip().isdigit() and module.strip() not in before:
            found.append((module.strip(), int(own) / 1_000_000))
    return sorted(found, key=lambda one: -one[1])


def report(runs: int = RUNS, ways: Sequence[str] = WAYS) -> Mapping[str, float]:
    """Measure and print everything; return the seconds of each way over the floor."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        floor, measured = measure(cache, runs, ways)
        print(
            f"Importing, over attrs and cattrs ({floor * 1e3:.1f} ms; medians of {runs} processes)"
        )
        for way, own in measured.items():
            print(f"  {way:<56}{own * 1e3:>7.1f} ms  {own / floor:>6.2f}x")
        modules = costly(cache, ways[-1])
    print(f"\nWhat costs most in `{ways[-1]}` (-X importtime, {len(modules)} modules)")
    for module, own in modules[:COSTLY]:
        print(f"  {module:<56}{own * 1e3:>7.1f} ms")
    return measured


if __name__ == "__main__":
    report()
