"""What stands behind the ports: skins, each of which may be replaced by an application's own.

Importing this room imports no database and no event loop; what needs one is loaded when it is
asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coachwork.adapters._agents import AsyncModelAgents, ModelAgents
from coachwork.adapters._bell import AsyncRingingDispatcher, Bell, RingingDispatcher
from coachwork.adapters._cache import CacheFigures
from coachwork.adapters._cached import AsyncCached, Cached
from coachwork.adapters._memory import Memory
from coachwork.adapters._notifier import LocalNotifier, Subscription
from coachwork.adapters._recorded import RecordedModel
from coachwork.adapters._scripted import Scripted, ScriptedModel, final
from coachwork.adapters._scripted_agents import ScriptedAgents
from coachwork.adapters._summarizer import ExtractiveSummarizer
from coachwork.adapters._system import SystemClock, TimeOrderedIds
from coachwork.adapters._templates import BuiltinRenderer, TopicTemplates
from coachwork.adapters._threads import in_threads

if TYPE_CHECKING:
    from coachwork.adapters._sqlite import SQLite
else:  # the checkers would take any name for one that is there

    def __getattr__(name: str) -> object:
        """Load `SQLite` when it is asked for."""
        if name == "SQLite":
            from coachwork.adapters._sqlite import SQLite  # noqa: PLC0415 - it loads a database

            return SQLite
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AsyncCached",
    "AsyncModelAgents",
    "AsyncRingingDispatcher",
    "Bell",
    "BuiltinRenderer",
    "CacheFigures",
    "Cached",
    "ExtractiveSummarizer",
    "LocalNotifier",
    "Memory",
    "ModelAgents",
    "RecordedModel",
    "RingingDispatcher",
    "SQLite",
    "Scripted",
    "ScriptedAgents",
    "ScriptedModel",
    "Subscription",
    "SystemClock",
    "TimeOrderedIds",
    "TopicTemplates",
    "final",
    "in_threads",
]
