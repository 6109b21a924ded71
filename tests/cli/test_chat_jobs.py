"""How `chat --async` gets its answers (`coachwork.cli._chat_jobs`)."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from queue import SimpleQueue
from threading import Timer
from typing import Final

import pytest
from attrs import evolve

from coachwork.adapters import Memory, ScriptedModel, final
from coachwork.cli import _chat_jobs
from coachwork.cli._chat_calls import ON_ITS_WAY, UnansweredError
from coachwork.cli._chat_coach import Insight, Listener, topic_of
from coachwork.cli._chat_jobs import Inbox, Jobs
from coachwork.cli._models import Candid
from coachwork.cli._speech import Speech
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, Coach, UserCoach
from coachwork.errors import LLMError, ModelError
from coachwork.jobs import ErrorCode
from coachwork.ports import Answer, Ask, LanguageModel, Partial
from coachwork.topics import Topic
from coachwork.worker import Worker
from tests.terminals import looked_at

TOPIC: Final = topic_of("rest")
CONTEXT: Final = {"name": "Ada"}


class Desk:
    """A person's side: the manner, and the coach as they see it."""

    def __init__(self, model: LanguageModel, memory: Memory | None = None) -> None:
        """Begin without a worker."""
        self.inbox: Inbox = SimpleQueue()
        self.reasons: dict[str, str] = {}

        def failed(job: str, error: ModelError) -> None:
            self.reasons[job] = str(error)

        self.coach = Coach(
            memory or Memory(), Candid(model, failed), topics=[TOPIC], sink=self.inbox.put
        )
        terminal = Terminal(user="Ada")
        self.speech = Speech(terminal)
        self.manner = Jobs(terminal, self.speech, self.inbox, self.reasons, worker="a worker")
        self.me: UserCoach = self.coach.as_user("ada")

    @contextmanager
    def working(self) -> Generator[Chat[Insight]]:
        """Lend a new session beside a worker of this process."""
        with Worker(self.coach, settled=self.inbox.put):
            yield self.manner.start(self.me, TOPIC, CONTEXT)


def test_answers_are_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody looks on, a line for each tells that the coach is thinking, and of which job."""
    desk = Desk(ScriptedModel(["Hello.", "Why?", "Welcome back.", final(Insight([], None))]))
    with desk.working() as chat:
        assert desk.manner.owed(chat) is None
        assert not desk.manner.say(chat, "I am tired.")
        chat.pause()
        assert not desk.manner.resume(chat)
        assert desk.manner.say(chat, "Because I am.")
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 4
    assert all(
        re.fullmatch(r"Your coach is thinking \(job [0-9a-f-]{36}\) \.\.\.", line) for line in told
    )
    assert desk.manner.farewell == "Nothing is lost: run the same command to go on."


def test_an_answer_that_does_not_come_can_be_asked_for_again() -> None:
    """The reason is told where this process knows it, else the job is named."""
    unreachable = LLMError("unreachable", retry_after=0.0)
    desk = Desk(ScriptedModel([OSError("a secret"), "Hello.", unreachable, "Why?"]))
    with pytest.raises(UnansweredError) as greeting, desk.working():
        raise AssertionError
    job = greeting.value.job
    assert str(greeting.value) == f"job {job} failed"
    assert greeting.value.code is ErrorCode.LLM_ERROR
    chat = desk.me.session(TOPIC, greeting.value.session)
    with Worker(desk.coach, settled=desk.inbox.put):
        assert not desk.manner.retry(chat, job)
        with pytest.raises(UnansweredError, match=r"^unreachable$") as reply:
            desk.manner.say(chat, "I am tired.")
        assert not desk.manner.retry(chat, reply.value.job)
    assert [message.text for message in chat.history().messages] == [
        "Hello.",
        "I am tired.",
        "Why?",
    ]


def test_a_page_that_is_loaded_anew_waits_again(capsys: pytest.CaptureFixture[str]) -> None:
    """The job in flight is found, and waited for, whoever submitted it; a paused session is not."""
    memory = Memory()
    before = Desk(Listener(), memory)
    chat = before.me.start(TOPIC, context=CONTEXT, wait=False)
    chat.pause()
    after = Desk(Listener(), memory)
    again = after.me.session(TOPIC, chat.session_id)
    assert after.manner.owed(again) is None
    again.resume(wait=False)
    wait = after.manner.owed(again)
    assert wait is not None
    with Worker(after.coach, settled=after.inbox.put):
        assert not wait()
    assert capsys.readouterr().out == f"{ON_ITS_WAY}\n"
    assert again.get().messages == 1


def test_who_leaves_is_told_that_a_worker_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job is as it was, and the command is named that answers it."""
    desk = Desk(Listener())
    chat = desk.me.start(TOPIC, context=CONTEXT, wait=False)

    def interrupted(_self: Jobs, _job: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Jobs, "_listen", interrupted)
    wait = desk.manner.owed(chat)
    assert wait is not None
    with pytest.raises(KeyboardInterrupt):
        wait()
    assert desk.manner.farewell.startswith("The answer is left to a worker: run the same command")
    assert "`a worker`" in desk.manner.farewell
    assert chat.pending_job() is not None


class Streaming:
    """A model that streams."""

    def complete(self, ask: Ask, /) -> Answer:
        """Say it in two pieces."""
        assert ask.sink is not None
        ask.sink("How are ")
        ask.sink("you?")
        return Answer(text="How are you?")


def test_words_are_shown_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the job that is waited for, and of no other."""
    with looked_at(monkeypatch) as screen:
        desk = Desk(Streaming())
        other = Partial(
            tenant="t", user="u", session="s", job="another", attempt=1, sequence=1, text="No!"
        )
        desk.inbox.put(other)
        with desk.working() as chat:
            assert desk.speech.ends_with(chat.history().messages[0].text)
    assert screen.lines == ["    coach  How are you?", ""]


def test_words_that_came_before_the_first_look_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job may be settled before anybody looks at it; its words wait in the inbox."""
    with looked_at(monkeypatch) as screen:
        desk = Desk(Streaming())
        chat = desk.me.start(TOPIC, context=CONTEXT, wait=False)
        wait = desk.manner.owed(chat)
        assert wait is not None
        assert Worker(desk.coach, settled=desk.inbox.put).drain() == 1
        assert not wait()
        assert desk.speech.ends_with("How are you?")
    assert screen.lines == [ON_ITS_WAY, "    coach  How are you?", ""]


def test_one_sees_how_long_it_thinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """And after a while that nobody has taken the job; the last look takes it all away."""
    with looked_at(monkeypatch) as screen:
        desk = Desk(Listener())
        chat = desk.me.start(TOPIC, context=CONTEXT, wait=False)
        report = chat.pending_job()
        assert report is not None
        monkeypatch.setattr(_chat_jobs, "TICK", 0.01)
        worker = Worker(desk.coach)
        timer = Timer(0.2, worker.drain)
        timer.start()
        wait = desk.manner.owed(chat)
        assert wait is not None
        assert not wait()
        timer.join()
    assert screen.raw.count("thinking .") >= 1
    assert screen.lines == [ON_ITS_WAY, ""]
    how = _chat_jobs._how
    assert how(report, 0, failed=True) == "thinking .  "
    old = evolve(report, created_at=report.created_at - timedelta(seconds=65))
    assert how(old, 8, failed=False) == "waiting for a worker ... 65 s"
    assert how(old, 8, failed=True) == "waiting; after a failure the worker pauses ... 65 s"


def test_where_the_user_speaks_first_nothing_is_waited_for() -> None:
    """An application's topic may be so; the topic of `chat` is not."""
    silent = Topic(id="silent", system="Be silent.", result=Insight)
    desk = Desk(Listener())
    coach = Coach(Memory(), Listener(), topics=[silent])
    chat = desk.manner.start(coach.as_user("ada"), silent, {})
    assert chat.get().messages == 0
