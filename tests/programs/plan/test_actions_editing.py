"""Changing an answer that was given before."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.actions import RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs.plan import AtLimit, Criterion, PlanPolicy, PlanStatus, Step
from tests.programs.plan.plans import (
    BRIEF_READY,
    COACHING_COMPLETE,
    IN_PROGRESS,
    after,
    applied,
    carry,
    plan,
    refused,
    with_step,
)


@pytest.mark.parametrize("sender", [Sender.COACH, Sender.USER])
@pytest.mark.parametrize("status", [COACHING_COMPLETE, BRIEF_READY])
def test_an_answer_is_changed(status: PlanStatus, sender: Sender) -> None:
    """Its step is open and current; others stay complete, but for the synthesis."""
    state = with_step(plan(status), Step.MISSION, criteria=(Criterion.WORK,), attempts=0, retries=2)
    state, action = applied(state, "edit_answer", sender, step="mission", response="Another one.")
    step = state.current
    assert (state.status, step.step, step.response) == (IN_PROGRESS, Step.MISSION, "Another one.")
    assert (step.complete, step.confidence, step.criteria, step.message) == (False, 0, (), "s-1.4")
    assert state.retry_count == 2
    assert [one.step for one in state.open_steps] == [Step.MISSION, Step.SYNTHESIS]
    synthesis = state.step(Step.SYNTHESIS)
    assert synthesis is not None
    assert (synthesis.response, synthesis.confidence) == ("my synthesis", 0)
    assert action.summary == "changed the answer to mission"
    assert all(one.stale for one in state.sections)
    assert len(state.sections) == (5 if status is BRIEF_READY else 0)


def test_the_synthesis_may_be_changed_by_itself() -> None:
    """Nothing is made from it but the brief."""
    state = after(plan(COACHING_COMPLETE), "edit_answer", step="synthesis", response="All of it.")
    assert [one.step for one in state.open_steps] == [Step.SYNTHESIS]


def test_a_synthesis_that_comes_before_is_not_made_from_it() -> None:
    """It stays complete."""
    policy = PlanPolicy(synthesis_anywhere=True)
    order = ["synthesis", *(step.value for step in [*Step][:-1])]
    state = after(plan(policy=policy), "set_order", order=[*order])
    for name in Step:
        state = with_step(state, name, response="r", complete=True)
    state = evolve(state, status=COACHING_COMPLETE)
    edited = after(state, "edit_answer", step="offre", response="Another one.")
    assert [one.step for one in edited.open_steps] == [Step.OFFRE]


def test_a_plan_without_a_synthesis_has_none_to_open() -> None:
    """Only the step itself is open then."""
    state = after(plan(policy=PlanPolicy(subset=True)), "set_order", order=["vision", "offre"])
    for name in (Step.VISION, Step.OFFRE):
        state = with_step(state, name, response="r", complete=True)
    state = evolve(state, status=COACHING_COMPLETE)
    edited = after(state, "edit_answer", step="vision", response="Another one.")
    assert [one.step for one in edited.open_steps] == [Step.VISION]
    why = refused(state, "edit_answer", step="mission", response="m")
    assert why == "mission is not a step of this plan"


def test_the_answer_of_the_current_step_may_be_changed() -> None:
    """Also a draft, and where there is none yet; other steps have to have one."""
    state = after(plan(), "edit_answer", Sender.USER, step="vision", response="A draft.")
    assert (state.current_step, state.current.response) == (Step.VISION, "A draft.")
    assert refused(state, "edit_answer", step="offre", response="o") == "offre has no answer yet"


def test_editing_begins_anew() -> None:
    """Retries are counted from there, and a wish for help is let go."""
    state = plan(policy=PlanPolicy(retries=2, at_limit=AtLimit.ASK_DIFFERENTLY))
    weak: dict[str, JSON] = {"step": "vision", "complete": False, "confidence": 0.1}
    for number in range(2):
        state = carry(state, ("assess_answer", weak), message=f"s-1.{number}").state
    assert state.current.ask_differently
    state = after(state, "ask_for_help", Sender.USER, kind="proposals")
    state = after(state, "edit_answer", Sender.USER, step="vision", response="Quite another.")
    assert (state.help_wanted, state.current.ask_differently, state.retry_count) == (None, False, 2)


def test_tries_before_an_edit_do_not_count_towards_the_limit() -> None:
    """They are of another answer."""
    state = plan(policy=PlanPolicy(retries=2, at_limit=AtLimit.FAIL))
    weak: dict[str, JSON] = {"step": "vision", "complete": False, "confidence": 0.1}
    for number in range(2):
        state = carry(state, ("assess_answer", weak), message=f"s-1.{number}").state
        edit: dict[str, JSON] = {"step": "vision", "response": "Another."}
        state = carry(state, ("edit_answer", edit), message=None).state
        assert (state.status, state.current.attempts) == (IN_PROGRESS, 0)
        assert state.current.message == f"s-1.{number}"
    assert state.retry_count == 2


def test_it_is_judged_anew_and_gone_on_where_it_was() -> None:
    """The next open step is the one that was worked on before."""
    state = with_step(plan(current_step=Step.MISSION), Step.VISION, response="v", complete=True)
    state = after(state, "edit_answer", step="vision", response="w")
    assert state.current_step is Step.VISION
    state = after(state, "assess_answer", complete=True, confidence=0.9)
    assert (state.steps[0].response, state.current_step) == ("w", Step.MISSION)


@pytest.mark.parametrize(
    "status", sorted(set(PlanStatus) - {IN_PROGRESS, COACHING_COMPLETE, BRIEF_READY})
)
def test_elsewhere_no_answer_is_changed(status: PlanStatus) -> None:
    """Not before there are any, not while agents work from them, and not after the end."""
    refused(plan(status), "edit_answer", RefusalCode.WRONG_PHASE, step="vision", response="w")
