"""Promises whose checks are given something."""

from __future__ import annotations

from types import ModuleType

from coachwork.effects import Now, Workflow
from coachwork.testing import rehearse
from coachwork.testing.conformance import Capability, Promise, Trial
from coachwork.testing.conformance._draft import Draft, draft, drafts_in
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


def test_drafts_are_found_in_their_modules() -> None:
    """In the order in which they stand there, and nothing else."""
    module = ModuleType("checks")
    vars(module).update(second=it_is_kept, other=1, first=Draft(it_is_kept.check, _none))
    assert drafts_in(module, module) == (module.second, module.first) * 2


def _none(_check: object) -> Promise:
    """Make none."""
    raise NotImplementedError
