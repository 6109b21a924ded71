"""Everything that may be stored in a world, by numbers: keys, records, and whole states.

A state is interned: two that hold equal records are one number. What a commit makes of a state,
and what a view tells of it, is found out once.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from attrs import frozen

from coachwork.adapters import Memory
from coachwork.effects import Find, ReadLog
from coachwork.records import Check, Delete, Insert, Key, Op, Record, Update
from coachwork.testing.explorer._alike import Alike, Images, not_alike
from coachwork.testing.explorer._invariants import Records

NOTHING: Final = -1
"""The number of no record, and the answer of a commit that met a conflict."""

_MADE: Final = re.compile(r"\b(?:id|key)-(\d+)")
"""How an id or a key that a call made names the call's number."""


_KEY: Final = re.compile(r"\bkey-\d+-\w+\.\d+")
"""The key of a call."""


def numbers_in(*texts: str) -> frozenset[int]:
    """Return the numbers of the calls whose ids or keys stand in these texts."""
    return frozenset(int(found) for text in texts for found in _MADE.findall(text))


@frozen
class Want:
    """One operation of a commit, by numbers.

    Attributes:
        key: The key.
        version: The version that must be there; 0 for none.
        record: What is there afterwards: a record's number, `NOTHING`, or None to leave it.
    """

    key: int
    version: int
    record: int | None


class Stores:
    """All states that were met.

    Attributes:
        keys: The keys by number.
        records: The records by number.
        states: The states by number: which record each key has. Under the complement of a key's
            number stands what it had before, where that is kept.
        alike: What may change places.
        key_images: What keys become where things that are alike change places.
        record_images: The same of records.
    """

    def __init__(self, *, keeps_past: bool, alike: Alike | None = None) -> None:
        """Begin with nothing; keep what each record was before where stale reads are wanted."""
        self.alike = alike or Alike()
        self.key_images = Images(self.alike)
        self.record_images = Images(self.alike)
        self._state_images = Images(self.alike)
        self.keys: list[Key] = []
        self.records: list[Record] = []
        self.states: list[dict[int, int]] = []
        self._keeps_past = keeps_past
        self._key_numbers: dict[Key, int] = {}
        self._record_numbers: dict[Record, int] = {}
        self._state_numbers: dict[bytes, int] = {}
        self._versions: list[int] = []
        self._made: list[frozenset[int]] = []
        self._made_in: dict[int, frozenset[int]] = {}
        self._keys_of: list[frozenset[str]] = []
        self._keys_in: dict[int, frozenset[str]] = {}
        self._memories: dict[int, Memory] = {}
        self._forgotten: dict[int, int] = {}

    # --- numbers -------------------------------------------------------------------------------

    def key(self, key: Key) -> int:
        """Return the number of *key*."""
        number = self._key_numbers.get(key)
        if number is None:
            number = self._key_numbers[key] = len(self.keys)
            self.keys.append(key)
        return number

    def record(self, record: Record) -> int:
        """Return the number of *record*."""
        number = self._record_numbers.get(record)
        if number is None:
            number = self._record_numbers[record] = len(self.records)
            self.records.append(record)
            self._versions.append(record.version)
            self._made.append(numbers_in(record.body, record.key.text))
            self._keys_of.append(frozenset(_KEY.findall(record.body)))
        return number

    def state(self, held: dict[int, int]) -> int:
        """Return the number of the state that holds this."""
        # There are many of them, and bytes take a tenth of what tuples of numbers do.
        form = array("q", chain.from_iterable(sorted(held.items()))).tobytes()
        number = self._state_numbers.get(form)
        if number is None:
            number = self._state_numbers[form] = len(self.states)
            self.states.append(held)
        return number

    def of(self, records: Iterable[Record]) -> int:
        """Return the number of the state that holds these records, which nothing changes."""
        held = {self.key(record.key): self.record(record) for record in records}
        for key, record in held.items():
            self.key_images.relate([key for _ in self.alike.changes])
            self.record_images.relate([record for _ in self.alike.changes])
        return self.state(held)

    # --- what is alike --------------------------------------------------------------------------

    def relate(self, records: Sequence[int]) -> None:
        """Take these records for the images of the first of them.

        Raises:
            MisuseError: They cannot be: the search would treat them otherwise.
        """
        told = {
            (self._versions[number], self._made[number], facts.session is None, facts.expires)
            for number in records
            for facts in (self.records[number].facts,)
        }
        if len(told) > 1:
            raise not_alike(f"{self.records[records[0]].key.kind}: another version, ids or expiry")
        self.record_images.relate(records)

    def images(self, state: int) -> tuple[int, ...]:
        """Return what a state becomes."""
        found = self._state_images.get(state)
        if found is None:
            held = self.states[state]
            self._state_images.relate(
                [self.state(self._image(held, change)) for change in self.alike.changes]
            )
            found = self._state_images[state]
        return found

    def _image(self, held: Mapping[int, int], change: int) -> dict[int, int]:
        """Return what is held where things have changed places."""
        return {
            self._key_image(key, change): (
                NOTHING if record == NOTHING else self.record_images[record][change]
            )
            for key, record in held.items()
        }

    def _key_image(self, key: int, change: int) -> int:
        """Return what a key, or what stands for its past, becomes."""
        return self.key_images[key][change] if key >= 0 else ~self.key_images[~key][change]

    def keys_of(self, record: int) -> frozenset[str]:
        """Return the keys of calls that a record holds."""
        return self._keys_of[record]

    # --- what stands there ---------------------------------------------------------------------

    def held(self, state: int) -> Records:
        """Return all records of a state by their keys."""
        return {
            self.keys[key]: self.records[record]
            for key, record in self.states[state].items()
            if key >= 0
        }

    def before(self, state: int, key: int) -> int | None:
        """Return which record a key had before, or None where it is not known or the same."""
        held = self.states[state]
        past = held.get(~key)
        return None if past == held.get(key, NOTHING) else past

    def without_past(self, state: int) -> int:
        """Return the same state with nothing known of what was before."""
        if not self._keeps_past:
            return state
        number = self._forgotten.get(state)
        if number is None:
            held = {key: record for key, record in self.states[state].items() if key >= 0}
            number = self._forgotten[state] = self.state(held)
        return number

    def made_keys(self) -> list[frozenset[int]]:
        """Return for each key the numbers of the calls whose ids or keys it holds."""
        return [numbers_in(key.text) for key in self.keys]

    def keys_in(self, state: int) -> frozenset[str]:
        """Return the keys of calls that a state holds."""
        found = self._keys_in.get(state)
        if found is None:
            held = (self._keys_of[record] for record in self.states[state].values() if record >= 0)
            found = self._keys_in[state] = frozenset[str]().union(*held)
        return found

    def made_in(self, state: int) -> frozenset[int]:
        """Return the numbers of the calls of which a state holds any id or key."""
        found = self._made_in.get(state)
        if found is None:
            made = (self._made[record] for record in self.states[state].values() if record >= 0)
            found = self._made_in[state] = frozenset[int]().union(*made)
        return found

    # --- what may be done ----------------------------------------------------------------------

    def wants(self, ops: Iterable[Op]) -> tuple[Want, ...]:
        """Return the operations of a commit by numbers."""
        return tuple(self._want(op) for op in ops)

    def _want(self, op: Op) -> Want:
        """Return one operation by numbers."""
        if isinstance(op, Insert):
            return Want(self.key(op.record.key), 0, self.record(op.record))
        if isinstance(op, Update):
            version = op.record.version - 1
            return Want(self.key(op.record.key), version, self.record(op.record))
        if isinstance(op, Check):
            return Want(self.key(op.key), op.version, None)
        assert isinstance(op, Delete)  # noqa: S101 - there are no others
        return Want(self.key(op.key), op.version, NOTHING)

    def commit(self, state: int, wants: tuple[Want, ...]) -> int:
        """Return the state after a commit, or `NOTHING` where it meets a conflict."""
        held = self.states[state]
        for want in wants:
            found = held.get(want.key, NOTHING)
            version = 0 if found == NOTHING else self._versions[found]
            if version != want.version:
                return NOTHING
        changed = {want.key: want.record for want in wants if want.record is not None}
        return self.changed(state, changed)

    def changed(self, state: int, records: Mapping[int, int]) -> int:
        """Return the state in which these keys have these records instead."""
        new = dict(self.states[state])
        for key, record in records.items():
            old = new.pop(key, NOTHING)
            if self._keeps_past:
                new[~key] = old
            if record != NOTHING:
                new[key] = record
        return self.state(new)

    def lagging(self, state: int) -> int:
        """Return the state as a view shows it that has seen no record's last change."""
        held = self.states[state]
        past = {~key: record for key, record in held.items() if key < 0}
        shown = {**{key: record for key, record in held.items() if key >= 0}, **past}
        return self.state({key: record for key, record in shown.items() if record != NOTHING})

    def view(self, state: int, effect: ReadLog | Find) -> tuple[Record, ...]:
        """Return what a view tells of a state."""
        memory = self._memories.get(state)
        if memory is None:
            if len(self._memories) > _MOST_MEMORIES:
                self._memories.clear()
            memory = self._memories[state] = Memory()
            memory.commit([Insert(record) for record in self.held(state).values()])
        if isinstance(effect, Find):
            return tuple(memory.find(effect.query))
        return tuple(
            memory.log(
                effect.tenant,
                effect.session,
                after=effect.after,
                last=effect.last,
                limit=effect.limit,
            )
        )


_MOST_MEMORIES: Final = 2_000
"""How many states are kept in the form in which views are asked."""
