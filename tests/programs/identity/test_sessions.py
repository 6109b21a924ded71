"""A session whose coach asks for nothing but nonsense goes on as if it had asked for nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any, Final

import pytest

from coachwork.actions import ActionStatus
from coachwork.programs import MAX_ACTIONS, rebuild
from coachwork.programs.identity import IDENTITY, Category
from coachwork.replies import LEFT_OUT
from coachwork.testing import violations
from coachwork.topics import Topic
from coachwork.workflows import get, program_state, send, start
from tests.faults import ADA, World
from tests.programs.identity.test_invariants import Asked, asked, malformed

TOPIC: Final = Topic(id="identity", system="Listen.", program=IDENTITY)
MALFORMED: Final = 10_000
LONGEST: Final = 35_000
"""How many characters a reply has at most; one that is much longer is none."""


def reply(actions: Sequence[object]) -> str:
    """Return a reply that asks for *actions*."""
    return json.dumps({"message": "Well.", "is_final": False, "actions": [*actions]})


def is_text(action: Asked) -> bool:
    """Whether *action* holds nothing that no text may hold."""
    told = json.dumps(action)
    return "\\ud800" not in told and "\\u0000" not in told


def batch(chance: random.Random) -> list[object]:
    """Return malformed actions, as many as one reply takes; some are no objects at all."""
    found: list[object] = [7, "fly", None, [asked("ask_question", text="Who are you?")]]
    room = LONGEST
    for action in (action for _ in range(6) for action in malformed(chance)):
        size = len(json.dumps(action))
        if len(found) < MAX_ACTIONS and size < room:
            found.append(action)
            room -= size + 2
    return found


RICH: Final = (
    asked("ask_question", text="Who are you?"),
    asked("answer_question", question="Who are you?", answer="A reader."),
    asked("add_who_you_are", texts=["patient"]),
    asked("set_metadata", name="mood", value=[1]),
    asked("transition_phase", to="IDENTITY_CREATION"),
    asked("create_identity", name="Reader", category="PASSIONS", note="of maps"),
    *(asked("skip_category", category=category) for category in Category if category != "PASSIONS"),
)
REFINING: Final = (asked("transition_phase", to="IDENTITY_REFINEMENT"),)


@pytest.mark.parametrize(
    "first, phase",
    [
        ((), "GET_TO_KNOW_YOU"),
        (RICH, "IDENTITY_CREATION"),
        ((*RICH, *REFINING), "IDENTITY_REFINEMENT"),
    ],
)
def test_ten_thousand_malformed_actions_break_no_session(
    first: Sequence[Asked], phase: str
) -> None:
    """Each is recorded as refused, each reply stands, the state is the same; a right one counts."""
    chance = random.Random(1)
    world = World([TOPIC], lambda _: said.pop())
    world.checks = False
    session = world.run(start(world.setup, ADA, TOPIC)).session.id
    said = [reply(first)]
    world.run(send(world.setup, ADA, TOPIC, session, "Hello."))
    before = world.run(program_state(world.setup, ADA, IDENTITY))
    assert before.phase == phase
    count = turns = 0
    while count < MALFORMED // 3 + 1:
        asks = batch(chance)
        said = [reply(asks)]
        turn = world.run(send(world.setup, ADA, TOPIC, session, "Hello."))
        assert turn.message.text == "Well."
        count, turns = count + len(asks), turns + 1
    after = world.run(program_state(world.setup, ADA, IDENTITY))
    assert after.state == before.state if first else after.state.identities == ()
    assert (after.phase, after.audits) == (before.phase, before.audits + turns)
    audits = world.stored("audit")
    actions = [action for audit in audits for action in audit.actions][len(first) :]
    assert [action.status for action in actions] == [ActionStatus.REFUSED] * count
    assert rebuild(IDENTITY, world.stored("progress")[0], audits) == after.state
    assert violations(world.records(), now=world.clock.time) == []
    said = [reply([asked("add_who_you_are", texts=["curious"])])]
    world.run(send(world.setup, ADA, TOPIC, session, "Hello."))
    assert "curious" in world.run(program_state(world.setup, ADA, IDENTITY)).state.who_you_are
    assert world.run(get(world.setup, ADA, TOPIC, session)).turns == turns + 2


def test_an_action_with_what_no_text_may_hold_costs_neither_message_nor_other_actions() -> None:
    """It alone is refused; what no repository can keep is left out of the log."""
    spoiled = [action for action in malformed(random.Random(1)) if not is_text(action)]
    assert spoiled
    good = asked("ask_question", text="Who are you?")
    world = World([TOPIC], lambda _: reply([*spoiled[:9], good]))
    session = world.run(start(world.setup, ADA, TOPIC)).session.id
    assert world.run(send(world.setup, ADA, TOPIC, session, "Hello.")).message.text == "Well."
    (audit,) = world.stored("audit")
    assert [action.status for action in audit.actions[-2:]] == ["refused", "applied"]
    assert audit.actions[0].parameters == LEFT_OUT
    assert violations(world.records(), now=world.clock.time) == []


def test_who_changes_a_view_changes_nothing_else() -> None:
    """Neither the next view, nor what is stored with the next turn."""

    def says(key: str) -> str:
        return reply([asked("set_metadata", name=key, value=[1])])

    replies = [says("b"), says("a")]
    world = World([TOPIC], lambda _: replies.pop())
    session = world.run(start(world.setup, ADA, TOPIC)).session.id
    world.run(send(world.setup, ADA, TOPIC, session, "Hello."))
    view = world.run(program_state(world.setup, ADA, IDENTITY))
    metadata: Any = view.state.metadata
    metadata["evil"] = 1
    metadata["a"].append(2)
    world.run(send(world.setup, ADA, TOPIC, session, "Hello?"))
    after = world.run(program_state(world.setup, ADA, IDENTITY))
    assert after.state.metadata == {"a": [1], "b": [1]}
    (stored,) = world.stored("progress")
    assert stored.state["metadata"] == {"a": [1], "b": [1]}
