"""The command line (`coachwork.cli._main`), and ``python -m coachwork``."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import coachwork
from coachwork.cli import main
from tests.recordings import talk, write

AGAIN: Final = (sys.executable, "-m", "coachwork")
BUFFERED: Final = os.environ | {"PYTHONUNBUFFERED": ""}


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """All commands are listed, and what is only for the program itself is not."""
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for command in ("demo", "chat", "replay", "diagram"):
        assert f"    {command} " in out
    for hidden in ("--resume", "--think", "--acknowledge"):
        assert hidden not in out


@pytest.mark.parametrize("command", ["demo", "chat", "replay", "diagram"])
def test_each_command_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It tells the options, without the hidden ones."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: coachwork {command}")
    for hidden in ("--resume", "--think", "--acknowledge"):
        assert hidden not in out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """It is the package's own."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"coachwork {coachwork.__version__}\n"


@pytest.mark.parametrize(
    "arguments,sentence",
    [
        (["dance"], "invalid choice: 'dance'"),
        (["diagram", "cat"], "invalid choice: 'cat'"),
        (["diagram", "--format", "png"], "invalid choice: 'png'"),
        (["replay"], "the following arguments are required: PATH"),
        (["replay", "x", "--limit", "0"], "argument --limit: expected a whole number from 1 on"),
        (["replay", "x", "--limit", "-1"], "expected a whole number from 1 on"),
        (["replay", "x", "--limit", "9" * 5000], "expected a whole number from 1 on"),
        (["replay", "x", "--limit", "two\nlines"], "expected a whole number from 1 on"),
        (["replay", "x", "--synchronous", "OFF"], "invalid choice: 'OFF'"),
        (["demo", "--data", "x"], "unrecognized arguments: --data x"),
    ],
)
def test_a_mistake_in_the_arguments_gets_one_line(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 2, and the line tells where to look."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("coachwork: USAGE: ")
    assert sentence in err
    assert err.endswith(" --help\n")
    assert err.count("\n") == 1


def test_a_refusal_is_the_callers_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused request ends with 2; what the caller could not know ends with 1."""
    assert main(["replay", str(tmp_path / "missing.csv")]) == 2
    assert capsys.readouterr().err.startswith("coachwork: VALIDATION: ")
    path = write(tmp_path / "talk.csv", talk(1, 2))
    assert main(["replay", path, "--database", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("coachwork: STORE_UNAVAILABLE: ")


@pytest.mark.parametrize("command", ["demo", "chat", "replay"])
def test_without_rich_it_says_what_to_install(command: str) -> None:
    """Only `diagram` works without the extra; the others say in one line what is missing."""
    program = (
        "import sys\nsys.modules['rich'] = None\nfrom coachwork.cli import main\nsys.exit(main())"
    )
    arguments = [command, "x.csv"] if command == "replay" else [command]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"coachwork: MISSING_EXTRA: {command} needs rich: install coachwork[cli]\n"
    )
    again = [sys.executable, "-c", program, "diagram"]
    assert subprocess.run(again, capture_output=True, check=True).stdout


def test_another_missing_module_is_not_taken_for_rich(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A broken installation is not explained away."""
    monkeypatch.delitem(sys.modules, "coachwork.cli._demo", raising=False)
    monkeypatch.setitem(sys.modules, "coachwork.cli._demo_coach", None)
    with pytest.raises(ModuleNotFoundError, match="_demo_coach"):
        main(["demo"])


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """Into a closed pipe nothing is printed, not even an error."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            [*AGAIN, "diagram"], stdout=closed, stderr=subprocess.PIPE, env=BUFFERED, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_gets_one_line() -> None:
    """What cannot be printed is told on the error stream."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*AGAIN, "diagram"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=BUFFERED,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "coachwork: INTERNAL_ERROR: No space left on device\n"


def test_a_system_that_says_no_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a folder for temporary files there is no demo, and no traceback either."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert main(["demo"]) == 1
    assert capsys.readouterr() == (
        "",
        "coachwork: INTERNAL_ERROR: No such file or directory\n",
    )


def test_a_terminal_that_cannot_show_a_character_is_no_error() -> None:
    """A question mark stands in its place."""
    done = subprocess.run(
        [*AGAIN, "demo"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=True,
    )
    assert b"? 4x message" in done.stdout


def test_python_m_is_the_same_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``python -m coachwork`` ends with the exit code of the command; importing does nothing."""
    monkeypatch.delitem(sys.modules, "coachwork.__main__", raising=False)
    monkeypatch.setattr(sys, "argv", ["coachwork", "diagram", "job"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("coachwork", run_name="__main__", alter_sys=True)
    assert ended.value.code == 0
    assert "stateDiagram-v2" in capsys.readouterr().out
    import_module("coachwork.__main__")
    assert capsys.readouterr().out == ""


def test_it_is_installed_as_a_program() -> None:
    """The installed program is the same too."""
    program = Path(sys.executable).with_name("coachwork")
    done = subprocess.run([program, "--version"], capture_output=True, check=True)
    assert done.stdout.decode() == f"coachwork {coachwork.__version__}\n"
