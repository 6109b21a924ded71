"""What an id may look like.

Ids are opaque to this library: any printable text of at most 128 characters. Keys are built
from them injectively (`coachwork.records.Key`), so separators, quotes and path parts in an id can
forge nothing (brief, section 8).
"""

from __future__ import annotations

from typing import Final

from coachwork.errors import ValidationError

MAX_ID: Final = 128
"""The most characters an id of a tenant, user, topic, session or job may have."""

MAX_KEY: Final = 255
"""The most characters an idempotency key may have."""


def checked_id(value: object, field: str, *, most: int = MAX_ID) -> str:
    """Return *value* if it can be an id.

    Args:
        value: What the caller passed.
        field: The name to use in the error.
        most: The most characters allowed.

    Returns:
        The same text.

    Raises:
        ValidationError: It is no text, is empty, too long, begins or ends with a blank, or holds
            a character that cannot be printed (controls, lone surrogates, separators of lines).
    """
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= most
        or value != value.strip()
        or not value.isprintable()
    ):
        raise ValidationError(
            field, f"1 to {most} printable characters, without a blank at either end"
        )
    return value
