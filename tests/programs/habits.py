"""A small program, declared with public parts only, and actions of it that misbehave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, cast

from attrs import evolve, field, frozen

from coachwork.actions import Action, Button, Component, Sender
from coachwork.errors import ValidationError
from coachwork.machine import Machine, Row
from coachwork.plain import JSON
from coachwork.programs import ActionType, Carried, Done, Moment, Program, Refusal, carry_out

NOON: Final = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)


class Phase(StrEnum):
    """How far it is."""

    START = "START"
    DOING = "DOING"
    DONE = "DONE"


class Event(StrEnum):
    """What happens."""

    BEGIN = "begin"
    END = "end"


@frozen
class Habit:
    """A habit.

    Attributes:
        id: Its id.
        name: What it is called.
        message: The message that led to it.
    """

    id: str
    name: str
    message: str | None


@frozen
class Habits:
    """The state."""

    phase: Phase = Phase.START
    habits: tuple[Habit, ...] = ()
    anything: object = None
    at: datetime | None = None


def _became(old: Habits, to: Phase, _now: datetime, _given: None) -> Habits:
    return evolve(old, phase=to)


PHASES: Final = Machine[Habits, Phase, Event, None, Any](
    name="habits",
    states=Phase,
    events=Event,
    initial=(Phase.START,),
    ends=(Phase.DONE,),
    state=attrgetter("phase"),
    table={
        Phase.START: {Event.BEGIN: Row(Phase.DOING, _became)},
        Phase.DOING: {Event.END: Row(Phase.DONE, _became)},
        Phase.DONE: {},
    },
)


def _short(_instance: object, _attribute: object, value: str) -> None:
    if not 0 < len(value) <= 20:
        raise ValidationError("name", "1 to 20 characters")


@frozen
class AddHabit:
    """Add a habit.

    Attributes:
        name: What it is called.
        often: How often a week.
    """

    name: str = field(validator=_short)
    often: int = 1


def add_habit(state: Habits, given: AddHabit, moment: Moment) -> Done[Habits] | Refusal:
    """Add it, with an id of its own and the message that led to it."""
    if any(habit.name == given.name for habit in state.habits):
        return Refusal(f"there is a habit {given.name}")
    habit = Habit(moment.new_id(), given.name, moment.message)
    moment.new_id()
    return Done(evolve(state, habits=(*state.habits, habit), at=moment.now), f"added {given.name}")


@frozen
class Begin:
    """Begin to do it."""


def begin(state: Habits, _given: Begin, moment: Moment) -> Done[Habits]:
    """Move along the table."""
    return Done(PHASES.move(state, Event.BEGIN, moment.now).value, "began")


@frozen
class Praise:
    """Show a star."""


STAR: Final = Component(
    kind="star", data={"points": 5}, buttons=(Button(label="Thanks", action="thank"),)
)


def praise(state: Habits, _given: Praise, _moment: Moment) -> Done[Habits]:
    """Show it; nothing changes."""
    return Done(state, "praised", STAR)


@frozen
class Show:
    """Show a text."""

    text: str


def show(state: Habits, given: Show, _moment: Moment) -> Done[Habits]:
    """Show it, and keep it."""
    return Done(
        evolve(state, anything=given.text),
        "shown",
        Component(kind="text", data={"text": given.text}),
    )


@frozen
class Thank:
    """Say thank you."""


def thank(state: Habits, _given: Thank, _moment: Moment) -> Done[Habits]:
    """Nothing changes."""
    return Done(state, "thanked")


@frozen
class Jump:
    """Go wherever it says."""

    to: Phase


def jump(state: Habits, given: Jump, _moment: Moment) -> Done[Habits]:
    """Move without asking the table."""
    return Done(evolve(state, phase=given.to), f"jumped to {given.to}")


@frozen
class Keep:
    """Keep anything."""

    what: object


def keep(state: Habits, given: Keep, _moment: Moment) -> Done[Habits]:
    """Keep it."""
    return Done(evolve(state, anything=given.what), "kept it")


@frozen
class Misbehave:
    """Break the word that the program gave."""

    how: str


def misbehave(state: Habits, given: Misbehave, _moment: Moment) -> Done[Habits] | Refusal:
    """Answer what no action may."""
    if given.how == "raise":
        raise ZeroDivisionError
    if given.how.startswith("say "):
        return Done(state, given.how.removeprefix("say "))
    answers: dict[str, Done[Habits] | Refusal] = {
        "nothing": cast("Refusal", None),
        "phase": Done(evolve(state, phase=cast("Phase", "NOWHERE")), "done"),
        "state": Done(cast("Habits", "no state"), "done"),
        "summary": Done(state, cast("str", 5)),
        "component": Done(state, "done", cast("Component", {"kind": "star"})),
        "component data": Done(
            state, "done", Component(kind="x", data={"at": cast("JSON", NOON.replace(tzinfo=None))})
        ),
        "unkept": Done(evolve(state, anything={1, object()}), "done"),
        "reason": Refusal(cast("str", 5)),
    }
    return answers[given.how]


@frozen
class Fragile:
    """Parameters that cannot be made."""

    name: str

    def __attrs_post_init__(self) -> None:
        """Fail."""
        raise ZeroDivisionError


class Unreadable:
    """Parameters that read themselves, and fail."""

    @staticmethod
    def model_validate(_data: object) -> object:
        """Fail as no model does."""
        raise ZeroDivisionError

    @staticmethod
    def model_json_schema(ref_template: str) -> dict[str, JSON]:
        """Tell what they are like."""
        return {"type": "object", "description": ref_template}


def told(state: Habits) -> str:
    """Tell how many there are."""
    return f"There are {len(state.habits)} habits."


HABITS: Final = Program(
    id="habits",
    state=Habits,
    phases=PHASES,
    prompt=told,
    actions=[
        ActionType(AddHabit, add_habit, phases=[Phase.START]),
        ActionType(Begin, begin, phases=[Phase.START]),
        ActionType(Praise, praise, by="coach"),
        ActionType(Show, show),
        ActionType(Thank, thank, by="user"),
        ActionType(Jump, jump, phases=Phase),
        ActionType(Keep, keep),
        ActionType(Misbehave, misbehave),
        ActionType(Fragile, cast("Any", thank)),
        ActionType(cast("type[object]", Unreadable), cast("Any", thank)),
    ],
)


def asked(name: str, /, **parameters: JSON) -> dict[str, JSON]:
    """Return an action as a reply brings it."""
    return {"type": name, "parameters": parameters}


def carry(
    *actions: Mapping[str, JSON],
    state: Habits | None = None,
    sender: Sender = Sender.COACH,
    now: datetime = NOON,
) -> Carried[Habits]:
    """Carry out actions on a state, the one that it begins with unless another is given."""
    return carry_out(HABITS, state or Habits(), actions, sender, now, "a-1", "s-1.4")


def only(actions: Sequence[Action]) -> Action:
    """Return the one action that there is."""
    (action,) = actions
    return action
