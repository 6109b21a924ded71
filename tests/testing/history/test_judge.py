"""A history is judged: what a correct store can answer passes, and nothing else does."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from coachwork.records import Record
from coachwork.testing.history import Call, Method, Outcome, history_violations
from coachwork.testing.history._call import Act, Part, Seen
from coachwork.testing.history._chains import MOST_ORDERS
from tests.serial_store import Serial, after_all, correct
from tests.told_calls import (
    commit,
    found,
    gone,
    got,
    got_message,
    held,
    history,
    log,
    put,
    say,
    thing,
)

CONFLICT, NOT_DONE, UNKNOWN = Outcome.CONFLICT, Outcome.NOT_DONE, Outcome.UNKNOWN

WELL: Final[dict[str, Sequence[Call]]] = {
    "nothing happened": [],
    "one after the other": [
        commit(1, 2, put("a"), put("b")),
        got(3, 4, "a", 1),
        commit(5, 6, put("a", 2), held("b")),
        got(7, 8, "a", 2),
        got(9, 10, "b", 1),
        commit(11, 12, gone("a", 2)),
        got(13, 14, "a", 0),
        got(15, 16, "never", 0),
    ],
    "a read that overlaps a write may find it or not": [
        commit(1, 2, put("a")),
        commit(3, 9, put("a", 2)),
        got(4, 5, "a", 2),
        got(6, 7, "a", 2),
        commit(11, 19, put("a", 3)),
        got(14, 15, "a", 2),
    ],
    "a commit may be answered after others have seen it": [
        commit(1, 90, put("a"), put("b")),
        got(3, 4, "b", 1),
        got(5, 6, "a", 1),
    ],
    "two that overlap come in either order": [
        commit(1, 2, put("a"), put("b")),
        commit(3, 9, put("a", 2), held("b")),
        commit(4, 8, put("b", 2)),
        got(10, 11, "b", 2),
    ],
    "conflicts and failures leave nothing": [
        commit(1, 2, put("a")),
        commit(3, 4, put("a"), outcome=CONFLICT),
        commit(5, 6, put("a", 2), outcome=NOT_DONE),
        got(7, 8, "a", 1),
        commit(9, 10, put("a", 2)),
    ],
    "what nobody knows was done": [
        commit(1, 2, put("a"), outcome=UNKNOWN),
        got(3, 4, "a", 1),
        commit(5, 6, put("a", 2)),
    ],
    "what nobody knows was not done": [
        commit(1, 2, put("a"), put("b"), outcome=UNKNOWN),
        got(3, 4, "a", 0),
        commit(5, 6, put("a", 1, "other")),
        got(7, 8, "b", 0),
    ],
    "what nobody knows was done long afterwards": [
        commit(1, 2, put("a"), outcome=UNKNOWN),
        got(3, 4, "a", 0),
        got(5, 6, "a", 1),
    ],
    "what never ended was done": [commit(1, None, put("a"), outcome=UNKNOWN), got(3, 4, "a", 1)],
    "a change over what nobody knows": [
        commit(1, 2, put("a"), outcome=UNKNOWN),
        commit(3, 4, put("a", 2)),
    ],
    "a deletion that nobody knows": [
        commit(1, 2, put("a")),
        commit(3, 4, gone("a"), outcome=UNKNOWN),
        commit(5, 6, put("a", 1, "anew")),
        got(7, 8, "a", 1, "anew"),
    ],
    "a record begins again": [
        commit(1, 2, put("a")),
        commit(3, 4, gone("a")),
        commit(5, 6, put("a", 1, "anew")),
        got(7, 8, "a", 1, "anew"),
        commit(9, 10, gone("a")),
        got(11, 12, "a", 0),
    ],
    "a record begins again while it is read": [
        commit(1, 2, put("a")),
        commit(3, 20, gone("a")),
        commit(4, 21, put("a", 1, "anew")),
        got(5, 6, "a", 1),
        got(7, 8, "a", 0),
        got(9, 10, "a", 1, "anew"),
    ],
    "a check of what never was, by what nobody knows": [
        commit(1, 2, put("b"), held("a", 7), outcome=UNKNOWN),
        got(3, 4, "b", 0),
    ],
    "a check of what nobody knows": [
        commit(1, 2, put("a")),
        commit(3, 4, put("b"), held("a"), outcome=UNKNOWN),
        commit(5, 6, put("a", 2)),
        got(7, 8, "b", 1),
    ],
    "a log lags, and has no gap": [
        commit(1, 2, say(1)),
        log(3, 4),
        commit(5, 6, say(2), say(3)),
        log(7, 8, 1),
        log(9, 10, 2, 3, after=1),
        log(11, 12, 2, 3, last=2),
        log(13, 14, 2, last=2, limit=1),
        got_message(15, 16, 3, there=True),
    ],
    "a log is swept away from its end and from its beginning": [
        commit(1, 2, say(1), say(2), say(3)),
        commit(3, 4, gone("x"), outcome=CONFLICT),
        log(5, 6, 1, 2, 3),
    ],
    "a view that ends when a write begins may show it": [
        found(1, 3, thing("a")),
        commit(3, 4, put("a")),
    ],
    "a view lags": [
        commit(1, 2, put("a"), put("b")),
        commit(3, 4, put("a", 2)),
        found(5, 6, thing("a"), thing("b")),
        found(7, 8, thing("b")),
        found(9, 10),
    ],
}

BY_ME: Final = " (process 1, main)"

BAD: Final[dict[str, tuple[str, Sequence[Call]]]] = {
    "a stale read": (
        "thing acme/a: call 3 found version 1 after call 2 had written version 2",
        [commit(1, 2, put("a")), commit(3, 4, put("a", 2)), got(5, 6, "a", 1)],
    ),
    "a read of the future": (
        "thing acme/a: call 1 found version 1 before call 2 began to write it",
        [got(1, 2, "a", 1), commit(3, 4, put("a"))],
    ),
    "a lost append": (
        "message acme/s/1: call 2 found nothing after call 1 had written version 1",
        [commit(1, 2, say(1)), got_message(3, 4, 1, there=False)],
    ),
    "a deletion that did not happen": (
        "thing acme/a: call 3 found version 1 after call 2 had deleted it",
        [commit(1, 2, put("a")), commit(3, 4, gone("a")), got(5, 6, "a", 1)],
    ),
    "the last write wins": (
        "thing acme/a: call 2 and call 3 both wrote version 2 over version 1",
        [commit(1, 2, put("a")), commit(3, 4, put("a", 2)), commit(5, 6, put("a", 2, "other"))],
    ),
    "an insertion twice": (
        "thing acme/a: call 1 and call 2 both wrote version 1 where nothing was",
        [commit(1, 9, put("a")), commit(2, 8, put("a", 1, "other"))],
    ),
    "a change of nothing": (
        "thing acme/a: call 1 wrote over version 2, which nobody wrote",
        [commit(1, 2, put("a", 3))],
    ),
    "a claim taken twice": (
        "thing acme/a: call 1 and call 2 both wrote version 1 where nothing was",
        [commit(1, 2, put("a")), commit(3, 4, put("a", 1, "other")), commit(5, 6, gone("a"))],
    ),
    "a dirty read": (
        (
            "thing acme/a: call 2 found version 1 as call 1 would have written it, which was "
            "answered: conflict"
        ),
        [commit(1, 9, put("a"), outcome=CONFLICT), got(2, 3, "a", 1)],
    ),
    "a read of what failed": (
        "which was answered: not done",
        [commit(1, 9, put("a"), outcome=NOT_DONE), found(2, 3, thing("a"))],
    ),
    "another body": (
        "thing acme/a: call 2 found version 1 as nobody wrote it",
        [commit(1, 2, put("a")), got(3, 4, "a", 1, "other")],
    ),
    "a view of what is yet to come": (
        "thing acme/a: call 1 found version 1 before call 2",
        [found(1, 2, thing("a")), commit(3, 4, put("a"))],
    ),
    "a partial commit": (
        "thing acme/b: call 3 found nothing after call 1",
        [commit(1, 2, put("a"), put("b")), got(3, 4, "a", 1), got(5, 6, "b", 0)],
    ),
    "a partial commit that is under way": (
        (
            "these calls cannot have come one after the other:\n"
            "  call 1 comes before call 2: it wrote version 1 of thing acme/a, and the other "
            "found that\n"
            "  call 2 comes before call 3: it had ended before the other began\n"
            "  call 3 comes before call 1: it found nothing of thing acme/b, which the other "
            "changed"
        ),
        [commit(1, 9, put("a"), put("b")), got(3, 4, "a", 1), got(5, 6, "b", 0)],
    ),
    "half of what nobody knows": (
        "thing acme/b: call 1 and call 4 both wrote version 1 where nothing was",
        [
            commit(1, 2, put("a"), put("b"), outcome=UNKNOWN),
            got(3, 4, "a", 1),
            got(5, 6, "b", 0),
            commit(7, 8, put("b", 1, "other")),
        ],
    ),
    "half of what nobody knows is in a view": (
        "thing acme/b: ",
        [
            commit(1, 2, put("a"), put("b"), outcome=UNKNOWN),
            found(3, 4, thing("a")),
            commit(7, 8, put("b", 1, "other")),
        ],
    ),
    "a write skew": (
        (
            "  call 2 comes before call 3: it found version 1 of thing acme/a, which the other "
            "changed\n"
            "  call 3 comes before call 2: it found version 1 of thing acme/b, which the other "
            "changed"
        ),
        [
            commit(1, 2, put("a"), put("b")),
            commit(3, 9, held("a"), put("b", 2)),
            commit(4, 8, held("b"), put("a", 2)),
        ],
    ),
    "a write skew on a record of which not everything is known": (
        "which the other changed",
        [
            commit(1, 2, put("a"), put("b")),
            commit(3, 9, held("a"), put("b", 2)),
            commit(4, 8, held("b"), put("a", 2)),
            commit(10, 11, put("a", 3), outcome=UNKNOWN),
        ],
    ),
    "two reads in the wrong order": (
        "comes before",
        [
            commit(1, 2, put("a"), put("b")),
            commit(3, 50, put("a", 2)),
            commit(4, 51, put("b", 2)),
            got(10, 11, "a", 2),
            got(12, 13, "b", 1),
            got(14, 15, "b", 2),
            got(16, 17, "a", 1),
        ],
    ),
    "a check of what was not there any more": (
        "thing acme/a: call 3 found version 1 after call 2",
        [
            commit(1, 2, put("a")),
            commit(3, 4, put("a", 2)),
            commit(5, 6, held("a"), put("b")),
        ],
    ),
    "a check of what never was": (
        "thing acme/a: call 1 found version 7 as nobody wrote it",
        [commit(1, 2, held("a", 7))],
    ),
    "a view shows it and a read does not": (
        "these calls cannot have come one after the other",
        [commit(1, 9, say(1)), log(3, 4, 1), got_message(5, 6, 1, there=False)],
    ),
    "what was seen had wanted what never was": (
        "thing acme/a: call 1 found version 7 as nobody wrote it",
        [commit(1, 2, put("b"), held("a", 7), outcome=UNKNOWN), found(3, 4, thing("b"))],
    ),
    "a log with a gap": (
        "message acme/s/2: call 2 read the log up to 3 without it",
        [commit(1, 2, say(1), say(2), say(3)), log(3, 4, 1, 3)],
    ),
    "a log without its beginning": (
        "message acme/s/1: call 3 read the log up to 2 without it",
        [commit(1, 2, say(1)), commit(3, 4, say(2)), log(5, 6, 2)],
    ),
    "a log in another order": (
        "log acme/s: call 2 read other messages than it had asked for",
        [commit(1, 2, say(1), say(2)), log(3, 4, 2, 1)],
    ),
    "a record that cannot be put into an order": (
        "comes before",
        [
            commit(1, 2, put("a"), put("b")),
            commit(3, 20, put("a", 2), held("b")),
            commit(4, 21, put("b", 2), held("a")),
        ],
    ),
}


@pytest.mark.parametrize("name", WELL)
def test_what_can_be_passes(name: str) -> None:
    """In whatever order the calls were written down."""
    calls = list(WELL[name])
    assert history_violations(history(calls)) == []
    random.Random(1).shuffle(calls)
    assert history_violations(history(calls)) == []


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_told(name: str) -> None:
    """With the calls, the records, and why."""
    wanted, calls = BAD[name]
    (told,) = history_violations(history(calls))
    assert wanted in told.replace(BY_ME, "")


def test_what_was_there_before_is_known() -> None:
    """If it is told: then it is read, changed and found out of order like everything else."""
    calls = [got(1, 2, "a", 4), commit(3, 4, put("a", 5)), got(5, 6, "a", 5)]
    before = [thing("a", 4), thing("b", 9)]
    assert history_violations(history(calls), before=before) == []
    assert "as nobody wrote it" in history_violations(history(calls))[0]
    (told,) = history_violations(history([got(1, 2, "a", 0)]), before=before)
    assert told == (
        "thing acme/a: call 1 (process 1, main) found nothing after what was there before had "
        "written version 4"
    )


@pytest.mark.parametrize(
    "left, told",
    [
        ([thing("a", 2), thing("b")], None),
        ([thing("a", 2)], "thing acme/b: what is left in the end found nothing after call 1"),
        ([thing("a"), thing("b")], "thing acme/a: what is left in the end found version 1 after"),
        ([thing("a", 2), thing("b"), thing("c")], "thing acme/c: what is left in the end found"),
    ],
)
def test_what_is_left_is_all_that_was_done(left: list[Record], told: str | None) -> None:
    """Nothing that was acknowledged is missing, and nothing is there that nobody wrote."""
    calls = [commit(1, 2, put("a"), put("b")), commit(3, 4, put("a", 2))]
    found = history_violations(history(calls), left=left)
    assert len(found) == (told is not None)
    assert told is None or found[0].startswith(told)


def test_no_body_is_told() -> None:
    """Nor is any in a history at all."""
    calls = [commit(1, 2, put("a", 1, "a secret")), got(3, 4, "a", 1, "another secret")]
    assert "secret" not in str(history_violations(history(calls)))
    assert "secret" not in str(history(calls).calls)


def test_too_many_orders_are_no_silence() -> None:
    """A record whose order is open in too many ways is told of, and the others are judged."""
    calls = [commit(1, 2, put("a", 1, str(n)), outcome=UNKNOWN) for n in range(MOST_ORDERS + 1)]
    calls += [commit(3, 4, put("b")), got(5, 6, "b", 0)]
    told = history_violations(history(calls))
    assert (
        told[0]
        == "undecided: thing acme/a: its writes could have come in more orders than are tried"
    )
    assert told[1].startswith("thing acme/b: ")
    assert len(told) == 2


# --- by chance -------------------------------------------------------------------------------

SERIALS: Final = st.builds(
    correct, st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([1, 2, 5, 20])
)


@given(SERIALS)
def test_a_correct_store_is_never_blamed(serial: Serial) -> None:
    """Whatever it did, however long the calls took, and whatever was lost."""
    assert history_violations(serial.history, left=serial.memory.records()) == []


FRESH: Final = Seen("thing acme/fresh", 1, "f" * 16)
"""A record that nothing but what is planted is about: nobody knows nothing of it."""


def read_of(serial: Serial, seen: Seen) -> Call:
    """Return a read that begins after all else has ended, and found that."""
    return after_all(serial, seen=(seen,))


def change_of(serial: Serial, seen: Seen, outcome: Outcome, digest: str) -> Call:
    """Return a change of what is there in the end, after all else has ended."""
    part = Part(Act.UPDATE, seen.name, seen.version + 1, digest)
    return after_all(serial, method=Method.COMMIT, parts=(part,), outcome=outcome)


def lost(serial: Serial, seen: Seen) -> list[Call]:
    """What was changed and seen is gone."""
    changed = evolve(seen, version=seen.version + 1, digest="1" * 16)
    return [
        change_of(serial, seen, Outcome.DONE, "1" * 16),
        later(read_of(serial, changed)),
        later(later(read_of(serial, Seen(seen.name, 0)))),
    ]


def invented(serial: Serial, seen: Seen) -> list[Call]:
    """There is what nobody wrote."""
    return [read_of(serial, evolve(seen, digest="0" * 16))]


def stale(serial: Serial, seen: Seen) -> list[Call]:
    """What was changed and seen is as it was before."""
    changed = evolve(seen, version=seen.version + 1, digest="1" * 16)
    return [
        change_of(serial, seen, Outcome.DONE, "1" * 16),
        later(read_of(serial, changed)),
        later(read_of(serial, seen)),
    ]


def twice(serial: Serial, seen: Seen) -> list[Call]:
    """Two change the same version."""
    return [change_of(serial, seen, Outcome.DONE, digit * 16) for digit in "12"]


def dirty(serial: Serial, seen: Seen) -> list[Call]:
    """What was not done is read."""
    changed = evolve(seen, version=seen.version + 1, digest="1" * 16)
    return [change_of(serial, seen, CONFLICT, "1" * 16), later(read_of(serial, changed))]


def later(call: Call) -> Call:
    """Return *call* somewhat later, after what comes after all else."""
    assert call.end is not None
    return evolve(call, begin=call.begin + 10, end=call.end + 10)


@given(SERIALS, st.sampled_from([lost, invented, stale, twice, dirty]))
def test_what_is_planted_is_found(
    serial: Serial, plant: Callable[[Serial, Seen], list[Call]]
) -> None:
    """In any history of a correct store one call that cannot be is seen."""
    part = Part(Act.INSERT, FRESH.name, FRESH.version, FRESH.digest)
    first = after_all(serial, method=Method.COMMIT, parts=(part,))
    planted = [*serial.calls, first, *map(later, plant(serial, FRESH))]
    told = history_violations(history(planted))
    assert told
    assert all(FRESH.name in one for one in told)
