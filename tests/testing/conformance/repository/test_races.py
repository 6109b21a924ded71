"""Several at once: each check passes the reference, and fails mutants of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from itertools import count

import pytest

from coachwork.adapters import Memory
from coachwork.drivers import run
from coachwork.errors import OutcomeUnknownError, StoreUnavailableError
from coachwork.ports import CommitResult
from coachwork.records import Insert, Op, Record
from coachwork.testing.conformance import Promise, PromiseBrokenError, Suite, Terms, check
from coachwork.testing.conformance.repository import REPOSITORY, _races
from tests.testing.conformance.mutants import races
from tests.testing.conformance.mutants.base import racing
from tests.testing.conformance.mutants.proof import proofs
from tests.things import ports, thing

test_the_reference_keeps_it, test_a_mutant_breaks_what_it_says, test_each_check_can_fail = proofs(
    _races, races
)


# --- what an engine may do in a race ---------------------------------------------------------


class Busy(Memory):
    """A repository that is overtaxed while several are at it, and says so."""

    def __init__(self) -> None:
        """Begin with the first call."""
        super().__init__()
        self.calls = count()

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Lose some answers, and turn some calls away."""
        number = next(self.calls) if racing() else 0
        if number % 5 == 1:
            raise StoreUnavailableError("too many at once")
        if number % 5 == 2:
            raise OutcomeUnknownError
        result = super().commit(ops)
        if number % 5 == 3:
            raise OutcomeUnknownError
        return result


@pytest.mark.parametrize(
    "promise",
    [
        _races.no_update_is_lost,
        _races.of_several_inserts_one_is_done,
        _races.of_several_deletes_one_is_done,
        _races.a_check_holds_until_the_commit_is_done,
        _races.a_log_has_no_gap_while_it_grows,
        _races.whoever_meets_others_gets_an_answer,
    ],
    ids=lambda promise: promise.id,
)
def test_an_engine_may_be_busy_or_not_know(promise: Promise) -> None:
    """Racers find out what became of their commits, as the workflows do; no promise is broken."""
    suite = Suite(port=REPOSITORY.port, promises=(promise,))
    for _ in range(3):
        check(suite, lambda: nullcontext(Busy()), Terms.of(suite))


class Stubborn(Memory):
    """A repository that refuses everything, though nothing is there."""

    def commit(self, _ops: Sequence[Op], /) -> CommitResult:
        """Refuse it."""
        return CommitResult.CONFLICT


def test_a_commit_that_is_always_refused_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conflict says that somebody else was done: whoever is not believed is told."""
    monkeypatch.setattr(_races, "MOST_REFUSALS", 1)
    record, mine = thing("t", "counter"), thing("t", "mine")
    calls: list[Record | None] = []

    def is_over(found: Record | None) -> bool:
        calls.append(found)
        return False

    contested = _races.contested(record.key, is_over, Insert(record), Insert(mine))
    with pytest.raises(PromiseBrokenError, match=r"insert thing\('counter'\).*, tried 50 times"):
        run(contested, ports(Stubborn()))
    assert calls == [None] * _races.TRIES
    with pytest.raises(PromiseBrokenError, match="follows version 0, tried 50 times"):
        run(_races.counted("t", "a", 1), ports(Stubborn()))


def test_one_winner_is_neither_none_nor_two() -> None:
    """The check of the winners sees both."""
    _races.one_winner_each([(0,), (1,)], 2, "with this")
    for won in ([(0, 1), (1,)], [(0,), ()]):
        with pytest.raises(PromiseBrokenError, match="how many of 2 were told"):
            _races.one_winner_each(won, 2, "with this")


def test_rounds_that_both_passed_are_told() -> None:
    """And none where there is none."""
    _races.never_both([(0, 2), (1,)])
    with pytest.raises(PromiseBrokenError, match=r"got: +1 \(2\)"):
        _races.never_both([(0, 2), (1, 2)])
