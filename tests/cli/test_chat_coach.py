"""The coach that listens and asks (`coachwork.cli._chat_coach`)."""

from __future__ import annotations

import json
from time import monotonic

import pytest

from coachwork.adapters import Memory, ScriptedModel, final
from coachwork.cli._chat_coach import (
    ENOUGH_WORDS,
    MOST_TURNS,
    SOMEBODY,
    Insight,
    Listener,
    topic_of,
)
from coachwork.coach import Chat, Coach
from coachwork.errors import ValidationError
from coachwork.jobs import JobKind
from coachwork.ports import Prompt, PromptRole
from tests.openai_asks import ask

TOPIC = topic_of("rest")


def opened(think: float = 0.0) -> Chat[Insight]:
    """Return a new session with the coach."""
    coach = Coach(Memory(), Listener(think), topics=[TOPIC])
    return coach.as_user("ada").start(TOPIC, context={"name": "Ada"})


def test_it_quotes_and_asks() -> None:
    """It gives back the longest sentence and asks something; of few words it wants more."""
    chat = opened()
    assert chat.greeting is not None
    assert "rest" in chat.greeting.text
    reply = chat.send("Well. I never stop working\n at night! No.").message.text
    assert "“I never stop working at night!”" in reply
    assert reply.endswith("?")
    again = chat.send("I don't know.").message.text
    assert "I don't know" not in again
    assert again.endswith("?")


def test_a_long_sentence_is_shortened() -> None:
    """What is quoted fits into a few lines."""
    reply = opened().send("so " * 300).message.text
    assert len(reply) < 300
    assert "…”" in reply


def test_it_welcomes_back_with_the_last_words() -> None:
    """Whoever has said nothing yet is asked what there is to say."""
    chat = opened()
    chat.pause()
    first = chat.resume().message
    assert first is not None
    assert first.text == "Welcome back. What is on your mind?"
    chat.send("I never stop working.")
    chat.pause()
    second = chat.resume().message
    assert second is not None
    assert "“I never stop working.”" in second.text


def test_it_ends_after_some_turns() -> None:
    """The last turn ends the conversation; it answers the question for a step to take."""
    chat = opened()
    turns = [chat.send(f"{number}. I say this. And that") for number in range(MOST_TURNS)]
    assert [turn.is_final for turn in turns] == [False] * (MOST_TURNS - 1) + [True]
    assert turns[-1].result == Insight(["I say this."] * MOST_TURNS, "And that")


def test_it_ends_earlier_when_much_was_said() -> None:
    """Somebody who writes much is not kept waiting for the last turn."""
    chat = opened()
    turns = [chat.send("word " * (ENOUGH_WORDS // 4 + 1)) for _ in range(4)]
    assert [turn.is_final for turn in turns] == [False, False, False, True]


def test_completing_yields_a_result_too() -> None:
    """The owner may end it at any time."""
    chat = opened()
    chat.send("I never stop working.")
    assert chat.complete().result == Insight(["I never stop working."], None)


def test_it_may_take_its_time() -> None:
    """An answer takes as long as it is told to."""
    began = monotonic()
    opened(think=0.05)
    assert monotonic() - began >= 0.05


def test_it_is_told_what_the_topic_is() -> None:
    """Whatever the topic is called; where nobody tells it, it can do without."""
    for name in ("the “{new}” house", "{name}"):
        coach = Coach(Memory(), Listener(), topics=[topic_of(name)])
        chat = coach.as_user("ada").start(topic_of(name), context={"name": "Ada"})
        assert f"Let us talk about {name}." in chat.greeting.text
    told = ask(Prompt(PromptRole.INSTRUCTION, "Greet them."), purpose=JobKind.GREETING)
    assert "talk about it." in str(Listener().complete(told).text)


def test_a_language_model_is_told_everything() -> None:
    """Who it talks with and about what, how to end, and what to write down."""
    scripted = ScriptedModel(["Hello.", final(), json.dumps({"said": ["I am"], "next_step": None})])
    coach = Coach(Memory(), scripted, topics=[TOPIC])
    turn = coach.as_user("ada").start(TOPIC, context={"name": "Ada"}).send("Bye.")
    assert turn.result == Insight(["I am"], None)
    greeting, reply, extraction = scripted.asked
    assert "Ada wants to think about “rest”" in greeting.messages[0].text
    assert greeting.messages[-1].text.startswith("Ada is here. Greet them")
    assert "final" in reply.messages[0].text
    assert "Ada wants to keep what it yielded" in extraction.messages[-1].text
    assert "next_step: what they mean to do next" in extraction.messages[-1].text


def test_who_tells_no_name_is_spoken_of_in_whole_sentences() -> None:
    """What they are called stands at the beginning of a sentence wherever it stands."""
    topic = topic_of("rest")
    told = [text.replace("{name}", SOMEBODY) for text in (topic.system, topic.initiation or "")]
    told.append((topic.extraction or "").replace("{name}", SOMEBODY))
    assert told[0].startswith("You are a coach. The person wants to think about “rest”")
    for text in told:
        assert SOMEBODY in text
        for before in text.split(SOMEBODY)[:-1]:
            assert before == "" or before.endswith(". ")


def test_a_topic_needs_a_name() -> None:
    """A name that cannot be an id is refused."""
    with pytest.raises(ValidationError, match=r"^topic\.id: "):
        topic_of(" ")


def test_a_result_tells_nothing_by_accident() -> None:
    """What a person said is in no representation."""
    assert "secret" not in repr(Insight(["secret"], "secret"))
