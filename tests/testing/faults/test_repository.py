"""A repository that goes wrong as planned is otherwise the one behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta

import pytest

from coachwork import Memory, in_threads
from coachwork.errors import OutcomeUnknownError, StoreUnavailableError
from coachwork.ports import CommitResult, Query
from coachwork.records import (
    KINDS,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    Update,
    account_key,
    claim_key,
    message_key,
    session_key,
)
from coachwork.testing import NOON, FakeClock, check_repository
from coachwork.testing.faults import Fault, FaultPlan, Faults

DONE, CONFLICT = CommitResult.DONE, CommitResult.CONFLICT
NOTHING = FaultPlan()


def thing(name: str, version: int = 1, status: str = "x") -> Record:
    """Return a record that means nothing."""
    facts = Facts(owner="ada", status=status)
    return Record(Key("thing", "acme", (name,)), version, facts, f'{{"v":{version}}}')


def said(number: int) -> Record:
    """Return a message record as far as a repository looks at it."""
    return Record(message_key("acme", "s", number), 1, Facts(session="s"), "{}")


THINGS = Query(kind="thing", tenant="acme", owner="ada")


@pytest.mark.parametrize("plan", ["nothing", "call 1000000000 of repository: stale"])
def test_where_nothing_goes_wrong_the_promises_are_kept(plan: str) -> None:
    """In both colours, also where it takes note of the past."""
    faults = Faults(FaultPlan.parse(plan))
    blocking = faults.repository(Memory())
    check_repository(lambda: nullcontext(blocking))
    awaited = faults.repository(Memory().for_async())
    check_repository(lambda: nullcontext(awaited))
    other_colour = faults.repository(Memory()).for_async()
    check_repository(lambda: nullcontext(other_colour))


def test_a_repository_fails_with_its_own_errors() -> None:
    """What is raised is what the port promises for each case."""
    plan = FaultPlan.at(1, Fault.FAIL_BEFORE, method="get", port="repository")
    plan += FaultPlan.at(1, Fault.LOST_DONE, method="commit", port="repository")
    faults = Faults(plan)
    store = faults.repository(Memory())
    with pytest.raises(StoreUnavailableError):
        store.get(thing("a").key)
    with pytest.raises(OutcomeUnknownError):
        store.commit([Insert(thing("a"))])
    assert store.get(thing("a").key) == thing("a")
    assert store.commit([Insert(thing("a"))]) is CONFLICT


def test_what_calls_are_about() -> None:
    """Kinds, in order and once; a log is about messages."""
    faults = Faults(FaultPlan.each(Fault.DELAY, seconds=0), sleep=lambda _: None)
    store = faults.repository(Memory())
    store.get(session_key("acme", "s"))
    store.commit([Insert(said(1)), Check(account_key("acme", "ada"), 1), Insert(said(2))])
    store.log("acme", "s", limit=1)
    store.find(THINGS)
    told = [(one.call.method, one.call.kinds) for one in faults.injected]
    assert told == [
        ("get", ("session",)),
        ("commit", ("account", "message")),
        ("log", ("message",)),
        ("find", ("thing",)),
    ]


# --- stale reads -----------------------------------------------------------------------------


def test_a_stale_read_is_the_version_before() -> None:
    """Before an insertion nothing, before a change what it was, before a deletion the record."""
    faults = Faults(FaultPlan.each(Fault.STALE, port="repository", method="get"))
    store = faults.repository(Memory())
    one, two = thing("a"), thing("a", 2)
    assert store.commit([Insert(one), Insert(thing("b"))]) is DONE
    assert store.get(one.key) is None
    assert store.commit([Update(two), Check(thing("b").key, 1)]) is DONE
    assert store.get(one.key) == one
    assert store.get(thing("b").key) is None
    assert store.commit([Delete(two.key, 2)]) is DONE
    assert store.get(one.key) == two
    assert len(faults.injected) == 4


def test_what_was_not_seen_to_change_is_read_as_it_is() -> None:
    """A commit that was not done changes nothing; what went another way is not known."""
    memory = Memory()
    memory.commit([Insert(thing("a"))])
    faults = Faults(FaultPlan.each(Fault.STALE, port="repository"))
    store = faults.repository(memory)
    assert store.get(thing("a").key) == thing("a")
    assert store.commit([Update(thing("a", 9))]) is CONFLICT
    assert store.get(thing("a").key) == thing("a")
    assert list(store.find(THINGS)) == [thing("a")]
    assert list(store.log("acme", "s", limit=9)) == []
    assert faults.injected == ()


def test_a_stale_view_lags_by_one_commit() -> None:
    """A find by the last one that changed its kind, a log by the last one that changed it."""
    plan = FaultPlan.each(Fault.STALE, port="repository", method="find")
    plan += FaultPlan.each(Fault.STALE, port="repository", method="log")
    store = Faults(plan).repository(Memory())
    store.commit([Insert(thing("a")), Insert(said(1)), Insert(said(2))])
    store.commit([Insert(thing("b")), Update(thing("a", 2, status="y"))])
    assert list(store.find(THINGS)) == [thing("a")]
    assert list(store.log("acme", "s", limit=9)) == []
    store.commit([Insert(said(3))])
    assert [record.key.parts[1] for record in store.log("acme", "s", limit=1)] == [1]
    assert [record.key.parts[1] for record in store.log("acme", "s", last=1, limit=9)] == [2]
    assert [r.key.parts[1] for r in store.log("acme", "s", after=1, last=2, limit=9)] == [2]
    assert list(store.find(THINGS)) == [thing("a")]


def test_both_colours_of_one_repository_have_one_past() -> None:
    """What was changed in blocking code is stale in async code."""
    store = Faults(FaultPlan.at(1, Fault.STALE)).repository(Memory())
    store.commit([Insert(thing("a"))])
    assert asyncio.run(store.for_async().get(thing("a").key)) is None


class Counting(Memory):
    """A memory that counts its reads."""

    reads = 0

    def get(self, key: Key, /) -> Record | None:
        """Count, and read."""
        self.reads += 1
        return super().get(key)


def test_nothing_is_read_beside_where_no_read_can_be_stale() -> None:
    """A plan without stale reads costs no reads."""
    for plan, reads in ((FaultPlan.each(Fault.DUPLICATE), 0), (FaultPlan.at(9, Fault.STALE), 1)):
        memory = Counting()
        store = Faults(plan).repository(memory)
        store.commit([Insert(thing("a"))])
        memory.reads = 0
        store.commit([Update(thing("a", 2))])
        assert memory.reads == reads


# --- a time to live --------------------------------------------------------------------------


def expiring(kind: str, name: str, minutes: float) -> Record:
    """Return a record of *kind* that expires so many minutes after noon."""
    keys = {
        "session": session_key("acme", name),
        "account": account_key("acme", name),
        "claim": claim_key("acme", name, "ada"),
    }
    facts = Facts(owner="ada", expires=NOON + timedelta(minutes=minutes))
    return Record(keys[kind], 3, facts, "{}")


def test_an_engine_deletes_early_or_late() -> None:
    """So many seconds before or after their time, by its own clock; it is told if any was."""
    for fault, seconds, left in (
        (Fault.TTL_EARLY, 600.0, ["20"]),
        (Fault.TTL_EARLY, 0.0, ["10", "20"]),
        (Fault.TTL_LATE, 0.0, ["10", "20"]),
        (Fault.TTL_LATE, 600.0, ["0", "10", "20"]),
        (Fault.TTL_LATE, 601.0, ["-10", "0", "10", "20"]),
    ):
        memory = Memory()
        for minutes in (-10, 0, 10, 20):
            memory.commit([Insert(expiring("session", str(minutes), minutes))])
        faults = Faults(FaultPlan.at(2, fault, seconds=seconds), clock=FakeClock(NOON))
        store = faults.repository(memory)
        store.get(session_key("acme", "20"))
        assert len(memory.records()) == 4
        assert store.get(session_key("acme", "20")) is not None
        assert sorted(r.key.parts[0] for r in memory.records()) == sorted(left)
        assert len(faults.injected) == (len(left) < 4)


def test_an_engine_never_deletes_claims_and_accounts() -> None:
    """Whatever they say of their time (brief, section 8)."""
    memory = Memory()
    records = [expiring(kind, "a", -60) for kind in ("session", "account", "claim")]
    memory.commit([Insert(record) for record in records])
    faults = Faults(FaultPlan.at(1, Fault.TTL_EARLY), clock=FakeClock(NOON))
    faults.repository(memory).find(THINGS)
    assert {record.key.kind for record in memory.records()} == {"account", "claim"}
    assert len(faults.injected) == 1


def test_an_engine_deletes_all_of_them() -> None:
    """Page after page, and past one that somebody else deletes meanwhile."""

    class Racing(Memory):
        """A memory in which another sweeper deletes the first one."""

        raced = False

        def find(self, query: Query, /) -> Sequence[Record]:
            """Find, and let the other one be first."""
            found = super().find(query)
            if found and not self.raced:
                self.raced = True
                super().commit([Delete(found[0].key, found[0].version)])
            return found

    memory = Racing()
    records = [expiring("session", f"{n:03d}", -1) for n in range(250)]
    for start in range(0, 250, 50):
        memory.commit([Insert(record) for record in records[start : start + 50]])
    clock = FakeClock(NOON)
    store = Faults(FaultPlan.at(1, Fault.TTL_LATE, seconds=0), clock=clock).repository(memory)
    assert store.commit([Insert(thing("a"))]) is DONE
    assert memory.records() == [thing("a")]


def test_what_an_engine_deleted_was_there_before() -> None:
    """A stale read after it still shows it."""
    memory = Memory()
    old = expiring("session", "a", -60)
    memory.commit([Insert(old)])
    plan = FaultPlan.at(1, Fault.TTL_EARLY) + FaultPlan.at(2, Fault.STALE)
    store = Faults(plan, clock=FakeClock(NOON)).repository(memory)
    assert store.get(old.key) is None
    assert store.get(old.key) == old


def test_without_a_clock_of_its_own_an_engine_has_the_systems() -> None:
    """Which has gone past the year 2000."""
    memory = Memory()
    past = Record(session_key("acme", "a"), 1, Facts(expires=NOON.replace(year=2000)), "{}")
    memory.commit([Insert(past)])
    Faults(FaultPlan.at(1, Fault.TTL_LATE)).repository(memory).find(THINGS)
    assert memory.records() == []


# --- the rest --------------------------------------------------------------------------------


class Closable(Memory):
    """A memory that counts how often it was closed."""

    closed = 0

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def test_closing_it_closes_the_repository() -> None:
    """In both colours."""
    memory = Closable()
    faults = Faults(NOTHING)
    faults.repository(memory).close()
    asyncio.run(faults.repository(in_threads(memory)).close())
    assert memory.closed == 2


def test_kinds_that_expire_are_all_but_claims_and_accounts() -> None:
    """A new kind of record is swept too, unless somebody says otherwise."""
    from coachwork.testing.faults._repository import _EXPIRING  # noqa: PLC0415 - a private name

    assert set(_EXPIRING) == set(KINDS) - {"claim", "account"}
    ops: list[Op] = []
    assert Faults(NOTHING).repository(Memory()).commit(ops) is DONE
