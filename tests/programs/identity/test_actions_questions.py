"""Questions: asked, answered by a message, or declined."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.actions import Component, RefusalCode, Sender
from coachwork.programs.identity import MAX_QUESTIONS, Phase, Question, QuestionStatus
from coachwork.programs.identity._room import MAX_WEIGHT, weight
from tests.programs.identity.people import (
    KNOWING,
    LATER,
    after,
    applied,
    bad,
    coach_state,
    question,
    refused,
)

OPEN = QuestionStatus.OPEN
ANSWERED = QuestionStatus.ANSWERED
DECLINED = QuestionStatus.DECLINED


def test_a_question_is_asked() -> None:
    """It is shown with a button that declines it."""
    state, action = applied(coach_state(KNOWING), "ask_question", text=" Who  are you? ")
    assert state.asked_questions == (
        Question(id="a.1.1", text="Who are you?", status=OPEN, asked_at=LATER),
    )
    assert action.summary == "asked a question"
    component = action.component
    assert isinstance(component, Component)
    assert (component.kind, component.data) == (
        "question",
        {"id": "a.1.1", "text": "Who are you?"},
    )
    (decline,) = component.buttons
    state, _ = applied(state, decline.action, Sender.USER, **decline.parameters)
    assert state.asked_questions[0].status is DECLINED
    assert state.asked_questions[0].message == "s-1.4"


def test_a_question_is_asked_once_and_by_the_coach() -> None:
    """Whatever its case, and whatever became of it."""
    state = coach_state(KNOWING, asked_questions=(question("Who?", DECLINED),))
    assert refused(state, "ask_question", text="WHO?") == "that was asked already"
    refused(state, "ask_question", code=RefusalCode.WRONG_SENDER, sender=Sender.USER, text="Why?")
    assert bad(state, "ask_question", text="x" * 501).startswith("ask_question: text: expected")


def test_only_so_many_questions_are_asked() -> None:
    """The bound is on all that were ever asked."""
    many = tuple(question(f"No {number}?", DECLINED) for number in range(MAX_QUESTIONS - 1))
    state = after(coach_state(KNOWING, asked_questions=many), "ask_question", text="Last?")
    why = refused(state, "ask_question", text="One more?")
    assert why == f"{MAX_QUESTIONS} questions were asked already"


@pytest.mark.parametrize("reference", ["q-Who?", "Who?", " who? "])
def test_a_question_is_answered_by_a_message(reference: str) -> None:
    """It is found by id or text; the others stay as they are."""
    other = question("Why?")
    state = coach_state(KNOWING, asked_questions=(other, question("Who?")))
    state, action = applied(state, "answer_question", question=reference, answer="me")
    assert state.asked_questions == (
        other,
        question("Who?", ANSWERED, answer="me", message="s-1.4"),
    )
    assert action.summary == "kept the answer to a question"


@pytest.mark.parametrize("status", QuestionStatus)
def test_an_answer_takes_the_place_of_what_was_before(status: QuestionStatus) -> None:
    """Even of an earlier answer, or of having declined it."""
    asked = question("Who?", status, answer="old", message="s-0.1")
    state = coach_state(KNOWING, asked_questions=(asked,))
    (answered,) = after(state, "answer_question", question="Who?").asked_questions
    assert answered == question("Who?", ANSWERED, answer="", message="s-1.4")


def test_an_open_question_is_declined() -> None:
    """One that is answered or declined is not."""
    state = coach_state(KNOWING, asked_questions=(question("Who?"),))
    state, action = applied(state, "decline_question", question="who?")
    assert state.asked_questions == (question("Who?", DECLINED, message="s-1.4"),)
    assert action.summary == "left a question unanswered"
    why = refused(state, "decline_question", question="Who?")
    assert why == "that question is declined already"
    state = after(state, "answer_question", question="Who?")
    why = refused(state, "decline_question", question="Who?")
    assert why == "that question is answered already"


@pytest.mark.parametrize("name", ["answer_question", "decline_question"])
def test_what_was_not_asked_is_neither_answered_nor_declined(name: str) -> None:
    """Nor in a later phase."""
    state = coach_state(KNOWING)
    assert refused(state, name, question="Who?") == "there is no such question"
    for phase in set(Phase) - {KNOWING}:
        refused(coach_state(phase), name, code=RefusalCode.WRONG_PHASE, question="Who?")


def test_questions_need_room() -> None:
    """Declining them does not."""
    state = coach_state(KNOWING, asked_questions=(question("Who?"),), who_you_are=("",))
    full = evolve(state, who_you_are=("x" * (MAX_WEIGHT - weight(state)),))
    assert "no room" in refused(full, "ask_question", text="Why?")
    assert "no room" in refused(full, "answer_question", question="Who?", answer="me")
    assert after(full, "answer_question", question="Who?").open_questions == ()
    assert after(full, "decline_question", question="Who?").open_questions == ()
