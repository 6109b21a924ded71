"""The connections to one SQLite file: how they are made, lent and closed, and what a fork does."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from contextlib import closing, nullcontext
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any

import pytest

from coachwork.adapters import SQLite, _sqlite_pool
from coachwork.errors import CorruptRecordError, StoreUnavailableError
from coachwork.ports import CommitResult, Query
from coachwork.records import Insert, Key
from tests.sqlite_files import in_a_process, raw
from tests.things import NOON, thing

DONE = CommitResult.DONE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "coach.db"


# --- how a file is made and found ------------------------------------------------------------


@pytest.mark.parametrize(
    "asked, level", [({}, 2), ({"synchronous": "FULL"}, 2), ({"synchronous": "NORMAL"}, 1)]
)
def test_wal_and_synchronous_are_as_asked(path: Path, asked: dict[str, Any], level: int) -> None:
    """Every connection writes ahead, and to the disk at each commit unless asked otherwise."""
    with (
        closing(SQLite(path, **asked)) as repository,
        repository._connection() as first,
        repository._connection() as second,
    ):
        for connection in (first, second):
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
            assert connection.execute("PRAGMA fullfsync").fetchone() == (1,)
            assert connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_file_is_its_users_alone(path: Path) -> None:
    """Nobody else of the machine can read a file that the library made, nor its log."""
    with closing(SQLite(path)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
        modes = {
            inside.name: stat.S_IMODE(inside.stat().st_mode) for inside in path.parent.iterdir()
        }
    assert modes == {"coach.db": 0o600, "coach.db-wal": 0o600, "coach.db-shm": 0o600}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_file_that_is_there_keeps_its_mode(path: Path) -> None:
    """Who wants to share the file makes it beforehand."""
    path.touch()
    path.chmod(0o660)
    SQLite(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_relative_path_is_resolved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection opens the same file, wherever the process has gone meanwhile."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    with closing(SQLite("coach.db")) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
        monkeypatch.chdir(elsewhere)
        with repository._connection():  # so that the next one is a new one
            assert repository.get(Key("thing", "t", ("a",))) == thing("t", "a")
    assert list(elsewhere.iterdir()) == []


def test_a_link_to_a_file_that_is_not_there_makes_it(tmp_path: Path) -> None:
    """A link is followed, whether there is already something behind it or not."""
    (tmp_path / "link.db").symlink_to(tmp_path / "coach.db")
    SQLite(tmp_path / "link.db").close()
    assert (tmp_path / "coach.db").is_file()
    assert (tmp_path / "link.db").is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps an open file where it is")
@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_gone_is_told_and_not_made_anew(path: Path, *, replaced: bool) -> None:
    """No new connection opens another file than the first one did."""
    with closing(SQLite(path)) as repository:
        assert repository.commit([Insert(thing("t", "a"))]) is DONE
        path.rename(path.with_name("moved.db"))
        if replaced:
            path.touch()
        with repository._connection(), pytest.raises(StoreUnavailableError):
            repository.get(Key("thing", "t", ("a",)))
        assert path.exists() is replaced


@pytest.mark.parametrize("where", [".", "missing/coach.db", "file/coach.db"])
def test_a_path_that_cannot_be_opened_is_told(tmp_path: Path, where: str) -> None:
    """A folder, or a path through nothing or through a file, is no place for the file."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        SQLite(tmp_path / where)


def test_a_failed_open_leaves_no_open_file(path: Path) -> None:
    """Who tries a broken file again and again does not run out of files."""
    path.write_text("no database at all, only words " * 100)

    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell which files are open")
    before = open_files()
    for _ in range(20):
        with pytest.raises(CorruptRecordError):
            SQLite(path)
    assert open_files() == before


# --- the life of the pool -------------------------------------------------------------------


def test_after_close_everybody_is_told(path: Path) -> None:
    """A closed file refuses every call, and closing it again does nothing."""
    repository = SQLite(path)
    repository.close()
    repository.close()
    calls: tuple[Callable[[], object], ...] = (
        lambda: repository.get(Key("thing", "t", ("a",))),
        lambda: repository.commit([Insert(thing("t", "a"))]),
        lambda: repository.log("t", "s", limit=1),
        lambda: repository.find(Query(kind="thing", due=NOON)),
    )
    for call in calls:
        with pytest.raises(StoreUnavailableError, match="it is closed"):
            call()


CLOSE = """
import sys, threading
from pathlib import Path
from coachwork.adapters import SQLite, _sqlite_pool
from coachwork.errors import StoreUnavailableError
from coachwork.records import Insert
from tests.things import thing
for number in range(8):
    repository = SQLite(f"{sys.argv[1]}/{number}.db", synchronous="NORMAL")
    acknowledged, refused = [], []
    begun = threading.Semaphore(0)
    def work(worker):
        try:
            while True:
                record = thing("t", worker, len(acknowledged))
                repository.commit([Insert(record)])
                repository.log("t", "s", limit=3)
                acknowledged.append(record)
                begun.release()
        except StoreUnavailableError as error:
            refused.append(str(error))
    workers = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for worker in workers:
        worker.start()
    for _ in range(30):
        begun.acquire()
    repository.close()
    for worker in workers:
        worker.join()
    assert refused == ["the repository did nothing: it is closed"] * 6, refused
    again = SQLite(f"{sys.argv[1]}/{number}.db")
    assert all(again.get(record.key) == record for record in acknowledged)
    again.close()
print("well")
"""


def test_closing_while_others_work_harms_nobody(tmp_path: Path) -> None:
    """Calls under way end as they would have; the next ones are told that it is closed."""
    assert in_a_process(CLOSE, tmp_path).stdout == "well\n"


def test_a_transaction_that_is_left_open_is_undone(path: Path) -> None:
    """A connection comes back without what its borrower did not finish."""
    with closing(SQLite(path)) as repository:
        with repository._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE other (a)")
        with repository._connection() as again:
            assert again is connection
            assert not again.in_transaction
            names = again.execute("SELECT name FROM sqlite_master").fetchall()
        assert ("other",) not in names


# --- a fork ----------------------------------------------------------------------------------

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

INHERITED = """
import os, sys
from coachwork.adapters import SQLite, _sqlite_pool
from coachwork.errors import StoreUnavailableError
from coachwork.records import Insert
from tests.things import thing
path, link, other, how = sys.argv[1:]
os.symlink(path, link)
closed = SQLite(other)
closed.close()
parent = SQLite(path)
parent.commit([Insert(thing("t", "parent"))])
lent = parent._connection() if how == "lent" else None
if lent is not None:
    lent.__enter__()
    parent.close()  # the connection that is lent stays open

def generations(number):
    told = 0
    for again in (path, link, path):
        try:
            own = SQLite(again)
            own.commit([Insert(thing("t", "child"))])
        except StoreUnavailableError as error:
            told += "was open at the fork" in str(error)
    own = SQLite(other)
    own.commit([Insert(thing("t", number))])
    own.close()
    if number and (child := os.fork()):
        _, status = os.waitpid(child, 0)
        told *= os.waitstatus_to_exitcode(status) == 3
    elif number:
        os._exit(generations(0))
    return told

child = os.fork()
if child == 0:
    os._exit(generations(1))
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 3, status
if lent is not None:
    lent.__exit__(None, None, None)
parent.close()
own = SQLite(path)
own.close()
if os.fork() == 0:
    own = SQLite(path)
    own.commit([Insert(thing("t", "after"))])
    own.close()
    os._exit(0)
os.wait()
print("well")
"""


@forks
@pytest.mark.parametrize("how", ["idle", "lent"])
def test_a_file_that_was_open_at_a_fork_is_refused_in_the_child(path: Path, how: str) -> None:
    """There it would write into a log that the parent's close takes away: it is told beforehand.

    Neither another name of the file nor another fork helps; other files, and files that were
    closed before the fork, are opened like any.
    """
    link, other = path.with_name("link.db"), path.with_name("other.db")
    assert in_a_process(INHERITED, path, link, other, how).stdout == "well\n"
    with closing(SQLite(path)) as repository:
        assert repository.get(Key("thing", "t", ("parent",))) is not None
        assert repository.get(Key("thing", "t", ("child",))) is None
        assert repository.get(Key("thing", "t", ("after",))) is not None
    with closing(SQLite(other)) as repository:
        assert repository.get(Key("thing", "t", (1,))) is not None
        assert repository.get(Key("thing", "t", (0,))) is not None


FORK = """
import os, sys
from coachwork.adapters import SQLite, _sqlite_pool
from coachwork.errors import StoreUnavailableError
from coachwork.records import Insert, Key
from tests.things import thing
repository = SQLite(sys.argv[1])
repository.commit([Insert(thing("t", "a"))])
repository._writing.acquire()
repository._pool._lock.acquire()  # as if threads of the parent were at work
child = os.fork()
if child == 0:
    told = 0
    for call in (
        lambda: repository.get(Key("thing", "t", ("a",))),
        lambda: repository.commit([Insert(thing("t", "b"))]),
    ):
        try:
            call()
        except StoreUnavailableError as error:
            told += "fork" in str(error)
    repository.close()
    os._exit(told)
repository._writing.release()
repository._pool._lock.release()
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 2, status
assert repository.commit([Insert(thing("t", "d"))]) == "done"
repository.close()
print("well")
"""


@forks
def test_after_a_fork_the_child_is_told(path: Path) -> None:
    """A child cannot use its parent's connections, nor harm them, nor wait for its threads."""
    assert in_a_process(FORK, path).stdout == "well\n"
    with raw(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_another_process_is_told_at_once(path: Path) -> None:
    """Where the process is not the one that opened the file, no lock and no connection is used."""
    repository = SQLite(path)
    with raw(path), repository._writing, repository._pool._lock:
        parent = repository._pool._process
        repository._pool._process = -1
        for call in (
            lambda: repository.get(Key("thing", "t", ("a",))),
            lambda: repository.commit([]),
        ):
            with pytest.raises(StoreUnavailableError, match="fork"):
                call()
        repository.close()
        repository._pool._process = parent
    assert repository.commit([]) is DONE
    repository.close()


@pytest.mark.parametrize("state", ["idle", "lent", "closed", "lent and closed"])
def test_what_was_open_at_a_fork_is_remembered(
    path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """A file counts as open for as long as there is any connection to it."""
    monkeypatch.setattr(_sqlite_pool, "_INHERITED", set())
    repository = SQLite(path)
    with repository._connection() if "lent" in state else nullcontext():
        if "closed" in state:
            repository.close()
        _sqlite_pool._MAKING.acquire()  # as before a fork
        _sqlite_pool._remember_in_child()
        if state == "closed":
            SQLite(path).close()
        else:
            with pytest.raises(StoreUnavailableError, match="was open at the fork"):
                SQLite(path)
    repository.close()


def test_a_system_that_cannot_fork_is_served(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no forks, there is nothing to remember."""
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    spec = find_spec(_sqlite_pool.__name__)
    assert spec is not None
    assert spec.loader is not None
    there = module_from_spec(spec)
    spec.loader.exec_module(there)
    pool = there.Pool(str(path), "FULL", 1.0)
    with pool.lent() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    pool.close()
    assert not pool.is_open


IN_FORK = """
import os, sys, threading
from coachwork.adapters import SQLite, _sqlite_pool
with _sqlite_pool._MAKING:
    forking = threading.Thread(target=lambda: os.fork() or os._exit(0))
    forking.start()
    forking.join(0.2)
    assert forking.is_alive()
forking.join()
os.wait()
if os.fork() == 0:
    SQLite(sys.argv[1]).close()
    os._exit(0)
assert os.wait()[1] == 0
print("well")
"""


@forks
def test_no_fork_falls_into_the_making_of_a_file(path: Path) -> None:
    """A fork waits while a file is being made, and the child may make files like any process."""
    assert in_a_process(IN_FORK, path).stdout == "well\n"
