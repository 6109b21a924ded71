"""Coaching conversations with a language model, for services that import them.

Declare a `Topic`, put a `Coach` together from a repository and a language model, and talk::

    with Coach(SQLite("coach.db"), model, topics=[CORE_VALUES]) as coach:
        chat = coach.as_user("ada", tenant="acme").start(CORE_VALUES, context={"name": "Ada"})
        turn = chat.send("I value honesty")

What more there is stands in submodules: `coachwork.errors`, `coachwork.adapters`,
`coachwork.ports`, `coachwork.workflows`, `coachwork.sessions`, `coachwork.machine` and others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coachwork.adapters import Memory, in_threads
from coachwork.coach import AsyncChat, AsyncCoach, Chat, Coach
from coachwork.errors import (
    CoachworkError,
    LLMError,
    LLMTimeoutError,
    OutcomeUnknownError,
    RefusedError,
    StoreUnavailableError,
)
from coachwork.messages import Message, Usage
from coachwork.plain import json_schema, to_json
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask
from coachwork.problem import problem
from coachwork.topics import Topic
from coachwork.workflows import Check, Completed, Resumed, SessionView, Turn

if TYPE_CHECKING:
    from coachwork.adapters import SQLite

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Ask",
    "AsyncChat",
    "AsyncCoach",
    "Chat",
    "Check",
    "Coach",
    "CoachworkError",
    "Completed",
    "LLMError",
    "LLMTimeoutError",
    "Memory",
    "Message",
    "OutcomeUnknownError",
    "RefusedError",
    "Resumed",
    "SQLite",
    "SessionView",
    "Settings",
    "StoreUnavailableError",
    "Topic",
    "Turn",
    "Usage",
    "in_threads",
    "json_schema",
    "problem",
    "to_json",
]


def __getattr__(name: str) -> object:
    """Load `SQLite` when it is asked for."""
    if name == "SQLite":
        from coachwork.adapters import SQLite  # noqa: PLC0415 - it loads a database

        return SQLite
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
