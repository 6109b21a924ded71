"""Names of tests that are the same in every process that runs a share of them."""

from __future__ import annotations

import re


def told(value: object) -> str:
    """Return what *value* looks like, without addresses."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
