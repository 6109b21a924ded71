"""Admission: asked once for a call, however often the call has to decide again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachwork.effects import AskAdmission, Commit, Workflow
from coachwork.ports import CommitResult
from coachwork.topics import Topic
from coachwork.workflows import complete, resume, send, start
from tests.faults import ADA, World

TALK = Topic(id="talk", system="Listen.")

COMMANDS: dict[str, Callable[[World, str], Workflow[object]]] = {
    "start": lambda world, _: start(world.setup, ADA, TALK),
    "send": lambda world, session: send(world.setup, ADA, TALK, session, "Hello."),
    "resume": lambda world, session: resume(world.setup, ADA, TALK, session),
    "complete": lambda world, session: complete(world.setup, ADA, TALK, session),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_admission_is_asked_once_for_all_tries(name: str) -> None:
    """Others are faster at the first commit: a quota is not charged again for the second."""
    world = World([TALK], lambda _: "Go on.", admit=lambda _: None)
    session = world.run(start(world.setup, ADA, TALK)).session.id
    since = len(world.effects)

    def commit(_effect: Commit) -> CommitResult:
        del world.commit
        return CommitResult.CONFLICT

    world.commit = commit  # type: ignore[method-assign]
    world.run(COMMANDS[name](world, session))
    assert sum(isinstance(effect, AskAdmission) for effect in world.effects[since:]) == 1
