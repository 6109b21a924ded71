"""Cached repositories as tests open them, in this process and in others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager

from coachwork.adapters import AsyncCached, Cached, Memory, SQLite


@contextmanager
def opened(path: str) -> Generator[Cached]:
    """Open a file with a memory of this process in front of it."""
    with closing(Cached(SQLite(path, synchronous="NORMAL"), Memory(), sessions=2)) as repository:
        yield repository


@asynccontextmanager
async def opened_in_threads(path: str) -> AsyncGenerator[AsyncCached]:
    """Open the same as an async application does."""
    repository = Cached(SQLite(path, synchronous="NORMAL"), Memory()).for_async()
    yield repository
    await repository.close()
