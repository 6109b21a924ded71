"""Mutants that break what is promised of the log."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from coachwork.adapters import Memory
from coachwork.ports import CommitResult
from coachwork.records import Delete, Op, Record
from tests.testing.conformance.mutants.base import Anything, Loose, breaks


class OtherLog(Loose):
    """A repository whose log is read in another way."""

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Select, and cut at the limit."""
        found = list(super().log(tenant, session, limit=10_000))
        return self.selected(found, after, last)[:limit]

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """Return what is asked for."""
        found = [record for record in log if number(record) > after]
        return found if last is None else found[max(0, len(found) - last) :]


def number(record: Record) -> int:
    """Return a message's sequence number."""
    return int(record.key.parts[-1])


@breaks("R26")
class SortsNumbersAsText(OtherLog):
    """A log is sorted by its numbers as text: 1, 10, 100, 2."""

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """Sort it so."""
        return sorted(super().selected(log, after, last), key=lambda r: str(number(r)))


@breaks("R26")
class NewestFirst(OtherLog):
    """A log has its newest message first."""

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """Turn it round."""
        return super().selected(log, after, last)[::-1]


@breaks("R27")
class BeginsAtTheNumber(OtherLog):
    """A log begins at the number after which it should."""

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """Take it in."""
        return super().selected(log, after - 1, last)


@breaks("R28")
class TakesTheFirst(OtherLog):
    """The last messages of a log are its first ones."""

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """Take those from the beginning."""
        found = super().selected(log, after, None)
        return found if last is None else found[:last]


@breaks("R28")
class NoneOfTheLastIsAll(OtherLog):
    """The last 0 messages are all of them, as in a slice that begins at -0."""

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """Slice it so."""
        found = super().selected(log, after, None)
        return found if last is None else found[-last:]


@breaks("R29")
class LogsWithoutLimit(OtherLog):
    """A log has no limit."""

    def log(self, tenant: str, session: str, /, **wanted: Anything) -> Anything:
        """Leave it out."""
        return super().log(tenant, session, **{**wanted, "limit": 10_000})


@breaks("R29")
class LimitsBeforeTheLast(OtherLog):
    """The last messages are taken of those within the limit, and not of all."""

    def log(self, tenant: str, session: str, /, *, limit: int, **wanted: Anything) -> Anything:
        """Cut first."""
        last = wanted.pop("last", None)
        found = super().log(tenant, session, limit=limit, **wanted)
        return found if last is None else self.selected(list(found), 0, last)


@breaks("R30")
class LogsByPrefix(OtherLog):
    """A session's log is all whose session begins with its id."""

    def log(self, tenant: str, session: str, /, **wanted: Anything) -> Anything:
        """Read them all."""
        with self._lock:
            logs = [log for log in self._logs if log[0] == tenant and log[1].startswith(session)]
        found = [record for log in logs for record in Memory.log(self, *log, **wanted)]
        return sorted(found, key=number)[: wanted["limit"]]


@breaks("R31")
class LogsEverything(OtherLog):
    """A log is whatever belongs to the session."""

    def log(self, tenant: str, session: str, /, **wanted: Anything) -> Anything:
        """Add the others."""
        found = list(super().log(tenant, session, **wanted))
        return found + [
            record
            for record in self.records()
            if record.key.kind != "message"
            and (record.key.tenant, record.facts.session) == (tenant, session)
        ]


@breaks("R32")
class LogsOfAllTenants(OtherLog):
    """A log is looked up by its session alone."""

    def log(self, _tenant: str, session: str, /, **wanted: Anything) -> Anything:
        """Read those of every tenant."""
        with self._lock:
            logs = [log for log in self._logs if log[1] == session]
        found = [record for log in logs for record in Memory.log(self, *log, **wanted)]
        return sorted(found, key=number)[: wanted["limit"]]


@breaks("R33")
class CountsFromOne(OtherLog):
    """A log is read from its first message on, until one is missing."""

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """End where one is missing."""
        whole = [record for n, record in enumerate(log, 1) if number(record) == n]
        return super().selected(whole, after, last)


@breaks("R33")
class LogsWhatIsDeleted(OtherLog):
    """A message that was deleted stays in the log."""

    def __init__(self) -> None:
        """Remember nothing."""
        super().__init__()
        self._gone: list[Record] = []

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Remember what is deleted."""
        found = [self.get(op.key) for op in ops if isinstance(op, Delete)]
        self._gone += [record for record in found if record and record.key.kind == "message"]
        return super().commit(ops)

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """Put it back."""
        return super().selected(sorted([*self._gone, *log], key=number), after, last)


@breaks("R34")
class LogsKeysOnly(OtherLog):
    """A log gives the records as its index has them, without their bodies."""

    def selected(self, log: list[Record], after: int, last: int | None) -> list[Record]:
        """Leave the bodies out."""
        return [evolve(record, body="") for record in super().selected(log, after, last)]
