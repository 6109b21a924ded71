"""The explorer: every way in which workflows may meet, and everything that may go wrong.

It takes workflows as they are shipped, a small world and bounds, and tries every interleaving of
their effects, every crash, every lost answer and every delivery that comes twice or late, up to
the bounds. What it finds is the shortest way to something that does not hold, in words and as a
script. See the how-to *Explore your workflow*.
"""

from coachwork.testing.explorer._commands import commands_of
from coachwork.testing.explorer._exploration import Exploration, Violation, explore
from coachwork.testing.explorer._invariants import Invariants, Outcome, Records, Step
from coachwork.testing.explorer._promises import Promises
from coachwork.testing.explorer._replay import Happening, Replay, replay
from coachwork.testing.explorer._search import BoundReachedError
from coachwork.testing.explorer._world import (
    BEGIN,
    PROMISED,
    Bounds,
    Call,
    Command,
    Fault,
    World,
)

__all__ = [
    "BEGIN",
    "PROMISED",
    "BoundReachedError",
    "Bounds",
    "Call",
    "Command",
    "Exploration",
    "Fault",
    "Happening",
    "Invariants",
    "Outcome",
    "Promises",
    "Records",
    "Replay",
    "Step",
    "Violation",
    "World",
    "commands_of",
    "explore",
    "replay",
]
