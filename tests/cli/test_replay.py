"""`coachwork replay`."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from coachwork.cli import main
from tests.recordings import ODD, real, talk, write
from tests.terminals import looked_at

AGAIN: Final = (sys.executable, "-m", "coachwork")


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the terminal be as wide as it may, and without colours."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def told(out: str) -> dict[str, str]:
    """Return the report as values by name."""
    lines = [line[:9].strip() + "|" + line[9:].strip() for line in out.splitlines()]
    return dict(line.split("|", 1) for line in lines)


def test_a_replay_reports_what_came_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sessions, turns, throughput, messages without an answer, and that all is read back equal."""
    path = write(tmp_path / "odd.csv", ODD)
    assert main(["replay", path]) == 0
    out, err = capsys.readouterr()
    report = told(out)
    assert report["file"] == "16 rows: 3 joined to the one before, 1 left out as blank"
    assert report["sessions"] == "5, all completed"
    assert report["messages"] == "12"
    assert report["turns"] == "6"
    assert report["failed"] == "3 messages without an answer, kept"
    assert "turns a second (synchronous=FULL)" in report["rate"]
    assert report["read back"].startswith("5 of 5 sessions equal to the recording")
    assert err.splitlines()[-1] == "6 of 6 turns"
    assert len(err.splitlines()) <= 10


def test_only_the_first_conversations_are_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit leaves the later ones out; what was done before is not done again."""
    path = write(tmp_path / "talk.csv", talk(3, 6))
    options = ["replay", path, "--database", str(tmp_path / "r.db"), "--synchronous", "NORMAL"]
    assert main([*options, "--limit", "1"]) == 0
    first = told(capsys.readouterr().out)
    assert (first["sessions"], first["turns"]) == ("1, all completed", "3")
    assert "synchronous=NORMAL" in first["rate"]
    assert main(options) == 0
    assert told(capsys.readouterr().out)["turns"] == "9, 3 before"
    assert main(options) == 0
    again = told(capsys.readouterr().out)
    assert (again["turns"], again["rate"]) == ("9, 9 before", "nothing to do")


def test_a_conversation_without_a_turn_is_replayed_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where only the coach speaks there are no turns to count."""
    path = write(tmp_path / "odd.csv", [row for row in ODD if row[0] == "3"])
    assert main(["replay", path, "--database", str(tmp_path / "r.db")]) == 0
    assert main(["replay", path, "--database", str(tmp_path / "r.db")]) == 0
    assert told(capsys.readouterr().out)["turns"] == "0"


def test_what_is_not_read_back_equal_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code says so too; of many transcripts only some are named."""
    rows = talk(12, 2)
    database = str(tmp_path / "r.db")
    assert main(["replay", write(tmp_path / "one.csv", rows), "--database", database]) == 0
    capsys.readouterr()
    other = write(tmp_path / "other.csv", [*rows[:2], *((*row[:5], "else") for row in rows[2:])])
    assert main(["replay", other, "--database", database, "--limit", "3"]) == 1
    few = told(capsys.readouterr().out)
    assert few["read back"].startswith("1 of 3 sessions equal")
    assert few["different"] == "t1, t2"
    assert main(["replay", other, "--database", database]) == 1
    many = told(capsys.readouterr().out)["different"]
    assert many == ", ".join(f"t{number}" for number in range(1, 11)) + " ..."


def test_every_call_can_be_acknowledged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line tells how many messages of a transcript are certainly kept."""
    path = write(tmp_path / "talk.csv", talk(1, 4))
    assert main(["replay", path, "--acknowledge"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["t0\t1", "t0\t3", "t0\t4", "t0\t4"]


def test_a_bad_file_gets_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, row and column are named, and nothing is written."""
    path = write(tmp_path / "bad.csv", [(*ODD[0][:4], "noon", "x")])
    database = tmp_path / "r.db"
    assert main(["replay", path, "--database", str(database)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    place = f"{path}, row 2, column timestamp"
    expected = "hh:mm:ss from the start of the conversation"
    assert err == f"coachwork: VALIDATION: {place}: expected {expected}\n"
    assert not database.exists()


def database_of(kind: str, path: Path) -> Sequence[sqlite3.Connection]:
    """Make a database at *path* that cannot be used, and return what must be closed."""
    if kind == "damaged":
        path.write_bytes(b"this is no database, whatever its name says" * 100)
        return ()
    if kind == "missing":
        return ()
    connection = sqlite3.connect(path, isolation_level=None)
    if kind == "newer":
        connection.execute("CREATE TABLE coachwork_schema (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO coachwork_schema VALUES (99)")
    if kind == "locked":
        connection.execute("BEGIN EXCLUSIVE")
    return (connection,)


@pytest.mark.parametrize(
    "kind,sentence",
    [
        ("missing", "STORE_UNAVAILABLE: the repository did nothing: the file cannot be opened"),
        ("damaged", "CORRUPT_RECORD: stored database record is damaged: file: is no intact"),
        ("newer", "UNSUPPORTED_SCHEMA: stored database: coachwork_schema is 99, written by newer"),
        ("locked", "STORE_UNAVAILABLE: the repository did nothing: the database is locked"),
    ],
)
@pytest.mark.parametrize("command", ["replay", "demo", "chat"])
def test_a_database_that_cannot_be_used_gets_one_line(
    command: str,
    kind: str,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every command says in one line what is the matter, and leaves the file as it is."""
    monkeypatch.setattr("coachwork.cli._database.BUSY_TIMEOUT", 0.05)
    path = tmp_path / ("missing/r.db" if kind == "missing" else "r.db")
    left = database_of(kind, path)
    before = path.read_bytes() if path.exists() else None
    recording = [write(tmp_path / "talk.csv", talk(1, 2))] if command == "replay" else []
    assert main([command, *recording, "--database", str(path)]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"coachwork: {sentence}")
    assert err.count("\n") == 1
    for connection in left:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert ("coachwork_record",) not in tables
        connection.close()
    assert (path.read_bytes() if path.exists() else None) == before or kind == "newer"


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from tempfile import TemporaryDirectory
from coachwork.cli import main
recording, database = sys.argv[1:]
assert main(["replay", recording, "--database", database, "--limit", "1"]) == 0
for inside in Path(database).parent.iterdir():
    inside.chmod(0o444)
Path(database).parent.chmod(0o555)
if os.geteuid() == 0:  # whom no permission holds back
    os.setgid(65534)
    os.setuid(65534)
sys.stderr.write("now:")
sys.exit(main(["replay", recording, "--database", database]))
"""


def test_a_read_only_database_gets_one_line() -> None:
    """A database that may only be read is said to be so."""
    with TemporaryDirectory() as folder:  # not tmp_path: others may not even look into that
        recording = write(Path(folder) / "talk.csv", talk(1, 2))
        ran = subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED, recording, str(Path(folder) / "r.db")],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            # A measure could not be written by one who may write nowhere.
            env={k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")},
        )
        Path(folder).chmod(0o700)
    told = ran.stderr.partition("now:")[2]
    assert (ran.returncode, told.startswith("coachwork: STORE_UNAVAILABLE: ")) == (1, True)
    assert told.count("\n") == 1


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "temporary"])
def test_an_interrupted_replay_goes_on(kept: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Ctrl-C ends it without a traceback; the same command goes on to the same end."""
    path = write(tmp_path / "talk.csv", talk(20, 60))
    database = tmp_path / "r.db"
    options = [*AGAIN, "replay", path, "--synchronous", "NORMAL"]
    options += ["--database", str(database)] if kept else []
    with subprocess.Popen(
        [*options, "--acknowledge"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "t0\t9\n":
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    said = [line for line in err.splitlines() if not line.endswith("turns")]
    sentence = "nothing is lost; the same command goes on where it stopped"
    assert said == ([f"coachwork: INTERRUPTED: {sentence}"] if kept else [])
    if kept:
        options += ["--limit", "1"]
        done = subprocess.run(options, capture_output=True, encoding="utf-8", check=True)
        assert "before" in told(done.stdout)["turns"]
        assert told(done.stdout)["read back"].startswith("1 of 1 sessions equal")


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "temporary"])
def test_an_interruption_says_what_to_do(
    kept: bool,  # noqa: FBT001
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the database is kept the same command goes on; a temporary one is gone."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coachwork.cli._replay._replay", interrupted)
    path = write(tmp_path / "talk.csv", talk(1, 2))
    options = ["--database", str(tmp_path / "r.db")] if kept else []
    assert main(["replay", path, *options]) == 130
    assert ("the same command goes on" in capsys.readouterr().err) == kept


def test_a_terminal_gets_a_progress_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it is one line that grows; the report stands alone in the standard output."""
    path = write(tmp_path / "talk.csv", talk(2, 10))
    with looked_at(monkeypatch, stream="stderr") as screen:
        assert main(["replay", path, "--database", str(tmp_path / "r.db")]) == 0
    assert screen.raw.index(" 0/10") < screen.raw.index("10/10")
    assert "of 10 turns" not in screen.raw
    assert told(capsys.readouterr().out)["turns"] == "10"


def test_the_real_conversations_are_read_back_equal(capsys: pytest.CaptureFixture[str]) -> None:
    """Some of the published conversations, with all pages of the longest one."""
    assert main(["replay", real(), "--limit", "6", "--synchronous", "NORMAL"]) == 0
    assert told(capsys.readouterr().out)["read back"].startswith("6 of 6 sessions equal")
