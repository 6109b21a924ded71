"""The rules of the house that no tool knows (CONTRIBUTING.md tells them in words).

A rule is a function from source text to what breaks it. Each is held against a planted mistake
first, so that a rule which has gone blind is noticed.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = ROOT / "src" / "coachwork"
TESTS: Final = ROOT / "tests"

WITHOUT_OWN_TEST: Final[dict[str, str]] = {
    # "room/_file.py": "the reason",
}
"""Modules that need no test module of their own, each with its reason."""


def files(pattern: str) -> list[Path]:
    """The package's files that match *pattern*, in a lasting order."""
    return sorted(PACKAGE.glob(pattern))


def name_of(path: Path) -> str:
    """How a file of the package is called in a report."""
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    """The room that a file of the package stands in."""
    return path.relative_to(PACKAGE).parts[0]


# An effect that is made and dropped is lost, and so is a workflow that is never run.


def workflows_in(source: str) -> set[str]:
    """The names of the functions in *source* that yield, or say that they return a workflow."""
    return {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        and (
            any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(node))
            or (node.returns is not None and ast.unparse(node.returns).startswith("Workflow["))
        )
    }


def effects_in(source: str) -> set[str]:
    """The names of the classes in *source*."""
    return {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)}


def dropped(source: str, asking: set[str]) -> Iterator[int]:
    """Lines where a value is made and dropped.

    A statement that is an expression is a ``yield from``, a docstring, or a call of a function
    that acts at once. A call of what is named in *asking* only makes a question: without
    ``yield from`` it is never put. A bare ``yield`` is never right.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.YieldFrom() | ast.Constant()):
                pass
            case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
                if name in asking:
                    yield node.lineno
            case ast.Expr() | ast.Yield():
                yield node.lineno
            case _:
                pass


def test_a_dropped_effect_is_seen() -> None:
    """The rule sees effects and workflows without ``yield from``, and lets others pass."""
    source = '''
def pause(ref):
    """Pause it."""
    session = yield from load(ref)
    checked_id(ref)
    Commit(session)
    effects.Commit(session)
    load(ref)
    answer = yield Now()
    session
    yield from Commit(session)
'''
    assert workflows_in(source) == {"pause"}
    assert workflows_in("def cancel(ref) -> Workflow[None]: return end(ref)") == {"cancel"}
    assert workflows_in("def checked(ref) -> str: return ref") == set()
    assert effects_in("class Now(Effect[datetime]): ...") == {"Now"}
    assert sorted(dropped(source, {"Commit", "load", "Now"})) == [6, 7, 8, 9, 10]


@pytest.mark.parametrize("path", files("workflows/**/*.py"), ids=name_of)
def test_no_workflow_drops_an_effect(path: Path) -> None:
    """Every effect and workflow that a workflow makes is asked for with ``yield from``."""
    asking = effects_in((PACKAGE / "effects.py").read_text("utf-8")).union(
        *(workflows_in(other.read_text("utf-8")) for other in files("workflows/**/*.py"))
    )
    lines = sorted(dropped(path.read_text("utf-8"), asking))
    assert not lines, f"{name_of(path)}: made and dropped, so never done, in lines {lines}"


# A key that stands twice in a table silently takes the place of the first.


def doubled(source: str) -> Iterator[str]:
    """Keys that stand twice in one dict literal, with their line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            seen: set[str] = set()
            for key in node.keys:
                if key is not None:
                    told = ast.dump(key)
                    if told in seen:
                        yield f"{ast.unparse(key)} (line {key.lineno})"
                    seen.add(told)


def test_a_doubled_key_is_seen() -> None:
    """The rule sees a name, an attribute and a constant that stand twice in one literal."""
    source = """
TABLE = {
    S.ACTIVE: {E.SEND: 1, E.PAUSE: 2, E.SEND: 3},
    S.PAUSED: {E.SEND: 1, **more, **more},
    S.ACTIVE: {"a": 1, "a": 1},
}
"""
    assert sorted(doubled(source)) == ["'a' (line 5)", "E.SEND (line 3)", "S.ACTIVE (line 5)"]


@pytest.mark.parametrize("path", files("**/_table.py"), ids=name_of)
def test_no_table_has_a_key_twice(path: Path) -> None:
    """Every key of every dict literal in a table's file stands there once."""
    keys = sorted(doubled(path.read_text("utf-8")))
    assert not keys, f"{name_of(path)}: only the last of these counts: {', '.join(keys)}"


# Time and chance are asked for in one place.

ASKING: Final = {
    "datetime": {"now", "today", "utcnow"},
    "date": {"today"},
    "time": {"time", "time_ns"},
    "uuid": {"uuid1", "uuid4", "uuid7"},
}
"""What asks the system for the time or for a new id: the owner's name and its attributes."""


def asked(source: str) -> Iterator[str]:
    """Places where the system is asked for the time or for an id, with their line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rpartition(".")[2]
            if node.attr in ASKING.get(owner, ()):
                yield f"{owner}.{node.attr} (line {node.lineno})"
        elif isinstance(node, ast.ImportFrom) and node.module in {"time", "uuid"}:
            for alias in node.names:
                if alias.name in ASKING[node.module]:
                    yield f"{node.module}.{alias.name} (line {node.lineno})"


def test_a_question_to_the_clock_is_seen() -> None:
    """The rule sees a clock or an id however it is imported, and nothing where there is none."""
    source = """
from uuid import UUID, uuid4
import time, datetime as dt
a = datetime.now(UTC)
b = dt.datetime.utcnow()
c = time.time()
d = later(now)
e = facts.now
"""
    assert sorted(asked(source)) == [
        "datetime.now (line 4)",
        "datetime.utcnow (line 5)",
        "time.time (line 6)",
        "uuid.uuid4 (line 2)",
    ]


@pytest.mark.parametrize(
    "path",
    [path for path in files("**/*.py") if room_of(path) not in {"adapters", "cli"}],
    ids=name_of,
)
def test_only_adapters_and_the_terminal_ask_the_system(path: Path) -> None:
    """Elsewhere an instant is an argument and an id is the answer to an effect."""
    places = sorted(asked(path.read_text("utf-8")))
    assert not places, f"{name_of(path)}: {', '.join(places)}; take `now` or ask by an effect"


# Tests mirror the source.


def home_of_tests(path: Path) -> Path:
    """Where the tests of a file of the package stand."""
    room = path.relative_to(PACKAGE).parent
    return TESTS / room / f"test_{path.stem.lstrip('_')}.py"


def test_a_mirror_is_known() -> None:
    """A room's private file is tested in the room's folder, under its name."""
    assert home_of_tests(PACKAGE / "ids.py") == TESTS / "test_ids.py"
    assert home_of_tests(PACKAGE / "jobs" / "_table.py") == TESTS / "jobs" / "test_table.py"


@pytest.mark.parametrize(
    "path",
    [path for path in files("**/*.py") if path.name not in {"__init__.py", "__main__.py"}],
    ids=name_of,
)
def test_each_file_has_its_tests(path: Path) -> None:
    """Each file of the package has a test module of its own, or a reason to have none."""
    home = home_of_tests(path)
    if name_of(path) in WITHOUT_OWN_TEST:
        assert not home.exists(), f"{name_of(path)}: its exception is needed no more"
    else:
        assert home.exists(), f"{name_of(path)}: tests are missing, {home.relative_to(ROOT)}"


def test_each_exception_is_of_a_file() -> None:
    """No exception outlives its file."""
    assert set(WITHOUT_OWN_TEST) <= {name_of(path) for path in files("**/*.py")}


# A room is entered by its door.


def intruded(source: str, room: str) -> Iterator[str]:
    """Imports of another room's private files in a file of *room*, with their line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            match name.split("."):
                case ["coachwork", other, inner, *_] if inner.startswith("_") and other != room:
                    yield f"{name} (line {node.lineno})"
                case _:
                    pass


def test_an_intruder_is_seen() -> None:
    """The rule sees imports of another room's private files and names, not those of its own."""
    source = """
from coachwork.sessions import SESSION, _secret
from coachwork.sessions._table import SESSION
import coachwork.topics._topic
from coachwork.jobs._job import Job
from __future__ import annotations
"""
    assert sorted(intruded(source, "jobs")) == [
        "coachwork.sessions._secret (line 2)",
        "coachwork.sessions._table.SESSION (line 3)",
        "coachwork.topics._topic (line 4)",
    ]


@pytest.mark.parametrize("path", files("**/*.py"), ids=name_of)
def test_rooms_are_entered_by_the_door(path: Path) -> None:
    """A file imports from other rooms what they offer, and nothing private."""
    imports = sorted(intruded(path.read_text("utf-8"), room_of(path)))
    assert not imports, f"{name_of(path)}: private to another room: {', '.join(imports)}"


# What carries programs knows none of them.

_CARRYING: Final = ("workflows", "records", "adapters", "sessions")
_PROGRAMS: Final = frozenset({"identity", "plan"})


def favoured(source: str) -> Iterator[str]:
    """Programs that are imported from `coachwork.programs`, with their line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value]
        else:
            continue
        for name in names:
            match name.split("."):
                case ["coachwork", "programs", program, *_] if program in _PROGRAMS:
                    yield f"{name} (line {node.lineno})"
                case _:
                    pass


def test_a_favoured_program_is_seen() -> None:
    """The rule sees each way to import one, and lets the parts pass that all are made of."""
    source = """
from coachwork.programs import Program, plan
from coachwork.programs.identity import IDENTITY
import coachwork.programs.plan._state
import_module("coachwork.programs.plan")
from coachwork.programs import texts
"""
    assert sorted(favoured(source)) == [
        "coachwork.programs.identity.IDENTITY (line 3)",
        "coachwork.programs.plan (line 2)",
        "coachwork.programs.plan (line 5)",
        "coachwork.programs.plan._state (line 4)",
    ]


@pytest.mark.parametrize(
    "path", [path for room in _CARRYING for path in files(f"{room}/**/*.py")], ids=name_of
)
def test_no_program_is_a_special_case(path: Path) -> None:
    """Workflows, records, repositories and sessions know programs as such alone."""
    favours = sorted(favoured(path.read_text("utf-8")))
    assert not favours, f"{name_of(path)}: knows a program by name: {', '.join(favours)}"


# An example that is not run says why.


def unexplained(page: str) -> Iterator[int]:
    """Lines of a page where an example is left out and no reason is given."""
    for number, line in enumerate(page.splitlines(), 1):
        if re.search(r"^(%|<!--)\s*skip:\s*(next|start)\b", line) and '"' not in line:
            yield number


def test_an_unexplained_skip_is_seen() -> None:
    """The rule sees a skip without a reason, and lets one pass that has one."""
    page = """
<!-- skip: next "needs an account" -->
<!-- skip: next -->
% skip: start
<!-- skip: end -->
"""
    assert list(unexplained(page)) == [3, 4]


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_each_skipped_example_has_its_reason(path: Path) -> None:
    """An example that is left out tells the reader of the tests why."""
    lines = list(unexplained(path.read_text("utf-8")))
    assert not lines, f"{path.name}: left out without a reason in lines {lines}"


# Importing the library costs what it needs.

LEFT_OUT: Final = [
    "asyncio",
    "concurrent.futures",
    "hypothesis",
    "logging",
    "pytest",
    "rich",
    "sqlite3",
]
"""What only some applications need; a coach of either colour brings none of it."""


def brought_by(statement: str) -> set[str]:
    """The modules in memory after *statement*, in an interpreter of its own."""
    # Measuring coverage brings modules of its own.
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_what_an_import_brings_is_seen() -> None:
    """The rule sees a module that comes with another."""
    assert {"sqlite3", "sqlite3.dbapi2"} <= brought_by("import sqlite3")


@pytest.fixture(scope="module")
def brought() -> set[str]:
    """The modules in memory once there are coaches and topics."""
    return brought_by("from coachwork import AsyncCoach, Coach, Memory, Topic, problem")


@pytest.mark.parametrize("module", LEFT_OUT)
def test_importing_brings_only_what_is_needed(module: str, brought: set[str]) -> None:
    """Who imports coachwork pays neither for a colour, a database nor a terminal not used."""
    assert module not in brought, f"a coach imports {module}: import it where it is used"


def test_a_public_name_is_loaded_when_it_is_asked_for() -> None:
    """The import itself brings no room at all, not even attrs; a name brings its own."""
    assert not brought_by("import coachwork") & {"attr", "cattrs", "coachwork.coach"}
    topics = brought_by("from coachwork import Topic")
    assert "coachwork.topics" in topics
    assert "coachwork.coach" not in topics
