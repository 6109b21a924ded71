"""How the checks ask a model."""

from __future__ import annotations

from coachwork.jobs import JobKind
from coachwork.ports import Answer
from coachwork.testing import rehearse
from coachwork.testing.conformance import in_words
from coachwork.testing.conformance.model._asking import (
    COACH,
    PATIENCE,
    SYSTEM,
    USER,
    answered,
    asking,
    part,
)
from tests.verdicts import a_trial


def test_an_ask_is_as_a_coach_puts_it() -> None:
    """With the schema of its purpose, and ids that nobody has had."""
    effect = asking(a_trial())
    ask = effect.ask
    assert (ask.messages, ask.purpose, ask.timeout) == ((SYSTEM, USER), "reply", PATIENCE)
    assert ask.session.startswith(a_trial().tenant)
    assert "is_final" in str(ask.schema)
    assert "is_final" not in str(asking(a_trial(), purpose=JobKind.EXTRACTION).ask.schema)
    assert asking(a_trial(), schema={}).ask.schema == {}


def test_asks_and_answers_in_words() -> None:
    """Short: who speaks, and whether somebody listens."""
    assert in_words(asking(a_trial())) == "complete(reply to system, user)"
    long = asking(a_trial(), SYSTEM, *((COACH, USER) * 9), sink=list[str]().append)
    assert in_words(long) == (
        "complete(reply to system, coach, user, coach, user, coach, ..., with a sink)"
    )
    assert in_words(Answer(text="Hm.")) == "'Hm.', finish 'stop'"
    assert in_words(Answer(data={"a": 1}, finish="length")) == (
        "no text, data {'a': 1}, finish 'length'"
    )


def test_what_is_no_answer_has_no_parts() -> None:
    """Nothing that a check asks of it is raised."""
    effect = asking(a_trial())
    assert rehearse(answered(effect), "no answer").result == "no answer"
    assert part(Answer(text="Hm."), "text") == "Hm."
    assert part("no answer", "text") is None
