"""One call of a model, without the network: what to send next, and what came of it.

A server that lacks a feature refuses the request that makes use of it, before anything is
generated. It is then asked again without: this is no retry of a call that was paid for. Of a
server that answered so, the model remembers it, so that nobody waits for that twice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from attrs import evolve
from openai import APIStatusError

from coachwork.adapters.openai._faults import (
    NOT_GENERATED,
    LateError,
    fault_of,
    reason_in,
    speaks_of,
)
from coachwork.adapters.openai._options import Options
from coachwork.adapters.openai._reading import Reading
from coachwork.adapters.openai._request import Form, Request, build_request
from coachwork.errors import ModelError
from coachwork.ports import Answer, Ask

_OF_SCHEMA: Final = (
    "response_format",
    "json_schema",
    "json_object",
    "json schema",
    "json mode",
    "structured",
    "grammar",
    "guided",
)
_OF_COUNTS: Final = ("stream_options", "include_usage")

_SLACK: Final = 0.01
"""What fails so short before the deadline (seconds) fails because of it: clocks differ."""


class Memory:
    """What servers have shown that they can, by the model's name.

    Several threads may use it at once: what they write is the same, or soon corrected.
    """

    def __init__(self, options: Options) -> None:
        """Believe the best at first."""
        self._first = Form("json_schema" if options.schema == "auto" else options.schema)
        self._forms: dict[str, Form] = {}

    def form(self, model: str) -> Form:
        """Return what that model's server is believed to have."""
        return self._forms.get(model, self._first)

    def keep(self, model: str, form: Form) -> None:
        """Remember that a request of that form was taken."""
        self._forms[model] = form


class Exchange:
    """One call: requests until one is taken, then an answer or an error.

    Attributes:
        over: Whether there is an answer, or an error.
    """

    def __init__(self, ask: Ask, options: Options, memory: Memory) -> None:
        """Begin; the time that *ask* gives runs from now."""
        self.over = False
        self._deadline = time.monotonic() + ask.timeout
        self._ask = ask
        self._options = options
        self._memory = memory
        self._form = memory.form(ask.model or options.model)
        self._reading: Reading | None = None
        self._fault: ModelError | None = None

    @property
    def left(self) -> float:
        """How many seconds are left; never negative."""
        return max(0.0, self._deadline - time.monotonic())

    def request(self) -> Request:
        """Return what to send."""
        return build_request(self._ask, self._options, self._form)

    def began(self, headers: Mapping[str, str]) -> None:
        """The request was taken, and an answer follows its *headers*."""
        self._memory.keep(self._ask.model or self._options.model, self._form)
        self._reading = Reading(self._ask.sink, headers)

    def took(self, chunk: bytes) -> bool:
        """Read some more, and return whether still more is wanted.

        Raises:
            Exception: It is no answer, or the time is over; to be handed to `failed`.
        """
        if not self.left:
            raise LateError
        reading = self._read()
        reading.take(chunk)
        return not reading.done

    def ended(self) -> None:
        """Nothing more comes.

        Raises:
            Exception: What came is no answer; to be handed to `failed`.
        """
        self._read().end()
        self.over = True

    def failed(self, error: Exception) -> None:
        """Judge what went wrong: an error, a reason to ask otherwise, or nothing any more."""
        if self._reading is not None and self._reading.whole:
            self.over = True
            return
        lesser = self._lesser(error)
        if lesser is not None and self.left:
            self._form = lesser
            return
        self._fault = fault_of(error, late=self.left < _SLACK, now=time.time())
        self.over = True

    def answer(self) -> Answer:
        """Return what came of it.

        Raises:
            ModelError: It failed. It is to be raised where no other error is handled, so that it
                has no context.
        """
        if self._fault is not None:
            raise self._fault
        return self._read().answer()

    def _read(self) -> Reading:
        """Return what is being read."""
        assert self._reading is not None  # noqa: S101 - `began` comes before
        return self._reading

    def _lesser(self, error: Exception) -> Form | None:
        """Return how to ask a server that refused a feature, or None where it is not about one."""
        if not isinstance(error, APIStatusError) or error.status_code not in NOT_GENERATED:
            return None
        if reason_in(error.body) != "LLM_ERROR":  # a prompt that is too long names the schema too
            return None
        if self._ask.sink is not None and self._form.counts and speaks_of(error.body, _OF_COUNTS):
            return evolve(self._form, counts=False)
        if self._options.schema == "auto" and speaks_of(error.body, _OF_SCHEMA):
            return self._form.without_schema()
        return None
