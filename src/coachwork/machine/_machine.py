"""The machine: a checked table, the step, and the questions that can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Generic, TypeAlias, cast, overload

import attrs

from coachwork.errors import MachineError
from coachwork.machine._answers import UNREADABLE, Availability, Moved, Refused, Walk
from coachwork.machine._faults import faults_of
from coachwork.machine._graph import closure, ways
from coachwork.machine._row import E, Edge, F_co, G_contra, Guard, Reasons, Row, S, V
from coachwork.machine._walk import WALK_LIMIT, walk


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
        if faults := faults_of(self):
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
        return closure(self.table, (state,))

    def paths(self, start: S, end: S) -> tuple[tuple[Edge[S, E], ...], ...]:
        """All ways from *start* to *end* that enter no state twice, guards aside.

        Two events between the same states make two ways. From a state to itself there is one, the
        empty one. Shorter ones and earlier rows come first.
        """
        return ways(self.table, start, end)

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
        return walk(self, starts, moves, view, limit)

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
