"""Explores the shipped workflows in large worlds, and all mutants: ``scripts/explore``.

It prints each world when it is done, and ends with 1 where something does not hold or a bound was
hit. With ``--write`` the figures are put into the document that tells what is proven.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

from coachwork.testing.explorer import BoundReachedError
from tests import cached_explorations, explorations
from tests.workflow_mutants import MUTANTS

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "explanation" / "what-is-proven.md"
ALL: Final = {**explorations.LARGE, **cached_explorations.LARGE}


@frozen
class Told:
    """A row of a table, and whether it is as it should be."""

    cells: tuple[str, ...]
    holds: bool


def explored(name: str) -> Told:
    """Explore one large world; its name is its row's first cell."""
    try:
        found = ALL[name].explore()
    except BoundReachedError as bound:
        return Told((name, str(bound), "", "", "", "", ""), holds=False)
    if found.violation is not None:
        sys.stdout.write(f"{found}\n")
    figures = (
        f"{found.states:,}",
        f"{found.transitions:,}",
        f"{found.depth}",
        f"{found.stores:,}",
        f"{found.seconds:.0f} s",
        f"{found.memory / 2**20:,.0f} MiB",
    )
    return Told((name, *figures), holds=found.violation is None)


def killed(name: str) -> Told:
    """Explore one mutant."""
    mutant = MUTANTS[name]
    with mutant.in_force():
        found = mutant.scope.explore()
    violation = found.violation
    if violation is None:
        return Told((name, mutant.tells, "survives", f"{found.states:,}", ""), holds=False)
    number, _, told = violation.violations[0].partition(": ")
    told = re.sub(r"id-\d+\.\d+", "...", told).partition(": job: ")[0]
    steps = str(len(violation.trace))
    return Told((name, mutant.tells, f"{number}: {told}", f"{found.states:,}", steps), holds=True)


def in_a_process(kind: str, name: str) -> Told:
    """Do it in a process of its own, so that its memory is its own."""
    line = [sys.executable, "-m", "tests.explore", f"--one-{kind}", name]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    *before, last = done.stdout.splitlines() or [""]
    if done.returncode not in {0, 1} or not last:
        return Told((name, f"ended with {done.returncode}: {done.stderr[-200:]}"), holds=False)
    sys.stdout.write("".join(f"{line}\n" for line in before))
    return Told(tuple(last.split("\t")), holds=done.returncode == 0)


def table(head: tuple[str, ...], rows: Iterable[Told]) -> str:
    """Return a Markdown table."""
    told = [head, tuple("---" for _ in head), *(row.cells for row in rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in told)


def put(name: str, text: str) -> None:
    """Put a table into the page, between the marks of that name."""
    page = PAGE.read_text("utf-8")
    part = re.compile(rf"(<!-- explored: {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not part.search(page):
        raise SystemExit(f"{PAGE}: there is no place for the {name}")
    PAGE.write_text(part.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page), "utf-8")


def rows_of(kind: str, names: Iterable[str]) -> Iterator[Told]:
    """Return the row of each name, and tell it at once."""
    for name in names:
        row = in_a_process(kind, name)
        sys.stdout.write(f"{'ok  ' if row.holds else 'FAIL'}  {'  '.join(row.cells)}\n")
        sys.stdout.flush()
        yield row


def machine() -> str:
    """Return on what this runs."""
    return f"{platform.python_implementation()} {platform.python_version()}, one core"


WORLDS: Final = ("World", "States", "Transitions", "Depth", "Stores", "Time", "Memory")
KILLS: Final = ("Mutant", "What is wrong", "What kills it", "States", "Steps of the trace")


def main() -> int:
    """Explore what is asked for."""
    asked = argparse.ArgumentParser(prog="explore", description=__doc__)
    asked.add_argument("--only", default="", help="only worlds and mutants with this in the name")
    asked.add_argument("--write", action="store_true", help="put the tables into the document")
    asked.add_argument("--one-world", help=argparse.SUPPRESS)
    asked.add_argument("--one-mutant", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.one_world or given.one_mutant:
        one = explored(given.one_world) if given.one_world else killed(given.one_mutant)
        sys.stdout.write("\t".join(one.cells) + "\n")
        return 0 if one.holds else 1
    mutants = list(rows_of("mutant", (name for name in MUTANTS if given.only in name)))
    worlds = list(rows_of("world", (name for name in ALL if given.only in name)))
    if given.write and mutants:
        put("mutants", table(KILLS, mutants))
    if given.write and worlds:
        put("worlds", f"{table(WORLDS, worlds)}\nMeasured on {machine()}.\n")
    return 0 if all(row.holds for row in (*mutants, *worlds)) else 1


if __name__ == "__main__":
    sys.exit(main())
