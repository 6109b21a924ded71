"""`coachwork timeline`: how a session went."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from coachwork.adapters import ScriptedModel, SQLite
from coachwork.cli import main
from coachwork.coach import Coach
from coachwork.diagrams import mermaid
from coachwork.programs import Program
from coachwork.programs.identity import IDENTITY
from coachwork.topics import Topic
from tests.programs.habits import HABITS, Event, Phase

HERE = "tests.programs.habits:HABITS"


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a database that is not there yet."""
    return str(tmp_path / "coach.db")


def talked(path: str, program: Program[Any] | None, *actions: dict[str, Any]) -> str:
    """Let Ada talk about a topic with that program, and the coach do these; return the session."""
    topic = Topic(id="daily", system="Listen.", program=program)
    reply = json.dumps({"message": "Done.\x1b[2J", "is_final": False, "actions": list(actions)})
    with closing(SQLite(path)) as database:
        coach = Coach(database, ScriptedModel([reply]), topics=[topic])
        chat = coach.as_user("ada", tenant="acme").start(topic)
        chat.send("Hello.")
        return chat.session_id


def run(
    capsys: pytest.CaptureFixture[str], path: str, session: str, *more: str, code: int = 0
) -> str:
    """Return what the command prints."""
    told = ["timeline", session, "--database", path, "--tenant", "acme", *more]
    assert main(told) == code
    out, err = capsys.readouterr()
    return err if code else out


def test_the_librarys_own_program_is_known(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Actions, and what is new in the state; what a terminal would obey is shown."""
    action = {"type": "add_who_you_are", "parameters": {"texts": ["patient"]}}
    session = talked(path, IDENTITY, action)
    told = run(capsys, path, session)
    assert told.startswith(f"Session {session} on daily: active, 1 turn, program identity\n")
    assert "Phase GET_TO_KNOW_YOU\n" in told
    assert "  + add_who_you_are: " in told
    assert '\n  who_you_are: "patient"\n' in told
    assert "\x1b" not in told
    assert "Done.\N{SYMBOL FOR ESCAPE}[2J" in told


def test_an_applications_own_is_named(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without it phases and actions are told, and no states; with it, the way can be drawn."""
    session = talked(path, HABITS, {"type": "begin", "parameters": {}})
    plain = run(capsys, path, session)
    assert "  + begin: began\n  phase: DOING\n" in plain
    assert "habits:" not in plain
    told = run(capsys, path, session, "--program", HERE)
    assert "  phase: START -> DOING\n" in told
    edge = (Phase.START, Event.BEGIN, Phase.DOING)
    drawn = run(capsys, path, session, "--program", HERE, "--format", "mermaid")
    assert drawn == mermaid(HABITS.phases, [edge])
    assert "--program: expected" in run(capsys, path, session, "--format", "mermaid", code=2)


def test_as_data(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that a timeline has, as JSON."""
    session = talked(path, HABITS, {"type": "add_habit", "parameters": {"name": "read"}})
    told = json.loads(run(capsys, path, session, "--program", HERE, "--format", "json"))
    assert told["session"]["user"] == "ada"
    assert [habit["name"] for habit in told["entries"][1]["state"]["habits"]] == ["read"]
    assert told["entries"][1]["actions"][0]["status"] == "applied"


def test_a_session_without_a_program(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was said, and nothing else; a program may be named all the same."""
    session = talked(path, None)
    assert run(capsys, path, session).count("\n") == 7
    assert "Phase START" in run(capsys, path, session, "--program", HERE)


@pytest.mark.parametrize(
    "where",
    ["tests.programs.habits:NOTHING", "tests.programs.habits:NOON", "nothing.there:X", ":X", "x"],
)
def test_what_is_no_program(where: str, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told what is expected, and the path of modules is as it was."""
    session = talked(path, HABITS)
    before = list(sys.path)
    told = run(capsys, path, session, "--program", where, code=2)
    assert told == "coachwork: VALIDATION: --program: expected module:NAME of a Program\n"
    assert sys.path == before


def test_another_program(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The one that was worked on is named."""
    session = talked(path, IDENTITY, {"type": "fly", "parameters": {}})
    told = run(capsys, path, session, "--program", HERE, code=2)
    assert told == "coachwork: VALIDATION: --program: expected the program identity\n"


def test_what_is_not_there(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file, a session, an id."""
    assert "--database: expected" in run(capsys, path, "x", code=2)
    talked(path, None)
    assert "SESSION_NOT_FOUND" in run(capsys, path, "x", code=2)
    assert "ID: expected" in run(capsys, path, " ", code=2)
    assert "--tenant: expected" in run(capsys, path, "x", "--tenant", " ", code=2)
