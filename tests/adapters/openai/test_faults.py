"""What goes wrong, in the words of coachwork; the statuses come over HTTP in `test_models`."""

from __future__ import annotations

import pytest
from openai import APIConnectionError, APITimeoutError

from coachwork.adapters.openai._faults import (
    LateError,
    UnusableError,
    fault_of,
    pause_in,
    reason_in,
    speaks_of,
)
from coachwork.errors import LLMError, LLMTimeoutError, ModelError
from tests.openai_asks import CONFIDED, refusal
from tests.openai_server import KEY

NOW = 1_700_000_000.0


def told(error: Exception, *, late: bool = False) -> tuple[type[ModelError], str, str]:
    """What becomes of an error."""
    fault = fault_of(error, late=late, now=NOW)
    return type(fault), fault.reason, str(fault)


@pytest.mark.parametrize(
    "status, hint",
    [
        (400, ": it does not understand the request"),
        (401, ": the key is missing or wrong"),
        (403, ": the key does not allow this"),
        (404, ": there is no such model or address"),
        (409, ""),
        (429, ": too many requests, or nothing left to spend"),
        (500, ""),
        (503, ""),
        (529, ""),
    ],
)
def test_a_status_is_told_and_nothing_else(status: int, hint: str) -> None:
    """The provider's own words may hold the person's, or the key."""
    error = refusal(status, f"{CONFIDED} {KEY}")
    assert told(error) == (LLMError, "LLM_ERROR", f"the provider answered {status}{hint}")
    assert told(error, late=True) == told(error)


@pytest.mark.parametrize(
    "status, code, message, reason",
    [
        (400, "context_length_exceeded", "cut it", "LENGTH"),
        (400, None, "This model's maximum context length is 8192 tokens", "LENGTH"),
        (413, None, "the request exceeds the available context size", "LENGTH"),
        (400, "content_filter", "filtered", "CONTENT_FILTER"),
        (400, "Content_Policy_Violation", "filtered", "CONTENT_FILTER"),
        (500, "context_length_exceeded", "too long", "LLM_ERROR"),
        (429, "content_filter", "filtered", "LLM_ERROR"),
    ],
)
def test_a_prompt_may_be_too_long_or_filtered(
    status: int, code: str | None, message: str, reason: str
) -> None:
    """Where the status is one with which a prompt is refused."""
    kind, found, sentence = told(refusal(status, message, code))
    assert (kind, found) == (LLMError, reason)
    assert message not in sentence


def test_a_pause_comes_with_the_error() -> None:
    """Whatever the status."""
    for status in (429, 503):
        fault = fault_of(refusal(status, retry_after="7"), late=False, now=NOW)
        assert fault.retry_after == 7
    assert fault_of(refusal(500), late=False, now=NOW).retry_after == LLMError().retry_after


@pytest.mark.parametrize(
    "headers, pause",
    [
        ({}, None),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "30", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "30", "retry-after-ms": "soon"}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:14:20 GMT"}, 60.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:14:20 -0000"}, 60.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "Tue, 99 Nov 2023 22:14:20 GMT"}, None),
    ],
)
def test_a_pause_is_read_in_all_its_forms(headers: dict[str, str], pause: float | None) -> None:
    """What is no pause is none."""
    assert pause_in(headers, NOW) == pause


@pytest.mark.parametrize(
    "body, reason",
    [
        (None, "LLM_ERROR"),
        ("<html>no</html>", "LLM_ERROR"),
        ({"code": 3}, "LLM_ERROR"),
        ({"code": "content_filter"}, "CONTENT_FILTER"),
        ({"type": "exceed_context_size_error"}, "LENGTH"),
        (["context window"], "LENGTH"),
    ],
)
def test_a_reason_is_found_in_any_body(body: object, reason: str) -> None:
    """Servers have many forms for it, and none is trusted."""
    assert reason_in(body) == reason


def test_not_all_of_a_long_body_is_looked_at() -> None:
    """It may be as long as it likes."""
    assert speaks_of("Response_Format", ("response_format",))
    assert not speaks_of("-" * 30_000 + "response_format", ("response_format",))


def test_what_is_late_timed_out() -> None:
    """Whoever noticed it."""
    expected = (LLMTimeoutError, "LLM_TIMEOUT", "the language model did not answer in time")
    for error in (LateError(), TimeoutError(CONFIDED), APITimeoutError(refusal(500).request)):
        assert told(error) == expected


def test_what_breaks_when_the_time_is_over_timed_out_too() -> None:
    """A connection that is cut breaks in many ways."""
    assert told(OSError(CONFIDED), late=True)[0] is LLMTimeoutError
    assert told(OSError(CONFIDED)) == (LLMError, "LLM_ERROR", "the call of the provider failed")


def test_a_provider_that_is_not_there_cannot_be_reached() -> None:
    """Refused, reset, unknown: all the same."""
    error = APIConnectionError(message=CONFIDED, request=refusal(500).request)
    assert told(error) == (LLMError, "LLM_ERROR", "the provider cannot be reached")


def test_an_answer_that_is_none_says_why() -> None:
    """Even when it is late."""
    error = UnusableError("the stream broke off", "LENGTH")
    assert told(error, late=True) == (LLMError, "LENGTH", "the stream broke off")
