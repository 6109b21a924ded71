"""What the model must be shown."""

from __future__ import annotations

import pytest

from coachwork.plain import JSON
from coachwork.testing import NOON
from coachwork.testing.stateful._topics import TALK, VALUES
from coachwork.testing.stateful.oracle import Job, Said, Session
from coachwork.testing.stateful.oracle._prompts import prompt

EMPTY: JSON = {"phase": "OPEN", "names": []}
SYSTEM = ("system", "Coach Ada.")
WINDOWS = {
    "greeting": [SYSTEM, ("instruction", "Greet Ada.")],
    "reply": [SYSTEM, ("user", "c"), ("coach", "d"), ("user", "e")],
    "welcome_back": [
        SYSTEM,
        ("coach", "d"),
        ("user", "e"),
        ("instruction", "Turn 2 of 3: the story"),
    ],
    "extraction": [
        SYSTEM,
        *[("user", "a"), ("coach", "b"), ("user", "c"), ("coach", "d"), ("user", "e")],
        ("coach", "Bye."),
        ("instruction", "Turn 2. What does Ada value?"),
    ],
}


def a_session() -> Session:
    """Return a session in which five things were said."""
    session = Session(("acme", "ada"), VALUES, {"name": "Ada"}, NOON, NOON, turns=2)
    job = Job(session, "reply", None, NOON, NOON, NOON)
    roles = ("user", "coach") * 3
    session.log += [Said(role, text, NOON, job) for role, text in zip(roles, "abcde", strict=False)]
    return session


@pytest.mark.parametrize("purpose", WINDOWS)
def test_each_purpose_shows_what_it_needs(purpose: str) -> None:
    """The system prompt, as much of the talk as the window holds, and the instruction."""
    said = "Bye." if purpose == "extraction" else None
    assert prompt(a_session(), purpose, EMPTY, said=said, story="the story") == WINDOWS[purpose]


def test_values_go_in_as_they_are() -> None:
    """Texts are no templates, and what is no text goes in as JSON."""
    session = Session(("acme", "ada"), VALUES, {"name": ["{name}", None]}, NOON, NOON)
    assert prompt(session, "reply", EMPTY, said=None, story="")[0] == (
        "system",
        'Coach ["{name}",null].',
    )
    talk = Session(("acme", "ada"), TALK, {}, NOON, NOON)
    shown = prompt(talk, "welcome_back", EMPTY, said=None, story="{max_turns}")
    assert shown[-1] == ("instruction", "So far: {max_turns}")


def test_a_program_tells_of_its_state() -> None:
    """After the system prompt, but where the result is asked for."""
    talk = Session(("acme", "ada"), TALK, {}, NOON, NOON)
    state: JSON = {"phase": "OPEN", "names": ["flint"]}
    shown = prompt(talk, "reply", state, said=None, story="")
    assert [role for role, _ in shown] == ["system", "system"]
    assert "Pebbles: flint." in shown[1][1]
    assert "Pebbles" not in str(prompt(talk, "extraction", state, said=None, story=""))
