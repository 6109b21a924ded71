"""What models answer: replies in every accepted shape, answers that are none, and failures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

from attrs import evolve
from hypothesis import strategies as st

from coachwork.errors import LLMError, LLMTimeoutError
from coachwork.plain import JSON
from coachwork.ports import Answer
from coachwork.replies import (
    ABSENT,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_REPLY_BYTES,
    Absent,
    BadReply,
    BadReplyCode,
    Reply,
)
from coachwork.testing.strategies._plain import sound_data
from coachwork.testing.strategies._sessions import usages
from coachwork.testing.strategies._texts import FOUR_BYTES, UNSEEN, sound_texts, texts

_FENCES: Final = (
    "{}",
    " \n{}\n ",
    "\N{ZERO WIDTH NO-BREAK SPACE}{}",
    "```json\n{}\n```",
    "```\n{}\n```",
    "```JSON {}```",
    "````json\r\n{}\r\n````\n",
)
"""How a model may wrap JSON so that it is still the whole reply."""

Object: TypeAlias = dict[str, JSON]


@st.composite
def replies(
    draw: st.DrawFn,
    message: str | None = None,
    *,
    is_final: bool | None = None,
    result: JSON | Absent | None = None,
    actions: Sequence[Mapping[str, JSON]] | None = None,
) -> Answer:
    """Return a strategy of answers that are replies, in every shape that is accepted.

    Args:
        draw: Hypothesis passes it.
        message: What the coach says; any text where it is left out.
        is_final: Whether it ends the session; either where it is left out.
        result: What the session yields with it, or `coachwork.replies.ABSENT`; anything, or
            nothing, where it is left out.
        actions: What the coach wants to be done; anything, or nothing, where it is left out.
    """
    said = draw(texts()) if message is None else message
    final = draw(st.booleans()) if is_final is None else is_final
    given = draw(_results()) if result is None else result
    plain = not final and given is ABSENT and not actions and not _looks_like_json(said)
    if plain and draw(st.booleans()):
        return draw(_told(text=said))
    return draw(_shaped(draw(_objects(said, is_final=final, result=given, actions=actions))))


def extractions(result: JSON) -> st.SearchStrategy[Answer]:
    """Return a strategy of answers to the question for a result that say *result*.

    Args:
        result: The result as plain data.
    """
    return _shaped(result)


def bad_replies(*codes: BadReplyCode) -> st.SearchStrategy[Answer]:
    """Return a strategy of answers that are no replies, and are never shown.

    Args:
        codes: Why they are none; all reasons where none is given.
    """
    return _bad(codes or tuple(BadReplyCode))


@cache
def _bad(codes: tuple[BadReplyCode, ...]) -> st.SearchStrategy[Answer]:
    """Return a strategy of answers that are no replies for one of these reasons."""
    return st.sampled_from(codes).flatmap(_BAD.__getitem__)


@cache
def model_failures() -> st.SearchStrategy[Exception]:
    """Return a strategy of what the port of a language model may raise."""
    pauses = st.none() | st.floats(0, 10.0**6)
    reasons = st.sampled_from([code.value for code in BadReplyCode])
    return (
        st.builds(LLMTimeoutError, retry_after=pauses)
        | st.builds(LLMError, reason=reasons, retry_after=pauses)
        | st.sampled_from((TimeoutError, ConnectionError, RuntimeError, ValueError)).map(_raised)
    )


def _raised(of: type[Exception]) -> Exception:
    """Return an error of that class; each time a new one, since it learns where it was raised."""
    return of("a test says so")


# --- replies -----------------------------------------------------------------------------------


def _looks_like_json(text: str) -> bool:
    """Whether *text* would not be taken as a message, or not as it is, without being JSON."""
    begin = text.strip().strip("\N{ZERO WIDTH NO-BREAK SPACE}").strip()
    return begin.startswith(("{", "[", "```"))


def _objects(
    message: str,
    *,
    is_final: bool,
    result: JSON | Absent,
    actions: Sequence[Mapping[str, JSON]] | None,
) -> st.SearchStrategy[Object]:
    """Return a strategy of the objects that say this, in any order and with more than is asked."""
    wanted: Object = {"message": message}
    if is_final:
        wanted["is_final"] = True
    if not isinstance(result, Absent):
        wanted["result"] = result
    if actions is not None:
        wanted["actions"] = [dict(action) for action in actions]
    return _more().flatmap(lambda some: st.permutations([*{**some, **wanted}.items()])).map(dict)


@cache
def _results() -> st.SearchStrategy[JSON | Absent]:
    """Return a strategy of what may stand in a reply as its result, and of nothing."""
    return st.just(ABSENT) | sound_data()


@cache
def _more() -> st.SearchStrategy[Object]:
    """Return a strategy of what may stand in a reply beside what it says."""
    action = st.dictionaries(sound_texts(), sound_data(), max_size=2)
    optional: dict[str, st.SearchStrategy[Any]] = {
        "actions": st.none() | st.lists(action, max_size=2),
        "is_final": st.just(False),  # noqa: FBT003 - the value is the point
        "mood": sound_data(),
    }
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def _shaped(draw: st.DrawFn, value: JSON) -> Answer:
    """Say *value* as data, or as JSON text, bare or in a fence."""
    if value is not None and draw(st.booleans()):
        return draw(_told(data=value, text=draw(st.none() | sound_texts())))
    spaced = draw(st.sampled_from((None, 1)))
    written = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=spaced)
    fences = _FENCES if isinstance(value, dict | list) else _FENCES[:5]
    return draw(_told(text=draw(st.sampled_from(fences)).replace("{}", written, 1)))


def _told(*, text: str | None = None, data: JSON = None) -> st.SearchStrategy[Answer]:
    """Return a strategy of answers that say this, whatever they cost."""
    return _silent().map(lambda answer: evolve(answer, text=text, data=data))


@cache
def _silent() -> st.SearchStrategy[Answer]:
    """Return a strategy of answers that say nothing yet, with what they cost."""
    return st.builds(Answer, usage=usages(), request_id=st.none() | sound_texts())


# --- what is no reply --------------------------------------------------------------------------

_DEEP: Final = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
_BROKEN: Final = (
    '{"message": "cut o',
    '```json\n{"message": "no end"}',
    '{"message": "one"} and more',
    '{"message": "one", "message": "two"}',
    '{"message": NaN}',
    '{"message": "x", "sure": Infinity}',
    '{"message": "\\ud800"}',
    '{"message": "\\u0000"}',
    "a NUL \0 in it",
    "half a character \ud800",
    f'{{"message": "x", "deep": {_DEEP}}}',
    f'{{"message": "x", "many": {"9" * (MAX_DIGITS + 1)}}}',
    FOUR_BYTES * (MAX_REPLY_BYTES // 4 + 1),
    '[{"message": "in a list"}]',
)
_MISSHAPEN: Final[Sequence[JSON]] = (
    {},
    {"message": None},
    {"message": 7},
    {"message": " \n"},
    {"message": "\N{ZERO WIDTH SPACE}"},
    {"Message": "x"},
    {"message": "x", "is_final": "true"},
    {"message": "x", "is_final": 1},
    {"message": "x", "is_final": None},
)
_NO_OBJECTS: Final[Sequence[JSON]] = ([], [{"message": "x"}], "text", 7, True, 0.5)


@cache
def _misshapen() -> st.SearchStrategy[Answer]:
    """Return a strategy of answers that are no replies because of what they say."""
    strange: Any = {"message": "x", "what": {1: 2}}
    native = st.sampled_from((*_NO_OBJECTS, strange))
    return (
        _broken()
        | st.sampled_from(_MISSHAPEN).flatmap(_shaped)
        | native.flatmap(lambda data: _told(data=data))
        | _told(text="x").map(lambda answer: evolve(answer, finish="tired"))
    )


def _finished(finish: str) -> st.SearchStrategy[Answer]:
    """Return a strategy of answers that ended so, whatever they say."""
    return (replies() | _broken()).map(lambda answer: evolve(answer, finish=finish))


@cache
def _broken() -> st.SearchStrategy[Answer]:
    """Return a strategy of answers that begin as JSON and are none, or that nobody can keep."""
    return st.sampled_from(_BROKEN).flatmap(lambda text: _told(text=text))


@cache
def _empty() -> st.SearchStrategy[Answer]:
    """Return a strategy of answers of which nothing can be seen."""
    return st.sampled_from((None, *UNSEEN)).flatmap(lambda text: _told(text=text))


_BAD: Final = {
    BadReplyCode.EMPTY_REPLY: _empty(),
    BadReplyCode.BAD_REPLY: _misshapen(),
    BadReplyCode.LENGTH: _finished("length"),
    BadReplyCode.CONTENT_FILTER: _finished("content_filter"),
    BadReplyCode.LLM_ERROR: _finished("error"),
}


# --- what is read of them ----------------------------------------------------------------------


@cache
def read_replies() -> st.SearchStrategy[Reply]:
    """Return a strategy of replies as they were read; a plain text is never final."""
    actions = st.lists(st.dictionaries(sound_texts(), sound_data(), max_size=2), max_size=2)
    structured = st.builds(
        Reply,
        message=texts(),
        is_final=st.booleans(),
        actions=actions.map(tuple),
        result=st.just(ABSENT) | sound_data(),
        structured=st.just(True),  # noqa: FBT003 - the value is the point
    )
    return structured | st.builds(Reply, message=texts())


@cache
def read_bad_replies() -> st.SearchStrategy[BadReply]:
    """Return a strategy of why answers were no replies."""
    return st.builds(BadReply, st.sampled_from(BadReplyCode), texts())
