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
        self._next = script if callable(script) else _in_order(script)

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`.

        Raises:
            LLMError: The script is used up.
            BaseException: What the script says.
        """
        self.asked.append(ask)
        said = self._next(ask)
        if isinstance(said, BaseException):
            raise said.with_traceback(None)
        return Answer(text=said) if isinstance(said, str) else said

    def for_async(self) -> AsyncScriptedModel:
        """Return the same script for an async coach."""
        return AsyncScriptedModel(self)


def _in_order(script: Iterable[Scripted]) -> Callable[[Ask], Scripted]:
    """Return a function that goes through *script*, and then fails, each time anew."""
    replies, lock = iter(script), Lock()

    def following(_ask: Ask) -> Scripted:
        with lock:  # two threads must not get one reply, nor meet in one generator
            for said in replies:
                return said
        return LLMError("the script is used up")

    return following


class AsyncScriptedModel:
    """The same script, awaited."""

    def __init__(self, model: ScriptedModel) -> None:
        """Stand before *model*."""
        self._model = model

    async def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        return self._model.complete(ask)
