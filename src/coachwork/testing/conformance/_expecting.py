"""What a check expects, and how it is told what came instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar, cast

import attrs

from coachwork.effects import Effect, Workflow
from coachwork.testing.conformance._words import in_words

R = TypeVar("R")
E = TypeVar("E", bound=BaseException)

MOST_DIFFERENCES: Final = 6
"""How many differences between two values are told."""

MOST_ITEMS: Final = 8
"""How many items of a sequence are told."""

AROUND: Final = 60
"""How many characters of a long text are told on either side of the first that differs."""


class PromiseBrokenError(AssertionError):
    """An adapter did something else than was promised.

    Attributes:
        operation: What was asked of it.
        expected: What was promised.
        found: What came instead.
    """

    def __init__(self, operation: str, expected: str, found: str) -> None:
        """Tell what was asked, what was expected, and what was found."""
        got = found.replace("\n", "\n          ")
        super().__init__(f"{operation}\nexpected: {expected}\ngot:      {got}")
        self.operation = operation
        self.expected = expected
        self.found = found


def expect(operation: object, found: object, expected: object) -> None:
    """Make sure that *found* is what was *expected*, also in its types.

    Args:
        operation: What was asked, as text or as the effect itself.
        found: What came.
        expected: What was promised.

    Raises:
        PromiseBrokenError: It is something else; the differences are told one by one.
    """
    differences = list(_differences(expected, found))
    if differences:
        wanted, got = zip(*differences[:MOST_DIFFERENCES], strict=True)
        more = len(differences) - MOST_DIFFERENCES
        tail = f" and {more} more" if more > 0 else ""
        raise PromiseBrokenError(told(operation), "; ".join(wanted) + tail, "; ".join(got) + tail)


def answers(effect: Effect[R], expected: R) -> Workflow[R]:
    """Ask *effect*, make sure that the answer is what was *expected*, and return it.

    Raises:
        PromiseBrokenError: It is something else.
    """
    found = yield from effect
    expect(effect, found, expected)
    return found


def fails(effect: Effect[object], of: type[E]) -> Workflow[E]:
    """Ask *effect*, make sure that it raises an error of that class, and return the error.

    Raises:
        PromiseBrokenError: It was answered. An error of another class comes out as it is.
    """
    try:
        found = yield from effect
    except of as error:
        return error
    raise PromiseBrokenError(told(effect), f"{of.__name__} is raised", in_words(found))


def told(operation: object) -> str:
    """Return *operation* in words."""
    return operation if isinstance(operation, str) else in_words(operation)


# --- how two values differ -------------------------------------------------------------------


def _differences(expected: object, found: object) -> Iterator[tuple[str, str]]:
    """Return what was expected and what was found, for each place where they differ."""
    if not isinstance(expected, list | tuple):
        yield from _in_value(expected, found, "")
        return
    wanted = cast("Sequence[object]", expected)
    if not isinstance(found, Sequence) or isinstance(found, str):
        yield "a sequence", in_words(found)
        return
    got = cast("Sequence[object]", found)
    if len(got) != len(wanted):
        yield _listed(wanted), _listed(got)
        return
    for number, (one, other) in enumerate(zip(wanted, got, strict=True)):
        yield from _in_value(one, other, f"[{number}]")


def _in_value(expected: object, found: object, at: str) -> Iterator[tuple[str, str]]:
    """Return where a value differs: in which of its fields, where it has some."""
    if attrs.has(type(expected)) and type(found) is type(expected):
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(expected))):
            place = f"{at}.{field.name}".lstrip(".")
            yield from _in_value(getattr(expected, field.name), getattr(found, field.name), place)
    elif not _same(expected, found):
        place = f"{at} " if at else ""
        yield f"{place}{_shown(expected, found)}", f"{place}{_shown(found, expected)}"


def _same(expected: object, found: object) -> bool:
    """Whether *found* is equal and of the same type: 1 is neither True nor 1.0."""
    return (
        isinstance(found, type(expected))
        and isinstance(found, bool) is isinstance(expected, bool)
        and found == expected
    )


def _shown(value: object, other: object) -> str:
    """Return *value* in words; of a text, the part where it begins to differ from the *other*."""
    if not (isinstance(value, str) and isinstance(other, str)) or len(value) <= AROUND:
        return in_words(value)
    pairs = zip(value, other, strict=False)
    first = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(value), len(other)))
    begin = max(0, first - AROUND)
    part = value[begin : first + AROUND]
    return f"{part!r} from character {begin} of {len(value)}"


def _listed(values: Sequence[object]) -> str:
    """Return how many *values* there are, and the first of them in words."""
    told = ", ".join(in_words(value) for value in values[:MOST_ITEMS])
    more = ", ..." if len(values) > MOST_ITEMS else ""
    return f"{len(values)} ({told}{more})" if values else "none"
