"""The programs that applications write (brief, section 12), as they were wished for first.

They were written before anything else of this library; they are type-checked as they stand and
run here. What belongs to later work (programs, the kit) joins them then.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import sleep
from typing import assert_type

import pytest
from attrs import frozen

from coachwork import (
    Answer,
    Ask,
    AsyncChat,
    AsyncCoach,
    AsyncWorker,
    Chat,
    Coach,
    JobRef,
    LLMError,
    SessionView,
    SQLite,
    Topic,
    Turn,
    Worker,
    json_schema,
    problem,
    testing,
    to_json,
)
from coachwork.adapters import ScriptedModel, final
from coachwork.workflows import JobReport


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


CORE_VALUES = Topic(
    id="core_values",
    system="You help {name} to find what matters most.",
    initiation="Greet {name} and ask what matters.",
    resume="Welcome {name} back: {conversation_summary} (turn {current_turn} of {max_turns})",
    extraction="List the values that the person named.",
    result=Values,
    max_turns=12,
)


def scripted() -> ScriptedModel:
    """A coach that needs no network."""
    return ScriptedModel(["Hi", "Tell me more.", "Good to see you.", final(Values(["honesty"]))])


def test_a_session_from_start_to_extracted_result(tmp_path: Path) -> None:
    """A caller opens a topic, talks, pauses, comes back, and gets a typed result."""
    with Coach(SQLite(tmp_path / "coach.db"), scripted(), topics=[CORE_VALUES]) as coach:
        ada = coach.as_user("ada", tenant="acme")
        assert ada.check(CORE_VALUES).advice == "start"
        chat = ada.start(CORE_VALUES, context={"name": "Ada"})
        assert_type(chat, Chat[Values])
        assert chat.greeting.text == "Hi"
        turn = chat.send("I value honesty", key="request-1")
        assert_type(turn, Turn[Values])
        assert (turn.message.text, turn.is_final, turn.result) == ("Tell me more.", False, None)
        assert chat.send("I value honesty", key="request-1") == turn
        chat.pause()
        session_id = chat.session_id

    with Coach(SQLite(tmp_path / "coach.db"), scripted_from(2), topics=[CORE_VALUES]) as coach:
        ada = coach.as_user("ada", tenant="acme")
        check = ada.check(CORE_VALUES)
        assert (check.has_session, check.session_id, check.status) == (True, session_id, "paused")
        assert (check.actual_status, check.is_idle, check.advice) == ("paused", False, "choose")
        assert (check.conflict, check.conflict_user_id) == (False, None)
        chat = ada.session(CORE_VALUES, session_id)
        welcome = chat.resume()
        assert welcome.resumed
        assert welcome.message is not None
        assert welcome.message.text == "Good to see you."
        last = chat.send("That is all")
        assert last.is_final
        assert_type(last.result, Values | None)
        assert last.result == Values(["honesty"])
        assert_type(chat.get(), SessionView[Values])
        assert chat.get().status == "completed"
        assert [m.role for m in chat.history().messages] == [
            "coach", "user", "coach", "coach", "user", "coach",
        ]  # fmt: skip


def scripted_from(start: int) -> ScriptedModel:
    """The same coach in another process, from its reply number *start* on."""
    return ScriptedModel(
        ["Hi", "Tell me more.", "Good to see you.", final(Values(["honesty"]))][start:]
    )


def test_a_message_that_is_answered_later(tmp_path: Path) -> None:
    """A caller leaves the answer to a worker, and asks for it later; any queue can drive it."""
    queue: list[str] = []

    class Queue:
        def dispatch(self, ref: JobRef, /) -> None:
            queue.append(ref.text)

    with Coach(
        SQLite(tmp_path / "coach.db"), scripted(), topics=[CORE_VALUES], dispatcher=Queue()
    ) as coach:
        ada = coach.as_user("ada", tenant="acme")
        chat = ada.start(CORE_VALUES, context={"name": "Ada"})
        job = chat.submit("And courage")
        assert_type(job, JobReport[Values])
        assert ada.job(job.id).status == "pending"
        (text,) = queue

    with Coach(SQLite(tmp_path / "coach.db"), scripted_from(1), topics=[CORE_VALUES]) as coach:
        coach.process(JobRef.parse(text))
        done = coach.as_user("ada", tenant="acme").job(job.id)
        assert_type(done, JobReport[object])
        assert (done.status, done.outcome is not None) == ("completed", True)
        assert done.outcome is not None
        assert done.outcome.message is not None
        assert done.outcome.message.text == "Tell me more."


def test_a_message_that_a_worker_answers(tmp_path: Path) -> None:
    """A worker beside the coach answers what is submitted, in either colour."""
    with (
        Coach(SQLite(tmp_path / "coach.db"), scripted(), topics=[CORE_VALUES]) as coach,
        Worker(coach),
    ):
        ada = coach.as_user("ada", tenant="acme")
        chat = ada.start(CORE_VALUES, context={"name": "Ada"}, wait=False)
        while chat.pending_job() is not None:
            sleep(0.001)
        assert [message.text for message in chat.history().messages] == ["Hi"]

    async def main() -> None:
        repository = SQLite(tmp_path / "b.db")
        async with (
            AsyncCoach(repository, scripted(), topics=[CORE_VALUES]) as coach,
            AsyncWorker(coach),
        ):
            ada = coach.as_user("ada", tenant="acme")
            chat = await ada.start(CORE_VALUES, context={"name": "Ada"}, wait=False)
            while await chat.pending_job() is not None:  # noqa: ASYNC110 - what a client does
                await asyncio.sleep(0.001)
            assert [message.text for message in (await chat.history()).messages] == ["Hi"]

    asyncio.run(main())


def test_the_same_words_awaited(tmp_path: Path) -> None:
    """The async coach has the same words."""

    async def main() -> None:
        repository = SQLite(tmp_path / "coach.db")
        async with AsyncCoach(repository, scripted(), topics=[CORE_VALUES]) as coach:
            ada = coach.as_user("ada", tenant="acme")
            chat = await ada.start(CORE_VALUES, context={"name": "Ada"})
            assert_type(chat, AsyncChat[Values])
            turn = await chat.send("I value honesty")
            assert_type(turn, Turn[Values])
            await chat.pause()
            welcome = await chat.resume()
            assert welcome.message is not None
            last = await chat.send("That is all")
            assert last.result == Values(["honesty"])

    asyncio.run(main())


class Mine:
    """A language model that an application writes."""

    def complete(self, ask: Ask, /) -> Answer:
        """Answer with what was asked last."""
        return Answer(text=f"You said: {ask.messages[-1].text}")


class MineAsync:
    """The same, awaited."""

    async def complete(self, ask: Ask, /) -> Answer:
        """Answer with what was asked last."""
        return Answer(text=f"You said: {ask.messages[-1].text}")


TALK = Topic(id="talk", system="Listen.", initiation="Say hello.")


def test_a_model_of_your_own(tmp_path: Path) -> None:
    """A class with one method is a language model, in either colour."""
    with Coach(SQLite(tmp_path / "coach.db"), Mine(), topics=[TALK]) as coach:
        chat = coach.as_user("ada").start(TALK)
        assert_type(chat, Chat[None])
        assert chat.send("hello").message.text == "You said: hello"

    async def main() -> None:
        async with AsyncCoach(SQLite(tmp_path / "b.db"), MineAsync(), topics=[TALK]) as coach:
            chat = await coach.as_user("ada").start(TALK)
            assert (await chat.send("hello")).message.text == "You said: hello"

    asyncio.run(main())


def test_plain_data_at_the_edge(tmp_path: Path) -> None:
    """Answers and errors become plain data for any web framework."""
    model = ScriptedModel(["Hi", "Go on.", LLMError(retry_after=7.0)])
    with Coach(SQLite(tmp_path / "coach.db"), model, topics=[TALK]) as coach:
        chat = coach.as_user("ada").start(TALK)
        turn = chat.send("hello")
        plain = to_json(turn)
        assert isinstance(plain, dict)
        assert plain["is_final"] is False
        assert json_schema(Turn[None])["type"] == "object"
        with pytest.raises(LLMError) as failed:
            chat.send("and again", key="k2")
    error = failed.value
    assert (error.session, error.key) == (chat.session_id, "k2")
    assert error.job is not None
    body, status, headers = problem(error)
    assert status == 502
    assert body["code"] == "LLM_ERROR"
    assert headers["Retry-After"] == "7"


def test_an_applications_own_unit_test() -> None:
    """One line makes a coach with scripted replies and a clock that a test moves."""
    coach = testing.coach(topics=[CORE_VALUES], replies=["Hi", final(Values(["honesty"]))])
    ada = coach.as_user("ada", tenant="acme")
    chat = ada.start(CORE_VALUES, context={"name": "Ada"})
    assert_type(chat, Chat[Values])
    assert chat.greeting.text == "Hi"
    turn = chat.send("I value honesty")
    assert_type(turn.result, Values | None)
    assert turn.result == Values(["honesty"])
    coach.clock.advance(days=15)
    assert not ada.check(CORE_VALUES).has_session

    async def main() -> None:
        coach = testing.async_coach(topics=[CORE_VALUES], replies=["Hi"])
        chat = await coach.as_user("ada").start(CORE_VALUES, context={"name": "Ada"})
        assert_type(chat, AsyncChat[Values])
        assert chat.greeting.text == "Hi"

    asyncio.run(main())
