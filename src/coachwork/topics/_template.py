"""The built-in language of templates: text with ``{name}`` gaps, and nothing else.

A template is cut at its gaps once; rendering joins the pieces with the values. So a value is never
read for gaps again, and nothing in a template can reach into a value: no attribute, no index, no
conversion, no width (brief, section 4). ``{{`` and ``}}`` stand for braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from coachwork.errors import TemplateError, ValidationError
from coachwork.plain import to_json

MAX_TEMPLATE_BYTES: Final = 256 * 1024
"""The most bytes of UTF-8 that a template may take."""

_MOST_PLACES: Final = 20
_DOUBLED: Final = {"{{": "{", "}}": "}"}
# A doubled brace, a gap, a mistaken gap (told once, not once for each of its braces), a lone brace.
# Compiled when it is first used: importing this library is to be quick.
_BRACES: Final = r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|\{[^{}]*\}|[{}]"
_HINT: Final = "a brace that is no {name} gap; write {{ or }} for a brace"


def names(template: str, *, name: str = "template") -> frozenset[str]:
    """Tell which names *template* has gaps for.

    Args:
        template: The text with gaps.
        name: What to call the template in an error.

    Returns:
        The names, each once.

    Raises:
        TemplateError: It is no template: a brace that is no gap, or too long.
    """
    return _compiled(template, name).names


def render(template: str, values: Mapping[str, object], *, name: str = "template") -> str:
    """Fill the gaps of *template*.

    Args:
        template: The text with gaps.
        values: A value for each gap, and any others. Text goes in as it is, anything else as
            compact JSON.
        name: What to call the template in an error.

    Returns:
        The filled text.

    Raises:
        TemplateError: It is no template, or names have no value; all of them are told.
        ValidationError: A value is neither text nor plain data; the field is its name.
    """
    compiled = _compiled(template, name)
    missing = sorted(gap for gap in compiled.names if gap not in values)
    if missing:
        raise TemplateError({name: tuple(f"{gap} has no value" for gap in missing)})
    filled = {gap: _as_text(gap, values[gap]) for gap in compiled.names}
    return "".join(filled[piece] if is_gap else piece for is_gap, piece in compiled.pieces)


def _as_text(gap: str, value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        plain = to_json(value)
    except ValidationError as error:
        raise ValidationError(gap, error.expected) from None
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


class _Compiled(NamedTuple):
    pieces: tuple[tuple[bool, str], ...]
    names: frozenset[str]


@lru_cache(maxsize=256)
def _compiled(template: str, name: str) -> _Compiled:
    _check_size(template, name)
    pieces: list[tuple[bool, str]] = []
    wrong: list[int] = []
    end = 0
    for token in re.finditer(_BRACES, template):
        pieces.append((False, template[end : token.start()]))
        end = token.end()
        if token[1] is not None:
            pieces.append((True, token[1]))
        elif token[0] in _DOUBLED:
            pieces.append((False, _DOUBLED[token[0]]))
        else:
            wrong.append(token.start())
    if wrong:
        raise TemplateError({name: tuple(_places(template, wrong))})
    pieces.append((False, template[end:]))
    gaps = frozenset(piece for is_gap, piece in pieces if is_gap)
    return _Compiled(tuple(piece for piece in pieces if piece[1]), gaps)


def _check_size(template: str, name: str) -> None:
    # A character takes a byte at least, so that a huge template is refused without encoding it.
    if len(template) > MAX_TEMPLATE_BYTES:
        raise _too_long(name)
    try:
        size = len(template.encode())
    except UnicodeEncodeError as error:
        place = _place(template, error.start)
        raise TemplateError({name: (f"{place}: a lone surrogate",)}) from None
    if size > MAX_TEMPLATE_BYTES:
        raise _too_long(name)


def _too_long(name: str) -> TemplateError:
    return TemplateError({name: (f"longer than {MAX_TEMPLATE_BYTES} bytes of UTF-8",)})


def _places(template: str, wrong: list[int]) -> Iterator[str]:
    for at in wrong[:_MOST_PLACES]:
        yield f"{_place(template, at)}: {_HINT}"
    if len(wrong) > _MOST_PLACES:
        yield f"and {len(wrong) - _MOST_PLACES} more such places"


def _place(template: str, at: int) -> str:
    line = template.count("\n", 0, at) + 1
    column = at - template.rfind("\n", 0, at)
    return f"line {line}, column {column}"
