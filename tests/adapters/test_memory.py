"""The repository in memory: what is promised of it in both colours, and its indexes."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

from coachwork.adapters import Memory
from coachwork.ports import CommitResult
from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Update
from coachwork.testing import Capability, check_async_repository, check_repository
from tests.things import NOON, message, thing

LACKS = {Capability.REOPENING, Capability.PROCESSES}


def test_it_keeps_its_promises() -> None:
    """The reference does what every repository must do, as long as it lives."""
    report = check_repository(lambda: nullcontext(Memory()), lacks=LACKS)
    assert set(report.lacking) == LACKS


def test_its_async_form_keeps_them_too() -> None:
    """The async form does the same, in a loop that is running and in one of the kit's own."""

    async def main() -> None:
        memory = Memory().for_async()
        await check_async_repository(lambda: nullcontext(memory), lacks=LACKS)

    asyncio.run(main())
    check_repository(lambda: nullcontext(Memory().for_async()), lacks=LACKS)


def test_both_forms_are_the_same_records() -> None:
    """What one colour writes, the other reads."""
    memory = Memory()
    record = thing("t", "a")
    assert asyncio.run(memory.for_async().commit([Insert(record)])) is CommitResult.DONE
    assert memory.get(record.key) == record
    assert asyncio.run(memory.for_async().get(record.key)) is record


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
