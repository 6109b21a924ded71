"""A kind of record: how a value becomes a body and facts, and a body a value again.

Reading is where stored data meets code. An older body goes through the kind's upcasts, one
version at a time. A newer one is refused, and so is one that lacks a field, has one too many, or
holds a value of the wrong type: naming kind and field, overwriting nothing (brief, section 9).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar, cast

from attrs import field, frozen

from coachwork.errors import CorruptRecordError, MisuseError, UnsupportedSchemaError
from coachwork.plain import JSON
from coachwork.records._converter import converter, first_fault
from coachwork.records._record import (
    MAX_BODY,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Record,
    Update,
)
from coachwork.records._texts import PLAIN, Texts, texts_of

V = TypeVar("V")
Body = dict[str, JSON]
Upcast = Callable[[Body], Body]


def _object(pairs: list[tuple[str, JSON]]) -> Body:
    """Return a JSON object.

    Raises:
        ValueError: A name stands there twice, so nobody knows which value counts.
    """
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("a name stands there twice")
    return body


def _no_number(name: str) -> JSON:
    """Refuse ``NaN`` and ``Infinity``, which are no JSON."""
    raise ValueError(name)


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number)


@frozen
class Stored(Generic[V]):
    """A value as it was read, with the version that a change of it must name.

    Attributes:
        value: The value.
        version: The version of its record.
    """

    value: V
    version: int


@frozen
class Kind(Generic[V]):
    """How values of one type are stored.

    Attributes:
        name: The kind's name, as it stands in keys.
        type: The type of the values.
        key: Tells the key of a value.
        facts: Tells the facts of a value.
        schema: The version of the body's form that this code writes.
        upcasts: From an older version to a function that makes the body of the next one.
    """

    name: str
    type: type[V]
    key: Callable[[V], Key]
    facts: Callable[[V], Facts]
    schema: int = 1
    upcasts: Mapping[int, Upcast] = field(factory=dict[int, Upcast])

    def record(self, value: V, version: int) -> Record:
        """Return *value* as a record of that *version*.

        Raises:
            MisuseError: It is larger than a record may be.
        """
        return self._record(value, version, PLAIN.encode(self._written(value)))

    def record_after(self, value: V, version: int, before: Texts | None) -> tuple[Record, Texts]:
        """Return the same, and its texts; what was written *before* is not written anew.

        Args:
            value: The value; the plain data in it may not be changed from now on.
            version: The record's version.
            before: The texts that came with the record of what *value* was made from, if known.

        Raises:
            MisuseError: It is larger than a record may be.
        """
        texts = texts_of(self._written(value), before)
        return self._record(value, version, texts.text), texts

    def _written(self, value: V) -> Body:
        """Return *value* as a body."""
        body: Body = converter().unstructure(value)
        body["schema"] = self.schema
        return body

    def _record(self, value: V, version: int, text: str) -> Record:
        """Return the record of *value* with that *text* as its body."""
        if len(text) > MAX_BODY:
            raise MisuseError(f"a {self.name} record of more than {MAX_BODY} bytes")
        return Record(self.key(value), version, self.facts(value), text)

    def read(self, record: Record) -> Stored[V]:
        """Return the value that *record* holds.

        Raises:
            CorruptRecordError: It is damaged.
            UnsupportedSchemaError: It was written by newer code.
        """
        body = self._body(record)
        try:
            value = converter().structure(body, self.type)
        except Exception as fault:  # noqa: BLE001 - whatever it met, the record is what is wrong
            where, why = first_fault(fault)
            raise CorruptRecordError(self.name, where, why) from None
        if self.key(value) != record.key:
            raise CorruptRecordError(self.name, "key", "is not the key of what it holds")
        return Stored(value, record.version)

    def _body(self, record: Record) -> Body:
        """Return the body in the form that this code knows, without its schema number."""
        try:
            body: object = _STRICT.decode(record.body)
        except (TypeError, ValueError, RecursionError):
            raise CorruptRecordError(self.name, "body", "is not JSON") from None
        if not isinstance(body, dict):
            raise CorruptRecordError(self.name, "body", "is not a JSON object")
        upcast = cast("Body", body)
        found = upcast.pop("schema", None)
        if type(found) is not int or found < 1:
            raise CorruptRecordError(self.name, "schema", "is no version number")
        if found > self.schema:
            raise UnsupportedSchemaError(self.name, "schema", found, self.schema)
        for version in range(found, self.schema):
            try:
                upcast = self.upcasts[version](upcast)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                reason = f"cannot be read as version {version}"
                raise CorruptRecordError(self.name, "schema", reason) from None
        return upcast

    # --- operations on values ----------------------------------------------------------------

    def insert(self, value: V) -> Insert:
        """Return the operation that puts *value* where there is none."""
        return Insert(self.record(value, 1))

    def update(self, old: Stored[V], value: V) -> Update:
        """Return the operation that puts *value* in the place of *old*."""
        return Update(self.record(value, old.version + 1))

    def delete(self, old: Stored[V]) -> Delete:
        """Return the operation that takes *old* away."""
        return Delete(self.key(old.value), old.version)

    def check(self, old: Stored[V]) -> Check:
        """Return the operation that lets the commit pass only if *old* is unchanged."""
        return Check(self.key(old.value), old.version)
