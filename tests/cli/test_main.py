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
from coachwork.cli._main import COMMANDS
from tests.recordings import talk, write

AGAIN: Final = (sys.executable, "-m", "coachwork")
BUFFERED: Final = os.environ | {"PYTHONUNBUFFERED": ""}


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """All commands are listed, and what is only for the program itself is not."""
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for command in ("demo", "chat", "worker", "jobs", "timeline", "replay", "diagram"):
        assert f"    {command} " in out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """It is the package's own."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"coachwork {coachwork.__version__}\n"


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
    """Who talks or watches needs the extra; the command says in one line what is missing."""
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


def test_operators_need_no_rich(tmp_path: Path) -> None:
    """Where no person talks, the package alone will do."""
    program = (
        "import sys\nsys.modules['rich'] = None\nfrom coachwork.cli import main\n"
        "sys.exit(main(['diagram']) + main(['worker', '--once']) + main(['jobs', 'list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=tmp_path,
    )
    assert "stateDiagram" in done.stdout
    assert "0 jobs in" in done.stdout
    assert "Nothing is open" in done.stdout
    assert done.stderr == ""


def test_each_command_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what was typed behind it."""
    database = ["--database", str(tmp_path / "x.db")]
    assert main(["worker", *database, "--once"]) == 0
    assert main(["jobs", "list", *database]) == 0
    assert capsys.readouterr().out.count("\n") == 3
    for action in ("show", "retry"):
        assert main(["jobs", action, "x", *database]) == 2
        assert capsys.readouterr().err == "coachwork: JOB_NOT_FOUND: no such job\n"


def test_ctrl_c_is_no_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is the one that shells expect."""

    def interrupted(_options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(COMMANDS, "diagram", interrupted)
    assert main(["diagram"]) == 130
    assert capsys.readouterr() == ("", "")


def test_without_openai_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model behind a server needs the other extra."""
    for name in list(sys.modules):
        if name.startswith("coachwork.adapters.openai"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openai", None)
    model = ["--model", "openai:small", "--base-url", "http://127.0.0.1:1/v1"]
    for command in ("chat", "worker"):
        assert main([command, "--database", str(tmp_path / "x.db"), *model]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err == (
            "coachwork: MISSING_EXTRA: --model openai:small needs openai: "
            "install coachwork[openai]\n"
        )


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


def test_the_interpreter_can_end_after_its_reader_has_seen_enough(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left unprinted then goes nowhere, and is no error either."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert main(["diagram"]) == 1
        closed.flush()  # as the interpreter does when it ends
    assert capsys.readouterr().err == ""


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
