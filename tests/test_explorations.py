"""The shipped workflows keep their promises over every interleaving and fault of small worlds."""

from __future__ import annotations

import pytest

from coachwork.testing.explorer import Fault
from coachwork.workflows import _send
from tests.explorations import SMALL, Scope
from tests.workflow_mutants import MUTANTS, Mutant


@pytest.mark.parametrize("name", SMALL)
def test_nothing_is_violated(name: str) -> None:
    """In none of the states that can be reached; larger worlds are for ``scripts/explore``."""
    found = SMALL[name].explore()
    assert found.violation is None, str(found)
    assert found.states > 100


def test_a_stale_get_breaks_a_promise() -> None:
    """It may not be: the workflows decide on what `get` says."""
    kinds = frozenset({Fault.STALE_GET})
    violation = Scope(names=("start",), faults=1, kinds=kinds).explore().violation
    assert violation is not None
    assert violation.violations[0] == "1: claim acme/talk/ada: taken from a session that lives on"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_decision_that_is_not_kept_is_seen(name: str) -> None:
    """The explorer finds a violation, and the way to it shows it again."""
    mutant = MUTANTS[name]
    with mutant.in_force():
        violation = mutant.scope.explore().violation
        assert violation is not None
        assert violation.replay().violations == violation.violations


def test_there_are_enough_mutants() -> None:
    """Each is a decision of its own."""
    assert len(MUTANTS) >= 25
    assert len({mutant.changes for mutant in MUTANTS.values()}) == len(MUTANTS)


def test_a_mutant_that_fits_no_more_is_an_error() -> None:
    """The source has changed: the mutant has to be written anew; and all is as it was then."""
    before = _send.send.__code__
    scope = next(iter(MUTANTS.values())).scope
    gone = Mutant("gone", (("_send", "no such line", ""),), scope)
    with pytest.raises(ValueError, match="not once there"), gone.in_force():
        pass
    same = Mutant("same", (("_send", "A message of the user", "A message of a user"),), scope)
    with pytest.raises(ValueError, match="nothing is changed"), same.in_force():
        pass
    with MUTANTS["own receipt not looked for"].in_force():
        assert _send._accept.__code__ is not before
    assert _send.send.__code__ is before
