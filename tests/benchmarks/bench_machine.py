"""How fast a step is, as ratios: ``python tests/benchmarks/bench_machine.py``.

Every figure is a ratio of two contenders that ran in turn, in short blocks of CPU time, in this one
process: what else the machine does hits both. The median of the ratios of neighbouring blocks is
printed, with the quartiles. One *step* is one of message, pause, resume; all contenders do the same
work on the same session, and each is checked for it before it is timed.
"""

from __future__ import annotations

import gc
import importlib.metadata
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from operator import attrgetter
from typing import Protocol, TypeAlias, cast

import attrs

from coachwork.errors import TransitionRefusedError
from coachwork.machine import Guard, Machine, Refused, Row

NOW = datetime(2024, 5, 1, tzinfo=UTC)
TTL = timedelta(days=30)
BLOCK = 0.02
"""Seconds of CPU time that a block takes, about."""
PAIRS = 25
"""How many pairs of blocks make a figure."""

Block: TypeAlias = Callable[[int], object]
"""Does a given number of rounds, each of four steps (or of one, where that is said)."""


class Status(StrEnum):
    """States of a session."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


class Event(StrEnum):
    """What happens to a session."""

    MESSAGE = "message"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    CANCEL = "cancel"
    EXPIRE = "expire"


class Effect(StrEnum):
    """What follows."""

    SAVE = "save"


_make_enum = cast("Callable[[str, dict[str, str]], type[Enum]]", Enum)
PlainStatus = _make_enum("PlainStatus", {member.name: member.value for member in Status})
PlainEvent = _make_enum("PlainEvent", {member.name: member.value for member in Event})


@attrs.frozen(weakref_slot=False)
class Session:
    """The value that moves: eight fields."""

    id: str
    tenant: str
    user: str
    topic: str
    status: Enum
    started: datetime
    touched: datetime
    turns: int


def touch(value: Session, to: Enum, now: datetime, _given: object) -> Session:
    """Build the next session."""
    return Session(
        value.id, value.tenant, value.user, value.topic, to, value.started, now, value.turns
    )


def say(value: Session, to: Enum, now: datetime, _given: object) -> Session:
    """Build the next session, one turn on."""
    return Session(
        value.id, value.tenant, value.user, value.topic, to, value.started, now, value.turns + 1
    )


def fresh(value: Session, now: datetime) -> str | None:
    """Not expired."""
    return "expired" if now - value.touched >= TTL else None


def turns_left(value: Session, _now: datetime) -> str | None:
    """Not all turns are used."""
    return "all turns are used" if value.turns >= sys.maxsize else None


FRESH = Guard("fresh", fresh)
TURNS = Guard("turns left", turns_left)
BenchMachine: TypeAlias = Machine[Session, Status, Event, None, Effect]


def table(*, guarded: bool) -> BenchMachine:
    """The session's table, with or without guards."""
    both = (FRESH, TURNS) if guarded else ()
    one = (FRESH,) if guarded else ()
    end = {
        Event.COMPLETE: Row(Status.COMPLETED, touch, one, (Effect.SAVE,)),
        Event.CANCEL: Row(Status.CANCELLED, touch, (), (Effect.SAVE,)),
        Event.EXPIRE: Row(Status.ABANDONED, touch, (), (Effect.SAVE,)),
    }
    return Machine(
        name="session",
        states=Status,
        events=Event,
        initial=(Status.ACTIVE,),
        ends=(Status.COMPLETED, Status.CANCELLED, Status.ABANDONED),
        state=attrgetter("status"),
        table={
            Status.ACTIVE: {
                Event.MESSAGE: Row(Status.ACTIVE, say, both, (Effect.SAVE,)),
                Event.PAUSE: Row(Status.PAUSED, touch, one, (Effect.SAVE,)),
                **end,
            },
            Status.PAUSED: {Event.RESUME: Row(Status.ACTIVE, touch, one, (Effect.SAVE,)), **end},
            Status.COMPLETED: {},
            Status.CANCELLED: {},
            Status.ABANDONED: {},
        },
    )


PLAIN = table(guarded=False)
GUARDED = table(guarded=True)


def begin() -> Session:
    """A fresh session."""
    return Session("s-1", "tenant", "user", "topic", Status.ACTIVE, NOW, NOW, 0)


# --- contenders: a round is message, message, pause, resume ------------------------------------


def by_machine(machine: BenchMachine) -> Block:
    """This library."""

    def block(rounds: int) -> object:
        value = begin()
        step = machine.step
        message, pause, resume = Event.MESSAGE, Event.PAUSE, Event.RESUME
        for _ in range(rounds):
            for event in (message, message, pause, resume):
                answer = step(value, event, NOW, None)
                if isinstance(answer, Refused):
                    raise answer.error()
                value = answer.value
        return value.status.value, value.turns

    return block


def by_floor(states: type[Enum], events: type[Enum], *, guarded: bool = False) -> Block:
    """The hand-written floor: a dict lookup and the constructor, no answer around the value."""
    active, paused = states["ACTIVE"], states["PAUSED"]
    message, pause, resume = events["MESSAGE"], events["PAUSE"], events["RESUME"]
    moves = {
        active: {message: (active, 1), pause: (paused, 0)},
        paused: {resume: (active, 0)},
    }

    def step(value: Session, event: Enum, now: datetime) -> Session:
        found = moves[value.status].get(event)
        if found is None:
            told = f"{event} refused in {value.status}"
            raise ValueError(told)
        to, more = found
        return Session(
            value.id,
            value.tenant,
            value.user,
            value.topic,
            to,
            value.started,
            now,
            value.turns + more,
        )

    def guarded_step(value: Session, event: Enum, now: datetime) -> Session:
        found = moves[value.status].get(event)
        if found is None or now - value.touched >= TTL or (found[1] and value.turns >= sys.maxsize):
            told = f"{event} refused in {value.status}"
            raise ValueError(told)
        to, more = found
        return Session(
            value.id,
            value.tenant,
            value.user,
            value.topic,
            to,
            value.started,
            now,
            value.turns + more,
        )

    chosen = guarded_step if guarded else step

    def block(rounds: int) -> object:
        value = attrs.evolve(begin(), status=active)
        for _ in range(rounds):
            for event in (message, message, pause, resume):
                value = chosen(value, event, NOW)
        return value.status.value, value.turns

    return block


def by_transitions() -> Block:
    """The library transitions: the model is changed in place."""
    from transitions import Machine as Other  # noqa: PLC0415 - an optional contender

    class Model:
        state = "active"
        turns = 0

        def say(self) -> None:
            self.turns += 1

    other = [
        ["cancel", ["active", "paused"], "cancelled"],
        ["complete", ["active", "paused"], "completed"],
        ["expire", ["active", "paused"], "abandoned"],
    ]
    model = Model()
    Other(
        model,
        states=[member.value for member in Status],
        initial="active",
        auto_transitions=False,
        transitions=[
            {"trigger": "message", "source": "active", "dest": "active", "after": "say"},
            ["pause", "active", "paused"],
            ["resume", "paused", "active"],
            *other,
        ],
    )

    def block(rounds: int) -> object:
        model.turns = 0
        for _ in range(rounds):
            model.message()  # type: ignore[attr-defined]
            model.message()  # type: ignore[attr-defined]
            model.pause()  # type: ignore[attr-defined]
            model.resume()  # type: ignore[attr-defined]
        return model.state, model.turns

    return block


def by_statemachine() -> Block:
    """The library python-statemachine: the machine object is changed in place."""
    from statemachine import State, StateMachine  # noqa: PLC0415 - an optional contender

    class Model(StateMachine):
        active = State(initial=True)
        paused = State()
        completed = State(final=True)
        cancelled = State(final=True)
        abandoned = State(final=True)
        message = active.to(active, on="said")
        pause = active.to(paused)
        resume = paused.to(active)
        complete = active.to(completed) | paused.to(completed)
        cancel = active.to(cancelled) | paused.to(cancelled)
        expire = active.to(abandoned) | paused.to(abandoned)
        turns = 0

        def said(self) -> None:
            self.turns += 1

    model = Model()

    def block(rounds: int) -> object:
        model.turns = 0
        for _ in range(rounds):
            model.message()
            model.message()
            model.pause()
            model.resume()
        return model.configuration[0].id, model.turns

    return block


class Inputs(Protocol):
    """What happens to a session, as Automat wants it."""

    def message(self) -> None:
        """Say something."""

    def pause(self) -> None:
        """Pause it."""

    def resume(self) -> None:
        """Go on."""

    def complete(self) -> None:
        """Complete it."""

    def cancel(self) -> None:
        """Cancel it."""

    def expire(self) -> None:
        """Give it up."""


def by_automat() -> Block:
    """The library Automat, in its typed form: the core object is changed in place."""
    from automat import TypeMachineBuilder  # noqa: PLC0415 - an optional contender

    class Core:
        turns = 0

    builder = TypeMachineBuilder(Inputs, Core)
    states = {member.value: builder.state(member.value) for member in Status}
    active, paused = states["active"], states["paused"]

    @active.upon(Inputs.message).loop()
    def _said(_inputs: Inputs, core: Core) -> None:
        core.turns += 1

    active.upon(Inputs.pause).to(paused).returns(None)
    paused.upon(Inputs.resume).to(active).returns(None)
    for source in (active, paused):
        source.upon(Inputs.complete).to(states["completed"]).returns(None)
        source.upon(Inputs.cancel).to(states["cancelled"]).returns(None)
        source.upon(Inputs.expire).to(states["abandoned"]).returns(None)
    core = Core()
    model = builder.build()(core)

    def block(rounds: int) -> object:
        core.turns = 0
        for _ in range(rounds):
            model.message()
            model.message()
            model.pause()
            model.resume()
        return "active", core.turns

    return block


def constructor_alone(rounds: int) -> object:
    """Build the next value four times a round, and nothing else."""
    value = begin()
    for _ in range(4 * rounds):
        value = Session(
            value.id,
            value.tenant,
            value.user,
            value.topic,
            value.status,
            value.started,
            NOW,
            value.turns + 1,
        )
    return value.turns


# --- refusals: a round is one ---------------------------------------------------------------------


def refused_value(rounds: int) -> object:
    """A refusal as a value: impossible here."""
    value, step, answer = begin(), PLAIN.step, None
    for _ in range(rounds):
        answer = step(value, Event.RESUME, NOW, None)
    return answer is not None


def refused_by_guard(rounds: int) -> object:
    """A refusal as a value: one of two guards says no."""
    value, step, answer = begin(), GUARDED.step, None
    late = NOW + TTL
    for _ in range(rounds):
        answer = step(value, Event.MESSAGE, late, None)
    return answer is not None


def refused_raised(rounds: int) -> object:
    """The same refusal, raised and caught."""
    value, move, caught = begin(), PLAIN.move, False
    for _ in range(rounds):
        try:
            move(value, Event.RESUME, NOW, None)
        except TransitionRefusedError:
            caught = True
    return caught


def refused_by_guard_raised(rounds: int) -> object:
    """The same refusal by a guard, raised and caught."""
    value, move, caught = begin(), GUARDED.move, False
    late = NOW + TTL
    for _ in range(rounds):
        try:
            move(value, Event.MESSAGE, late, None)
        except TransitionRefusedError:
            caught = True
    return caught


def refused_raised_by_hand(rounds: int) -> object:
    """What the floor does: raise a ValueError with one formatted sentence, and catch it."""
    value, caught = begin(), False
    none: dict[Event, Row[Session, Status, None, Effect]] = {}
    for _ in range(rounds):
        try:
            if none.get(Event.RESUME) is None:
                told = f"{Event.RESUME} refused in {value.status}"
                raise ValueError(told)  # noqa: TRY301 - what is measured
        except ValueError:
            caught = True
    return caught


# --- measuring ----------------------------------------------------------------------------------


def seconds(block: Block, rounds: int) -> float:
    """CPU seconds of one block."""
    begun = time.process_time()
    block(rounds)
    return time.process_time() - begun


def calibrate(block: Block) -> int:
    """How many rounds fill a block; warms up, too."""
    rounds = 1
    while (took := seconds(block, rounds)) < BLOCK / 4:
        rounds *= 2
    return max(1, round(rounds * BLOCK / took))


def compare(name: str, ours: Block, other: Block, *, each: int = 4) -> float:
    """Print how long *ours* takes in units of *other*; *each* is how many steps a round has."""
    mine, theirs = calibrate(ours), calibrate(other)
    ratios: list[float] = []
    own: list[float] = []
    gc.disable()
    for _ in range(PAIRS):
        a = seconds(ours, mine) / mine
        b = seconds(other, theirs) / theirs
        ratios.append(a / b)
        own.append(a / each)
    gc.enable()
    low, middle, high = statistics.quantiles(ratios, n=4)
    said = f"{middle:6.3f}  ({low:.3f} to {high:.3f})"
    if middle < 0.5:
        said += f"  {1 / middle:6.1f} times faster"
    print(f"  {name:<58}{said}   {statistics.median(own) * 1e9:6.0f} ns")
    return middle


def bytes_each(count: int = 50_000) -> float:
    """Bytes per session value; what its fields hold is shared."""
    shared = begin()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept: list[Session | None] = [None] * count
    list_only = tracemalloc.get_traced_memory()[0]
    for place in range(count):
        kept[place] = touch(shared, Status.ACTIVE, NOW, None)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert list_only > before  # the list itself is not counted
    assert all(kept)
    return (after - list_only) / count


def main() -> None:
    """Print all figures."""
    print(f"Python {sys.version.split()[0]}, attrs {importlib.metadata.version('attrs')}")
    rounds = 3
    wanted = ("active", 2 * rounds)
    ours, guarded = by_machine(PLAIN), by_machine(GUARDED)
    floor, str_floor = by_floor(PlainStatus, PlainEvent), by_floor(Status, Event)
    guarded_floor = by_floor(PlainStatus, PlainEvent, guarded=True)
    guarded_str_floor = by_floor(Status, Event, guarded=True)
    for block in (ours, guarded, floor, str_floor, guarded_floor, guarded_str_floor):
        assert block(rounds) == wanted

    print("\nMachine.step, in units of the other; eight fields, four steps a round")
    compare("floor: dict lookup and constructor, plain Enum", ours, floor)
    compare("floor: the same, StrEnum", ours, str_floor)
    compare("floor with both guards by hand, plain Enum; ours guarded", guarded, guarded_floor)
    compare("floor with both guards by hand, StrEnum; ours guarded", guarded, guarded_str_floor)
    compare("ours without guards; ours guarded instead", guarded, ours)
    compare("ours; the constructor alone instead", constructor_alone, ours)
    contenders = (
        ("transitions", by_transitions),
        ("python-statemachine", by_statemachine),
        ("automat", by_automat),
    )
    for name, make in contenders:
        try:
            other = make()
        except ImportError:
            print(f"  {name:<58}absent")
            continue
        assert other(rounds) == wanted
        version = importlib.metadata.version(name)
        compare(f"{name} {version}", ours, other)
        compare(f"{name} {version}; the plain floor instead of ours", floor, other)

    print("\nA refusal as a value, in units of the same refusal raised")
    compare("impossible here; raised by Machine.move", refused_value, refused_raised, each=1)
    compare(
        "refused by a guard; raised by Machine.move",
        refused_by_guard,
        refused_by_guard_raised,
        each=1,
    )
    compare(
        "impossible here; a ValueError raised in place by hand",
        refused_value,
        refused_raised_by_hand,
        each=1,
    )

    print(f"\nBytes per session value of eight fields: {bytes_each():.0f}")


if __name__ == "__main__":
    main()
