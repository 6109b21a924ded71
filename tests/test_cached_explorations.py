"""A cached repository answers as the durable side alone would, whatever happens in between."""

from __future__ import annotations

from typing import Final

import pytest

from tests.cached_explorations import LIVES, SMALL
from tests.cached_mutants import MODULE, MUTANTS
from tests.workflow_mutants import mutated


@pytest.mark.parametrize("name", LIVES)
def test_a_log_is_what_the_durable_side_alone_would_tell(name: str) -> None:
    """In none of the states that can be reached is it otherwise, whoever dies and where."""
    found = LIVES[name].explore()
    assert found.violation is None, str(found)
    assert found.states > 500


@pytest.mark.parametrize("name", SMALL)
def test_the_shipped_workflows_keep_their_promises_on_it(name: str) -> None:
    """Each call of either side is an effect, with all that may go wrong there."""
    found = SMALL[name].explore()
    assert found.violation is None, str(found)
    assert found.states > 1000


SEEN_IN: Final = {
    "the end is not proven": "read while it is deleted",
    "the beginning is not proven": "read while it is deleted",
    "put before it is done": "said here and elsewhere",
    "put on a conflict": "said here and elsewhere",
    "put on an unknown outcome": "answers that are lost",
    "one name for all": "begun anew elsewhere",
    "the tail is not asked for": "said here and elsewhere",
    "the end is not asked for": "said here and elsewhere",
    "what is put before a deletion stays": "read while it is deleted, and looked at",
    "what is put before a deletion that is not heard of stays": (
        "deleted by a commit whose answer is lost"
    ),
    "a gap is passed over": "said here and elsewhere",
}


@pytest.mark.parametrize("name", SEEN_IN)
def test_a_rule_that_is_not_kept_is_seen(name: str) -> None:
    """The explorer finds a violation, and the way to it shows it again."""
    with mutated(MODULE, MUTANTS[name]):
        violation = LIVES[SEEN_IN[name]].explore().violation
        assert violation is not None
        assert violation.replay().violations == violation.violations
