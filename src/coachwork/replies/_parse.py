r"""What the model's answer says: a reply, or why it is none (brief, section 4).

Finality, actions and a result count only when JSON, bare or in one fence, is the whole reply. So
nothing that a user types, and no quote of it by the coach, can end a session or trigger an action.
What begins as JSON and does not parse, or is of the wrong shape, is a bad reply and never shown;
all else is text, a list without objects too.

The strictness is that of the research on bad input: no duplicate keys, no NaN, no infinity, no
text that a repository could not keep (lone surrogates, NUL), a bound on size, depth and digits.
An action among others that breaks these rules, but for the bound on size, is no reason to lose the
message: what it holds is left out, and the program refuses it alone.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum
from itertools import chain
from typing import Final, NamedTuple, cast

from attrs import define, field, frozen

from coachwork.messages import is_blank
from coachwork.plain import JSON

MAX_REPLY_BYTES: Final = 40_000
"""The most bytes of UTF-8 that a reply may take."""

MAX_DEPTH: Final = 32
"""How deep lists and objects of a reply may stand in each other."""

MAX_DIGITS: Final = 300
"""The most digits that an integer of a reply may have."""

LEFT_OUT: Final = "left out: it held what no JSON or no repository can hold"
"""What stands as the parameters of an action that cannot be kept as it came."""


class BadReplyCode(StrEnum):
    """Why an answer of the model is no reply; each is a word of `coachwork.jobs.ErrorCode`."""

    EMPTY_REPLY = "EMPTY_REPLY"
    BAD_REPLY = "BAD_REPLY"
    LENGTH = "LENGTH"
    CONTENT_FILTER = "CONTENT_FILTER"
    LLM_ERROR = "LLM_ERROR"


class Absent(Enum):
    """The type of `ABSENT`: no result was given, which is not the same as a null one."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@frozen(kw_only=True)
class Reply:
    """A reply of the coach.

    Attributes:
        message: What the coach says; not blank.
        is_final: Whether the coach ends the session with it.
        actions: What the coach wants to be done, as it came; what is no object stands as the
            parameters of an action without a type, which no program has. Where one cannot be kept
            its parameters are `LEFT_OUT`, which no action takes.
        result: What the conversation yielded, as it came, or `ABSENT`.
        structured: Whether the reply was JSON; False for plain text.
    """

    message: str = field(repr=False)
    is_final: bool = False
    actions: tuple[Mapping[str, JSON], ...] = field(default=(), repr=False)
    result: JSON | Absent = field(default=ABSENT, repr=False)
    structured: bool = False


@frozen
class BadReply:
    """An answer that is no reply; nothing of it is kept here.

    Attributes:
        code: Why, for programs.
        reason: Why, as a sentence without anything of the answer.
    """

    code: BadReplyCode
    reason: str


_FAILED: Final[Mapping[str, BadReply]] = {
    "length": BadReply(BadReplyCode.LENGTH, "The model's answer was cut off at its length limit."),
    "content_filter": BadReply(
        BadReplyCode.CONTENT_FILTER, "The model's answer was held back by a content filter."
    ),
    "error": BadReply(BadReplyCode.LLM_ERROR, "The model ended its answer with an error."),
}


def parse_reply(text: str | None, data: object, finish: str) -> Reply | BadReply:
    """Read an answer of the model as a reply of the coach.

    Args:
        text: What the model wrote, or None.
        data: What it gave as native structured output, or None; when there is some, it alone is
            judged.
        finish: How it ended: ``stop``, ``length``, ``content_filter`` or ``error``.

    Returns:
        The reply, or why there is none. No input whatever makes it raise.
    """
    try:
        return _reply(_answer(text, data, finish))
    except _Refused as refused:
        return refused.bad


def parse_result(text: str | None, data: object, finish: str) -> JSON | BadReply:
    """Read an answer of the model as the result of a conversation.

    The whole answer must be one JSON value, bare or in one fence.

    Args:
        text: As for `parse_reply`.
        data: As for `parse_reply`.
        finish: As for `parse_reply`.

    Returns:
        The value, or why there is none. No input whatever makes it raise.
    """
    try:
        answer = _answer(text, data, finish)
        return _sound(answer.native if answer.is_native else _parsed(_candidate(answer.text)))
    except _Refused as refused:
        return refused.bad


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    """The answer is no reply."""

    def __init__(self, reason: str, code: BadReplyCode = BadReplyCode.BAD_REPLY) -> None:
        super().__init__()
        self.bad = BadReply(code, reason)


# --- what is judged ----------------------------------------------------------------------------


class _Answer(NamedTuple):
    """An answer that may be judged at all: structured output, or else text."""

    text: str
    native: object
    is_native: bool


def _answer(text: str | None, data: object, finish: str) -> _Answer:
    if finish in _FAILED:
        raise _Refused(_FAILED[finish].reason, _FAILED[finish].code)
    if finish != "stop":
        raise _Refused("The model ended its answer in an unknown way.")
    if data is not None:
        return _Answer("", data, is_native=True)
    return _Answer(_sized("" if text is None else text), None, is_native=False)


def _sized(text: str) -> str:
    if _size(text) > MAX_REPLY_BYTES:
        raise _TooLong
    if is_blank(text):
        raise _Refused("The model's answer is empty.", BadReplyCode.EMPTY_REPLY)
    return text


def _size(text: str) -> int:
    """Return the bytes that a text takes in UTF-8, if it is one that any repository can keep."""
    # A character takes a byte at least, so that a huge text is refused without encoding it.
    if len(text) > MAX_REPLY_BYTES:
        raise _TooLong
    if "\0" in text:
        raise _Refused(_NO_TEXT)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise _Refused(_NO_TEXT) from None


class _TooLong(_Refused):
    """The answer is longer than any may be."""

    def __init__(self) -> None:
        super().__init__(f"The model's answer is longer than {MAX_REPLY_BYTES} bytes.")


_NO_TEXT: Final = "The model's answer holds NUL characters or lone surrogates."


# --- text that may be JSON ---------------------------------------------------------------------

# A fence without a language, or with that of JSON; what it holds may stand on the same line.
# Patterns are compiled when they are first used: importing this library is to be quick.
_FENCE: Final = r"(?i)(`{3,})[ \t]*(?:json(?![^\s{\[])[^\n{\[]*)?(?:\r?\n|(?=[{\[]))"
_BEGINS: Final = r'\{|\[\s*[{"]'
_BYTE_ORDER_MARK: Final = "\ufeff"


class _Candidate(NamedTuple):
    """A text looked at as JSON that may stand in a fence.

    Attributes:
        body: What would have to be JSON for the whole text to be.
        is_whole: False where a fence is not closed at the end.
    """

    body: str
    is_whole: bool

    @property
    def begins(self) -> bool:
        """Whether it begins as JSON, so that it must not be shown as text."""
        return re.match(_BEGINS, self.body) is not None


def _candidate(text: str) -> _Candidate:
    body = text.strip().strip(_BYTE_ORDER_MARK).strip()
    opened = re.match(_FENCE, body)
    if opened is None:
        return _Candidate(body, is_whole=True)
    inside = body[opened.end() :]
    rest = inside.removesuffix(opened[1])
    return _Candidate(rest.strip(), is_whole=rest != inside and not rest.endswith("`"))


def _parsed(candidate: _Candidate) -> object:
    """Return the value that a text is; what JSON has not stays in it, for `_sound` to find."""
    if not candidate.is_whole:
        raise _Refused(_NOT_WHOLE)
    try:
        value: object = json.loads(
            candidate.body, object_pairs_hook=_object, parse_int=_integer, parse_constant=float
        )
    except (ValueError, RecursionError):
        raise _Refused(_NOT_WHOLE) from None
    return value


_NOT_WHOLE: Final = "The model's answer is not one strict JSON value."


class _Doubled(dict[str, object]):
    """An object that names a field twice."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Doubled(found)


def _integer(digits: str) -> float:
    """Return a number; one of too many digits, which would take its time, as one that is none."""
    return int(digits) if len(digits) <= MAX_DIGITS + 1 else math.inf


# --- values ------------------------------------------------------------------------------------

_TOO_BIG: Final = 10**MAX_DIGITS


def _sound(data: object) -> JSON:
    """Return *data* if it is JSON that any repository can keep, and not too much of it."""
    _check(data, _Room())
    return cast("JSON", data)


@define
class _Room:
    """How many bytes of JSON an answer may still take."""

    left: int = MAX_REPLY_BYTES

    def take(self, cost: int) -> None:
        """Take some of it."""
        self.left -= cost
        if self.left < 0:
            raise _TooLong


def _check(data: object, room: _Room, depth: int = 1) -> None:
    """Refuse *data*, which stands at some depth, if no JSON or no repository can hold it."""
    waiting: list[tuple[object, int]] = [(data, depth)]
    while waiting:
        value, depth = waiting.pop()
        # No part is looked at before it is known that there are not too many of them.
        room.take(_cost(value))
        parts = _parts(value)
        if parts is not None:
            if depth > MAX_DEPTH:
                raise _Refused(f"The model's answer is more than {MAX_DEPTH} levels deep.")
            waiting.extend((part, depth + 1) for part in parts)


def _cost(value: object) -> int:
    """Return how many bytes of JSON a value takes at least, without those of its parts."""
    match value:
        case None | bool():
            return 4
        case str():
            return _size(value)
        case _Doubled():
            raise _Refused(_NOT_WHOLE)
        case list() | dict():
            return len(cast("list[object]", value)) + 1
        case int() if abs(value) < _TOO_BIG:
            return 1
        case float() if math.isfinite(value):
            return 1
        case _:
            raise _Refused("The model's answer holds numbers or values that JSON has not.")


def _parts(value: object) -> Iterable[object] | None:
    if isinstance(value, list):
        return cast("list[object]", value)
    if not isinstance(value, dict):
        return None
    pairs = cast("dict[object, object]", value)
    if not all(isinstance(key, str) for key in pairs):
        raise _Refused("The model's answer has keys that are no text.")
    return chain(pairs, pairs.values())


# --- the reply ---------------------------------------------------------------------------------


def _reply(answer: _Answer) -> Reply:
    if answer.is_native:
        return _structured(_whole(answer.native))
    candidate = _candidate(answer.text)
    if candidate.begins:
        value = _whole(_parsed(candidate))
        # A list of texts may be prose in brackets; objects are not for people.
        if not isinstance(value, list) or any(isinstance(part, dict) for part in value):
            return _structured(value)
    return Reply(message=answer.text)


def _whole(value: object) -> JSON:
    """Return a reply if it is sound, with what of its actions can be kept."""
    room = _Room()
    told = cast("JSON", value)
    if not isinstance(told, dict) or isinstance(told, _Doubled) or "actions" not in told:
        _check(told, room)
        return told
    actions = told["actions"]
    _check({**told, "actions": None}, room)
    if not isinstance(actions, list):
        return {**told, "actions": _kept(actions, room)}
    room.take(len(actions))
    return {**told, "actions": [_kept(action, room) for action in actions]}


def _kept(action: JSON, room: _Room) -> JSON:
    """Return an action as it came, or without what cannot be kept."""
    try:
        _check(action, room, depth=3)
    except _TooLong:
        raise
    except _Refused:
        name = action.get("type") if isinstance(action, dict) else None
        return {"type": name if _is_kept(name) else None, "parameters": LEFT_OUT}
    return action


def _is_kept(name: object) -> bool:
    """Whether something is a text that any repository can keep."""
    try:
        return isinstance(name, str) and _size(name) > 0
    except _Refused:
        return False


def _structured(value: JSON) -> Reply:
    if not isinstance(value, dict):
        raise _Refused("The model's answer is JSON, but no object.")
    message = value.get("message")
    if not isinstance(message, str) or is_blank(message):
        raise _Refused("The model's answer is JSON without a message.")
    is_final = value.get("is_final", False)
    # Only the word true ends a session: no text, no number, no null.
    if not isinstance(is_final, bool):
        raise _Refused("The model's answer has an is_final that is neither true nor false.")
    return Reply(
        message=message,
        is_final=is_final,
        actions=_actions(value.get("actions")),
        result=value.get("result", ABSENT),
        structured=True,
    )


def _actions(value: JSON) -> tuple[Mapping[str, JSON], ...]:
    """Return the actions; what is none stands among them, for a program to refuse it alone."""
    if value is None:
        return ()
    asked = value if isinstance(value, list) else [value]
    return tuple(action if isinstance(action, dict) else {"parameters": action} for action in asked)
