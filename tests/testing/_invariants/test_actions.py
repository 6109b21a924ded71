"""Invariant 11: what changes a state of a program is told, in the commit that changes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork.actions import Audit, Sender
from coachwork.adapters import ScriptedAgents
from coachwork.programs import Progress
from coachwork.records import AUDIT, KINDS, PROGRESS, Key, Record
from coachwork.sessions import AccountStatus
from coachwork.testing import step_violations, violations
from coachwork.topics import Topic
from coachwork.workflows import act, run_agent, send, start
from tests.faults import ADA, World
from tests.programs.essays import ESSAY, Section
from tests.programs.habits import HABITS

DAILY: Final = Topic(id="daily", system="Listen.", program=HABITS)
REPLY: Final = (
    '{"message": "Well.", "actions": [{"type": "add_habit", "parameters": {"name": "read"}}]}'
)

State = dict[Key, Record]
Change = Callable[[State], State]


@cache
def states() -> tuple[State, State, State, State]:
    """Return what is stored before the message, with it, after the reply and after a click."""
    world = World([DAILY], lambda _: REPLY)
    session = world.run(start(world.setup, ADA, DAILY)).session.id
    found = [world.records()]

    def answer(_: object) -> str:
        found.append(world.records())
        return REPLY

    world.model = answer
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    found.append(world.records())
    world.clock.advance(seconds=5)
    world.run(act(world.setup, ADA, DAILY, session, "begin", message=2))
    found.append(world.records())
    before, asked, told, clicked = ({one.key: one for one in records} for records in found)
    return before, asked, told, clicked


def without(kind: str, number: int = -1) -> Change:
    """Return what takes a record of that kind away."""

    def change(state: State) -> State:
        key = [key for key in state if key.kind == kind][number]
        return {one: record for one, record in state.items() if one != key}

    return change


def changed(kind: str, number: int = -1, **fields: object) -> Change:
    """Return what changes fields of a record of that kind; its key stays."""

    def change(state: State) -> State:
        key = [key for key in state if key.kind == kind][number]
        value: Any = KINDS[kind].read(state[key]).value
        new = KINDS[kind].record(evolve(value, **fields), state[key].version)
        return {**state, key: evolve(new, key=key)}

    return change


def test_what_the_workflows_store_is_well() -> None:
    """Each state, and each step from one to the next."""
    found = states()
    for state in found:
        assert violations(state.values()) == []
    for before, after in pairwise(found):
        assert step_violations(before.values(), after.values()) == []


@pytest.mark.parametrize(
    "change, wanted",
    [
        (without("audit"), "11: progress acme/habits/ada//: audit 2 is not there"),
        (without("audit", 0), "11: progress acme/habits/ada//: audit 1 is not there"),
        (without("progress"), "11: audit acme/habits/ada///1: no state counts it"),
        (changed("audit", phase="DONE"), "11: progress acme/habits/ada//: its last audit tells of"),
        (changed("audit", 0, message=9), "11: audit acme/habits/ada///1: the message that"),
        (changed("audit", 0, message=1), "11: audit acme/habits/ada///1: the coach's actions"),
        (changed("message", user="ben"), "11: audit acme/habits/ada///2: the message that"),
        (without("account"), "8: progress habits of acme/ada: there is no account"),
    ],
)
def test_a_state_that_is_not_well_is_told(change: Change, wanted: str) -> None:
    """Each thing that is missing or other is named, with the invariant's number."""
    found = violations(change(states()[-1]).values())
    assert any(one.startswith(wanted) for one in found), found


def test_what_is_being_deleted_may_be_gone_in_parts() -> None:
    """A deletion takes audits before states."""
    going = changed("account", status=AccountStatus.DELETING)(states()[-1])
    for gone in (without("audit"), without("progress")):
        found = violations(gone(going).values())
        assert not any(one.startswith("11") for one in found)


def fewer(state: State) -> State:
    """Return *state* with fewer audits counted than there were."""
    return changed("progress", audits=1)(state)


@pytest.mark.parametrize(
    "step, change, wanted",
    [
        (1, without("audit"), "11: progress acme/habits/ada//: audit 1 does not come with it"),
        (1, without("progress"), "11: audit acme/habits/ada///1: no state counts it"),
        (
            1,
            changed("audit", message=1),
            "11: audit acme/habits/ada///1: the message that brings it does not come with it",
        ),
        (2, without("audit"), "11: progress acme/habits/ada//: audit 2 does not come with it"),
        (
            2,
            changed("audit", sender=Sender.COACH),
            "11: audit acme/habits/ada///2: the message that brings it does not come with it",
        ),
        (
            2,
            changed("message", user="ben"),
            "11: audit acme/habits/ada///2: the message that triggered it is not there",
        ),
        (
            2,
            without("receipt"),
            "11: audit acme/habits/ada///2: the user's, and no receipt of a click",
        ),
        (
            2,
            changed("receipt", audit=None),
            "11: audit acme/habits/ada///2: the user's",
        ),
        (2, fewer, "11: progress acme/habits/ada//: it changed, and no audit tells of it"),
        (2, fewer, "11: audit acme/habits/ada///2: no state counts it"),
        (2, changed("audit", 0, phase="DONE"), "11: audit acme/habits/ada///1: it changed"),
        (2, changed("progress", begun="x"), "9: progress acme/habits/ada//: what it began with"),
    ],
)
def test_a_step_that_is_not_well_is_told(step: int, change: Change, wanted: str) -> None:
    """What one commit leaves out, or does besides, is named."""
    before, after = states()[step : step + 2]
    found = step_violations(before.values(), change(after).values())
    assert any(one.startswith(wanted) for one in found), found


def test_instants_of_a_state_never_go_back() -> None:
    """9: The instant of its last change grows."""
    before, after = states()[2:]
    (key,) = [key for key in before if key.kind == "progress"]
    progress: Progress = PROGRESS.read(before[key]).value
    late = {**before, key: PROGRESS.record(evolve(progress, updated_at=_later(after)), 1)}
    early = changed("progress", updated_at=progress.updated_at)(after)
    found = step_violations(late.values(), early.values())
    assert any(one.startswith("9: progress") and "go back" in one for one in found), found


def _later(state: State) -> Any:  # noqa: ANN401 - an instant
    """Return when the last audit was written."""
    audits: list[Audit] = [
        AUDIT.read(record).value for key, record in state.items() if key.kind == "audit"
    ]
    return audits[-1].at


def test_what_goes_is_no_change() -> None:
    """A deletion of a state is judged by nobody here."""
    before = states()[-1]
    after = without("progress")(before)
    assert step_violations(before.values(), after.values()) == []


# --- agents ----------------------------------------------------------------------------------

ESSAYS: Final = Topic(id="essays", system="Listen.", initiation="Begin.", program=ESSAY)


@cache
def agent_states() -> tuple[State, State, State]:
    """Return what is stored before an agent runs, while it does, and when it has answered."""
    found: list[list[Record]] = []

    def answer(_ask: object) -> Section:
        found.append(world.records())
        return Section("x")

    world = World([ESSAYS], lambda _: "Well.", sub_agents=ScriptedAgents(answer))
    session = world.run(start(world.setup, ADA, ESSAYS)).session.id
    click = act(world.setup, ADA, ESSAYS, session, "write", {"subject": "bees"}, message=1)
    world.run(click)
    found.append(world.records())
    world.run(run_agent(world.setup, ADA, ESSAYS, session))
    found.append(world.records())
    before, running, done = ({one.key: one for one in records} for records in found)
    return before, running, done


def test_what_agents_leave_is_well() -> None:
    """It comes alone: no message triggers it, and no receipt tells of it."""
    found = agent_states()
    for state in found:
        assert violations(state.values()) == []
    for before, after in pairwise(found):
        assert step_violations(before.values(), after.values()) == []


@pytest.mark.parametrize(
    "change, wanted",
    [
        (changed("audit", message=1), "an agent's, and a message that triggered it"),
        (changed("audit", sender=Sender.COACH), "an agent's, and a message that triggered it"),
        (changed("audit", 0, message=None), "an agent's, and a message that triggered it"),
        (without("audit"), "audit 3 is not there"),
    ],
    ids=["a message", "the coach's", "a click's", "missing"],
)
def test_an_audit_of_an_agent_that_is_not_well_is_told(change: Change, wanted: str) -> None:
    """Agents alone have no message."""
    found = violations(change(agent_states()[-1]).values())
    assert any(one.startswith("11: ") and wanted in one for one in found), found


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize(
    "change, wanted",
    [
        (without("progress"), "no state counts it"),
        (without("audit"), "does not come with it"),
        (changed("audit", message=1), "an agent's, and a message that triggered it"),
        (changed("audit", sender=Sender.USER), "the user's, and no receipt of a click"),
        (changed("audit", sender=Sender.COACH), "the message that brings it does not come with it"),
    ],
    ids=["no state", "missing", "a message", "the user's", "the coach's"],
)
def test_a_step_of_an_agent_that_is_not_well_is_told(
    step: int, change: Change, wanted: str
) -> None:
    """It begins, or is heard of, in one commit with its state."""
    before, after = agent_states()[step : step + 2]
    found = step_violations(before.values(), change(after).values())
    assert any(one.startswith("11: ") and wanted in one for one in found), found
