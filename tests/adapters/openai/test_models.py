"""Both colours over real HTTP, with a server that misbehaves on demand."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Generator
from typing import Final, TypeAlias

import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI

from coachwork.adapters.openai import AsyncOpenAIModel, OpenAIModel
from coachwork.adapters.openai._models import _cut_off, _shut
from coachwork.errors import (
    LLMError,
    LLMTimeoutError,
    MisuseError,
    ModelError,
    ValidationError,
)
from coachwork.messages import Usage
from coachwork.ports import Answer, Ask
from tests.openai_asks import ask
from tests.openai_server import (
    KEY,
    Dribbles,
    Hangs,
    Script,
    Sends,
    Server,
    Slams,
    Step,
    Streams,
    piece,
    plain,
    refuses,
    says,
    serving,
    streamed,
)

SHORT: Final = 0.2
"""Seconds that a call has which is to run out of time."""

ENOUGH: Final = 1.0
"""Seconds within which a whole answer comes in."""

AT_ONCE: Final = 10.0
"""Seconds within which a call ends on any machine; whoever waits for a server waits for longer."""

Complete: TypeAlias = Callable[[str, Ask], Answer]


def blocking(url: str, asked: Ask, http: DefaultHttpxClient) -> Answer:
    """Ask a server, and wait."""
    client = OpenAI(base_url=url, api_key=KEY, http_client=http)
    return OpenAIModel("small", client=client).complete(asked)


async def awaited(url: str, asked: Ask, http: DefaultAsyncHttpxClient) -> Answer:
    """Ask a server in an event loop."""
    client = AsyncOpenAI(base_url=url, api_key=KEY, http_client=http)
    return await AsyncOpenAIModel("small", client=client).complete(asked)


@pytest.fixture(scope="module", params=["blocking", "async"])
def complete(request: pytest.FixtureRequest) -> Generator[Complete]:
    """Each test is for both colours; connections are shared, since it takes long to make them."""
    if request.param == "blocking":
        with DefaultHttpxClient(trust_env=False) as http:
            yield lambda url, asked: blocking(url, asked, http)
    else:
        with asyncio.Runner() as runner:
            aio = DefaultAsyncHttpxClient(trust_env=False)
            yield lambda url, asked: runner.run(awaited(url, asked, aio))
            runner.run(aio.aclose())


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What whoever runs the tests has set is not the tests' business."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


# --- answers ---------------------------------------------------------------------------------


def test_a_model_is_asked_once_and_answers(complete: Complete) -> None:
    """The request is that of the protocol, with the key, and without the SDK's retries."""
    with serving(says("Hi")) as server:
        answer = complete(server.url, ask())
    assert (answer.text, answer.finish, answer.request_id) == ("Hi", "stop", "req-7")
    assert answer.usage == Usage(120, 12, 100)
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["x-client-request-id"] == "job-1.reply.2"
    assert asked.body["model"] == "small"
    assert [message["role"] for message in asked.body["messages"]] == ["system", "user"]
    assert asked.body["response_format"]["type"] == "json_schema"
    assert "stream" not in asked.body


def test_a_stream_is_heard_and_put_together(complete: Complete) -> None:
    """The answer is the whole text, with what it cost."""
    heard: list[str] = []
    with serving(streamed("What would you keep?")) as server:
        answer = complete(server.url, ask(sink=heard.append))
    assert answer.text == "".join(heard) == "What would you keep?"
    assert len(heard) == 3
    assert (answer.finish, answer.usage) == ("stop", Usage(120, 12, 100))
    assert server.bodies[0]["stream"] is True
    assert server.bodies[0]["stream_options"] == {"include_usage": True}


def test_a_server_that_does_not_stream_is_heard_at_once(complete: Complete) -> None:
    """Though it was asked to."""
    heard: list[str] = []
    with serving(says("Hi")) as server:
        assert complete(server.url, ask(sink=heard.append)).text == "Hi"
    assert heard == ["Hi"]


def test_a_whole_stream_needs_no_good_bye(complete: Complete) -> None:
    """Once the model has ended, the connection may break or fall silent."""
    pieces = [piece("Hi"), piece(None, "stop")]
    for then in ("drop", "silence"):
        with serving(Streams(pieces=pieces, done=False, then=then)) as server:
            answer = complete(server.url, ask(sink=lambda _: None, timeout=ENOUGH))
        assert answer.text == "Hi"


def test_a_server_that_is_done_is_not_waited_for(complete: Complete) -> None:
    """It may keep the connection open for as long as it likes."""
    began = time.monotonic()
    step = Streams(pieces=[piece("Hi", "stop")], then="silence")
    with serving(step) as server:
        assert complete(server.url, ask(timeout=30, sink=lambda _: None)).text == "Hi"
        assert time.monotonic() - began < AT_ONCE


# --- what a server can -----------------------------------------------------------------------


def picky(*refused: str) -> Script:
    """A server that refuses requests that make use of these."""

    def step(asked: object) -> Step:
        for name in refused:
            if f"'{name}'" in str(asked):
                return refuses(400, f"Unsupported parameter: {name}")
        return says("Hi")

    return step


@pytest.mark.parametrize(
    "refused, shapes",
    [
        (["json_schema"], ["json_schema", "json_object"]),
        (["response_format"], ["json_schema", "json_object", None]),
        (["stream_options"], ["json_schema", "json_schema"]),
    ],
)
def test_a_lesser_server_is_asked_for_less(
    complete: Complete, refused: list[str], shapes: list[str | None]
) -> None:
    """Until it takes the request; what it lacks, it is told in words."""
    with serving(picky(*refused)) as server:
        assert complete(server.url, ask(sink=lambda _: None)).text == "Hi"
    asked_for = [body.get("response_format", {}).get("type") for body in server.bodies]
    assert asked_for == shapes
    told = "JSON Schema" in server.bodies[-1]["messages"][0]["content"]
    assert told == (shapes[-1] != "json_schema")


def test_a_model_remembers_what_its_server_can() -> None:
    """The second call is one request."""
    with serving(picky("response_format")) as server:
        model = OpenAIModel("small", base_url=server.url)
        for _ in range(2):
            model.complete(ask())
        model.close()
    assert len(server.asked) == 4


def test_options_are_those_of_both_colours() -> None:
    """What a blocking model was told, its async form knows too."""
    with serving(says("Hi")) as server:
        model = OpenAIModel(
            "large",
            base_url=server.url,
            schema="none",
            tell_schema=False,
            instruction_role="system",
            merge=False,
            opening=None,
            temperature=0.5,
            extra_body={"seed": 1},
        )
        model.complete(ask())
        model.close()

        async def call() -> None:
            other = model.for_async()
            await other.complete(ask())
            await other.close()

        asyncio.run(call())
    one, two = server.bodies
    assert one == two
    assert (one["model"], one["temperature"], one["seed"]) == ("large", 0.5, 1)
    assert "response_format" not in one


# --- what goes wrong -------------------------------------------------------------------------


def failure(complete: Complete, server: Server, asked: Ask) -> ModelError:
    """Ask, and return what is raised; it never has the SDK's error behind it."""
    with pytest.raises(ModelError) as caught:
        complete(server.url, asked)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    "step",
    [
        Hangs(),
        Dribbles(),
        Streams(pieces=[piece("Hi")], then="silence", done=False),
        Streams(pieces=[piece("Hi")], then="comments", done=False),
        Streams(pieces=[piece("Hi")] * 1000, pause=0.02),
    ],
    ids=["hangs", "dribbles", "falls silent", "comments", "goes on"],
)
def test_the_deadline_is_for_the_whole_call(complete: Complete, step: Step) -> None:
    """Whatever the server does to keep the connection alive."""
    began = time.monotonic()
    with serving(step) as server:
        fault = failure(complete, server, ask(timeout=SHORT, sink=lambda _: None))
        took = time.monotonic() - began
    assert isinstance(fault, LLMTimeoutError)
    assert SHORT <= took < AT_ONCE
    assert len(server.asked) <= 1  # on a slow machine the time may be over before it came in


@pytest.mark.parametrize(
    "step",
    [
        Slams(),
        Sends(body=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"}),
        Sends(body=b'{"choices": [', headers={}),
        Sends(body=b'{"choices": [', length=1000),
        Sends(body=b'"Hi"'),
        Sends(body=b"", status=204),
        Sends(body=b"nowhere", status=302),
        plain({"error": {"message": "overloaded"}}),
        says(["Hi"]),
        refuses(400),
        refuses(429, "slow down", code="rate_limit_exceeded"),
        refuses(500),
        Sends(body=b"<html>Bad gateway</html>", status=502),
        Streams(pieces=[piece("Hi")], done=False),
        Streams(pieces=[piece("Hi")], done=False, then="drop"),
        Streams(pieces=[piece("Hi"), {"error": {"message": "overloaded"}}]),
        Streams(pieces=[piece("Hi"), b"data: {nonsense\n\n"]),
    ],
)
def test_whatever_fails_is_an_error_of_the_model(complete: Complete, step: Step) -> None:
    """It is never half an answer, and never asked for twice."""
    sink = (lambda _: None) if isinstance(step, Streams) else None
    with serving(step) as server:
        fault = failure(complete, server, ask(sink=sink))
    assert type(fault) is LLMError
    assert fault.reason == "LLM_ERROR"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "step, reason, pause",
    [
        (refuses(429, retry_after="7"), "LLM_ERROR", 7),
        (refuses(503, retry_after_ms="1500"), "LLM_ERROR", 1.5),
        (refuses(400, code="context_length_exceeded"), "LENGTH", 10),
        (refuses(400, code="content_filter"), "CONTENT_FILTER", 10),
    ],
)
def test_a_provider_says_why_and_for_how_long(
    complete: Complete, step: Step, reason: str, pause: float
) -> None:
    """The error carries it."""
    with serving(step) as server:
        fault = failure(complete, server, ask())
    assert (fault.reason, fault.retry_after) == (reason, pause)


def test_a_server_that_is_not_there_cannot_be_reached(complete: Complete) -> None:
    """That is told at once."""
    with serving(says("Hi")) as server:
        url = server.url
    with pytest.raises(LLMError, match="cannot be reached"):
        complete(url, ask())


def test_a_text_that_cannot_be_sent_is_an_error_of_the_model(complete: Complete) -> None:
    """A template may bring half a character."""
    with serving(says("Hi")) as server:
        failure(complete, server, ask(model="\ud83d"))
    assert server.asked == []


def test_a_cancelled_call_is_given_up() -> None:
    """The server sees it go, and the task ends at once."""

    async def call(url: str) -> None:
        model = AsyncOpenAIModel("small", base_url=url)
        task = asyncio.create_task(model.complete(ask(timeout=30)))
        await asyncio.to_thread(server.taken.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await model.close()

    began = time.monotonic()
    with serving(Hangs()) as server:
        asyncio.run(call(server.url))
        assert time.monotonic() - began < AT_ONCE


# --- clients and keys ------------------------------------------------------------------------


def test_a_client_of_ones_own_is_used_and_left_open() -> None:
    """Its retries are switched off for the model, and stay on for others."""
    with serving(refuses(500)) as server:
        client = OpenAI(base_url=server.url, api_key="sk-own", max_retries=2)
        model = OpenAIModel("small", client=client)
        with pytest.raises(LLMError):
            model.complete(ask())
        model.close()
        assert not client.is_closed()
        assert client.max_retries == 2
        client.close()
    (asked,) = server.asked
    assert asked.headers["authorization"] == "Bearer sk-own"
    with pytest.raises(MisuseError, match="AsyncOpenAIModel"):
        model.for_async()


def test_an_async_client_of_ones_own_is_used_and_left_open() -> None:
    """As a blocking one."""

    async def call(url: str) -> None:
        client = AsyncOpenAI(base_url=url, api_key="sk-own", max_retries=2)
        model = AsyncOpenAIModel("small", client=client)
        with pytest.raises(LLMError):
            await model.complete(ask())
        await model.close()
        assert not client.is_closed()
        await client.close()

    with serving(refuses(500)) as server:
        asyncio.run(call(server.url))
    assert len(server.asked) == 1


def test_a_client_may_have_no_connection() -> None:
    """A transport of one's own answers as it likes; there is nothing to cut then."""
    with _cut_off({}, 0.0):
        time.sleep(0.01)


def test_a_connection_that_has_ended_can_be_cut() -> None:
    """The deadline may come at the same moment."""
    one, other = socket.socketpair()
    other.close()
    one.close()
    _shut(one)


@pytest.mark.parametrize("colour", [OpenAIModel, AsyncOpenAIModel])
def test_a_client_that_does_not_fit_is_refused(
    colour: type[OpenAIModel | AsyncOpenAIModel],
) -> None:
    """One of another kind or colour, or beside an address or a key."""
    fits, not_fits = (
        (OpenAI(api_key=KEY), AsyncOpenAI(api_key=KEY))
        if colour is OpenAIModel
        else (AsyncOpenAI(api_key=KEY), OpenAI(api_key=KEY))
    )
    for given in (
        {"client": not_fits},
        {"client": object()},
        {"client": fits, "api_key": KEY},
        {"client": fits, "base_url": "http://localhost"},
    ):
        with pytest.raises(ValidationError) as caught:
            colour("small", **given)  # pyright: ignore[reportArgumentType]
        assert caught.value.field == "client"


@pytest.mark.parametrize("colour", [OpenAIModel, AsyncOpenAIModel])
def test_a_key_is_needed_for_openai(
    colour: type[OpenAIModel | AsyncOpenAIModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come from the environment; the error names what is missing."""
    with pytest.raises(ValidationError, match="OPENAI_API_KEY") as caught:
        colour("small")
    assert caught.value.field == "api_key"
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert KEY not in repr(colour("small"))


@pytest.mark.parametrize("by_variable", [False, True])
def test_a_server_of_ones_own_needs_no_key(
    monkeypatch: pytest.MonkeyPatch, *, by_variable: bool
) -> None:
    """Wherever its address comes from."""
    with serving(says("Hi")) as server:
        if by_variable:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        model = OpenAIModel("small", base_url=None if by_variable else server.url)
        model.complete(ask())
        model.close()
    assert server.asked[0].headers["authorization"] == "Bearer none"


def test_the_key_of_the_environment_goes_to_a_server_of_ones_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the SDK has it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    with serving(says("Hi")) as server:
        blocking_model = OpenAIModel("small", base_url=server.url)
        blocking_model.complete(ask())
        blocking_model.close()
    assert server.asked[0].headers["authorization"] == "Bearer sk-environment"
