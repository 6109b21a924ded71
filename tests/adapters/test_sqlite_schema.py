"""The schema of a SQLite file: of newer and older code, damaged, and made by many at once."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from coachwork.adapters import SQLite, _sqlite_schema
from coachwork.errors import CorruptRecordError, StoreUnavailableError, UnsupportedSchemaError
from coachwork.ports import CommitResult
from coachwork.records import Insert, Key, Record
from tests.sqlite_files import held_by_another_process, in_processes, raw
from tests.things import thing

DONE = CommitResult.DONE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "coach.db"


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_not_a_byte_of_what_newer_code_wrote_is_changed(path: Path, journal: str) -> None:
    """The version is read before anything is written."""
    with raw(path) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE coachwork_schema (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO coachwork_schema VALUES (99)")
    before = path.read_bytes()
    with pytest.raises(UnsupportedSchemaError):
        SQLite(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE coachwork_record",
        "ALTER TABLE coachwork_record RENAME COLUMN body TO text",
        "DROP INDEX coachwork_record_due",
        "DROP INDEX coachwork_record_expires",
        "DROP TABLE coachwork_schema",
        "ALTER TABLE coachwork_schema RENAME COLUMN version TO v",
        "DELETE FROM coachwork_schema",
    ],
)
def test_a_damaged_schema_is_told_on_open(path: Path, damage: str) -> None:
    """A file that is not what its version says is damaged, and is left as it is."""
    SQLite(path).close()
    with raw(path) as connection:
        connection.execute(damage)
    before = path.read_bytes()
    with pytest.raises(CorruptRecordError) as caught:
        SQLite(path)
    assert caught.value.kind == "database"
    assert path.read_bytes() == before


def test_code_that_has_grown_old_is_told(path: Path) -> None:
    """Once newer code migrated the file, older code that has it open goes on no more."""
    with closing(SQLite(path)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
        with raw(path) as connection:
            connection.execute("UPDATE coachwork_schema SET version = 99")
        with pytest.raises(UnsupportedSchemaError):
            repository.commit([Insert(thing("t", "b"))])
        with repository._connection(), pytest.raises(UnsupportedSchemaError):
            repository.get(Key("thing", "t", ("a",)))  # on a new connection
        with raw(path) as connection:
            connection.execute("UPDATE coachwork_schema SET version = 1")
        assert repository.get(Key("thing", "t", ("b",))) is None
        assert repository.commit([Insert(thing("t", "b"))]) is DONE


def test_a_file_locked_for_good_cannot_be_opened(path: Path) -> None:
    """Who opens a file that another keeps to itself is told after the busy timeout."""
    with raw(path) as connection:
        connection.execute("CREATE TABLE other (a)")
    with (
        held_by_another_process(path, "BEGIN EXCLUSIVE"),
        pytest.raises(StoreUnavailableError, match="locked"),
    ):
        SQLite(path, busy_timeout=0.1)
    with closing(SQLite(path)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE


@pytest.mark.parametrize("released_after", [0.2, None])
def test_a_new_file_is_waited_for(path: Path, released_after: float | None) -> None:
    """Turning on the write-ahead log waits for those who read, for as long as was asked."""
    with raw(path) as reader:
        reader.execute("CREATE TABLE other (a)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM other").fetchall()
        if released_after is None:
            with pytest.raises(StoreUnavailableError, match="locked"):
                SQLite(path, busy_timeout=0.1)
            return
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(SQLite, path, busy_timeout=30.0)
            threading.Event().wait(released_after)
            assert not opening.done()
            reader.execute("COMMIT")
            opening.result(timeout=30).close()


def test_a_lock_that_sqlite_does_not_wait_for_is_waited_for(path: Path) -> None:
    """Where SQLite gives up at once, as when others make the file too, it is tried again."""
    with raw(path) as reader, closing(sqlite3.connect(path, timeout=0)) as connection:
        reader.execute("CREATE TABLE other (a)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM other").fetchall()
        tries = count()

        def release(statement: str) -> None:
            if statement.startswith("PRAGMA") and next(tries) == 3:
                reader.execute("COMMIT")

        connection.set_trace_callback(release)
        _sqlite_schema.bring_up_to_date(connection, 30.0)
        assert next(tries) >= 4
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


OPEN = """
import sys
from coachwork.adapters import SQLite, _sqlite_schema
sys.stdin.readline()
SQLite(sys.argv[1]).close()
print("opened")
"""


def test_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Of several processes that make the same file at the same moment, each gets it."""
    for number in range(2):
        path = tmp_path / f"{number}.db"
        assert in_processes(OPEN, path, number=6) == ["opened\n"] * 6


def test_threads_may_open_a_new_file_at_once(path: Path) -> None:
    """The same in one process."""
    together = threading.Barrier(8)

    def go(_: int) -> bool:
        together.wait()
        with closing(SQLite(path)) as repository:
            return repository.get(Key("thing", "t", ("a",))) is None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(go, range(8))) == [True] * 8


def schema_of(path: Path, version: object) -> None:
    """Write that the file has that version of the schema."""
    with raw(path) as connection:
        connection.execute("UPDATE coachwork_schema SET version = ?", (version,))


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    """A file that newer code wrote is not touched."""
    SQLite(path).close()
    schema_of(path, 99)
    for _ in range(2):
        with pytest.raises(UnsupportedSchemaError) as caught:
            SQLite(path)
        error = caught.value
        assert (error.kind, error.field) == ("database", "coachwork_schema")
        assert (error.found, error.known) == (99, len(_sqlite_schema.MIGRATIONS))
    with raw(path) as connection:
        assert connection.execute("SELECT version FROM coachwork_schema").fetchall() == [(99,)]


@pytest.mark.parametrize("version", ["x", -1, 1.5])
def test_a_damaged_schema_version_is_refused(path: Path, version: object) -> None:
    """A version that is none is damage, and nothing is migrated."""
    SQLite(path).close()
    schema_of(path, version)
    with pytest.raises(CorruptRecordError) as caught:
        SQLite(path)
    assert caught.value.field == "coachwork_schema"


NEXT = ("ALTER TABLE coachwork_record ADD COLUMN extra TEXT", "CREATE TABLE coachwork_more (a)")


def test_an_older_schema_is_migrated_on_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What older code wrote is brought up to date once, with all its records."""
    with closing(SQLite(path)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
    now = len(_sqlite_schema.MIGRATIONS)
    monkeypatch.setattr(_sqlite_schema, "MIGRATIONS", (*_sqlite_schema.MIGRATIONS, NEXT))
    together = threading.Barrier(4)

    def go(_: int) -> Record | None:
        together.wait()
        with closing(SQLite(path)) as repository:
            return repository.get(Key("thing", "t", ("a",)))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(go, range(4))) == [thing("t", "a")] * 4
    with raw(path) as connection:
        versions = connection.execute("SELECT version FROM coachwork_schema").fetchall()
        assert versions == [(now + 1,)]
        assert connection.execute("SELECT * FROM coachwork_more").fetchall() == []


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration is done as a whole or not at all."""
    with closing(SQLite(path)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
    broken = (*_sqlite_schema.MIGRATIONS, (*NEXT, "CREATE TABLE coachwork_more (b)"))
    with monkeypatch.context() as patched:
        patched.setattr(_sqlite_schema, "MIGRATIONS", broken)
        with pytest.raises(CorruptRecordError):
            SQLite(path)
    with closing(SQLite(path)) as repository:
        assert repository.get(Key("thing", "t", ("a",))) == thing("t", "a")
    with raw(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert ("coachwork_more",) not in tables


MIGRATE = """
import sys
from coachwork.adapters import SQLite, _sqlite_schema
from coachwork.records import Key
_sqlite_schema.MIGRATIONS += (
    (
        "ALTER TABLE coachwork_record ADD COLUMN extra TEXT",
        "CREATE TABLE coachwork_more (a)",
        "INSERT INTO coachwork_more VALUES ('once')",
    ),
)
sys.stdin.readline()
repository = SQLite(sys.argv[1])
print(repository.get(Key("thing", "t", ("a",))).version)
repository.close()
"""


def test_of_several_processes_one_migrates(path: Path) -> None:
    """Processes of newer code that start together all find the file up to date, changed once."""
    with closing(SQLite(path)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
    assert in_processes(MIGRATE, path, number=4) == ["1\n"] * 4
    with raw(path) as connection:
        assert connection.execute("SELECT version FROM coachwork_schema").fetchall() == [(2,)]
        assert connection.execute("SELECT a FROM coachwork_more").fetchall() == [("once",)]


def test_a_file_that_can_have_no_log_is_refused(path: Path) -> None:
    """SQLite says only in its answer that it goes on without a write-ahead log: it is heard."""
    path.touch()
    # Without locks there can be none, as on some file systems.
    with closing(sqlite3.connect(f"{path.as_uri()}?nolock=1", uri=True)) as connection:
        with pytest.raises(StoreUnavailableError, match="no write-ahead log"):
            _sqlite_schema.bring_up_to_date(connection, 0.1)
        assert connection.execute("SELECT * FROM sqlite_master").fetchall() == []
