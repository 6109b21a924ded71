"""What nearly every check of a repository asks: to commit, and to see what a view shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Final

from coachwork.effects import Commit, Effect, Get, Workflow
from coachwork.errors import OutcomeUnknownError, StoreUnavailableError
from coachwork.ports import CommitResult
from coachwork.records import Insert, Key, Op, Record
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect, told
from coachwork.testing.conformance._promise import Trial
from coachwork.testing.conformance._together import Wait
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.repository._things import FEW

MOMENT: Final = 0.05
"""Seconds between two looks at a view that may lag."""


def answer(*ops: Op) -> Workflow[bool]:
    """Commit *ops*; tell whether it was done.

    Raises:
        PromiseBrokenError: The answer is none.
    """
    effect = Commit(ops)
    result: object = yield from effect
    # In which type it answers is another promise.
    if result not in (CommitResult.DONE, CommitResult.CONFLICT):
        raise PromiseBrokenError(told(effect), "done or conflict", in_words(result))
    return result == CommitResult.DONE


def done(*ops: Op) -> Workflow[None]:
    """Commit *ops*, and make sure that it is done."""
    if not (yield from answer(*ops)):
        raise PromiseBrokenError(told(Commit(ops)), "done", "conflict")


def refused(*ops: Op) -> Workflow[None]:
    """Commit *ops*, and make sure that it is a conflict."""
    if (yield from answer(*ops)):
        raise PromiseBrokenError(told(Commit(ops)), "conflict", "done")


def finds(key: Key, expected: Record | None) -> Workflow[None]:
    """Make sure that *expected* is there, or nothing, as far as version and body tell.

    Whether it is the same in everything is a promise of its own.
    """
    effect = Get(key)
    found = yield from effect
    expect(effect, _stated(found), _stated(expected))


def _stated(record: Record | None) -> str:
    """Return version and body in words."""
    return "nothing" if record is None else f"version {int(record.version)} {record.body}"


def version_of(record: Record | None) -> int:
    """Return the version of a record, 0 where there is none."""
    return 0 if record is None else int(record.version)


def put(records: Sequence[Record]) -> Workflow[None]:
    """Insert *records*, a few in each commit."""
    for start in range(0, len(records), FEW):
        yield from done(*map(Insert, records[start : start + FEW]))


def shows(
    trial: Trial,
    view: Effect[Sequence[Record]],
    read: Callable[[Sequence[Record]], object],
    expected: object,
) -> Workflow[None]:
    """Look at a *view* until it shows what is *expected*, as long as it may lag.

    Args:
        trial: What the check works with.
        view: What is asked.
        read: What of the answer counts.
        expected: What that should be.

    Raises:
        PromiseBrokenError: It shows something else.
    """
    for _ in range(ceil(trial.settle / MOMENT)):
        if read((yield from view)) == expected:
            break
        yield from Wait(MOMENT)
    expect(view, read((yield from view)), expected)


def tried(*ops: Op) -> Workflow[bool | None]:
    """Commit *ops* as one of several who do; tell whether it was done, or None if nobody knows.

    What an engine does not do because others are at it is not done, whether it says that by a
    conflict or by being unavailable.
    """
    try:
        return (yield from answer(*ops))
    except StoreUnavailableError:
        return False
    except OutcomeUnknownError:
        return None
