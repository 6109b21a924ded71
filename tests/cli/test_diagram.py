"""`coachwork diagram`."""

from __future__ import annotations

import pytest

from coachwork.cli import main
from coachwork.cli._diagram import FORMATS, MACHINES
from coachwork.diagrams import dot, markdown, mermaid
from coachwork.jobs import JOB
from coachwork.sessions import SESSION

DRAWN = {
    ("session", "mermaid"): mermaid(SESSION),
    ("session", "dot"): dot(SESSION),
    ("session", "markdown"): markdown(SESSION),
    ("job", "mermaid"): mermaid(JOB),
    ("job", "dot"): dot(JOB),
    ("job", "markdown"): markdown(JOB),
}


def test_all_combinations_are_tested() -> None:
    """Every machine is drawn in every format here."""
    assert set(DRAWN) == {(machine, form) for machine in MACHINES for form in FORMATS}


@pytest.mark.parametrize("machine,form", list(DRAWN))
def test_a_machine_is_drawn(machine: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the picture of the table and nothing else."""
    assert main(["diagram", machine, "--format", form]) == 0
    assert capsys.readouterr() == (DRAWN[machine, form], "")


def test_the_session_as_mermaid_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments the session's machine is drawn."""
    assert main(["diagram"]) == 0
    assert capsys.readouterr().out == mermaid(SESSION)
