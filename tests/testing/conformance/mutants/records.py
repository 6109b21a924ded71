"""Mutants that break what is promised of one record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from unicodedata import normalize

from attrs import evolve

from coachwork.adapters import Memory
from coachwork.ports import Query
from coachwork.records import Insert, Key, Op, Record, Update, key_of
from tests.testing.conformance.mutants.base import Anything, Loose, breaks

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Changed(Memory):
    """A repository whose `get` changes what it gives."""

    def get(self, key: Key, /) -> Record | None:
        """Change what is there."""
        found = super().get(key)
        return None if found is None else self.changed(found)

    def changed(self, record: Record) -> Record:
        """Return what is given."""
        raise NotImplementedError


class ChangedInstants(Changed):
    """A repository whose `get` changes instants."""

    def changed(self, record: Record) -> Record:
        """Change each instant that is there."""
        facts = record.facts
        instants = {name: getattr(facts, name) for name in ("at", "due", "expires")}
        changes: dict[str, Anything] = {
            name: self.instant(instant) for name, instant in instants.items() if instant is not None
        }
        return evolve(record, facts=evolve(facts, **changes))

    def instant(self, instant: datetime) -> datetime:
        """Return what becomes of an instant."""
        raise NotImplementedError


@breaks("R01")
class FailsWithoutALog(Memory):
    """A log without messages is an error."""

    def log(self, tenant: str, session: str, /, **wanted: Anything) -> Anything:
        """Look it up."""
        _ = self._logs[tenant, session]
        return super().log(tenant, session, **wanted)


@breaks("R02")
class ForgetsAFact(Changed):
    """A fact has no column, and is forgotten."""

    def changed(self, record: Record) -> Record:
        """Leave out the scenario."""
        return evolve(record, facts=evolve(record.facts, scenario=None))


@breaks("R02")
class VersionsAsFloats(Changed):
    """A version comes back as a float, as numbers do from JSON in some engines."""

    def changed(self, record: Record) -> Record:
        """Give another number that is equal."""
        version: Anything = float(record.version)
        return evolve(record, version=version)


@breaks("R03")
class NormalizesBodies(Changed):
    """The body is read and written anew, as a column of a JSON type does."""

    def changed(self, record: Record) -> Record:
        """Write it anew."""
        body = json.dumps(json.loads(record.body), separators=(",", ":"), sort_keys=True)
        return evolve(record, body=body)


@breaks("R03")
class CutsAtAnEscapedZero(Changed):
    """The body ends at an escaped NUL."""

    def changed(self, record: Record) -> Record:
        """Cut it."""
        return evolve(record, body=record.body.partition("\\u0000")[0])


@breaks("R04")
class NaiveInstants(ChangedInstants):
    """Instants come back without their zone."""

    def instant(self, instant: datetime) -> datetime:
        """Take the zone away."""
        return instant.astimezone(UTC).replace(tzinfo=None)


@breaks("R04")
class FloatInstants(ChangedInstants):
    """Instants are kept as seconds in a float, which has no room for all microseconds."""

    def instant(self, instant: datetime) -> datetime:
        """Go by a float and back."""
        seconds = (instant - EPOCH) / timedelta(seconds=1)
        return min(EPOCH + timedelta(seconds=seconds), datetime.max.replace(tzinfo=UTC))


@breaks("R04")
class MillisecondInstants(ChangedInstants):
    """Instants are kept to the millisecond."""

    def instant(self, instant: datetime) -> datetime:
        """Cut it."""
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


@breaks("R04")
class RelabelledInstants(ChangedInstants):
    """The zone of an instant is taken for UTC, whatever it was."""

    def instant(self, instant: datetime) -> datetime:
        """Change the label only."""
        return instant.replace(tzinfo=UTC)


class OtherKeys(Loose):
    """A repository whose keys are made in another way."""

    def __init__(self) -> None:
        """Know no key yet."""
        super().__init__()
        self._asked: dict[str, Key] = {}

    def get(self, key: Key, /) -> Record | None:
        """Read what stands under the other key, as what was asked for."""
        found = super().get(self.other(key))
        return None if found is None else evolve(found, key=key)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find records under the keys that they were put with."""
        return self.as_put().find(query)

    def log(self, tenant: str, session: str, /, **wanted: Anything) -> Anything:
        """Read a log under the keys that it was put with."""
        return self.as_put().log(tenant, session, **wanted)

    def as_put(self) -> Memory:
        """Return the same records under the keys that they were put with."""
        memory = Memory()
        with self._lock:  # others put records meanwhile
            kept = [one for records in self._by_kind.values() for one in records.items()]
        for text, record in kept:
            memory.commit([Insert(evolve(record, key=self._asked[text]))])
        return memory

    def passes(self, op: Op) -> bool:
        """Judge by the other key."""
        return super().passes(self.moved(op))

    def do(self, op: Op) -> None:
        """Keep it under the other key."""
        super().do(self.moved(op))

    def moved(self, op: Op) -> Op:
        """Return the operation on the other key."""
        other = self.other(key_of(op))
        self._asked[other.text] = key_of(op)
        if isinstance(op, Insert | Update):
            return evolve(op, record=evolve(op.record, key=other))
        return evolve(op, key=other)

    def other(self, key: Key) -> Key:
        """Return the key that is kept."""
        raise NotImplementedError


@breaks("R05")
class NormalizesIds(OtherKeys):
    """Ids are brought into one form of Unicode."""

    def other(self, key: Key) -> Key:
        """Compose what can be composed."""
        parts = (normalize("NFC", p) if isinstance(p, str) else p for p in key.parts)
        return evolve(key, parts=tuple(parts))


@breaks("R06")
class JoinsIds(OtherKeys):
    """The parts of a key are joined by a sign that may be in them."""

    def other(self, key: Key) -> Key:
        """Join them."""
        return key if key.kind == "message" else evolve(key, parts=("/".join(map(str, key.parts)),))


@breaks("R06")
class NumbersAsText(OtherKeys):
    """The numbers of a key are kept as text."""

    def other(self, key: Key) -> Key:
        """Write them as text."""
        return key if key.kind == "message" else evolve(key, parts=tuple(map(str, key.parts)))


@breaks("R07")
class JoinsTenants(OtherKeys):
    """A tenant's id is written before the others, with a sign that may be in it."""

    def other(self, key: Key) -> Key:
        """Take the part of the tenant's id behind the sign for a part of the key."""
        tenant, *parts = key.tenant.split("/")
        return evolve(key, tenant=tenant, parts=(*parts, *key.parts))


@breaks("R07")
class TenantsInAnyCase(OtherKeys):
    """Tenants are compared without regard to case."""

    def other(self, key: Key) -> Key:
        """Write it in small letters."""
        return evolve(key, tenant=key.tenant.lower())


@breaks("R07", "R32")
class NoTenants(OtherKeys):
    """The tenant is no part of the key."""

    def other(self, key: Key) -> Key:
        """Leave it out."""
        return evolve(key, tenant="")


@breaks("R08")
class CutsLongBodies(Changed):
    """A body is cut at the end of a column for short texts."""

    def changed(self, record: Record) -> Record:
        """Cut it."""
        return evolve(record, body=record.body[:65_535])
