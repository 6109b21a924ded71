"""`coachwork demo identity`."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachwork.cli import main
from coachwork.cli._identity_coach import STEPS


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the terminal be as wide as it may, and without colours."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_the_demo_shows_a_whole_coaching(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was said, done and pressed, every phase, what came of it, and the way."""
    path = tmp_path / "demo.db"
    assert main(["demo", "identity", "--database", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    told = " ".join(out.split())
    for expected in (
        f"Identity coaching on SQLite, kept in {path}.",
        *(step for step in STEPS if isinstance(step, str)),
        "shown question [I would rather not say]",
        "presses decline_question: left a question unanswered",
        "- create_identity: refused, create_identity is not allowed in GET_TO_KNOW_YOU",
        'presses accept_identity: accepted "Maker"',
        "phase GET_TO_KNOW_YOU",
        "phase IDENTITY_CREATION",
        "phase IDENTITY_REFINEMENT",
        "phase INTEGRATION",
        "phase COMPLETED",
        "is somebody who builds things",
        "identity Maker, integrated: I make things, also when nobody looks. (a boat once)",
        "session completed, after 4 turns",
        "INTEGRATION --> COMPLETED : \N{CHECK MARK} complete",
        "class COMPLETED taken",
    ):
        assert expected in told, expected
    assert not any(line.endswith(" ") for line in out.splitlines())


def test_it_can_be_shown_again_in_the_same_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a test scenario of its own each time."""
    path = str(tmp_path / "demo.db")
    shown: list[str] = []
    for _ in range(2):
        assert main(["demo", "identity", "--database", path]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


def test_it_leaves_no_file_unless_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a path the database is a temporary file."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["demo", "identity"]) == 0
    assert "a temporary file" in " ".join(capsys.readouterr().out.split())
    assert list(tmp_path.iterdir()) == []
