"""`coachwork programs`: the programs there are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coachwork.cli import main
from coachwork.cli._programs import PROGRAMS, imported, known
from coachwork.diagrams import mermaid
from coachwork.errors import ValidationError
from tests.programs.habits import HABITS

EXAMPLES = str(Path(__file__).parents[2] / "examples")
HERE = "tests.programs.habits:HABITS"


def test_those_of_the_library_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its phases as a diagram; no two have one id."""
    assert main(["programs"]) == 0
    told = capsys.readouterr().out
    for program in PROGRAMS:
        assert (
            f"{program.id}, version {program.version}, a state for each {program.scope}\n" in told
        )
        assert mermaid(program.phases) in told
        assert all(action.name in told for action in program.actions if action.by != "agent")
        assert all(f"{agent.name} ({agent.stage})" in told for agent in program.agents)
        assert known(program.id) is program
    assert len({program.id for program in PROGRAMS}) == len(PROGRAMS)
    assert known("habits") is None


def test_one_of_an_application_stands_beside_them(capsys: pytest.CaptureFixture[str]) -> None:
    """What it has none of is left out."""
    assert main(["programs", HERE]) == 0
    told = capsys.readouterr().out
    assert told.index(PROGRAMS[0].id) < told.index("habits, version 1, a state for each user\n")
    own = told.partition("habits, version 1")[2]
    rows = [line.split()[0] for line in own.splitlines()[1:6] if not line.startswith("   ")]
    assert rows == ["phases", "ends", "coach", "user", "both"]
    assert "  user    thank\n" in own
    assert own.endswith(mermaid(HABITS.phases))
    assert max(map(len, own.partition("\n\n")[0].splitlines())) <= 80


def test_the_one_of_the_examples_stands_beside_those_of_the_library(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are told in the same words, whoever has written them, and each with its diagram."""
    monkeypatch.syspath_prepend(EXAMPLES)
    assert main(["programs", "your_own_program:HABITS"]) == 0
    told = capsys.readouterr().out
    programs = [*PROGRAMS, imported("your_own_program:HABITS", "MODULE:NAME")]
    assert len({program.id for program in programs}) == 3
    heads = [f"{one.id}, version {one.version}, a state for each {one.scope}\n" for one in programs]
    places = [told.index(head) for head in heads]
    assert places == sorted(places)
    for program in programs:
        assert mermaid(program.phases) in told


@pytest.mark.parametrize("where", ["", "habits", "no_such_module:X", f"{HERE}S", "json:dumps"])
def test_what_is_no_program_is_told(where: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, and nothing else is printed."""
    before = [*sys.path]
    assert main(["programs", where]) == 2
    told = "coachwork: VALIDATION: MODULE:NAME: expected module:NAME of a Program\n"
    assert capsys.readouterr() == ("", told)
    with pytest.raises(ValidationError, match="--program"):
        imported(where, "--program")
    assert sys.path == before
