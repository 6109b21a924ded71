"""A coach without network that says what it was told to say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeAlias

from coachwork.errors import LLMError
from coachwork.plain import to_json
from coachwork.ports import Answer, Ask

Scripted: TypeAlias = str | Answer | BaseException
"""What a script holds: a text, a whole answer, or an error to raise."""


def final(result: object = None, message: str = "Thank you. That was good work.") -> str:
    """Return a final reply, as a model would write it.

    Args:
        result: What the session yielded: a value of the topic's result type, or plain data; left
            out where it is None, so that it has to be extracted.
        message: What the coach says.
    """
    reply: dict[str, object] = {"message": message, "is_final": True}
    if result is not None:
        reply["result"] = to_json(result)
    return json.dumps(reply)


class ScriptedModel:
    """A language model that follows a script: a list of replies, or a function.

    Attributes:
        asked: Everything that it was asked, in order.
    """

    def __init__(self, script: Iterable[Scripted] | Callable[[Ask], Scripted]) -> None:
        """Take the replies in order, or a function of what is asked."""
        self.asked: list[Ask] = []
        self._lock = Lock()
        if callable(script):
            self._next: Callable[[Ask], Scripted] = script
        else:
            replies = iter(script)
            self._next = lambda _ask: next(replies, _USED_UP)

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`.

        Raises:
            LLMError: The script is used up.
            BaseException: What the script says.
        """
        with self._lock:
            self.asked.append(ask)
            said = self._next(ask)
        if isinstance(said, BaseException):
            raise said.with_traceback(None)
        return Answer(text=said) if isinstance(said, str) else said

    def for_async(self) -> AsyncScriptedModel:
        """Return the same script for an async coach."""
        return AsyncScriptedModel(self)


_USED_UP = LLMError("the script is used up")


class AsyncScriptedModel:
    """The same script, awaited."""

    def __init__(self, model: ScriptedModel) -> None:
        """Stand before *model*."""
        self._model = model

    async def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        return self._model.complete(ask)
