"""Histories that a correct store could give, made by chance, and ways to spoil them.

A store does one thing after the other, each at an instant. Who called it saw a longer while: the
call began some time before that instant and ended some time after it. So the calls overlap, and the
answers are right all the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final

from attrs import define, evolve, field

from coachwork.adapters import Memory
from coachwork.ports import CommitResult
from coachwork.records import (
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
from coachwork.testing.history import Call, History, Method, Outcome
from coachwork.testing.history._call import Span, all_seen, part_of, seen_of

NAMES: Final = ("a", "b", "c")
STEP: Final = 100
"""How far the instants are apart."""


def key_named(name: str) -> Key:
    """Return the key of a record that means nothing."""
    return Key("thing", "acme", (name,))


def said(number: int) -> Record:
    """Return a message record as far as a repository looks at it."""
    return Record(message_key("acme", "s", number), 1, Facts(session="s"), f'{{"n":{number}}}')


@define
class Serial:
    """A store that does one thing after the other, and the history of it.

    Attributes:
        dice: Chance.
        wide: By how many instants a call may be longer than its own, on each side.
        memory: What is stored.
        calls: What was called.
    """

    dice: random.Random
    wide: int
    memory: Memory = field(factory=Memory)
    calls: list[Call] = field(factory=list[Call])
    made: int = 0
    log: int = 0
    shown: int = 0

    @property
    def history(self) -> History:
        """The history of it."""
        return History.of(self.calls)

    def go(self, steps: int) -> Serial:
        """Do so many things by chance."""
        for _ in range(steps):
            self.dice.choice((self.get, self.get, self.commit, self.commit, self.say, self.read))()
        return self

    def note(self, method: Method, outcome: Outcome, **told: object) -> Call:
        """Note a call whose instant is now."""
        now = (len(self.calls) + 1) * STEP
        before, after = (self.dice.randrange(1, STEP * self.wide) for _ in range(2))
        call = Call(
            number=len(self.calls) + 1,
            who=f"process {len(self.calls) % 3}",
            method=method,
            begin=now - before,
            end=now + after,
            outcome=outcome,
            **told,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        )
        self.calls.append(call)
        return call

    # --- calls -------------------------------------------------------------------------------

    def get(self) -> None:
        """Read one record."""
        name = self.dice.choice(NAMES)
        key = (
            message_key("acme", "s", self.dice.randrange(1, 5)) if name == "c" else key_named(name)
        )
        seen = seen_of(key, self.memory.get(key))
        self.note(Method.GET, Outcome.DONE, seen=(seen,))

    def commit(self) -> None:
        """Change some records, or be too late for it."""
        names = self.dice.sample(NAMES, self.dice.randrange(1, 4))
        self._commit([self._op(name) for name in names])

    def say(self) -> None:
        """Append a message, together with a change of something else."""
        self._commit([Insert(said(self.log + 1)), self._op(self.dice.choice(NAMES))])

    def read(self) -> None:
        """Read the log, which lags behind by chance but never goes back."""
        self.shown = max(self.shown, self.log - self.dice.randrange(3))
        after, last = self.dice.randrange(3), self.dice.choice((None, None, 2))
        limit = self.dice.choice((2, 100))
        messages = [said(number) for number in range(1 + after, self.shown + 1)]
        told = (messages if last is None else messages[-last:])[:limit]
        span = Span("acme", "s", after, last, limit)
        self.note(Method.LOG, Outcome.DONE, seen=all_seen(told), span=span)

    def _op(self, name: str) -> Op:
        """Return something that can be done to a record, now or one version ago."""
        key = key_named(name)
        there = self.memory.get(key)
        self.made += 1
        late = self.dice.random() < 0.15
        if there is None:
            return Check(key, 1) if late else Insert(Record(key, 1, Facts(), f"{self.made}"))
        version = there.version - late
        which = self.dice.random()
        if which < 0.2:
            return Check(key, version)
        if which < 0.4:
            return Delete(key, version)
        return Update(Record(key, version + 1, Facts(), f"{self.made}"))

    def _commit(self, ops: Sequence[Op]) -> None:
        parts = tuple(map(part_of, ops))
        lost = self.dice.random() < 0.1
        if lost and self.dice.random() < 0.5:
            self.note(Method.COMMIT, Outcome.UNKNOWN, parts=parts)
            return
        done = self.memory.commit(ops) is CommitResult.DONE
        if done:
            self.log += sum(key.kind == "message" for key in map(key_of, ops))
        outcome = Outcome.DONE if done else Outcome.CONFLICT
        self.note(Method.COMMIT, Outcome.UNKNOWN if lost else outcome, parts=parts)


def correct(seed: int, steps: int, wide: int) -> Serial:
    """Return what a correct store did, and how it looked to those who called it."""
    return Serial(random.Random(seed), wide).go(steps)


# --- what no correct store answers -----------------------------------------------------------


def after_all(serial: Serial, **changes: Any) -> Call:  # noqa: ANN401 - any field of a call
    """Return one more call, after all others have ended."""
    last = max(call.end or 0 for call in serial.calls)
    call = Call(
        number=len(serial.calls) + 1,
        who="process 9",
        method=Method.GET,
        begin=last + 1,
        end=last + 2,
        outcome=Outcome.DONE,
    )
    return evolve(call, **changes)
