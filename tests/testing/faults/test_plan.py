"""A plan is a value, and its text is its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coachwork.errors import ValidationError
from coachwork.testing.faults import USUAL, Fault, FaultPlan

BOTH = FaultPlan.at(2, Fault.STALE, port="repository", method="get", kind="job") + FaultPlan.seeded(
    7, faults=[Fault.DELAY, Fault.LOST_DONE], seconds={Fault.DELAY: 3}, most=2, port="model"
)
TEXT = "call 2 of repository.get job: stale; seed 7 rate 0.1 most 2 of model: delay 3s, lost done"


def test_a_plan_is_told_as_text_and_read_back() -> None:
    """One rule after the other; lines will do for semicolons, and spaces are of no account."""
    assert str(BOTH) == TEXT
    assert FaultPlan.parse(TEXT) == BOTH
    assert FaultPlan.parse(TEXT.replace(";", "\n\n  ")) == BOTH
    assert hash(FaultPlan.parse(TEXT)) == hash(BOTH)


def test_a_plan_of_nothing() -> None:
    """It has its text, too."""
    assert str(FaultPlan()) == "nothing"
    assert FaultPlan.parse(" nothing\n") == FaultPlan()
    assert FaultPlan().faults == frozenset()
    for text in ("", " ; \n"):
        with pytest.raises(ValidationError, match="plan: expected rules, or 'nothing'"):
            FaultPlan.parse(text)


def test_a_plan_knows_what_it_can_bring_about() -> None:
    """By all its rules."""
    assert BOTH.faults == {Fault.STALE, Fault.DELAY, Fault.LOST_DONE}
    assert FaultPlan.seeded(1).faults == set(USUAL)


def test_each_call_is_a_plan_of_its_own() -> None:
    """With a time of one's own, too."""
    plan = FaultPlan.each(Fault.DELAY, port="repository", method="commit", kind="job", seconds=0.5)
    assert str(plan) == "each call of repository.commit job: delay 0.5s"
    assert str(FaultPlan.at(1, Fault.CLOCK_BACK)) == "call 1: clock back 3600s"


def test_what_cannot_be_is_no_plan() -> None:
    """It is refused where it is made, and not in the middle of a run."""
    bad: list[Callable[[], FaultPlan]] = [
        lambda: FaultPlan.at(0, Fault.STALE),
        lambda: FaultPlan.at(1, Fault.STALE, port="clock"),
        lambda: FaultPlan.each(Fault.STALE, seconds=1),
        lambda: FaultPlan.each(Fault.STALE, port="clock"),
        lambda: FaultPlan.seeded(1, rate=2),
        lambda: FaultPlan.seeded(1, faults=[]),
        lambda: FaultPlan.seeded(1, faults=[Fault.STALE], port="repository", method="commit"),
    ]
    for make in bad:
        with pytest.raises(ValidationError):
            make()


def test_a_time_of_what_cannot_happen_is_refused() -> None:
    """Who gives one has made a mistake."""
    with pytest.raises(ValidationError, match="seconds: expected times of faults that may happen"):
        FaultPlan.seeded(1, faults=[Fault.STALE], seconds={Fault.DELAY: 1})
