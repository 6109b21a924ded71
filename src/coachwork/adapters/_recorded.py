"""A coach without network that says what a coach once said."""

from __future__ import annotations

from collections.abc import Mapping

from coachwork.errors import LLMError
from coachwork.ports import Answer, Ask


class RecordedModel:
    """A language model that replays a recorded conversation, by turns.

    What it says depends on nothing but the turn, so another process can go on in the middle.
    """

    def __init__(self, replies: Mapping[int, str]) -> None:
        """Take the coach's words by turn: 0 is the greeting, 1 the reply to the first message."""
        self._replies = dict(replies)

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`.

        Raises:
            LLMError: The recording has no reply to that turn.
        """
        reply = self._replies.get(ask.turn)
        if reply is None:
            raise LLMError("the recording has no reply here")
        return Answer(text=reply)

    def for_async(self) -> AsyncRecordedModel:
        """Return the same recording for an async coach."""
        return AsyncRecordedModel(self)


class AsyncRecordedModel:
    """The same recording, awaited."""

    def __init__(self, model: RecordedModel) -> None:
        """Stand before *model*."""
        self._model = model

    async def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        return self._model.complete(ask)
