"""A tiny application: a till, money in it, and workflows that take some out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from coachwork.effects import Commit, Effect, Get, NewId, Now, Workflow
from coachwork.errors import RefusedError, VersionConflictError
from coachwork.ports import CommitResult
from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Record, Update
from coachwork.testing.explorer import Call, Command, Invariants, Records, Step, World

TILL: Final = Key("till", "acme", ("front",))


class EmptyError(RefusedError):
    """There is not enough in the till."""


class Print(Effect[str]):
    """What does the printer say?"""


def till(money: int, version: int = 1) -> Record:
    """Return the till with so much in it."""
    return Record(TILL, version, Facts(), json.dumps(money))


def money_in(records: Records) -> int:
    """Return what is in the till."""
    return int(json.loads(records[TILL].body))


def take(amount: int, tries: int = 3) -> Workflow[int]:
    """Take money out, and return what is left."""
    for _ in range(tries):
        record = yield from Get(TILL)
        assert record is not None
        left = int(json.loads(record.body)) - amount
        if left < 0:
            raise EmptyError("there is not enough in the till")
        changed = yield from Commit((Update(till(left, record.version + 1)),))
        if changed is CommitResult.DONE:
            return left
    raise VersionConflictError(tries)


def take_twice_read(amount: int) -> Workflow[int]:
    """Take money out by what was read first, and the version of what was read then: a race."""
    record = yield from Get(TILL)
    again = yield from Get(TILL)
    assert record is not None
    assert again is not None
    left = int(json.loads(record.body)) - amount
    if left < 0:
        raise EmptyError("there is not enough in the till")
    yield from Commit((Update(till(left, again.version + 1)),))
    return left


def noting(key: str) -> Workflow[str]:
    """Put a note with a key of its own beside the till, unless it is there."""
    name = yield from NewId()
    place = Key("note", "acme", (key,))
    found = yield from Get(place)
    if found is None:
        note = Record(place, 1, Facts(), json.dumps([name, key]))
        yield from Commit((Insert(note), Check(TILL, 1)))
    return name


def tearing() -> Workflow[None]:
    """Take every note away that is there."""
    place = Key("note", "acme", ("any",))
    found = yield from Get(place)
    ops: tuple[Op, ...] = () if found is None else (Delete(place, found.version),)
    yield from Commit(ops)


def dated() -> Workflow[datetime]:
    """Say what time it is."""
    return (yield from Now())


class NothingIsLost(Invariants):
    """What was taken is missing, and nothing else."""

    def __init__(self, amount: int) -> None:
        """Know how much is taken at a time."""
        self._amount = amount

    def step(self, step: Step, /) -> Iterator[str]:
        """Each commit takes the same amount."""
        before, after = money_in(step.before), money_in(step.after)
        if before - after != self._amount:
            yield f"{step.call.command} took {before - after}"


def with_till(money: int) -> World:
    """Return a world with a till."""
    return World(records=(till(money),))


def taking(amount: int = 1) -> Command:
    """Return the command that takes money out."""
    return Command(name="take", workflow=lambda _: take(amount))


def racing(amount: int = 1) -> Command:
    """Return the command with the race."""
    return Command(name="race", workflow=lambda _: take_twice_read(amount))


def writing() -> Command:
    """Return a command with a key."""

    def workflow(call: Call) -> Workflow[str]:
        assert call.key is not None
        return noting(call.key)

    return Command(name="write", workflow=workflow, keyed=True)


def targets(_records: Sequence[Record]) -> tuple[str, ...]:
    """Aim at two places."""
    return "left", "right"
