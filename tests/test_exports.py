"""What `coachwork` offers at its top: every name, loaded when it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

import coachwork

SOURCE = Path(coachwork.__file__).read_text("utf-8")


def told_to_checkers() -> dict[str, str]:
    """Per public name the room that the type checkers are told."""
    return {
        alias.name: str(node.module).removeprefix("coachwork.")
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("coachwork.")
        for alias in node.names
    }


def test_the_names_are_these() -> None:
    """About 25 names, sorted; one more or less is a decision."""
    assert coachwork.__all__ == [
        "Answer",
        "Ask",
        "AsyncChat",
        "AsyncCoach",
        "Chat",
        "Check",
        "Coach",
        "CoachworkError",
        "Completed",
        "LLMError",
        "LLMTimeoutError",
        "Memory",
        "Message",
        "OutcomeUnknownError",
        "RefusedError",
        "Resumed",
        "SQLite",
        "SessionView",
        "Settings",
        "StoreUnavailableError",
        "Topic",
        "Turn",
        "Usage",
        "in_threads",
        "json_schema",
        "problem",
        "to_json",
    ]


def test_the_type_checkers_are_told_the_same() -> None:
    """What is loaded when the program runs is what the checkers believe is there."""
    loaded = {name: room for room, names in coachwork._ROOMS.items() for name in names}
    assert loaded == told_to_checkers()
    assert set(loaded) == set(coachwork.__all__)


@pytest.mark.parametrize("name", coachwork.__all__)
def test_each_name_is_there_and_has_its_docstring(name: str) -> None:
    """Every public name can be had, is found again at once, and says what it is."""
    vars(coachwork).pop(name, None)
    value: object = getattr(coachwork, name)
    assert vars(coachwork)[name] is value
    assert value.__doc__


def test_no_public_name_is_the_name_of_a_module() -> None:
    """A module of that name would take its place once somebody imports it."""
    folder = Path(coachwork.__file__).parent
    assert not {path.stem for path in folder.iterdir()} & set(coachwork.__all__)


def test_an_unknown_name_is_refused() -> None:
    """It is an attribute error that names it, as of any module."""
    with pytest.raises(AttributeError, match="module 'coachwork' has no attribute 'Sessions'"):
        attrgetter("Sessions")(coachwork)


def test_all_names_are_listed_before_they_are_loaded() -> None:
    """Who explores the package at a prompt sees all of it."""
    assert set(coachwork.__all__) <= set(dir(coachwork))
    program = "import coachwork; print(*dir(coachwork))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert set(coachwork.__all__) <= set(done.stdout.decode().split())
