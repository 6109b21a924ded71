"""What `chat` talks about, and a coach for it that needs neither a model nor a network.

The topic is the same whoever answers: a conversation that the listening coach began can be gone on
with by a language model, by a worker, in another process.
"""

from __future__ import annotations

import json
import re
from time import sleep
from typing import Final

from attrs import field, frozen

from coachwork.adapters import final
from coachwork.jobs import JobKind
from coachwork.plain import to_json
from coachwork.ports import Answer, Ask, PromptRole
from coachwork.topics import Topic

MOST_TURNS: Final = 8
"""After so many turns the listening coach brings the conversation to its end."""

ENOUGH_TURNS: Final = 4
"""It may end after so many, if the person has written much."""

SOMEBODY: Final = "The person"
"""What the coach calls a person who told no name, at the beginning of a sentence."""

ENOUGH_WORDS: Final = 150
"""What it takes for much."""

_FEW_WORDS: Final = 4
_LONGEST_QUOTE: Final = 120
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])\s+")
_ABOUT: Final = re.compile(r"about “(.*)”\.$", re.DOTALL)

_QUESTIONS: Final = (
    "What makes that important to you?",
    "What would it look like if it went well?",
    "What have you tried so far, and what did you learn from it?",
    "What is in your hands here, and what is not?",
    "What would you tell a friend who stood where you stand?",
    "What would you have to let go of?",
    "What is the smallest step that you could take tomorrow?",
)

# The name begins a sentence wherever it stands: it may be `SOMEBODY`.
_SYSTEM: Final = (
    "You are a coach. {{name}} wants to think about “{about}” with you. Listen: say in one "
    "sentence what you have heard, then ask one open question, and only one. Give no advice and "
    "no lists. Write warmly and plainly, three sentences at the most, in the language in which "
    "they write. When they have found a next step, or want to stop, say goodbye in two sentences "
    "at the most, and mark that reply as final."
)
_INITIATION: Final = (
    "{{name}} is here. Greet them in one or two sentences, and ask what is on their mind about "
    "“{about}”."
)
_EXTRACTION: Final = (
    "The conversation has ended. {name} wants to keep what it yielded: write it down, as JSON of "
    "the form that was asked for and nothing else. said: what they found out or came to see, one "
    "short sentence for each, in their own words. next_step: what they mean to do next, or null if "
    "they settled on nothing. Add nothing of your own."
)


@frozen
class Insight:
    """What a conversation yields: the person's own words.

    Attributes:
        said: What matters of it; of the listening coach, the gist of each message.
        next_step: What they mean to do next, if they came so far.
    """

    said: list[str] = field(repr=False)
    next_step: str | None = field(repr=False)


def topic_of(name: str) -> Topic[Insight]:
    """Return the topic of that *name*.

    Raises:
        ValidationError: The name cannot be the id of a topic.
    """
    about = name.replace("{", "{{").replace("}", "}}")
    return Topic(
        id=name,
        title=name,
        system=_SYSTEM.format(about=about),
        initiation=_INITIATION.format(about=about),
        extraction=_EXTRACTION,
        result=Insight,
    )


class Listener:
    """The listening coach, on any topic of `topic_of`."""

    def __init__(self, think: float = 0.0) -> None:
        """Let it take *think* seconds to answer."""
        self._think = think

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        sleep(self._think)
        return Answer(text=_answer(ask))


def _answer(ask: Ask) -> str:
    """Return what it says."""
    said = [part.text for part in ask.messages if part.role is PromptRole.USER]
    match ask.purpose:
        case JobKind.GREETING:
            return f"Hello. Let us talk about {_about(ask)}. What is on your mind?"
        case JobKind.WELCOME_BACK:
            return _welcome_back(said)
        case JobKind.EXTRACTION:
            return json.dumps(to_json(_insight(said)))
        case _:
            return _reply(said, ask.turn)


def _about(ask: Ask) -> str:
    """Return what the instruction to greet says that it is about."""
    told = _ABOUT.search(ask.messages[-1].text)
    return told[1] if told else "it"


def _welcome_back(said: list[str]) -> str:
    """Return how somebody is welcomed back who had *said* that."""
    if not said:
        return "Welcome back. What is on your mind?"
    return f"Welcome back. The last thing you wrote was: “{_gist(said[-1])}” What is new since?"


def _reply(said: list[str], turn: int) -> str:
    """Return the reply to what was *said*; after enough of it, a final one."""
    words = sum(len(text.split()) for text in said)
    if turn >= MOST_TURNS or (turn >= ENOUGH_TURNS and words >= ENOUGH_WORDS):
        return final(
            message=f"“{_gist(said[-1])}” Let that stand as the last word for now. You have come "
            "a good way; below is what you said, to keep."
        )
    question = _QUESTIONS[(turn - 1) % len(_QUESTIONS)]
    if len(said[-1].split()) < _FEW_WORDS:
        return f"Take your time; a little more would help me to see it. {question}"
    return f"I hear you say: “{_gist(said[-1])}” {question}"


def _insight(said: list[str]) -> Insight:
    """Return what a conversation yielded in which that was *said*."""
    # Only who came to the last question was asked for a step.
    asked = len(said) >= MOST_TURNS
    last = _SENTENCE_END.split(" ".join(said[-1].split()))[-1]
    return Insight([_gist(text) for text in said], _cut(last) if asked else None)


def _gist(text: str) -> str:
    """Return the longest sentence of *text*."""
    return _cut(max(_SENTENCE_END.split(" ".join(text.split())), key=len))


def _cut(text: str) -> str:
    """Return *text*, shortened where it is too long to be quoted."""
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1].rstrip()}…"
