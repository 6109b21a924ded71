"""A SQLite file as tests meet it: without the library, and in other processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from coachwork.adapters import SQLite
from coachwork.ports import AsyncRepository


@contextmanager
def opened(path: str) -> Generator[SQLite]:
    """Open the file as an application does, but wait for no disk."""
    with closing(SQLite(path, synchronous="NORMAL")) as repository:
        yield repository


@asynccontextmanager
async def opened_in_threads(path: str) -> AsyncGenerator[AsyncRepository]:
    """Open the file as an async application does."""
    repository: Any = SQLite(path, synchronous="NORMAL").for_async()
    yield repository
    await repository.close()


@contextmanager
def raw(path: Path) -> Generator[sqlite3.Connection]:
    """Open the file without the library."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def in_a_process(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run *program* in an interpreter of its own, and return what it printed."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )


def in_processes(program: str, *arguments: object, number: int) -> list[str]:
    """Run *program* so many times at the same moment; return what each printed.

    The program reads a line before it begins.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    return [process.communicate("go\n", timeout=60)[0] for process in processes]


_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another_process(path: Path, how: str) -> Generator[None]:
    """Let another process hold a lock on the file."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        assert process.stdin is not None
        process.stdin.close()
