"""Worlds, commands and bounds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachwork.errors import LLMError, ValidationError
from coachwork.jobs import JobKind
from coachwork.ports import Answer, Ask
from coachwork.testing.explorer import BEGIN, PROMISED, Bounds, Call, Command, Fault, World
from tests.specimens import AGENT_ASK
from tests.tills import Print, take


def asking(purpose: JobKind) -> Ask:
    """Return a question to a model."""
    return Ask(
        messages=(),
        schema={},
        purpose=purpose,
        model=None,
        timeout=1.0,
        session="s",
        job="j",
        turn=1,
    )


@pytest.mark.parametrize(
    "instants", [(), (timedelta(1), timedelta(1)), (timedelta(2), timedelta(1))]
)
def test_time_goes_on(instants: tuple[timedelta, ...]) -> None:
    """There is a first instant, and each comes after the one before."""
    with pytest.raises(ValidationError) as error:
        World(instants=instants)
    assert error.value.field == "world.instants"


def test_a_world_tells_what_time_it_is() -> None:
    """Instants are counted from the beginning."""
    world = World(instants=(timedelta(0), timedelta(minutes=6)))
    assert world.time(0) == BEGIN
    assert world.time(1) - BEGIN == timedelta(minutes=6)


def test_a_usual_model_answers_or_fails() -> None:
    """It goes on, fails, or extracts nothing; and nothing answers what it does not know."""
    world = World()
    going_on, failing = world.replies(asking(JobKind.REPLY))
    assert isinstance(going_on, Answer)
    assert isinstance(failing, LLMError)
    (extracted,) = world.replies(asking(JobKind.EXTRACTION))
    assert isinstance(extracted, Answer)
    assert world.answers(Print()) == ()


def test_a_usual_agent_answers_or_fails() -> None:
    """With nothing in it, or not at all."""
    answering, failing = World().agents(AGENT_ASK)
    assert answering == Answer(data={})
    assert isinstance(failing, LLMError)


@pytest.mark.parametrize(
    "name, value",
    [("commands", 0), ("at_once", 0), ("faults", -1), ("states", 0), ("faults", True)],
)
def test_bounds_are_whole_numbers(name: str, value: int) -> None:
    """What is none is refused by its name."""
    with pytest.raises(ValidationError) as error:
        Bounds(**{name: value})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert error.value.field == f"bounds.{name}"


def test_a_plain_command_aims_at_nothing() -> None:
    """It is nobody's, and there is one way to call it."""
    plain = Command(name="take", workflow=lambda _: take(1))
    assert tuple(plain.targets(())) == (None,)
    assert plain.caller(Call(command="take")) is None


def test_what_breaks_a_port_is_not_among_what_is_promised() -> None:
    """A stale `get` and a deletion by the engine have to be asked for."""
    assert frozenset(Fault) - PROMISED == {Fault.STALE_GET, Fault.TTL}
