"""Equal numbers for what nobody can tell apart, and for nothing else."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from types import CellType, MappingProxyType, SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.testing.explorer import _canon
from coachwork.testing.explorer._canon import Canon, HiddenStateError


class Colour(Enum):
    """Two of them."""

    RED = 1
    BLUE = 2


@attrs.frozen
class Point:
    """A frozen value."""

    x: object
    y: object = None


@dataclass(frozen=True)
class Pair:
    """A frozen dataclass."""

    x: object


class Box:
    """Something that can change."""

    def __init__(self, held: object) -> None:
        """Hold it."""
        self.held = held

    def get(self) -> object:
        """Return it."""
        return self.held


class Slotted:
    """Something with slots, a private one and an empty one among them."""

    __slots__ = ("__hidden", "never")

    def __init__(self, held: object) -> None:
        """Hold it."""
        self.__hidden = held

    def __eq__(self, other: object) -> bool:
        """Equal to nothing that matters here."""
        return self is other and self.__hidden is None

    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


class OneSlot:
    """Its slot is told by a text."""

    __slots__ = "held"  # noqa: PLC0205 - a text is allowed too

    def __init__(self, held: object) -> None:
        """Hold it."""
        self.held = held


class Named(list[int]):
    """A list with a name."""

    name = "x"


def closing(over: object) -> Callable[[], object]:
    """Return a function that holds something."""
    return lambda: over


def defaulted(over: object) -> Callable[[], object]:
    """Return a function with a default."""

    def told(held: object = over) -> object:
        return held

    return told


def empty_cell() -> object:
    """Return a cell that nothing was put into."""
    made = CellType(1)
    del made.cell_contents
    return made


def moved(iterator: Iterator[object], times: int = 1) -> Iterator[object]:
    """Return an iterator that has given so much."""
    for _ in range(times):
        next(iterator)
    return iterator


def failure(*args: object, cause: BaseException | None = None) -> BaseException:
    """Return an error."""
    error = ValueError(*args)
    error.__cause__ = cause
    return error


SAME: list[Callable[[], object]] = [
    lambda: None,
    lambda: (1, "a", b"b", 1.5, None, ...),
    lambda: [1, [2], {"a": {3}}],
    lambda: datetime(2026, 1, 5, tzinfo=UTC),
    lambda: timedelta(seconds=1),
    lambda: frozenset({1, "a"}),
    lambda: Colour.RED,
    lambda: Point(1, (2,)),
    lambda: Point([1]),
    lambda: Pair(1),
    lambda: Box([1]),
    lambda: Slotted(1),
    lambda: OneSlot(1),
    lambda: Named([1]),
    lambda: closing(1),
    lambda: defaulted(1),
    lambda: partial(pow, 2, mod=3),
    lambda: MappingProxyType({"a": 1}),
    lambda: Box(1).get,
    lambda: [].append,
    lambda: len,
    lambda: itertools,
    lambda: Box,
    lambda: failure(1, cause=KeyError("x")),
    lambda: deque([1, 2]),
    lambda: bytearray(b"x"),
    lambda: moved(iter([1, 2, 3])),
    lambda: moved(iter((1, 2, 3))),
    lambda: moved(iter({1: 2, 3: 4})),
    lambda: moved(iter(range(5)), 2),
    lambda: moved(enumerate("abc")),
    lambda: moved(zip([1, 2], (3, 4), strict=False)),
    lambda: moved(reversed([1, 2])),
    lambda: suppress(KeyError),
    lambda: SimpleNamespace,
    empty_cell,
]


@pytest.mark.parametrize("make", SAME, ids=map(str, range(len(SAME))))
def test_what_is_made_alike_is_the_same(make: Callable[[], object]) -> None:
    """Two that hold the same have one number."""
    canon = Canon()
    kept = make()
    assert canon.number(kept) == canon.number(make()) == canon.number(kept)


def test_all_of_them_are_different() -> None:
    """No two of other kinds or contents have one number."""
    canon = Canon()
    kept = [make() for make in SAME]
    assert len({canon.number(value) for value in kept}) == len(kept)


DIFFERENT: list[tuple[object, object]] = [
    (1, True),
    (1, 1.0),
    ("1", 1),
    ((1,), [1]),
    (0.0, -0.0),
    ([1, 2], [2, 1]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    (Point(1), Point(2)),
    (Point([1]), Point([2])),
    (Pair(1), Pair(x=True)),
    (Box(1), Box(2)),
    (Slotted(1), Slotted(2)),
    (OneSlot(1), OneSlot(2)),
    (closing(1), closing(2)),
    (defaulted(1), defaulted(2)),
    (Box(1).get, Box(2).get),
    ([1].append, [2].append),
    (failure(1), failure(2)),
    (failure(1, cause=failure(2)), failure(1)),
    (iter([1, 2]), moved(iter([1, 2]))),
    (iter((1, 1)), moved(iter((1, 1)))),
    (moved(enumerate("aa")), moved(enumerate("aa"), 2)),
    (moved(zip("aa", "bb", strict=True)), moved(zip("aa", "bb", strict=True), 2)),
    (moved(iter(range(3))), moved(iter(range(3)), 2)),
    (Colour.RED, Colour.BLUE),
    (Named([1]), [1]),
]


@pytest.mark.parametrize("one, other", DIFFERENT, ids=map(str, range(len(DIFFERENT))))
def test_what_differs_is_not_the_same(one: object, other: object) -> None:
    """Whoever could tell them apart finds them apart."""
    canon = Canon()
    assert canon.number(one) != canon.number(other)


def test_which_places_hold_the_same_thing_counts() -> None:
    """A list that stands twice is not two lists: a change of one is a change of the other."""
    canon = Canon()
    shared = [1]
    assert canon.number([shared, shared]) != canon.number([[1], [1]])
    assert canon.number((shared, shared)) != canon.number(([1], [1]))
    assert canon.number([shared, shared]) == canon.number([*[[2 - 1]] * 2])


def test_a_thing_that_holds_itself_has_an_end() -> None:
    """A circle is told by where it closes."""
    canon = Canon()
    one: list[object] = [1]
    one.append(one)
    other: list[object] = [1]
    other.append(other)
    assert canon.number(one) == canon.number(other)


def test_what_has_changed_has_another_number() -> None:
    """The number is that of the moment, also below something frozen."""
    canon = Canon()
    held: list[int] = []
    point = Point(held)
    before = canon.number(point)
    held.append(1)
    assert canon.number(point) != before


def test_what_is_kept_is_not_looked_into() -> None:
    """It is the same as long as it is the same thing."""
    canon = Canon()
    one, other = Box(threading.Lock()), Box(threading.Lock())
    canon.keep(one, other)
    assert canon.number(one) == canon.number(one) != canon.number(other)


@pytest.mark.parametrize(
    "hidden",
    [threading.Lock(), itertools.count(), Box(threading.Lock()), type("Text", (str,), {})("x")],
    ids=["lock", "count", "box", "text"],
)
def test_what_cannot_be_looked_into_is_refused(hidden: object) -> None:
    """It is never taken for the same as something else."""
    with pytest.raises(HiddenStateError):
        Canon().number(hidden)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=1), inner, max_size=2)
        | inner.map(Point)
    ),
    max_leaves=8,
)


def strictly(value: Any) -> object:  # noqa: ANN401 - it looks into anything
    """Return a form that compares as nobody could tell the values apart."""
    if isinstance(value, Point):
        return "point", strictly(value.x)
    if isinstance(value, dict):
        return "dict", tuple((key, strictly(held)) for key, held in value.items())
    if isinstance(value, (list, tuple)):
        return type(value).__name__, tuple(map(strictly, value))
    return type(value).__name__, value


@given(VALUES, VALUES)
def test_numbers_are_equal_exactly_where_values_are(one: object, other: object) -> None:
    """On plain data the numbers say what a strict comparison says."""
    canon = Canon()
    assert (canon.number(one) == canon.number(other)) == (strictly(one) == strictly(other))


# --- generators ----------------------------------------------------------------------------------

Suspended = Generator[object, object, object]


def inner(name: str) -> Suspended:
    """Ask once."""
    return (yield name)


def outer(dead: object, live: object) -> Suspended:  # noqa: ARG001 - dead on purpose
    """Ask in a loop whose place no variable tells, with a list that is half made."""
    told: list[object] = []
    for _ in range(2):
        for _ in ("x", "x"):
            told = [live, *[], (yield from inner("same"))]
    return told


def suspended(made: Suspended, answers: int = 0) -> Suspended:
    """Return a generator that waits after so many answers."""
    next(made)
    for _ in range(answers):
        made.send(None)
    return made


def test_variables_that_nobody_reads_any_more_do_not_count() -> None:
    """Those that somebody reads do."""
    canon = Canon()
    assert canon.number(suspended(outer(1, 2))) == canon.number(suspended(outer(3, 2)))
    assert canon.number(suspended(outer(1, 2))) != canon.number(suspended(outer(1, 3)))


def test_the_place_in_a_loop_counts_though_no_variable_tells_it() -> None:
    """The iterators of the two loops stand on the interpreter's stack."""
    canon = Canon()
    kept = [suspended(outer(1, 2), answers) for answers in range(4)]
    assert len({canon.number(one) for one in kept}) == 4


def summing(first: object) -> Suspended:
    """Hold something on the stack alone while it asks."""
    return [first, (yield 1)]


def test_what_stands_on_the_stack_alone_counts() -> None:
    """It is in no variable any more, and will be used all the same."""
    canon = Canon()
    assert canon.number(suspended(summing(1))) != canon.number(suspended(summing(2)))
    assert canon.number(suspended(summing(1))) == canon.number(suspended(summing(1)))


def handling(what: object) -> Suspended:
    """Ask while an error is handled that no variable holds."""
    try:
        raise ValueError(what)  # noqa: TRY301 - it is handled right here
    except ValueError:
        yield 1
        raise


def test_the_error_that_is_handled_counts() -> None:
    """It will be raised again."""
    canon = Canon()
    assert canon.number(suspended(handling(1))) != canon.number(suspended(handling(2)))
    assert canon.number(suspended(handling(1))) == canon.number(suspended(handling(1)))


def enclosing(held: object) -> Suspended:
    """Have a variable that a function inside shares: then all of them count."""

    def told() -> object:
        return held

    yield 1
    return told


def test_variables_that_are_shared_count_always() -> None:
    """A function may read them whenever it is called."""
    canon = Canon()
    assert canon.number(suspended(enclosing(1))) != canon.number(suspended(enclosing(2)))
    assert canon.number(suspended(enclosing(1))) == canon.number(suspended(enclosing(1)))


def test_one_that_is_over_is_over() -> None:
    """It holds nothing any more."""
    canon = Canon()
    one, other = suspended(inner("a")), suspended(inner("b"))
    one.close()
    other.close()
    assert canon.number(one) == canon.number(other)


def hiding() -> Suspended:
    """Keep state where it cannot be looked into."""
    for number in itertools.count():
        told = yield number
        if told:
            return told
    return None


def test_hidden_state_is_noticed() -> None:
    """A place that cannot be told is refused, not guessed."""
    with pytest.raises(HiddenStateError):
        Canon().number(suspended(hiding()))


def test_another_interpreter_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the collector does not tell what a frame holds, nothing is compared."""
    made = suspended(inner("a"))
    monkeypatch.setattr(_canon, "_READABLE", False)
    with pytest.raises(HiddenStateError):
        Canon().number(made)
    monkeypatch.undo()
    with pytest.raises(HiddenStateError):
        _canon._first_local([1, 2], inner.__code__)
