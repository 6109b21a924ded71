"""A summary without a model."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.adapters import ExtractiveSummarizer
from coachwork.adapters._summarizer import MAX_SENTENCE, MAX_SUMMARY
from coachwork.messages import Message, Role
from tests.specimens import NOON, TEXTS


def said(*texts: str) -> list[Message]:
    """Return messages; the coach's begin with ``Coach:``."""
    return [
        Message(
            tenant="t",
            user="u",
            session="s",
            sequence=n,
            role=Role.COACH if text.startswith("Coach: ") else Role.USER,
            text=text.removeprefix("Coach: "),
            at=NOON,
            job="j",
        )
        for n, text in enumerate(texts, 1)
    ]


def summary(*texts: str, previous: str | None = None) -> str:
    """Return the summary of these messages."""
    return ExtractiveSummarizer().summarize(previous, said(*texts))


@pytest.mark.parametrize(
    "texts, told",
    [
        ((), ""),
        (("I value honesty. And more.",), "They said: I value honesty."),
        (("I value\n\n  honesty",), "They said: I value honesty"),
        (("Yes.", "I value honesty!", "No"), "They said: I value honesty!"),
        (("Yes.", "No"), "They said: Yes. They said: No"),
        (("Coach: Well done.",), ""),
        (("Coach: Good. What next? Tell me.",), "You had asked: What next?"),
        (("Coach: What first?", "Coach: What next?"), "You had asked: What next?"),
        (("Coach: What first?", "Coach: Well done."), "You had asked: What first?"),
        (("Coach: What? Why? So.",), "You had asked: Why?"),
        (
            ("Coach: What matters?", "I value honesty."),
            "They said: I value honesty. You had asked: What matters?",
        ),
        (("I value you\u2026 and others",), "They said: I value you\u2026"),
    ],
)
def test_it_keeps_what_was_said_and_asked(texts: tuple[str, ...], told: str) -> None:
    """First sentences of the user, and the last question of the coach."""
    assert summary(*texts) == told


def test_it_rolls() -> None:
    """The previous summary comes first."""
    first = summary("I value honesty.")
    assert summary("I run every day.", previous=first) == f"{first} They said: I run every day."


def test_a_long_sentence_is_cut() -> None:
    """No sentence takes all the room."""
    text = "very " * 100
    assert summary(text) == f"They said: {text[: MAX_SENTENCE - 1]}\u2026"
    assert len(summary(f"Coach: {text}?")) <= len("You had asked: ") + MAX_SENTENCE


def test_the_newest_is_kept_when_it_grows_too_long() -> None:
    """The oldest part is cut at its beginning, or left out when little of it would be left."""
    texts = [f"Sentence number {n} says something more than a few words." for n in range(60)]
    told = summary(*texts, previous="x" * 400)
    assert len(told) <= MAX_SUMMARY
    assert told.endswith(f"They said: {texts[-1]}")
    assert "number 0 " not in told
    long = summary("I value honesty.", previous="x" * 5000)
    assert len(long) <= MAX_SUMMARY
    assert long.startswith("\u2026xxx")
    assert long.endswith("xxx They said: I value honesty.")


def test_a_previous_summary_of_any_length_stands_alone() -> None:
    """Without anything new it is cut to the length of a summary."""
    alone = summary(previous="x" * 5000)
    assert len(alone) <= MAX_SUMMARY
    assert alone == "\u2026" + "x" * (len(alone) - 1)


@given(st.none() | TEXTS, st.lists(st.tuples(st.booleans(), TEXTS)))
def test_it_never_raises_and_never_grows(
    previous: str | None, texts: list[tuple[bool, str]]
) -> None:
    """Whatever was said, there is a summary of bounded length, always the same one."""
    messages = said(*(f"Coach: {text}" if coach else text for coach, text in texts))
    told = ExtractiveSummarizer().summarize(previous, messages)
    assert len(told) <= MAX_SUMMARY
    assert told == ExtractiveSummarizer().summarize(previous, messages)


def test_the_async_form_is_the_same() -> None:
    """The same summary, awaited."""
    messages = said("I value honesty.")
    told = asyncio.run(ExtractiveSummarizer().for_async().summarize("So far.", messages))
    assert told == "So far. They said: I value honesty."
