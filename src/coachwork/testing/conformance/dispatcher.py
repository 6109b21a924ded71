"""What is promised of a dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from math import ceil
from typing import Final, TypeAlias

from coachwork.effects import Dispatch, Workflow
from coachwork.jobs import JobKind, JobRef
from coachwork.ports import AsyncDispatcher, Dispatcher
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import expect
from coachwork.testing.conformance._promise import DEADLINE, Port, Suite, Terms, Trial
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check, check_async
from coachwork.testing.conformance._samples import HOSTILE, taken
from coachwork.testing.conformance._together import AtOnce, Wait
from coachwork.testing.conformance._words import in_words

DispatcherMake: TypeAlias = Callable[
    [],
    AbstractContextManager[Dispatcher]
    | AbstractContextManager[AsyncDispatcher]
    | AbstractAsyncContextManager[AsyncDispatcher],
]
"""Makes a dispatcher of either colour: see `coachwork.testing.conformance.Make`."""

Arrived: TypeAlias = Callable[[], Iterable[str]]
"""Tells what has arrived at the other end so far: the texts of jobs' references."""

DISPATCH: Final = "coachwork.ports.Dispatcher.dispatch"
RACERS: Final = 8
EACH: Final = 5
MOMENT: Final = 0.02
"""Seconds between two looks at the other end."""


def _refs(trial: Trial) -> list[JobRef]:
    """Return jobs of every kind, and of ids of any form."""
    refs = [JobRef(trial.tenant, f"job-{kind}", kind) for kind in JobKind]
    return refs + [JobRef(trial.tenant, name, JobKind.REPLY) for name in HOSTILE]


def _dispatch(refs: Iterable[JobRef]) -> Workflow[None]:
    """Tell of jobs, one after the other."""
    for ref in refs:
        yield from Dispatch(ref)


def _all_arrive(arrived: Arrived | None, trial: Trial, refs: Iterable[JobRef]) -> Workflow[None]:
    """Make sure that all of these arrive, as soon as that may take.

    Raises:
        PromiseBrokenError: Some do not.
    """
    told = {ref.text: ref for ref in refs}
    for _ in range(ceil(trial.settle / MOMENT)):
        if told.keys() <= {*(arrived() if arrived else ())}:
            break
        yield from Wait(MOMENT)
    missing = told.keys() - {*(arrived() if arrived else ())}
    expect("what has not arrived", [in_words(told[text]) for text in sorted(missing)], [])


@draft("D01", why="Jobs of one kind wait until a worker looks by itself.", where=DISPATCH)
def every_job_is_taken(_arrived: Arrived | None, trial: Trial) -> Workflow[None]:
    """Jobs of every kind, and of ids of any form, are dispatched without error."""
    yield from _dispatch(_refs(trial))


@draft("D02", why="Who repeats a call wakes nobody.", where=f"{DISPATCH}: and again")
def a_job_may_be_told_again(_arrived: Arrived | None, trial: Trial) -> Workflow[None]:
    """The same job, dispatched a second time, is no error."""
    ref = JobRef(trial.tenant, "job", JobKind.REPLY)
    yield from _dispatch([ref, JobRef(trial.tenant, "other", JobKind.REPLY), ref])


@draft(
    "D03",
    why="Of messages that come at the same moment some wait until a worker looks by itself.",
    where="coachwork.coach.Coach: it may be used by several threads at once",
)
def several_may_dispatch_at_once(_arrived: Arrived | None, trial: Trial) -> Workflow[None]:
    """Jobs that are dispatched at the same time are no error."""
    yield from AtOnce(tuple(_dispatch(_of_racer(trial, racer)) for racer in range(RACERS)))


@draft(
    "D04",
    why="Nobody is woken, or for a job that is not there: answers come late.",
    where=f"{DISPATCH}; coachwork.jobs.JobRef.text",
    needs=Capability.ARRIVALS,
)
def what_was_dispatched_arrives(arrived: Arrived | None, trial: Trial) -> Workflow[None]:
    """The very reference of every job arrives at the other end."""
    found = yield from taken(_refs(trial), Dispatch)
    yield from _all_arrive(arrived, trial, found)


@draft(
    "D05",
    why="Of messages that come at the same moment some wake nobody.",
    where=DISPATCH,
    needs=Capability.ARRIVALS,
)
def nothing_is_lost_at_once(arrived: Arrived | None, trial: Trial) -> Workflow[None]:
    """Of jobs that are dispatched at the same time all arrive."""
    racers = tuple(taken(_of_racer(trial, racer), Dispatch) for racer in range(RACERS))
    found = yield from AtOnce(racers)
    yield from _all_arrive(arrived, trial, (ref for of_racer in found for ref in of_racer))


def _of_racer(trial: Trial, racer: int) -> list[JobRef]:
    """Return the jobs that one racer dispatches."""
    return [JobRef(trial.tenant, f"job-{racer}-{n}", JobKind.REPLY) for n in range(EACH)]


DRAFTS: Final = (
    every_job_is_taken,
    a_job_may_be_told_again,
    several_may_dispatch_at_once,
    what_was_dispatched_arrives,
    nothing_is_lost_at_once,
)


def dispatcher_suite(arrived: Arrived | None = None) -> Suite:
    """Return all that is promised of a dispatcher, with what is known of its other end."""
    port = Port(name="Dispatcher", field="dispatcher", method="dispatch")
    return Suite(port=port, promises=tuple(each.given(arrived) for each in DRAFTS))


def dispatcher_terms(
    arrived: Arrived | None, settle: float, deadline: float
) -> tuple[Suite, Terms]:
    """Return what is checked of a dispatcher, and on which terms; see `check_dispatcher`."""
    suite = dispatcher_suite(arrived)
    lacks = [Capability.ARRIVALS] if arrived is None else []
    return suite, Terms.of(suite, lacks=lacks, settle=settle, deadline=deadline)


def check_dispatcher(
    make: DispatcherMake,
    *,
    arrived: Arrived | None = None,
    settle: float = 0.0,
    deadline: float = DEADLINE,
) -> Report:
    """Check a dispatcher, of either colour.

    Args:
        make: Makes the dispatcher: a function that returns a context manager of it.
        arrived: Tells the references that have arrived at the other end so far, as texts; without
            it nobody knows whether any do.
        settle: Seconds within which `arrived` tells what has arrived.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    suite, terms = dispatcher_terms(arrived, settle, deadline)
    return check(suite, make, terms)


async def check_async_dispatcher(
    make: DispatcherMake,
    *,
    arrived: Arrived | None = None,
    settle: float = 0.0,
    deadline: float = DEADLINE,
) -> Report:
    """Do what `check_dispatcher` does with an async dispatcher, in the running loop of asyncio.

    Raises:
        ConformanceError: See `check_dispatcher`.
        ValidationError: See `check_dispatcher`.
    """
    suite, terms = dispatcher_terms(arrived, settle, deadline)
    return await check_async(suite, make, terms)


@in_words.register(Dispatch)
def _(effect: Dispatch) -> str:
    return f"dispatch({in_words(effect.ref)})"
