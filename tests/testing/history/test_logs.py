"""What a log may show: a prefix of what was written, in order, and no more than asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from coachwork.records import Delete
from coachwork.testing.history import Call, Outcome, history_violations
from tests.told_calls import commit, history, log, message, say

FIVE = [commit(number, number + 0, say(number)) for number in range(1, 6)]


def told(*calls: Call, written: Sequence[Call] = FIVE) -> list[str]:
    """Return what is wrong with reads of the log."""
    return history_violations(history([*written, *calls]))


@pytest.mark.parametrize(
    "one",
    [
        log(10, 11),
        log(10, 11, 1),
        log(10, 11, 1, 2, 3, 4, 5),
        log(10, 11, 3, 4, after=2),
        log(10, 11, after=9),
        log(10, 11, 4, 5, last=2),
        log(10, 11, 2, 3, last=2),
        log(10, 11, 1, 2, last=3),
        log(10, 11, 1, 2, limit=2),
        log(10, 11, 2, 3, last=4, limit=2),
        log(10, 11, last=0),
        log(10, 11, 4, after=3, last=2),
    ],
    ids=str,
)
def test_what_may_be_shown(one: Call) -> None:
    """It may lag, from the end, and never otherwise."""
    assert told(one) == []


@pytest.mark.parametrize(
    "one, missing",
    [
        (log(10, 11, 1, 3), [2]),
        (log(10, 11, 1, 5), [2, 3, 4]),
        (log(10, 11, 2), [1]),
        (log(10, 11, 5, after=2), [3, 4]),
        (log(10, 11, 3, 5, last=2), [4]),
        (log(10, 11, 5, last=2), [1, 2, 3, 4]),
        (log(10, 11, 5, after=3, last=2), [4]),
    ],
    ids=str,
)
def test_what_may_not_be_left_out(one: Call, missing: list[int]) -> None:
    """Each message is told of, with the next one that is shown."""
    assert [text.split(":")[0] for text in told(one)] == [
        f"message acme/s/{number}" for number in missing
    ]
    assert all("read the log up to" in text for text in told(one))


@pytest.mark.parametrize(
    "one",
    [
        log(10, 11, 2, 1),
        log(10, 11, 1, 1),
        log(10, 11, 2, after=2),
        log(10, 11, 1, 2, limit=1),
        log(10, 11, 4, 5, last=1),
        log(10, 11, 5, last=0),
    ],
    ids=str,
)
def test_what_was_not_asked_for(one: Call) -> None:
    """Another order, what was read before, or more than was wanted."""
    assert "log acme/s: call 6 (process 1, main) read other messages than it had asked for" in told(
        one
    )


def test_a_message_that_was_deleted_is_missed_by_nobody() -> None:
    """Nor one that may have been."""
    gone = Delete(message(2).key, 1)
    for outcome in (Outcome.DONE, Outcome.UNKNOWN):
        swept = commit(7, 8, gone, outcome=outcome)
        assert told(log(10, 11, 1, 3), written=[*FIVE, swept]) == []


def test_a_message_that_came_later_may_be_missing() -> None:
    """One that is not certain, or was still being written when the one after it was."""
    lost = commit(2, 3, say(2), outcome=Outcome.UNKNOWN)
    slow = commit(2, 30, say(2))
    for second in (lost, slow):
        written = [commit(1, 1, say(1)), second, commit(5, 6, say(3))]
        assert told(log(10, 11, 1, 3), written=written) == []
        assert told(log(10, 11, 3, last=1), written=written) == []
    touching = [commit(1, 5, say(1)), commit(5, 6, say(2))]
    assert told(log(10, 11, 2), written=touching) == []
    late = [commit(1, 2, say(2)), commit(3, 4, say(1)), commit(5, 6, say(3))]
    assert told(log(10, 11, 2), written=late) == []
    assert told(log(10, 11, 2, 3), written=late) != []


def test_what_was_written_together_is_shown_together() -> None:
    """From its beginning on."""
    written = [commit(1, 5, say(1), say(2))]
    assert told(log(2, 3, 1), written=written) == []
    assert told(log(2, 3, 2, last=1), written=written) == []
    assert len(told(log(2, 3, 2), written=written)) == 1


def test_a_read_that_failed_has_shown_nothing() -> None:
    """Whatever is said of it."""
    from attrs import evolve  # noqa: PLC0415 - one line of one test

    failed = evolve(log(10, 11, 3), outcome=Outcome.NOT_DONE, seen=())
    assert told(failed) == []
