"""``coachwork programs``: the programs there are, what may be done in them, and their phases."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, Final, TypeGuard

from coachwork.diagrams import mermaid
from coachwork.errors import ValidationError
from coachwork.programs import Program, Scope
from coachwork.programs.identity import IDENTITY
from coachwork.programs.plan import PLAN

PROGRAMS: Final[tuple[Program[Any], ...]] = (IDENTITY, PLAN)
"""The programs that come with the library."""

_SCOPES: Final = {Scope.USER: "a state for each user", Scope.SESSION: "a state for each session"}
_COLUMN: Final = 8
_WIDTH: Final = 80


def show_programs(places: Sequence[str]) -> int:
    """Print the programs that come with the library, and those that stand at *places*.

    Args:
        places: Where programs of applications stand, each as ``module:NAME``.

    Raises:
        ValidationError: There is none at one of them.
    """
    programs = [*PROGRAMS, *(imported(place, "MODULE:NAME") for place in places)]
    print("\n".join("\n".join(_lines(program)) for program in programs), end="")
    return 0


def known(id_: str) -> Program[Any] | None:
    """Return the program of that id that comes with the library, or None."""
    return next((program for program in PROGRAMS if program.id == id_), None)


def imported(where: str, argument: str) -> Program[Any]:
    """Return the program that a module of the application holds.

    Args:
        where: ``module:NAME``.
        argument: What the place was typed as, for the error.

    Raises:
        ValidationError: There is none.
    """
    module, _, name = where.partition(":")
    sys.path.insert(0, "")  # as for `python -m`: what stands in this folder
    try:
        found: object = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        found = None
    finally:
        sys.path.remove("")
    if not _is_a_program(found):
        raise ValidationError(argument, "module:NAME of a Program")
    return found


def _is_a_program(thing: object) -> TypeGuard[Program[Any]]:
    """Whether something is a program, whatever its state."""
    return isinstance(thing, Program)


def _lines(program: Program[Any]) -> Iterator[str]:
    """Yield what is told of a program, line by line; agents with their stages."""
    yield f"{program.id}, version {program.version}, {_SCOPES[program.scope]}"
    yield from _row("phases", program.phases.table)
    yield from _row("ends", program.phases.ends)
    for by in ("coach", "user", "both"):
        yield from _row(by, (action.name for action in program.actions if action.by == by))
    yield from _row("agents", (f"{agent.name} ({agent.stage})" for agent in program.agents))
    yield ""
    yield mermaid(program.phases)


def _row(title: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a row, if there is anything to tell in it."""
    told = ", ".join(names)
    if told:
        lines = textwrap.wrap(told, _WIDTH - _COLUMN - 2, break_on_hyphens=False)
        for number, line in enumerate(lines):
            yield f"  {'' if number else title:{_COLUMN}}{line}"
