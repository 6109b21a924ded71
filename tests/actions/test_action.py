"""Actions and audits as values: where they came from, and what they keep to themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from coachwork.actions import (
    MAX_ACTION_TYPE,
    Action,
    ActionStatus,
    Audit,
    RefusalCode,
    Sender,
)
from coachwork.plain import from_plain, to_json

WORDS: Final = "what nobody else may read"

ACTION: Final = Action(
    id="a-1.1",
    type="add_habit",
    parameters={"name": WORDS},
    status=ActionStatus.REFUSED,
    code=RefusalCode.NOT_POSSIBLE,
    summary=WORDS,
)

AUDIT: Final = Audit(
    id="a-1",
    tenant="acme",
    user="ada",
    session="s-1",
    topic="t",
    program="habits",
    program_version=1,
    subject=None,
    number=1,
    sender=Sender.COACH,
    message=5,
    answers=4,
    at=datetime(2026, 2, 3, 12, 0, tzinfo=UTC),
    actions=(ACTION,),
    phase="START",
)


def test_the_source_is_the_message_that_led_to_it() -> None:
    """The user's that the coach answered, or the one that held the button."""
    assert AUDIT.source == "s-1.4"
    assert evolve(AUDIT, answers=None).source is None
    clicked = evolve(AUDIT, sender=Sender.USER, answers=None)
    assert clicked.source == "s-1.5"


def test_words_of_people_stay_out_of_logs() -> None:
    """Neither parameters nor summaries are told by `repr`."""
    assert WORDS not in repr(AUDIT)
    assert "NOT_POSSIBLE" in repr(AUDIT)


def test_an_audit_has_a_plain_form() -> None:
    """It comes back as it was."""
    assert from_plain(to_json(AUDIT), Audit) == AUDIT


def test_what_happened_never_changes() -> None:
    """Actions and audits are frozen."""
    with pytest.raises(FrozenInstanceError):
        AUDIT.phase = "DONE"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_what_is_stored_are_fixed_words() -> None:
    """Senders and statuses in lower case; codes, as all codes, in upper case."""
    assert [*Sender] == ["coach", "user", "agent"]
    assert [*ActionStatus] == ["applied", "refused"]
    assert all(code.value == code.name for code in RefusalCode)
    assert MAX_ACTION_TYPE == 64
