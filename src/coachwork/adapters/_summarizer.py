"""A summary without a model: what the person said, in their own first sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from coachwork.messages import Message, Role

MAX_SUMMARY: Final = 1200
"""The most characters of a summary."""

MAX_SENTENCE: Final = 160
"""The most characters of one sentence in it."""

_END: Final = re.compile(r"(?<=[.!?…])\s")
_FEW_WORDS: Final = 3


class ExtractiveSummarizer:
    """Keeps the first sentence of what the user said, and the coach's last question.

    The newest sentences are kept whole when the summary grows too long. Answers of a word or two
    say nothing by themselves and are left out, unless there is nothing else.
    """

    def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """See `coachwork.ports.Summarizer.summarize`."""
        said = [_first_sentence(m.text) for m in messages if m.role is Role.USER]
        telling = [text for text in said if len(text.split()) >= _FEW_WORDS] or said
        kept = [] if previous is None else [previous]
        kept += [f"They said: {text}" for text in telling]
        asked = [m.text for m in messages if m.role is Role.COACH and "?" in m.text]
        if asked:
            kept.append(f"You had asked: {_last_question(asked[-1])}")
        return _newest(kept)

    def for_async(self) -> AsyncExtractiveSummarizer:
        """Return the same for an async coach."""
        return AsyncExtractiveSummarizer(self)


class AsyncExtractiveSummarizer:
    """The same, awaited."""

    def __init__(self, summarizer: ExtractiveSummarizer) -> None:
        """Stand before *summarizer*."""
        self._summarizer = summarizer

    async def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """See `coachwork.ports.Summarizer.summarize`."""
        return self._summarizer.summarize(previous, messages)


def _first_sentence(text: str) -> str:
    """Return the first sentence of *text*, cut where it is too long."""
    return _cut(_END.split(" ".join(text.split()), maxsplit=1)[0])


def _last_question(text: str) -> str:
    """Return the last sentence of *text* that asks something, cut where it is too long."""
    sentences = _END.split(" ".join(text.split()))
    return _cut([sentence for sentence in sentences if "?" in sentence][-1])


def _cut(text: str) -> str:
    """Return *text*, at most as long as a sentence may be."""
    return text if len(text) <= MAX_SENTENCE else f"{text[: MAX_SENTENCE - 1]}…"


def _newest(parts: Sequence[str]) -> str:
    """Return as many of the last *parts* as a summary may hold."""
    summary = ""
    for part in reversed(parts):
        longer = f"{part} {summary}" if summary else part
        if len(longer) > MAX_SUMMARY:
            room = MAX_SUMMARY - len(summary) - 2
            return f"…{part[-room:]} {summary}".rstrip() if room > MAX_SENTENCE else summary
        summary = longer
    return summary
