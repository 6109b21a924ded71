"""Mutants that break what is promised of a user's view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from attrs import evolve

from coachwork.adapters import Memory
from coachwork.ports import CommitResult, Query
from coachwork.records import Delete, Insert, Key, Op, Record, Update
from tests.testing.conformance.mutants.base import Anything, breaks

MANY = 10_000


class OtherView(Memory):
    """A repository whose view of a user's records is another one."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Leave what is due and what has expired as it is."""
        if query.owner is None:
            return super().find(query)
        return self.seen(query)

    def seen(self, query: Query) -> Sequence[Record]:
        """Return what is found."""
        raise NotImplementedError

    def all(self, query: Query, **changes: Anything) -> list[Record]:
        """Return what would be found by another query."""
        return list(super().find(evolve(query, **changes)))

    def cut(self, query: Query, found: list[Record]) -> list[Record]:
        """Return *found*, in the order and up to the limit that are asked for."""
        ordered = sorted(found, key=lambda r: r.key.text, reverse=query.newest_first)
        return ordered[: query.limit]


class IgnoringView(OtherView):
    """A view that ignores something that is asked for."""

    ignored: ClassVar[dict[str, Anything]]

    def seen(self, query: Query) -> Sequence[Record]:
        """Ask without it."""
        return self.all(query, **self.ignored)


@breaks("R35")
class KindsByPrefix(OtherView):
    """Records of a kind are those whose key begins with its name."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Find all such kinds."""
        kinds = [kind for kind in self._by_kind if kind.startswith(query.kind)]
        found = [record for kind in kinds for record in self.all(query, kind=kind)]
        return self.cut(query, found)


class OtherOwners(OtherView):
    """A view that compares owners in another way."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Find the records of each such owner."""
        owners = {r.facts.owner for records in self._by_kind.values() for r in records.values()}
        wanted = [owner for owner in owners if owner and self.same(owner, query.owner or "")]
        return self.cut(query, [r for owner in wanted for r in self.all(query, owner=owner)])

    def same(self, owner: str, wanted: str) -> bool:
        """Whether two owners count as the same."""
        raise NotImplementedError


@breaks("R36")
class OwnersInAnyCase(OtherOwners):
    """Owners are compared without regard to case."""

    def same(self, owner: str, wanted: str) -> bool:
        """Compare in small letters."""
        return owner.lower() == wanted.lower()


@breaks("R36")
class OwnersByPattern(OtherOwners):
    """An owner is found by LIKE: a percent sign finds everybody."""

    def same(self, owner: str, wanted: str) -> bool:
        """Compare by a pattern."""
        return owner == wanted or (
            wanted.endswith("%") and owner.startswith(wanted.removesuffix("%"))
        )


@breaks("R37")
class OwnersOfAllTenants(IgnoringView):
    """A user's records are found by the user's id alone."""

    ignored: ClassVar[dict[str, Anything]] = {"tenant": None}


@breaks("R38")
class IgnoresTopics(IgnoringView):
    """The topic is not looked at."""

    ignored: ClassVar[dict[str, Anything]] = {"topic": None}


@breaks("R38")
class IgnoresSessions(IgnoringView):
    """The session is not looked at."""

    ignored: ClassVar[dict[str, Anything]] = {"session": None}


@breaks("R38")
class IgnoresScenarios(IgnoringView):
    """The scenario is not looked at."""

    ignored: ClassVar[dict[str, Anything]] = {"scenario": None}


@breaks("R39")
class FirstStatusOnly(OtherView):
    """Of several statuses only the first is looked for."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Forget the others."""
        return self.all(query, status=query.status[:1])


@breaks("R39")
class IgnoresStatuses(IgnoringView):
    """The status is not looked at."""

    ignored: ClassVar[dict[str, Anything]] = {"status": ()}


@breaks("R40")
class SinceIsExclusive(OtherView):
    """What is of the very instant `since` is left out."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave it out."""
        found = self.all(query, limit=MANY)
        return [r for r in found if query.since is None or r.facts.at != query.since][: query.limit]


@breaks("R40")
class BeforeIsInclusive(OtherView):
    """What is of the very instant `before` is taken in."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Take it in."""
        found = self.all(query, before=None, limit=MANY)
        before = query.before
        return [r for r in found if before is None or (r.facts.at and r.facts.at <= before)][
            : query.limit
        ]


@breaks("R41")
class OneConditionOnly(OtherView):
    """A session's index is used alone: with a session, the topic is not looked at."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave the topic out."""
        return self.all(query, topic=None) if query.session else self.all(query)


# --- order and pages -------------------------------------------------------------------------


class OtherOrder(OtherView):
    """A view in another order."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Sort it, and cut."""
        found = self.all(query, newest_first=False, after=None, limit=MANY)
        if query.after is not None:
            after = query.after.text
            found = [r for r in found if (r.key.text < after) is query.newest_first]
            found = [r for r in found if r.key.text != after]
        ordered = sorted(found, key=self.place, reverse=query.newest_first)
        return ordered[: query.limit]

    def place(self, record: Record) -> Anything:
        """Return what records are sorted by."""
        raise NotImplementedError


@breaks("R42")
class OrderOfInsertion(OtherOrder):
    """A view is in the order in which records were put there."""

    def place(self, record: Record) -> Anything:
        """Return which one it is."""
        return list(self._by_kind[record.key.kind]).index(record.key.text)


@breaks("R42")
class OrderOfALanguage(OtherOrder):
    """A view is sorted as people sort, small letters beside capitals."""

    def place(self, record: Record) -> Anything:
        """Return its text without case."""
        return record.key.text.casefold(), record.key.text


@breaks("R42")
class OrderOfIds(OtherOrder):
    """A view is sorted by the ids, and not by the keys' texts."""

    def place(self, record: Record) -> Anything:
        """Return the ids."""
        return tuple(map(str, record.key.parts))


@breaks("R43")
class OldestFirst(IgnoringView):
    """A view is always in ascending order."""

    ignored: ClassVar[dict[str, Anything]] = {"newest_first": False}


@breaks("R44")
class NoLimit(IgnoringView):
    """A view has no limit."""

    ignored: ClassVar[dict[str, Anything]] = {"limit": MANY}


@breaks("R44")
class LimitsBeforeTurning(OtherView):
    """The newest are the first ones, turned round."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Cut, and turn."""
        if query.newest_first and query.after is None:
            return self.all(query, newest_first=False)[::-1]
        return self.all(query)


@breaks("R45")
class AfterIsInclusive(OtherView):
    """A page begins with the last record of the one before."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Take it in."""
        last = None if query.after is None else self.get(query.after)
        return ([] if last is None else [last]) + self.all(query)


@breaks("R45")
class PagesOneWay(OtherView):
    """The newest first have only one page: the next one is the first again."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Begin anew."""
        return self.all(query, after=None) if query.newest_first else self.all(query)


@breaks("R46")
class LooksForThePage(OtherView):
    """A page begins where the last record is found, and at the beginning where it is gone."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Look for it."""
        gone = query.after is not None and self.get(query.after) is None
        return self.all(query, after=None) if gone else self.all(query)


# --- what changes ----------------------------------------------------------------------------


class OldIndex(OtherView):
    """A view whose index is not kept up."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        super().__init__()
        self._index = Memory()

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Keep records and index."""
        result = super().commit(ops)
        if result is CommitResult.DONE:
            for op in ops:
                self.note(op)
        return result

    def note(self, op: Op) -> None:
        """Keep the index up."""
        if isinstance(op, Insert):
            self._index.commit([op])

    def seen(self, query: Query) -> Sequence[Record]:
        """Find by the index, and read what is there."""
        found = self._index.find(query)
        return [self.get(record.key) or record for record in found]


@breaks("R47")
class IndexOfOldFacts(OldIndex):
    """The index has the facts that a record had at first."""

    def note(self, op: Op) -> None:
        """Take deleted ones out."""
        super().note(op)
        if isinstance(op, Delete):
            self._index.commit([Delete(op.key, 1)])


@breaks("R48")
class IndexOfWhatIsGone(OldIndex):
    """What is deleted stays in the index."""

    def note(self, op: Op) -> None:
        """Keep the facts of what is changed."""
        super().note(op)
        if isinstance(op, Update):
            found = self._index.get(op.record.key)
            old: list[Op] = [] if found is None else [Delete(found.key, 1)]
            self._index.commit(old)
            self._index.commit([Insert(evolve(op.record, version=1))])


@breaks("R49")
class NoneIsEarly(OtherView):
    """A record without an instant counts as one of long ago."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Find those too."""
        if query.before is None:
            return self.all(query)
        bare = [r for r in self.all(query, before=None, limit=MANY) if r.facts.at is None]
        return self.cut(query, bare + self.all(query, limit=MANY))


@breaks("R49")
class NoneIsAText(OtherView):
    """A fact that is None is kept as the text None."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Find those too."""
        if query.topic != "None":
            return self.all(query)
        return [r for r in self.all(query, topic=None) if r.facts.topic is None]


@breaks("R50")
class KeysOfTexts(OtherView):
    """The keys that a view gives are read from text: their numbers are no numbers."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Write the numbers as text."""
        return [self.read(record) for record in self.all(query)]

    def read(self, record: Record) -> Record:
        """Return it as read from text."""
        key = record.key
        return evolve(record, key=Key(key.kind, key.tenant, tuple(map(str, key.parts))))


@breaks("R50")
class ViewsWithoutBodies(OtherView):
    """A view gives the records as its index has them, without their bodies."""

    def seen(self, query: Query) -> Sequence[Record]:
        """Leave the bodies out."""
        return [evolve(record, body="{}") for record in self.all(query)]
