"""What may be shown of an answer while the model still writes it (brief, section 5).

`coachwork.replies.parse_reply` judges an answer when it is whole; `MessageStream` tells beforehand,
piece by piece, what the message of the reply will be. The two must agree, so whoever changes how
one of them tells JSON from text changes the other.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import suppress
from enum import Enum, auto
from typing import Final, TypeAlias, TypeVar

from coachwork.messages import is_blank
from coachwork.replies._parse import MAX_REPLY_BYTES, Reply, parse_reply


class MessageStream:
    """Decodes the message out of an answer that comes in pieces; raw JSON is never shown.

    Whichever way an answer is cut into pieces: if `coachwork.replies.parse_reply` takes the whole
    of it (with ``finish="stop"`` and without structured output), what `feed` and `finish` return
    is, put together, the message of that reply, exactly. What may still turn out to be JSON, or
    to be blank, is held back until that is decided: a fence that has just been opened, a list that
    begins with a text (until `finish`, for prose in brackets may end as it likes).

    If `parse_reply` refuses the answer, what was returned is a beginning of the message that it
    would have had, or nothing: of JSON, decoded text of the property ``message`` alone; nothing of
    an answer without one. Once an answer can be no reply, nothing more is shown of it, and nothing
    of the piece that is too much: it makes the answer longer than `MAX_REPLY_BYTES`, or holds a
    NUL or a lone surrogate.

    The time taken grows with the length of the answer, whatever the pieces. What is kept is no
    more than what is held back.
    """

    def __init__(self) -> None:
        """Wait for the first piece."""
        self._left = MAX_REPLY_BYTES
        self._reading: _Reading[None] | None = _read()
        next(self._reading)
        self._blank: list[str] | None = []  # what was read of the message before anything visible

    def feed(self, chunk: str) -> str:
        """Take the next piece of the answer.

        Args:
            chunk: What the model wrote since the last piece.

        Returns:
            What may be shown beyond what was returned before; often nothing.
        """
        if self._reading is None:
            return ""
        self._left -= _size(chunk)
        if self._left < 0:
            self._reading = None
            return ""
        return self._seen("".join(map(self._reading.send, chunk)))

    def finish(self) -> str:
        """Take the end of the answer; what is fed later is of no account.

        Returns:
            What had been held back, and may be shown after all.
        """
        if self._reading is None:
            return ""
        shown = self._reading.send(_END)
        self._reading = None
        return self._seen(shown)

    def _seen(self, shown: str) -> str:
        """Return *shown*, but hold back what begins a message as long as nothing can be seen."""
        if self._blank is None:
            return shown
        self._blank.append(shown)
        if is_blank(shown):
            return ""
        shown, self._blank = "".join(self._blank), None
        return shown


def _size(chunk: str) -> int:
    """Return how many bytes of the answer *chunk* takes; too many where it spoils the answer."""
    # A character takes a byte at least, so that a huge piece is refused without encoding it.
    if len(chunk) > MAX_REPLY_BYTES or "\0" in chunk:
        return MAX_REPLY_BYTES + 1
    try:
        return len(chunk.encode())
    except UnicodeEncodeError:
        return MAX_REPLY_BYTES + 1


# --- reading character by character ------------------------------------------------------------

# Each of these generators is sent the answer character by character, and `_END` after the last
# one. It answers each with what may be shown now, and returns what it found out as soon as it
# knows. The loops end at `_END` because it is none of the characters that they look for.
T = TypeVar("T")
_Reading: TypeAlias = Generator[str, str, T]

_END: Final = ""
_NOTHING: Final = ""


class _Kind(Enum):
    """What an answer is, as far as its beginning tells."""

    TEXT = auto()
    LIST = auto()
    OBJECT = auto()
    NO_REPLY = auto()


class _NoReplyError(Exception):
    """The answer can be no reply."""


def _read() -> _Reading[None]:
    """Read an answer and whatever may follow it."""
    held: list[str] = []
    kind = yield from _kind(held)
    if kind is _Kind.TEXT:
        yield from _text(held)
    elif kind is _Kind.LIST:
        yield from _list(held)
    elif kind is _Kind.OBJECT:
        with suppress(_NoReplyError):
            yield from _object()
    while True:
        yield _NOTHING


def _text(held: list[str]) -> _Reading[None]:
    """Read an answer that is text: it is shown as it comes."""
    shown = "".join(held)
    while True:
        shown = yield shown


def _list(held: list[str]) -> _Reading[None]:
    """Read a list that begins with a text: it is a reply, and text, if it is one list of texts."""
    while (yield from _next(held)) != _END:
        pass
    reply = parse_reply("".join(held), None, "stop")
    if isinstance(reply, Reply):
        yield reply.message


# --- how an answer begins: the same as `_candidate` and `begins` in _parse.py ------------------


def _next(held: list[str]) -> _Reading[str]:
    """Read a character and keep it."""
    char = yield _NOTHING
    held.append(char)
    return char


def _kind(held: list[str]) -> _Reading[_Kind]:
    """Read as far as it takes to know what an answer is; what is read is put into *held*."""
    char = yield from _next(held)
    while char.isspace():
        char = yield from _next(held)
    while char == _BYTE_ORDER_MARK:
        char = yield from _next(held)
    while char.isspace():
        char = yield from _next(held)
    if char == "`":
        char = yield from _fence(held)
    if char == "[":
        char = yield from _next(held)
        while char.isspace():
            char = yield from _next(held)
        return {"{": _Kind.NO_REPLY, '"': _Kind.LIST}.get(char, _Kind.TEXT)
    return _Kind.OBJECT if char == "{" else _Kind.TEXT


def _fence(held: list[str]) -> _Reading[str]:
    """Read a fence whose first mark has been read; return the first character of what it holds.

    Where it is no fence that could hold JSON, a character is returned that begins no JSON.
    """
    marks, char = 1, (yield from _next(held))
    while char == "`":
        marks, char = marks + 1, (yield from _next(held))
    if marks < _FENCE_MARKS:
        return _END
    while char in {" ", "\t"}:
        char = yield from _next(held)
    if char == "\r":
        char = yield from _next(held)
        if char != "\n":
            return _END
    elif char in {"j", "J"}:
        char = yield from _language(held, char)
    if char == "\n":
        while char.isspace():
            char = yield from _next(held)
    return char


def _language(held: list[str], char: str) -> _Reading[str]:
    """Read the rest of a fence's line, which begins with *char*; return the first one after it.

    That is the end of the line or what opens JSON; anything else if the language is not JSON's.
    """
    for letter in "json":
        if re.fullmatch(letter, char, re.IGNORECASE) is None:
            return _END
        char = yield from _next(held)
    if char in _OPENERS or char.isspace():
        while char not in _LINE_ENDS:  # whatever else is told of it
            char = yield from _next(held)
        return char
    return _END


_FENCE_MARKS: Final = 3
_BYTE_ORDER_MARK: Final = "\ufeff"
_OPENERS: Final = frozenset("{[")
_LINE_ENDS: Final = _OPENERS | {"\n", _END}


# --- JSON: no more of its grammar than it takes to find the message ----------------------------


def _object() -> _Reading[None]:
    """Read an object whose brace has been read, as far as its message; show that."""
    char = yield from _solid()
    while char == '"':
        name = yield from _name()
        char = yield from _solid()
        if char != ":":
            return
        char = yield from _solid()
        if name == _MESSAGE:
            if char == '"':
                yield from _shown_text()
            return
        if (yield from _value(char)) != ",":
            return
        char = yield from _solid()


_MESSAGE: Final = "message"
_BLANKS: Final = frozenset(" \t\n\r")


def _solid() -> _Reading[str]:
    """Return the next character that is no blank."""
    char = yield _NOTHING
    while char in _BLANKS:
        char = yield _NOTHING
    return char


def _value(char: str) -> _Reading[str]:
    """Read the value that begins with *char*; return the first character that is not its own."""
    depth = 0
    while char != _END:
        if char == '"':
            yield from _name()
        elif char in {"{", "["}:
            depth += 1
        elif depth == 0 and char in {",", "}"}:
            break
        elif char in {"}", "]"}:
            depth -= 1
        char = yield _NOTHING
    return char


def _name() -> _Reading[str]:
    """Read a text whose quote has been read, show nothing of it, and return its beginning."""
    name = ""
    while char := (yield from _character(_NOTHING)):
        name = (name + char)[: len(_MESSAGE) + 1]
    return name


def _shown_text() -> _Reading[None]:
    """Read a text whose quote has been read, and show it."""
    shown = _NOTHING
    while shown := (yield from _character(shown)):
        pass


def _character(shown: str) -> _Reading[str]:
    """Show what was read before, and read one character of a text.

    Returns:
        The character, decoded, or nothing at the text's end.

    Raises:
        _NoReplyError: What stands there has no place in a text of JSON, or is none that any
            repository can keep.
    """
    char = yield shown
    if char == '"':
        return _NOTHING
    if char != "\\":
        if char < " ":  # or the answer has ended
            raise _NoReplyError
        return char
    char = yield _NOTHING
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = yield from _code(char)
    if code in _HIGH:
        if (yield _NOTHING) != "\\":
            raise _NoReplyError
        low = yield from _code((yield _NOTHING))
        if low not in _LOW:
            raise _NoReplyError
        code = 0x10000 + ((code - _HIGH.start) << 10 | (low - _LOW.start))
    elif code in _LOW or not code:
        raise _NoReplyError
    return chr(code)


def _code(char: str) -> _Reading[int]:
    """Read the rest of an escape that begins with *char*, which must be a ``u``."""
    if char != "u":
        raise _NoReplyError
    digits = ""
    while len(digits) < _DIGITS:
        char = yield _NOTHING
        if char not in _HEX:
            raise _NoReplyError
        digits += char
    return int(digits, 16)


_ESCAPES: Final = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_DIGITS: Final = 4
_HIGH: Final = range(0xD800, 0xDC00)
_LOW: Final = range(0xDC00, 0xE000)
