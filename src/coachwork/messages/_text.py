"""What a user's text may be: said once, here (brief, sections 3 and 4).

The text is kept as it came: it is neither stripped nor normalised, for it is a person's own words.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from coachwork.errors import ValidationError

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
# Characters that are letters, marks or symbols to Unicode, and yet show nothing.
_FILLERS: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))
)
_SELECTORS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def is_blank(text: str) -> bool:
    """Tell whether nothing of *text* can be seen.

    Args:
        text: Any text.

    Returns:
        True for the empty text, and for one that holds nothing but blanks, controls, zero-width
        and format characters, fillers and variation selectors.
    """
    return not text or text.isspace() or all(map(_is_invisible, text))


def _is_invisible(char: str) -> bool:
    return (
        unicodedata.category(char) in _INVISIBLE_CATEGORIES
        or char in _FILLERS
        or any(ord(char) in selectors for selectors in _SELECTORS)
    )


def checked_text(value: object, field: str, *, max_bytes: int) -> str:
    """Return *value* if a user may have written it.

    Args:
        value: What the caller passed.
        field: The name to use in the error.
        max_bytes: The most bytes that the text may take in UTF-8.

    Returns:
        The same text, unchanged.

    Raises:
        ValidationError: It is no text, too long, blank, or holds a NUL or a lone surrogate.
    """
    if not isinstance(value, str):
        raise ValidationError(field, "text")
    # A character takes a byte at least, so that a huge text is refused without encoding it.
    if len(value) > max_bytes:
        raise _too_long(field, max_bytes)
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise ValidationError(field, "text without lone surrogates") from None
    if size > max_bytes:
        raise _too_long(field, max_bytes)
    if "\0" in value:
        raise ValidationError(field, "text without NUL characters")
    if is_blank(value):
        raise ValidationError(field, "text that is not blank")
    return value


def _too_long(field: str, max_bytes: int) -> ValidationError:
    return ValidationError(field, f"at most {max_bytes} bytes of UTF-8")
