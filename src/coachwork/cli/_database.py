"""The database file that a command works on."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from coachwork.adapters import SQLite
from coachwork.errors import ValidationError

BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for other writers; a person at a terminal waits no longer."""


@contextmanager
def database_path(told: str | None) -> Generator[str]:
    """Lend the path that was *told*, or that of a file which is gone afterwards."""
    if told is not None:
        yield told
        return
    with TemporaryDirectory(prefix="coachwork-", ignore_cleanup_errors=True) as folder:
        yield str(Path(folder) / "coachwork.db")


@contextmanager
def opened(path: str, *, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> Generator[SQLite]:
    """Lend the database at *path*, and close it."""
    with closing(SQLite(path, synchronous=synchronous, busy_timeout=BUSY_TIMEOUT)) as database:
        yield database


@contextmanager
def there(path: str) -> Generator[SQLite]:
    """Lend the database at *path*, if there is one.

    Raises:
        ValidationError: There is no such file.
    """
    if not Path(path).exists():
        raise ValidationError("--database", "a file that is there")
    with opened(path) as database:
        yield database
