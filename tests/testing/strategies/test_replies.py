"""What models answer, and how it is read."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as hypothesis_st

from coachwork.errors import LLMError, LLMTimeoutError
from coachwork.plain import JSON
from coachwork.ports import Answer
from coachwork.replies import ABSENT, BadReply, BadReplyCode, Reply, parse_reply, parse_result
from coachwork.testing import strategies as st
from tests.drawn import few, reaches, some


def read(answer: Answer) -> Reply | BadReply:
    """Return what *answer* is read as."""
    return parse_reply(answer.text, answer.data, answer.finish)


@few
@given(data=hypothesis_st.data(), message=st.texts(), final=hypothesis_st.booleans())
def test_a_reply_says_what_it_is_to_say(
    data: hypothesis_st.DataObject, message: str, *, final: bool
) -> None:
    """In whatever shape, it is read as that message, that finality and that result."""
    result: Any = data.draw(hypothesis_st.just(ABSENT) | st.sound_data().filter(_is_there))
    reply = read(data.draw(st.replies(message, is_final=final, result=result)))
    assert isinstance(reply, Reply)
    assert (reply.message, reply.is_final, reply.result) == (message, final, result)


@few
@given(answer=st.replies(actions=[{"type": "wave", "parameters": {}}]))
def test_a_reply_wants_what_it_is_to_want(answer: Answer) -> None:
    """Its actions are those that were given; a plain text could not bring them."""
    reply = read(answer)
    assert isinstance(reply, Reply)
    assert reply.actions == ({"type": "wave", "parameters": {}},)


def _is_there(result: JSON) -> bool:
    return result is not None


@few
@given(answer=st.replies())
def test_a_reply_is_one(answer: Answer) -> None:
    """Whatever it says, it is a reply."""
    assert isinstance(read(answer), Reply)


@pytest.mark.parametrize("code", list(BadReplyCode))
def test_what_is_no_reply_is_none_for_that_reason(code: BadReplyCode) -> None:
    """Each reason is the one that was wanted."""
    for answer in some(st.bad_replies(code), 20):
        bad = read(answer)
        assert isinstance(bad, BadReply)
        assert bad.code is code


@few
@given(data=hypothesis_st.data(), result=st.sound_data())
def test_a_result_is_read_as_it_was_meant(data: hypothesis_st.DataObject, result: JSON) -> None:
    """In whatever shape, the answer to the question for a result is that result."""
    answer = data.draw(st.extractions(result))
    assert parse_result(answer.text, answer.data, answer.finish) == result


SHAPES: Final = ("native", "text", "{", "```j", "```J", "```\n", "````", "\ufeff{")


def shape(answer: Answer) -> str:
    """Return how *answer* says what it says."""
    if answer.data is not None:
        return "native"
    text = answer.text or ""
    return next((begin for begin in SHAPES if text.startswith(begin)), "text")


def test_replies_reach_every_shape() -> None:
    """Plain text, JSON with and without a fence, native data; final and not."""
    reaches(st.replies(), SHAPES, shape)
    for name in ("structured", "is_final", "actions"):
        reaches(st.replies(), told=lambda answer: bool(getattr(read(answer), name)))  # noqa: B023


FAULTS: Final = (
    "in an unknown way",
    "NUL characters",
    "not one strict JSON value",
    "numbers or values that JSON has not",
    "levels deep",
    "longer than",
    "but no object",
    "without a message",
    "neither true nor false",
    "keys that are no text",
)


def test_bad_replies_reach_every_fault() -> None:
    """Each sentence that says why an answer is none is among them."""

    def fault(answer: Answer) -> str | None:
        bad = read(answer)
        assert isinstance(bad, BadReply)
        return next((fault for fault in FAULTS if fault in bad.reason), None)

    reaches(st.bad_replies(BadReplyCode.BAD_REPLY), FAULTS, fault)


def test_models_fail_in_every_way() -> None:
    """By the two errors of the port, and by whatever else an SDK raises."""
    reaches(st.model_failures(), [LLMError, LLMTimeoutError, TimeoutError, RuntimeError], type)


def test_what_was_read_of_them() -> None:
    """Replies and bad ones as they were read can be drawn, too."""
    forms = [(True, True), (True, False), (False, False)]
    reaches(st.read_replies(), forms, lambda reply: (reply.structured, reply.is_final))
    assert all(reply.structured or not reply.is_final for reply in some(st.read_replies(), 30))
    reaches(st.read_bad_replies(), BadReplyCode, lambda bad: bad.code)
