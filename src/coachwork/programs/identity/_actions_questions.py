"""Actions on the questions that a coach asks to get to know somebody: ask, answer, decline."""

from __future__ import annotations

from attrs import evolve, field, frozen

from coachwork.actions import Button, Component
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.identity._changing import added, done
from coachwork.programs.identity._room import MAX_QUESTIONS
from coachwork.programs.identity._state import CoachState, Question, QuestionStatus, key_of
from coachwork.programs.identity._texts import MAX_QUESTION
from coachwork.programs.texts import one_line, optional_text_of, text_of

Answer = Done[CoachState] | Refusal


@frozen
class AskQuestion:
    """Ask a question to get to know the person; it is shown with a button to decline it.

    Attributes:
        text: The question, as the person reads it.
    """

    text: str = field(converter=one_line, validator=text_of(MAX_QUESTION), repr=False)


def ask_question(state: CoachState, given: AskQuestion, moment: Moment) -> Answer:
    """Add the question, and show it."""
    if _found(state, given.text) is not None:
        return Refusal("that was asked already")
    if len(state.asked_questions) >= MAX_QUESTIONS:
        return Refusal(f"{MAX_QUESTIONS} questions were asked already")
    question = Question(id=moment.new_id(), text=given.text, asked_at=moment.now)
    shown = Component(
        kind="question",
        data={"id": question.id, "text": question.text},
        buttons=(
            Button(
                label="I would rather not say",
                action="decline_question",
                parameters={"question": question.id},
            ),
        ),
    )
    after = evolve(state, asked_questions=(*state.asked_questions, question))
    return added(after, moment, "asked a question", shown)


@frozen
class AnswerQuestion:
    """The person has answered a question.

    Attributes:
        question: The question as it was asked, or its id.
        answer: What they said, in short.
    """

    question: str = field(validator=text_of(MAX_QUESTION), repr=False)
    answer: str = field(default="", validator=optional_text_of(MAX_QUESTION), repr=False)


def answer_question(state: CoachState, given: AnswerQuestion, moment: Moment) -> Answer:
    """Keep that it is answered, and by which message; an answer may take an earlier one's place."""
    question = _found(state, given.question)
    if question is None:
        return _UNKNOWN
    answered = evolve(
        question,
        status=QuestionStatus.ANSWERED,
        answer=given.answer,
        message=moment.message,
    )
    return added(_replaced(state, answered), moment, "kept the answer to a question")


@frozen
class DeclineQuestion:
    """The person would rather not answer a question.

    Attributes:
        question: The question as it was asked, or its id.
    """

    question: str = field(validator=text_of(MAX_QUESTION), repr=False)


def decline_question(state: CoachState, given: DeclineQuestion, moment: Moment) -> Answer:
    """Keep that it is declined, and by which message."""
    question = _found(state, given.question)
    if question is None:
        return _UNKNOWN
    if question.status is not QuestionStatus.OPEN:
        return Refusal(f"that question is {question.status} already")
    declined = evolve(question, status=QuestionStatus.DECLINED, message=moment.message)
    return done(_replaced(state, declined), moment, "left a question unanswered")


_UNKNOWN = Refusal("there is no such question")


def _found(state: CoachState, reference: str) -> Question | None:
    """Return the question with that id, or else the one with that text, whatever the case."""
    key = key_of(one_line(reference))
    for question in state.asked_questions:
        if question.id == reference or key_of(question.text) == key:
            return question
    return None


def _replaced(state: CoachState, changed: Question) -> CoachState:
    questions = tuple(changed if one.id == changed.id else one for one in state.asked_questions)
    return evolve(state, asked_questions=questions)
