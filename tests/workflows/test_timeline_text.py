"""A timeline as text."""

from __future__ import annotations

from coachwork.workflows import timeline, timeline_text
from tests.faults import ADA
from tests.workflows.test_timeline import (
    DAILY,
    TALK,
    add,
    begun,
    click,
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
        f"  habits: [{habit}]",
        '  at: "2026-01-05T09:02:00.000000Z"',
        "",
        "2026-01-05 09:03:00     user clicks at 3",
        "  + begin: began",
        "  phase: START -> DOING",
        '  phase: "DOING"',
    ]


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
