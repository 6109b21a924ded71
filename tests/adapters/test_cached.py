"""A fast repository in front of a durable one keeps all that is promised of a repository."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attrs import frozen
from hypothesis import settings

from coachwork import AsyncCoach, Coach, Memory, SQLite, Topic, in_threads
from coachwork.adapters import AsyncCached, Cached, ScriptedModel, final
from coachwork.errors import (
    MisuseError,
    OutcomeUnknownError,
    StoreUnavailableError,
    ValidationError,
)
from coachwork.ports import Ask, CommitResult, Query
from coachwork.records import Delete, Insert, Key, Op, Record
from coachwork.testing import Audited, Capability, FakeClock, check_async_repository
from coachwork.testing import check_repository as check
from coachwork.testing.faults import POSSIBLE, CrashError, Fault, FaultPlan, Faults, InterruptError
from coachwork.testing.for_pytest import repository_tests
from coachwork.testing.stateful import SessionMachine
from tests.cached_lives import said
from tests.cached_stores import opened, opened_in_threads
from tests.stores import everything, kinds

DONE = CommitResult.DONE
LACKS = {Capability.REOPENING, Capability.PROCESSES}

# --- what is promised ------------------------------------------------------------------------

_FOLDER = TemporaryDirectory(prefix="coachwork-")

test_a_memory_before_a_file_keeps_the_promises = repository_tests(
    partial(opened, f"{_FOLDER.name}/coach.db"), processes=True
)


def test_its_async_form_keeps_them_too(tmp_path: Path) -> None:
    """The file in threads, and the memory as it is."""
    check(partial(opened_in_threads, str(tmp_path / "coach.db")))


def test_a_memory_before_a_memory_keeps_them() -> None:
    """In both colours, in a loop that is running and in one of the kit's own."""
    made: list[Cached | AsyncCached] = []

    def make(one: Cached | AsyncCached) -> Any:  # noqa: ANN401 - a context of either colour
        made.append(one)
        return nullcontext(one)

    check(lambda: make(Cached(Memory(), Memory())), lacks=LACKS)
    check(lambda: make(Cached(Memory(), Memory()).for_async()), lacks=LACKS)

    def awaited() -> AsyncCached:
        return AsyncCached(Memory().for_async(), Memory().for_async())

    asyncio.run(check_async_repository(lambda: make(awaited()), lacks=LACKS))
    assert sum(one.figures.hits for one in made) > 200
    assert sum(one.figures.failures for one in made) == 0


def test_a_cache_of_one_session_before_another_cache_keeps_them() -> None:
    """A cached repository is a repository, on either side."""
    inner = Cached(Memory(), Memory(), sessions=1)
    check(lambda: nullcontext(Cached(inner, Cached(Memory(), Memory()), sessions=1)), lacks=LACKS)


# --- who decides -----------------------------------------------------------------------------


class Mute:
    """A fast side that is asked for nothing but logs."""

    def __init__(self) -> None:
        self.memory = Memory()

    def get(self, key: Key, /) -> Record | None:
        """Refuse to be asked."""
        raise AssertionError(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit."""
        return self.memory.commit(ops)

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read a log."""
        return self.memory.log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Refuse to be asked."""
        raise AssertionError(query)


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", initiation="Greet.", resume="Welcome.", result=Values)


def reply(ask: Ask) -> str:
    """Talk, and end where it is asked for."""
    if ask.purpose == "extraction":
        return '{"values": ["honesty"]}'
    said = ask.messages[-1].text
    return final(None, "Bye.") if said == "The end." else f"Go on after {said}"


def test_the_fast_side_decides_nothing() -> None:
    """A conversation from its start to the sweep asks it for logs alone, and nothing is left."""
    fast, durable, clock = Mute(), Memory(), FakeClock()
    cached = Cached(durable, fast)
    with Coach(Audited(cached), ScriptedModel(reply), topics=[TALK], clock=clock) as coach:
        ada = coach.as_user("ada")
        chat = ada.start(TALK)
        for number in range(20):
            chat.send(f"{number}")
        chat.pause()
        chat.resume()
        texts = [message.text for message in chat.history(last=3).messages]
        assert texts == ["19", "Go on after 19", "Go on after Welcome."]
        assert kinds(fast.memory) == {"message": 42}
        assert chat.send("The end.").is_final
        clock.advance(days=40)
        coach.purge_expired()
        ada.delete_all()
    assert cached.figures.hits >= 20
    assert cached.figures.failures == 0
    assert not everything(fast.memory)
    assert set(kinds(durable)) == {"account"}


def test_an_async_coach_takes_its_async_form(tmp_path: Path) -> None:
    """Both forms count together, and both sides are closed with the coach."""
    cached = Cached(SQLite(tmp_path / "coach.db", synchronous="NORMAL"), Memory())

    async def main() -> None:
        async with AsyncCoach(cached, ScriptedModel(reply), topics=[TALK]) as coach:
            chat = await coach.as_user("ada").start(TALK)
            for number in range(3):
                await chat.send(f"{number}")
            assert len((await chat.history()).messages) == 7
            assert len((await coach.as_user("ada").list_sessions()).sessions) == 1

    asyncio.run(main())
    assert cached.figures.hits >= 4
    assert cached.figures.failures == 0
    with pytest.raises(StoreUnavailableError):
        cached.get(said(1).key)


# --- a side that fails -----------------------------------------------------------------------

Journey = Callable[[Cached, Memory], None]


def journey(cached: Cached, durable: Memory) -> None:
    """Let a log grow, be read, be deleted and begin anew; nothing is seen of the fast side."""

    def same(**asked: Any) -> None:  # noqa: ANN401 - the question
        limit = asked.pop("limit", 50)
        answer = cached.log("acme", "s", limit=limit, **asked)
        assert [*answer] == [*durable.log("acme", "s", limit=limit, **asked)]

    for turn in ("old", "new"):
        log = [said(number, turn) for number in range(1, 6)]
        for record in log:
            assert cached.commit([Insert(record)]) is DONE
            same(last=2)
        durable.commit([Insert(said(6, turn))])
        same()
        same(after=4)
        assert cached.commit([Insert(log[0])]) is CommitResult.CONFLICT
        assert cached.commit([Delete(said(6).key, 1), Delete(log[4].key, 1)]) is DONE
        same()
        same(last=3, limit=2)
        assert cached.commit([Delete(record.key, 1) for record in log[:4]]) is DONE
        same()


CALLS = 40
"""More calls than a journey makes of the fast side by any method."""

MISHAPS = [
    (method, fault)
    for method in ("commit", "log")
    for fault in sorted(POSSIBLE["repository"][method])
    if "ttl" not in fault  # messages have none
]


@pytest.mark.parametrize("method, fault", MISHAPS)
def test_a_fast_side_that_fails_is_seen_by_nobody(method: str, fault: Fault) -> None:
    """Whichever of its calls goes wrong, and however; a process that dies begins again."""
    met = 0
    for number in range(1, CALLS):
        faults = Faults(
            FaultPlan.at(number, fault, port="repository", method=method), sleep=lambda _: None
        )
        durable, fast = Memory(), faults.repository(Memory())
        try:
            journey(Cached(durable, fast), durable)
        except (CrashError, InterruptError):
            faults.restart()
            durable = Memory()
            journey(Cached(durable, fast), durable)
        met += len(faults.injected)
    assert met > 5


@pytest.mark.parametrize("seed", range(20))
def test_a_fast_side_that_fails_all_the_time_is_seen_by_nobody(seed: int) -> None:
    """It is worth nothing then, and does no harm."""
    every = sorted(POSSIBLE["repository"]["commit"] | {Fault.STALE})
    usual = [fault for fault in every if "crash" not in fault and "interrupt" not in fault]
    plan = FaultPlan.seeded(seed, rate=0.7, faults=usual)
    faults = Faults(plan, sleep=lambda _: None)
    durable = Memory()
    journey(Cached(durable, faults.repository(Memory())), durable)
    assert len(faults.injected) > 10


def test_an_outcome_that_is_unknown_is_the_callers() -> None:
    """And the next question finds out, also where another message has taken the place."""
    faults = Faults(FaultPlan.at(2, Fault.LOST_NOT_DONE))
    durable = Memory()
    cached = Cached(faults.repository(durable), Memory())
    cached.commit([Insert(said(1))])
    with pytest.raises(OutcomeUnknownError):
        cached.commit([Insert(said(2, "mine"))])
    durable.commit([Insert(said(2, "theirs"))])
    cached.commit([Insert(said(3))])
    assert [*cached.log("acme", "s", limit=9)] == [said(1), said(2, "theirs"), said(3)]


class Overtaken(Memory):
    """A memory that lets something happen before it deletes a message, and may not tell."""

    def __init__(self, happens: Callable[[], object], *, tells: bool) -> None:
        super().__init__()
        self.happens = happens
        self.tells = tells

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit after that."""
        loses = any(isinstance(op, Delete) and op.key.kind == "message" for op in ops)
        if loses:
            self.happens()
        done = super().commit(ops)
        if loses and not self.tells:
            raise OutcomeUnknownError
        return done


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("colour", ["blocking", "async"])
def test_what_is_deleted_leaves_whoever_reads_meanwhile(colour: str, *, tells: bool) -> None:
    """When all of a user is deleted, nothing of it lies in the fast side of who did so."""
    read: list[int] = []

    def happens() -> None:
        with ThreadPoolExecutor(1) as elsewhere:
            history = elsewhere.submit(cached.log, "default", chat.session_id, limit=50).result()
            assert not fast.records()
            read.append(len(history))

    fast, durable = Memory(), Overtaken(happens, tells=tells)
    cached = Cached(durable, fast)
    talk = Topic(id="talk", system="Listen.", initiation="Begin.")
    coach = Coach(cached, ScriptedModel(lambda _: "Go on."), topics=[talk])
    chat = coach.as_user("ada").start(talk)
    chat.send("A secret.")
    assert fast.records()
    if colour == "blocking":
        delete = coach.as_user("ada").delete_all
    else:
        other = AsyncCoach(cached, ScriptedModel(lambda _: "Go on."), topics=[talk])

        def delete() -> Any:  # noqa: ANN401 - what was deleted is of no account
            return asyncio.run(other.as_user("ada").delete_all())

    with nullcontext() if tells else suppress(OutcomeUnknownError):
        delete()
    assert read[0] == 3
    assert not fast.records()


class Closing(Memory):
    """A memory that can be closed, and may fail to."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.closed = 0

    def close(self) -> None:
        """Close it."""
        self.closed += 1
        if self.fails:
            raise OSError("it cannot be closed")


def test_both_sides_are_closed() -> None:
    """A fast side that cannot be closed is nobody's affair; the durable one is the caller's."""
    durable, fast = Closing(), Closing(fails=True)
    Cached(durable, fast).close()
    assert (durable.closed, fast.closed) == (1, 1)
    durable, fast = Closing(fails=True), Closing()
    with pytest.raises(OSError, match="cannot be closed"):
        Cached(durable, fast).close()
    assert (durable.closed, fast.closed) == (1, 1)
    Cached(Memory(), Memory()).close()


# --- several at once -------------------------------------------------------------------------


def test_several_threads_may_use_it(tmp_path: Path) -> None:
    """Two caches of two sessions before one file: every log is in the end as it was said."""
    store = SQLite(tmp_path / "coach.db", synchronous="NORMAL")
    caches = [Cached(store, Memory(), sessions=2) for _ in range(2)]

    def talk(number: int) -> None:
        cached, session = caches[number % 2], f"s{number % 3}"
        for _ in range(15):
            log = cached.log("acme", session, last=4, limit=4)
            assert [int(one.key.parts[1]) for one in log] == sorted(
                {int(one.key.parts[1]) for one in log}
            )
            after = int(log[-1].key.parts[1]) if log else 0
            cached.commit([Insert(said(after + 1, f"{number}", session))])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(talk, range(6)))
    for cached in caches:
        for session in ("s0", "s1", "s2"):
            for asked in ({"last": 4}, {"after": 3}, {}):
                behind = store.log("acme", session, limit=99, **asked)
                assert [*cached.log("acme", session, limit=99, **asked)] == [*behind]
                assert len(behind) >= 4
        assert cached.figures.sessions == 2
        assert cached.figures.hits > 5
        assert cached.figures.failures == 0
        fast: Any = cached._fast
        assert len({record.key.parts[0] for record in fast.records()}) <= 2
    store.close()


@contextmanager
def crossed() -> Iterator[Cached]:
    """Give a cache of two sessions before a file, with a fast side that often fails."""
    with TemporaryDirectory(prefix="coachwork-") as folder:
        plan = FaultPlan.seeded(
            1, rate=0.2, faults=[Fault.FAIL_BEFORE, Fault.LOST_DONE, Fault.STALE]
        )
        fast = Faults(plan).repository(Memory())
        store = SQLite(Path(folder) / "coach.db", synchronous="NORMAL")
        cached = Cached(store, fast, sessions=2)
        try:
            yield cached
        finally:
            cached.close()


TestCrossed = SessionMachine.over(crossed).TestCase
TestCrossed.settings = settings(max_examples=6, stateful_step_count=25)


# --- bad input -------------------------------------------------------------------------------


def test_both_sides_are_of_its_colour() -> None:
    """The error says which class to take."""
    blocking: Any = Memory()
    awaited: Any = Memory().for_async()
    for durable, fast in ((awaited, blocking), (blocking, awaited)):
        with pytest.raises(MisuseError, match="take AsyncCached"):
            Cached(durable, fast)
        with pytest.raises(MisuseError, match="in_threads"):
            AsyncCached(durable, fast)
    with pytest.raises(MisuseError, match="take AsyncCached"):
        Cached(awaited, awaited)


def test_a_side_without_an_async_form_is_put_in_threads() -> None:
    """The error says how."""
    with pytest.raises(MisuseError, match=r"AsyncCached with in_threads\(Mute\)"):
        Cached(Memory(), Mute()).for_async()
    fast: Any = in_threads(Mute())

    async def main() -> None:
        cached = AsyncCached(Memory().for_async(), fast)
        await cached.commit([Insert(said(1))])
        assert [*await cached.log("acme", "s", limit=2)] == [said(1)]
        assert await cached.get(said(1).key) == said(1)
        assert cached.figures.hits == 1
        await cached.close()

    asyncio.run(main())


@pytest.mark.parametrize("sessions", [0, -1, True, 1.0, "1", None])
def test_the_number_of_sessions_is_checked(sessions: Any) -> None:  # noqa: ANN401 - none of them
    """It is a whole number from 1."""
    with pytest.raises(ValidationError, match="sessions"):
        Cached(Memory(), Memory(), sessions=sessions)
    with pytest.raises(ValidationError, match="sessions"):
        AsyncCached(Memory().for_async(), Memory().for_async(), sessions=sessions)


def test_nothing_is_a_cache_of_itself() -> None:
    """Names of logs would lie among the sessions."""
    memory = Memory()
    with pytest.raises(ValidationError, match="fast: expected another repository"):
        Cached(memory, memory)
    awaited = memory.for_async()
    with pytest.raises(ValidationError, match="fast: expected another repository"):
        AsyncCached(awaited, awaited)
