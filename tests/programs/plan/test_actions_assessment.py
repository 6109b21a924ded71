"""Judging answers: what completes a step, what counts as a try, and what happens at the limit."""

from __future__ import annotations

import math
from itertools import product
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.actions import Button, Component, RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs.plan import (
    AtLimit,
    CoachingPlan,
    Criterion,
    PlanPolicy,
    PlanStatus,
    Step,
)
from tests.programs.plan.plans import (
    COACHING_COMPLETE,
    FAILED,
    IN_PROGRESS,
    INITIALIZED,
    about,
    after,
    applied,
    carry,
    plan,
    refused,
    with_step,
)

GOOD: Final[dict[str, JSON]] = {"complete": True, "confidence": 0.8, "response": "The best."}
WEAK: Final[dict[str, JSON]] = {"complete": False, "confidence": 0.3}


def test_an_answer_that_will_do_completes_its_step() -> None:
    """All of the assessment is kept, and the next open step is turned to."""
    state, action = applied(
        plan(),
        "assess_answer",
        **GOOD,
        feedback="Well said.",
        examples=["one", "two"],
        criteria=["reach", "future", "price"],
    )
    step = state.steps[0]
    assert (step.complete, step.confidence, step.response) == (True, 0.8, "The best.")
    assert (step.coach_message, step.examples) == ("Well said.", ("one", "two"))
    assert step.criteria == (Criterion.FUTURE, Criterion.REACH)
    assert (step.retries, step.message) == (0, "s-1.4")
    assert (state.status, state.current_step) == (IN_PROGRESS, Step.MISSION)
    assert state.step_completion[Step.VISION]
    assert state.coaching_confidence == pytest.approx(0.8 / 6)
    assert action.summary == "completed vision with confidence 0.80"
    assert action.component == Component(
        kind="step_complete", data={"step": "vision", "confidence": 0.8, "next": "mission"}
    )


def test_the_next_open_step_is_the_first_one_in_the_order() -> None:
    """Complete ones are passed over, and what was left open before is turned to."""
    state = with_step(plan(), Step.MISSION, complete=True)
    assert after(state, "assess_answer", **GOOD).current_step is Step.CLIENTELE
    later = plan(current_step=Step.OFFRE)
    assert after(later, "assess_answer", **GOOD).current_step is Step.VISION


def test_the_last_step_completes_the_coaching() -> None:
    """It stays the current one."""
    state = plan()
    for _ in [*Step][1:]:
        state = after(state, "assess_answer", **GOOD)
    state, action = applied(state, "assess_answer", **GOOD)
    assert (state.status, state.current_step) == (COACHING_COMPLETE, Step.SYNTHESIS)
    assert state.coaching_confidence == pytest.approx(0.8)
    assert action.component is not None
    assert action.component.data["next"] is None


@pytest.mark.parametrize(
    "complete, confidence, expected",
    [(True, 0.7, True), (True, 1, True), (True, 0.69, False), (False, 1, False), (True, 0, False)],
)
def test_complete_and_sure_enough_it_has_to_be(
    complete: object, confidence: float, expected: object
) -> None:
    """The threshold itself is enough."""
    state = after(
        plan(),
        "assess_answer",
        complete=bool(complete),
        confidence=confidence,
        response="The best.",
    )
    assert state.steps[0].complete is expected
    assert state.steps[0].confidence == confidence
    assert state.retry_count == (not expected)
    assert (state.current_step is Step.MISSION) is expected


def test_without_an_answer_nothing_is_complete() -> None:
    """It counts as a try; a draft that is there is an answer."""
    state = after(plan(), "assess_answer", complete=True, confidence=1)
    assert (state.steps[0].complete, state.retry_count) == (False, 1)
    drafted = after(state, "use_text", Sender.USER, step="vision", text="A draft.")
    done = after(drafted, "assess_answer", complete=True, confidence=1)
    assert (done.steps[0].complete, done.steps[0].response) == (True, "A draft.")


def test_an_answer_that_will_not_do_stays_and_is_asked_about() -> None:
    """What would help is shown, and the words that the coach has for it can be taken."""
    state, action = applied(
        plan(),
        "assess_answer",
        **WEAK,
        response="To cook.",
        feedback="A start.",
        clarifying_question="For whom?",
        examples=["for workers"],
        reformulation="To cook for all.",
    )
    assert (state.status, state.current_step) == (IN_PROGRESS, Step.VISION)
    step = state.current
    assert (step.complete, step.response, step.retries, step.attempts) == (False, "To cook.", 1, 1)
    assert (step.clarifying_question, step.reformulation) == ("For whom?", "To cook for all.")
    assert action.summary == "vision stays open, try 1 of 3"
    assert action.component is not None
    assert action.component == Component(
        kind="clarification",
        data={
            "step": "vision",
            "feedback": "A start.",
            "question": "For whom?",
            "examples": ["for workers"],
            "reformulation": "To cook for all.",
        },
        buttons=(
            Button(
                label="Use these words",
                action="use_text",
                parameters={"step": "vision", "text": "To cook for all."},
            ),
        ),
    )
    taken = after(state, "use_text", Sender.USER, **action.component.buttons[0].parameters)
    assert taken.current.response == "To cook for all."
    assert applied(plan(), "assess_answer", **WEAK)[1].component is None
    question = applied(plan(), "assess_answer", **WEAK, clarifying_question="Why?")[1].component
    assert question is not None
    assert question.buttons == ()


def test_where_the_coach_spoke_first_the_message_is_the_one_before() -> None:
    """There is none that led to it."""
    state = after(plan(), "assess_answer", **WEAK, response="To cook.")
    again = carry(
        state, ("assess_answer", {**WEAK, "step": "vision", "confidence": 0.4}), message=None
    ).state
    assert (again.current.message, again.current.confidence) == ("s-1.4", 0.4)
    assert (
        carry(plan(), about(plan(), "assess_answer", WEAK), message=None).state.current.message
        is None
    )


# --- the step that it is about ---------------------------------------------------------------


def test_an_answer_to_another_step_completes_none() -> None:
    """A click has turned to that since the reply was thought of; nothing of it counts."""
    later = with_step(plan(current_step=Step.OFFRE), Step.VISION, response="v", complete=True)
    for given_ in (GOOD, WEAK):
        told = refused(later, "assess_answer", step="vision", **given_)
        assert told == "that was for vision; now it is about offre"
    wishing = after(later, "ask_for_help", Sender.USER, kind="proposals")
    assert "was for mission" in refused(wishing, "assess_answer", step="mission", **GOOD)


def test_each_answer_of_a_reply_is_about_its_own_step() -> None:
    """The second one is about the step that the first one has turned to."""
    first, second = ({"step": step, **GOOD} for step in ("vision", "mission"))
    state = carry(plan(), ("assess_answer", first), ("assess_answer", second)).state
    assert (state.current_step, state.retry_count) == (Step.CLIENTELE, 0)
    again = carry(plan(), ("assess_answer", first), ("assess_answer", {**first, "confidence": 1}))
    assert again.actions[1].code is RefusalCode.NOT_POSSIBLE
    assert again.state.current.response == ""


def test_an_assessment_that_does_not_say_what_it_is_about_counts_as_a_try() -> None:
    """It is of no use."""
    state = carry(plan(), ("assess_answer", GOOD)).state
    assert (state.retry_count, state.steps[0].complete) == (1, False)


# --- one message -----------------------------------------------------------------------------

_WEAK_OR_UNFIT: Final[tuple[dict[str, JSON], ...]] = (
    {"step": "vision", **WEAK},
    {"step": "vision", "complete": True},
    {"step": "vision", **WEAK, "response": "To cook."},
    {},
)


@pytest.mark.parametrize("limit", AtLimit)
def test_what_fails_twice_in_one_message_counts_once(limit: AtLimit) -> None:
    """The person has answered once: neither the tries nor the limit know more of it."""
    begun = plan(policy=PlanPolicy(retries=2, at_limit=limit))
    for first, second in product(_WEAK_OR_UNFIT, repeat=2):
        state = carry(begun, ("assess_answer", first), ("assess_answer", second)).state
        state = carry(state, ("assess_answer", first)).state
        assert (state.retry_count, state.current.attempts, state.status) == (1, 1, IN_PROGRESS)
        assert not state.current.ask_differently
        other = carry(state, ("assess_answer", second), message="s-1.6").state
        assert (other.retry_count, other.steps[0].retries) == (2, 2)


def test_what_does_not_count_again_is_kept_all_the_same() -> None:
    """What the coach says of the answer last is what it means."""
    state = after(plan(), "assess_answer", **WEAK)
    state, action = applied(state, "assess_answer", **WEAK, clarifying_question="For whom?")
    assert (state.current.clarifying_question, state.retry_count) == ("For whom?", 1)
    assert action.summary == "vision stays open, try 1 of 3"
    assert action.component is not None


def test_it_counts_once_for_all_steps() -> None:
    """Also where another one has been turned to, and an answer will do in between."""
    state = carry(
        plan(),
        *(("assess_answer", {"step": "vision", **one}) for one in (WEAK, GOOD)),
        ("assess_answer", {"step": "mission", **WEAK}),
    ).state
    assert (state.current_step, state.retry_count) == (Step.MISSION, 1)


def test_without_a_message_each_counts() -> None:
    """Nobody can tell whether they are about the same answer."""
    state = plan(policy=PlanPolicy(retries=2, at_limit=AtLimit.FAIL))
    for answer in ({"step": "vision", **WEAK}, UNFIT):
        state = carry(state, ("assess_answer", answer), message=None).state
    assert (state.status, state.retry_count) == (FAILED, 2)


# --- the limit -------------------------------------------------------------------------------


def tried(policy: PlanPolicy, *answers: dict[str, JSON]) -> CoachingPlan:
    """Return a plan after some assessments of its first step."""
    state = plan(policy=policy)
    for number, answer in enumerate(answers):
        asked = about(state, "assess_answer", answer)
        state = carry(state, asked, message=f"s-1.{number}").state
    return state


ANSWERED: Final[dict[str, JSON]] = {**WEAK, "response": "Something."}
UNFIT: Final[dict[str, JSON]] = {"complete": True}


@pytest.mark.parametrize("last", [ANSWERED, WEAK])
def test_at_the_limit_an_answer_may_be_accepted(last: dict[str, JSON]) -> None:
    """With its low confidence; where the assessment holds no answer, it is of the one before."""
    policy = PlanPolicy(retries=2, at_limit=AtLimit.ACCEPT)
    state = tried(policy, ANSWERED, last)
    step = state.steps[0]
    assert (step.complete, step.confidence, step.retries) == (True, 0.3, 2)
    assert (step.attempts, step.ask_differently) == (0, False)
    assert state.current_step is Step.MISSION


@pytest.mark.parametrize(
    "complete, confidence, expected",
    [(False, 0.95, 0.6), (False, 0.6, 0.6), (False, 0.59, 0.59), (True, 0.3, 0.3), (True, 0, 0)],
)
def test_what_is_accepted_at_the_limit_is_no_surer_than_the_threshold(
    complete: object, confidence: float, expected: float
) -> None:
    """Nobody has found that it tells all, however sure of it the coach is."""
    policy = PlanPolicy(retries=1, at_limit=AtLimit.ACCEPT, threshold=0.6)
    answer: dict[str, JSON] = {"complete": bool(complete), "confidence": confidence}
    state, action = applied(plan(policy=policy), "assess_answer", **answer, response="To cook.")
    assert (state.steps[0].complete, state.steps[0].confidence) == (True, expected)
    assert state.coaching_confidence == pytest.approx(expected / 6)
    assert action.summary == f"accepted vision with confidence {expected:.2f}"


def test_an_older_answer_is_not_accepted_in_the_place_of_one_that_nobody_could_judge() -> None:
    """It is asked differently."""
    policy = PlanPolicy(retries=2, at_limit=AtLimit.ACCEPT)
    step = tried(policy, ANSWERED, UNFIT).steps[0]
    assert (step.complete, step.ask_differently, step.attempts) == (False, True, 0)
    assert step.response == "Something."


@pytest.mark.parametrize("last", [WEAK, UNFIT])
@pytest.mark.parametrize("limit", [AtLimit.ACCEPT, AtLimit.ASK_DIFFERENTLY])
def test_at_the_limit_it_may_be_asked_differently(limit: AtLimit, last: dict[str, JSON]) -> None:
    """Also where there is nothing to accept; tries are counted anew, and all of them on."""
    state = tried(PlanPolicy(retries=2, at_limit=limit), WEAK, last)
    step = state.current
    assert (step.step, step.complete, step.retries, step.attempts) == (Step.VISION, False, 2, 0)
    assert step.ask_differently
    more = carry(state, about(state, "assess_answer", WEAK)).state
    assert (more.retry_count, more.current.attempts) == (3, 1)
    assert more.current.ask_differently
    done = after(more, "assess_answer", **GOOD)
    assert not done.steps[0].ask_differently


@pytest.mark.parametrize("last", [ANSWERED, UNFIT])
def test_at_the_limit_the_plan_may_fail(last: dict[str, JSON]) -> None:
    """Not before it."""
    policy = PlanPolicy(retries=2, at_limit=AtLimit.FAIL)
    assert tried(policy, ANSWERED).status is IN_PROGRESS
    state = tried(policy, ANSWERED, last)
    assert (state.status, state.retry_count) == (FAILED, 2)


def test_the_summary_tells_what_happens_at_the_limit() -> None:
    """For whoever reads the log."""
    summaries = {
        limit: applied(
            plan(policy=PlanPolicy(retries=1, at_limit=limit)), "assess_answer", **ANSWERED
        )[1].summary
        for limit in AtLimit
    }
    assert summaries == {
        AtLimit.ACCEPT: "accepted vision with confidence 0.30",
        AtLimit.ASK_DIFFERENTLY: "vision stays open and is to be asked differently",
        AtLimit.FAIL: "vision failed, for its retries are used up",
    }


# --- what cannot be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {**GOOD, "step": None},
        {**GOOD, "step": "fame"},
        {"complete": True},
        {"confidence": 0.9},
        {"complete": True, "confidence": math.nan},
        {"complete": True, "confidence": math.inf},
        {"complete": True, "confidence": 1.01},
        {"complete": True, "confidence": -0.01},
        {"complete": True, "confidence": "0.9"},
        {"complete": True, "confidence": True},
        {"complete": "yes", "confidence": 0.9},
        {"complete": None, "confidence": 0.9},
        {**GOOD, "criteria": ["beauty"]},
        {**GOOD, "mood": "good"},
        {**GOOD, "response": "x" * 5000},
    ],
)
def test_what_cannot_be_read_counts_as_a_try_and_is_never_kept(parameters: dict[str, JSON]) -> None:
    """It stands as refused, and nothing of it is in the plan."""
    carried = carry(plan(), about(plan(), "assess_answer", parameters))
    assert [one.code for one in carried.actions] == [RefusalCode.BAD_PARAMETERS]
    step = carried.state.current
    assert (step.retries, step.attempts, step.complete, step.confidence) == (1, 1, False, 0.0)
    assert step.response == ""
    assert carried.state.retry_count == 1
    assert carried.state.conversation == ("s-1.4",)


@settings(max_examples=40)
@given(confidence=st.floats(allow_nan=True, allow_infinity=True) | st.integers())
def test_a_confidence_is_a_share_or_it_is_not_kept(confidence: float) -> None:
    """Whatever number is given."""
    state = carry(plan(), about(plan(), "assess_answer", {**GOOD, "confidence": confidence})).state
    is_share = math.isfinite(confidence) and 0 <= confidence <= 1
    assert state.steps[0].confidence == (confidence if is_share else 0)
    assert 0 <= state.coaching_confidence <= 1
    assert state.steps[0].complete is (is_share and confidence >= 0.7)


def test_while_help_is_wanted_no_answer_is_judged() -> None:
    """And none counts as a try, whether it can be read or not."""
    wishing = after(plan(), "ask_for_help", Sender.USER, kind="guiding_questions")
    assert refused(wishing, "assess_answer", **GOOD) == (
        "the person wants guiding questions: give that first"
    )
    refused(wishing, "assess_answer", RefusalCode.BAD_PARAMETERS, **UNFIT)
    carried = carry(
        wishing,
        about(wishing, "give_guiding_questions", {"questions": ["Who?"]}),
        about(wishing, "assess_answer", GOOD),
    )
    assert [one.code for one in carried.actions] == [None, None]


@pytest.mark.parametrize("status", [one for one in PlanStatus if one is not IN_PROGRESS])
def test_answers_are_judged_while_steps_are_worked_on(status: PlanStatus) -> None:
    """Nowhere else, and by nobody but the coach."""
    refused(plan(status), "assess_answer", RefusalCode.WRONG_PHASE, **GOOD)
    refused(plan(), "assess_answer", RefusalCode.WRONG_SENDER, Sender.USER, **GOOD)
    refused(plan(INITIALIZED), "assess_answer", RefusalCode.WRONG_PHASE, **UNFIT)
