"""The way that a session took through its table (`coachwork.cli._path`)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachwork.adapters import Memory, ScriptedModel, final
from coachwork.cli._path import path_line, path_of
from coachwork.coach import Chat, Coach
from coachwork.testing import FakeClock
from coachwork.topics import Topic

TOPIC = Topic(id="t", system="s", initiation="i")


def test_the_way_is_told_from_what_is_stored() -> None:
    """Messages, welcome-backs and the end are edges; a pause is where it was found paused."""
    coach = Coach(Memory(), ScriptedModel(["Hi", "a", "back", "b", final()]), topics=[TOPIC])
    ada = coach.as_user("ada")
    chat = ada.start(TOPIC)
    chat.send("one")
    chat.pause()
    paused_at = chat.get().messages
    chat.resume()
    chat.send("two")
    (stored,) = ada.export().sessions
    assert path_line(path_of(stored, {paused_at})) == (
        "ACTIVE -reply-> ACTIVE -message-> ACTIVE -reply-> ACTIVE -pause-> PAUSED "
        "-resume-> ACTIVE -reply-> ACTIVE -message-> ACTIVE -reply-> ACTIVE"
    )
    chat.send("three")
    (stored,) = ada.export().sessions
    assert path_line(path_of(stored, {paused_at})).endswith(
        "-message-> ACTIVE -reply-> ACTIVE -complete-> COMPLETED"
    )


@pytest.mark.parametrize(
    "end,edge",
    [
        (lambda chat: chat.cancel(), "-cancel-> CANCELLED"),
        (lambda chat: chat.complete(), "-complete-> COMPLETED"),
    ],
    ids=["cancel", "complete"],
)
def test_each_end_is_an_edge(end: Callable[[Chat[None]], object], edge: str) -> None:
    """The last edge is the one that ended the session."""
    ada = Coach(Memory(), ScriptedModel(["Hi"]), topics=[TOPIC]).as_user("ada")
    end(ada.start(TOPIC))
    (stored,) = ada.export().sessions
    assert path_line(path_of(stored, ())) == f"ACTIVE -reply-> ACTIVE {edge}"


def test_a_session_that_gave_way_was_abandoned() -> None:
    """One that was replaced, and one that expired, end in ABANDONED."""
    clock = FakeClock()
    coach = Coach(Memory(), ScriptedModel(["Hi"] * 3), topics=[TOPIC], clock=clock)
    ada = coach.as_user("ada")
    ada.start(TOPIC)
    ada.start(TOPIC)
    clock.advance(days=20)
    ada.start(TOPIC)
    told = [path_line(path_of(stored, ())) for stored in ada.export().sessions]
    assert told == [
        "ACTIVE -reply-> ACTIVE -replace-> ABANDONED",
        "ACTIVE -reply-> ACTIVE -expire-> ABANDONED",
        "ACTIVE -reply-> ACTIVE",
    ]
