"""How `chat` gets its answers in the calls themselves (`coachwork.cli._chat_calls`)."""

from __future__ import annotations

from threading import Event, Thread
from time import sleep
from typing import Final, TypeVar

import pytest

from coachwork.adapters import Memory, ScriptedModel, final
from coachwork.cli._chat_calls import ON_ITS_WAY, Calls, Manner, UnansweredError, patiently
from coachwork.cli._chat_coach import Insight, topic_of
from coachwork.cli._speech import Speech
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, Coach, UserCoach
from coachwork.errors import LLMError, LLMTimeoutError, SessionBusyError
from coachwork.jobs import ErrorCode
from coachwork.ports import Answer, Ask, LanguageModel
from coachwork.topics import Topic
from coachwork.workflows import Caller
from tests.terminals import looked_at

T = TypeVar("T")

TOPIC: Final = topic_of("rest")
CONTEXT: Final = {"name": "Ada"}


def calls() -> Manner:
    """Return the manner."""
    terminal = Terminal(user="Ada")
    return Calls(terminal, Speech(terminal))


def ada(model: LanguageModel, memory: Memory | None = None) -> UserCoach:
    """Return the coach as one user sees it."""
    return Coach(memory or Memory(), model, topics=[TOPIC]).as_user("ada")


def test_answers_are_waited_for() -> None:
    """Each of them tells whether it ended the session; nothing is ever left to a worker."""
    result = Insight(["I am."], None)
    me = ada(ScriptedModel(["Hello.", "Why?", "Welcome back.", final(result)]))
    manner = calls()
    chat = manner.start(me, TOPIC, CONTEXT)
    assert manner.owed(chat) is None
    assert not manner.say(chat, "I am tired.")
    chat.pause()
    assert not manner.resume(chat)
    assert manner.say(chat, "Because I am.")
    assert [message.text for message in chat.history().messages][::2] == [
        "Hello.",
        "Why?",
        "Because I am.",
    ]
    assert manner.farewell == "Nothing is lost: run the same command to go on."


def test_an_answer_that_does_not_come_can_be_asked_for_again() -> None:
    """The words of the adapter are told, and the code of the job."""
    timeout = LLMTimeoutError(retry_after=3.0)
    filtered = LLMError("held back", reason="CONTENT_FILTER")
    me = ada(ScriptedModel(["Hello.", timeout, "Why?", OSError("a secret"), filtered]))
    manner = calls()
    chat = manner.start(me, TOPIC, CONTEXT)
    with pytest.raises(UnansweredError) as first:
        manner.say(chat, "I am tired.")
    assert str(first.value) == str(timeout)
    assert (first.value.code, first.value.retry_after) == (ErrorCode.LLM_TIMEOUT, 3.0)
    assert first.value.session == chat.session_id
    assert not manner.retry(chat, first.value.job)
    with pytest.raises(UnansweredError) as second:
        manner.say(chat, "I am.")
    assert str(second.value) == "the coach could not answer: the language model failed"
    assert second.value.code is ErrorCode.LLM_ERROR
    with pytest.raises(UnansweredError, match="held back") as third:
        manner.say(chat, "I am.")
    assert third.value.code is ErrorCode.CONTENT_FILTER
    assert third.value.__cause__ is None


def test_a_greeting_that_does_not_come_leaves_the_session() -> None:
    """It can be asked for again, too."""
    me = ada(ScriptedModel([LLMError("unreachable"), "Hello."]))
    manner = calls()
    with pytest.raises(UnansweredError, match="unreachable") as failed:
        manner.start(me, TOPIC, CONTEXT)
    chat = me.session(TOPIC, failed.value.session)
    assert not manner.retry(chat, failed.value.job)
    assert chat.history().messages[0].text == "Hello."


class Unlucky(UserCoach):
    """A coach that fails before it asks anything."""

    def start(self, topic: Topic[T], **_told: object) -> Chat[T]:  # noqa: ARG002 - as above it
        """Fail."""
        raise LLMError("bad luck", retry_after=1.0).about(session="s", job="j")


def test_a_failure_is_told_as_it_was_raised() -> None:
    """With session, job and pause, so that the conversation can go on."""
    coach = Coach(Memory(), ScriptedModel([]), topics=[TOPIC])
    with pytest.raises(UnansweredError, match=r"^bad luck$") as failed:
        calls().start(Unlucky(coach, Caller("default", "ada")), TOPIC, CONTEXT)
    error = failed.value
    assert (error.session, error.job, error.retry_after) == ("s", "j", 1.0)


def test_others_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused call is made again, in short steps, until nobody else is answering."""
    slept: list[float] = []
    monkeypatch.setattr("coachwork.cli._chat_calls.sleep", slept.append)
    refusals = [SessionBusyError(retry_after=300.0), SessionBusyError(retry_after=None)]

    def call() -> str:
        if refusals:
            raise refusals.pop(0)
        return "done"

    assert patiently(call) == "done"
    assert slept == [0.2, 0.0]


class Slow:
    """A model that answers when it is let."""

    def __init__(self) -> None:
        """Let it greet at once."""
        self.let = Event()
        self.asked = Event()

    def complete(self, ask: Ask, /) -> Answer:
        """Answer."""
        if ask.turn > 0:
            self.asked.set()
            assert self.let.wait(20)
        return Answer(text="I see.")


def test_whoever_comes_back_waits_for_an_answer_that_another_is_giving(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once."""
    memory, slow = Memory(), Slow()
    chat: Chat[Insight] = ada(slow, memory).start(TOPIC, context=CONTEXT)
    other = Thread(target=lambda: chat.send("I am tired."))
    other.start()
    assert slow.asked.wait(20)

    def let(_seconds: float) -> None:
        slow.let.set()
        sleep(0.01)

    monkeypatch.setattr("coachwork.cli._chat_calls.sleep", let)
    assert not calls().resume(ada(slow, memory).session(TOPIC, chat.session_id))
    other.join()
    assert chat.get().messages == 3
    assert capsys.readouterr().out == f"{ON_ITS_WAY}\n"


def test_at_a_terminal_one_sees_that_it_thinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of that when it has answered, or failed."""
    with looked_at(monkeypatch) as screen:
        manner = calls()
        manner.start(ada(ScriptedModel(["Hello."])), TOPIC, CONTEXT)
        with pytest.raises(UnansweredError):
            manner.start(ada(ScriptedModel([])), TOPIC, CONTEXT)
    assert screen.raw.count("thinking ...") == 2
    assert screen.lines == [""]
