"""The suite of a repository, and the functions that find out whether it is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Final, TypeAlias

from coachwork.ports import AsyncRepository, Repository
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._promise import DEADLINE, Port, Suite, Terms, promises_in
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check, check_async
from coachwork.testing.conformance.repository import (
    _commits,
    _due,
    _lasting,
    _logs,
    _races,
    _records,
    _views,
)

RepositoryMake: TypeAlias = Callable[
    [],
    AbstractContextManager[Repository]
    | AbstractContextManager[AsyncRepository]
    | AbstractAsyncContextManager[AsyncRepository],
]
"""Makes a repository of either colour: see `coachwork.testing.conformance.Make`."""

REPOSITORY: Final = Suite(
    port=Port(name="Repository", field="repository", method="commit"),
    promises=promises_in(_records, _commits, _logs, _views, _due, _races, _lasting),
)
"""All that is promised of a repository."""


def check_repository(
    make: RepositoryMake,
    *,
    lacks: Collection[Capability] = (),
    settle: float = 0.0,
    processes: bool = False,
    deadline: float = DEADLINE,
) -> Report:
    """Check a repository, of either colour, against all that is promised of it.

    A blocking one is called in threads of the kit's own, an async one in event loops of its own.
    What the checks write stays there: give them a store in which it may. They meet nothing that
    was there before, and several runs at once do not meet each other.

    Args:
        make: Returns a context manager that gives the repository, and closes it. It is called for
            every check; each time it may be a new adapter on the same store.
        lacks: What the repository lacks; it is not checked, and the report tells what is lost.
        settle: Seconds within which a view shows what was committed.
        processes: Whether several processes may use the store at once. Then some checks are made
            from processes of their own, which import the module of ``make`` and call it.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well; ``print`` it.

    Raises:
        ConformanceError: Some promise is not kept; its sentence tells all that were found broken.
        ValidationError: An argument is not what it should be.
    """
    terms = Terms.of(REPOSITORY, lacks=lacks, settle=settle, processes=processes, deadline=deadline)
    return check(REPOSITORY, make, terms)


async def check_async_repository(
    make: RepositoryMake,
    *,
    lacks: Collection[Capability] = (),
    settle: float = 0.0,
    processes: bool = False,
    deadline: float = DEADLINE,
) -> Report:
    """Do what `check_repository` does with an async repository, in the running loop of asyncio.

    Raises:
        ConformanceError: See `check_repository`.
        ValidationError: See `check_repository`.
    """
    terms = Terms.of(REPOSITORY, lacks=lacks, settle=settle, processes=processes, deadline=deadline)
    return await check_async(REPOSITORY, make, terms)
