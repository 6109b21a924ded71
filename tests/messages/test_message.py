"""One message of a session."""

from __future__ import annotations

import pytest
from attrs import evolve, exceptions

from coachwork.messages import FIRST, Message, Role
from coachwork.plain import from_plain, to_json
from coachwork.testing import NOON

HELLO = Message(
    tenant="acme",
    user="ada",
    session="s-1",
    sequence=FIRST,
    role=Role.USER,
    text="what only the coach shall read",
    at=NOON,
    job="j-1",
)


def test_a_message_never_changes() -> None:
    """What was said stays as it was said; no field can be set."""
    with pytest.raises(exceptions.FrozenInstanceError):
        HELLO.text = "something else"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    assert evolve(HELLO, text="x") != HELLO


def test_its_id_is_its_session_and_its_place() -> None:
    """A message is found by its session and its number there, the first being 1."""
    assert FIRST == 1
    assert HELLO.id == "s-1.1"
    assert evolve(HELLO, sequence=10_000).id == "s-1.10000"


def test_its_text_is_in_no_log() -> None:
    """A representation holds ids and figures only."""
    assert HELLO.text not in repr(HELLO)
    assert "s-1" in repr(HELLO)


def test_two_roles_speak() -> None:
    """User and coach speak, in lower case; instructions to the model are no messages."""
    assert [role.value for role in Role] == ["user", "coach"]


def test_what_is_reserved_is_empty() -> None:
    """Locale, attachments and what it replaces have a place, and nothing in it yet."""
    assert (HELLO.scenario, HELLO.locale, HELLO.attachments, HELLO.supersedes) == (
        None,
        None,
        (),
        None,
    )


def test_it_goes_out_as_plain_data_and_comes_back() -> None:
    """A web service can hand a message on and read it again."""
    plain = to_json(HELLO)
    assert isinstance(plain, dict)
    assert (plain["role"], plain["sequence"], plain["at"]) == (
        "user",
        1,
        "2026-03-02T12:00:00.000000Z",
    )
    assert from_plain(plain, Message) == HELLO
