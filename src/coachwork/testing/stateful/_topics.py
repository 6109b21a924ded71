"""The topics that the sessions of the machine are on: each rule that a topic can set is in one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from coachwork.plain import JSON
from coachwork.testing.stateful._pebbles import PEBBLES
from coachwork.testing.strategies import Values
from coachwork.topics import Topic

VALUES: Final[Topic[Any]] = Topic(
    id="values",
    title="What you hold dear",
    system="Coach {name}.",
    initiation="Greet {name}.",
    resume="Turn {current_turn} of {max_turns}: {conversation_summary}",
    extraction="Turn {current_turn}. What does {name} value?",
    result=Values,
    max_turns=3,
    message_window=3,
    resume_window=2,
)
TALK: Final[Topic[Any]] = Topic(
    id="talk",
    system="Listen.",
    program=PEBBLES,
    resume="So far: {conversation_summary}",
    expires_after=None,
    keep_ended=None,
)
COUNCIL: Final[Topic[Any]] = Topic(
    id="council",
    system="Listen.",
    initiation="Open the council.",
    exclusive=True,
    program=PEBBLES,
    finish_first=True,
)
BOARD: Final[Topic[Any]] = Topic(
    id="board",
    system="Lead.",
    program=PEBBLES,
    exclusive=True,
    allow_take_over=False,
    result=Values,
    max_turns=2,
    complete_at_max_turns=True,
    idle_timeout=timedelta(minutes=5),
    expires_after=timedelta(days=2),
    keep_ended=timedelta(hours=30),
)
TOPICS: Final[Mapping[str, Topic[Any]]] = {
    topic.id: topic for topic in (VALUES, TALK, COUNCIL, BOARD)
}

CONTEXTS: Final[Mapping[str, Mapping[str, JSON]]] = {
    "Ada": {"name": "Ada"},
    "a list": {"name": ["{name}", 7, None], "more": {"deep": [True]}},
    "nothing": {},
}
"""What sessions are started with, by name; nothing will not do where a name is asked for."""
