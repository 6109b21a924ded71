"""A machine for any table: over the library's own, over random ones, and over faulty ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

import attrs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as hypothesis_st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from coachwork.errors import MisuseError, TransitionRefusedError
from coachwork.jobs import JOB, Job, JobEvent, JobGiven, Kept, Settled, Settlement
from coachwork.machine import Availability, Guard, Machine, Moved, Refused, Row
from coachwork.sessions import SESSION, Conclusion, InFlight, Session, SessionEvent, Spoken, later
from coachwork.testing import strategies as st
from coachwork.testing.stateful import table_machine
from tests.random_machines import COUNTS, Thing, ThingMachine, sound_machines

_HOUR: Final = timedelta(hours=1)
_FEW: Final = settings(
    max_examples=10,
    stateful_step_count=8,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def around(at: datetime, *more: datetime | None) -> hypothesis_st.SearchStrategy[datetime]:
    """Return a strategy of instants near *at*, and of these very instants."""
    near = hypothesis_st.timedeltas(-_HOUR, _HOUR).map(lambda duration: later(at, duration))
    return near | hypothesis_st.sampled_from([at, *(one for one in more if one is not None)])


# --- the library's own tables ----------------------------------------------------------------

E = SessionEvent
J = JobEvent
_WAITS: Final = st.of(InFlight)
_OUTCOMES: Final = hypothesis_st.builds(Settled, st.job_errors(), st.usages())


def turns_are_kept(session: Session) -> str | None:
    """Say whether there are more turns than the session may have."""
    return "too many turns" if 0 < session.about.max_turns < session.turns else None


def nothing_goes_back(before: Session, event: SessionEvent, after: Session) -> str | None:
    """Say whether an instant went back, or a message was lost."""
    if after.last_activity_at < before.last_activity_at or after.messages < before.messages:
        return f"{event} went back"
    return None


TestSessions = table_machine(
    SESSION,
    values=st.sessions(),
    given={
        **dict.fromkeys((E.MESSAGE, E.RETRY, E.ASK), _WAITS),
        E.RESUME: hypothesis_st.none() | _WAITS,
        E.REPLY: st.of(Spoken),
        E.FAIL: st.usages(),
        E.COMPLETE: st.of(Conclusion),
    },
    now=lambda session: around(session.updated_at, session.expires_at),
    invariants=[turns_are_kept],
    steps=[nothing_goes_back],
).TestCase


def tokens_grow(before: Job, event: JobEvent, after: Job) -> str | None:
    """Say whether a lease got an old token."""
    if event in {J.CLAIM, J.TAKE_OVER}:
        return None if after.attempts == before.attempts + 1 else "an old token"
    return None if after.attempts == before.attempts else "an attempt nobody made"


_BRINGS: Final[dict[JobEvent, hypothesis_st.SearchStrategy[JobGiven]]] = {
    **dict.fromkeys((J.CLAIM, J.TAKE_OVER, J.RENEW), st.instants()),
    J.KEEP: st.of(Kept),
    J.SETTLE: hypothesis_st.builds(Settled, st.of(Settlement), st.usages()),
    **dict.fromkeys((J.FAIL, J.CLOSE, J.EXPIRE), _OUTCOMES),
}

TestJobs = table_machine(
    JOB,
    values=st.jobs(),
    given=_BRINGS,
    now=lambda job: around(job.updated_at, job.expires_at, job.lease.until if job.lease else None),
    steps=[tokens_grow],
).TestCase

TestSessions.settings = TestJobs.settings = settings(max_examples=8, stateful_step_count=8)


def things(machine: ThingMachine) -> hypothesis_st.SearchStrategy[Thing]:
    """Return a strategy of the values of a random machine."""
    members = hypothesis_st.sampled_from(list(machine.states))
    return hypothesis_st.builds(Thing, members, hypothesis_st.integers(0, COUNTS - 1))


@settings(max_examples=5, suppress_health_check=[HealthCheck.nested_given])
@given(machine=sound_machines(guarded=False))
def test_nothing_is_wrong_with_a_sound_machine(machine: ThingMachine) -> None:
    """Whatever its table says, its values go through it."""
    run_state_machine_as_test(
        table_machine(machine, values=things(machine)), settings=settings(_FEW, max_examples=3)
    )


# --- what it finds ---------------------------------------------------------------------------


class State(StrEnum):
    """States of a till."""

    OPEN = "open"
    SHUT = "shut"


class Event(StrEnum):
    """What happens to a till."""

    PAY = "pay"
    SHUT = "shut"


class Effect(StrEnum):
    """What follows."""

    RECEIPT = "receipt"
    LETTER = "letter"


@attrs.frozen
class Till:
    """Money, and how it came."""

    state: State
    money: int = 0
    notes: list[int] = attrs.field(factory=list[int])


TillRow = Row[Till, State, int, Effect]
TillMachine = Machine[Till, State, Event, int, Effect]


def pay(till: Till, to: State, _now: datetime, amount: int) -> Till:
    """Take an amount."""
    return Till(to, till.money + amount, [*till.notes, amount])


def shut(till: Till, to: State, _now: datetime, _given: int) -> Till:
    """Shut it."""
    return Till(to, till.money, till.notes)


SMALL: Final = Guard[Till](
    "small", lambda till, _now: "too much money" if till.money > 20 else None
)
WHOLE: Final = Guard[Till]("even", lambda till, _now: "odd" if till.money % 2 else None)


def till_machine(
    kind: Callable[..., Any] = Machine,
    *,
    paying: Callable[..., Till] = pay,
    guards: Sequence[Guard[Till]] = (SMALL, WHOLE),
) -> TillMachine:
    """Return the machine of a till, with one thing changed."""
    machine: TillMachine = kind(
        name="till",
        states=State,
        events=Event,
        initial=(State.OPEN,),
        ends=(State.SHUT,),
        state=attrgetter("state"),
        table={
            State.OPEN: {
                Event.PAY: Row(State.OPEN, paying, tuple(guards), (Effect.RECEIPT,)),
                Event.SHUT: Row(State.SHUT, shut, (), (Effect.LETTER,)),
            },
            State.SHUT: {},
        },
    )
    return machine


def till_test(machine: TillMachine) -> type[RuleBasedStateMachine]:
    """Return the machine for Hypothesis."""
    amounts = hypothesis_st.integers(0, 9)
    return table_machine(
        machine,
        values=hypothesis_st.builds(
            Till, hypothesis_st.sampled_from(State), hypothesis_st.integers(0, 30)
        ),
        given={Event.PAY: amounts},
        invariants=[lambda till: "no money" if till.money < 0 else None],
        steps=[lambda a, event, b: f"{event} loses money" if b.money < a.money else None],
    )


def breaks_a_note(till: Till, to: State, _now: datetime, amount: int) -> Till:
    """Write into the old value."""
    till.notes.append(amount)
    return Till(to, till.money, till.notes)


def tosses(till: Till, to: State, _now: datetime, _amount: int, coins: list[int] = []) -> Till:  # noqa: B006 - that is the fault
    """Answer differently each time."""
    coins.append(1)
    return Till(to, till.money + len(coins))


def strays(till: Till, _to: State, _now: datetime, amount: int) -> Till:
    """Land elsewhere."""
    return Till(State.SHUT if amount > 5 else State.OPEN, till.money)


def fails(till: Till, to: State, _now: datetime, amount: int) -> Till:
    """Fail on what may be given."""
    return Till(to, till.money + 8 // amount)


def robs(till: Till, to: State, _now: datetime, amount: int) -> Till:
    """Lose money by and by."""
    return Till(to, max(0, till.money - amount))


def once_more(_till: Till, _now: datetime, asked: list[int] = []) -> str | None:  # noqa: B006 - that is the fault
    """Agree to every other question."""
    asked.append(1)
    return "not now" if len(asked) % 2 else None


class NoGuards(Machine[Till, State, Event, int, Effect]):
    """An engine that asks no guard."""

    def step(self, value: Till, event: Event, now: datetime, given: Any = None) -> Any:  # noqa: ANN401
        """Let everything happen that has a row."""
        row = self.table[value.state].get(event)
        if row is None:
            return super().step(value, event, now, given)
        return Moved(row.update(value, row.to, now, given), row.effects)


class FirstReason(Machine[Till, State, Event, int, Effect]):
    """An engine that tells only the first reason."""

    def step(self, value: Till, event: Event, now: datetime, given: Any = None) -> Any:  # noqa: ANN401
        """Forget the others."""
        answer = super().step(value, event, now, given)
        if isinstance(answer, Refused):
            return attrs.evolve(answer, reasons=answer.reasons[:1])
        return answer


class NoEffects(Machine[Till, State, Event, int, Effect]):
    """An engine that loses the effects."""

    def step(self, value: Till, event: Event, now: datetime, given: Any = None) -> Any:  # noqa: ANN401
        """Move without consequences."""
        answer = super().step(value, event, now, given)
        return Moved(answer.value, ()) if isinstance(answer, Moved) else answer


class Reopens(Machine[Till, State, Event, int, Effect]):
    """An engine whose ends do not absorb."""

    def step(self, value: Till, event: Event, now: datetime, given: Any = None) -> Any:  # noqa: ANN401
        """Let an end be left."""
        if value.state is State.SHUT:
            return Moved(Till(State.OPEN, value.money), ())
        return super().step(value, event, now, given)


class Refuses(Machine[Till, State, Event, int, Effect]):
    """An engine that refuses what it may not."""

    def step(self, value: Till, event: Event, now: datetime, given: Any = None) -> Any:  # noqa: ANN401
        """Refuse a certain amount."""
        answer = super().step(value, event, now, given)
        if isinstance(answer, Moved) and given == 7:
            source: Any = self
            return Refused(source, value, event, now, ())
        return answer


class GoesAstray(Machine[Till, State, Event, int, Effect]):
    """An engine that leads elsewhere than the table says."""

    def step(self, value: Till, event: Event, now: datetime, given: Any = None) -> Any:  # noqa: ANN401
        """Stay open."""
        answer = super().step(value, event, now, given)
        if isinstance(answer, Moved):
            return Moved(Till(State.OPEN, answer.value.money), answer.effects)
        return answer


class Promises(Machine[Till, State, Event, int, Effect]):
    """An engine that tells more to be available than is."""

    def available(self, value: Till, now: datetime) -> tuple[Event, ...]:  # noqa: ARG002 - named as it is called
        """Promise everything."""
        return tuple(Event)


class Contradicts(Machine[Till, State, Event, int, Effect]):
    """An engine whose two questions are answered differently."""

    def availability(self, value: Till, now: datetime) -> Availability[Event]:
        """Deny everything."""
        return attrs.evolve(super().availability(value, now), events=())

    def available(self, value: Till, now: datetime) -> tuple[Event, ...]:
        """Tell what is available."""
        return super().availability(value, now).events


class Insists(Machine[Till, State, Event, int, Effect]):
    """An engine in which who moves a value gets no error."""

    def move(self, value: Till, event: Event, now: datetime, given: Any = None) -> Any:  # noqa: ANN401
        """Answer as a step does."""
        return super().step(value, event, now, given)


class KeepsSecrets(Machine[Till, State, Event, int, Effect]):
    """An engine whose errors do not tell why."""

    def move(self, value: Till, event: Event, now: datetime, given: Any = None) -> Any:  # noqa: ANN401
        """Keep the reasons."""
        try:
            return super().move(value, event, now, given)
        except TransitionRefusedError as error:
            raise TransitionRefusedError(
                error.machine, error.state, error.event, impossible=True, reasons=(), allowed=()
            ) from error


class Accuses(Machine[Till, State, Event, int, Effect]):
    """An engine that tells a guard to have failed that has not."""

    def availability(self, value: Till, now: datetime) -> Availability[Event]:
        """Accuse it."""
        told = super().availability(value, now)
        return attrs.evolve(told, broken=dict.fromkeys(told.events, ("small", "KeyError")))


ANYTHING: Final[Any] = lambda _till, _now: True  # noqa: E731 - no guard answers so


FAULTS: Final[dict[str, TillMachine]] = {
    "changed the value that it was given": till_machine(paying=breaks_a_note),
    "answered differently": till_machine(paying=tosses),
    "the update answers a value in state shut": till_machine(paying=strays),
    "the update failed with ZeroDivisionError": till_machine(paying=fails),
    "pay loses money": till_machine(paying=robs),
    "guard 'broken' failed": till_machine(
        guards=[Guard("broken", lambda till, _now: str(1 // till.money))]
    ),
    "guard 'yes' failed with TypeError": till_machine(guards=[Guard("yes", ANYTHING)]),
    "pay: refused for|the same step": till_machine(guards=[Guard("moody", once_more)]),
    "it happened, and must be refused": till_machine(NoGuards),
    "pay: refused for": till_machine(FirstReason),
    "its effects are not the row's": till_machine(NoEffects),
    "shut: it happened, and must be|pay: it happened": till_machine(Reopens),
    "refused, though all guards agree": till_machine(Refuses),
    "it leads to open, not to shut": till_machine(GoesAstray),
    "available: pay, shut, not": till_machine(Promises),
    "told differently by its two questions": till_machine(Contradicts),
    "guards that fail": till_machine(Accuses),
    "pay: to move it is no such error": till_machine(Insists),
    "to move it is no such error": till_machine(KeepsSecrets),
}


@pytest.mark.parametrize("told", FAULTS)
def test_a_planted_fault_is_found(told: str) -> None:
    """Of the table, of its guards and updates, and of the engine below it."""
    with pytest.raises(AssertionError, match=f"machine 'till': .*({told})"):
        run_state_machine_as_test(till_test(FAULTS[told]), settings=settings(_FEW, max_examples=60))


def test_nothing_is_found_where_nothing_is_planted() -> None:
    """The till itself is sound; it is tried at any instants, and with nothing given, too."""
    run_state_machine_as_test(till_test(till_machine()), settings=_FEW)


@pytest.mark.parametrize(
    "money, state, paying",
    [
        (-1, State.SHUT, pay),  # it stays as it is
        (0, State.OPEN, lambda till, to, _now, _amount: Till(to, till.money - 1)),
    ],
)
def test_an_invariant_is_held_of_every_value(
    money: int, state: State, paying: Callable[..., Till]
) -> None:
    """Of one that it begins with, and of what an event makes of it."""
    broke = table_machine(
        till_machine(paying=paying),
        values=hypothesis_st.just(Till(state, money)),
        given={Event.PAY: hypothesis_st.just(1)},
        invariants=[lambda till: "no money" if till.money < 0 else None],
    )
    with pytest.raises(AssertionError, match="machine 'till': no money"):
        run_state_machine_as_test(broke, settings=_FEW)


def test_what_is_given_with_no_event_of_the_table_is_refused() -> None:
    """A name that is misspelled would be passed over in silence."""
    given: dict[Any, Any] = {Event.PAY: hypothesis_st.just(1), "nonsense": hypothesis_st.none()}
    with pytest.raises(MisuseError, match="given: expected events of 'till', not nonsense"):
        table_machine(till_machine(), values=hypothesis_st.just(Till(State.OPEN)), given=given)
