"""Where something is in plain data."""

from __future__ import annotations

import pytest

from coachwork.plain._paths import Where, path_of, told


@pytest.mark.parametrize(
    "where, expected",
    [
        (None, "value"),
        ((None, ".name"), "name"),
        ((None, "[1]"), "[1]"),
        ((((None, ".values"), "[0]"), ".name"), "values[0].name"),
    ],
    ids=repr,
)
def test_a_place_is_told_from_the_root(where: Where, expected: str) -> None:
    """The steps are told from the outermost to the innermost; the root has a word of its own."""
    assert path_of(where) == expected


def test_only_the_first_dot_goes() -> None:
    """A path begins with a name or an index."""
    assert [told(path) for path in ("", ".a.b", "[0].a", ".*")] == ["value", "a.b", "[0].a", "*"]
