"""Topics, a coach, and beginnings that the tests of crashes share."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import frozen

from coachwork.adapters import final
from coachwork.effects import Workflow
from coachwork.messages import Usage
from coachwork.ports import Answer, Ask
from coachwork.sessions import JobKind
from coachwork.testing.faults import CrashError
from coachwork.topics import Topic
from coachwork.workflows import Caller, send, start
from tests.faults import ADA, World


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", initiation="Say hello.", result=Values)
PLAIN = Topic(id="plain", system="Listen.")
ROOM = Topic(id="room", system="Listen.", initiation="Say hello.", exclusive=True)
TOPICS: Sequence[Topic[object]] = (TALK, PLAIN, ROOM)


def coach(ask: Ask) -> Answer:
    """Say what depends on nothing but what is asked."""
    last = ask.messages[-1].text
    text = {"the end": final(), "with result": final(Values(["honesty"]))}.get(last, "Go on.")
    if ask.purpose is JobKind.EXTRACTION:
        text = '{"values": ["courage"]}'
    return Answer(text=text, usage=Usage(3, 2, 1))


def begun(world: World, topic: Topic[object] = TALK, caller: Caller = ADA) -> str:
    """Start a session with one turn in it, and return its id."""
    begun = world.run(start(world.setup, caller, topic, key="before-start"))
    world.run(send(world.setup, caller, topic, begun.session.id, "Hello.", key="before-send"))
    return begun.session.id


def dies_asking(world: World, workflow: Workflow[object], purpose: JobKind = JobKind.REPLY) -> None:
    """Run *workflow* in a process that dies when the model is asked for that."""

    def dying(ask: Ask) -> Answer:
        if ask.purpose is purpose:
            raise CrashError
        return coach(ask)

    world.model = dying
    with pytest.raises(CrashError):
        world.run(workflow)
    world.model = coach
