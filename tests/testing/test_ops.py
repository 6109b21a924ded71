"""An operation has one key, whatever it does."""

from __future__ import annotations

import pytest

from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Record, Update
from coachwork.testing._ops import key_of

KEY = Key("thing", "acme", ("a",))
RECORD = Record(KEY, 2, Facts(), "{}")


@pytest.mark.parametrize("op", [Insert(RECORD), Update(RECORD), Delete(KEY, 2), Check(KEY, 2)])
def test_each_operation_has_its_key(op: Op) -> None:
    """Its record's, or the one that it names."""
    assert key_of(op) == KEY
