"""What is promised of a notifier."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from math import ceil
from typing import Final, TypeAlias

from attrs import frozen

from coachwork.effects import Notify, Workflow
from coachwork.events import Event
from coachwork.jobs import JobKind
from coachwork.ports import AsyncNotifier, Notifier
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import expect
from coachwork.testing.conformance._promise import DEADLINE, Port, Suite, Terms, Trial
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check, check_async
from coachwork.testing.conformance._samples import HOSTILE, event, outcomes, taken
from coachwork.testing.conformance._together import AtOnce, Wait
from coachwork.testing.conformance._words import in_words

NotifierMake: TypeAlias = Callable[
    [],
    AbstractContextManager[Notifier]
    | AbstractContextManager[AsyncNotifier]
    | AbstractAsyncContextManager[AsyncNotifier],
]
"""Makes a notifier of either colour: see `coachwork.testing.conformance.Make`."""

Arrived: TypeAlias = Callable[[], Iterable[str]]
"""Tells what has arrived at the other end so far, in order: the ids of events."""

Outage: TypeAlias = Callable[[], AbstractContextManager[object]]
"""Makes the other end unreachable for as long as the block lasts."""

NOTIFY: Final = "coachwork.ports.Notifier.notify"
RACERS: Final = 8
EACH: Final = 5
MOMENT: Final = 0.02
"""Seconds between two looks at the other end."""


@frozen
class OtherEnd:
    """What can be seen and done at the other end of a notifier.

    Attributes:
        arrived: What has arrived there, if that can be seen.
        outage: Makes it unreachable, if that can be done.
    """

    arrived: Arrived | None = None
    outage: Outage | None = None

    @property
    def lacks(self) -> set[Capability]:
        """What cannot be checked without it."""
        lacking = {Capability.ARRIVALS: self.arrived, Capability.OUTAGES: self.outage}
        return {capability for capability, given in lacking.items() if given is None}

    def of(self, events: Iterable[Event]) -> list[str]:
        """Return which of these have arrived, in order, without repeats."""
        told = dict.fromkeys(self.arrived() if self.arrived else ())
        wanted = {event.id for event in events}
        return [name for name in told if name in wanted]


def _tell(*events: Event) -> Workflow[None]:
    """Tell events, one after the other."""
    for each in events:
        yield from Notify(each)


def _arrive(end: OtherEnd, trial: Trial, events: list[Event]) -> Workflow[list[str]]:
    """Return which of these have arrived, as soon as all have, or when it may lag no longer."""
    for _ in range(ceil(trial.settle / MOMENT)):
        if len(end.of(events)) == len(events):
            break
        yield from Wait(MOMENT)
    return end.of(events)


@draft("N01", why="One kind of outcome stops all events of its session.", where="coachwork.events")
def every_event_is_taken(_end: OtherEnd, trial: Trial) -> Workflow[None]:
    """Answers of any text, results, every failure, and ids of any form are told without error."""
    for number, outcome in enumerate(outcomes()):
        yield from _tell(event(trial.tenant, number, outcome))
    for number, kind in enumerate(JobKind, 100):
        yield from _tell(event(trial.tenant, number, kind=kind))
    for number, session in enumerate(HOSTILE, 200):
        yield from _tell(event(trial.tenant, number, session=session))


@draft(
    "N02",
    why="One event that was told, and not marked so, stops all that follow.",
    where=f"{NOTIFY}: at least once",
)
def an_event_may_be_told_again(_end: OtherEnd, trial: Trial) -> Workflow[None]:
    """The same event, told a second time, is no error."""
    told = event(trial.tenant, 1)
    yield from _tell(told, event(trial.tenant, 2), told)


@draft(
    "N03",
    why="Workers that settle jobs at the same moment put their events off, or lose them.",
    where="coachwork.coach.Coach: it may be used by several threads at once",
)
def several_may_tell_at_once(_end: OtherEnd, trial: Trial) -> Workflow[None]:
    """Events of several sessions, told at the same time, are no error."""
    yield from AtOnce(tuple(_tell(*_of_racer(trial, racer)) for racer in range(RACERS)))


@draft(
    "N04",
    why="People wait for answers of which nobody will ever hear: the event counts as delivered.",
    where=f"{NOTIFY}: when it returns, the event counts as delivered",
    needs=Capability.ARRIVALS,
)
def what_was_told_arrives(end: OtherEnd, trial: Trial) -> Workflow[None]:
    """What was told has arrived at the other end."""
    told = [event(trial.tenant, number, outcome) for number, outcome in enumerate(outcomes())]
    events = yield from taken(told, Notify)
    found = yield from _arrive(end, trial, events)
    missing = [in_words(each) for each in events if each.id not in found]
    expect("what has not arrived", missing, [])


@draft(
    "N05",
    why="A page shows the answer before the last as the last one.",
    where=f"{NOTIFY}: for the events of one session in order",
    needs=Capability.ARRIVALS,
)
def the_order_of_a_session_is_kept(end: OtherEnd, trial: Trial) -> Workflow[None]:
    """The events of one session, told one after the other, arrive in that order."""
    told = [event(trial.tenant, n, session="in order") for n in range(20)]
    events = yield from taken(told, Notify)
    found = yield from _arrive(end, trial, events)
    expect("the order of arrival", found, [each.id for each in events if each.id in found])


@draft(
    "N06",
    why="An event is lost whenever two workers tell theirs at the same moment.",
    where=f"{NOTIFY}: when it returns, the event counts as delivered",
    needs=Capability.ARRIVALS,
)
def nothing_is_lost_at_once(end: OtherEnd, trial: Trial) -> Workflow[None]:
    """Of events that are told at the same time all arrive."""
    racers = tuple(taken(_of_racer(trial, racer), Notify) for racer in range(RACERS))
    told = yield from AtOnce(racers)
    events = [each for of_racer in told for each in of_racer]
    found = yield from _arrive(end, trial, events)
    expect("how many have arrived", len(found), len(events))


@draft(
    "N07",
    why="Events of an hour without network are lost instead of told later.",
    where=f"{NOTIFY}: what it raises puts the event off",
    needs=Capability.OUTAGES,
)
def what_cannot_be_told_is_raised(end: OtherEnd, trial: Trial) -> Workflow[None]:
    """Where the other end cannot be reached, an error is raised, and later none."""
    told = event(trial.tenant, 1)
    with (end.outage or nullcontext)():
        try:
            yield from Notify(told)
        except Exception:  # noqa: BLE001 - whatever it is puts the event off
            is_raised = True
        else:
            is_raised = False
    expect(f"whether {in_words(Notify(told))} fails in an outage", is_raised, expected=True)
    yield from Notify(told)


def _of_racer(trial: Trial, racer: int) -> list[Event]:
    """Return the events that one racer tells, all of one session."""
    first = (racer + 1) * 1000
    return [event(trial.tenant, first + n, session=f"s-{racer}") for n in range(EACH)]


DRAFTS: Final = (
    every_event_is_taken,
    an_event_may_be_told_again,
    several_may_tell_at_once,
    what_was_told_arrives,
    the_order_of_a_session_is_kept,
    nothing_is_lost_at_once,
    what_cannot_be_told_is_raised,
)


def notifier_suite(end: OtherEnd | None = None) -> Suite:
    """Return all that is promised of a notifier, with what is known of its other end."""
    port = Port(name="Notifier", field="notifier", method="notify")
    return Suite(port=port, promises=tuple(each.given(end or OtherEnd()) for each in DRAFTS))


def notifier_terms(
    arrived: Arrived | None, outage: Outage | None, settle: float, deadline: float
) -> tuple[Suite, Terms]:
    """Return what is checked of a notifier, and on which terms; see `check_notifier`."""
    end = OtherEnd(arrived, outage)
    suite = notifier_suite(end)
    return suite, Terms.of(suite, lacks=end.lacks, settle=settle, deadline=deadline)


def check_notifier(
    make: NotifierMake,
    *,
    arrived: Arrived | None = None,
    outage: Outage | None = None,
    settle: float = 0.0,
    deadline: float = DEADLINE,
) -> Report:
    """Check a notifier, of either colour.

    Args:
        make: Makes the notifier: a function that returns a context manager of it.
        arrived: Tells the ids of the events that have arrived at the other end so far, in order;
            without it nobody knows whether any do.
        outage: Makes the other end unreachable: a function that returns a context manager.
        settle: Seconds within which `arrived` tells what has arrived.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    suite, terms = notifier_terms(arrived, outage, settle, deadline)
    return check(suite, make, terms)


async def check_async_notifier(
    make: NotifierMake,
    *,
    arrived: Arrived | None = None,
    outage: Outage | None = None,
    settle: float = 0.0,
    deadline: float = DEADLINE,
) -> Report:
    """Do what `check_notifier` does with an async notifier, in the running loop of asyncio.

    Raises:
        ConformanceError: See `check_notifier`.
        ValidationError: See `check_notifier`.
    """
    suite, terms = notifier_terms(arrived, outage, settle, deadline)
    return await check_async(suite, make, terms)


@in_words.register(Notify)
def _(effect: Notify) -> str:
    return f"notify({in_words(effect.event)})"
