"""Workflows are played from one effect that others can see to the next."""

from __future__ import annotations

from typing import Any

import pytest

from coachwork.effects import (
    AskAdmission,
    AskModel,
    Dispatch,
    Effect,
    GetTemplate,
    NewId,
    Notify,
    Now,
    Render,
    RunAgent,
    Summarize,
    TemplateNames,
    Workflow,
)
from coachwork.errors import MisuseError, OutcomeUnknownError, TemplateError
from coachwork.jobs import JobKind, JobRef
from coachwork.ports import Admission, Answer
from coachwork.testing.explorer import Call, Command, World
from coachwork.testing.explorer._playing import RAISED, SEEN, UNKNOWN, Playing, Surroundings
from coachwork.topics import TemplateName, Topic
from coachwork.workflows import Setup
from tests.specimens import AGENT_ASK
from tests.testing.explorer.test_world import asking
from tests.tills import Print

TALK = Topic(id="talk", system="Listen to {name}.")
WORLD = World(setup=Setup(topics={"talk": TALK}))


def played(workflow: Workflow[Any], number: int = 1) -> Playing:
    """Return a workflow that is to be played."""
    command = Command(name="any", workflow=lambda _: workflow)
    return Playing(command, Call(command="any", number=number), Surroundings(WORLD))


def asked_of_nobody() -> Workflow[list[object]]:
    """Ask everything that nobody else can see, and say what came."""
    template = yield from GetTemplate("talk", TemplateName.SYSTEM)
    assert template is not None
    admission = Admission(command="send", tenant="acme", user="ada", topic="talk", session=None)
    told: list[object] = [
        template,
        (yield from TemplateNames(template)),
        (yield from Render(template, {"name": "Ada"})),
        (yield from Summarize(None, ())),
        (yield from AskAdmission(admission)),
    ]
    yield from Dispatch(JobRef("acme", "j", JobKind.REPLY))
    try:
        yield from Render(template, {})
    except TemplateError:
        told.append("refused")
    yield from Now()
    return told


def test_what_nobody_can_see_is_answered_at_once() -> None:
    """Templates, summaries and deliveries; what they raise is raised where it was asked."""
    playing = played(asked_of_nobody())
    assert isinstance(playing.begin(), Now)
    with pytest.raises(StopIteration) as stop:
        playing.give(None)
    template, names, text, *_, refused = stop.value.value
    assert (template, names, text) == (TALK.system, {"name"}, "Listen to Ada.")
    assert refused == "refused"


def test_everything_is_either_seen_or_not() -> None:
    """Each effect of the library is one of the two."""
    surroundings = Surroundings(WORLD)
    hidden = [GetTemplate, TemplateNames, Render, Summarize, AskAdmission, Dispatch, Notify]
    kinds = {kind for kind in Effect.__subclasses__() if kind.__module__ == Effect.__module__}
    assert kinds == {*hidden, *SEEN, NewId}
    assert not surroundings.answers(Now())


def naming() -> Workflow[tuple[str, str]]:
    """Ask for two ids."""
    one = yield from NewId()
    return one, (yield from NewId())


def test_ids_tell_the_call_and_are_counted() -> None:
    """They are the same every time it is played, and no other call's."""
    with pytest.raises(StopIteration) as stop:
        played(naming(), number=4).begin()
    assert stop.value.value == ("id-4.1", "id-4.2")


def test_a_call_without_a_number_has_no_ids() -> None:
    """They could not be told from those of others."""
    with pytest.raises(MisuseError, match="any: a command that makes ids must say so"):
        played(naming(), number=0).begin()


def failing() -> Workflow[str]:
    """Say what was raised where the clock was asked."""
    try:
        yield from Now()
    except OutcomeUnknownError:
        return "unknown"
    return "known"


def test_errors_are_answers() -> None:
    """They are raised where the effect was asked for."""
    playing = played(failing())
    playing.begin()
    with pytest.raises(StopIteration) as stop:
        playing.give(RAISED[UNKNOWN]())
    assert stop.value.value == "unknown"


def test_choices_are_those_of_the_world() -> None:
    """A model's are the world's replies; nothing answers what the world does not know."""
    surroundings = Surroundings(WORLD)
    asked = AskModel(asking(JobKind.REPLY), "acme", "ada")
    assert isinstance(surroundings.choices(asked)[0], Answer)
    agent = RunAgent(AGENT_ASK, "acme", "ada")
    assert surroundings.choices(agent)[0] == Answer(data={})
    with pytest.raises(MisuseError, match="no answer to Print"):
        surroundings.choices(Print())
