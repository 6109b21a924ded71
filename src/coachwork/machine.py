"""State machines as literal tables: what may happen to a value, and what it becomes.

Why a table
    Whatever survives a request (a session, a job, an identity, a plan) has a *state*, and in each
    state only some *events* can happen. Spread over methods, those rules hide in conditions; in one
    literal dict they can be read, drawn, checked and walked. The table is keyed by two string
    enums, state first, event second, and each place holds one `Row`: where it leads, how the next
    value is built, which guards must agree, and the names of the effects that follow.

What a step promises (brief, section 1)
    * It is pure: ``(value, event, now, given)`` in, an answer out. No clock, no chance, no I/O.
    * The answer is a value: `Moved` (the next value and the effects) or `Refused` (where, what, and
      why: impossible in this state, or refused by guards, with the reasons of *all* of them).
    * A refusal changes nothing, and costs next to nothing: no text is made and no other event is
      looked at until somebody asks for it.
    * The next value is in the state that the row names, or the step is an error.
    * A guard that raises is an error that names machine, event and guard. It is never a "yes": what
      is told to be available is available.

What is checked when a machine is made
    Every state has a row and is reachable, end states are exactly the states without events, every
    state can reach an end, every event is used, nothing is listed twice. All faults are named in
    one `MachineError`. One fault cannot be seen here: Python keeps only the last of two equal keys
    in a dict literal.

Guards see the value and the instant only, never what comes with the event, so that availability can
be told before anybody has made the event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar, cast, overload

import attrs

from coachwork.errors import MachineError, TransitionRefusedError

# The answers of a step are frozen for the checkers alone: to make a frozen object takes as long
# again as all the rest of a step. They are no named tuples, since mypy loses the types of generic
# ones where a union is narrowed by isinstance.
if TYPE_CHECKING:
    from attrs import frozen as _answer
else:
    from attrs import define as _answer

V = TypeVar("V")
"""The value that moves: a frozen class with one attribute that holds its state."""
V_contra = TypeVar("V_contra", contravariant=True)
S = TypeVar("S", bound=StrEnum)
"""The enum of states."""
E = TypeVar("E", bound=StrEnum)
"""The enum of events."""
E_co = TypeVar("E_co", bound=StrEnum, covariant=True)
S_co = TypeVar("S_co", bound=StrEnum, covariant=True)
G_contra = TypeVar("G_contra", contravariant=True)
"""What is given with an event; often a union, or None."""
F_co = TypeVar("F_co", bound=StrEnum, covariant=True)
"""The enum of effect names; ``Never`` where a machine has none."""

Edge: TypeAlias = tuple[S, E, S]
"""One arrow of the table: from, event, to."""
Reasons: TypeAlias = tuple[tuple[str, str], ...]
"""Per failing guard its name and why."""

UNREADABLE = "state of the value"
"""Stands for the guard's name where the state itself could not be read."""
WALK_LIMIT = 100_000
"""How many different values `Machine.walk` visits unless told otherwise."""


@attrs.frozen
class Guard(Generic[V_contra]):
    """A named condition of a row.

    Attributes:
        name: What refusals and diagrams call it; one name means one guard in a machine.
        check: Answers None when the event may pass, or why not, for the value and the instant
            (UTC). It is pure, and it never sees what is given with the event.
    """

    name: str
    check: Callable[[V_contra, datetime], str | None]


@attrs.frozen
class Row(Generic[V, S, G_contra, F_co]):
    """What one event does in one state.

    Attributes:
        to: The state it leads to.
        update: Builds the next value, with its class, from the value, `to`, the instant (UTC) and
            what was given with the event. It must be in state `to`.
        guards: All must agree. All are asked, in this order, and all who do not are named.
        effects: Names of what has to follow; the caller carries them out.
    """

    to: S
    update: Callable[[V, S, datetime, G_contra], V]
    guards: tuple[Guard[V], ...] = ()
    effects: tuple[F_co, ...] = ()


@_answer(weakref_slot=False, unsafe_hash=True)
class Moved(Generic[V, F_co]):
    """The event happened.

    Attributes:
        value: The next value.
        effects: Names of what has to follow.
    """

    value: V
    effects: tuple[F_co, ...]


class _Source(Protocol[V_contra, S_co, E_co]):
    """What a refusal needs of its machine, later, when it is asked."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> Callable[[V_contra], S_co]: ...
    def available(self, value: V_contra, now: datetime) -> tuple[E_co, ...]: ...


@_answer(weakref_slot=False, unsafe_hash=True)
class Refused(Generic[V, S, E]):
    """The event did not happen, and nothing was changed.

    Everything beside the fields is found out when asked, and is the same whenever that is.

    Attributes:
        source: The machine that refused.
        value: The value as it was, and is.
        event: The event that was refused.
        now: The instant (UTC) of the step.
        reasons: Per failing guard its name and why; empty when the event is impossible here.
    """

    source: _Source[V, S, E]
    value: V
    event: E
    now: datetime
    reasons: Reasons

    @property
    def machine(self) -> str:
        """The name of the machine."""
        return self.source.name

    @property
    def state(self) -> S:
        """The state the value is in."""
        return self.source.state(self.value)

    @property
    def impossible(self) -> bool:
        """Whether the table has no such event in this state; otherwise guards refused it."""
        return not self.reasons

    @property
    def allowed(self) -> tuple[E, ...]:
        """The events that would be allowed at that instant."""
        return self.source.available(self.value, self.now)

    def error(self) -> TransitionRefusedError:
        """Make the error that tells this refusal, for callers who raise."""
        return TransitionRefusedError(
            self.machine,
            str(self.state),
            str(self.event),
            impossible=self.impossible,
            reasons=self.reasons,
            allowed=tuple(str(event) for event in self.allowed),
        )

    def __repr__(self) -> str:
        """Tell machine, state, event and reasons; the value stays out of logs."""
        why = "impossible" if self.impossible else f"reasons={self.reasons!r}"
        return f"Refused({self.machine}: {self.event} in {self.state}, {why})"


@attrs.frozen
class Availability(Generic[E]):
    """What each event of a state would answer now; the three parts share no event.

    Attributes:
        events: The events that would move, in table order.
        refused: Per event that guards refuse: the reasons of all failing guards.
        broken: Per event that cannot be told: the name of the first guard that failed to answer
            and of the exception's class. A step with it raises `MachineError`.
    """

    events: tuple[E, ...]
    refused: Mapping[E, Reasons]
    broken: Mapping[E, tuple[str, str]]


@attrs.frozen(kw_only=True)
class Walk(Generic[V, S, E]):
    """What an exhaustive walk has seen.

    Attributes:
        states: How many different values were visited (different by their view).
        steps: How many moves were tried.
        refusals: How many of them were refused.
        taken: The edges of the table that were taken, in table order.
        untaken: The edges that no move took, in table order.
        stuck: Values outside the end states from which no move led on: dead ends that only the
            guards make. A value is listed whose moves all led back to itself, too.
    """

    states: int
    steps: int
    refusals: int
    taken: tuple[Edge[S, E], ...]
    untaken: tuple[Edge[S, E], ...]
    stuck: tuple[V, ...]


def _reason(why: object) -> str:
    """A bool or an empty reason would be misread, whichever way: refuse it."""
    if not isinstance(why, str) or not why:
        told = "a guard answers None or a reason, a text that is not empty"
        raise TypeError(told)
    return why


# What a step needs of a row, as a tuple: unpacked in one go, and the event itself in front, since
# a plain string that equals a member would be found under its key.
_Compiled: TypeAlias = tuple[
    E,
    S,
    Callable[[V, S, datetime, G_contra], V],
    tuple[Guard[V], ...],
    tuple[F_co, ...],
]


@attrs.frozen(kw_only=True, eq=False)
class Machine(Generic[V, S, E, G_contra, F_co]):
    """A checked table, and everything that can be asked of it.

    Attributes:
        name: What errors and diagrams call it.
        states: The enum of all states.
        events: The enum of all events.
        initial: The states in which values begin.
        ends: The states in which nothing can happen any more.
        endless: True when the machine has no end on purpose; then `ends` is empty.
        state: Reads the state of a value, usually ``attrgetter("status")``.
        table: Per state, per event the row; read-only.

    Raises:
        MachineError: When the table cannot stand; it names every fault and its place.
    """

    name: str
    states: type[S]
    events: type[E]
    initial: tuple[S, ...]
    ends: tuple[S, ...]
    endless: bool = False
    state: Callable[[V], S] = attrs.field(repr=False)
    table: Mapping[S, Mapping[E, Row[V, S, G_contra, F_co]]] = attrs.field(repr=False)
    edges: tuple[Edge[S, E], ...] = attrs.field(init=False, repr=False)
    _rows: dict[S, dict[E, _Compiled[E, S, V, G_contra, F_co] | None]] = attrs.field(
        init=False, repr=False
    )

    def __attrs_post_init__(self) -> None:
        """Check the table, then keep a read-only copy and the form that `step` reads."""
        faults = tuple(_faults_of_parts(self)) or tuple(_faults_of_graph(self))
        if faults:
            sentence = f"machine {self.name!r}: {'; '.join(faults)}"
            raise MachineError(sentence)
        set_once = object.__setattr__
        set_once(
            self,
            "table",
            MappingProxyType(
                {state: MappingProxyType(dict(row)) for state, row in self.table.items()}
            ),
        )
        set_once(
            self,
            "edges",
            tuple(
                (state, event, row.to)
                for state, rows in self.table.items()
                for event, row in rows.items()
            ),
        )
        # Each state knows every event, so that the lookup of an impossible one is no exception.
        compiled: dict[S, dict[E, _Compiled[E, S, V, G_contra, F_co] | None]] = {
            state: dict.fromkeys(self.events) for state in self.states
        }
        for state, rows in self.table.items():
            for event, row in rows.items():
                compiled[state][event] = (event, row.to, row.update, row.guards, row.effects)
        set_once(self, "_rows", compiled)

    # --- stepping ----------------------------------------------------------------------------

    @overload
    def step(
        self: Machine[V, S, E, None, F_co], value: V, event: E, now: datetime
    ) -> Moved[V, F_co] | Refused[V, S, E]: ...
    @overload
    def step(
        self, value: V, event: E, now: datetime, given: G_contra
    ) -> Moved[V, F_co] | Refused[V, S, E]: ...
    def step(
        self,
        value: V,
        event: E,
        now: datetime,
        given: G_contra = cast("G_contra", None),  # noqa: B008 - None, typed by the overloads
    ) -> Moved[V, F_co] | Refused[V, S, E]:
        """Let *event* happen to *value*, or tell why it cannot.

        Args:
            value: The value; it is never changed.
            event: What happens.
            now: The instant (UTC).
            given: What comes with the event; may be left out where the machine takes None.

        Returns:
            `Moved` with the next value and the effects, or `Refused`.

        Raises:
            MachineError: When a guard raises, when the value's state or the event is none of this
                machine, or when the update answers a value in another state than the row names.
        """
        read = self.state
        try:
            found = self._rows[read(value)][event]
        except Exception as error:
            raise self._unreadable(event, error) from error
        if found is None:
            self._must_be_event(event)
            return Refused(self, value, event, now, ())
        known, to, update, guards, effects = found
        if event is not known:
            self._must_be_event(event)
        reasons: Reasons = ()
        for guard in guards:
            try:
                why = guard.check(value, now)
                if why is not None:
                    reasons = (*reasons, (guard.name, _reason(why)))
            except Exception as error:
                raise self._guard_failed(event, guard.name, error) from error
        if reasons:
            return Refused(self, value, event, now, reasons)
        after = update(value, to, now, given)
        try:
            landed = read(after)
        except Exception as error:
            raise self._astray(event, to, error) from error
        if landed is not to:
            raise self._astray(event, to, landed)
        return Moved(after, effects)

    @overload
    def move(
        self: Machine[V, S, E, None, F_co], value: V, event: E, now: datetime
    ) -> Moved[V, F_co]: ...
    @overload
    def move(self, value: V, event: E, now: datetime, given: G_contra) -> Moved[V, F_co]: ...
    def move(
        self,
        value: V,
        event: E,
        now: datetime,
        given: G_contra = cast("G_contra", None),  # noqa: B008 - None, typed by the overloads
    ) -> Moved[V, F_co]:
        """Do a `step`, and raise where it is refused.

        Raises:
            TransitionRefusedError: When the step is refused; nothing was changed.
            MachineError: As `step` does.
        """
        answer = self.step(value, event, now, given)
        if isinstance(answer, Refused):
            raise answer.error()
        return answer

    # --- asking ------------------------------------------------------------------------------

    def available(self, value: V, now: datetime) -> tuple[E, ...]:
        """The events that would move *value* at *now* (UTC), in table order; never raises."""
        return self.availability(value, now).events

    def availability(self, value: V, now: datetime) -> Availability[E]:
        """What each event of the value's state would answer at *now* (UTC); never raises.

        A value whose state cannot be read has no event available, and all of them broken.
        """
        events: list[E] = []
        refused: dict[E, Reasons] = {}
        broken: dict[E, tuple[str, str]] = {}
        try:
            rows = self.table[self.state(value)]
        except Exception as error:  # noqa: BLE001 - a query never raises
            trouble = (UNREADABLE, type(error).__name__)
            return Availability((), {}, dict.fromkeys(self.events, trouble))
        for event, row in rows.items():
            reasons: Reasons = ()
            for guard in row.guards:
                try:
                    why = guard.check(value, now)
                    if why is not None:
                        reasons = (*reasons, (guard.name, _reason(why)))
                except Exception as error:  # noqa: BLE001 - a query never raises
                    broken[event] = (guard.name, type(error).__name__)
                    break
            else:
                if reasons:
                    refused[event] = reasons
                else:
                    events.append(event)
        return Availability(tuple(events), refused, broken)

    def reachable(self, state: S) -> frozenset[S]:
        """The states that the table leads to from *state*, itself among them; guards aside."""
        return _closure(self.table, (state,))

    def paths(self, start: S, end: S) -> tuple[tuple[Edge[S, E], ...], ...]:
        """All ways from *start* to *end* that enter no state twice, guards aside.

        Two events between the same states make two ways. From a state to itself there is one, the
        empty one. Shorter ones and earlier rows come first.
        """
        found: list[tuple[Edge[S, E], ...]] = []
        waiting: deque[tuple[S, tuple[Edge[S, E], ...]]] = deque([(start, ())])
        while waiting:
            state, path = waiting.popleft()
            if state is end:
                found.append(path)
                continue
            entered = {start, *(edge[2] for edge in path)}
            waiting.extend(
                (row.to, (*path, (state, event, row.to)))
                for event, row in self.table[state].items()
                if row.to not in entered
            )
        return tuple(found)

    def walk(
        self,
        starts: Iterable[V],
        moves: Callable[[V], Iterable[tuple[E, datetime, G_contra]]],
        view: Callable[[V], Hashable],
        *,
        limit: int = WALK_LIMIT,
    ) -> Walk[V, S, E]:
        """Visit every value that can come to be, breadth first, with the real guards.

        *moves* is called exactly once per different value, and so is the place to check what must
        hold for all of them.

        Args:
            starts: The values to begin with.
            moves: What to try on a value: event, instant (UTC) and what is given with it.
            view: What makes two values different, as something hashable. Leave out what grows
                for ever, or the walk does.
            limit: How many different values may be visited (a bound that is hit is an error).

        Raises:
            MachineError: When there are more different values than *limit*, and as `step` does.
        """
        seen: set[Hashable] = set()
        waiting: deque[V] = deque()
        taken: set[Edge[S, E]] = set()
        stuck: list[V] = []
        steps = refusals = 0

        def meet(value: V) -> bool:
            """Put *value* in the queue when it is new; whether *limit* allows it is checked."""
            seeing = view(value)
            if seeing in seen:
                return False
            if len(seen) >= limit:
                sentence = f"machine {self.name!r}: the walk met more than {limit} different values"
                raise MachineError(sentence)
            seen.add(seeing)
            waiting.append(value)
            return True

        for value in starts:
            meet(value)
        while waiting:
            value = waiting.popleft()
            here = self.state(value)
            led_on = here in self.ends
            for event, now, given in moves(value):
                steps += 1
                answer = self.step(value, event, now, given)
                if isinstance(answer, Refused):
                    refusals += 1
                    continue
                taken.add((here, event, self.state(answer.value)))
                led_on |= meet(answer.value) or view(answer.value) != view(value)
            if not led_on:
                stuck.append(value)
        return Walk(
            states=len(seen),
            steps=steps,
            refusals=refusals,
            taken=tuple(edge for edge in self.edges if edge in taken),
            untaken=tuple(edge for edge in self.edges if edge not in taken),
            stuck=tuple(stuck),
        )

    # --- telling what went wrong -------------------------------------------------------------

    def _must_be_event(self, event: object) -> None:
        if not isinstance(event, self.events):
            sentence = (
                f"machine {self.name!r}: {type(event).__name__} is no event of "
                f"{self.events.__name__}"
            )
            raise MachineError(sentence)

    def _unreadable(self, event: object, error: Exception) -> MachineError:
        """The first lookup failed: name the event if that is what is wrong, else the value."""
        self._must_be_event(event)
        return MachineError(
            f"machine {self.name!r}: {event}: the value has no state of "
            f"{self.states.__name__} ({type(error).__name__})"
        )

    def _guard_failed(self, event: E, guard: str, error: Exception) -> MachineError:
        return MachineError(
            f"machine {self.name!r}: {event}: guard {guard!r} failed with {type(error).__name__}"
        )

    def _astray(self, event: E, to: S, found: object) -> MachineError:
        where = "without a state" if isinstance(found, Exception) else f"in state {found}"
        return MachineError(
            f"machine {self.name!r}: {event}: the update answers a value {where}, not in state {to}"
        )


# --- what is checked when a machine is made ----------------------------------------------------


def _closure(
    table: Mapping[S, Mapping[E, Row[V, S, G_contra, F_co]]], starts: Iterable[S]
) -> frozenset[S]:
    """All states that *table* leads to from *starts*, these among them."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        for row in table[waiting.pop()].values():
            if row.to not in found:
                found.add(row.to)
                waiting.append(row.to)
    return frozenset(found)


def _faults_of_parts(machine: Machine[V, S, E, G_contra, F_co]) -> Iterator[str]:
    """What is wrong with the pieces: kinds, names, duplicates."""
    broken = (
        *_faults_of_enum("states", machine.states),
        *_faults_of_enum("events", machine.events),
        *(() if machine.name else ("name: expected a text that is not empty",)),
        *(() if _can_be_called(machine.state) else ("state: expected a function of the value",)),
        *_faults_of_mapping("table", machine.table),
    )
    if broken:
        yield from broken  # nothing else can be told while these are wrong
        return
    yield from _faults_of_members("initial", machine.initial, machine.states)
    yield from _faults_of_members("ends", machine.ends, machine.states)
    yield from _faults_of_table(machine)


def _faults_of_table(machine: Machine[V, S, E, G_contra, F_co]) -> Iterator[str]:
    """The table has a row for each state and a place for each event, and nothing else."""
    guards: dict[str, object] = {}
    used: set[object] = set()
    for state in machine.states:
        if state not in machine.table:
            yield f"table: {state} has no row"
    for state, rows in machine.table.items():
        yield from _faults_of_members("table", (state,), machine.states)
        broken = tuple(_faults_of_mapping(state, rows))
        yield from broken
        if broken:
            continue
        yield from _faults_of_members(state, tuple(rows), machine.events)
        for event, row in rows.items():
            used.add(event)
            for fault in _faults_of_row(row, machine.states, guards):
                yield f"{state}, {event}: {fault}"
    for event in machine.events:
        if event not in used:
            yield f"events: {event} is used in no row"


def _faults_of_mapping(what: object, given: object) -> Iterator[str]:
    """Tables and their rows are mappings."""
    if not isinstance(given, Mapping):
        yield f"{what}: expected a mapping"


def _can_be_called(thing: object) -> bool:
    """Like ``callable``, of something whose declared type may be wrong."""
    return callable(thing)


def _faults_of_enum(what: str, enum: object) -> Iterator[str]:
    """A set of names must be a string enum in which each name has a value of its own."""
    if not (isinstance(enum, type) and issubclass(enum, StrEnum)):
        yield f"{what}: expected a StrEnum"
        return
    for name, member in enum.__members__.items():
        if name != member.name:
            yield f"{what}: {name} and {member.name} are one value, {member.value!r}"
        if not member.value:
            yield f"{what}: {name} is an empty text"


def _faults_of_members(what: str, given: object, enum: type[StrEnum]) -> Iterator[str]:
    """A tuple must hold members of *enum*, each once."""
    if not isinstance(given, tuple):
        yield f"{what}: expected a tuple"
        return
    members = cast("tuple[object, ...]", given)
    for position, member in enumerate(members):
        if not isinstance(member, enum):
            yield f"{what}: {member!r} is none of {enum.__name__}"
        elif member in members[:position]:
            yield f"{what}: {member} is listed twice"


def _faults_of_row(row: object, states: type[StrEnum], guards: dict[str, object]) -> Iterator[str]:
    """A row must lead to a state, build a value, and list guards and effects soundly.

    *guards* collects all guards of the machine by name.
    """
    if not isinstance(row, Row):
        yield "expected a Row"
        return
    sound = cast("Row[object, StrEnum, object, StrEnum]", row)
    if not isinstance(sound.to, states):
        yield f"to: {sound.to!r} is no state of {states.__name__}"
    if not _can_be_called(sound.update):
        yield "update: expected a function that builds the next value"
    yield from _faults_of_guards(sound.guards, guards)
    yield from _faults_of_members("effects", sound.effects, StrEnum)


def _faults_of_guards(given: object, guards: dict[str, object]) -> Iterator[str]:
    """A row's guards are a tuple of named, callable ones, and a name means one guard."""
    if not isinstance(given, tuple):
        yield "guards: expected a tuple"
        return
    named: set[str] = set()
    for guard in cast("tuple[object, ...]", given):
        if not isinstance(guard, Guard):
            yield f"guards: {guard!r} is no Guard"
            continue
        known = cast("Guard[object]", guard)
        if not known.name:
            yield "guards: a guard has no name"
        if not _can_be_called(known.check):
            yield f"guards: {known.name!r}: expected a check that can be called"
        if known.name in named:
            yield f"guards: {known.name!r} is listed twice"
        named.add(known.name)
        if guards.setdefault(known.name, known) != known:
            yield f"guards: {known.name!r} is the name of another guard, too"


def _faults_of_graph(machine: Machine[V, S, E, G_contra, F_co]) -> Iterator[str]:
    """What is wrong with the whole, once the pieces are sound."""
    table = machine.table
    if machine.endless and machine.ends:
        yield "ends: an endless machine has none"
    if not machine.initial:
        yield "initial: expected at least one state"
    if not machine.endless and not machine.ends:
        yield "ends: expected at least one state, or endless=True"
    reached = _closure(table, machine.initial)
    for state, rows in table.items():
        if state in machine.ends and rows:
            yield f"{state}: an end state, yet it has events"
        if state not in machine.ends and not rows:
            yield f"{state}: has no events, yet it is no end state"
        if state not in reached:
            yield f"{state}: cannot be reached from the initial states"
        if machine.ends and not _closure(table, (state,)) & set(machine.ends):
            yield f"{state}: leads to no end state"
