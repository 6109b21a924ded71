"""A call and its plan, side by side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from coachwork.errors import LLMError, SessionNotFoundError
from coachwork.jobs import JobKind
from coachwork.plain import JSON
from coachwork.ports import Ask, Prompt, PromptRole
from coachwork.testing import NOON
from coachwork.testing.stateful._playing import Playing, hold
from coachwork.testing.stateful._topics import TALK
from coachwork.testing.stateful._words import SAYS, InterruptionError
from coachwork.testing.stateful.oracle import ANYTHING, Asks, Job, Plan, Refusal, Session, Tale

ASK = Ask(
    messages=(Prompt(PromptRole.SYSTEM, "Listen."),),
    schema={},
    purpose=JobKind.REPLY,
    model=None,
    timeout=1.0,
    session="s-1",
    job="j-1",
    turn=1,
    attempt=1,
)


def a_job() -> Job:
    """Return a new job of a new session."""
    session = Session(("acme", "ada"), TALK, {}, NOON, NOON)
    return Job(session, "reply", "k", NOON, NOON, NOON, attempts=1)


def plan(job: Job, end: Callable[[], Tale]) -> Plan[Tale]:
    """Ask once, and then end."""
    words = yield Asks(job, "reply", [("system", "Listen.")], 1)
    if isinstance(words.answer, InterruptionError):
        raise words.answer
    return end()


def told(job: Job) -> Tale:
    """Tell the ids."""
    return Tale(lambda: {"id": job.id, "session": job.session.id, "key": None}, job=job)


def test_what_is_as_it_must_be() -> None:
    """New things get their names from what the model is asked, and the answer is held."""
    job = a_job()
    playing = Playing(plan(job, lambda: told(job)))
    assert playing.asked(ASK) is job
    assert (job.id, job.session.id) == ("j-1", "s-1")
    playing.say(SAYS["talks"])
    playing.came_to({"id": "j-1", "session": "s-1", "key": "made up"}, None)


def test_names_come_from_the_answer_where_no_model_is_asked() -> None:
    """A job that is left to a worker is named by its report, a session by its view."""

    def at_once(tale: Tale) -> Plan[Tale]:
        yield from ()
        return tale

    job = a_job()
    Playing(at_once(told(job))).came_to({"id": "j-2", "session": "s-2", "key": "k"}, "k")
    other = a_job()
    tale = Tale(lambda: {"session": {"id": other.session.id}, "job": None}, other.session)
    Playing(at_once(tale)).came_to({"session": {"id": "s-3"}, "job": None}, None)
    assert (job.id, other.session.id) == ("j-2", "s-3")
    Playing(at_once(Tale(lambda: [1]))).came_to([1], None)


@pytest.mark.parametrize(
    "ask, told",
    [
        (evolve(ASK, turn=2), r"turn: expected 1, got 2"),
        (evolve(ASK, attempt=2), r"attempt: expected 1, got 2"),
        (evolve(ASK, purpose=JobKind.GREETING), r"purpose: expected 'reply', got 'greeting'"),
        (evolve(ASK, messages=()), r"prompt: expected \['system: Listen.'\], got \[\]"),
    ],
)
def test_another_question_is_told(ask: Ask, told: str) -> None:
    """Whatever differs of what the model is asked is told by its place."""
    with pytest.raises(AssertionError, match=told):
        Playing(plan(a_job(), lambda: Tale(lambda: None))).asked(ask)


def test_a_question_too_many_or_too_few_is_told() -> None:
    """The model is asked exactly when it must be."""
    playing = Playing(plan(a_job(), lambda: Tale(lambda: None)))
    with pytest.raises(AssertionError, match="is not asked for reply, and must be"):
        playing.came_to(None, None)
    playing.say(SAYS["talks"])
    with pytest.raises(AssertionError, match="is asked for reply, and must not be"):
        playing.asked(ASK)


def refused(refusal: Refusal) -> Plan[Tale]:
    """Refuse at once."""
    yield from ()
    raise refusal


def test_a_refusal_is_held_with_its_facts() -> None:
    """Code, ids, key and the facts that are known must be the same."""
    job = a_job()
    error = LLMError("no", retry_after=3.0).about(session="s-1", job="j-1", key="k")
    right = Refusal("LLM_ERROR", job, reason="LLM_ERROR", retry_after=3.0)
    Playing(refused(right)).came_to(error, "k")
    assert (job.id, job.session.id) == ("j-1", "s-1")
    Playing(refused(Refusal("SESSION_NOT_FOUND"))).came_to(SessionNotFoundError(), None)
    wrong = Refusal("LLM_ERROR", job, reason="LENGTH", retry_after=3.0)
    with pytest.raises(AssertionError, match=r"facts\[0\]: expected \"reason: 'LENGTH'\""):
        Playing(refused(wrong)).came_to(error, "k")
    with pytest.raises(AssertionError, match=r"about\[2\]: expected 'other', got 'k'"):
        Playing(refused(right)).came_to(error, "other")


def test_an_answer_in_the_place_of_a_refusal_is_told() -> None:
    """And a refusal in the place of an answer, or another end of a call that was stopped."""
    with pytest.raises(AssertionError, match="must be refused with SESSION_NOT_FOUND"):
        Playing(refused(Refusal("SESSION_NOT_FOUND"))).came_to({}, None)
    playing = Playing(plan(a_job(), lambda: Tale(lambda: None)))
    playing.say(SAYS["talks"])
    with pytest.raises(AssertionError, match="must not be refused, and was: SessionNotFound"):
        playing.came_to(SessionNotFoundError(), None)
    stopped = Playing(plan(a_job(), lambda: Tale(lambda: None)))
    stopped.say(SAYS["is stopped"])
    stopped.came_to(SAYS["is stopped"].answer, None)
    with pytest.raises(AssertionError, match="it was stopped, and came to None"):
        stopped.came_to(None, None)


@pytest.mark.parametrize(
    "found, expected, told",
    [
        ({"a": 1}, {"a": 2}, "a: expected 2, got 1"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, r"a\.b\[1\]: expected 3, got 2"),
        ([1], [1, 2], r"it: expected \[1, 2\], got \[1\]"),
        ({"a": 1}, {"b": 1}, "a: expected None, got 1"),
        (None, [], r"it: expected \[\], got None"),
    ],
)
def test_what_differs_is_told_by_its_place(found: JSON, expected: JSON, told: str) -> None:
    """Each difference has its path, and what was expected there."""
    with pytest.raises(AssertionError, match=told):
        hold("it", found, expected)


def test_words_are_free() -> None:
    """Sentences and raw answers are nobody's promise."""
    hold("it", {"code": 1, "reason": "x", "raw": "y"}, {"code": 1, "reason": "z"})
    hold("it", {"key": "made up"}, {"key": None})


def test_some_things_are_anything() -> None:
    """What the oracle cannot know, it says so, and whatever there is will do."""
    hold("it", {"id": "x", "at": 1}, {"id": ANYTHING, "at": 1})
    with pytest.raises(AssertionError, match=r"at: expected 2, got 1"):
        hold("it", {"id": "x", "at": 1}, {"id": ANYTHING, "at": 2})
