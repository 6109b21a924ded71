"""What one commit must not do, judged by what it changes (brief, section 10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coachwork.records import Key, Record
from coachwork.sessions import Session, SessionStatus
from coachwork.testing._invariants._changes import OF_ONE_RECORD, one_version
from coachwork.testing._invariants._planting import is_planting
from coachwork.testing._invariants._step import Change, Step, UnknownRecordError, read
from coachwork.testing._invariants._together import OF_WHAT_HAPPENS, predicates_of


def step_violations(before: Iterable[Record], after: Iterable[Record]) -> list[str]:
    """Return what one commit did that it must not do; nothing where all is well.

    What depends on a record that neither of the two shows is not judged.

    Args:
        before: Everything that was stored, or at least all that the commit found.
        after: The same after the commit.

    Raises:
        StoreError: A record cannot be read.
    """
    old = {record.key: record for record in before}
    new = {record.key: record for record in after}
    changes = {key: change_of(key, old.get(key), new.get(key)) for key in _changed(old, new)}

    def look(key: Key) -> object:
        found = old.get(key)
        if found is None:
            raise UnknownRecordError(key)
        return read(found).value

    found, _ = judged(Step(changes, look))
    return found


def _changed(old: dict[Key, Record], new: dict[Key, Record]) -> Iterator[Key]:
    """Return the keys of what is not as it was."""
    return (key for key in {**old, **new} if old.get(key) != new.get(key))


def change_of(key: Key, old: Record | None, new: Record | None) -> Change:
    """Return what became of one record."""
    return Change(
        key,
        None if old is None else read(old),
        None if new is None else read(new),
    )


def judged(step: Step) -> tuple[list[str], list[Key]]:
    """Return what is wrong with a commit, and what must be known to judge the rest of it."""
    found, unknown = _judged(step, plants=False)
    if not found:
        return found, unknown
    try:
        plants = is_planting(step)
    except UnknownRecordError as missing:
        return found, [*unknown, missing.key]
    return _judged(step, plants=True) if plants else (found, unknown)


def _judged(step: Step, *, plants: bool) -> tuple[list[str], list[Key]]:
    """Judge a commit, or one that *plants* a scenario."""
    found: list[str] = []
    unknown: list[Key] = []
    for change in step.changes.values():
        found += one_version(change)
        of_one = OF_ONE_RECORD.get(change.key.kind)
        if of_one is not None and not plants:  # it only adds, and counts all that was completed
            found += of_one(change)
        for predicate in predicates_of(change):
            if plants and predicate in OF_WHAT_HAPPENS:
                continue
            try:
                found += predicate(step, change)
            except UnknownRecordError as missing:
                unknown.append(missing.key)
    found += _reach(step)
    return found, unknown


def _reach(step: Step) -> Iterator[str]:
    """8: One tenant's keys, one user's sessions but for those that give way."""
    tenants = {key.tenant for key in step.changes}
    if len(tenants) > 1:
        yield f"8: one commit wrote keys of {len(tenants)} tenants"
    users: set[str] = set()
    for change in step.changes.values():
        new = change.after
        if isinstance(new, Session) and new.status is not SessionStatus.ABANDONED:
            users.add(new.about.user)
    if len(users) > 1:
        yield f"8: one commit changed sessions of {len(users)} users"
