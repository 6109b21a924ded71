"""Mutants that break what is promised to workers and sweepers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from attrs import evolve

from coachwork.adapters import Memory
from coachwork.ports import CommitResult, Query
from coachwork.records import Insert, Key, Op, Record
from tests.testing.conformance.mutants.base import Anything, breaks

MANY = 10_000


class OtherView(Memory):
    """A repository whose view by one instant is another one.

    Attributes:
        asked: The field of a query that asks for it.
    """

    asked: ClassVar[str]

    def find(self, query: Query, /) -> Sequence[Record]:
        """Leave the other views as they are."""
        if getattr(query, self.asked) is None:
            return super().find(query)
        return self.seen(query)

    def seen(self, query: Query) -> Sequence[Record]:
        """Return what that view shows."""
        raise NotImplementedError

    def all(self, query: Query, **changes: Anything) -> list[Record]:
        """Return what would be found by another query."""
        return list(super().find(evolve(query, **changes)))


class OtherDue(OtherView):
    """A repository whose view of what is due is another one."""

    asked = "due"


@breaks("R51")
class DueAfterItsInstant(OtherDue):
    """A record is due only when its instant is over."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave the very instant out."""
        return [record for record in self.all(query) if record.facts.due != query.due]


@breaks("R51", "R57")
class DueWithoutInstant(OtherDue):
    """A record that is never due is due at once."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Add the others."""
        found = self.all(query)
        if query.after is not None or query.tenant is not None or query.status:
            return found
        rest = [r for r in self._by_kind[query.kind].values() if r.facts.due is None]
        return [*found, *rest][: query.limit]


@breaks("R52")
class DueByKey(OtherDue):
    """What is due comes in the order of its keys."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Sort it so."""
        found = sorted(self.all(query, limit=MANY), key=lambda record: record.key.text)
        return found[: query.limit]


@breaks("R52")
class EqualsAnyhow(OtherDue):
    """What is due at the same instant comes in the order in which it was put there."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Sort it so."""
        order = list(self._by_kind[query.kind])
        found = sorted(
            self.all(query, limit=MANY),
            key=lambda record: (record.facts.due, order.index(record.key.text)),
        )
        return found[: query.limit]


@breaks("R53")
class DueWithoutLimit(OtherDue):
    """What is due has no limit."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave it out."""
        return self.all(query, limit=MANY)


@breaks("R54")
class DueOfAllStatuses(OtherDue):
    """The status is not looked at where something is due."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave it out."""
        return self.all(query, status=())


@breaks("R54")
class DueOfAllTenants(OtherDue):
    """The tenant is not looked at where something is due."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave it out."""
        return self.all(query, tenant=None)


@breaks("R55")
class PagesOfInstants(OtherDue):
    """A page begins after the last one's instant: what is due at the same one is left out."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave those out."""
        return [record for record in self.all(query) if record.facts.due != query.after_due]


@breaks("R55", "R56")
class PagesOfKeys(OtherDue):
    """A page goes on after the last one's key, whenever that was due."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Forget the instant."""
        return self.all(query, after_due=None)


@breaks("R56")
class LooksForThePageOfDue(OtherDue):
    """A page begins where the last record is now, and at the beginning where it is gone."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Look for it."""
        if query.after is None:
            return self.all(query)
        found = self.get(query.after)
        if found is None:
            return self.all(query, after=None, after_due=None)
        return self.all(query, after_due=found.facts.due)


class FirstFacts(Memory):
    """A repository with an index of the facts that records had at first."""

    fact: str

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self._first: dict[str, datetime] = {}

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Keep the index, but never take anything out."""
        result = super().commit(ops)
        for op in ops:
            if isinstance(op, Insert) and result is CommitResult.DONE:
                instant = getattr(op.record.facts, self.fact)
                if instant is not None:
                    self._first[op.record.key.text] = instant
        return result

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find by the index what is changed, or gone."""
        asked = getattr(query, self.fact)
        if asked is None or query.after is not None or query.status or query.tenant:
            return super().find(query)
        found = list(super().find(evolve(query, limit=MANY)))
        there = {record.key.text for record in found}
        old = [
            self.get(key) or Record(key, 1, found[0].facts, "{}")
            for text, instant in self._first.items()
            if (key := Key.parse(text)).kind == query.kind and instant <= asked
            if text not in there
        ]
        return [*found, *old][: query.limit]


@breaks("R57")
class DueAsAtFirst(FirstFacts):
    """A record stays due, whatever becomes of it."""

    fact = "due"


# --- what has expired ------------------------------------------------------------------------


class OtherExpired(OtherView):
    """A repository whose view of what has expired is another one."""

    asked = "expires"


@breaks("R58")
class ExpiresAfterItsInstant(OtherExpired):
    """A record has expired only when its instant is over."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave the very instant out."""
        return [record for record in self.all(query) if record.facts.expires != query.expires]


@breaks("R59")
class ExpiredByInstant(OtherExpired):
    """What has expired comes in the order of its instants, and its pages by keys."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Sort it so."""
        return sorted(self.all(query), key=lambda record: str(record.facts.expires))


@breaks("R59")
class ExpiredInOnePage(OtherExpired):
    """What has expired has only one page: the next one is the first again."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Begin anew."""
        return self.all(query, after=None)


@breaks("R60")
class ExpiredAsAtFirst(FirstFacts):
    """A record stays expired, whatever becomes of it."""

    fact = "expires"
