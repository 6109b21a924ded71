"""The repository in memory: the contract in both colours, and several threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from coachwork.adapters import Memory
from coachwork.ports import CommitResult
from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Update
from tests.contract import CHECKS, NOON, ContractCheck, hold, hold_async, message, name_of, thing


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_it_keeps_the_contract(check: ContractCheck) -> None:
    """The reference does what every repository must do."""
    hold(check, Memory())


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_its_async_form_keeps_the_contract(check: ContractCheck) -> None:
    """The async form does the same."""
    asyncio.run(hold_async(check, Memory().for_async()))


def test_both_forms_are_the_same_records() -> None:
    """What one colour writes, the other reads."""
    memory = Memory()
    record = thing("t", "a")
    assert asyncio.run(memory.for_async().commit([Insert(record)])) is CommitResult.DONE
    assert memory.get(record.key) == record
    assert asyncio.run(memory.for_async().get(record.key)) is record


def test_threads_lose_no_update() -> None:
    """Eight threads that count in one record, each from the version it read, lose nothing."""
    memory = Memory()
    memory.commit([Insert(thing("t", "a"))])

    def count(_: int) -> None:
        while True:
            found = memory.get(Key("thing", "t", ("a",)))
            assert found is not None
            following = thing("t", "a", version=found.version + 1)
            if memory.commit([Update(following)]) is CommitResult.DONE:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(400)))
    found = memory.get(Key("thing", "t", ("a",)))
    assert found is not None
    assert found.version == 401


def test_a_failed_commit_leaves_the_log_as_it_was() -> None:
    """A message that was refused together with something else is in no log."""
    memory = Memory()
    ops: list[Op] = [Insert(message("t", "s", 1)), Check(Key("thing", "t", ("a",)), 1)]
    assert memory.commit(ops) is CommitResult.CONFLICT
    assert list(memory.log("t", "s", limit=10)) == []


def test_what_is_not_due_any_more_costs_nothing() -> None:
    """Workers ask all the time: they are not shown what was due once."""
    memory = Memory()
    due = Facts(due=NOON)
    memory.commit([Insert(thing("t", name, facts=due)) for name in "ab"])
    assert {text for due_now in memory._due.values() for text in due_now} == {
        thing("t", name).key.text for name in "ab"
    }
    memory.commit([Update(thing("t", "a", version=2)), Delete(thing("t", "b").key, 1)])
    assert not any(memory._due.values())


def test_everything_that_is_kept_can_be_seen() -> None:
    """Of all kinds and tenants, in the order of the keys; what is gone is gone."""
    memory = Memory()
    records = [thing("t", "b"), thing("t", "a"), message("u", "s", 1), thing("s", "c")]
    memory.commit([Insert(record) for record in records[:3]])
    memory.commit([Insert(records[3])])
    assert memory.records() == sorted(records, key=lambda record: record.key.text)
    memory.commit([Delete(records[0].key, 1)])
    assert records[0] not in memory.records()
