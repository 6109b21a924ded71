"""A planting passes an audit by what it stores, and nothing else passes under its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork.adapters import Memory
from coachwork.jobs import JobStatus
from coachwork.ports import CommitResult
from coachwork.records import (
    ACCOUNT,
    AUDIT,
    JOB_RECORD,
    MESSAGE,
    RECEIPT,
    SESSION_RECORD,
    Check,
    Delete,
    Insert,
    Op,
    Update,
    account_key,
    key_of,
)
from coachwork.testing import Audited, InvariantError, step_violations
from coachwork.testing._invariants._judge import change_of
from coachwork.testing._invariants._planting import is_planting
from coachwork.testing._invariants._step import Step
from coachwork.workflows import plant
from tests.planted import (
    TRIAL,
    acted_document,
    document,
    long_document,
    new_world,
)

Ops = tuple[Op, ...]

DOCUMENTS: Final = {"small": document, "long": long_document, "acted": acted_document}


@cache
def commits(which: str) -> list[Ops]:
    """Return the commits of a planting."""
    world = new_world()
    world.run(plant(world.setup, TRIAL, DOCUMENTS[which](), key="key"))
    return [tuple(ops) for ops in world.commits]


def stored_before(which: str, number: int) -> Memory:
    """Return what is stored before that commit of a planting."""
    memory = Memory()
    for ops in commits(which)[:number]:
        assert memory.commit(ops) is CommitResult.DONE
    return memory


def refused(memory: Memory, ops: Sequence[Op]) -> tuple[str, ...]:
    """Return what an audit holds against a commit."""
    try:
        assert Audited(memory).commit(ops) is CommitResult.DONE
    except InvariantError as error:
        return error.violations
    return ()


@pytest.mark.parametrize("which", DOCUMENTS)
def test_an_audit_lets_a_planting_pass(which: str) -> None:
    """Each commit passes, with whatever is remembered, and it is nobody's fault."""
    audited = Audited(Memory())
    for ops in commits(which):
        assert audited.commit(ops) is CommitResult.DONE
    assert audited.figures.unjudged == 0
    for number, ops in enumerate(commits(which)):
        assert refused(stored_before(which, number), ops) == ()


def without_a_receipt(ops: Ops) -> Ops:
    """Leave out what tells that it is a planting."""
    return tuple(
        op
        for op in ops
        if not (
            isinstance(op, Insert)
            and op.record.key.kind == "receipt"
            and RECEIPT.read(op.record).value.command == "plant"
        )
    )


def as_a_start(ops: Ops) -> Ops:
    """Tell that it is a start."""
    start = [op for op in ops if op not in without_a_receipt(ops)]
    (receipt,) = (RECEIPT.read(op.record).value for op in start if isinstance(op, Insert))
    return (*without_a_receipt(ops), RECEIPT.insert(evolve(receipt, command="start")))


def for_somebody_else(ops: Ops) -> Ops:
    """Bring the receipt of another user's planting."""
    start = [op for op in ops if op not in without_a_receipt(ops)]
    (receipt,) = (RECEIPT.read(op.record).value for op in start if isinstance(op, Insert))
    return (*without_a_receipt(ops), RECEIPT.insert(evolve(receipt, user="eve")))


@pytest.mark.parametrize("change", [without_a_receipt, as_a_start, for_somebody_else])
@pytest.mark.parametrize("which", DOCUMENTS)
def test_the_same_commit_is_refused_without_what_shows_it(
    which: str, change: Callable[[Ops], Ops]
) -> None:
    """What would pass as the last commit of a planting is refused as anything else."""
    last = len(commits(which)) - 1
    found = refused(stored_before(which, last), change(commits(which)[last]))
    assert any("it begins as" in one or "not as counted" in one for one in found), found


def batch(which: str) -> tuple[Memory, Ops]:
    """Return what is stored before the first part of a planting, and that part."""
    return stored_before(which, 2), commits(which)[2]


@pytest.mark.parametrize("which", ["long", "acted"])
@pytest.mark.parametrize("planting", [None, "other"])
def test_a_part_is_refused_where_the_account_notes_no_such_planting(
    which: str, planting: str | None
) -> None:
    """It is the note that shows the commits before the last one."""
    memory, ops = batch(which)
    record = memory.get(account_key("acme", "test"))
    assert record is not None
    account = ACCOUNT.read(record)
    update = ACCOUNT.update(account, evolve(account.value, planting=planting))
    assert memory.commit([update]) is CommitResult.DONE
    checked = (*ops[:-1], Check(record.key, account.version + 1))
    assert refused(memory, checked) != ()


def plants(memory: Memory, ops: Sequence[Op]) -> bool:
    """Whether a commit counts as a part of a planting."""
    changes = {
        key_of(op): change_of(
            key_of(op),
            memory.get(key_of(op)),
            op.record if isinstance(op, Insert | Update) else None,
        )
        for op in ops
        if not isinstance(op, Check)
    }

    def look(key: Any) -> object:  # noqa: ANN401 - a key
        record = memory.get(key)
        return None if record is None else ACCOUNT.read(record).value

    return is_planting(Step(changes, look))


def inserted(ops: Ops, kind: str) -> Any:  # noqa: ANN401 - any record's value
    """Return the first value of a kind that is inserted."""
    records = [op.record for op in ops if isinstance(op, Insert)]
    found = next(record for record in records if record.key.kind == kind)
    kinds = {one.name: one for one in (MESSAGE, JOB_RECORD, AUDIT, SESSION_RECORD)}
    return kinds[kind].read(found).value


def test_nothing_else_passes_with_a_part() -> None:
    """No deletion, no change, no job that is open, no other scenario, none at all."""
    memory, ops = batch("long")
    assert plants(memory, ops)
    message, job = inserted(ops, "message"), inserted(ops, "job")
    for other in (
        Delete(MESSAGE.key(evolve(message, session="other")), 1),
        Update(MESSAGE.record(evolve(message, session="other"), 2)),
        JOB_RECORD.insert(evolve(job, id="other", status=JobStatus.PENDING, settlement=None)),
        MESSAGE.insert(evolve(message, session="other", scenario="other")),
        MESSAGE.insert(evolve(message, session="other", user="eve")),
    ):
        if isinstance(other, Update):
            assert memory.commit([Insert(evolve(other.record, version=1))]) is CommitResult.DONE
        assert not plants(memory, [*ops, other])
    assert not plants(memory, [MESSAGE.insert(evolve(message, scenario=None))])
    assert not plants(memory, [])


def test_a_session_does_not_come_to_be_in_a_part() -> None:
    """What is seen comes with the receipt, or not at all."""
    memory, ops = batch("long")
    session = inserted(commits("long")[-1], "session")
    assert not plants(memory, [*ops, SESSION_RECORD.insert(session)])
    assert plants(memory, commits("long")[-1])


def test_a_part_without_an_account_is_none() -> None:
    """Where nothing notes it, nothing shows it."""
    _, ops = batch("acted")
    assert not plants(Memory(), ops)


def test_between_two_states_it_is_seen_too() -> None:
    """`step_violations` holds nothing against a planting either; without the account it does."""
    memory, ops = batch("long")
    world = new_world(memory)
    before = world.records()
    assert memory.commit(ops) is CommitResult.DONE
    assert step_violations(before, world.records()) == []
    unknown = [record for record in before if record.key.kind != "account"]
    after = [record for record in world.records() if record.key.kind != "account"]
    assert step_violations(unknown, after) != []
