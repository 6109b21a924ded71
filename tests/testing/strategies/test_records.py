"""Records, operations and queries."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from attrs import evolve
from hypothesis import given

from coachwork.adapters import Memory
from coachwork.ports import CommitResult, Query
from coachwork.records import (
    KINDS,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Kind,
    Op,
    Record,
    Update,
    key_of,
)
from coachwork.testing import strategies as st
from coachwork.testing._invariants import alone
from tests.drawn import few, reaches, some


@few
@given(record=st.records())
def test_a_record_can_be_read_and_written_again(record: Record) -> None:
    """What was stored comes back the same, and the record by itself is as it must be."""
    kind: Kind[Any] = KINDS[record.key.kind]
    found = kind.read(record)
    assert kind.record(found.value, found.version) == record
    assert list(alone(record, found.value)) == []


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_kind_has_its_values(name: str) -> None:
    """The values of a kind, its records, and both together can be drawn."""
    kind: Kind[Any] = KINDS[name]
    assert all(type(value) is kind.type for value in some(st.from_kind(kind), 3))
    assert {record.key.kind for record in some(st.records(name), 3)} == {name}
    versions = {found.version for found in some(st.stored(kind), 10)}
    assert (versions == {1}) == (name in {"audit", "message", "receipt", "spending"})


@few
@given(key=st.keys())
def test_a_key_is_read_as_it_was_written(key: Key) -> None:
    """Whatever the ids hold."""
    assert Key.parse(key.text) == key


@few
@given(ops=st.commits())
def test_a_commit_is_one_that_a_repository_takes(ops: tuple[Op, ...]) -> None:
    """One tenant, no key twice; where it finds what it wants, it is done."""
    memory = Memory()
    for op in ops:
        if not isinstance(op, Insert):
            _put(memory, op)
    assert memory.commit(ops) is CommitResult.DONE
    keys = [key_of(op) for op in ops]
    assert len(set(keys)) == len(keys)
    assert len({key.tenant for key in keys}) <= 1


def _put(memory: Memory, op: Update | Delete | Check) -> None:
    """Put into *memory* what *op* wants to find; of a later version it cannot be inserted."""
    if isinstance(op, Update):
        found = evolve(op.record, version=op.record.version - 1)
    else:
        found = Record(op.key, op.version, Facts(), "{}")
    assert memory.commit([Insert(found)]) is CommitResult.DONE


def test_operations_and_commits_reach_every_form() -> None:
    """All four operations; commits of none, of one and of several."""
    reaches(st.ops(), [Insert, Update, Delete, Check], type)
    reaches(st.commits(), [0, 1, 4], len)
    inserted = some(st.ops().filter(lambda op: isinstance(op, Insert)))
    assert {op.record.version for op in inserted if isinstance(op, Insert)} == {1}


@few
@given(query=st.queries())
def test_a_query_can_be_answered(query: Query) -> None:
    """Every query asks by exactly one of the three ways, and a repository answers it."""
    ways = (query.owner is not None, query.due is not None, query.expires is not None)
    assert sum(ways) == 1
    assert (query.tenant is None) == (query.owner is None)
    assert (query.after_due is not None) == (query.due is not None and query.after is not None)
    assert not (query.newest_first and query.due is not None)
    assert Memory().find(query) == []


@pytest.mark.parametrize(
    "name", [field.name for field in attrs.fields(Query) if field.name not in {"kind", "limit"}]
)
def test_queries_reach_every_condition(name: str) -> None:
    """Every condition is given now and then, and left out now and then."""
    usual = Query(kind="session")
    reaches(st.queries(), told=lambda query: getattr(query, name) == getattr(usual, name))


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Facts)])
def test_facts_reach_every_form(name: str) -> None:
    """Every fact is there now and then, and is not now and then."""
    reaches(st.facts(), told=lambda facts: getattr(facts, name) is None)
