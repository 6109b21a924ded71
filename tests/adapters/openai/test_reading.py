"""What comes back, read without trust: whole or in pieces."""

from __future__ import annotations

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.adapters.openai import _reading
from coachwork.adapters.openai._faults import UnusableError
from coachwork.adapters.openai._reading import Reading
from coachwork.messages import Usage
from coachwork.plain import JSON
from coachwork.ports import Answer
from tests.openai_asks import CONFIDED
from tests.openai_server import COST, completion, event, piece

DONE: Final = b"data: [DONE]\n\n"
SPENT: Final = Usage(120, 12, 100)


def whole(body: object) -> Answer:
    """Read an answer that comes at once."""
    reading = Reading(None, {})
    reading.take(json.dumps(body).encode())
    reading.end()
    return reading.answer()


def pieces(*sent: object) -> tuple[Answer, list[str]]:
    """Read an answer that comes in pieces, and what the listener heard."""
    heard: list[str] = []
    reading = Reading(heard.append, {"content-type": "text/event-stream"})
    for data in sent:
        reading.take(data if isinstance(data, bytes) else event(data))
    reading.end()
    return reading.answer(), heard


def test_a_whole_answer_is_read() -> None:
    """Its text, its end, what it cost, and the provider's name for it."""
    expected = Answer(text="Hi", finish="stop", usage=SPENT, request_id="chatcmpl-1")
    assert whole(completion("Hi")) == expected


def test_an_answer_in_pieces_is_read() -> None:
    """As the same answer; who listens hears every piece of text."""
    answer, heard = pieces(piece("", role="assistant"), piece("H"), piece("i", "stop"), COST, DONE)
    assert answer == whole(completion("Hi"))
    assert heard == ["H", "i"]


@pytest.mark.parametrize(
    "word, finish",
    [
        ("stop", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("model_length", "length"),
        ("error", "error"),
        ("tool_calls", "stop"),
        ("eos_token", "stop"),
        ("", "stop"),
    ],
)
def test_an_end_has_many_words(word: str, finish: str) -> None:
    """A word that nobody knows is a stop: whether the text is a reply is decided elsewhere."""
    assert whole(completion("Hi", word)).finish == finish
    assert pieces(piece("Hi"), piece(None, word), DONE)[0].finish == finish
    assert whole(completion("Hi", word)).text == "Hi"


@pytest.mark.parametrize("finish", [None, 3])
def test_a_whole_answer_may_have_no_end(finish: object) -> None:
    """It is whole all the same."""
    assert whole(completion("Hi", finish)).finish == "stop"


@pytest.mark.parametrize("word", ["tool_calls", "function_call"])
def test_a_call_of_a_tool_is_an_error(word: str) -> None:
    """No tool was offered."""
    assert whole(completion(None, word)).finish == "error"


def test_what_a_filter_held_back_is_not_kept() -> None:
    """Not even what came before."""
    filtered = whole(completion("Hi", "content_filter"))
    assert (filtered.text, filtered.finish) == (None, "content_filter")


def test_a_refusal_is_a_filter_that_speaks() -> None:
    """Its words are nobody's to read, and nothing that follows is heard."""
    message = {"role": "assistant", "content": None, "refusal": CONFIDED}
    refused = whole(completion(None, choices=[{"message": message, "finish_reason": "stop"}]))
    assert (refused.text, refused.finish) == (None, "content_filter")
    answer, heard = pieces(piece("H"), piece("i", refusal=CONFIDED), piece(None, "stop"), DONE)
    assert (answer.text, answer.finish) == (None, "content_filter")
    assert heard == ["H"]


@pytest.mark.parametrize("content", ["", None])
def test_nothing_said_is_an_answer_without_text(content: str | None) -> None:
    """What is to be made of that is decided elsewhere; no choice at all is the same."""
    assert whole(completion(content)) == whole(completion("", choices=[]))
    assert whole(completion(content)).text == ""


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [piece("Hi")],
        [piece("Hi"), DONE],
        [piece("Hi"), COST, DONE],
        [b"<html>oh</html>\n\n"],
        [event(piece("Hi", "stop")).rstrip()],
    ],
)
def test_a_stream_without_an_end_broke_off(sent: list[object]) -> None:
    """Nothing of it is kept."""
    with pytest.raises(UnusableError, match="broke off"):
        pieces(*sent)


def test_a_stream_is_whole_when_its_end_is_told() -> None:
    """Without the word for being done, too; after that word nothing is read any more."""
    assert pieces(piece("Hi", "stop"))[0].text == "Hi"
    assert pieces(piece("Hi", "stop"), DONE, b"data: nonsense\n\n")[0].text == "Hi"
    reading = Reading(print, {})
    told = [(reading.whole, reading.done)]
    for data in (event(piece(None, "stop")), DONE):
        reading.take(data)
        told.append((reading.whole, reading.done))
    assert told == [(False, False), (True, False), (True, True)]


def test_a_server_that_does_not_stream_is_read_whole() -> None:
    """Though a stream was asked for; who listens hears it at once."""
    heard: list[str] = []
    reading = Reading(heard.append, {"content-type": "Application/JSON; charset=utf-8"})
    reading.take(json.dumps(completion("Hi")).encode())
    reading.end()
    assert reading.answer().text == "Hi"
    assert heard == ["Hi"]


def test_who_listens_spoils_nothing() -> None:
    """What it raises goes no further."""
    heard: list[str] = []

    def listen(text: str) -> None:
        heard.append(text)
        raise RuntimeError(text)

    reading = Reading(listen, {})
    reading.take(event(piece("H")) + event(piece("i", "stop")))
    reading.end()
    assert reading.answer().text == "Hi"
    assert heard == ["H", "i"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "Hi",
        {},
        {"choices": None},
        {"choices": {}},
        {"choices": [None]},
        {"choices": [{"message": "Hi"}]},
        completion(3),
        completion(["Hi"]),
    ],
)
def test_what_is_no_completion_is_no_answer(body: object) -> None:
    """Whatever is wrong with its shape."""
    with pytest.raises(UnusableError, match="no chat completion"):
        whole(body)


@pytest.mark.parametrize("data", [b"<html>", b"{", b'{"a": \xff}', b"[" * 100_000, b""])
def test_what_is_no_json_is_no_answer(data: bytes) -> None:
    """The error has no cause that would hold it."""
    reading = Reading(None, {})
    reading.take(data)
    with pytest.raises(UnusableError) as caught:
        reading.end()
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "error, reason",
    [
        ({"message": CONFIDED}, "LLM_ERROR"),
        ("overloaded", "LLM_ERROR"),
        ({"code": "content_filter"}, "CONTENT_FILTER"),
        ({"code": "context_length_exceeded"}, "LENGTH"),
    ],
)
def test_an_error_may_come_with_a_good_status(error: object, reason: str) -> None:
    """Or in the middle of a stream."""
    for read in (lambda: whole({"error": error}), lambda: pieces(piece("Hi"), {"error": error})):
        with pytest.raises(UnusableError, match="reported an error") as caught:
            read()
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    "usage, spent",
    [
        (None, Usage()),
        ("many", Usage()),
        ({}, Usage()),
        ({"prompt_tokens": 5, "completion_tokens": 2}, Usage(5, 2)),
        ({"prompt_tokens": -5, "completion_tokens": "2"}, Usage()),
        ({"prompt_tokens": 5.5, "completion_tokens": True}, Usage()),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(5, 0, 5)),
        ({"prompt_tokens": 5, "prompt_tokens_details": [9]}, Usage(5)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {}}, Usage(5)),
        ({"prompt_tokens": 10**30}, Usage(10**15)),
    ],
)
def test_only_figures_count(usage: object, spent: Usage) -> None:
    """Some providers report nonsense."""
    assert whole(completion("Hi", usage=usage)).usage == spent


@pytest.mark.parametrize(
    "headers, body, name",
    [
        ({"x-request-id": "req-7"}, {"id": "c-1"}, "req-7"),
        ({}, {"id": "c-1"}, "c-1"),
        ({}, {"id": 7}, None),
        ({}, {}, None),
        ({}, {"id": "c\n1"}, None),
        ({}, {"id": "\u00e9"}, None),
        ({}, {"id": ""}, None),
        ({}, {"id": "c" * 201}, None),
    ],
)
def test_a_name_for_the_call_is_kept_if_it_is_one(
    headers: dict[str, str], body: dict[str, object], name: str | None
) -> None:
    """The header's before the body's."""
    reading = Reading(None, headers)
    reading.take(json.dumps({"choices": [], **body}).encode())
    reading.end()
    assert reading.answer().request_id == name


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has an end, too."""
    monkeypatch.setattr(_reading, "MOST_BYTES", 10)
    reading = Reading(None, {})
    reading.take(b" " * 10)
    with pytest.raises(UnusableError, match="endless"):
        reading.take(b" ")


PLAIN: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "delta", "content", "usage", "finish_reason", "error", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(PLAIN, st.booleans())
def test_any_json_is_an_answer_or_refused(body: JSON, streaming: bool) -> None:  # noqa: FBT001
    """Nothing else ever comes out of it."""
    try:
        answer = pieces(body, piece(None, "stop"))[0] if streaming else whole(body)
    except UnusableError:
        return
    assert answer.text is None or isinstance(answer.text, str)
    assert answer.finish in {"stop", "length", "content_filter", "error"}
