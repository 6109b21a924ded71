"""What the demos of programs have in common."""

from __future__ import annotations

import json

import pytest

from coachwork.adapters import Memory, ScriptedModel
from coachwork.cli._playing import Click, Press, play, show_entry
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, Coach
from coachwork.programs.identity import IDENTITY
from coachwork.topics import Topic

DAILY = Topic(id="daily", system="Listen.", initiation="Begin.", program=IDENTITY)
REFUSED = {"type": "fly", "parameters": {}}


def begun() -> Chat[None]:
    """Return a session whose coach shows something in each message."""
    replies = [
        json.dumps(
            {
                "message": "Well.",
                "actions": [{"type": "ask_question", "parameters": asked}, REFUSED],
            }
        )
        for asked in ({"text": "Who are you?"}, {"text": "And who else?"})
    ]
    coach = Coach(Memory(), ScriptedModel(replies), topics=[DAILY])
    return coach.as_user("ada").start(DAILY)


def test_all_is_said_and_pressed_in_order() -> None:
    """Each at the coach's newest message, also where the session was found again."""
    chat = begun()
    (component,) = chat.greeting.components
    play(chat, [Click("add_who_you_are", {"texts": ["patient"]})])
    again = chat._coach.as_user("ada").session(DAILY, chat.session_id)
    play(again, ["Hello.", Press(component.kind)])
    told = chat._coach.as_user("ada").actions(IDENTITY).actions
    clicks = [(action.type, action.message) for action in told if action.sender == "user"]
    assert clicks == [("add_who_you_are", 1), (component.buttons[0].action, 3)]


def test_actions_are_shown_with_what_came_of_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Applied, refused and pressed ones differ; buttons stand beside what is shown."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    chat = begun()
    play(chat, [Click("add_who_you_are", {"texts": ["patient"]})])
    terminal = Terminal(user="Ada")
    for entry in chat.timeline().entries:
        show_entry(terminal, entry)
    label = chat.greeting.components[0].buttons[0].label
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "coach  Well."
    assert lines[1].startswith("+  ask_question: ")
    assert lines[2].startswith("shown  ")
    assert lines[2].endswith(f" [{label}]")
    assert lines[3].startswith("-  fly: refused, there is no")
    assert lines[4].startswith("presses  add_who_you_are: ")
