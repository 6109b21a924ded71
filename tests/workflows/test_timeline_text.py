"""A timeline as text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coachwork.plain import JSON
from coachwork.programs.identity import IDENTITY, CoachState, Identity
from coachwork.topics import Topic
from coachwork.workflows import Timeline, act, timeline, timeline_text
from tests.faults import ADA, World
from tests.workflows.test_timeline import (
    DAILY,
    TALK,
    add,
    begun,
    click,
    coach,
    new_world,
    say,
    told,
)


def test_a_whole_timeline() -> None:
    """What was said and done, and what is new in the state."""
    world = new_world()
    session = begun(world, DAILY)
    say(world, DAILY, session, add("read"), "fly")
    click(world, DAILY, session, "begin", message=3)
    text = timeline_text(told(world, DAILY, session))
    actions = '[{"type": "add_habit", "parameters": {"name": "read"}}, {"type": "fly"}]'
    habit = f'{{"id": "id-00009.1.1", "name": "read", "message": "{session}.2"}}'
    assert text.splitlines() == [
        f"Session {session} on daily: active, 1 turn, program habits",
        "Phase START",
        "",
        "2026-01-05 09:01:00  1. coach",
        "    Go on.",
        "",
        "2026-01-05 09:02:00  2. user",
        f"    {actions}",
        "",
        "2026-01-05 09:02:00  3. coach",
        "    Done.",
        "  + add_habit: added read",
        "  - fly: refused, there is no action fly",
        f"  habits: {habit}",
        '  at: "2026-01-05T09:02:00.000000Z"',
        "",
        "2026-01-05 09:03:00     user clicks at 3",
        "  + begin: began",
        "  phase: START -> DOING",
    ]


def changes(*values: JSON) -> list[list[str]]:
    """Return what is told of a state in which the first value becomes the next, and so on."""
    world = new_world()
    session = begun(world, DAILY)
    for value in values:
        world.run(act(world.setup, ADA, DAILY, session, "keep", {"what": value}, message=1))
    _, *clicks = timeline_text(told(world, DAILY, session)).split("clicks at 1\n")[1:]
    return [
        [line.strip() for line in text.splitlines() if line.startswith("  anything")]
        for text in clicks
    ]


@pytest.mark.parametrize("name", ["id", "step", "name", "agent"])
def test_of_a_list_only_what_differs_is_told(name: str) -> None:
    """Elements are known by their id, else by another name; of a changed one, what has changed."""
    long: JSON = {name: "long", "text": "x" * 500}
    one: JSON = {name: "1", "mood": "low", "notes": ["a"], "updated_at": 1}
    two: JSON = {name: "1", "mood": "high", "notes": ["a", "b"], "updated_at": 2}
    three: JSON = {name: "1", "mood": "high", "notes": ["a", "b"], "updated_at": 3}
    last: JSON = {name: "2", "text": "last"}
    assert changes([long], [long, one], [long, two, last], [long, three, last], [last, long]) == [
        [f"anything: {json.dumps(one)}"],
        ['anything[1].mood: "high"', 'anything[1].notes: "b"', f"anything: {json.dumps(last)}"],
        [],
        [f"anything: removed {json.dumps(three)}"],
    ]


@pytest.mark.parametrize(
    "old, new, lines",
    [
        (["a", "b"], ["b", "c", "c"], [': "c"', ': "c"', ': removed "a"']),
        (["a", "b"], ["b", "a"], [': ["b", "a"]']),
        ([{"id": "1"}, {"id": "2"}], [{"id": "2"}, {"id": "1"}], [': [{"id": "2"}, {"id": "1"}]']),
        ([{"id": "1", "n": 1}], [{"id": "1", "n": 1}, {"id": "1", "n": 2}],
         [': {"id": "1", "n": 2}']),
        ([{"id": 1, "n": 1}], [{"id": 1, "n": 2}],
         [': {"id": 1, "n": 2}', ': removed {"id": 1, "n": 1}']),
        ([{"n": 1}], [{"n": 2}], [': {"n": 2}', ': removed {"n": 1}']),
        ([{"id": "1", "n": 1}, 5], [{"id": "1", "n": 2}, 5],
         [': {"id": "1", "n": 2}', ': removed {"id": "1", "n": 1}']),
        ({"a": 1, "b": [2], "c": 3}, {"b": [2, 4], "c": 3, "d": {"e": 5}},
         [".b: 4", '.d: {"e": 5}', ".a: removed 1"]),
        ({"a": 1}, ["a"], [': ["a"]']),
        ([], {"a": 1}, [': {"a": 1}']),
        ("START", "DOING", [': "DOING"']),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict | str) else None,
)  # fmt: skip
def test_what_differs_is_told_and_nothing_else(old: JSON, new: JSON, lines: list[str]) -> None:
    """By name, or else by value; only what changes its kind or its order is told as a whole."""
    assert changes(old, new) == [[f"anything{line}" for line in lines]]


def identities(found: Timeline[Any]) -> tuple[Identity, ...]:
    """Return the identities at the end."""
    state = found.entries[-1].state
    assert isinstance(state, CoachState)
    return state.identities


def test_when_a_state_changed_is_not_told_again() -> None:
    """It stands above; and of several identities the one that changed is told."""
    topic = Topic(id="self", system="Listen.", program=IDENTITY)
    world = World([topic], coach)
    session = begun(world, topic)
    names = [{"name": name, "category": "GOALS", "statement": "s" * 300} for name in "AB"]
    create = [{"type": "create_identity", "parameters": given} for given in names]
    move = {"type": "transition_phase", "parameters": {"to": "IDENTITY_CREATION"}}
    accept = {"type": "accept_identity", "parameters": {"identity": "B"}}
    ask = {"type": "ask_question", "parameters": {"text": "Who are you?"}}
    answer = {"type": "answer_question", "parameters": {"question": "Who are you?"}}
    say(world, topic, session, ask)
    say(world, topic, session, answer, move, *create)
    say(world, topic, session, accept)
    found = told(world, topic, session)
    text = timeline_text(found)
    second = next(one.id for one in identities(found) if one.name == "B")
    changed = f'identities[{second}].status: "accepted"'
    assert text.endswith(f'  + accept_identity: accepted "B"\n  {changed}\n')
    assert "updated_at: " not in text
    assert "current_phase" not in text


def test_a_talk_without_a_program() -> None:
    """Lines stay lines; what cannot be told is left out."""
    world = new_world()
    session = begun(world, TALK)
    world.model = lambda _: "One.\nTwo."
    say(world, TALK, session)
    say(world, TALK, session)
    lines = timeline_text(told(world, TALK, session)).splitlines()
    assert lines[0] == f"Session {session} on talk: active, 2 turns"
    assert lines[4:8] == ["", "2026-01-05 09:02:00  2. coach", "    One.", "    Two."]


def test_a_program_that_nobody_declares() -> None:
    """Phases, as far as they are known."""
    world = new_world()
    session = begun(world, DAILY)
    say(world, DAILY, session, "begin")
    say(world, DAILY, session)
    found = world.run(timeline(world.setup, ADA, None, session))
    text = timeline_text(found)
    assert "Phase" not in text
    assert text.count("  phase: DOING\n") == 1
    assert "at:" not in text


def test_a_long_value_is_cut() -> None:
    """A state may be large; a summary may have several lines."""
    world = new_world()
    session = begun(world, DAILY)
    show = {"type": "show", "parameters": {"text": "x" * 500}}
    say(world, DAILY, session, show)
    (line,) = (
        line
        for line in timeline_text(told(world, DAILY, session)).splitlines()
        if line.startswith("  anything:")
    )
    assert line.endswith("x...")
    assert len(line) < 230
