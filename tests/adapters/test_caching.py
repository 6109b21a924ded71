"""What a cache does, call by call: what it answers from where, and what it never puts there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from random import Random
from typing import Any, Final, cast

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from coachwork.adapters import Memory
from coachwork.adapters._cache import Cache
from coachwork.adapters._caching import MAX_BYTES, Asked, Caching, name_of
from coachwork.courses import Course, at_once
from coachwork.errors import OutcomeUnknownError, StoreUnavailableError
from coachwork.ports import CommitResult, Query
from coachwork.records import (
    MAX_BODY,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    Update,
    key_of,
    message_key,
)
from tests.cached_lives import Choices, Life, said, viewed
from tests.cached_mutants import MODULE, MUTANTS
from tests.workflow_mutants import mutated

DONE, CONFLICT = CommitResult.DONE, CommitResult.CONFLICT


class Told:
    """A memory that tells how many records it has shown, and by which calls."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.calls: list[str] = []
        self.shown = 0

    def get(self, key: Key, /) -> Record | None:
        """Read."""
        self.calls.append("get")
        self.shown += 1
        return self.memory.get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit."""
        self.calls.append("commit")
        return self.memory.commit(ops)

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read a log."""
        self.calls.append("log")
        found = self.memory.log(tenant, session, after=after, last=last, limit=limit)
        self.shown += len(found)
        return found

    def find(self, query: Query, /) -> Sequence[Record]:
        """Read a view."""
        self.calls.append("find")
        return self.memory.find(query)

    def told(self) -> tuple[list[str], int]:
        """Return what was called and shown since it was asked last."""
        told = self.calls, self.shown
        self.calls, self.shown = [], 0
        return told


class Pair:
    """A durable side, a fast one, and the cache of both."""

    def __init__(self, sessions: int = 10) -> None:
        self.durable, self.fast = Told(), Told()
        self.cache = Cache(sessions)
        self.caching = Caching(self.durable, self.fast, self.cache)

    def commit(self, *ops: Op) -> CommitResult:
        """Commit by way of the cache."""
        return at_once(self.caching.commit(ops))

    def log(
        self, session: str = "s", /, *, after: int = 0, last: int | None = None, limit: int = 100
    ) -> list[Record]:
        """Read a log by way of the cache; it is what the durable side has."""
        course = self.caching.log("acme", session, after=after, last=last, limit=limit)
        answer = [*at_once(course)]
        behind = self.durable.memory.log("acme", session, after=after, last=last, limit=limit)
        assert answer == [*behind]
        return answer

    def put(self, number: int, *, first: int = 1, session: str = "s") -> list[Record]:
        """Let there be messages up to that number, put by way of the cache."""
        log = [said(one, f"{one}", session) for one in range(first, number + 1)]
        for record in log:
            assert self.commit(Insert(record)) is DONE
        return log

    def again(self) -> Caching:
        """Let another process take the place of this one, before the same two sides."""
        self.cache = Cache(10)
        self.caching = Caching(self.durable, self.fast, self.cache)
        return self.caching

    @property
    def kept(self) -> list[Record]:
        """All that the fast side has."""
        return self.fast.memory.records()


def between(course: Course[Any], before: Callable[[Any], None]) -> None:
    """Make the calls of *course*, with something that happens *before* each of them."""
    with suppress(StopIteration):
        call = next(course)
        while True:
            before(call)
            try:
                answer = call()
            except OutcomeUnknownError as failure:
                call = course.throw(failure)
            else:
                call = course.send(answer)


# --- what is answered from where -------------------------------------------------------------


def test_what_was_said_here_is_answered_from_the_fast_side() -> None:
    """The durable side shows two messages of it: the last one, and the first."""
    pair = Pair()
    pair.put(40)
    pair.durable.told()
    for asked in ({"last": 30, "limit": 30}, {"after": 5, "limit": 20}, {"limit": 40}):
        pair.log(**asked)
        assert pair.durable.told() == (["log", "get"], 2)
    assert pair.cache.figures.hits == 3
    assert pair.cache.figures.failures == 0


def test_what_was_read_once_is_answered_from_the_fast_side() -> None:
    """Whoever put it there: another process, before this one began."""
    pair = Pair()
    log = pair.put(40)
    for record in pair.kept:
        pair.fast.memory.commit([Delete(record.key, 1)])
    pair.again()
    for _ in range(2):
        pair.log(last=30, limit=30)
    assert (pair.cache.figures.hits, pair.cache.figures.misses) == (1, 1)
    assert [record.body for record in pair.kept] == [record.body for record in log[10:]]


def test_another_process_finds_what_the_first_one_put_there() -> None:
    """All that it needs to know is the first message."""
    pair = Pair()
    pair.put(20)
    pair.again()
    pair.durable.told()
    pair.log(last=10, limit=10)
    assert pair.durable.told() == (["get", "log", "get"], 3)
    assert pair.cache.figures.hits == 1


def test_what_others_said_meanwhile_comes_from_the_durable_side() -> None:
    """It is put there then; of what was there before, nothing is put once more."""
    pair = Pair()
    pair.put(10)
    for number in range(11, 15):
        pair.durable.memory.commit([Insert(said(number))])
    assert len(pair.log(last=6, limit=6)) == 6
    assert len(pair.log(after=8, limit=3)) == 3
    assert pair.cache.figures.hits == 2
    assert len(pair.kept) == 14
    pair.durable.memory.commit([Insert(said(15)), Insert(said(16))])
    assert len(pair.log(after=14)) == 2
    assert pair.cache.figures.misses == 1
    assert len(pair.kept) == 16


def test_a_question_for_what_is_new_costs_one_call_more() -> None:
    """A poll that finds nothing asks each side once."""
    pair = Pair()
    pair.put(10)
    for side in (pair.durable, pair.fast):
        side.told()
    assert not pair.log(after=10)
    assert pair.durable.told() == (["log"], 0)
    assert pair.fast.told() == (["log"], 0)


def test_a_log_that_is_not_there_costs_one_call_more() -> None:
    """Without a first message there is nothing to be cached, and nobody is asked for it."""
    pair = Pair()
    assert not pair.log()
    assert pair.durable.told() == (["get", "log"], 1)
    assert pair.fast.told() == ([], 0)


@pytest.mark.parametrize("asked", [{"last": 0}, {"limit": 0}, {"last": 2, "limit": 0}])
def test_who_asks_for_nothing_gets_nothing(asked: dict[str, int]) -> None:
    """The durable side knows that best."""
    pair = Pair()
    pair.put(3)
    for side in (pair.durable, pair.fast):
        side.told()
    assert not pair.log(**asked)
    assert pair.durable.told() == (["log"], 0)
    assert pair.fast.told() == ([], 0)


@pytest.mark.parametrize("asked, hits", [({}, 1), ({"last": 9}, 0), ({"after": 3, "limit": 4}, 1)])
def test_a_gap_in_the_fast_side_is_filled(asked: dict[str, int], hits: int) -> None:
    """What is behind it is of no account until then, and what is there is not put once more."""
    pair = Pair()
    pair.put(9)
    before = pair.kept
    pair.fast.memory.commit([Delete(before[4].key, 1)])
    pair.log(**asked)
    assert pair.cache.figures.hits == hits
    assert pair.kept == before
    pair.durable.told()
    pair.log(**asked)
    assert pair.durable.told() == (["log", "get"], 2)


def test_the_last_ones_need_the_end() -> None:
    """Where more was said than is asked for, the durable side alone knows the last ones."""
    pair = Pair()
    pair.put(5)
    for number in range(6, 12):
        pair.durable.memory.commit([Insert(said(number))])
    assert len(pair.log(last=3, limit=3)) == 3
    assert pair.cache.figures.misses == 1
    assert len(pair.log(last=3, limit=2)) == 2
    assert pair.cache.figures.hits == 1


@given(
    number=st.integers(0, 8),
    gone=st.sets(st.integers(1, 8)),
    new=st.integers(0, 3),
    after=st.integers(0, 9),
    last=st.none() | st.integers(0, 9),
    limit=st.integers(0, 9),
)
def test_every_question_is_answered_as_by_the_durable_side(
    number: int, gone: set[int], new: int, after: int, last: int | None, limit: int
) -> None:
    """Whatever the fast side has of a log, and however often it is asked."""
    pair = Pair()
    pair.put(number)
    for record in pair.kept:
        if record.key.parts[1] in gone:
            pair.fast.memory.commit([Delete(record.key, 1)])
    for more in range(new):
        pair.durable.memory.commit([Insert(said(number + 1 + more, "new"))])
    for _ in range(3):
        pair.log(after=after, last=last, limit=limit)
    assert pair.cache.figures.failures == 0


# --- what is put there -----------------------------------------------------------------------


class Refusing(Told):
    """A durable side that does something else than to do what it is told."""

    def __init__(self, answer: CommitResult | Exception, *, does: bool) -> None:
        super().__init__()
        self.answer = answer
        self.does = does

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Do it or not, and answer something else."""
        if self.does:
            self.memory.commit(ops)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("does", [False, True])
@pytest.mark.parametrize("answer", [CONFLICT, OutcomeUnknownError(), StoreUnavailableError("no")])
def test_only_what_was_done_is_put_there(answer: CommitResult | Exception, *, does: bool) -> None:
    """Of anything else nobody knows; the caller gets what the durable side says."""
    pair = Pair()
    pair.put(2)
    before = pair.kept
    refusing = Refusing(answer, does=does)
    caching = Caching(refusing, pair.fast, pair.cache)
    raised = pytest.raises(type(answer)) if isinstance(answer, Exception) else nullcontext()
    with raised:
        assert at_once(caching.commit([Insert(said(3))])) is answer
    assert pair.kept == before
    assert (refusing.memory.get(said(3).key) is not None) is does


def test_nothing_is_put_there_before_it_is_done() -> None:
    """A process that dies in the commit leaves nothing that was not said."""
    pair = Pair()
    pair.put(2)
    course = pair.caching.commit([Insert(said(3))])
    call = next(course)
    pair.fast.told()
    call()
    assert pair.fast.told() == ([], 0)
    assert len(pair.kept) == 2


def test_only_messages_are_put_there() -> None:
    """A session, a job, an account are the durable side's alone."""
    pair = Pair()
    thing = Record(Key("thing", "acme", ("s", 1)), 1, Facts(session="s"), "{}")
    pair.commit(Insert(thing), Insert(said(1)), Check(GATE.key, 1))
    assert not pair.kept
    pair.commit(Insert(GATE))
    pair.commit(Insert(thing), Insert(said(1)), Check(GATE.key, 1))
    assert [record.body for record in pair.kept] == [said(1).body]


GATE = Record(Key("thing", "acme", ("gate",)), 1, Facts(), "{}")


def test_messages_of_several_sessions_are_put_where_they_belong() -> None:
    """Whatever the order of the operations."""
    pair = Pair()
    pair.commit(*(Insert(said(number, "", session)) for number in (2, 1) for session in "st"))
    for session in "st":
        assert len(pair.log(session)) == 2
    assert pair.cache.figures.hits == 2


def test_a_log_that_nobody_reads_is_not_put_there() -> None:
    """A worker that answers for a thousand servers does not cache what it never looks at."""
    pair = Pair()
    for number in (1, 2):
        pair.durable.memory.commit([Insert(said(number))])
    pair.commit(Insert(said(3)))
    assert not pair.kept


def test_large_messages_go_in_several_commits() -> None:
    """An engine takes a hundred operations at once, and four megabytes."""
    pair = Pair()
    for number in range(1, 131):
        pair.durable.memory.commit([Insert(said(number, session="many"))])
    assert len(pair.log("many", limit=200)) == 130
    assert pair.fast.told()[0] == ["log", "log", "commit", "commit"]
    body = '"' + "x" * (MAX_BODY - 2) + '"'
    many = MAX_BYTES // MAX_BODY + 1
    for number in range(1, many + 1):
        record = Record(message_key("acme", "big", number), 1, Facts(session="big"), body)
        pair.durable.memory.commit([Insert(record)])
    pair.log("big")
    assert pair.fast.told()[0] == ["log", "log", "commit", "commit"]
    pair.log("big")
    assert pair.cache.figures.hits == 1


# --- what a log is proven by -----------------------------------------------------------------


@pytest.mark.parametrize("asked", [{}, {"last": 3}, {"after": 2}])
def test_a_log_that_another_process_deletes_is_not_shown(asked: dict[str, int]) -> None:
    """From its end or from its beginning: what is gone is gone at once."""
    for some in (range(6, 0, -1), range(1, 7)):
        pair = Pair()
        log = pair.put(6)
        pair.log(**asked)
        for number in some:
            pair.durable.memory.commit([Delete(log[number - 1].key, 1)])
            pair.log(**asked)
        assert pair.cache.figures.failures == 0


@pytest.mark.parametrize("asked", [{}, {"last": 2}, {"after": 1}])
def test_a_log_that_begins_anew_is_another(asked: dict[str, int]) -> None:
    """What the fast side has of the old one is of no account, and leaves."""
    pair = Pair()
    old = pair.put(4)
    pair.durable.memory.commit([Delete(record.key, 1) for record in old])
    for number in range(1, 5):
        pair.durable.memory.commit([Insert(said(number, "new"))])
    for _ in range(3):
        pair.log(**asked)
    assert all("new" in record.body for record in pair.kept)
    assert pair.cache.figures.hits == 1


def test_a_leftover_of_an_older_log_is_never_shown() -> None:
    """Not even by a process that still takes the log for the old one."""
    pair = Pair()
    old = pair.put(4)
    new = [said(number, "new") for number in range(1, 6)]
    pair.durable.memory.commit([Delete(record.key, 1) for record in old])
    pair.durable.memory.commit([Insert(record) for record in new[:4]])
    pair.commit(Insert(new[4]))
    assert len(pair.kept) == 5  # between the old ones stands a new one
    assert pair.log() == new
    assert pair.log(last=3) == new[2:]


class Past(Told):
    """A durable side whose log lags behind: it shows what it had before."""

    def __init__(self, past: list[Record]) -> None:
        super().__init__()
        self.past: list[Record] | None = past

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Show the past, as long as there is one."""
        if self.past is None:
            return super().log(tenant, session, after=after, last=last, limit=limit)
        return viewed(self.past, after=after, last=last, limit=limit)


@pytest.mark.parametrize("asked", [{"after": 0}, {"after": 1}, {"after": 0, "last": 4}])
def test_what_a_log_shows_that_lags_behind_is_not_put_there(asked: dict[str, Any]) -> None:
    """A message of an older log would otherwise stand among those of the new one."""
    old = [said(number, "old") for number in range(1, 5)]
    new = [said(number, "new") for number in range(1, 7)]
    durable, fast, cache = Past(old), Told(), Cache(10)
    caching = Caching(durable, fast, cache)
    durable.memory.commit([Insert(record) for record in new[:4]])
    assert [*at_once(caching.log("acme", "s", **{"last": None, "limit": 10} | asked))]
    assert not fast.memory.records()
    durable.past = None
    at_once(caching.commit([Insert(new[4])]))
    at_once(caching.commit([Insert(new[5])]))
    assert [*at_once(caching.log("acme", "s", after=0, last=None, limit=10))] == new


def test_a_log_that_lags_behind_keeps_what_is_there() -> None:
    """That it does not show the last message yet is no reason to read all of them anew."""
    durable, fast, cache = Past([]), Told(), Cache(10)
    caching = Caching(durable, fast, cache)
    log = [said(number) for number in range(1, 4)]
    for record in log:
        at_once(caching.commit([Insert(record)]))
    durable.past = log[:2]
    assert [*at_once(caching.log("acme", "s", after=0, last=None, limit=9))] == log[:2]
    durable.past = None
    durable.told()
    assert [*at_once(caching.log("acme", "s", after=0, last=None, limit=9))] == log
    assert durable.told() == (["log", "get"], 2)


# --- what leaves -----------------------------------------------------------------------------


def test_the_log_that_was_used_longest_ago_leaves() -> None:
    """All of it, page by page: the fast side holds no more sessions than it may."""
    pair = Pair(sessions=2)
    for session, number in (("a", 250), ("b", 1), ("c", 1)):
        for one in range(1, number + 1):
            pair.durable.memory.commit([Insert(said(one, "", session))])
        pair.log(session, limit=1000)
    assert len(pair.kept) == 2
    assert pair.cache.figures.sessions == 2


def test_a_log_that_leaves_while_it_is_read_leaves_whole() -> None:
    """What is put there after it left is taken out by who put it."""
    pair = Pair(sessions=1)
    for session in "st":
        pair.durable.memory.commit([Insert(said(1, "", session))])

    def another_is_read(call: Any) -> None:  # noqa: ANN401 - a call of either side
        if call.func == pair.fast.commit and pair.cache.name(("acme", "s")) is not None:
            pair.log("t")

    between(pair.caching.log("acme", "s", after=0, last=None, limit=10), another_is_read)
    assert [record.body for record in pair.kept] == [said(1, "", "t").body]


def test_a_log_that_left_before_it_was_put_there_is_not_put() -> None:
    """Another thread has taken it out since it was read."""
    pair = Pair()
    pair.durable.memory.commit([Insert(said(1))])

    def it_leaves(call: Any) -> None:  # noqa: ANN401 - a call of either side
        if call.func == pair.fast.log and "log" in pair.durable.calls:
            pair.cache.forget(("acme", "s"), name_of(said(1)))

    between(pair.caching.log("acme", "s", after=0, last=None, limit=10), it_leaves)
    assert not pair.kept
    assert "commit" not in pair.fast.calls


@pytest.mark.parametrize("knows", [False, True])
def test_a_log_that_is_deleted_leaves_before_it_is(*, knows: bool) -> None:
    """Whoever deletes it, whatever comes of it: texts of people do not stay behind."""
    pair = Pair()
    log = pair.put(3)
    if not knows:
        pair.again()
    left: list[int] = []

    def it_has_left(call: Any) -> None:  # noqa: ANN401 - a call of either side
        if call.func == pair.durable.commit:
            left.append(len(pair.kept))

    between(pair.caching.commit([Delete(record.key, 1) for record in log[1:]]), it_has_left)
    assert left == [0]
    assert pair.log() == log[:1]


def test_a_message_that_is_changed_leaves_too() -> None:
    """None ever is; but nobody is to be shown what it was."""
    pair = Pair()
    pair.put(3)
    assert pair.commit(Update(evolve(said(2, "changed"), version=2))) is DONE
    assert not pair.kept
    pair.log()


@pytest.mark.parametrize("ends", ["done", "unknown"])
@pytest.mark.parametrize("many", [1, 3])
def test_who_reads_a_log_while_it_is_deleted_does_not_bring_it_back(many: int, ends: str) -> None:
    """Neither for good nor for a moment; whether the answer of the commit comes or is lost."""
    pair = Pair()
    log = pair.put(3)
    ops = [Delete(record.key, 1) for record in log[-many:]]
    if ends == "unknown":
        refusing = Refusing(OutcomeUnknownError(), does=True)
        refusing.memory = pair.durable.memory
        pair.caching = Caching(refusing, pair.fast, pair.cache)

    def somebody_reads(call: Any) -> None:  # noqa: ANN401 - a call of either side
        if call.func.__name__ == "commit" and call.func != pair.fast.commit:
            for _ in range(2):
                assert len(pair.log()) == 3
            assert not pair.kept

    course = pair.caching.commit(ops)
    with pytest.raises(OutcomeUnknownError) if ends == "unknown" else nullcontext():
        between(course, somebody_reads)
    assert pair.kept == []
    assert pair.log() == log[:-many]
    assert len(pair.kept) == 3 - many


@pytest.mark.parametrize("ends", ["done", "unknown"])
def test_what_another_process_puts_before_a_deletion_is_done_leaves(ends: str) -> None:
    """It may have the same fast side, and read the log as long as it is there."""
    pair = Pair()
    log = pair.put(3)
    other = Caching(pair.durable, pair.fast, Cache(10))
    durable: Told = pair.durable
    if ends == "unknown":
        durable = Refusing(OutcomeUnknownError(), does=True)
        durable.memory = pair.durable.memory

    def it_reads(call: Any) -> None:  # noqa: ANN401 - a call of either side
        if call.func == durable.commit:
            at_once(other.log("acme", "s", after=0, last=None, limit=10))
            assert len(pair.kept) == 3

    course = Caching(durable, pair.fast, pair.cache).commit([Delete(log[-1].key, 1)])
    with pytest.raises(OutcomeUnknownError) if ends == "unknown" else nullcontext():
        between(course, it_reads)
    assert pair.kept == []


@pytest.mark.parametrize("stops", range(6))
def test_what_was_seen_before_a_deletion_is_not_put_after_it(stops: int) -> None:
    """A thread may be slow, and a log may lag behind and show what is gone."""
    log = [said(number) for number in range(1, 4)]
    durable, fast, cache = Past(log), Told(), Cache(10)
    caching = Caching(durable, fast, cache)
    durable.memory.commit([Insert(record) for record in log])
    course = caching.log("acme", "s", after=0, last=None, limit=10)
    call, made = next(course), 0
    with suppress(StopIteration):
        while True:
            answer = call()
            if made == stops:
                at_once(caching.commit([Delete(record.key, 1) for record in log]))
            made += 1
            call = course.send(answer)
    assert (made > stops) is (stops < 5)
    at_once(caching.log("acme", "s", after=0, last=None, limit=10))
    assert bool(fast.memory.records()) is (stops == 5)


def test_what_was_seen_of_a_log_before_a_part_of_it_is_deleted_is_not_put() -> None:
    """Although the log is known again meanwhile."""
    pair = Pair()
    log = pair.put(3)
    pair.again()
    for record in pair.kept:
        pair.fast.memory.commit([Delete(record.key, 1)])

    def a_part_is_deleted(call: Any) -> None:  # noqa: ANN401 - a call of either side
        if call.func == pair.fast.log and "log" in pair.durable.calls:
            pair.commit(Delete(log[-1].key, 1))
            pair.log(last=1, limit=1)

    between(pair.caching.log("acme", "s", after=0, last=None, limit=10), a_part_is_deleted)
    assert [record.body for record in pair.kept] == [log[1].body]


def test_what_was_put_there_by_a_call_that_failed_leaves_too() -> None:
    """It may be there although the fast side says that it does not know."""

    class Unsure(Told):
        def commit(self, ops: Sequence[Op], /) -> CommitResult:
            done = super().commit(ops)
            if isinstance(ops[0], Insert):
                cache.forget(("acme", "s"), name_of(said(1)))
                raise OutcomeUnknownError
            return done

    durable, fast, cache = Told(), Unsure(), Cache(10)
    durable.memory.commit([Insert(said(1))])
    at_once(Caching(durable, fast, cache).log("acme", "s", after=0, last=None, limit=10))
    assert "commit" in fast.calls
    assert not fast.memory.records()


@pytest.mark.parametrize("odd", [{"version": 2}, {"facts": Facts(owner="ada")}])
def test_what_is_no_usual_message_is_not_put_there(odd: dict[str, Any]) -> None:
    """It could not be given back as it was."""
    pair = Pair()
    pair.durable.memory.commit([Insert(said(1)), Insert(evolve(said(2), **odd)), Insert(said(3))])
    for _ in range(2):
        pair.log()
    assert not pair.kept
    assert pair.cache.figures.hits == 0


def test_what_cannot_be_read_can_be_deleted() -> None:
    """A first message that is damaged stands in nobody's way."""

    class Damaged(Told):
        def get(self, key: Key, /) -> Record | None:
            raise LookupError(key.kind)

    durable, fast, cache = Damaged(), Told(), Cache(10)
    caching = Caching(durable, fast, cache)
    durable.memory.commit([Insert(said(1)), Insert(said(2))])
    asked = at_once(caching.log("acme", "s", after=0, last=None, limit=9))
    assert [*asked] == [said(1), said(2)]
    assert at_once(caching.commit([Delete(said(2).key, 1)])) is DONE
    assert cache.figures.failures == 2


# --- a fast side that is none ----------------------------------------------------------------


class Nonsense(Told):
    """A fast side that answers something else than messages of the log."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer: Any = answer

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Answer that, made from what is there where it is a function."""
        found = [*super().log(tenant, session, after=after, last=last, limit=limit)]
        answer: Any = self.answer(found) if callable(self.answer) else self.answer
        return cast("Sequence[Record]", answer)


NAMED = name_of(said(1, "1"))


def named(number: int, **changed: Any) -> Record:  # noqa: ANN401 - it is to be wrong
    """Return a message as it lies in the fast side, but for what is *changed*."""
    record = Record(message_key("acme", NAMED, number), 1, Facts(session=NAMED), "{}")
    return evolve(record, **changed)


def _as_text(record: Record) -> Record:
    """Return it with its number as text."""
    return evolve(record, key=Key("message", "acme", (NAMED, f"{record.key.parts[1]}")))


NONSENSE: dict[str, object] = {
    "nothing": None,
    "a word": "word",
    "no records": [1, 2],
    "another session's": [said(1, "x", "t"), said(2, "x", "t")],
    "another tenant's": [named(1, key=message_key("other", NAMED, 1))],
    "another kind": [named(1, key=Key("thing", "acme", (NAMED, 1)))],
    "another version": [named(1, version=2)],
    "other facts": [named(1, facts=Facts(session="t"))],
    "no number": [named(1, key=Key("message", "acme", (NAMED,)))],
    "a number as text": lambda found: [*map(_as_text, found[:1]), *found[1:]],
    "more than was asked for": lambda found: [*found, *found],
    "in another order": lambda found: found[::-1],
    "one twice": lambda found: [one for one in found for _ in range(2)],
    "with a gap": lambda found: [*found[:1], *found[2:]],
    "without its beginning": lambda found: found[1:],
    "without its end": lambda found: found[:-1],
    "always the same": [named(1), named(2)],
    "more than there are": lambda found: [*found, named(len(found) + 1)],
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_reaches_nobody(name: str) -> None:
    """The durable side is asked instead, and the cached log is taken out where that can be."""
    pair = Pair()
    pair.fast = Nonsense(NONSENSE[name])
    pair.caching = Caching(pair.durable, pair.fast, pair.cache)
    log = pair.put(5)
    for asked in ({}, {"last": 3}, {"last": 3, "limit": 2}, {"after": 2, "limit": 2}, {"limit": 1}):
        for _ in range(2):
            pair.log(**asked)
    assert pair.commit(*(Delete(record.key, 1) for record in log[::-1])) is DONE
    assert not pair.log()


def test_a_key_that_is_none_of_a_message_passes() -> None:
    """What the durable side takes is its affair."""
    pair = Pair()
    odd = Record(Key("message", "acme", ()), 1, Facts(), "{}")
    assert at_once(pair.caching.commit([Update(odd)])) is CONFLICT
    assert pair.cache.figures.failures == 0
    assert key_of(Update(odd)) == odd.key


class Shut(Told):
    """A side that notes that it was closed, and may fail then."""

    def __init__(self, *, fails: bool) -> None:
        super().__init__()
        self.fails = fails

    def close(self) -> None:
        """Be closed."""
        self.calls.append("close")
        if self.fails:
            raise OSError("it cannot be closed")


def test_both_sides_are_closed_whatever_comes_of_it() -> None:
    """Only the durable side's failure is the caller's."""
    for fails in (False, True):
        durable, fast = Shut(fails=fails), Shut(fails=not fails)
        with pytest.raises(OSError, match="closed") if fails else nullcontext():
            at_once(Caching(durable, fast, Cache(1)).close())
        assert (durable.calls, fast.calls) == (["close"], ["close"])


# --- names -----------------------------------------------------------------------------------


def test_a_name_tells_a_log_by_whose_it_is_and_how_it_begins() -> None:
    """Ids may hold any text."""
    firsts = [
        said(1),
        said(1, "x"),
        said(1, "", "t"),
        said(1, "", "s", "other"),
        said(1, "", "\ud800"),
    ]
    assert len({name_of(first) for first in firsts}) == len(firsts)
    assert name_of(said(1)) == name_of(said(1))


def test_a_question_keeps_what_follows_one_another() -> None:
    """From the first one asked for, or up to the last; never more than is asked for."""
    log = [said(number) for number in range(1, 7)]
    forward = Asked(("acme", "s"), 1, None, 3)
    assert forward.run(log[1:]) == log[1:4]
    assert forward.run(log) == []
    assert forward.run([log[1], log[3]]) == [log[1]]
    backward = Asked(("acme", "s"), 1, 3, 9)
    assert backward.run(log) == log[3:]
    assert backward.run([log[0], log[2], log[3]]) == log[2:4]
    assert backward.run([log[0], log[1]]) == [log[1]]
    assert backward.run([]) == []


# --- all at once -----------------------------------------------------------------------------


def lived(numbers: Sequence[int], *, shared: bool, often: int, lags: bool) -> Life:
    """Return a life that was lived; it raises `AssertionError` where an answer was wrong."""
    life = Life(Choices(numbers), shared=shared, often=often, lags=lags)
    life.run()
    return life


@given(
    numbers=st.lists(st.integers(0, 2**16 - 1), max_size=250),
    shared=st.booleans(),
    often=st.sampled_from([0, 3, 8]),
    lags=st.booleans(),
)
@example(numbers=[], shared=False, often=0, lags=False)
def test_every_answer_is_one_that_the_durable_side_had(
    numbers: list[int], *, shared: bool, often: int, lags: bool
) -> None:
    """Two processes interleaved call by call, which die, and whose sides fail, lie and lag."""
    lived(numbers, shared=shared, often=often, lags=lags)


def lives(seeds: range) -> tuple[int, int]:
    """Live the lives of these seeds; return how many answers there were, and how many hits."""
    answers = hits = 0
    for seed in seeds:
        dice = Random(seed)
        numbers = [dice.getrandbits(16) for _ in range(300)]
        often, lags = (0, 3, 8, 20)[seed // 2 % 4], seed // 8 % 2 == 1
        life = lived(numbers, shared=seed % 2 == 0, often=often, lags=lags)
        answers, hits = answers + life.answers, hits + life.hits
    return answers, hits


def test_those_lives_are_worth_living() -> None:
    """Many answers come from a fast side, so much could have gone wrong."""
    answers, hits = lives(range(200))
    assert answers > 2000
    assert hits > 400


RARE: Final = "what is put before a deletion that is not heard of stays"
"""What is too rare for lives; the explorer sees it."""


@pytest.mark.parametrize("name", sorted(MUTANTS.keys() - {RARE}))
def test_a_rule_that_is_not_kept_is_seen(name: str) -> None:
    """Some life shows it."""
    with (
        mutated(MODULE, MUTANTS[name]),
        pytest.raises(AssertionError),
    ):
        lives(range(3000))
