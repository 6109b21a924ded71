"""What a check expects, and how a difference is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from coachwork.effects import NewId, Workflow
from coachwork.ports import CommitResult
from coachwork.testing import rehearse
from coachwork.testing.conformance import PromiseBrokenError, answers, expect, fails
from coachwork.testing.conformance._expecting import MOST_DIFFERENCES, MOST_ITEMS, told

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


@frozen
class Inner:
    """A value in a value."""

    when: datetime | None
    size: int


@frozen
class Outer:
    """A value with a value in it."""

    name: str
    inner: Inner
    parts: tuple[str | int, ...] = ()


def difference(expected: object, found: object) -> tuple[str, str]:
    """Return what is told as expected and as found."""
    with pytest.raises(PromiseBrokenError) as caught:
        expect("it", found, expected)
    assert caught.value.operation == "it"
    return caught.value.expected, caught.value.found


_PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
_VALUES = st.builds(
    Outer,
    name=st.text(),
    inner=st.builds(Inner, st.none() | st.datetimes(timezones=st.just(UTC)), st.integers()),
    parts=st.tuples(st.text(), st.integers()),
)


@given(st.one_of(_PLAIN, _VALUES, st.lists(_PLAIN), st.lists(_VALUES)))
def test_what_is_the_same_is_as_expected(value: object) -> None:
    """No value differs from itself."""
    expect("it", value, value)


@given(_PLAIN, _PLAIN)
def test_what_is_not_equal_is_never_as_expected(one: object, other: object) -> None:
    """Whatever differs is seen."""
    if one != other:
        assert difference(one, other)


@pytest.mark.parametrize(
    "expected, found",
    [
        (1, True),
        (True, 1),
        (1, 1.0),
        (0, False),
        (None, False),
        (CommitResult.DONE, "done"),
        ((1,), 1),
        ([], None),
        ([], ""),
        (Outer("a", Inner(None, 1), ("b",)), Outer("a", Inner(None, 1), ["b"])),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (Inner(NOON, 1), Inner(NOON.replace(tzinfo=None), 1)),
    ],
    ids=repr,
)
def test_what_is_equal_but_of_another_type_is_not_as_expected(
    expected: object, found: object
) -> None:
    """Types are compared too: a truth value is no number, a word is no answer."""
    assert difference(expected, found)


@pytest.mark.parametrize(
    "expected, found",
    [
        ([1, 2], (1, 2)),
        ((), []),
        ("done", CommitResult.DONE),
        (NOON, NOON.astimezone(timezone(timedelta(hours=14)))),
    ],
    ids=repr,
)
def test_another_form_of_the_same_is_as_expected(expected: object, found: object) -> None:
    """Any sequence will do, any zone of an instant, and any text that is equal."""
    expect("it", found, expected)


def test_fields_that_differ_are_told_by_name() -> None:
    """Of a value only what differs is told, wherever it stands."""
    expected = Outer("a", Inner(NOON, 1))
    found = Outer("a", Inner(None, 2))
    wanted, got = difference(expected, found)
    assert wanted == f"inner.when {NOON!r}; inner.size 1"
    assert got == "inner.when None; inner.size 2"
    assert difference([expected], [found])[1] == "[0].inner.when None; [0].inner.size 2"


def test_a_sequence_of_another_length_is_told_by_its_items() -> None:
    """How many there are, and which."""
    assert difference(["a", "b"], ["a"]) == ("2 ('a', 'b')", "1 ('a')")
    assert difference([], [0] * (MOST_ITEMS + 1))[1].endswith(", 0, ...)")
    assert difference(["a"], [])[1] == "none"
    assert difference(["a"], 5) == ("a sequence", "5")


def test_of_many_differences_the_first_are_told() -> None:
    """A report does not grow with what is wrong."""
    number = MOST_DIFFERENCES + 3
    wanted, got = difference([0] * number, [1] * number)
    assert wanted.endswith("[5] 0 and 3 more")
    assert got.endswith("[5] 1 and 3 more")
    assert " and " not in difference([0] * MOST_DIFFERENCES, [1] * MOST_DIFFERENCES)[0]


def test_a_long_text_is_told_from_where_it_differs() -> None:
    """The place is shown, with what stands around it."""
    before, after = "x" * 500, "y" * 500
    wanted, got = difference(f"{before}a{after}", f"{before}b{after}")
    assert "xxa" in wanted
    assert wanted.endswith("from character 440 of 1001")
    assert "xxb" in got
    assert difference(f"{before}a", before)[1].endswith("from character 440 of 500")
    assert difference("short", "x" * 61) == ("'short'", f"{'x' * 60!r} from character 0 of 61")


def test_what_was_asked_stands_above() -> None:
    """The text tells what was asked, what was expected and what came, also in several lines."""
    error = PromiseBrokenError("get('a')", "1", "2\nlines")
    assert str(error) == "get('a')\nexpected: 1\ngot:      2\n          lines"
    assert told("get('a')") == "get('a')"
    assert told(NewId()) == "NewId()"


# --- in workflows ----------------------------------------------------------------------------


def asked(expected: object) -> Workflow[Any]:
    """Ask for an id and expect one."""
    return (yield from answers(NewId(), cast("str", expected)))


def failed(of: type[Exception]) -> Workflow[Exception]:
    """Ask for an id and expect an error."""
    return (yield from fails(NewId(), of))


def test_an_answer_that_is_as_expected_is_returned() -> None:
    """A check may go on with it."""
    assert rehearse(asked("a"), "a").result == "a"
    with pytest.raises(PromiseBrokenError, match=r"NewId\(\)\nexpected: 'a'\ngot: +'b'"):
        rehearse(asked("a"), "b")


def test_an_error_that_is_expected_is_returned() -> None:
    """A check may look at it; no error, or another one, is not as expected."""
    error = KeyError("a")
    assert rehearse(failed(LookupError), error).result is error
    with pytest.raises(PromiseBrokenError, match=r"expected: KeyError is raised\ngot: +'b'"):
        rehearse(failed(KeyError), "b")
    with pytest.raises(ValueError, match="another"):
        rehearse(failed(KeyError), ValueError("another"))
