"""State machines without any port: the session's own table, and one that you write.

A step is a pure function: value, event and instant in, and either the next value or a refusal
out. Nothing is stored, nobody is asked. Run it with ``python examples/pure_machine.py``.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from attrs import frozen

from coachwork.diagrams import mermaid
from coachwork.machine import Edge, Guard, Machine, Refused, Row
from coachwork.messages import Usage
from coachwork.sessions import (
    SESSION,
    About,
    Conclusion,
    InFlight,
    JobKind,
    Ledger,
    Session,
    SessionEvent,
    SessionGiven,
    SessionStatus,
    Spoken,
)

MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


# --- the session's table ---------------------------------------------------------------------


def a_session() -> Session:
    """Return a new session that allows a single turn."""
    about = About(
        id="s1",
        tenant="acme",
        user="ada",
        topic="core_values",
        topic_revision=1,
        started_at=MONDAY,
        max_turns=1,
        idle_timeout=timedelta(minutes=30),
        expires_after=timedelta(days=14),
        keep_ended=None,
        exclusive=False,
    )
    return Session(about, SessionStatus.ACTIVE, 0, 0, MONDAY, MONDAY, None, Ledger())


def walk_through_a_session() -> list[Edge[SessionStatus, SessionEvent]]:
    """Step a session from its first message to its end; return the way it took."""
    happens: list[tuple[SessionEvent, SessionGiven]] = [
        (SessionEvent.MESSAGE, InFlight("j1", JobKind.REPLY)),
        (SessionEvent.MESSAGE, InFlight("j2", JobKind.REPLY)),  # refused: one is in flight
        (SessionEvent.PAUSE, None),
        (SessionEvent.REPLY, Spoken(Usage(120, 40))),  # a late reply does not un-pause
        (SessionEvent.COMPLETE, Conclusion()),  # impossible here: resume first
        (SessionEvent.RESUME, None),
        (SessionEvent.COMPLETE, Conclusion()),
    ]
    path: list[Edge[SessionStatus, SessionEvent]] = []
    session = a_session()
    for minutes, (event, given) in enumerate(happens):
        now = MONDAY + timedelta(minutes=minutes)
        step = SESSION.step(session, event, now, given)
        if isinstance(step, Refused):
            why = "impossible" if step.impossible else "; ".join(why for _, why in step.reasons)
            print(f"{event:9} refused ({why}); allowed: {', '.join(step.allowed)}")
            continue
        print(f"{event:9} {session.status} -> {step.value.status}")
        path.append((session.status, event, step.value.status))
        session = step.value
    return path


# --- a table of your own ---------------------------------------------------------------------


class HabitState(StrEnum):
    """The states of a habit."""

    PLANNED = "planned"
    GROWING = "growing"
    KEPT = "kept"
    DROPPED = "dropped"


class HabitEvent(StrEnum):
    """What can happen to it."""

    DO = "do"
    KEEP = "keep"
    DROP = "drop"


class HabitEffect(StrEnum):
    """What the application is to do then."""

    CELEBRATE = "celebrate"


@frozen
class Habit:
    """Something that somebody wants to do regularly."""

    name: str
    state: HabitState = HabitState.PLANNED
    times: int = 0
    last: datetime | None = None


def _rested(habit: Habit, now: datetime) -> str | None:
    """A guard answers None to let an event pass, or why not."""
    if habit.last is None or now - habit.last >= timedelta(hours=12):
        return None
    return "it was done less than twelve hours ago"


def _often(habit: Habit, _now: datetime) -> str | None:
    return None if habit.times >= 3 else f"it was done {habit.times} times, not 3"  # noqa: PLR2004 - a rule of the example


def _done(old: Habit, to: HabitState, now: datetime, _given: None) -> Habit:
    return Habit(old.name, to, old.times + 1, now)


def _moved(old: Habit, to: HabitState, _now: datetime, _given: None) -> Habit:
    return Habit(old.name, to, old.times, old.last)


HABIT = Machine[Habit, HabitState, HabitEvent, None, HabitEffect](
    name="habit",
    states=HabitState,
    events=HabitEvent,
    initial=(HabitState.PLANNED,),
    ends=(HabitState.KEPT, HabitState.DROPPED),
    state=attrgetter("state"),
    table={
        HabitState.PLANNED: {
            HabitEvent.DO: Row(HabitState.GROWING, _done),
            HabitEvent.DROP: Row(HabitState.DROPPED, _moved),
        },
        HabitState.GROWING: {
            HabitEvent.DO: Row(HabitState.GROWING, _done, guards=(Guard("rested", _rested),)),
            HabitEvent.KEEP: Row(
                HabitState.KEPT,
                _moved,
                guards=(Guard("often enough", _often),),
                effects=(HabitEffect.CELEBRATE,),
            ),
            HabitEvent.DROP: Row(HabitState.DROPPED, _moved),
        },
        HabitState.KEPT: {},
        HabitState.DROPPED: {},
    },
)


def grow_a_habit() -> None:
    """Do something four times, once too early, and keep it."""
    habit = Habit("walk")
    for hours in (0, 1, 24, 48):
        now = MONDAY + timedelta(hours=hours)
        step = HABIT.step(habit, HabitEvent.DO, now)
        if isinstance(step, Refused):
            print(f"do        refused ({step.reasons[0][1]})")
        else:
            habit = step.value
    now = MONDAY + timedelta(hours=49)
    kept = HABIT.move(habit, HabitEvent.KEEP, now)  # the form that raises where it is refused
    print(f"keep      {kept.value.state} after {kept.value.times} times; {', '.join(kept.effects)}")
    print(f"allowed in {kept.value.state}: {HABIT.available(kept.value, now)}")


def main() -> None:
    """Step both machines and draw the way that the session took."""
    path = walk_through_a_session()
    print()
    grow_a_habit()
    print()
    print(mermaid(SESSION, path))


if __name__ == "__main__":
    main()
