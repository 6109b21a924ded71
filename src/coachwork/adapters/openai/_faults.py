"""What went wrong, in the words of coachwork (brief, section 6).

The SDK's errors hold requests and answers: keys, texts. None of them is the cause or the context
of what is raised, and no sentence repeats anything of theirs but the status.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, cast

from openai import APIConnectionError, APIStatusError, APITimeoutError

from coachwork.errors import LLMError, LLMTimeoutError, ModelError

NOT_GENERATED: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_IMPLEMENTED}
)
"""With these a server refuses what it is asked before it makes anything of it."""

_TOO_MUCH: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)

_HINTS: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "it does not understand the request",
    HTTPStatus.UNAUTHORIZED: "the key is missing or wrong",
    HTTPStatus.FORBIDDEN: "the key does not allow this",
    HTTPStatus.NOT_FOUND: "there is no such model or address",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests, or nothing left to spend",
}

_LONG: Final = (
    "context_length",
    "context length",
    "context_size",
    "context size",
    "context window",
)
"""How servers say that a prompt is too long for the model: OpenAI, vLLM, llama.cpp, others."""

_FILTERED: Final = frozenset({"content_filter", "content_policy_violation"})
"""The codes with which a provider refuses a prompt for what it says."""

_ENOUGH: Final = 20_000
"""So many characters of an error's body are looked at."""


class UnusableError(Exception):
    """What came is no answer; it never leaves this room.

    Attributes:
        reason: Why, as a word of `coachwork.jobs.ErrorCode`.
    """

    def __init__(self, sentence: str, reason: str = "LLM_ERROR") -> None:
        """Say it, with nothing of what came."""
        super().__init__(sentence)
        self.sentence = sentence
        self.reason = reason


class LateError(Exception):
    """The time is over; it never leaves this room."""


def fault_of(error: Exception, *, late: bool, now: float) -> ModelError:
    """Return what *error* is called in coachwork, as a new error that knows nothing of it.

    Args:
        error: What the SDK, or the reading of an answer, raised.
        late: Whether the time was over then; a connection that is cut at the deadline breaks in
            many ways.
        now: What time it is (seconds since 1970, UTC), for pauses that are told as dates.
    """
    if isinstance(error, APIStatusError):
        return _status_fault(error, now)
    if isinstance(error, UnusableError):
        return LLMError(error.sentence, reason=error.reason)
    if late or isinstance(error, (APITimeoutError, LateError, TimeoutError)):
        return LLMTimeoutError()
    if isinstance(error, APIConnectionError):
        return LLMError("the provider cannot be reached")
    return LLMError("the call of the provider failed")


def _status_fault(error: APIStatusError, now: float) -> LLMError:
    status = error.status_code
    hint = _HINTS.get(status)
    reason = reason_in(error.body) if status in _TOO_MUCH else "LLM_ERROR"
    if reason == "LENGTH":
        hint = "the conversation is too long for the model"
    elif reason == "CONTENT_FILTER":
        hint = "a content filter held the conversation back"
    return LLMError(
        f"the provider answered {status}" + (f": {hint}" if hint else ""),
        reason=reason,
        retry_after=pause_in(error.response.headers, now),
    )


def reason_in(body: object) -> str:
    """Return why a provider refused, as a word of `coachwork.jobs.ErrorCode`."""
    if _code_in(body) in _FILTERED:
        return "CONTENT_FILTER"
    return "LENGTH" if speaks_of(body, _LONG) else "LLM_ERROR"


def _code_in(body: object) -> str:
    """Return the code of an error's body, in lower case."""
    code = cast("dict[object, object]", body).get("code") if isinstance(body, dict) else None
    return str(code).lower()


def speaks_of(body: object, words: tuple[str, ...]) -> bool:
    """Whether an error's body holds one of *words*, which are lower case."""
    text = str(body)[:_ENOUGH].lower()
    return any(word in text for word in words)


def pause_in(headers: Mapping[str, str], now: float) -> float | None:
    """Return for how many seconds the provider wants to be left alone, if it says so.

    Args:
        headers: What stood above its answer: ``retry-after-ms`` in milliseconds, or
            ``retry-after`` in seconds or as a date.
        now: What time it is (seconds since 1970, UTC).
    """
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        said = headers.get(name, "")
        try:
            pause = float(said) / unit
        except ValueError:
            continue
        return pause if 0 <= pause < float("inf") else None
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - now)
