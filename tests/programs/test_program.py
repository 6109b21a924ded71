"""A program and its catalogue: what is checked when it is made, and what it can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, TypedDict, cast

import pytest
from attrs import evolve, field, frozen, make_class

from coachwork.actions import Sender
from coachwork.errors import MisuseError, ValidationError
from coachwork.machine import Machine, Row
from coachwork.programs import MAX_PHASE, ActionType, Moment, Program, Scope, declared_programs
from tests.programs import essays
from tests.programs.essays import ESSAY, Essay
from tests.programs.habits import (
    HABITS,
    NOON,
    PHASES,
    AddHabit,
    Begin,
    Event,
    Habits,
    Phase,
    add_habit,
    begin,
    told,
)

MOMENT: Final = Moment(NOON, lambda: "new")

HOW: Final[dict[str, Any]] = {"id": "p", "state": Habits, "phases": PHASES, "prompt": told}


def program(**changes: object) -> Program[Any]:
    """Return a program with *changes*."""
    return Program(**{**HOW, "actions": [], **cast("dict[str, Any]", changes)})


# --- actions ---------------------------------------------------------------------------------


class AddHTTPLink2Go(TypedDict):
    """A name that is not easy to write otherwise."""


class Silent(TypedDict):  # noqa: D101 - it has none on purpose
    a: int


@pytest.mark.parametrize(
    "kind, name",
    [(AddHabit, "add_habit"), (Begin, "begin"), (AddHTTPLink2Go, "add_httplink2_go")],
)
def test_an_action_is_called_after_its_parameters(kind: type[Any], name: str) -> None:
    """The name is that of the class, as the language writes functions."""
    assert ActionType(kind, cast("Any", begin)).name == name


def test_an_action_can_have_another_name_and_description() -> None:
    """Both can be given."""
    action = ActionType(Begin, begin, name="go", description="Go!")
    assert (action.name, action.description) == ("go", "Go!")


def test_a_description_is_the_docstring() -> None:
    """All of it on one line, so that the model is told of the fields, too."""
    assert ActionType(Begin, begin).description == "Begin to do it."
    assert ActionType(AddHabit, add_habit).description == (
        "Add a habit. name: What it is called. often: How often a week."
    )


def test_where_there_is_no_docstring_there_is_no_description() -> None:
    """Nothing is made up of what Python itself says about a class."""
    without_attrs = frozen(type("Untold", (), {"__annotations__": {"a": int}}))
    without_dataclass: type[Any] = dataclass(type("Signed", (), {"__annotations__": {"a": int}}))
    assert without_dataclass.__doc__
    for kind in (without_attrs, without_dataclass, Silent):
        assert ActionType(kind, cast("Any", begin), name="x").description == ""


def test_who_may_do_it() -> None:
    """An action is for the coach, for the user, or for both."""
    assert ActionType(Begin, begin).senders == {Sender.COACH, Sender.USER}
    assert ActionType(Begin, begin, by="coach").senders == {Sender.COACH}
    assert ActionType(Begin, begin, by="user").senders == {Sender.USER}
    assert ActionType(Begin, begin, by="agent").senders == {Sender.AGENT}


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"by": "model"}, r"'begin'\.by: expected 'coach', 'user', 'both' or 'agent'"),
        ({"apply": 5}, r"'begin'\.apply: expected a function"),
        ({"parameters": 5}, r"action\.parameters: expected a class"),
        ({"name": ""}, r"''\.name: expected at most 64 of a-z"),
        ({"name": "Go"}, r"'Go'\.name: expected at most 64 of a-z"),
        ({"name": "1go"}, r"'1go'\.name: expected at most 64 of a-z"),
        ({"name": "g" * 65}, r"'g{65}'\.name: expected at most 64 of a-z"),
        ({"phases": 5}, r"action\.phases: expected phases"),
    ],
)
def test_a_wrong_action_is_refused_by_name_and_field(changes: dict[str, Any], message: str) -> None:
    """What is declared wrongly is told when it is declared."""
    with pytest.raises(ValidationError, match=message):
        ActionType(**{"parameters": Begin, "apply": begin, **changes})


def test_the_longest_name_is_taken() -> None:
    """Sixty-four characters are no more than that."""
    assert len(ActionType(Begin, begin, name="g" * 64).name) == 64


def test_parameters_without_a_plain_form_are_a_misuse() -> None:
    """What can be described can be read, and nothing else can be declared."""
    with pytest.raises(MisuseError, match="slice has no plain form"):
        ActionType(slice, cast("Any", begin))


# --- programs --------------------------------------------------------------------------------


def test_a_program_is_what_was_declared() -> None:
    """The catalogue can be asked by name; a state belongs to a user unless said otherwise."""
    assert HABITS.by_name["begin"] is HABITS.actions[1]
    assert HABITS.scope is Scope.USER
    assert HABITS.version == 1
    assert program(scope="session").scope is Scope.SESSION


def _unused(value: object, _to: object, _now: object, _given: object) -> object:
    return value


def _renamed(plain: dict[str, Any]) -> dict[str, Any]:
    return plain


@frozen
class Needy:
    """A state that does not begin by itself."""

    phase: Phase


@frozen
class Strange:
    """A state without a plain form."""

    phase: Phase = Phase.START
    what: Callable[[], None] | None = None


class Naked:
    """No class with fields."""


def _raise(_moment: Moment) -> Habits:
    raise ZeroDivisionError


def _refuse(_moment: Moment) -> Habits:
    raise ValidationError("brought", "something else")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"id": ""}, r"program\.id"),
        ({"id": "a\n"}, r"program\.id"),
        ({"version": 0}, r"program\.version: expected a whole number from 1"),
        ({"version": True}, r"program\.version"),
        ({"version": "1"}, r"program\.version"),
        ({"version": 1_000_001}, r"program\.version"),
        (
            {"version": 3, "upcasts": {2: _renamed}},
            r"program\.upcasts: expected one from version 1",
        ),
        ({"state": Naked}, r"program\.state: expected an attrs class"),
        ({"state": dict}, r"program\.state: expected an attrs class"),
        ({"state": Needy}, r"program\.state: expected one that begins by itself"),
        ({"prompt": "Go on."}, r"program\.prompt: expected a function"),
        ({"actions": [begin]}, r"program\.actions: expected ActionTypes"),
        ({"scope": "tenant"}, r"program\.scope: expected 'user' or 'session'"),
        ({"begin": _raise}, r"program\.state: expected one that begins by itself"),
        ({"begin": _refuse}, r"brought: expected something else"),
        (
            {"begin": lambda _moment: Habits(Phase.DOING)},
            r"program\.state: expected one that begins in an initial phase",
        ),
        (
            {"actions": [ActionType(Begin, begin), ActionType(Begin, begin)]},
            r"program\.actions: expected actions with different names",
        ),
        (
            {"actions": [ActionType(Begin, begin, phases=[cast("Phase", "LATER")])]},
            r"'begin'\.phases: expected phases of 'habits'",
        ),
    ],
)
def test_a_wrong_program_is_refused_by_field(changes: dict[str, Any], message: str) -> None:
    """What is declared wrongly is told when it is declared."""
    with pytest.raises(ValidationError, match=message):
        program(**changes)


def test_the_newest_version_there_can_be_is_taken() -> None:
    """A million, with a way from each that was before."""
    newest = 1_000_000
    upcasts = dict.fromkeys(range(1, newest), _renamed)
    assert program(version=newest, upcasts=upcasts).version == newest


def test_a_state_without_a_plain_form_is_a_misuse() -> None:
    """It could never be kept."""
    with pytest.raises(MisuseError, match="plain form"):
        program(state=Strange)


def test_the_name_of_a_phase_is_bounded() -> None:
    """Thirty-two characters can be kept, and no more."""
    for length in (32, 33):
        phases = cast("Any", StrEnum)("Phases", {"A": "a" * length, "B": "b"})
        table: dict[Any, Any] = {
            phases.A: {Event.BEGIN: Row(phases.B, _unused), Event.END: Row(phases.B, _unused)},
            phases.B: {},
        }
        machine: Machine[Any, Any, Any, Any, Any] = Machine(
            name="lengths",
            states=phases,
            events=Event,
            initial=(phases.A,),
            ends=(phases.B,),
            state=attrgetter("at"),
            table=table,
        )
        long = make_class("Long", {"at": field(type=phases, default=phases.A)}, frozen=True)
        if length == MAX_PHASE:
            assert program(state=long, phases=machine).phase(long()) == "a" * 32
        else:
            with pytest.raises(
                ValidationError, match=r"program\.phases: expected names of 1 to 32"
            ):
                program(state=long, phases=machine)


def test_a_state_begins_as_it_is_declared() -> None:
    """By itself, or as a function of the moment, which has ids."""
    assert HABITS.new_state(MOMENT) == Habits()
    begun = program(begin=lambda moment: Habits(anything=moment.new_id(), at=moment.now))
    assert begun.new_state(MOMENT) == Habits(anything="new", at=NOON)


def test_a_program_knows_phase_and_end() -> None:
    """The table tells the phase, and whether it is an end."""
    assert HABITS.phase(Habits(Phase.DOING)) is Phase.DOING
    assert not HABITS.is_finished(Habits(Phase.DOING))
    assert HABITS.is_finished(Habits(Phase.DONE))


def test_what_is_allowed_is_told_in_order() -> None:
    """Per phase and sender, exactly what `carry_out` would not refuse for either."""

    def names(phase: Phase, sender: Sender) -> list[str]:
        return [action.name for action in HABITS.allowed(Habits(phase), sender)]

    both = ["show", "jump", "keep", "misbehave", "fragile", "unreadable"]
    assert names(Phase.START, Sender.COACH) == ["add_habit", "begin", "praise", *both]
    assert names(Phase.START, Sender.USER) == ["add_habit", "begin", "show", "thank", *both[1:]]
    assert names(Phase.DOING, Sender.COACH) == ["praise", *both]
    assert names(Phase.DONE, Sender.COACH) == ["jump"]


def test_programs_are_found_by_id() -> None:
    """One may be named by several topics; two of one id may not be."""
    other = program(id="other")
    assert declared_programs([HABITS, other, HABITS]) == {"habits": HABITS, "other": other}
    with pytest.raises(ValidationError, match="topics: expected programs with different ids"):
        declared_programs([HABITS, program(id="habits")])


# --- agents ----------------------------------------------------------------------------------


def essay(**changes: object) -> Program[Any]:
    """Return a program with agents, with *changes*."""
    return cast("Program[Any]", evolve(ESSAY, **cast("dict[str, Any]", changes)))


def test_a_program_knows_which_agents_may_be_begun() -> None:
    """Those that are due, where its phase lets them begin; a program without agents has none."""
    writing = evolve(Essay(), phase=essays.Phase.WRITING)
    assert [agent.name for agent in ESSAY.due_agents(writing, NOON)] == ["facts", "style"]
    assert ESSAY.due_agents(Essay(), NOON) == ()
    assert essay(agents=()).due_agents(writing, NOON) == ()
    assert HABITS.due_agents(Habits(), NOON) == ()


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"agents": ["facts"]}, "program.agents"),
        ({"agents": [*ESSAY.agents, ESSAY.agents[0]]}, "program.agents"),
        ({"runs": None}, "program.runs"),
        ({"runs": "runs"}, "program.runs"),
        *(
            ({"actions": [a for a in ESSAY.actions if a.name != name]}, "program.actions")
            for name in ("begin_agent", "finish_agent", "fail_agent")
        ),
        (
            {
                "actions": [
                    evolve(a, by="both") if a.name == "fail_agent" else a for a in ESSAY.actions
                ]
            },
            "program.actions",
        ),
    ],
)
def test_a_program_with_agents_is_whole(changes: dict[str, Any], field: str) -> None:
    """Without the actions that tell of them nothing could be heard of its agents."""
    with pytest.raises(ValidationError) as caught:
        essay(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize("by, unfit", [("both", "x"), ("user", begin), ("agent", begin)])
def test_only_what_the_coach_may_do_can_be_unfit(by: str, unfit: object) -> None:
    """It is a function, and never called for anybody else."""
    with pytest.raises(ValidationError) as caught:
        ActionType(Begin, begin, by=by, unfit=cast("Any", unfit))
    assert caught.value.field == "action 'begin'.unfit"
