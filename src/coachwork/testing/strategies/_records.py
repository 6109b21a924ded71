"""Records, the operations of commits on them, and what views are asked for."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeVar, cast

from attrs import evolve
from hypothesis import strategies as st

from coachwork.ports import Query
from coachwork.records import (
    AUDIT,
    KINDS,
    MESSAGE,
    RECEIPT,
    SPENDING,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Kind,
    Op,
    Record,
    Stored,
    Update,
    key_of,
)
from coachwork.sessions import SessionStatus
from coachwork.testing.strategies._companions import (
    accounts,
    backgrounds,
    claims,
    receipts,
    spendings,
    standings,
)
from coachwork.testing.strategies._jobs import jobs
from coachwork.testing.strategies._leaves import counts, ids, instants, maybe_ids, utc_instants
from coachwork.testing.strategies._programs import audits, progresses
from coachwork.testing.strategies._sessions import messages, sessions

V = TypeVar("V")

_NEVER_CHANGE: Final = frozenset({AUDIT.name, MESSAGE.name, RECEIPT.name, SPENDING.name})
_KIND_NAMES: Final = tuple(sorted(KINDS))
_VALUES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "session": sessions(),
    "background": backgrounds(),
    "message": messages(),
    "job": jobs(),
    "receipt": receipts(),
    "claim": claims(),
    "account": accounts(),
    "standing": standings(),
    "spending": spendings(),
    "progress": progresses(),
    "audit": audits(),
}


def from_kind(kind: Kind[V]) -> st.SearchStrategy[V]:
    """Return a strategy of the values that are stored as records of that *kind*.

    Args:
        kind: One of `coachwork.records.KINDS`.
    """
    return cast("st.SearchStrategy[V]", _VALUES[kind.name])


def stored(kind: Kind[V]) -> st.SearchStrategy[Stored[V]]:
    """Return a strategy of values of that *kind* as they were read, with their versions.

    Args:
        kind: One of `coachwork.records.KINDS`.
    """
    return cast("st.SearchStrategy[Stored[V]]", _stored(kind.name))


@cache
def _stored(name: str) -> st.SearchStrategy[Stored[Any]]:
    """Return a strategy of stored values of the kind of that name."""
    versions = st.just(1) if name in _NEVER_CHANGE else st.integers(1, 10**6)
    return st.builds(Stored[Any], _VALUES[name], versions)


def records(*kinds: str) -> st.SearchStrategy[Record]:
    """Return a strategy of stored records that can be read.

    Args:
        kinds: The names of their kinds; all where none is given.
    """
    return _of_kinds(kinds or _KIND_NAMES)


@cache
def _of_kinds(names: tuple[str, ...]) -> st.SearchStrategy[Record]:
    """Return a strategy of records of these kinds."""
    return st.sampled_from(names).flatmap(_records_of)


@cache
def _records_of(name: str) -> st.SearchStrategy[Record]:
    """Return a strategy of records of the kind of that name."""
    kind: Kind[Any] = KINDS[name]
    return stored(kind).map(lambda found: kind.record(found.value, found.version))


@cache
def keys() -> st.SearchStrategy[Key]:
    """Return a strategy of keys, of whatever kind."""
    parts = st.lists(ids() | counts(), min_size=1, max_size=3).map(tuple)
    return st.builds(Key, st.sampled_from(_KIND_NAMES), ids(), parts)


@cache
def facts() -> st.SearchStrategy[Facts]:
    """Return a strategy of facts, each of them there or not."""
    some_instants = st.none() | utc_instants()
    return st.builds(
        Facts,
        owner=maybe_ids(),
        session=maybe_ids(),
        topic=maybe_ids(),
        status=st.none() | st.sampled_from([status.value for status in SessionStatus]),
        at=some_instants,
        due=some_instants,
        expires=some_instants,
        scenario=maybe_ids(),
    )


@cache
def ops() -> st.SearchStrategy[Op]:
    """Return a strategy of single operations of a commit."""
    return st.one_of([*parts_of_commits().values()])


@cache
def parts_of_commits() -> dict[type[Op], st.SearchStrategy[Any]]:
    """Return a strategy for each class of operations."""
    changing = records(*(name for name in _KIND_NAMES if name not in _NEVER_CHANGE))
    return {
        Insert: records().map(lambda record: Insert(evolve(record, version=1))),
        Update: changing.map(lambda record: Update(evolve(record, version=record.version + 1))),
        Delete: records().map(lambda record: Delete(record.key, record.version)),
        Check: records().map(lambda record: Check(record.key, record.version)),
    }


@st.composite
def commits(draw: st.DrawFn, *, most: int = 5) -> tuple[Op, ...]:
    """Return a strategy of operations of one commit: of one tenant, no key twice.

    Args:
        draw: Hypothesis passes it.
        most: How many operations there may be.
    """
    tenant = draw(ids())
    some = draw(st.lists(ops(), max_size=most, unique_by=lambda op: key_of(op).parts))
    return tuple(_in_tenant(op, tenant) for op in some)


def _in_tenant(op: Op, tenant: str) -> Op:
    """Return *op* on what *tenant* has."""
    if isinstance(op, Delete | Check):
        return evolve(op, key=evolve(op.key, tenant=tenant))
    kind: Kind[Any] = KINDS[op.record.key.kind]
    value = kind.read(op.record).value
    if kind.name == "session":
        value = evolve(value, about=evolve(value.about, tenant=tenant))
    else:
        value = evolve(value, tenant=tenant)
    return evolve(op, record=kind.record(value, op.record.version))


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """Return a strategy of what views may be asked for (`coachwork.ports.Query`)."""
    chosen = draw(_conditions())
    if "due" in chosen and "after" in chosen:
        chosen["after_due"] = min(draw(instants()), chosen["due"])
    return Query(**chosen)


@cache
def _conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of conditions that may hold at once."""
    always: dict[str, st.SearchStrategy[Any]] = {
        "kind": st.sampled_from(_KIND_NAMES),
        "limit": st.integers(1, 1000),
    }
    statuses = st.sampled_from([status.value for status in SessionStatus])
    optional: dict[str, st.SearchStrategy[Any]] = {
        "status": st.lists(statuses, unique=True, max_size=3).map(tuple),
        "after": keys(),
    }
    of_a_user: dict[str, st.SearchStrategy[Any]] = {
        "session": ids(),
        "topic": ids(),
        "scenario": ids(),
        "since": instants(),
        "before": instants(),
        "newest_first": st.booleans(),
    }
    return (
        st.fixed_dictionaries(
            {**always, "tenant": ids(), "owner": ids()}, optional={**optional, **of_a_user}
        )
        | st.fixed_dictionaries({**always, "due": instants()}, optional=optional)
        | st.fixed_dictionaries({**always, "expires": instants()}, optional=optional)
    )
