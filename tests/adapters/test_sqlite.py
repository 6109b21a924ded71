"""The repository in one SQLite file: its promises, and everything that can go wrong with a file."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.adapters import Memory, SQLite, _sqlite
from coachwork.errors import (
    CorruptRecordError,
    OutcomeUnknownError,
    StoreUnavailableError,
    ValidationError,
)
from coachwork.ports import CommitResult, Query
from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Record, Update, key_of
from coachwork.testing import check_repository
from coachwork.testing.for_pytest import repository_tests
from tests.sqlite_files import (
    held_by_another_process,
    in_a_process,
    opened,
    opened_in_threads,
    raw,
)
from tests.things import HOSTILE, NOON, TICK, message, thing

DONE = CommitResult.DONE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "coach.db"


# --- what is promised ------------------------------------------------------------------------

_FOLDER = TemporaryDirectory(prefix="coachwork-")

test_it_keeps_its_promises = repository_tests(
    partial(opened, f"{_FOLDER.name}/coach.db"), processes=True
)


def test_its_async_form_keeps_them_too(path: Path) -> None:
    """The file in threads does the same."""
    check_repository(partial(opened_in_threads, str(path)))


_PARTS = st.sampled_from(("a", "b", "c"))
_FACTS = st.builds(
    Facts,
    owner=st.none() | st.sampled_from(HOSTILE),
    session=st.none() | _PARTS,
    status=st.none() | _PARTS,
    at=st.none() | st.just(NOON),
    due=st.none() | st.sampled_from((NOON, NOON + TICK)),
)
_RECORDS = st.builds(
    lambda part, version, facts: thing("t", part, version=version, facts=facts),
    _PARTS,
    st.integers(1, 3),
    _FACTS,
)
_OPS = st.one_of(
    st.builds(Insert, _RECORDS.map(lambda r: Record(r.key, 1, r.facts, r.body))),
    st.builds(Update, _RECORDS),
    st.builds(lambda r: Delete(r.key, r.version), _RECORDS),
    st.builds(lambda r: Check(r.key, r.version), _RECORDS),
)


@settings(max_examples=40)
@given(st.lists(st.lists(_OPS, max_size=3, unique_by=key_of), max_size=12))
def test_it_answers_like_the_reference(commits: list[list[Op]]) -> None:
    """Whatever is committed, memory and file answer the same and hold the same."""
    memory = Memory()
    with (
        TemporaryDirectory() as folder,
        closing(SQLite(f"{folder}/a.db", synchronous="NORMAL")) as repository,
    ):
        for ops in commits:
            assert repository.commit(ops) is memory.commit(ops)
            for part in "abc":
                key = Key("thing", "t", (part,))
                assert repository.get(key) == memory.get(key)
        for query in (
            *(Query(kind="thing", tenant="t", owner=owner) for owner in HOSTILE),
            Query(kind="thing", due=NOON),
            Query(kind="thing", due=NOON + TICK),
            Query(kind="thing", due=NOON + TICK, status=("a", "b"), limit=1),
        ):
            assert list(repository.find(query)) == list(memory.find(query))


def test_the_async_form_of_its_own_is_the_same_file(path: Path) -> None:
    """`for_async` gives the same file in threads."""

    async def main() -> object:
        repository: Any = SQLite(path).for_async()
        assert await repository.commit([Insert(thing("t", "a"))]) is DONE
        found = await repository.get(Key("thing", "t", ("a",)))
        await repository.close()
        return found

    assert asyncio.run(main()) == thing("t", "a")


# --- what was asked for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "field, arguments",
    [
        ("path", ("",)),
        ("path", (":memory:",)),
        ("path", ("a\0b.db",)),
        ("path", ("a\ud800.db",)),
        ("path", (5,)),
        ("path", (b"a.db",)),
        ("path", (None,)),
        ("synchronous", ("a.db", "OFF")),
        ("synchronous", ("a.db", [])),
        ("synchronous", ("a.db", "FULL; DROP TABLE coachwork_record")),
        ("busy_timeout", ("a.db", "FULL", -1)),
        ("busy_timeout", ("a.db", "FULL", float("nan"))),
        ("busy_timeout", ("a.db", "FULL", 3601)),
        ("busy_timeout", ("a.db", "FULL", "5")),
        ("busy_timeout", ("a.db", "FULL", None)),
    ],
    ids=repr,
)
def test_a_wrong_argument_is_named(
    field: str, arguments: tuple[Any, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be is refused by name, and no file is made."""
    monkeypatch.chdir(tmp_path)
    names = ("synchronous", "busy_timeout")
    with pytest.raises(ValidationError) as caught:
        SQLite(arguments[0], **dict(zip(names, arguments[1:], strict=False)))
    assert caught.value.field == field
    assert list(tmp_path.iterdir()) == []


# --- others use the file ---------------------------------------------------------------------


def test_a_file_locked_by_another_process_is_told(path: Path) -> None:
    """A writer that waits too long is told that certainly nothing was done; readers go on."""
    with closing(SQLite(path, busy_timeout=0.05)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
        with held_by_another_process(path, "BEGIN IMMEDIATE"):
            with pytest.raises(StoreUnavailableError, match="locked") as caught:
                repository.commit([Insert(thing("t", "b"))])
            assert (caught.value.retryable, caught.value.retry_after) == (True, 1.0)
            assert repository.get(Key("thing", "t", ("a",))) is not None
        assert repository.get(Key("thing", "t", ("b",))) is None
        assert repository.commit([Insert(thing("t", "b"))]) is DONE


def test_a_writer_of_this_process_is_waited_for_no_longer_than_asked(path: Path) -> None:
    """A thread that waits for another thread too long is told that nothing was done."""
    with closing(SQLite(path, busy_timeout=0.05)) as repository:
        with repository._writing, pytest.raises(StoreUnavailableError, match="locked"):
            repository.commit([Insert(thing("t", "a"))])
        assert repository.commit([Insert(thing("t", "a"))]) is DONE


@pytest.mark.parametrize(
    "waited, asked",
    [
        (0.0, []),
        (0.3, ["PRAGMA busy_timeout = 100", "PRAGMA busy_timeout = 400"]),
        (0.5, ["PRAGMA busy_timeout = 0", "PRAGMA busy_timeout = 400"]),
    ],
)
@pytest.mark.parametrize("held", [False, True])
def test_who_waited_for_a_thread_waits_the_less_for_a_process(
    path: Path, monkeypatch: pytest.MonkeyPatch, waited: float, asked: list[str], *, held: bool
) -> None:
    """The time that was asked for is for both together, and the next commit has all of it."""
    with closing(SQLite(path, busy_timeout=0.4)) as repository, raw(path) as other:
        with repository._connection() as connection:
            told: list[str] = []
            connection.set_trace_callback(told.append)
        monkeypatch.setattr(_sqlite, "monotonic", iter([7.0, 7.0 + waited]).__next__)
        if held:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match="locked"):
                repository.commit([Insert(thing("t", "a"))])
        else:
            assert repository.commit([Insert(thing("t", "a"))]) is DONE
        assert [sql for sql in told if sql.startswith("PRAGMA")] == asked
        assert told.index("BEGIN IMMEDIATE") == min(1, len(asked))


def test_threads_lose_no_update_and_leave_the_file_intact(path: Path) -> None:
    """Threads that count in one record lose nothing, and the file stays whole."""
    with closing(SQLite(path, synchronous="NORMAL")) as repository:
        repository.commit([Insert(thing("t", "a"))])

        def add(_: int) -> None:
            while True:
                found = repository.get(Key("thing", "t", ("a",)))
                assert found is not None
                following = thing("t", "a", version=found.version + 1)
                if repository.commit([Update(following)]) is DONE:
                    return

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(add, range(200)))
        found = repository.get(Key("thing", "t", ("a",)))
        assert found is not None
        assert found.version == 201
    with raw(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_check_locks(path: Path) -> None:
    """Of two crossed commits, each checking what the other changes, one is a conflict."""
    with closing(SQLite(path, synchronous="NORMAL")) as repository:
        for n in range(20):
            a, b = thing("t", "a", n), thing("t", "b", n)
            assert repository.commit([Insert(a), Insert(b)]) is DONE
            crossed: tuple[list[Op], ...] = (
                [Check(a.key, 1), Update(thing("t", "b", n, version=2))],
                [Check(b.key, 1), Update(thing("t", "a", n, version=2))],
            )
            with ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(repository.commit, crossed))
            assert sorted(answers) == [CommitResult.CONFLICT, DONE]


def test_a_commit_that_begins_with_a_check_waits_for_another_process(path: Path) -> None:
    """It looks only when it may write: it never finds that it has looked too early."""
    a, b = thing("t", "a"), thing("t", "b")
    with closing(SQLite(path)) as repository:
        repository.commit([Insert(a)])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("CREATE TABLE theirs (number)")
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO theirs VALUES (1)")
            with ThreadPoolExecutor(1) as pool:
                answer = pool.submit(repository.commit, [Check(a.key, 1), Insert(b)])
                sleep(0.2)
                other.execute("COMMIT")
                assert answer.result() is DONE


# --- the file cannot be written --------------------------------------------------------------

UNPRIVILEGED = """
import os, sys
from pathlib import Path
from coachwork.adapters import SQLite
from coachwork.errors import CoachworkError
from coachwork.records import Insert
from tests.things import thing
path, opened = Path(sys.argv[1]), sys.argv[2] == "opened"
repository = SQLite(path) if opened else None
for inside in path.parent.iterdir():
    inside.chmod(0o444)
path.parent.chmod(0o555)
if os.geteuid() == 0:  # whom no permission holds back
    os.setgid(65534)
    os.setuid(65534)
try:
    SQLite(path, busy_timeout=0.1).commit([Insert(thing("t", "b"))])
except CoachworkError as error:
    print(error.code, "|", error)
else:
    print("done")
"""


@pytest.mark.parametrize(
    "opened, is_there", [("opened", True), ("not opened", True), ("not opened", False)]
)
def test_a_read_only_file_or_folder_is_told(opened: str, *, is_there: bool) -> None:
    """Without permission to write, certainly nothing is done, and the error says why."""
    with TemporaryDirectory() as folder:  # not tmp_path: others may not even look into that
        path = Path(folder) / "coach.db"
        if is_there:
            with closing(SQLite(path)) as repository:
                assert repository.commit([Insert(thing("t", "a"))]) is DONE
        told = in_a_process(UNPRIVILEGED, path, opened).stdout
        path.parent.chmod(0o755)
        for inside in path.parent.iterdir():
            inside.chmod(0o644)
        assert told.startswith("STORE_UNAVAILABLE | the repository did nothing: the ")
        if is_there:
            with closing(SQLite(path)) as repository:
                assert repository.get(Key("thing", "t", ("a",))) == thing("t", "a")
                assert repository.get(Key("thing", "t", ("b",))) is None


def test_a_full_disk_is_told_and_nothing_is_half_written(path: Path) -> None:
    """Without room a commit is certainly not done; with room again all goes on."""
    with closing(SQLite(path)) as repository:
        first = thing("t", "a")
        assert repository.commit([Insert(first)]) is DONE
        with repository._connection() as connection:
            connection.execute("PRAGMA max_page_count = 12")
        large = [Insert(thing("t", "large", n, body="x" * 9000)) for n in range(10)]
        with pytest.raises(StoreUnavailableError, match="the disk is full"):
            repository.commit([Update(thing("t", "a", version=2)), *large])
        assert repository.get(first.key) == first
        assert repository.get(large[0].record.key) is None
        with repository._connection() as connection:
            connection.execute("PRAGMA max_page_count = 10000")
        assert repository.commit(large) is DONE


FILL = """
import resource, sys
from coachwork.adapters import SQLite
from coachwork.errors import CoachworkError
from coachwork.records import Insert
from tests.things import thing
repository = SQLite(sys.argv[1])
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for number in range(1000):
    ops = [Insert(thing("t", number, part, body="x" * 3000)) for part in range(3)]
    try:
        repository.commit(ops)
    except CoachworkError as error:
        print(error.code, number)
        break
"""


@pytest.mark.parametrize("limit", [200_000, 201_000, 202_500, 204_000])
def test_no_room_for_the_log_loses_nothing_acknowledged(path: Path, limit: int) -> None:
    """Where the write-ahead log cannot grow, what was acknowledged stays, all of it or nothing."""
    code, failed = in_a_process(FILL, path, limit).stdout.split()
    assert code in {"STORE_UNAVAILABLE", "OUTCOME_UNKNOWN"}
    with closing(SQLite(path)) as repository:
        for number in range(int(failed) + 1):
            found = [repository.get(Key("thing", "t", (number, part))) for part in range(3)]
            assert all(found) or (number == int(failed) and not any(found))
    with raw(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# --- an own table beside ours, and commits that fail ------------------------------------------


def test_other_tables_stay_as_they_are(path: Path) -> None:
    """An application may keep its own tables, indexes and user version in the same file."""
    with raw(path) as connection:
        connection.execute("CREATE TABLE record (a TEXT PRIMARY KEY)")
        connection.execute("INSERT INTO record VALUES ('mine')")
        connection.execute("PRAGMA user_version = 42")
    with closing(SQLite(path)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
    with raw(path) as connection:
        assert connection.execute("SELECT a FROM record").fetchall() == [("mine",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (42,)
        names = connection.execute("SELECT name FROM sqlite_master WHERE name <> 'record'")
        assert all(name.startswith(("coachwork_", "sqlite_autoindex_")) for (name,) in names)


def test_a_trigger_of_the_application_may_refuse(path: Path) -> None:
    """What an application's own trigger aborts is certainly not done, none of it."""
    with closing(SQLite(path)) as repository:
        with repository._connection() as connection:
            connection.execute(
                "CREATE TRIGGER no AFTER INSERT ON coachwork_record WHEN NEW.owner = 'no'"
                " BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        ops = [Insert(thing("t", "a")), Insert(thing("t", "b", facts=Facts(owner="no")))]
        with pytest.raises(StoreUnavailableError, match="SQLITE_CONSTRAINT_TRIGGER"):
            repository.commit(ops)
        assert repository.get(Key("thing", "t", ("a",))) is None
        assert repository.commit(ops[:1]) is DONE


def test_a_commit_that_is_refused_at_the_end_is_certainly_not_done(path: Path) -> None:
    """Where COMMIT itself is refused and the transaction is still open, nothing was done."""
    with closing(SQLite(path)) as repository:
        with repository._connection() as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("CREATE TABLE parent (a PRIMARY KEY)")
            connection.execute(
                "CREATE TABLE child (a REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
            )
            connection.execute(
                "CREATE TRIGGER orphan AFTER INSERT ON coachwork_record"
                " BEGIN INSERT INTO child VALUES (1); END"
            )
        with pytest.raises(StoreUnavailableError, match="FOREIGNKEY"):
            repository.commit([Insert(thing("t", "a"))])
        assert repository.get(Key("thing", "t", ("a",))) is None
        with repository._connection() as connection:
            assert not connection.in_transaction
            connection.execute("DROP TRIGGER orphan")
        assert repository.commit([Insert(thing("t", "a"))]) is DONE


class Fails:
    """A connection whose COMMIT does something else, and then fails."""

    def __init__(self, connection: sqlite3.Connection, before: str, code: int) -> None:
        self._connection = connection
        self._before = before
        self._code = code

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Do it, or fail."""
        if sql != "COMMIT":
            return self._connection.execute(sql, values)
        self._connection.execute(self._before)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = self._code
        raise error

    def __getattr__(self, name: str) -> object:
        """Pass everything else on."""
        return getattr(self._connection, name)


@pytest.mark.parametrize("done", ["COMMIT", "ROLLBACK"])
def test_a_commit_that_failed_for_the_disk_may_have_been_done(path: Path, done: str) -> None:
    """When the transaction is gone after a failure of the disk, nobody knows, and it is said."""
    with closing(SQLite(path)) as repository:
        with repository._connection() as connection:
            pass
        failing = Fails(connection, done, sqlite3.SQLITE_IOERR_FSYNC)
        repository._pool._idle = [cast("Any", failing)]
        with pytest.raises(OutcomeUnknownError) as caught:
            repository.commit([Insert(thing("t", "a"))])
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        found = repository.get(Key("thing", "t", ("a",)))
        assert found == (thing("t", "a") if done == "COMMIT" else None)


def test_a_commit_without_room_is_certainly_not_done(path: Path) -> None:
    """A disk that is full at COMMIT leaves nothing behind, though the transaction is gone."""
    with closing(SQLite(path)) as repository:
        with repository._connection() as connection:
            pass
        failing = Fails(connection, "ROLLBACK", sqlite3.SQLITE_FULL)
        repository._pool._idle = [cast("Any", failing)]
        with pytest.raises(StoreUnavailableError):
            repository.commit([Insert(thing("t", "a"))])
        assert repository.get(Key("thing", "t", ("a",))) is None


# --- the file is damaged ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"this is no database, but some text\n" * 200, b"SQLite format 3\0" + b"\xff" * 8000],
    ids=["text", "header only"],
)
def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    """Something else is not taken for a database, and left as it is."""
    path.write_bytes(content)
    with pytest.raises(CorruptRecordError) as caught:
        SQLite(path)
    assert (caught.value.kind, caught.value.field) == ("database", "file")
    assert path.read_bytes() == content


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    """A file of no bytes becomes a database."""
    path.touch()
    with closing(SQLite(os.fspath(path))) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE


def test_a_damaged_page_is_told(path: Path) -> None:
    """A read that meets a damaged page is refused; nothing is made up."""
    with closing(SQLite(path)) as repository:
        for n in range(20):
            ops = [Insert(thing("t", n, part, body="x" * 3000)) for part in range(10)]
            assert repository.commit(ops) is DONE
    content = bytearray(path.read_bytes())
    content[3 * 4096 :] = b"\xff" * (len(content) - 3 * 4096)
    path.write_bytes(content)
    with closing(SQLite(path)) as repository:

        def read_all() -> list[Record | None]:
            return [repository.get(Key("thing", "t", (n, 5))) for n in range(20)]

        with pytest.raises(CorruptRecordError) as caught:
            read_all()
    assert (caught.value.kind, caught.value.retryable) == ("database", False)


@pytest.mark.parametrize(
    "change, kind, field",
    [
        ("key = 'nonsense'", "database", "key"),
        ("key = 'thing/9:t'", "database", "key"),
        ("version = 'x'", "thing", "version"),
        ("at = 'yesterday'", "thing", "facts"),
        ("due = 9223372036854775807", "thing", "facts"),
        ("body = CAST(x'ff' AS TEXT)", "database", "file"),
    ],
)
def test_a_damaged_row_is_told(path: Path, change: str, kind: str, field: str) -> None:
    """A row that is no record is refused by kind and field; its neighbours are read."""
    with closing(SQLite(path)) as repository:
        damaged = thing("t", "a", facts=Facts(owner="u", at=NOON))
        sound = thing("t", "b", facts=Facts(owner="v"))
        assert repository.commit([Insert(damaged), Insert(sound)]) is DONE
        with repository._connection() as connection:
            connection.execute(
                f"UPDATE coachwork_record SET {change} WHERE key = ?",  # noqa: S608 - the test's own
                (damaged.key.text,),
            )
        with pytest.raises(CorruptRecordError) as caught:
            repository.find(Query(kind="thing", tenant="t", owner="u"))
        assert (caught.value.kind, caught.value.field) == (kind, field)
        assert repository.get(sound.key) == sound


# --- the life of the object ------------------------------------------------------------------


def test_it_cannot_be_pickled_or_copied(path: Path) -> None:
    """Another process opens the file for itself, and one object is one pool of connections."""
    with closing(SQLite(path)) as repository:
        for carry in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="open the file again"):
                carry(repository)


# --- what a read costs -----------------------------------------------------------------------


class Explained(SQLite):
    """A file that tells how SQLite would find what it is asked for."""

    plans: list[str]

    def _read(self, sql: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        with self._connection() as connection:
            for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values):
                self.plans.append(row[3])
        return super()._read(sql, values)


def test_every_read_uses_an_index(path: Path) -> None:
    """No question reads the whole table, however large it is."""
    with closing(Explained(path, synchronous="NORMAL")) as repository:
        for start in range(0, 2000, 100):
            facts = [Facts(owner=f"u{n % 50}", expires=NOON + n * TICK) for n in range(100)]
            facts[7] = Facts(owner="u7", due=NOON + start * TICK)
            ops = [Insert(thing("t", start + n, facts=facts[n])) for n in range(100)]
            assert repository.commit(ops) is DONE
        for analyzed in (False, True):
            if analyzed:
                with repository._connection() as connection:
                    connection.execute("ANALYZE")
            repository.plans = []
            repository.get(Key("thing", "t", ("a",)))
            repository.log("t", "s", after=3, limit=10)
            repository.log("t", "s", last=30, limit=30)
            owner: dict[str, Any] = {"kind": "thing", "tenant": "t", "owner": "u1"}
            after = Key("thing", "t", (7,))
            for query in (
                Query(**owner),
                Query(**owner, newest_first=True, after=after, limit=3),
                Query(**owner, status=("a", "b"), since=NOON, before=NOON),
                Query(**owner, session="s", topic="t", scenario="c"),
                Query(kind="thing", due=NOON),
                Query(kind="thing", due=NOON, status=("a", "b"), limit=10),
                Query(kind="thing", expires=NOON, limit=10),
                Query(kind="thing", expires=NOON, after=after, limit=10),
            ):
                repository.find(query)
            assert len(repository.plans) >= 10
            for plan in repository.plans:
                assert plan.startswith("SEARCH coachwork_record USING") or (
                    plan == "USE TEMP B-TREE FOR ORDER BY"
                ), plan


def test_a_turn_costs_the_same_in_a_long_conversation(path: Path) -> None:
    """Adding a message and reading the last thirty takes SQLite as many steps late as early."""
    with closing(SQLite(path, synchronous="NORMAL")) as repository:
        with repository._connection() as connection:
            pass
        steps = count()
        connection.set_progress_handler(lambda: next(steps) < 0, 1)

        def turn(number: int) -> int:
            before = next(steps)
            repository.commit([Insert(message("t", "s", number))])
            repository.log("t", "s", last=30, limit=30)
            return next(steps) - before

        def fill(first: int, end: int) -> None:
            connection.set_progress_handler(None, 0)
            for start in range(first, end, 100):
                ops = [Insert(message("t", "s", n)) for n in range(start, min(start + 100, end))]
                assert repository.commit(ops) is DONE
            connection.set_progress_handler(lambda: next(steps) < 0, 1)

        fill(1, 40)
        early = turn(40)
        fill(41, 10_000)
        late = turn(10_000)
    assert early == late


def test_nothing_else_is_raised_for_any_path(tmp_path: Path) -> None:
    """Hostile names of files are files like others, or refused by an error of the library."""
    for name in ("file:a.db?mode=ro", "a b.db", "ü.db", "'; DROP.db", "%00.db"):
        SQLite(tmp_path / name).close()
        assert (tmp_path / name).exists()
    with pytest.raises(StoreUnavailableError):
        SQLite(tmp_path / ("x" * 300))
