"""What the model says by name is what the library reads of it."""

from __future__ import annotations

import pytest

from coachwork.plain import from_plain
from coachwork.ports import Answer
from coachwork.replies import BadReply, Reply, parse_reply, parse_result
from coachwork.testing.stateful._words import EXTRACTS, IN_ANY_CASE, SAYS
from coachwork.testing.strategies import Values


@pytest.mark.parametrize("name", SAYS)
def test_what_is_said_is_read_so(name: str) -> None:
    """Message, finality, result, code and cost are told as they are read."""
    words = SAYS[name]
    if not isinstance(words.answer, Answer):
        assert (words.message, words.is_final, words.result) == (None, False, None)
        return
    read = parse_reply(words.answer.text, words.answer.data, words.answer.finish)
    if isinstance(read, BadReply):
        assert (words.message, words.code) == (None, read.code.value)
    else:
        assert isinstance(read, Reply)
        assert (words.message, words.is_final, words.code) == (read.message, read.is_final, None)
        assert words.result is None or words.result == read.result
        assert list(words.actions) == list(read.actions)
    assert words.usage == words.answer.usage.clamped()


@pytest.mark.parametrize("name", EXTRACTS)
def test_what_is_extracted_is_read_so(name: str) -> None:
    """A result that is told fits the type of the topics; without one there is a code."""
    words = EXTRACTS[name]
    if words.result is not None:
        assert words.code is None
        assert from_plain(words.result, Values)
    elif isinstance(words.answer, Answer):
        read = parse_result(words.answer.text, words.answer.data, words.answer.finish)
        code = read.code.value if isinstance(read, BadReply) else "BAD_REPLY"
        assert words.code == code


def test_whatever_goes_wrong_may_go_wrong_in_either_case() -> None:
    """What the model may do instead is alike for both questions."""
    assert all(SAYS[name] is EXTRACTS[name] for name in IN_ANY_CASE)
