"""A coach without network that says what it was told to say."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Final, TypeAlias

from coachwork.errors import LLMError, MisuseError
from coachwork.plain import to_json
from coachwork.ports import Answer, Ask

Scripted: TypeAlias = str | Answer | BaseException
"""What a script holds: a text, a whole answer, or an error to raise."""

_WORD: Final = re.compile(r"\s*\S+|\s+$")


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

    A text of a list is written word by word where somebody listens (`Ask.sink`). A function is
    handed the sink with the ask, and may write what it likes.

    Attributes:
        asked: Everything that it was asked, in order.
    """

    def __init__(self, script: Iterable[Scripted] | Callable[[Ask], Scripted] = ()) -> None:
        """Take the replies in order, or a function of what is asked.

        Raises:
            MisuseError: It is one text.
        """
        if isinstance(script, str):
            raise MisuseError("a script is a list of replies: put the text into one")
        self.asked: list[Ask] = []
        self._replies: _Replies | None = None
        if callable(script):
            self._say = script
        else:
            self._replies = _Replies(script)
            self._say = self._replies.say

    def add(self, *replies: Scripted) -> None:
        """Say these, too, after all that the list has.

        Raises:
            MisuseError: The script is a function.
        """
        if self._replies is None:
            raise MisuseError("the script is a function: nothing can be added to it")
        self._replies.add(replies)

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`.

        Raises:
            LLMError: The script is used up.
            BaseException: What the script says.
        """
        self.asked.append(ask)
        said = self._say(ask)
        if isinstance(said, BaseException):
            raise said.with_traceback(None)
        return Answer(text=said) if isinstance(said, str) else said

    def for_async(self) -> AsyncScriptedModel:
        """Return the same script for an async coach."""
        return AsyncScriptedModel(self)


class _Replies:
    """A list of replies, which are said in order; then it fails, each time anew."""

    def __init__(self, replies: Iterable[Scripted]) -> None:
        self._replies = iter(replies)
        self._more: deque[Scripted] = deque()
        self._lock = Lock()

    def add(self, replies: Iterable[Scripted]) -> None:
        """Say these after all others."""
        self._more.extend(replies)

    def say(self, ask: Ask) -> Scripted:
        """Return the next reply; a text is written word by word where somebody listens."""
        with self._lock:  # two threads must not get one reply, nor meet in one generator
            said = self._following()
        if isinstance(said, str) and ask.sink is not None:
            for word in _WORD.findall(said):
                ask.sink(word)
        return said

    def _following(self) -> Scripted:
        for said in self._replies:
            return said
        return self._more.popleft() if self._more else LLMError("the script is used up")


class AsyncScriptedModel:
    """The same script, awaited."""

    def __init__(self, model: ScriptedModel) -> None:
        """Stand before *model*."""
        self._model = model

    async def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        return self._model.complete(ask)
