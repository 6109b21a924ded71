"""A coach that says what it was told to say."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from coachwork.adapters import ScriptedModel, final
from coachwork.errors import LLMError, MisuseError
from coachwork.messages import Usage
from coachwork.ports import Answer
from coachwork.replies import Reply, parse_reply
from tests.specimens import ASK


@frozen
class Values:
    """A result."""

    values: list[str]


def test_a_list_is_followed_in_order() -> None:
    """Texts become answers, answers are given as they are, and everything asked is kept."""
    answer = Answer(text="Well.", finish="length", usage=Usage(1, 2, 3))
    model = ScriptedModel(["Hello.", answer])
    assert model.complete(ASK) == Answer(text="Hello.")
    assert model.complete(ASK) is answer
    assert model.asked == [ASK, ASK]


def test_a_function_is_asked() -> None:
    """It sees what was asked, and says what it wants."""
    model = ScriptedModel(lambda ask: f"turn {ask.turn}")
    assert model.complete(ASK).text == "turn 1"


@pytest.mark.parametrize("error", [LLMError("no", retry_after=3.0), KeyboardInterrupt()])
def test_an_error_in_the_script_is_raised(error: BaseException) -> None:
    """Whatever it is, and as often as it stands there."""
    model = ScriptedModel([error, error])
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            model.complete(ASK)
        assert caught.value is error


def test_a_script_that_is_used_up_is_a_failed_model() -> None:
    """Each time anew: the errors of two calls share nothing."""
    model = ScriptedModel([])
    raised = []
    for _ in range(2):
        with pytest.raises(LLMError, match="used up") as caught:
            model.complete(ASK)
        raised.append(caught.value)
    assert raised[0] is not raised[1]


def test_more_can_be_said_than_was_written_down() -> None:
    """What is added comes after all the rest, also where that was used up; an empty text counts."""
    model = ScriptedModel(iter(["one"]))
    model.add("", LLMError("no"))
    assert [model.complete(ASK).text for _ in range(2)] == ["one", ""]
    with pytest.raises(LLMError, match="no"):
        model.complete(ASK)
    with pytest.raises(LLMError, match="used up"):
        model.complete(ASK)
    model.add("two")
    assert model.complete(ASK).text == "two"


def test_what_is_no_list_of_replies_is_refused() -> None:
    """A text would be said letter by letter; a function needs nothing added."""
    with pytest.raises(MisuseError, match="put the text into one"):
        ScriptedModel("Hello.")
    with pytest.raises(MisuseError, match="is a function"):
        ScriptedModel(lambda _ask: "Hello.").add("Bye.")


@given(st.text(max_size=40))
def test_a_text_of_a_list_is_written_word_by_word(text: str) -> None:
    """The pieces are the text; each ends where a word does."""
    pieces: list[str] = []
    answer = ScriptedModel([text]).complete(evolve(ASK, sink=pieces.append))
    assert "".join(pieces) == answer.text == text
    assert all(piece.split() for piece in pieces[:-1])
    assert all(len(piece.split()) <= 1 for piece in pieces)


def test_a_function_writes_what_it_likes() -> None:
    """Nothing is written for it, nor where nobody listens."""
    pieces: list[str] = []
    listened = evolve(ASK, sink=pieces.append)
    ScriptedModel(lambda _ask: "Hello.").complete(listened)
    ScriptedModel([Answer(text="Hello.")]).complete(listened)
    assert pieces == []
    assert ScriptedModel(["Hello."]).complete(ASK).text == "Hello."


def test_threads_share_one_script() -> None:
    """Every line is said once, whoever asks."""
    model = ScriptedModel([str(n) for n in range(400)])
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: model.complete(ASK).text, range(400)))
    assert sorted(said, key=lambda text: int(text or "")) == [str(n) for n in range(400)]
    assert len(model.asked) == 400


def test_the_async_form_follows_the_same_script() -> None:
    """Whichever colour asks gets the next line."""
    model = ScriptedModel(["one", "two"])
    assert asyncio.run(model.for_async().complete(ASK)).text == "one"
    assert model.complete(ASK).text == "two"
    assert len(model.asked) == 2


def test_a_final_reply_is_one() -> None:
    """It is what a model would write: whole JSON, final, with or without a result."""
    reply = parse_reply(final(Values(["honesty"]), "Bye."), None, "stop")
    assert isinstance(reply, Reply)
    assert (reply.message, reply.is_final, reply.result) == ("Bye.", True, {"values": ["honesty"]})
    assert "result" not in json.loads(final())
