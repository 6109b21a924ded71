"""What nearly every check of a repository asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from coachwork.adapters import Memory
from coachwork.drivers import run
from coachwork.effects import Find, Workflow
from coachwork.errors import OutcomeUnknownError, StoreUnavailableError
from coachwork.ports import CommitResult, Query
from coachwork.records import Facts, Insert, Key, Op, Record
from coachwork.testing.conformance import (
    Port,
    PromiseBrokenError,
    Suite,
    Terms,
    Trial,
    check,
    promises_in,
)
from coachwork.testing.conformance.repository import REPOSITORY, _asking, _due, _logs, _views
from coachwork.testing.conformance.repository._asking import (
    answer,
    done,
    finds,
    put,
    refused,
    shows,
    tried,
    version_of,
)
from coachwork.testing.conformance.repository._things import FEW, names
from tests.things import ports, thing

A = Insert(thing("t", "a"))
VIEW = Find(Query(kind="thing", tenant="t", owner="u"))


def trial(settle: float = 0.0) -> Trial:
    """Return a trial whose views may lag so long."""
    return Trial(
        tenant="t",
        settle=settle,
        make=lambda: nullcontext(Memory()),
        port=Port(name="Repository", field="repository", method="commit"),
        deadline=5,
    )


class Says(Memory):
    """A repository that answers commits with what it is told to."""

    def __init__(self, *answers: Any) -> None:  # noqa: ANN401 - a wrong one, too
        """Answer with one after another."""
        super().__init__()
        self.answers = list(answers)

    def commit(self, _ops: Sequence[Op], /) -> CommitResult:
        """Answer, or raise."""
        said: Any = self.answers.pop(0)
        if isinstance(said, Exception):
            raise said
        result: CommitResult = said
        return result


def asked(workflow: Workflow[object], *answers: object) -> object:
    """Drive a workflow against a repository that answers so."""
    return run(workflow, ports(Says(*answers)))


@pytest.mark.parametrize("word, is_done", [("done", True), ("conflict", False)])
def test_a_word_counts_as_an_answer(word: str, *, is_done: bool) -> None:
    """That it is the wrong type is for one check to say, and not for all."""
    assert asked(answer(A), word) is is_done
    assert asked(answer(A), CommitResult(word)) is is_done


@pytest.mark.parametrize("said", [None, True, 1, "ok", []])
def test_anything_else_is_no_answer(said: object) -> None:
    """It is told what was asked, and what came."""
    with pytest.raises(PromiseBrokenError, match=r"commit\(insert thing\('a'\)\)"):
        asked(answer(A), said)


def test_what_must_be_done_or_refused_is_told_where_it_is_not() -> None:
    """Both ways."""
    assert asked(done(A), "done") is None
    assert asked(refused(A), "conflict") is None
    with pytest.raises(PromiseBrokenError, match=r"expected: done\ngot: +conflict"):
        asked(done(A), "conflict")
    with pytest.raises(PromiseBrokenError, match=r"expected: conflict\ngot: +done"):
        asked(refused(A), "done")


def test_who_tries_takes_every_answer() -> None:
    """Unavailable is not done; an answer that is lost is not known."""
    assert asked(tried(A), "done") is True
    assert asked(tried(A), "conflict") is False
    assert asked(tried(A), StoreUnavailableError("busy")) is False
    assert asked(tried(A), OutcomeUnknownError()) is None


def test_records_are_put_a_few_at_a_time() -> None:
    """No check but one needs an engine that takes many operations at once."""
    commits: list[int] = []

    class Counts(Memory):
        def commit(self, ops: Sequence[Op], /) -> CommitResult:
            commits.append(len(ops))
            return super().commit(ops)

    run(put([thing("t", n) for n in range(2 * FEW + 1)]), ports(Counts()))
    assert commits == [FEW, FEW, 1]


def test_what_is_there_is_told_by_version_and_body() -> None:
    """Facts are another promise's."""
    memory = Memory()
    memory.commit([Insert(thing("t", "a", facts=Facts(owner="u")))])
    run(finds(A.record.key, A.record), ports(memory))
    run(finds(Key("thing", "t", ("b",)), None), ports(memory))
    for expected in (None, thing("t", "a", version=2), thing("t", "a", body="{}")):
        with pytest.raises(PromiseBrokenError, match=r"get\(thing\('a'\)\)"):
            run(finds(A.record.key, expected), ports(memory))
    assert version_of(None) == 0
    assert version_of(thing("t", "a", version=3)) == 3


# --- views that lag --------------------------------------------------------------------------


class Lags(Memory):
    """A repository whose views show what is committed only at their third look."""

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__()
        self._shown = Memory()
        self._waiting: list[Sequence[Op]] = []
        self._looks = 0

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit, and let the views wait."""
        result = super().commit(ops)
        if result is CommitResult.DONE:
            self._waiting.append(ops)
            self._looks = 0
        return result

    def _catch_up(self) -> Memory:
        self._looks += 1
        if self._looks > 2:
            for ops in self._waiting:
                self._shown.commit(ops)
            self._waiting = []
        return self._shown

    def log(self, *args: Any, **wanted: Any) -> Any:  # noqa: ANN401 - passed on
        """Read what is shown."""
        return self._catch_up().log(*args, **wanted)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find what is shown."""
        return self._catch_up().find(query)


def test_a_view_is_looked_at_as_long_as_it_may_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it may not, the first look counts; a view that never shows it is told in the end."""
    monkeypatch.setattr(_asking, "MOMENT", 0.001)

    def stored(memory: Memory) -> Memory:
        memory.commit([Insert(thing("t", "a", facts=Facts(owner="u")))])
        return memory

    def look(settle: float, expected: list[str]) -> Callable[[], Workflow[None]]:
        return lambda: shows(trial(settle), VIEW, names, expected)

    run(look(0, ["a"])(), ports(stored(Memory())))
    run(look(0.01, ["a"])(), ports(stored(Lags())))
    with pytest.raises(PromiseBrokenError, match=r"expected: 1 \('a'\)\ngot: +none"):
        run(look(0, ["a"])(), ports(stored(Lags())))
    with pytest.raises(PromiseBrokenError, match=r"expected: \[0\] 'b'\ngot: +\[0\] 'a'"):
        run(look(0.01, ["b"])(), ports(stored(Lags())))


@pytest.mark.parametrize(
    "promise", promises_in(_logs, _views, _due), ids=lambda promise: promise.id
)
def test_a_repository_may_lag(promise: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    """Every check of a view waits for it where it was told that it may lag."""
    monkeypatch.setattr(_asking, "MOMENT", 0.001)
    suite = Suite(port=REPOSITORY.port, promises=(promise,))
    check(suite, lambda: nullcontext(Lags()), Terms.of(suite, settle=0.02))
