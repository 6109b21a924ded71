"""Coaching conversations with a language model, for services that import them.

Declare a `Topic`, put a `Coach` together from a repository and a language model, and talk::

    with Coach(SQLite("coach.db"), model, topics=[CORE_VALUES]) as coach:
        chat = coach.as_user("ada", tenant="acme").start(CORE_VALUES, context={"name": "Ada"})
        turn = chat.send("I value honesty")

What more there is stands in submodules: `coachwork.errors`, `coachwork.adapters`,
`coachwork.ports`, `coachwork.workflows`, `coachwork.sessions`, `coachwork.machine` and others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from coachwork.adapters import Memory, SQLite, in_threads
    from coachwork.coach import AsyncChat, AsyncCoach, Chat, Coach
    from coachwork.errors import (
        CoachworkError,
        LLMError,
        LLMTimeoutError,
        OutcomeUnknownError,
        RefusedError,
        StoreUnavailableError,
    )
    from coachwork.jobs import JobRef
    from coachwork.messages import Message, Usage
    from coachwork.plain import json_schema, to_json
    from coachwork.policies import Settings
    from coachwork.ports import Answer, Ask
    from coachwork.problems import problem
    from coachwork.topics import Topic
    from coachwork.worker import AsyncWorker, Worker
    from coachwork.workflows import Check, Completed, JobReport, Resumed, SessionView, Turn
else:  # the checkers would take any name for one that is there

    def __getattr__(name: str) -> object:
        """Load the room of a public name when it is asked for, so that nobody pays for another.

        Who declares topics loads no coach, and who maps errors to responses no repository.
        """
        for room, names in _ROOMS.items():
            if name in names:
                value: object = getattr(import_module(f"coachwork.{room}"), name)
                globals()[name] = value  # the next time it is found at once
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Ask",
    "AsyncChat",
    "AsyncCoach",
    "AsyncWorker",
    "Chat",
    "Check",
    "Coach",
    "CoachworkError",
    "Completed",
    "JobRef",
    "JobReport",
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
    "Worker",
    "in_threads",
    "json_schema",
    "problem",
    "to_json",
]


_ROOMS: Final = {
    "adapters": ("Memory", "SQLite", "in_threads"),
    "coach": ("AsyncChat", "AsyncCoach", "Chat", "Coach"),
    "errors": (
        "CoachworkError",
        "LLMError",
        "LLMTimeoutError",
        "OutcomeUnknownError",
        "RefusedError",
        "StoreUnavailableError",
    ),
    "jobs": ("JobRef",),
    "messages": ("Message", "Usage"),
    "plain": ("json_schema", "to_json"),
    "policies": ("Settings",),
    "ports": ("Answer", "Ask"),
    "problems": ("problem",),
    "topics": ("Topic",),
    "worker": ("AsyncWorker", "Worker"),
    "workflows": ("Check", "Completed", "JobReport", "Resumed", "SessionView", "Turn"),
}
"""Where the public names stand."""


def __dir__() -> list[str]:
    """Tell all public names, loaded or not."""
    return sorted({*globals(), *__all__})
