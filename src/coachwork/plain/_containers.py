"""Plain lists and mappings to lists, tuples, sets and dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from coachwork.plain._faults import Reader, misfit, read_all


def list_reader(make: Callable[[list[object]], object], item: Reader) -> Reader:
    """Return what reads a list of any length, and makes of it what the type says."""

    def read(data: object) -> object:
        if not isinstance(data, list):
            raise misfit("a list")
        values = cast("list[object]", data)
        return make(read_all((f"[{i}]", item, value) for i, value in enumerate(values)))

    return read


def member_reader(item: Reader) -> Reader:
    """Return what reads a member of a set: whatever *item* reads, if a set can hold it."""

    def read(data: object) -> object:
        value = item(data)
        try:
            hash(value)
        except TypeError:
            raise misfit("what a set can hold") from None
        return value

    return read


def row_reader(items: tuple[Reader, ...]) -> Reader:
    """Return what reads a list whose items have each a type of its own, as a tuple."""

    def read(data: object) -> object:
        if not isinstance(data, list) or len(cast("list[object]", data)) != len(items):
            raise misfit(f"a list of {len(items)}")
        pairs = enumerate(zip(items, cast("list[object]", data), strict=True))
        return tuple(read_all((f"[{i}]", item, value) for i, (item, value) in pairs))

    return read


def mapping_reader(key: Reader, value: Reader) -> Reader:
    """Return what reads an object whose keys are data, as a dict."""

    def read(data: object) -> object:
        if not isinstance(data, dict):
            raise misfit("an object")
        items = cast("dict[object, object]", data)
        # A key is data, so that no error tells it.
        keys = read_all((".*", key, k) for k in items)
        return dict(zip(keys, read_all((".*", value, v) for v in items.values()), strict=True))

    return read
