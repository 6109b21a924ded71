"""The program ``coachwork``: the library's main job, at a terminal.

Importing this room imports neither rich nor a database; the commands that need them load them.
"""

from coachwork.cli._main import main

__all__ = ["main"]
