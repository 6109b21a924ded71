"""Killed at any moment, the agents of a plan go on to its brief, and each success counts once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.agent_kills import kill_agents


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes would take too long to start")
def test_fifty_kills_lose_nothing_but_the_runs_under_way(tmp_path: Path) -> None:
    """After each kill -9 the agents go on; in the end each brief is there, each section once."""
    tally = kill_agents(tmp_path / "killed.db", 50, seed=1)
    assert tally.faults == []
    assert tally.kills == 50
    assert tally.plans > 1
    assert tally.left[1] + tally.left[2] > 0
    assert tally.lost > 0
