"""The conformance kit as tests of pytest: one for each promise.

In a test module of the application two lines do it::

    from coachwork.testing.for_pytest import repository_tests

    test_my_repository = repository_tests(make_repository, processes=True)

They are named by number and promise, such as ``test_my_repository[R12-an-update-...]``. A promise
that the adapter is said to lack is a skipped test that says what the application loses.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from coachwork.testing.conformance import (
    DEADLINE,
    Capability,
    Make,
    Promise,
    Suite,
    Terms,
    Verdict,
    checked_make,
    hold,
)
from coachwork.testing.conformance.repository import REPOSITORY, RepositoryMake


def repository_tests(
    make: RepositoryMake,
    *,
    lacks: Collection[Capability] = (),
    settle: float = 0.0,
    processes: bool = False,
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of a repository; give it a name that begins with ``test``.

    The arguments are those of `coachwork.testing.check_repository`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    terms = Terms.of(REPOSITORY, lacks=lacks, settle=settle, processes=processes, deadline=deadline)
    return tests_of(REPOSITORY, make, terms)


def tests_of(suite: Suite, make: Make, terms: Terms) -> Callable[[Promise], None]:
    """Return a test for each promise of *suite*; the tests of every port are made of it.

    Args:
        suite: What is promised.
        make: Makes the adapter, of either colour.
        terms: On which terms it is checked.

    Returns:
        A test function with a parameter, to be given a name that begins with ``test``.

    Raises:
        ValidationError: ``make`` is not what it should be.
    """
    checked_make(make, terms)

    @pytest.mark.parametrize("promise", suite.promises, ids=lambda promise: promise.id)
    def test(promise: Promise) -> None:
        """Hold the adapter to one promise."""
        outcome = hold(suite, promise, make, terms)
        if outcome.verdict is Verdict.LACKING and promise.needs is not None:
            pytest.skip(f"it lacks {promise.needs}. {promise.needs.loss}")
        if not outcome.is_well:
            pytest.fail(str(outcome), pytrace=False)

    return test
