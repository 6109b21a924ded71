"""Killed at any moment, a replay loses nothing and goes on to the same end (brief, section 10)."""

from __future__ import annotations

from pathlib import Path

from tests.kills import killer
from tests.recordings import ODD, real, talk, write


def test_a_killed_replay_loses_nothing_and_comes_to_the_same_end(tmp_path: Path) -> None:
    """Whatever was acknowledged before a kill -9 is kept; all is valid; the end is the same."""
    path = write(tmp_path / "talk.csv", [*talk(4, 20), *ODD])
    tally = killer(path, tmp_path, seed=1, synchronous="NORMAL").run(4)
    assert tally.faults == []
    assert tally.kills == 4
    assert tally.acknowledged > 80


def test_a_killed_replay_of_real_conversations_loses_nothing(tmp_path: Path) -> None:
    """The same over some of the real ones; `scripts/kill_replay` does it over all of them."""
    tally = killer(real(), tmp_path, seed=2, synchronous="NORMAL", limit=2).run(3)
    assert tally.faults == []
    assert tally.kills == 3
