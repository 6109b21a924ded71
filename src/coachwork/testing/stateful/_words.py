"""What the model says when it is asked, by name, and what that comes to (brief, section 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from coachwork.errors import LLMError, LLMTimeoutError
from coachwork.messages import NO_USAGE, Usage
from coachwork.plain import JSON
from coachwork.ports import Answer


class InterruptionError(BaseException):
    """The call that waits for the model is stopped, as by Ctrl-C; no application catches it."""


@frozen
class Words:
    """What the model says.

    Attributes:
        answer: The answer that its port gives, or what it raises.
        message: What the coach is to say, or None where it is no reply.
        is_final: Whether the reply says that it is final.
        result: The result in it, as plain data, where it fits the topic's type.
        code: Why it is nothing of use, or None.
        pause: For how many seconds the provider wants to be left alone, or None.
        usage: What it cost, as it is kept.
        actions: What is to be done, as plain data.
    """

    answer: Answer | BaseException
    message: str | None = None
    is_final: bool = False
    result: Mapping[str, Any] | None = None
    code: str | None = None
    pause: float | None = None
    usage: Usage = NO_USAGE
    actions: Sequence[Mapping[str, JSON]] = ()


FLINT: Final[Mapping[str, JSON]] = {"type": "add", "parameters": {"name": "flint"}}
SLATE: Final[Mapping[str, JSON]] = {"type": "add", "parameters": {"name": "slate"}}
SHAKE: Final[Mapping[str, JSON]] = {"type": "shake"}
SHUT: Final[Mapping[str, JSON]] = {"type": "shut", "parameters": {}}
FLY: Final[Mapping[str, JSON]] = {"type": "fly", "parameters": {"high": True}}
BARE: Final[Mapping[str, JSON]] = {"type": "add"}
BUTTONS: Final[Mapping[str, Mapping[str, JSON]]] = {
    "flint": FLINT,
    "slate": SLATE,
    "shake": SHAKE,
    "shut": SHUT,
    "fly": FLY,
    "bare": BARE,
}
"""What users may click, by name; two of them are on no list and not whole."""
HONEST: Final = {"values": ["honesty"], "sure": 1.0}
BRAVE: Final = {"values": ["courage", "{name}"], "sure": 0.5}
_COST: Final = Usage(10, 5, 1)
_NONSENSE: Final = Usage(-1, 10**30, 3)
_KEPT: Final = Usage(0, 10**15, 3)


def _says(reply: Mapping[str, Any], **read: Any) -> Words:  # noqa: ANN401 - fields of Words
    """Return what a model says in JSON, and what is read of it."""
    answer = Answer(text=json.dumps(reply), usage=_COST)
    return Words(answer, message=reply["message"], usage=_COST, **read)


def _fails(code: str, *, finish: str = "stop", text: str | None = "{") -> Words:
    """Return an answer that is no reply, for which *code* is told."""
    return Words(Answer(text=text, finish=finish, usage=_COST), code=code, usage=_COST)


def _raises(error: BaseException, code: str | None, pause: float | None = None) -> Words:
    """Return what the port of the model raises, for which *code* is told."""
    return Words(error, code=code, pause=pause)


IN_ANY_CASE: Final[Mapping[str, Words]] = {
    "babbles": _fails("BAD_REPLY"),
    "is silent": _fails("EMPTY_REPLY", text=" \N{ZERO WIDTH SPACE}"),
    "is cut off": _fails("LENGTH", finish="length"),
    "is held back": _fails("CONTENT_FILTER", finish="content_filter"),
    "breaks off": _fails("LLM_ERROR", finish="error", text=None),
    "is late": _raises(LLMTimeoutError(), "LLM_TIMEOUT"),
    "is late and tired": _raises(LLMTimeoutError(retry_after=90), "LLM_TIMEOUT", 90.0),
    "takes too long": _raises(TimeoutError("slow"), "LLM_TIMEOUT"),
    "fails": _raises(LLMError(retry_after=3), "LLM_ERROR", 3.0),
    "refuses": _raises(LLMError(reason="CONTENT_FILTER"), "CONTENT_FILTER"),
    "breaks down": _raises(ConnectionError("gone"), "LLM_ERROR"),
    "is stopped": _raises(InterruptionError(), None),
}
"""What the model may do instead of what it was asked for."""

SAYS: Final[Mapping[str, Words]] = {
    "talks": Words(Answer(text="Go on.", usage=_COST), "Go on.", usage=_COST),
    "talks in JSON": _says({"message": "And\n\N{WOMAN}?", "is_final": False, "mood": None}),
    "talks in a fence": Words(
        Answer(text='```json\n{"message": "{name}?"}\n```'), message="{name}?"
    ),
    "talks in data": Words(Answer(data={"message": "Hm."}, usage=_NONSENSE), "Hm.", usage=_KEPT),
    "ends": _says({"message": "Bye.", "is_final": True}, is_final=True),
    "ends with a result": _says(
        {"message": "So it is.", "is_final": True, "result": BRAVE}, is_final=True, result=BRAVE
    ),
    "ends with a misfit": _says(
        {"message": "Well.", "is_final": True, "result": {"values": 7}}, is_final=True
    ),
    "acts": _says(
        {"message": "Look.", "is_final": False, "actions": [FLINT, SHAKE, FLY, BARE, FLINT]},
        actions=(FLINT, SHAKE, FLY, BARE, FLINT),
    ),
    "shuts and ends": _says(
        {"message": "Enough.", "is_final": True, "actions": [SLATE, SHUT, SLATE]},
        is_final=True,
        actions=(SLATE, SHUT, SLATE),
    ),
    **IN_ANY_CASE,
}
"""What the model may do when it is asked to say something."""

EXTRACTS: Final[Mapping[str, Words]] = {
    "extracts": Words(Answer(text=json.dumps(HONEST), usage=_COST), result=HONEST, usage=_COST),
    "extracts in an envelope": Words(
        Answer(text=json.dumps({"message": "Here:", "result": BRAVE})), result=BRAVE
    ),
    "extracts a misfit": _fails("BAD_REPLY", text='{"values": 7}'),
    "chats": _fails("BAD_REPLY", text="They value honesty."),
    **IN_ANY_CASE,
}
"""What the model may do when it is asked for the result."""
