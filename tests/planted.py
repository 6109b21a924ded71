"""A user's data with something of everything that a scenario may hold, and documents of it."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import Any, Final

from attrs import frozen

from coachwork.adapters import Memory
from coachwork.jobs import JobKind
from coachwork.plain import to_json
from coachwork.ports import Answer, Ask, CommitResult
from coachwork.programs import Program, Scope
from coachwork.records import Insert
from coachwork.testing import Fault
from coachwork.testing.faults import CrashError
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    act,
    cancel,
    export_scenario,
    pause,
    plant,
    resume,
    send,
    start,
)
from tests.faults import Told, World
from tests.programs.habits import HABITS

OWN: Final = Program(
    id="own",
    state=HABITS.state,
    phases=HABITS.phases,
    prompt=HABITS.prompt,
    actions=HABITS.actions,
    scope=Scope.SESSION,
)


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


DAILY: Final = Topic(id="daily", system="Listen.", initiation="Say hello.", program=HABITS)
PLAN: Final = Topic(id="plan", system="Listen.", program=OWN)
TALK: Final = Topic(id="talk", system="Listen to {name}.", result=Values, max_turns=4)
ROOM: Final = Topic(id="room", system="Listen.", exclusive=True)
TOPICS: Final = (DAILY, PLAN, TALK, ROOM)

LIVE: Final = Caller("acme", "live")
"""Whose data is taken out: a user without a scenario."""
TRIAL: Final = Caller("acme", "test", "trial")
"""For whom it is planted."""


def coach(ask: Ask) -> Answer | BaseException:
    """Answer what depends on nothing but what is asked."""
    if ask.purpose is JobKind.EXTRACTION:
        return Answer(text='{"values": ["courage"]}')
    match ask.messages[-1].text:
        case "crash":
            return CrashError()
        case "fail":
            return Answer(text="")
        case "the end":
            return Answer(text=json.dumps({"message": "Well done.", "is_final": True}))
        case "read":
            actions = [
                {"type": "add_habit", "parameters": {"name": "read"}},
                {"type": "fly"},
                {"type": "praise", "parameters": {}},
            ]
            told = {"message": "A habit.", "is_final": False, "actions": actions}
            return Answer(text=json.dumps(told))
    return Answer(text="Go on.")


def new_world(memory: Memory | None = None, **given: Any) -> World:  # noqa: ANN401 - a world's
    """Return a world with all these topics and that coach."""
    world = World(TOPICS, coach, repository=memory, **given)
    world.checks = False
    return world


def copied(world: World) -> World:
    """Return another world in which the same is stored at the same time."""
    memory = Memory()
    records = world.records()
    if records:
        assert memory.commit([Insert(record) for record in records]) is CommitResult.DONE
    copy = new_world(memory)
    copy.clock.time = world.clock.time
    copy.ids.number = world.ids.number
    return copy


def furnish(world: World, caller: Caller = LIVE) -> dict[str, str]:
    """Let *caller* do something of everything; return the ids of the sessions by their topics."""
    run, setup = world.run, world.setup

    def say(topic: Topic[Any], session: str, text: str) -> None:
        world.clock.advance(minutes=1)
        try:
            run(send(setup, caller, topic, session, text))
        except (Exception, CrashError) as error:
            if text not in {"fail", "crash"}:
                raise AssertionError from error

    talk = run(start(setup, caller, TALK, context={"name": "Ada"})).session.id
    say(TALK, talk, "Hello.")
    say(TALK, talk, "the end")
    gone = run(start(setup, caller, ROOM)).session.id
    run(cancel(setup, caller, ROOM, gone))
    daily = run(start(setup, caller, DAILY)).session.id
    say(DAILY, daily, "read")
    say(DAILY, daily, "fail")
    run(act(setup, caller, DAILY, daily, "show", {"text": f"{daily}.3"}, message=3))
    run(pause(setup, caller, DAILY, daily))
    run(resume(setup, caller, DAILY, daily))
    plan = run(start(setup, caller, PLAN)).session.id
    say(PLAN, plan, "read")
    run(pause(setup, caller, PLAN, plan))
    again = run(start(setup, caller, TALK, context={"name": "Ada"})).session.id
    say(TALK, again, "Hello again.")
    say(TALK, again, "crash")
    return {"talk": talk, "room": gone, "daily": daily, "plan": plan, "again": again}


@cache
def _furnished() -> tuple[World, dict[str, str]]:
    world = new_world()
    return world, furnish(world)


def furnished() -> tuple[World, dict[str, str]]:
    """Return a world of its own in which `LIVE` has something of everything, and the sessions."""
    world, ids = _furnished()
    return copied(world), ids


@cache
def _document() -> str:
    world, _ = furnished()
    return json.dumps(to_json(world.run(export_scenario(world.setup, LIVE))))


def document() -> dict[str, Any]:
    """Return what `LIVE` has as it would come out of a file, to be changed at will."""
    read: dict[str, Any] = json.loads(_document())
    return read


@cache
def _left_document() -> str:
    world, _ = furnished()
    world.clock.advance(days=40)
    return json.dumps(to_json(world.run(export_scenario(world.setup, LIVE))))


def left_document() -> dict[str, Any]:
    """Return what `LIVE` has when all sessions have expired: a state alone, which never does."""
    read: dict[str, Any] = json.loads(_left_document())
    return read


@cache
def _long_document() -> str:
    world = new_world()
    session = world.run(start(world.setup, LIVE, DAILY)).session.id
    for _ in range(50):
        world.run(send(world.setup, LIVE, DAILY, session, "read"))
    return json.dumps(to_json(world.run(export_scenario(world.setup, LIVE))))


def long_document() -> dict[str, Any]:
    """Return what takes several commits to plant: 101 messages and 50 audits."""
    read: dict[str, Any] = json.loads(_long_document())
    return read


@cache
def _acted_document() -> str:
    world = new_world()
    session = world.run(start(world.setup, LIVE, DAILY)).session.id
    for _ in range(150):
        world.run(act(world.setup, LIVE, DAILY, session, "thank", message=1))
    return json.dumps(to_json(world.run(export_scenario(world.setup, LIVE))))


def acted_document() -> dict[str, Any]:
    """Return what takes several commits to plant: 150 audits, more than one commit holds."""
    read: dict[str, Any] = json.loads(_acted_document())
    return read


def steps(told: dict[str, Any]) -> int:
    """Return how many steps a planting takes."""
    world = new_world()
    world.run(plant(world.setup, TRIAL, told, key="key"))
    return len(world.effects)


def half_planted(number: int = -1, told: dict[str, Any] | None = None) -> World:
    """Return a world in which a planting died before that step, or before the last one."""
    told = told or long_document()
    number = steps(told) - 1 if number < 0 else number
    world = new_world()
    with suppress(CrashError):
        world.run(plant(world.setup, TRIAL, told, key="key"), Told(number, Fault.CRASH_BEFORE))
    return world
