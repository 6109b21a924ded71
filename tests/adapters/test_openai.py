"""The adapter as an application sees it: whole conversations, what it hides, what it brings."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import traceback

import pytest
from attrs import frozen
from openai import OpenAI

from coachwork import AsyncCoach, Coach, Memory, Topic
from coachwork.adapters import final
from coachwork.adapters.openai import OpenAIModel
from coachwork.errors import CoachworkError, LLMError
from tests.openai_asks import CONFIDED, ask
from tests.openai_server import (
    KEY,
    Asked,
    Hangs,
    Sends,
    Slams,
    Step,
    Streams,
    piece,
    refuses,
    says,
    serving,
    streamed,
)


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


TOPIC = Topic(
    id="values",
    system="Find out what matters to them.",
    initiation="Say hello.",
    extraction="List their values.",
    result=Values,
    models={"extraction": "large"},
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is on this machine, whatever stands between it and others."""
    monkeypatch.setenv("NO_PROXY", "*")


def coach_like(asked: Asked) -> Step:
    """Answer as a model does that keeps to the schema."""
    messages = asked.body["messages"]
    said = messages[-1]["content"]
    shape = asked.body["response_format"]["json_schema"]
    assert [message["role"] for message in messages[:2]] == ["system", "user"]
    if shape["name"] == "extraction":
        text = json.dumps({"values": ["honesty"]})
    elif said.startswith("Honesty"):
        text = final(message="Then keep it.")
    else:
        text = json.dumps({"message": "What matters to you?", "is_final": False})
    return streamed(text) if asked.body.get("stream") else says(text)


def test_a_whole_conversation_goes_over_http() -> None:
    """From the greeting to the result, which another model extracts."""
    with serving(coach_like) as server:
        model = OpenAIModel("small", base_url=server.url, api_key=KEY)
        with Coach(Memory(), model, topics=[TOPIC]) as coach:
            chat = coach.as_user("ada").start(TOPIC)
            assert chat.greeting.text == "What matters to you?"
            first = chat.send("Hm.")
            last = chat.send("Honesty, above all.")
    assert (first.message.text, first.is_final) == ("What matters to you?", False)
    assert (last.message.text, last.is_final) == ("Then keep it.", True)
    assert last.result == Values(["honesty"])
    assert first.job.usage.tokens_in == 120
    assert [body["model"] for body in server.bodies] == ["small", "small", "small", "large"]


def test_a_whole_conversation_goes_over_http_in_an_event_loop() -> None:
    """An async coach takes the blocking model's async form."""

    async def talk(url: str) -> object:
        model = OpenAIModel("small", base_url=url, api_key=KEY)
        async with AsyncCoach(Memory(), model, topics=[TOPIC]) as coach:
            chat = await coach.as_user("ada").start(TOPIC)
            assert chat.greeting.text == "What matters to you?"
            return (await chat.send("Honesty, above all.")).result

    with serving(coach_like) as server:
        assert asyncio.run(talk(server.url)) == Values(["honesty"])


def test_a_reply_can_be_heard_as_it_is_written() -> None:
    """The pieces that a sink hears are the text of the answer."""
    heard: list[str] = []
    with serving(streamed(final(message="Then keep it."))) as server:
        model = OpenAIModel("small", base_url=server.url, api_key=KEY)
        answer = model.complete(ask(sink=heard.append))
        model.close()
    assert "".join(heard) == answer.text == final(message="Then keep it.")


def test_a_provider_that_refuses_fails_the_turn_with_its_reason() -> None:
    """The person's message is kept, and the error says why."""
    with serving(coach_like, refuses(400, code="content_filter")) as server:
        model = OpenAIModel("small", base_url=server.url, api_key=KEY)
        with Coach(Memory(), model, topics=[TOPIC]) as coach:
            chat = coach.as_user("ada").start(TOPIC)
            with pytest.raises(LLMError) as caught:
                chat.send(CONFIDED)
            assert [message.text for message in chat.history().messages][-1] == CONFIDED
    assert caught.value.reason == "CONTENT_FILTER"


@pytest.mark.parametrize(
    "step",
    [
        refuses(400, f"{CONFIDED} {KEY}"),
        refuses(401, f"Incorrect API key provided: {KEY}"),
        refuses(429, CONFIDED),
        Sends(body=CONFIDED.encode(), status=500),
        Sends(body=CONFIDED.encode()),
        Sends(body=json.dumps({"error": {"message": CONFIDED}}).encode()),
        Streams(pieces=[piece(CONFIDED)], done=False),
        Streams(pieces=[piece(refusal=CONFIDED), f"data: {CONFIDED}\n\n".encode()]),
        Hangs(),
        Slams(),
    ],
)
def test_no_text_and_no_key_is_told(step: Step, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in the error, nor in its traceback, nor in what anybody logs, at any level."""
    caplog.set_level(logging.DEBUG)
    timeout = 0.2 if isinstance(step, Hangs) else 10.0
    with serving(step) as server:
        model = OpenAIModel("small", base_url=server.url, api_key=KEY)
        with pytest.raises(CoachworkError) as caught:
            model.complete(ask(timeout=timeout, sink=lambda _: None))
        model.close()
    told = [
        str(caught.value),
        repr(caught.value),
        repr(vars(caught.value)),
        "".join(traceback.format_exception(caught.value)),
        repr(model),
        *(record.getMessage() for record in caplog.records),
        caplog.text,
    ]
    assert len(server.asked) <= 1  # on a slow machine the time may be over before it came in
    assert not [text for text in told if CONFIDED in text or KEY in text]


def test_a_good_answer_is_not_logged_either(caplog: pytest.LogCaptureFixture) -> None:
    """Nor is what was asked."""
    caplog.set_level(logging.DEBUG)
    with serving(streamed(f"Yes: {CONFIDED}")) as server:
        client = OpenAI(base_url=server.url, api_key=KEY)
        OpenAIModel("small", client=client).complete(ask(sink=lambda _: None))
        client.close()
    assert caplog.records
    assert CONFIDED not in caplog.text
    assert KEY not in caplog.text


def test_only_who_asks_for_it_gets_the_sdk() -> None:
    """Coaches and adapters come without it, and without what it brings."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    program = "import coachwork.adapters, coachwork.coach, sys; print('openai' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
