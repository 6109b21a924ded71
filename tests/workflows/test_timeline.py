"""A conversation as it went is told from what is stored."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork import AsyncCoach, Coach
from coachwork.actions import ActionStatus
from coachwork.adapters import Memory, ScriptedModel
from coachwork.diagrams import mermaid
from coachwork.errors import (
    CorruptRecordError,
    SessionAccessDeniedError,
    SessionNotFoundError,
    ValidationError,
)
from coachwork.plain import to_json
from coachwork.ports import Ask
from coachwork.programs import Program, Scope
from coachwork.records import AUDIT, Update
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Timeline,
    act,
    export_scenario,
    plant,
    program_state,
    send,
    start,
    timeline,
    timeline_text,
)
from tests.between import between
from tests.faults import ADA, BEN, World
from tests.programs.habits import HABITS, Event, Habits, Phase

OWN: Final = Program(
    id="own",
    state=Habits,
    phases=HABITS.phases,
    prompt=HABITS.prompt,
    actions=HABITS.actions,
    scope=Scope.SESSION,
)
DAILY: Final = Topic(id="daily", system="Listen.", initiation="Say hello.", program=HABITS)
MORE: Final = Topic(id="more", system="Listen.", program=HABITS)
PLAN: Final = Topic(id="plan", system="Listen.", program=OWN)
TALK: Final = Topic(id="talk", system="Listen.")


def coach(ask: Ask) -> str:
    """Do what the user says: a list of actions as JSON, or nothing."""
    said = ask.messages[-1].text
    if not said.startswith("["):
        return "Go on."
    return json.dumps({"message": "Done.", "is_final": False, "actions": json.loads(said)})


def new_world() -> World:
    """Return a world with all these topics."""
    return World([DAILY, MORE, PLAN, TALK], coach)


def begun(world: World, topic: Topic[Any]) -> str:
    """Start a session."""
    world.clock.advance(minutes=1)
    return world.run(start(world.setup, ADA, topic)).session.id


def say(world: World, topic: Topic[Any], session: str, *actions: str | dict[str, Any]) -> None:
    """Let the user say something, and the coach do these."""
    world.clock.advance(minutes=1)
    asked = [{"type": one} if isinstance(one, str) else one for one in actions]
    text = json.dumps(asked) if actions else "Hello."
    world.run(send(world.setup, ADA, topic, session, text))


def click(world: World, topic: Topic[Any], session: str, name: str, message: int = 1) -> None:
    """Let the user click."""
    world.clock.advance(minutes=1)
    world.run(act(world.setup, ADA, topic, session, name, {}, message=message))


def add(name: str) -> dict[str, Any]:
    """Return the action that adds a habit."""
    return {"type": "add_habit", "parameters": {"name": name}}


def told(world: World, topic: Topic[Any] | None, session: str) -> Timeline[Any]:
    """Return the timeline of Ada's session."""
    return world.run(timeline(world.setup, ADA, topic, session))


def habits(entry: Any) -> list[str]:  # noqa: ANN401 - a state
    """Return the names of the habits of a state."""
    return [habit.name for habit in entry.state.habits]


def test_each_message_has_its_actions_and_the_state_after_it() -> None:
    """Refused actions too; a click is an entry of its own, where it came."""
    world = new_world()
    session = begun(world, DAILY)
    say(world, DAILY, session, add("read"), "fly", add("walk"))
    click(world, DAILY, session, "thank", message=3)
    say(world, DAILY, session)
    click(world, DAILY, session, "begin", message=5)
    found = told(world, DAILY, session)
    assert (found.session.id, found.program, found.phase) == (session, "habits", "START")
    assert habits(found) == []
    assert [
        (entry.message.sequence if entry.message else None, [one.type for one in entry.actions])
        for entry in found.entries
    ] == [
        (1, []),
        (2, []),
        (3, ["add_habit", "fly", "add_habit"]),
        (None, ["thank"]),
        (4, []),
        (5, []),
        (None, ["begin"]),
    ]
    assert [habits(entry) for entry in found.entries] == [[], [], *[["read", "walk"]] * 5]
    assert [entry.phase for entry in found.entries] == ["START"] * 6 + ["DOING"]
    statuses = [action.status for action in found.entries[2].actions]
    assert statuses == [ActionStatus.APPLIED, ActionStatus.REFUSED, ActionStatus.APPLIED]
    assert found.path == ((Phase.START, Event.BEGIN, Phase.DOING),)
    instants = [entry.at for entry in found.entries]
    assert instants == sorted(instants)
    stored = world.run(program_state(world.setup, ADA, HABITS)).state
    assert found.entries[-1].state == stored
    assert json.dumps(to_json(found))


def test_the_way_can_be_drawn() -> None:
    """Through the table of the program's phases; several moves at one message are all there."""
    world = new_world()
    session = begun(world, DAILY)
    say(world, DAILY, session, "begin", {"type": "jump", "parameters": {"to": "DONE"}})
    found = told(world, DAILY, session)
    assert found.path == (
        (Phase.START, Event.BEGIN, Phase.DOING),
        (Phase.DOING, Event.END, Phase.DONE),
    )
    assert "class DONE taken" in mermaid(HABITS.phases, found.path)


def test_what_other_sessions_did_counts_and_is_not_told() -> None:
    """Before the first message, in between, and not after the last."""
    world = new_world()
    first = begun(world, DAILY)
    say(world, DAILY, first, add("one"))
    second = begun(world, MORE)
    say(world, MORE, second, add("two"))
    say(world, DAILY, first, add("three"))
    say(world, MORE, second)
    say(world, DAILY, first, "begin")
    found = told(world, MORE, second)
    assert habits(found) == ["one"]
    assert [habits(entry) for entry in found.entries] == [
        ["one"],
        ["one", "two"],
        ["one", "two", "three"],
        ["one", "two", "three"],
    ]
    assert [entry.phase for entry in found.entries] == ["START"] * 4
    assert found.path == ()
    other = told(world, DAILY, first)
    assert [habits(entry) for entry in other.entries] == [
        [],
        [],
        ["one"],
        ["one", "two"],
        ["one", "two", "three"],
        ["one", "two", "three"],
        ["one", "two", "three"],
    ]


def test_a_session_may_have_a_state_of_its_own() -> None:
    """What others did is nothing to it."""
    world = new_world()
    first = begun(world, PLAN)
    say(world, PLAN, first, add("one"))
    second = begun(world, PLAN)
    say(world, PLAN, second, add("two"))
    assert [habits(entry) for entry in told(world, PLAN, second).entries] == [[], ["two"]]
    assert [habits(entry) for entry in told(world, PLAN, first).entries] == [[], ["one"]]


def test_before_the_first_action_a_state_is_as_it_begins() -> None:
    """And a session in which nothing was said has no entries."""
    world = new_world()
    session = begun(world, MORE)
    found = told(world, MORE, session)
    assert (found.phase, habits(found), found.entries) == ("START", [], ())
    say(world, MORE, session)
    assert [entry.phase for entry in told(world, MORE, session).entries] == ["START"] * 2


def test_a_click_before_anything_was_said() -> None:
    """There is a greeting at least; where it began, stands before it."""
    world = new_world()
    session = begun(world, DAILY)
    world.run(act(world.setup, ADA, DAILY, session, "begin", {}, message=1))
    found = told(world, DAILY, session)
    assert [(entry.message is None, entry.phase) for entry in found.entries] == [
        (False, "START"),
        (True, "DOING"),
    ]


def test_a_greeting_may_bring_actions() -> None:
    """Where the program stood before is told, too."""
    world = new_world()
    world.model = lambda _: json.dumps(
        {"message": "Hello.", "is_final": False, "actions": [add("read")]}
    )
    found = told(world, DAILY, begun(world, DAILY))
    assert habits(found) == []
    assert [habits(entry) for entry in found.entries] == [["read"]]


def test_a_topic_without_a_program() -> None:
    """Messages alone."""
    world = new_world()
    session = begun(world, TALK)
    say(world, TALK, session)
    found = told(world, TALK, session)
    assert (found.program, found.phase, found.state, found.path) == (None, None, None, ())
    assert [(e.message and e.message.text, e.actions, e.phase) for e in found.entries] == [
        ("Hello.", (), None),
        ("Go on.", (), None),
    ]


@pytest.mark.parametrize("topic", [None, DAILY], ids=["only its id", "declared no more"])
def test_a_program_that_nobody_declares(topic: Topic[Any] | None) -> None:
    """What was done is told as the log has it: actions and phases, and no states."""
    world = new_world()
    session = begun(world, DAILY)
    say(world, DAILY, session, add("read"))
    click(world, DAILY, session, "begin", message=1)
    world.declare(TALK)
    found = told(world, topic, session)
    assert (found.program, found.phase, found.path) == ("habits", None, ())
    assert [(len(entry.actions), entry.phase, entry.state) for entry in found.entries] == [
        (0, None, None),
        (0, None, None),
        (1, "START", None),
        (1, "DOING", None),
    ]


def test_what_an_older_version_judged() -> None:
    """Its actions may mean something else today, so phases are told, and what it all led to."""
    world = new_world()
    session = begun(world, DAILY)
    say(world, DAILY, session, add("read"))
    newer = evolve(HABITS, version=2, upcasts={1: lambda plain: plain})
    topic = Topic(id="daily", system="Listen.", program=newer)
    world.declare(topic)
    say(world, topic, session, "begin")
    found = told(world, topic, session)
    last = world.run(program_state(world.setup, ADA, newer)).state
    assert [habit.name for habit in last.habits] == ["read"]
    assert [(entry.phase, entry.state) for entry in found.entries] == [
        (None, None),
        (None, None),
        ("START", None),
        ("START", None),
        ("DOING", last),
    ]
    assert found.path == ()
    assert "read" in timeline_text(found).rpartition("begin")[2]


def test_what_comes_later_is_not_told_of_an_older_version_either() -> None:
    """Where a reply comes after the session was read, what is stored is no state of its entries."""
    newer = evolve(HABITS, version=2, upcasts={1: lambda plain: plain})
    topic = Topic(id="daily", system="Listen.", program=newer)
    last: set[tuple[int, bool]] = set()
    for number in range(20):
        world = new_world()
        session = begun(world, DAILY)
        say(world, DAILY, session, add("read"))
        world.declare(topic)
        happened: list[str] = []

        def meanwhile(
            world: World = world, session: str = session, happened: list[str] = happened
        ) -> None:
            happened.append("a reply")
            say(world, topic, session, add("walk"))

        asked = timeline(world.setup, ADA, topic, session)
        found = world.run(between(asked, number, meanwhile))
        last.add((len(found.entries), found.entries[-1].state is None))
        if not happened:
            break
    assert last == {(3, False), (3, True), (5, False)}


def test_what_is_damaged_is_told() -> None:
    """An audit that is gone, or one that cannot be applied again."""
    world = new_world()
    world.checks = False
    session = begun(world, DAILY)
    say(world, DAILY, session, add("read"))
    (record,) = (record for record in world.records() if record.key.kind == "audit")
    audit = AUDIT.read(record).value
    spoilt = evolve(audit, actions=tuple(evolve(one, parameters={}) for one in audit.actions))
    world.memory.commit([Update(AUDIT.record(spoilt, 2))])
    with pytest.raises(CorruptRecordError, match="applied again"):
        told(world, DAILY, session)
    assert isinstance(world.memory, Memory)
    world.memory._by_kind["audit"].clear()
    with pytest.raises(CorruptRecordError, match="missing"):
        told(world, DAILY, session)


def test_it_is_the_callers_own() -> None:
    """Like every question about a session."""
    world = new_world()
    session = begun(world, DAILY)
    for caller, topic, name, error in (
        (BEN, DAILY, session, SessionAccessDeniedError),
        (Caller("other", "ada"), DAILY, session, SessionNotFoundError),
        (ADA, MORE, session, SessionNotFoundError),
        (ADA, DAILY, "nothing", SessionNotFoundError),
        (ADA, DAILY, "", ValidationError),
    ):
        with pytest.raises(error):
            world.run(timeline(world.setup, caller, topic, name))


@pytest.mark.parametrize("known", [True, False], ids=["declared", "only its id"])
def test_the_world_moves_at_any_step(known: bool) -> None:  # noqa: FBT001 - a case
    """What is told is a beginning of what there is, and each message has its actions."""
    counts: set[int] = set()
    for number in range(50):
        world = new_world()
        session = begun(world, DAILY)
        say(world, DAILY, session, add("read"))
        happened: list[int] = []

        def meanwhile(
            world: World = world, session: str = session, happened: list[int] = happened
        ) -> None:
            happened.append(1)
            say(world, DAILY, session, add("walk"))

        asked = timeline(world.setup, ADA, DAILY if known else None, session)
        found = world.run(between(asked, number, meanwhile))
        counts.add(len(found.entries))
        for entry in found.entries:
            done = entry.message is not None and entry.message.text == "Done."
            assert len(entry.actions) == done
        if not happened:
            break
    assert counts == {3, 5}


def test_what_was_planted_has_its_timeline() -> None:
    """The same as it was, under the new ids."""
    world = new_world()
    session = begun(world, DAILY)
    say(world, DAILY, session, add("read"), add("walk"))
    click(world, DAILY, session, "begin", message=3)
    other = Caller("acme", "test", "trial")
    world.checks = False
    document = world.run(export_scenario(world.setup, ADA))
    planted = world.run(plant(world.setup, other, document)).sessions[session]
    found = world.run(timeline(world.setup, other, DAILY, planted))
    assert [entry.phase for entry in found.entries] == [
        entry.phase for entry in told(world, DAILY, session).entries
    ]
    assert found.path == told(world, DAILY, session).path


def test_both_colours() -> None:
    """A chat knows its own timeline."""
    memory = Memory()
    with Coach(memory, ScriptedModel(["Hello."]), topics=[DAILY]) as one:
        chat = one.as_user("ada").start(DAILY)
        found = chat.timeline()

    async def main() -> Timeline[Any]:
        async with AsyncCoach(memory, ScriptedModel(), topics=[DAILY]) as other:
            return await other.as_user("ada").session(DAILY, chat.session_id).timeline()

    assert [entry.message and entry.message.text for entry in found.entries] == ["Hello."]
    assert asyncio.run(main()).entries == found.entries


def test_nothing_is_written() -> None:
    """It is no activity."""
    world = new_world()
    session = begun(world, DAILY)
    say(world, DAILY, session, add("read"))
    before = world.records()
    told(world, DAILY, session)
    assert world.records() == before
