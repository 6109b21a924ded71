"""Names of tests that are the same in every process that runs a share of them."""

from __future__ import annotations

import re
from typing import cast


def told(value: object) -> str:
    """Return what *value* looks like, without addresses, and with sets in order."""
    if isinstance(value, set | frozenset):
        members = ", ".join(sorted(told(member) for member in cast("set[object]", value)))
        return f"{type(value).__name__}({members})"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
