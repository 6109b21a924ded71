"""What came back, read: whole or in pieces, it ends as one `Answer` or as an error.

Nothing is taken on trust: servers that call themselves compatible invent words, leave fields out
and send pages of HTML with status 200. Decisions, with their reasons:

* A word for the end that the protocol does not have counts as ``stop``: local servers invent some,
  and whether the text is a reply coachwork decides anyway. So does none, in an answer that is
  whole; a stream without one broke off, and nothing of it is kept.
* A refusal is a content filter that speaks: its words are not the coach's.
* A call of a tool without text is an error, since none was offered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Literal, cast

from coachwork.adapters.openai._faults import UnusableError, reason_in
from coachwork.adapters.openai._sse import Events
from coachwork.messages import NO_USAGE, Usage, is_blank
from coachwork.ports import Answer

MOST_BYTES: Final = 32 * 1024 * 1024
"""The most bytes of an answer; a stream takes some hundred for each word of the model."""

LONGEST_ID: Final = 200
"""The most characters of a provider's name for a call."""

_FINISHES: Final[Mapping[str | None, str]] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "error": "error",
}
_TOOLS: Final = ("tool_calls", "function_call")
_STRANGE: Final = "the provider answered with something that is no chat completion"
_DONE: Final = b"[DONE]"


class Reading:
    """An answer as it comes in.

    Attributes:
        whole: Whether the model said everything: a failure after that takes nothing away.
        done: Whether nothing more will come.
    """

    def __init__(self, sink: Callable[[str], None] | None, headers: Mapping[str, str]) -> None:
        """Get ready for what stands below *headers*.

        Args:
            sink: To be given the text, piece by piece; None where it comes whole.
            headers: What stood above the answer. A server that does not stream may answer whole
                all the same.
        """
        self.whole = False
        self.done = False
        self._sink = sink
        plain = headers.get("content-type", "").lower().startswith("application/json")
        self._events = None if sink is None or plain else Events()
        self._body = bytearray()
        self._size = 0
        self._texts: list[str] = []
        self._finish: str | None = None
        self._refused = False
        self._usage = NO_USAGE
        self._id = headers.get("x-request-id")

    def take(self, chunk: bytes) -> None:
        """Read some more.

        Raises:
            UnusableError: It is no answer, or too much of one.
        """
        self._size += len(chunk)
        if self._size > MOST_BYTES:
            raise UnusableError("the provider's answer is endless")
        if self._events is None:
            self._body += chunk
            return
        for data in self._events.take(chunk):
            if data.strip() == _DONE:
                self.done = True
            elif not self.done:
                self._read(_parsed(data), "delta")
                self.whole = self._finish is not None

    def end(self) -> None:
        """Nothing more comes.

        Raises:
            UnusableError: What came is no answer, or not all of one.
        """
        if self._events is None:
            self._read(_parsed(bytes(self._body)), "message")
            self.whole = True
        if not self.whole:
            raise UnusableError("the provider's stream broke off")

    def answer(self) -> Answer:
        """Return what came, in the words of the port."""
        text = "".join(self._texts)
        finish = _FINISHES.get(self._finish, "stop")
        if self._refused:
            finish = "content_filter"
        elif self._finish in _TOOLS and is_blank(text):
            finish = "error"
        return Answer(
            text=None if finish == "content_filter" else text,
            finish=finish,
            usage=self._usage,
            request_id=_name(self._id),
        )

    def _read(self, body: object, part: Literal["message", "delta"]) -> None:
        """Read a whole answer, or one piece of a stream."""
        fields = _mapping(body)
        if fields.get("error"):
            raise UnusableError("the provider reported an error", reason_in(fields["error"]))
        usage = fields.get("usage")
        if isinstance(usage, Mapping):
            self._usage = _usage(cast("Mapping[object, object]", usage))
        if self._id is None and isinstance(name := fields.get("id"), str):
            self._id = name
        # A piece without choices tells of filters or of what it cost.
        choices = fields.get("choices", [] if part == "delta" else None)
        if not isinstance(choices, list):
            raise UnusableError(_STRANGE)
        for choice in cast("list[object]", choices)[:1]:  # no more than one was asked for
            self._choose(_mapping(choice), part)

    def _choose(self, choice: Mapping[object, object], part: str) -> None:
        said = _mapping(choice.get(part) or {})
        text = said.get("content")
        if text is not None and not isinstance(text, str):
            raise UnusableError(_STRANGE)
        finish = choice.get("finish_reason")
        if isinstance(finish, str):
            self._finish = finish
        self._refused = self._refused or bool(said.get("refusal"))
        if text:
            self._texts.append(text)
            if self._sink is not None and not self._refused:
                with suppress(Exception):  # who listens must not spoil what is paid for
                    self._sink(text)


def _parsed(data: bytes) -> object:
    """Return the JSON value that *data* is.

    Raises:
        UnusableError: It is none.
    """
    # Raised outside: what the parser raises holds what it was given.
    with suppress(ValueError, RecursionError):
        value: object = json.loads(data)
        return value
    raise UnusableError(_STRANGE)


def _mapping(value: object) -> Mapping[object, object]:
    """Return *value* if it is an object.

    Raises:
        UnusableError: It is none.
    """
    if not isinstance(value, Mapping):
        raise UnusableError(_STRANGE)
    return cast("Mapping[object, object]", value)


def _usage(said: Mapping[object, object]) -> Usage:
    """Return what it cost; what is no figure counts nothing."""
    details = said.get("prompt_tokens_details")
    cached = (
        cast("Mapping[object, object]", details).get("cached_tokens")
        if isinstance(details, Mapping)
        else 0
    )
    told = (said.get("prompt_tokens"), said.get("completion_tokens"), cached)
    # Whatever it is: `clamped` lets nothing pass but whole numbers.
    usage = Usage(*cast("tuple[int, int, int]", told)).clamped()
    return Usage(usage.tokens_in, usage.tokens_out, min(usage.tokens_in, usage.tokens_cached))


def _name(name: str | None) -> str | None:
    """Return the provider's name for the call, if it is one that can be kept and shown."""
    fits = (
        name is not None and 0 < len(name) <= LONGEST_ID and name.isascii() and name.isprintable()
    )
    return name if fits else None
