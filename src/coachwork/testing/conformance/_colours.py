"""How a workflow is driven against an adapter that is made for it, in the adapter's own colour."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from typing import Any, Final, TypeVar, cast

from attrs import evolve

from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    Memory,
    ScriptedModel,
    SystemClock,
    TimeOrderedIds,
    TopicTemplates,
)
from coachwork.courses import is_async
from coachwork.drivers import run, run_async
from coachwork.effects import Workflow
from coachwork.errors import MisuseError
from coachwork.ports import AsyncPorts, Ports
from coachwork.testing.conformance._places import places_of_tasks
from coachwork.testing.conformance._promise import Make, Port
from coachwork.testing.conformance._watching import watched

R = TypeVar("R")

GRACE: Final = 1.0
"""Seconds that a cancelled task has to end, before nobody waits for it any longer."""


class UnfitError(MisuseError):
    """What makes the adapter does not, so no promise can be tried."""


class HungError(Exception):
    """A check did not end in time; its sentence tells where it stands."""


def drive(port: Port, make: Make, workflow: Callable[[], Workflow[R]], deadline: float) -> R:
    """Make an adapter, drive a workflow against it, and end it.

    A blocking one is driven in this thread, an async one in an event loop of its own.

    Args:
        port: Which port it is.
        make: Makes it.
        workflow: Makes the workflow.
        deadline: Seconds that an async adapter may take; who has called a blocking one keeps the
            time.

    Raises:
        HungError: It took longer.
        UnfitError: ``make`` gave no context manager of such an adapter.
    """
    made = make()
    if isinstance(made, AbstractContextManager):
        with made as adapter:
            _check_fit(port, adapter)
            if not is_async(adapter, port.method):
                return run(watched(workflow()), _ports(port, adapter))
        # It is to be made where it is used: in the loop.
        made = make()
    import asyncio  # noqa: PLC0415 - only who awaits needs it

    return asyncio.run(_driven(port, made, workflow, deadline))


async def drive_async(
    port: Port, make: Make, workflow: Callable[[], Workflow[R]], deadline: float
) -> R:
    """Do what `drive` does with an async adapter in the running event loop."""
    return await _driven(port, make(), workflow, deadline)


async def _driven(
    port: Port, made: object, workflow: Callable[[], Workflow[R]], deadline: float
) -> R:
    """Drive a workflow against the adapter that *made* gives, for so long at most."""

    async def driven() -> R:
        async with _entered(made) as adapter:
            _check_fit(port, adapter)
            if not is_async(adapter, port.method):
                raise UnfitError("it is blocking and would stop the event loop: see in_threads")
            return await run_async(watched(workflow()), _async_ports(port, adapter))

    return await _in_time(driven(), deadline)


@asynccontextmanager
async def _entered(made: object) -> AsyncGenerator[object]:
    """Enter a context manager of either colour.

    Raises:
        UnfitError: It is none.
    """
    if isinstance(made, AbstractAsyncContextManager):
        async with cast("AbstractAsyncContextManager[object]", made) as adapter:
            yield adapter
    elif isinstance(made, AbstractContextManager):
        with cast("AbstractContextManager[object]", made) as adapter:
            yield adapter
    else:
        raise UnfitError(
            "make must return a context manager of the adapter: see contextlib.closing, nullcontext"
        )


def _check_fit(port: Port, adapter: object) -> None:
    """Make sure that *adapter* has the methods of its port.

    Raises:
        UnfitError: It lacks some.
    """
    lacking = [name for name in port.methods if not callable(getattr(adapter, name, None))]
    if lacking:
        kind = type(adapter).__name__
        raise UnfitError(f"make must give a {port.name}, and {kind} has no {', '.join(lacking)}")


async def _in_time(what: Coroutine[Any, Any, R], deadline: float) -> R:
    """Wait for *what* for so long, also where it takes no notice of being cancelled.

    Raises:
        HungError: The time is over.
    """
    import asyncio  # noqa: PLC0415 - only who awaits needs it

    task = asyncio.ensure_future(what)
    try:
        await asyncio.wait([task], timeout=deadline)
        if task.done():
            return task.result()
        places = places_of_tasks(task)
    finally:
        task.cancel()
    await asyncio.wait([task], timeout=GRACE)
    raise HungError(places)


def _ports(port: Port, adapter: Any) -> Ports:  # noqa: ANN401 - it is what is to be found out
    """Return ports with that *adapter*, and defaults for the rest."""
    ports = Ports(
        repository=Memory(),
        model=ScriptedModel([]),
        clock=SystemClock(),
        ids=TimeOrderedIds(),
        templates=TopicTemplates({}),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer(),
    )
    return evolve(ports, **{port.field: adapter})


def _async_ports(port: Port, adapter: Any) -> AsyncPorts:  # noqa: ANN401 - as above
    """Return ports with that *adapter*, and defaults for the rest."""
    ports = AsyncPorts(
        repository=Memory().for_async(),
        model=ScriptedModel([]).for_async(),
        clock=SystemClock(),
        ids=TimeOrderedIds(),
        templates=TopicTemplates({}).for_async(),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer().for_async(),
    )
    return evolve(ports, **{port.field: adapter})
