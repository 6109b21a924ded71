"""`coachwork demo`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

from coachwork.adapters import ScriptedModel, SQLite
from coachwork.cli import main
from coachwork.cli._demo_coach import AFTER, BEFORE, DECISION, Decision, answer
from coachwork.coach import Coach
from coachwork.sessions import SessionStatus


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the terminal be as wide as it may, and without colours."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_the_demo_shows_a_whole_session(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Start, messages, pause, a new process that resumes, the end, the result and the way."""
    path = tmp_path / "demo.db"
    assert main(["demo", "--database", str(path)]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    told = " ".join(out.split())
    for expected in (
        f"A whole session on SQLite, kept in {path}.",
        "check no session waits; advice: start",
        "is active",
        *BEFORE,
        "is paused",
        "a new one: it knows nothing but the file",
        "check a session waits, paused; advice: choose",
        f"Welcome back, Ada. The last thing you told me was: “{BEFORE[-1]}”",
        *AFTER,
        "status completed, after 4 turns",
        "jobs completed: greeting, reply, reply, welcome_back, reply, reply",
        "the result, a Decision",
        "decision Turn down the lead of the team.",
        "-pause-> PAUSED -resume-> ACTIVE",
        "-complete-> COMPLETED",
        "stateDiagram-v2",
        "\N{CHECK MARK} 4x message",
    ):
        assert expected in told, expected
    processes = {line.split()[1].rstrip(",") for line in out.splitlines() if "process " in line}
    assert len(processes) == 2
    assert not any(line.endswith(" ") for line in out.splitlines())
    with closing(SQLite(path)) as database:
        coach = Coach(database, ScriptedModel(answer), topics=[DECISION])
        (standing,) = coach.as_user("ada", tenant="demo").topics()
        assert standing.status == "completed"


def test_the_demo_leaves_no_file_unless_it_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a path the database is a temporary file; a failed second process ends the demo."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert main(["demo"]) == 1
    assert "a temporary file" in " ".join(capfd.readouterr().out.split())
    assert list(tmp_path.iterdir()) == []


def test_the_second_half_takes_up_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It finds the session by itself, and leaves a result; where none waits it says so."""
    path = tmp_path / "demo.db"
    with closing(SQLite(path)) as database:
        coach = Coach(database, ScriptedModel(answer), topics=[DECISION])
        chat = coach.as_user("ada", tenant="demo").start(DECISION, context={"name": "Ada"})
        chat.send(BEFORE[0])
        chat.send(BEFORE[1])
        chat.pause()
        assert main(["demo", "--resume", str(path)]) == 0
        session = chat.get()
    assert session.status is SessionStatus.COMPLETED
    assert isinstance(session.result, Decision)
    assert AFTER[0] in " ".join(capsys.readouterr().out.split())
    assert main(["demo", "--resume", str(path)]) == 0
    assert "no session waits" in capsys.readouterr().out
