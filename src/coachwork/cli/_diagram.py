"""``coachwork diagram``: the machines of the library, drawn from their tables."""

from __future__ import annotations

from typing import Final

from coachwork.diagrams import dot, markdown, mermaid
from coachwork.jobs import JOB
from coachwork.sessions import SESSION

MACHINES: Final = ("session", "job")
"""What can be drawn."""

FORMATS: Final = ("mermaid", "dot", "markdown")
"""How it can be drawn."""


def diagram(machine: str, form: str) -> int:
    """Print the picture of *machine*, one of `MACHINES`, in one of `FORMATS`."""
    if form == "dot":
        drawn = dot(SESSION) if machine == "session" else dot(JOB)
    elif form == "markdown":
        drawn = markdown(SESSION) if machine == "session" else markdown(JOB)
    else:
        drawn = mermaid(SESSION) if machine == "session" else mermaid(JOB)
    print(drawn, end="")
    return 0
