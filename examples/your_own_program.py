"""A program of your own: a coach who helps to build habits, in phases, by actions that you declare.

A program is data plus pure functions: a state, a table of phases, a catalogue of actions. It is
made of public parts alone, the same that the identity program is made of. The coach follows a
script, so it needs no network. Run it with ``python examples/your_own_program.py``.
"""

import json
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from attrs import evolve, frozen

from coachwork import Coach, Memory, Topic
from coachwork.actions import Button, Component
from coachwork.adapters import ScriptedModel
from coachwork.diagrams import mermaid
from coachwork.errors import ActionRefusedError
from coachwork.machine import Guard, Machine, Refused, Row
from coachwork.plain import JSON
from coachwork.programs import ActionType, Done, Moment, Program, Refusal
from coachwork.workflows import timeline_text

# --- the state: frozen values, with a plain form ----------------------------------------------


class Phase(StrEnum):
    """How far the person is."""

    WHY = "WHY"
    CHOOSING = "CHOOSING"
    PRACTISING = "PRACTISING"
    ROOTED = "ROOTED"


class Area(StrEnum):
    """What a habit is for."""

    BODY = "BODY"
    MIND = "MIND"
    HOME = "HOME"
    PEOPLE = "PEOPLE"


@frozen
class Habit:
    """Something small to be done every day.

    Attributes:
        id: Its id.
        name: What is done.
        area: What it is for.
        cue: What it follows upon.
        done_at: The messages whose buttons were pressed when it was done.
    """

    id: str
    name: str
    area: Area
    cue: str
    done_at: tuple[str, ...] = ()


@frozen
class Habits:
    """All that is known: why somebody wants to change something, and the habits."""

    phase: Phase = Phase.WHY
    reason: str = ""
    habits: tuple[Habit, ...] = ()


# --- the table of phases: what leads where, and what must hold --------------------------------

ROOTS = 3
"""So often a habit must be done before it is rooted."""


class Event(StrEnum):
    """What can happen to the phase."""

    CHOOSE = "choose"
    PRACTISE = "practise"
    CHOOSE_AGAIN = "choose again"
    FINISH = "finish"


def _became(old: Habits, to: Phase, _now: datetime, _given: None) -> Habits:
    return evolve(old, phase=to)


def _reason(state: Habits, _now: datetime) -> str | None:
    return None if state.reason else "nobody knows yet why"


def _chosen(state: Habits, _now: datetime) -> str | None:
    return None if state.habits else "there is no habit"


def _rooted(state: Habits, _now: datetime) -> str | None:
    young = [habit.name for habit in state.habits if len(habit.done_at) < ROOTS]
    return f"not done {ROOTS} times: {', '.join(young)}" if young else None


PHASES = Machine[Habits, Phase, Event, None, Any](
    name="habits",
    states=Phase,
    events=Event,
    initial=(Phase.WHY,),
    ends=(Phase.ROOTED,),
    state=attrgetter("phase"),
    table={
        Phase.WHY: {
            Event.CHOOSE: Row(
                Phase.CHOOSING, _became, guards=(Guard("a reason is known", _reason),)
            ),
        },
        Phase.CHOOSING: {
            Event.PRACTISE: Row(
                Phase.PRACTISING, _became, guards=(Guard("a habit is chosen", _chosen),)
            ),
        },
        Phase.PRACTISING: {
            Event.FINISH: Row(
                Phase.ROOTED, _became, guards=(Guard("every habit is rooted", _rooted),)
            ),
            Event.CHOOSE_AGAIN: Row(Phase.CHOOSING, _became),
        },
        Phase.ROOTED: {},
    },
)

# --- the actions: a class of parameters and a function each -----------------------------------

MOST = 3
"""So many habits at once, at the most."""

LONGEST = 10
"""So many minutes a habit may take, at the most."""


@frozen
class GiveReason:
    """Keep why the person wants to change something.

    Attributes:
        reason: Why, in the person's words.
    """

    reason: str


def give_reason(state: Habits, given: GiveReason, _moment: Moment) -> Done[Habits]:
    """Keep it."""
    return Done(evolve(state, reason=given.reason), "kept why")


@frozen
class ChooseHabit:
    """Choose a habit; the smaller the better.

    Attributes:
        name: What is to be done.
        area: What it is for.
        cue: What it follows upon, such as "the first coffee".
        minutes: How long it takes.
    """

    name: str
    area: Area
    cue: str
    minutes: int = 1


def choose_habit(state: Habits, given: ChooseHabit, moment: Moment) -> Done[Habits] | Refusal:
    """Add a habit, unless there are enough, or it is too large to be done every day."""
    if len(state.habits) == MOST:
        return Refusal(f"{MOST} habits at once are enough")
    if given.minutes > LONGEST:
        return Refusal(f"a habit of more than {LONGEST} minutes is too large to begin with")
    habit = Habit(moment.new_id(), given.name, given.area, given.cue)
    return Done(evolve(state, habits=(*state.habits, habit)), f"chose {given.name}")


@frozen
class DropHabit:
    """Drop a habit that does not fit.

    Attributes:
        habit: Its id.
    """

    habit: str


def drop_habit(state: Habits, given: DropHabit, _moment: Moment) -> Done[Habits] | Refusal:
    """Take it out."""
    left = tuple(habit for habit in state.habits if habit.id != given.habit)
    if left == state.habits:
        return Refusal("there is no such habit")
    return Done(evolve(state, habits=left), "dropped a habit")


@frozen
class AskForToday:
    """Show the person their habits, each with a button to tell that it was done."""


def ask_for_today(state: Habits, _given: AskForToday, _moment: Moment) -> Done[Habits]:
    """Show them; nothing changes."""
    buttons = tuple(
        Button(label=f"{habit.name}: done", action="tell_done", parameters={"habit": habit.id})
        for habit in state.habits
    )
    return Done(state, "asked for today", Component(kind="habits", buttons=buttons))


@frozen
class TellDone:
    """Tell that a habit was done today.

    Attributes:
        habit: Its id.
    """

    habit: str


def tell_done(state: Habits, given: TellDone, moment: Moment) -> Done[Habits] | Refusal:
    """Count it, once for each message that asked for it."""
    for place, habit in enumerate(state.habits):
        if habit.id == given.habit:
            if moment.message in habit.done_at:
                return Refusal("it was counted already")
            done = evolve(habit, done_at=(*habit.done_at, moment.message or ""))
            habits = (*state.habits[:place], done, *state.habits[place + 1 :])
            return Done(evolve(state, habits=habits), f"{habit.name}: {len(done.done_at)} times")
    return Refusal("there is no such habit")


@frozen
class MoveOn:
    """Go to another phase.

    Attributes:
        to: Which.
    """

    to: Phase


def move_on(state: Habits, given: MoveOn, moment: Moment) -> Done[Habits] | Refusal:
    """Move along the table; where it refuses, its reasons are the answer."""
    for start, event, to in PHASES.edges:
        if (start, to) == (state.phase, given.to):
            moved = PHASES.step(state, event, moment.now)
            if isinstance(moved, Refused):
                return Refusal("; ".join(why for _, why in moved.reasons))
            return Done(moved.value, f"went on to {given.to}")
    return Refusal(f"no way leads from {state.phase} to {given.to}")


def describe(state: Habits) -> str:
    """Tell the model what is known, and what is still open."""
    habits = [
        f"- {habit.name} ({habit.area}, after {habit.cue}, id {habit.id}): "
        f"done {len(habit.done_at)} of {ROOTS} times"
        for habit in state.habits
    ]
    return "\n".join([f"Why: {state.reason or 'not known yet'}", "Habits:", *(habits or ["none"])])


HABITS = Program(
    id="habits",
    version=1,
    state=Habits,
    phases=PHASES,
    prompt=describe,
    actions=[
        ActionType(GiveReason, give_reason, phases={Phase.WHY}),
        ActionType(ChooseHabit, choose_habit, phases={Phase.CHOOSING}),
        ActionType(DropHabit, drop_habit, phases={Phase.CHOOSING, Phase.PRACTISING}),
        ActionType(AskForToday, ask_for_today, phases={Phase.PRACTISING}, by="coach"),
        ActionType(TellDone, tell_done, phases={Phase.PRACTISING}, by="user"),
        ActionType(MoveOn, move_on, by="coach"),
    ],
)

# --- a coach that works with it ---------------------------------------------------------------

BUILDING_HABITS = Topic(
    id="building_habits",
    title="Small habits",
    system="You help people to build small habits that last. You are brief, and never scold.",
    initiation="Greet the person and ask why they want to change something.",
    program=HABITS,
    finish_first=True,  # the coach cannot end the session before every habit is rooted
)


def says(message: str, *actions: tuple[str, dict[str, JSON]], final: bool = False) -> str:
    """Return a reply as a model writes it."""
    named = [{"type": name, "parameters": parameters} for name, parameters in actions]
    return json.dumps({"message": message, "is_final": final, "actions": named})


SCRIPT = [
    says("Hello! Why do you want to change something?"),
    says(
        "Then let us begin small. What would a good morning begin with?",
        ("give_reason", {"reason": "to have mornings that are mine"}),
        ("move_on", {"to": "PRACTISING"}),
        ("move_on", {"to": "CHOOSING"}),
    ),
    says(
        "An hour is a lot. Two pages, and a walk around the block?",
        ("choose_habit", {"name": "run", "area": "BODY", "cue": "waking up", "minutes": 60}),
        ("choose_habit", {"name": "read", "area": "MIND", "cue": "coffee", "minutes": 5}),
        ("choose_habit", {"name": "walk", "area": "BODY", "cue": "reading", "minutes": 10}),
        ("move_on", {"to": "PRACTISING"}),
        ("ask_for_today", {}),
    ),
    says("A walk needs dry shoes. Shall it be reading alone?", ("ask_for_today", {})),
    says("And today?", ("ask_for_today", {}), ("move_on", {"to": "ROOTED"}), final=True),
    says("Three mornings that are yours. Go on!", ("move_on", {"to": "ROOTED"}), final=True),
]


def main() -> None:
    """Build a habit with Ada."""
    with Coach(Memory(), ScriptedModel(SCRIPT), topics=[BUILDING_HABITS]) as coach:
        ada = coach.as_user("ada")
        chat = ada.start(BUILDING_HABITS)
        print(f"Coach: {chat.greeting.text}")

        def talk(text: str) -> tuple[Component, ...]:
            turn = chat.send(text)
            print(f"Ada:   {text}\nCoach: {turn.message.text}")
            for action in ada.actions(
                HABITS, session=chat.session_id, message=turn.message.sequence
            ).actions:
                print(f"       {action.status} {action.type}: {action.summary}")
            print(f"       -- {ada.program(HABITS).phase}, {turn.session.status}")
            return turn.message.components

        def press(button: Button) -> None:
            try:
                acted = chat.act(button, message=chat.get().messages)
                print(f"Ada presses [{button.label}]: {acted.action.summary}")
            except ActionRefusedError as refused:
                print(f"Ada presses [{button.label}]: refused, {refused.reason}")

        talk("My mornings belong to everybody but me.")
        (today,) = talk("I could run for an hour, and read.")
        read, walk = today.buttons
        press(read)
        press(read)
        chat.act("drop_habit", walk.parameters, message=chat.get().messages)
        (today,) = talk("It rained, so I did not walk.")
        press(today.buttons[0])
        (today,) = talk("I have read again.")
        press(today.buttons[0])
        talk("And again!")

        told = chat.timeline()
        print(f"\n{timeline_text(told).splitlines()[0]}")
        print(mermaid(PHASES, told.path), end="")


if __name__ == "__main__":
    main()
