"""Healthy records, and ways to damage them: what the tests of the invariants are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork.jobs import ErrorCode, JobError, JobStatus
from coachwork.records import KINDS, Delete, Insert, Op, Record, Update
from coachwork.sessions import Session
from coachwork.testing.faults import CrashError
from coachwork.topics import Topic
from coachwork.workflows import cancel, complete, send, start
from tests.faults import ADA, BEGIN, BEN, World

TALK: Final = Topic(id="talk", system="Listen.", initiation="Say hello.")
ROOM: Final = Topic(id="room", system="Listen.", exclusive=True)
LATER: Final = BEGIN + timedelta(hours=1)
EARLIER: Final = BEGIN - timedelta(hours=1)

ROOM_SESSION, ROOM_JOB = "id-00002", "id-00003"
BENS_SESSION, BENS_JOB = "id-00006", "id-00005"
SESSION, GREETING, ANSWERED, OPEN_JOB = "id-00008", "id-00007", "id-00009", "id-00010"

Change = Callable[[Any], Any]
Written = tuple[list[Record], tuple[Op, ...]]
"""What was stored, and what is to be committed."""


def healthy() -> World:
    """Return a world with something of everything in it.

    Ada has completed ``room``; her session on ``talk`` waits for a reply. Ben has cancelled one.
    """
    world = World([TALK, ROOM], lambda _: "Go on.")
    setup = world.setup
    room = world.run(start(setup, ADA, ROOM, key="k1")).session.id
    world.run(send(setup, ADA, ROOM, room, "Hello.", key="k2"))
    world.run(complete(setup, ADA, ROOM, room, key="k3"))
    other = world.run(start(setup, BEN, TALK, key="k4")).session.id
    world.run(cancel(setup, BEN, TALK, other))
    talk = world.run(start(setup, ADA, TALK, key="k5")).session.id
    world.run(send(setup, ADA, TALK, talk, "Hello.", key="k6"))
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(send(setup, ADA, TALK, talk, "More.", key="k7"))
    return world


@cache
def _healthy_records() -> tuple[Record, ...]:
    return tuple(healthy().records())


def values(records: list[Record]) -> dict[str, Any]:
    """Return the values of *records* by a short name."""
    told: dict[str, Any] = {}
    for record in records:
        value = KINDS[record.key.kind].read(record).value
        parts = [part for part in record.key.parts if part != "ada"]
        told[" ".join([record.key.kind, *map(str, parts)])] = (value, record.version)
    return told


def recorded(value: object, version: int = 1) -> Record:
    """Return *value* as a record of its kind."""
    kinds = {kind.type: kind for kind in KINDS.values()}
    return kinds[type(value)].record(value, version)


def damaged(*changes: tuple[str, Change | None], extra: tuple[object, ...] = ()) -> list[Record]:
    """Return healthy records in which these are changed, or left out where there is no change."""
    named = values(list(_healthy_records()))
    for name, change in changes:
        value, version = named.pop(name)
        if change is not None:
            named[name] = (change(value), version)
    records = [recorded(value, version) for value, version in named.values()]
    return records + [recorded(value) for value in extra]


def session(**changes: Any) -> Change:  # noqa: ANN401 - any field of a value
    """Return what changes fields of a session, of its ledger or of what is settled at its start."""

    def change(old: Session) -> Session:
        ledger = {name: value for name, value in changes.items() if hasattr(old.ledger, name)}
        about = {name: value for name, value in changes.items() if hasattr(old.about, name)}
        own = {k: v for k, v in changes.items() if k not in ledger and k not in about}
        return evolve(
            old, **own, ledger=evolve(old.ledger, **ledger), about=evolve(old.about, **about)
        )

    return change


def field(**changes: Any) -> Change:  # noqa: ANN401 - any field of a value
    """Return what changes fields of a value."""
    return lambda old: evolve(old, **changes)


FAILED_JOB: Final = field(
    status=JobStatus.FAILED, settlement=None, error=JobError(ErrorCode.LLM_ERROR, "x")
)


def second_session(old: Session) -> Session:
    """Return a session that must not be there beside *old*."""
    return evolve(old, about=evolve(old.about, id="another"), in_flight=None)


def written(*changes: tuple[str, Change | None], extra: tuple[object, ...] = ()) -> Written:
    """Return a commit that makes these changes to healthy records, versions counted on."""
    before = damaged()
    ops: list[Op] = []
    named = values(before)
    keys = dict(zip(named, (record.key for record in before), strict=True))
    for name, change in changes:
        value, version = named[name]
        if change is None:
            ops.append(Delete(keys[name], version))
        else:
            ops.append(Update(recorded(change(value), version + 1)))
    ops += [Insert(recorded(value)) for value in extra]
    return before, tuple(ops)


def applied(commit: Written) -> list[Record]:
    """Return what is stored after a commit."""
    before, ops = commit
    stored = {record.key: record for record in before}
    for op in ops:
        if isinstance(op, Insert | Update):
            stored[op.record.key] = op.record
        elif isinstance(op, Delete):
            del stored[op.key]
    return list(stored.values())
