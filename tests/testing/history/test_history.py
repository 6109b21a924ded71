"""A history keeps calls in order, in memory and in files."""

from __future__ import annotations

import json
import threading
from itertools import count
from pathlib import Path

import pytest

from coachwork.errors import ValidationError
from coachwork.testing.history import History, Method, Outcome
from coachwork.testing.history._call import Act, Part, Seen, Span
from tests.told_calls import commit, got, log, put, say

PART = Part(Act.UPDATE, "thing acme/a", 2, "0" * 16)
SEEN = Seen("thing acme/a", 1, "1" * 16)
SPAN = Span("acme", "s", 3, None, 10)


def ticking(start: int = 1) -> History:
    """Return a history whose clock goes on by one each time."""
    return History(clock=count(start).__next__)


def test_calls_come_in_the_order_in_which_they_began() -> None:
    """Whichever ended first; one that is under way has no end and no outcome."""
    history = ticking()
    first = history.begin("one", Method.COMMIT, (PART,))
    second = history.begin("two", Method.LOG, span=SPAN)
    third = history.begin("three", Method.GET)
    history.end(second, Outcome.DONE, (SEEN,))
    history.end(first, Outcome.CONFLICT)
    told = [(call.number, call.who, call.begin, call.end) for call in history.calls]
    assert told == [(1, "one", 1, 5), (2, "two", 2, 4), (3, "three", 3, None)]
    assert [call.outcome for call in history.calls] == [
        Outcome.CONFLICT,
        Outcome.DONE,
        Outcome.UNKNOWN,
    ]
    assert history.calls[0].parts == (PART,)
    assert (history.calls[1].span, history.calls[1].seen) == (SPAN, (SEEN,))
    assert third == 3


def test_many_threads_write_into_one_history() -> None:
    """None of their calls is lost, and each has its own number."""
    history = History()
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        for _ in range(200):
            history.end(history.begin(threading.current_thread().name, Method.GET), Outcome.DONE)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls = history.calls
    assert [call.number for call in calls] == [*range(1, 1601)]
    assert all(call.end is not None and call.begin <= call.end for call in calls)
    assert len({call.who for call in calls}) == 8


def test_a_history_is_saved_and_loaded(tmp_path: Path) -> None:
    """All that is known of each call comes back; several files are one history."""
    one = History.of([commit(1, 2, put("a"), say(1)), got(5, 6, "a", 1), log(9, 10, 1)])
    other = History.of([commit(3, None, put("b"), outcome=Outcome.UNKNOWN), got(7, 8, "b", 0)])
    for name, history in (("one", one), ("other", other)):
        history.save(tmp_path / name)
    loaded = History.load(tmp_path / "one", tmp_path / "other")
    assert [call.begin for call in loaded.calls] == [1, 3, 5, 7, 9]
    assert loaded.calls == History.of([*one.calls, *other.calls]).calls


def test_a_file_tells_of_calls_that_never_ended(tmp_path: Path) -> None:
    """What a process began before it was killed stands there, and half a line is left out."""
    path = tmp_path / "calls"
    with History(path, clock=count(1).__next__) as history:
        history.end(history.begin("me", Method.GET), Outcome.DONE, (SEEN,))
        history.begin("me", Method.COMMIT, (PART,))
        killed = History.load(path)  # it need not be closed for that
        assert killed.calls == history.calls
    assert [call.end for call in killed.calls] == [2, None]
    path.write_text(path.read_text("ascii") + '["end", 2, "me", "com', "ascii")
    assert History.load(path).calls == killed.calls


def test_a_history_without_a_file_is_closed_too() -> None:
    """Nothing happens then."""
    ticking().close()


@pytest.mark.parametrize(
    "line", ["?", "[]", '{"a": 1}', '["end", 1]', "1", '["end",1,"me","put",1,2,"done",[],[],null]']
)
def test_a_file_that_is_no_history_is_refused(tmp_path: Path, line: str) -> None:
    """The error tells the line, and nothing of what stands there."""
    path = tmp_path / "calls"
    History.of([got(1, 2, "a", 0)]).save(path)
    path.write_text(path.read_text("ascii") + f"{line}\n", "ascii")
    with pytest.raises(ValidationError, match="paths: expected histories; line 2 of one is none"):
        History.load(path)


def test_a_line_is_plain_data(tmp_path: Path) -> None:
    """Another program may read it, or write one."""
    History.of([got(1, 2, "a", 0)]).save(tmp_path / "calls")
    assert json.loads((tmp_path / "calls").read_text("ascii")) == [
        "end", 1, "process 1, main", "get", 1, 2, "done", [], [["thing acme/a", 0, "", 0]], None,
    ]  # fmt: skip
