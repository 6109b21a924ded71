"""The public names: which there are, where they stand, and what importing them brings."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import coachwork

PACKAGE: Final = Path(__file__).parents[1] / "src" / "coachwork"
ROOMS: Final = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))

LEFT_OUT: Final = {"asyncio", "hypothesis", "pytest", "rich", "sqlite3"}
"""What only some applications need."""


def public_names(module: str) -> list[str]:
    """What a module offers by its ``__all__``."""
    names: list[str] = import_module(module).__all__
    return names


def in_order(name: str) -> tuple[int, str]:
    """Where a name stands in a sorted ``__all__``: constants, then classes, then functions."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


def imported_in(source: str) -> Iterator[tuple[str, str]]:
    """Room and name of what the file of a room imports from this package, at its top."""
    for node in ast.parse(source).body:
        inner = node.body if isinstance(node, ast.If) else [node]
        for statement in inner:
            if isinstance(statement, ast.ImportFrom) and statement.module:
                room, *rest = statement.module.split(".")
                if room == "coachwork":
                    for alias in statement.names:
                        yield ".".join([room, *rest]), alias.asname or alias.name


def source_of(module: str) -> str:
    """The text of a room's door."""
    *_, room = module.split(".")
    folder = PACKAGE if module == "coachwork" else PACKAGE / room
    return (folder / "__init__.py").read_text("utf-8")


MODULES: Final = ["coachwork", *(f"coachwork.{room}" for room in ROOMS)]


# --- the top level ---------------------------------------------------------------------------


def test_the_top_level_is_small() -> None:
    """What most applications need is 25 to 30 names; the rest stands in submodules."""
    assert 25 <= len(coachwork.__all__) <= 31


def test_the_top_level_has_what_the_brief_writes_programs_with() -> None:
    """The programs of the brief import these from the top level."""
    assert {
        "Answer", "Ask", "AsyncCoach", "Coach", "SQLite", "Topic", "in_threads", "json_schema",
        "problem", "to_json",
    } <= set(coachwork.__all__)  # fmt: skip


@pytest.mark.parametrize("name", coachwork.__all__)
def test_each_public_name_is_the_one_of_its_room(name: str) -> None:
    """A name of the top level is the very thing that its room offers, for checkers and readers."""
    (room,) = [room for room, found in imported_in(source_of("coachwork")) if found == name]
    assert getattr(coachwork, name) is getattr(import_module(room), name)


@pytest.mark.parametrize("name", coachwork.__all__)
def test_each_public_name_is_documented(name: str) -> None:
    """``help(coachwork.X)`` tells what X is, in a sentence of its own."""
    value: object = getattr(coachwork, name)
    doc = value.__doc__
    assert doc, name
    assert re.match(r"[A-Z].*[.:]$", doc.splitlines()[0]), doc


def test_all_public_names_can_be_found_by_completion() -> None:
    """An interpreter offers the names even before they are loaded."""
    assert set(coachwork.__all__) <= set(dir(coachwork))


def test_star_brings_the_public_names_and_nothing_else() -> None:
    """``from coachwork import *`` is what ``__all__`` says."""
    space: dict[str, object] = {}
    exec("from coachwork import *", space)  # noqa: S102 - the statement is the point
    assert sorted(space.keys() - {"__builtins__"}) == sorted(coachwork.__all__)


def test_what_is_not_there_is_an_attribute_error() -> None:
    """A misspelt name is told like that of any module."""
    with pytest.raises(AttributeError, match=r"module 'coachwork' has no attribute 'Coch'"):
        _ = coachwork.Coch  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def test_the_version_is_told() -> None:
    """The version is that of the project's file."""
    project = (PACKAGE.parents[1] / "pyproject.toml").read_text("utf-8")
    assert f'version = "{coachwork.__version__}"' in project


# --- every room ------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_names_are_sorted_and_stand_once(module: str) -> None:
    """A reader finds a name where it is looked for."""
    names = public_names(module)
    assert names == sorted(set(names), key=in_order)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_offers_all_that_its_door_imports(module: str) -> None:
    """What a room's door imports from its files is public; nothing else is, and nothing private."""
    own = {name for _, name in imported_in(source_of(module))}
    defined = {
        node.name
        for node in ast.parse(source_of(module)).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert set(public_names(module)) == own | defined
    assert not [name for name in public_names(module) if name.startswith("_")]


@pytest.mark.parametrize("module", MODULES)
def test_each_name_of_a_room_is_there(module: str) -> None:
    """Everything that is offered can be had; classes and functions say what they are."""
    room = import_module(module)
    assert room.__doc__
    for name in public_names(module):
        value: object = getattr(room, name)
        if callable(value) and getattr(value, "__module__", "").startswith("coachwork"):
            assert value.__doc__, f"{module}.{name}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_misspelt_name_is_an_attribute_error(room: str) -> None:
    """A room that loads a name late still knows what it has not."""
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        getattr(import_module(f"coachwork.{room}"), "Nothing")  # noqa: B009 - no checker knows it


# --- what an import brings -------------------------------------------------------------------


def brought_by(*statements: str) -> set[str]:
    """The modules in memory after *statements*, in an interpreter of its own."""
    # Measuring coverage brings modules of its own.
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    program = "\n".join([*statements, "import sys", "print(*sys.modules)"])
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_coachwork_brings_no_colour_and_no_database() -> None:
    """A fresh process that imports coachwork loads none of what only some applications need."""
    assert not brought_by("import coachwork") & LEFT_OUT


def test_no_room_brings_what_only_its_use_needs() -> None:
    """All rooms but the terminal are imported together without a loop, a database or a framework.

    The public names that must bring one of them are left out: asking for `SQLite` loads `sqlite3`.
    """
    rooms = [f"import coachwork.{room}" for room in ROOMS if room != "cli"]
    files = [
        f"import coachwork.{path.stem}" for path in PACKAGE.glob("*.py") if path.stem[0] != "_"
    ]
    brought = brought_by(*rooms, *files)
    assert {"coachwork.coach", "coachwork.testing", "coachwork.adapters"} <= brought
    assert not brought & LEFT_OUT


def test_the_database_is_loaded_when_it_is_asked_for() -> None:
    """Who asks for SQLite, and nobody else, pays for it."""
    assert "sqlite3" in brought_by("from coachwork import SQLite")
    assert "sqlite3" not in brought_by("from coachwork import Memory, Coach")
