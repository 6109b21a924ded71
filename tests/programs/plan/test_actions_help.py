"""Help with an answer, which never moves the step."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.actions import Button, Component, RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs.plan import CoachingPlan, HelpKind, Step
from tests.programs.plan.plans import after, applied, bad, carry, plan, refused, with_step

USER = Sender.USER
NOT_POSSIBLE = RefusalCode.NOT_POSSIBLE
GIFTS: dict[HelpKind, tuple[str, dict[str, JSON]]] = {
    HelpKind.GUIDING_QUESTIONS: ("give_guiding_questions", {"questions": ["Who?", "Why?"]}),
    HelpKind.REFORMULATION: ("give_reformulation", {"text": "Better words."}),
    HelpKind.PROPOSALS: ("give_proposals", {"proposals": ["One.", "Two."]}),
}
"""What answers each wish."""


def wishing(kind: HelpKind) -> CoachingPlan:
    """Return a plan with a draft for which help is wanted."""
    state = with_step(plan(), Step.VISION, response="A draft.")
    return after(state, "ask_for_help", USER, kind=kind.value)


@pytest.mark.parametrize("kind", HelpKind)
def test_help_is_wished_for_and_given(kind: HelpKind) -> None:
    """The step stays where it is; nothing counts as a try."""
    before = wishing(kind)
    assert before.help_wanted is kind
    name, gift = GIFTS[kind]
    state = after(before, name, Sender.COACH, **gift)
    assert state.help_wanted is None
    assert (state.current_step, state.retry_count) == (Step.VISION, 0)
    assert state.current.response == "A draft."
    refused(before, name, RefusalCode.WRONG_SENDER, USER, **gift)


@pytest.mark.parametrize("kind", HelpKind)
def test_help_may_be_given_unasked_and_fulfils_no_other_wish(kind: HelpKind) -> None:
    """Somebody may have asked for it in words."""
    name, gift = GIFTS[kind]
    assert after(plan(), name, Sender.COACH, **gift).help_wanted is None
    for other in HelpKind:
        if other is not kind:
            assert after(wishing(other), name, Sender.COACH, **gift).help_wanted is other


def test_a_draft_comes_with_the_wish() -> None:
    """It is the answer so far from then on; without any there is nothing to find words for."""
    state, action = applied(plan(), "ask_for_help", USER, kind="reformulation", draft="Cook well.")
    assert (state.current.response, state.current.message) == ("Cook well.", "s-1.4")
    assert action.summary == "wished for reformulation on vision"
    assert refused(plan(), "ask_for_help", NOT_POSSIBLE, USER, kind="reformulation") == (
        "there is no draft yet to find other words for"
    )
    after(plan(), "ask_for_help", USER, kind="proposals")
    assert "kind: expected one of" in bad(plan(), "ask_for_help", USER, kind="money")


@pytest.mark.parametrize("kind", HelpKind)
def test_a_wish_can_be_withdrawn(kind: HelpKind) -> None:
    """Answers are judged again from then on; nothing else is another."""
    before = wishing(kind)
    state, action = applied(before, "withdraw_help", USER)
    assert state == evolve(before, help_wanted=None)
    assert action.summary == f"wished no more for {kind.replace('_', ' ')} on vision"
    after(state, "assess_answer", complete=True, confidence=0.9)
    assert refused(state, "withdraw_help", NOT_POSSIBLE, USER) == "no help is wanted"
    refused(before, "withdraw_help", RefusalCode.WRONG_SENDER)


def test_guiding_questions_are_shown() -> None:
    """Nothing can be pressed: the answer is the person's own."""
    _, action = applied(plan(), "give_guiding_questions", questions=["Who?", "Why?"])
    assert action.component == Component(
        kind="guiding_questions", data={"step": "vision", "questions": ["Who?", "Why?"]}
    )
    assert action.summary == "gave 2 guiding questions"


def test_a_reformulation_is_shown_with_the_draft_and_can_be_taken() -> None:
    """It is the answer once it is taken, to be judged next."""
    state, action = applied(wishing(HelpKind.REFORMULATION), "give_reformulation", text="Better.")
    shown = action.component
    assert shown is not None
    assert shown == Component(
        kind="reformulation",
        data={"step": "vision", "draft": "A draft.", "text": "Better."},
        buttons=(
            Button(
                label="Use these words",
                action="use_text",
                parameters={"step": "vision", "text": "Better."},
            ),
        ),
    )
    assert state.current.reformulation == "Better."
    taken = after(state, "use_text", USER, **shown.buttons[0].parameters)
    assert (taken.current.response, taken.current.complete) == ("Better.", False)


def test_each_proposal_can_be_chosen() -> None:
    """By a button of its own."""
    state, action = applied(plan(), "give_proposals", proposals=["One.", "Two."])
    shown = action.component
    assert shown is not None
    assert (shown.kind, shown.data["proposals"]) == ("proposals", ["One.", "Two."])
    assert [one.label for one in shown.buttons] == ["Choose 1", "Choose 2"]
    for button, text in zip(shown.buttons, ("One.", "Two."), strict=True):
        assert button.action == "use_text"
        assert after(state, button.action, USER, **button.parameters).current.response == text


def test_what_was_given_for_another_step_changes_nothing() -> None:
    """An old button is still there to be pressed."""
    later = plan(current_step=Step.OFFRE)
    assert refused(later, "use_text", NOT_POSSIBLE, USER, step="vision", text="Old.") == (
        "that was for vision; now it is about offre"
    )
    refused(plan(), "use_text", RefusalCode.WRONG_SENDER, step="vision", text="Mine.")


@pytest.mark.parametrize("kind", HelpKind)
def test_help_with_another_step_is_not_given(kind: HelpKind) -> None:
    """It would have buttons for an answer that is not asked for, and the wish is still open."""
    name, gift = GIFTS[kind]
    told = refused(wishing(kind), name, step="offre", **gift)
    assert told == "that was for offre; now it is about vision"


def test_a_click_without_a_message_keeps_the_one_before() -> None:
    """What it said is not gone."""
    state = after(plan(), "use_text", USER, step="vision", text="Mine.")
    again = carry(
        state, ("use_text", {"step": "vision", "text": "Other."}), sender=USER, message=None
    )
    step = again.state.current
    assert (step.response, step.message) == ("Other.", "s-1.4")


def test_who_takes_a_text_wants_no_more_help() -> None:
    """Whatever was wished for."""
    for kind in HelpKind:
        state = after(wishing(kind), "use_text", USER, step="vision", text="Mine.")
        assert state.help_wanted is None


@pytest.mark.parametrize(
    "name, parameters, why",
    [
        ("give_guiding_questions", {"questions": []}, "questions: expected 1 to 5 of them"),
        ("give_guiding_questions", {"questions": [" "]}, "questions[0]: expected text that"),
        ("give_reformulation", {"text": ""}, "text: expected text that is not blank"),
        ("give_proposals", {"proposals": ["x" * 1001]}, "proposals[0]: expected at most 1000"),
    ],
)
def test_empty_help_is_refused(name: str, parameters: dict[str, JSON], why: str) -> None:
    """The reason names the field."""
    assert why in bad(plan(), name, **parameters)
