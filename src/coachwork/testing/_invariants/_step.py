"""A commit as it is judged: what it changes, and what else may be looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from attrs import field, frozen

from coachwork.records import KINDS, Key, Kind, Record, Stored
from coachwork.testing._invariants._alone import name_of

V = TypeVar("V")


class UnknownRecordError(LookupError):
    """What is stored under a key has to be known before a commit can be judged to the end.

    Attributes:
        key: The key.
    """

    def __init__(self, key: Key) -> None:
        """Name the *key*."""
        super().__init__(f"a record of the kind {key.kind} is not known")
        self.key = key


@frozen
class Change:
    """What a commit does to one record.

    Attributes:
        key: Its key.
        old: What was stored, or None.
        new: What will be stored, or None.
    """

    key: Key
    old: Stored[Any] | None
    new: Stored[Any] | None

    @property
    def name(self) -> str:
        """Kind and ids of the record."""
        return name_of(self.key)

    @property
    def before(self) -> Any:  # noqa: ANN401 - the kind tells the type
        """The value before, or None."""
        return None if self.old is None else self.old.value

    @property
    def after(self) -> Any:  # noqa: ANN401 - the kind tells the type
        """The value after, or None."""
        return None if self.new is None else self.new.value


def read(record: Record) -> Stored[Any]:
    """Return what *record* holds; one of a kind that is the application's own holds its body.

    Raises:
        CorruptRecordError: It is damaged.
        UnsupportedSchemaError: It was written by newer code.
    """
    kind = KINDS.get(record.key.kind)
    return Stored(record.body, record.version) if kind is None else kind.read(record)


@frozen
class Step:
    """One commit, and a way to look up what it does not change.

    Attributes:
        changes: What it changes, by key.
        look: Returns the value that is stored under a key, or None where there is none.

    Looking up raises `UnknownRecordError` where what is stored there is not known.
    """

    changes: Mapping[Key, Change]
    look: Callable[[Key], object | None]
    _by_kind: dict[str, list[Change]] = field(
        factory=dict[str, list[Change]], init=False, eq=False, repr=False
    )

    def __attrs_post_init__(self) -> None:
        """Sort the changes by kind."""
        for change in self.changes.values():
            self._by_kind.setdefault(change.key.kind, []).append(change)

    def of(self, kind: Kind[Any]) -> Iterator[Change]:
        """Return the changes of one kind of record."""
        return iter(self._by_kind.get(kind.name, ()))

    def before(self, _kind: Kind[V], key: Key, /) -> V | None:
        """Return the value of *key* as it was before the commit, or None.

        Raises:
            UnknownRecordError: It is not known.
        """
        change = self.changes.get(key)
        found = self.look(key) if change is None else change.before
        return cast("V | None", found)

    def after(self, _kind: Kind[V], key: Key, /) -> V | None:
        """Return the value of *key* as it is after the commit, or None.

        Raises:
            UnknownRecordError: It is not known.
        """
        change = self.changes.get(key)
        found = self.look(key) if change is None else change.after
        return cast("V | None", found)
