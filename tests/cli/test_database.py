"""The database file that a command works on (`coachwork.cli._database`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from coachwork.cli._database import database_path, opened, there
from coachwork.errors import StoreUnavailableError, ValidationError
from coachwork.records import account_key


def test_a_path_that_was_told_is_taken(tmp_path: Path) -> None:
    """The file is where it was told, and stays."""
    told = str(tmp_path / "my.db")
    with database_path(told) as path, opened(path, synchronous="NORMAL") as database:
        assert database.get(account_key("t", "u")) is None
    assert path == told
    assert Path(told).exists()
    with pytest.raises(StoreUnavailableError, match="closed"):
        database.get(account_key("t", "u"))


def test_without_a_path_the_file_is_a_temporary_one() -> None:
    """It is gone afterwards, with its folder."""
    with database_path(None) as path, opened(path):
        assert Path(path).exists()
    assert not Path(path).parent.exists()


def test_a_file_that_must_be_there(tmp_path: Path) -> None:
    """Where there is none, none is made."""
    told = str(tmp_path / "my.db")
    with pytest.raises(ValidationError, match="--database"), there(told):
        pass
    assert not Path(told).exists()
    with opened(told):
        pass
    with there(told) as database:
        assert database.get(account_key("t", "u")) is None
