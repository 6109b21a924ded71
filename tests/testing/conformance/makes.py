"""What other processes import: repositories that are made there, and what is done with them."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any

from coachwork.adapters import SQLite
from coachwork.effects import Get, Workflow
from coachwork.ports import AsyncRepository
from coachwork.records import Insert, Key
from coachwork.testing.conformance import Meet, ProcessMeeting, PromiseBrokenError
from coachwork.testing.conformance.repository._asking import done
from coachwork.testing.conformance.repository._things import thing


@contextmanager
def blocking(path: str) -> Generator[SQLite]:
    """Open a file."""
    with closing(SQLite(path, synchronous="NORMAL")) as repository:
        yield repository


@asynccontextmanager
async def awaited(path: str) -> AsyncGenerator[AsyncRepository]:
    """Open a file in threads."""
    repository: Any = SQLite(path, synchronous="NORMAL").for_async()
    yield repository
    await repository.close()


def puts(name: str) -> Workflow[tuple[str, int]]:
    """Put a record there; tell its name and the process."""
    yield from done(Insert(thing("t", name)))
    return name, os.getpid()


def stumbles() -> Workflow[None]:
    """Find what is not there."""
    yield from Get(Key("thing", "t", ("a",)))
    raise PromiseBrokenError("it", "something", "nothing")


def hangs() -> Workflow[None]:
    """Never come to an end."""
    yield from Get(Key("thing", "t", ("a",)))
    time.sleep(60)


def dies() -> Workflow[None]:
    """End the process without a word."""
    yield from Get(Key("thing", "t", ("a",)))
    os._exit(3)


def meets(meeting: ProcessMeeting, times: int) -> Workflow[int]:
    """Meet the others so many times."""
    for _ in range(times):
        yield from Meet(meeting)
    return times
