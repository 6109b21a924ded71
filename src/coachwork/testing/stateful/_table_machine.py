"""A machine for any table: whatever a value is, all events are tried on it, and one happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

from attrs import frozen
from hypothesis import event as note_event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from coachwork.errors import MachineError, TransitionRefusedError
from coachwork.machine import Machine, Moved, Reasons, Refused
from coachwork.testing.strategies import instants

V = TypeVar("V")
S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)
G = TypeVar("G")
F = TypeVar("F", bound=StrEnum)

Says: TypeAlias = str | None
"""What is wrong, or None where all is well."""

_NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})


def table_machine(
    machine: Machine[V, S, E, G, F],
    *,
    values: st.SearchStrategy[V],
    given: Mapping[E, st.SearchStrategy[G]] = _NOTHING,
    now: Callable[[V], st.SearchStrategy[datetime]] | None = None,
    invariants: Sequence[Callable[[V], Says]] = (),
    steps: Sequence[Callable[[V, E, V], Says]] = (),
) -> type[RuleBasedStateMachine]:
    """Return a machine that lets events happen to the values of a table.

    Its ``TestCase`` is a test. Of every value that comes to be, it holds:

    * every event is answered as the table says: impossible where there is no row, refused with the
      reasons of all guards that do not agree, else moved, to the row's state, with its effects;
    * what is available is exactly what moves, and what is refused says so;
    * a refusal changes nothing, and neither does a step: it is pure, and the old value stays;
    * an end absorbs everything;
    * what *invariants* and *steps* say.

    Args:
        machine: The table.
        values: The values to begin with; in any states.
        given: What comes with an event; None with those that are left out.
        now: At which instants (UTC) something may happen to a value, as a function of the value;
            at any where it is left out.
        invariants: What must hold of each value: they say what does not, or None.
        steps: What must hold of each step: they are given the value before, the event and the value
            after, and say what does not, or None.
    """
    table = _Table(machine, given, now or _at_any_time, invariants, steps)
    fields: dict[str, object] = {
        "__doc__": f"Values of the machine {machine.name!r}, as events happen to them.",
        "_table": table,
        "begin": initialize(value=values)(_Events.begin_with),
        "begin_again": rule(value=values)(_Events.begin_with_another),
    }
    made = type("TableMachine", (_Events,), fields)
    return cast("type[RuleBasedStateMachine]", made)


class _Events(RuleBasedStateMachine):
    """Events that happen to a value, one after the other."""

    _table: _Table[Any, Any, Any, Any, Any]

    def begin_with(self, value: Any) -> None:  # noqa: ANN401 - of any table
        """Begin with a value."""
        self._table.holds(value)
        self._value = value

    def begin_with_another(self, value: Any) -> None:  # noqa: ANN401 - of any table
        """Begin anew."""
        self.begin_with(value)

    @rule(data=st.data())
    def happen(self, data: st.DataObject) -> None:
        """Try all events on the value, and let one happen that can."""
        self._value = self._table.happen(data, self._value)


@frozen
class _Table(Generic[V, S, E, G, F]):
    """A table, and all that is left open by it."""

    machine: Machine[V, S, E, G, F]
    given: Mapping[E, st.SearchStrategy[G]]
    now: Callable[[V], st.SearchStrategy[datetime]]
    invariants: Sequence[Callable[[V], Says]]
    steps: Sequence[Callable[[V, E, V], Says]]

    def holds(self, value: V) -> None:
        """Make sure that the invariants hold of *value*."""
        self._must_not(*(invariant(value) for invariant in self.invariants))

    def happen(self, data: st.DataObject, value: V) -> V:
        """Try all events on *value*; return what it becomes by one of them."""
        now = data.draw(self.now(value), label="now")
        after: dict[E, V] = {}
        for event in self.machine.events:
            given = data.draw(self.given.get(event, _none()), label=event.value)
            moved = self._tried(value, event, now, given)
            if moved is not None:
                after[event] = moved.value
                self.holds(moved.value)
                self._must_not(*(step(value, event, moved.value) for step in self.steps))
        self._is_available(value, now, tuple(after))
        if not after:
            return value
        event = data.draw(st.sampled_from([*after]), label="happens")
        note_event(f"{self.machine.state(value)} -- {event} -> {self.machine.state(after[event])}")
        return after[event]

    # --- one event -------------------------------------------------------------------------------

    def _tried(self, value: V, event: E, now: datetime, given: G) -> Moved[V, F] | None:
        """Return what *event* makes of *value*, or None where it must be refused, and is."""
        before = deepcopy(value)
        answer = self._stepped(value, event, now, given)
        again = self._stepped(value, event, now, given)
        self._must_not(
            _unless(value == before, f"{event}: a step changed the value that it was given"),
            _unless(_alike(answer, again), f"{event}: the same step is answered differently"),
        )
        row = self.machine.table[self.machine.state(value)].get(event)
        if row is None:
            self._is_refused(answer, event, ())
            return None
        reasons = tuple(
            (guard.name, why)
            for guard in row.guards
            if (why := guard.check(value, now)) is not None
        )
        if reasons:
            self._is_refused(answer, event, reasons)
            return None
        if not isinstance(answer, Moved):
            what = f"{event}: refused, though all guards agree"
            raise AssertionError(self._told(what))  # noqa: TRY004 - no type is wrong
        state = self.machine.state(answer.value)
        self._must_not(
            _unless(state is row.to, f"{event}: it leads to {state}, not to {row.to}"),
            _unless(answer.effects == row.effects, f"{event}: its effects are not the row's"),
        )
        return answer

    def _stepped(
        self, value: V, event: E, now: datetime, given: G
    ) -> Moved[V, F] | Refused[V, S, E]:
        """Return the answer to a step; whatever it raises is told with its event."""
        try:
            return self.machine.step(value, event, now, given)
        except MachineError as error:
            raise AssertionError(str(error)) from error
        except Exception as error:
            what = f"{event}: the update failed with {type(error).__name__}"
            raise AssertionError(self._told(what)) from error

    def _is_refused(self, answer: object, event: E, reasons: Reasons) -> None:
        """Make sure that *event* is refused, for these *reasons*, and that it says so."""
        if not isinstance(answer, Refused):
            what = f"{event}: it happened, and must be refused"
            raise AssertionError(self._told(what))  # noqa: TRY004 - no type is wrong
        refused = cast("Refused[V, S, E]", answer)
        error = refused.error()
        self._must_not(
            _unless(refused.reasons == reasons, f"{event}: refused for {refused.reasons}"),
            _unless(refused.impossible == (not reasons), f"{event}: refused in a wrong way"),
            _unless(error.reasons == reasons, f"{event}: its error tells {error.reasons}"),
            _unless(self._raises(refused, reasons), f"{event}: to move it is no error"),
        )

    def _raises(self, refused: Refused[V, S, E], reasons: Reasons) -> bool:
        """Whether who moves a value gets the error that tells the refusal."""
        try:
            self.machine.move(refused.value, refused.event, refused.now, cast("G", None))
        except TransitionRefusedError as error:
            return error.reasons == reasons
        return False

    # --- what is available -----------------------------------------------------------------------

    def _is_available(self, value: V, now: datetime, events: tuple[E, ...]) -> None:
        """Make sure that exactly these *events* are told to be available."""
        told = self.machine.availability(value, now)
        by_name = self.machine.available(value, now)
        wanted = set(events)
        self._must_not(
            _unless(set(by_name) == wanted, f"available: {_words(by_name)}, not {_words(events)}"),
            _unless(told.events == by_name, "available: told differently by its two questions"),
            _unless(not told.broken, f"guards that fail: {_words(told.broken)}"),
            _unless(
                self.machine.state(value) not in self.machine.ends or not events,
                "an end is left",
            ),
        )

    def _must_not(self, *faults: Says) -> None:
        """Tell all *faults*, if there is any.

        Raises:
            AssertionError: There is one.
        """
        told = [fault for fault in faults if fault]
        if told:
            raise AssertionError(self._told("; ".join(told)))

    def _told(self, what: str) -> str:
        return f"machine {self.machine.name!r}: {what}"


def _at_any_time(_value: object) -> st.SearchStrategy[datetime]:
    """Return all instants."""
    return instants()


_NONE: Final = st.none()


def _none() -> st.SearchStrategy[Any]:
    """Return what comes with an event that brings nothing."""
    return _NONE


def _unless(sound: bool, what: str) -> Says:  # noqa: FBT001 - read as a sentence
    """Say *what* is wrong, unless it is *sound*."""
    return None if sound else what


def _alike(one: object, other: object) -> bool:
    """Whether two answers say the same."""
    if isinstance(one, Refused) and isinstance(other, Refused):
        return one.reasons == other.reasons
    return one == other


def _words(events: Iterator[Any] | Mapping[Any, Any] | Sequence[Any]) -> str:
    """Return events as they are told."""
    return ", ".join(sorted(map(str, events))) or "nothing"
