"""One call without the network: what is sent next, and what comes of it."""

from __future__ import annotations

import json
import time
from typing import Any, Final

import pytest

from coachwork.adapters.openai._exchange import Exchange, Memory
from coachwork.adapters.openai._faults import LateError
from coachwork.adapters.openai._options import Options
from coachwork.errors import LLMError, LLMTimeoutError
from coachwork.ports import Ask
from tests.openai_asks import ask, refusal
from tests.openai_server import completion, event, piece

AUTO: Final = Options(model="small")
HI: Final = json.dumps(completion("Hi")).encode()


NO_SCHEMA: Final = (400, "Unsupported parameter: 'response_format'")
NO_JSON: Final = (422, "json mode is not available")
NO_COUNTS: Final = (501, "stream_options is not supported")


def begun(asked: Ask | None = None, options: Options = AUTO) -> Exchange:
    """A call that is about to be sent."""
    return Exchange(asked or ask(), options, Memory(options))


def wanted(exchange: Exchange) -> tuple[object, bool]:
    """What the next request asks for: a shape, and what it costs."""
    body: dict[str, Any] = exchange.request().body
    shape = body.get("response_format", {"type": None})
    return shape["type"], "stream_options" in body


def test_an_answer_ends_it() -> None:
    """Taken, read, ended."""
    exchange = begun()
    exchange.began({})
    assert exchange.took(HI)
    exchange.ended()
    assert exchange.over
    assert exchange.answer().text == "Hi"


def test_a_server_without_a_feature_is_asked_without() -> None:
    """Feature by feature, to the end; then it is an error."""
    exchange = begun(ask(sink=print))
    assert wanted(exchange) == ("json_schema", True)
    for refused, then in (
        (NO_SCHEMA, ("json_object", True)),
        (NO_COUNTS, ("json_object", False)),
        (NO_JSON, (None, False)),
    ):
        exchange.failed(refusal(*refused))
        assert not exchange.over
        assert wanted(exchange) == then
    exchange.failed(refusal(*NO_SCHEMA))
    assert exchange.over
    with pytest.raises(LLMError, match="400"):
        exchange.answer()


@pytest.mark.parametrize(
    "refused",
    [
        (400, "no such parameter: seed"),
        (400, "too long, with 100 in the response_format", "context_length_exceeded"),
        (500, "response_format"),
        (429, "response_format"),
    ],
)
def test_another_refusal_is_an_error(refused: tuple[int, str]) -> None:
    """Nobody is asked twice where something may have been generated, or for nothing."""
    exchange = begun()
    exchange.failed(refusal(*refused))
    assert exchange.over


def test_what_is_no_refusal_is_an_error() -> None:
    """Whatever it speaks of."""
    exchange = begun()
    exchange.failed(OSError("response_format"))
    assert exchange.over


@pytest.mark.parametrize("refused", [NO_SCHEMA, NO_COUNTS])
def test_what_was_chosen_is_not_taken_back(refused: tuple[int, str]) -> None:
    """A schema that is asked for by name is asked for, and counts only where there are some."""
    exchange = begun(options=Options(model="small", schema="json_schema"))
    exchange.failed(refusal(*refused))
    assert exchange.over


def test_what_a_server_can_is_remembered_by_model() -> None:
    """When it took a request, not when it refused one."""
    memory = Memory(AUTO)
    first = Exchange(ask(), AUTO, memory)
    first.failed(refusal(*NO_SCHEMA))
    assert wanted(Exchange(ask(), AUTO, memory)) == ("json_schema", False)
    first.began({})
    assert wanted(Exchange(ask(), AUTO, memory)) == ("json_object", False)
    assert wanted(Exchange(ask(model="large"), AUTO, memory)) == ("json_schema", False)


def test_when_the_time_is_over_nothing_more_is_read_or_asked() -> None:
    """Whatever it was that failed last."""
    exchange = begun(ask(timeout=0.001))
    exchange.began({})
    time.sleep(0.002)
    assert exchange.left == 0
    with pytest.raises(LateError):
        exchange.took(HI)
    late = begun(ask(timeout=0.0))
    late.failed(refusal(*NO_SCHEMA))
    assert late.over
    exchange.failed(OSError())
    with pytest.raises(LLMTimeoutError):
        exchange.answer()


def test_nothing_takes_back_what_was_said() -> None:
    """A connection may break after the model has ended."""
    exchange = begun(ask(sink=lambda _: None))
    exchange.began({})
    assert exchange.took(event(piece("Hi", "stop")))
    exchange.failed(OSError())
    assert exchange.over
    assert exchange.answer().text == "Hi"


def test_no_more_is_wanted_after_the_word_for_being_done() -> None:
    """The connection is not waited for."""
    exchange = begun(ask(sink=lambda _: None))
    exchange.began({})
    assert not exchange.took(event(piece("Hi", "stop")) + b"data: [DONE]\n\n")
