"""Rehearsals: a workflow played against a script, without any world."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coachwork.effects import NewId, Now, Workflow
from coachwork.testing import Rehearsal, rehearse

THEN = datetime(2026, 1, 5, tzinfo=UTC)


def stamped() -> Workflow[str]:
    """Ask twice, and answer with both."""
    now = yield from Now()
    try:
        name = yield from NewId()
    except LookupError:
        name = "nobody"
    if name == "refused":
        raise ValueError("refused")
    return f"{name} at {now.year}"


def test_a_script_that_fits() -> None:
    """A rehearsal tells the effects in order, and the workflow's own answer."""
    assert rehearse(stamped(), THEN, "ada") == Rehearsal((Now(), NewId()), "ada at 2026")


def test_an_exception_in_the_script_is_thrown_in() -> None:
    """An exception comes out where the effect was asked for; the workflow may handle it."""
    assert rehearse(stamped(), THEN, LookupError()).result == "nobody at 2026"


def test_an_effect_after_the_end_of_the_script() -> None:
    """The workflow asks for more than the script says: the effect is named."""
    with pytest.raises(AssertionError, match=r"script of 1 answers is over, .* NewId\(\)"):
        rehearse(stamped(), THEN)
    with pytest.raises(AssertionError, match=r"script of 0 answers is over, .* Now\(\)"):
        rehearse(stamped())


def test_what_is_left_of_the_script() -> None:
    """The workflow answers before the script is over: what is left is named."""
    with pytest.raises(AssertionError, match=r"answered, but .* is left: 'more', 7"):
        rehearse(stamped(), THEN, "ada", "more", 7)


def test_a_workflow_that_raises() -> None:
    """What the workflow raises comes out, if the script is just over."""
    with pytest.raises(ValueError, match="refused"):
        rehearse(stamped(), THEN, "refused")
    with pytest.raises(AssertionError, match=r"raised ValueError, .* left: 'more'") as error:
        rehearse(stamped(), THEN, "refused", "more")
    assert isinstance(error.value.__cause__, ValueError)
