"""What every action of the talk keeps: time, messages, counts and room."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.actions import Component
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.plan import CoachingPlan, PlanPolicy, PlanStatus, Step
from coachwork.programs.plan._keeping import NO_ROOM, counted, heard, kept, outdated, touched
from coachwork.programs.plan._room import MAX_TALK
from tests.programs.plan.plans import (
    BRIEF_READY,
    COACHING_COMPLETE,
    IN_PROGRESS,
    INITIALIZED,
    plan,
    with_step,
)
from tests.specimens import NOON


def moment(minutes: float, message: str | None = None) -> Moment:
    """Return a moment so many *minutes* after noon."""
    return Moment(NOON + timedelta(minutes=minutes), lambda: "new", message)


def test_time_is_the_sum_of_gaps_each_no_longer_than_idle() -> None:
    """For the whole plan, and for the step that is worked on."""
    state = plan(IN_PROGRESS, policy=PlanPolicy(idle=timedelta(minutes=20)))
    for minutes in (5, 65, 72):  # gaps of 5, 60 and 7
        state = heard(state, moment(minutes))
    assert state.coaching_duration == timedelta(minutes=5 + 20 + 7)
    assert state.current.duration == timedelta(minutes=32)
    assert state.last_at == state.updated_at == NOON + timedelta(minutes=72)


@pytest.mark.parametrize("status", [INITIALIZED, COACHING_COMPLETE, BRIEF_READY])
def test_where_no_answer_is_worked_on_no_step_takes_time(status: PlanStatus) -> None:
    """Only the plan does."""
    state = heard(plan(status), moment(3))
    assert state.coaching_duration == timedelta(minutes=3)
    assert all(step.duration == timedelta(0) for step in state.steps)


def test_time_never_goes_back() -> None:
    """Whatever the clock does."""
    state = heard(heard(plan(), moment(5)), moment(-60))
    assert state.last_at == state.updated_at == NOON + timedelta(minutes=5)
    assert heard(state, moment(6)).coaching_duration == timedelta(minutes=6)
    assert touched(state, moment(1)).updated_at == state.updated_at
    assert touched(state, moment(9)).updated_at == NOON + timedelta(minutes=9)


def test_each_message_is_told_once() -> None:
    """In their order; where there is none, none is added."""
    state = plan()
    for message in ("s-1.1", "s-1.3", None, "s-1.1", "s-1.5"):
        state = heard(state, moment(1, message))
    assert state.conversation == ("s-1.1", "s-1.3", "s-1.5")


@settings(max_examples=50)
@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.floats(0, 1), st.integers(0, 9)), min_size=6, max_size=6
    )
)
def test_counts_agree_with_the_steps(steps: list[tuple[bool, float, int]]) -> None:
    """The confidence is the mean of all, where an open one counts nothing."""
    state = plan()
    for name, (is_complete, confidence, retries) in zip(Step, steps, strict=True):
        state = with_step(state, name, complete=is_complete, confidence=confidence, retries=retries)
    assert state.step_completion == dict(zip(Step, (one for one, _, _ in steps), strict=True))
    assert state.retry_count == sum(count for _, _, count in steps)
    sure = [confidence if is_complete else 0 for is_complete, confidence, _ in steps]
    assert state.coaching_confidence == pytest.approx(sum(sure) / 6)
    assert 0 <= state.coaching_confidence <= 1
    assert counted(state) == state


def test_what_was_written_is_outdated() -> None:
    """All of it."""
    assert all(one.stale for one in outdated(plan(BRIEF_READY)).sections)


def _write(state: CoachingPlan, given: str, _moment: Moment) -> Done[CoachingPlan] | Refusal:
    if not given:
        return Refusal("nothing to write")
    return Done(
        evolve(state, steps=(evolve(state.steps[0], response=given, retries=2), *state.steps[1:])),
        "wrote",
        Component(kind="x"),
    )


def test_every_action_keeps_it_all() -> None:
    """Time and message before, counts after; summary and component come along."""
    answer = kept(_write)(plan(), "a", moment(4, "s-1.9"))
    assert isinstance(answer, Done)
    assert (answer.summary, answer.component) == ("wrote", Component(kind="x"))
    assert answer.state.conversation == ("s-1.9",)
    assert answer.state.coaching_duration == timedelta(minutes=4)
    assert answer.state.retry_count == 2
    assert kept(_write)(plan(), "", moment(4)) == Refusal("nothing to write")


def test_what_makes_it_too_heavy_is_refused() -> None:
    """And what makes it no heavier never is."""
    assert kept(_write)(plan(), "x" * MAX_TALK, moment(1)) == NO_ROOM
    full = with_step(plan(), Step.VISION, response="x" * (MAX_TALK + 9))
    assert isinstance(kept(_write)(full, "x" * (MAX_TALK + 9), moment(1)), Done)
    assert kept(_write)(full, "x" * (MAX_TALK + 10), moment(1)) == NO_ROOM
