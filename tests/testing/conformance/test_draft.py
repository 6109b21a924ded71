"""Promises whose checks are given something."""

from __future__ import annotations

from coachwork.effects import Now, Workflow
from coachwork.testing import rehearse
from coachwork.testing.conformance import Capability, Trial
from coachwork.testing.conformance._draft import draft
from tests.verdicts import a_trial


@draft("X07", why="It matters.", where="here", needs=Capability.PROCESSES)
def it_is_kept(given: list[str], trial: Trial) -> Workflow[None]:
    """It is kept.

    This is not told.
    """
    yield from Now()
    given.append(trial.tenant)


def test_a_draft_becomes_a_promise_when_it_is_given_something() -> None:
    """Name and sentence are those of the check, and the check works with what it is given."""
    noted: list[str] = []
    promise = it_is_kept.given(noted)
    assert (promise.id, promise.sentence) == ("X07-it-is-kept", "It is kept.")
    assert (promise.why, promise.where) == ("It matters.", "here")
    assert promise.needs is Capability.PROCESSES
    assert rehearse(promise.check(a_trial()), None).asked == (Now(),)
    assert noted == [a_trial().tenant]
