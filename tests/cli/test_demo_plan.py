"""`coachwork demo plan`."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachwork.cli import _demo_plan, _plan_coach, main
from coachwork.cli._plan_coach import AFTER, BEFORE


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the terminal be as wide as it may, without colours, and agents think but a moment."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(_plan_coach, "THINKING", 0.01)
    monkeypatch.setattr(_demo_plan, "_LOOKS", 0.001)


def test_the_demo_shows_a_whole_coaching(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was said, done and pressed, how far steps and agents are, the brief, and the way."""
    path = tmp_path / "demo.db"
    assert main(["demo", "plan", "--database", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    told = " ".join(out.split())
    for expected in (
        f"A business plan on SQLite, kept in {path}.",
        *(said for said in (*BEFORE, *AFTER) if isinstance(said, str)),
        "+ assess_answer: vision stays open, try 1 of 3 shown clarification",
        "- assess_answer: refused, assess_answer: confidence: expected a number from 0 to 1",
        "presses ask_for_help: wished for proposals on differentiation",
        "shown proposals [Choose 1] [Choose 2]",
        "presses use_text: took a text as the answer to differentiation",
        "steps ...... vision, 0% sure",
        "steps +++... differentiation, 42% sure",
        "steps ++++++ complete, 83% sure",
        "agents . market . customers . competition . finance . risks",
        "agents + market + customers + competition + finance + risks",
        "+ accept_brief: accepted version 1 of the brief",
        "plan COMPLETED, 2 answers were asked for again",
        "# Business brief *Version 1, complete to 100%, confidence 83%.*",
        "SUB_AGENTS_RUNNING --> BRIEF_READY : \N{CHECK MARK} agents_complete",
        "class COMPLETED taken",
    ):
        assert expected in told, expected
    assert not any(line.endswith(" ") for line in out.splitlines())


def test_it_can_be_shown_again_in_the_same_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a test scenario of its own each time."""
    path = str(tmp_path / "demo.db")
    shown: list[list[str]] = []
    for _ in range(2):
        assert main(["demo", "plan", "--database", path]) == 0
        # What is seen of agents at work depends on when somebody looks.
        lines = capsys.readouterr().out.splitlines()
        shown.append([line for line in lines if not line.startswith("   agents")])
    assert shown[0] == shown[1]


def test_it_leaves_no_file_unless_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a path the database is a temporary file."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["demo", "plan"]) == 0
    assert "a temporary file" in " ".join(capsys.readouterr().out.split())
    assert list(tmp_path.iterdir()) == []
