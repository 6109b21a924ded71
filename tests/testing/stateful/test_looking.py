"""Looking at everything that can be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from coachwork.adapters import Memory
from coachwork.policies import Settings
from coachwork.ports import CommitResult, Query
from coachwork.records import Delete, Insert, Op, Record, Update
from coachwork.testing import NOON, Capability
from coachwork.testing.stateful._both import Words
from coachwork.testing.stateful._commands import Commands
from coachwork.testing.stateful._looking import Looking, to_the_end
from coachwork.testing.stateful._topics import CONTEXTS, VALUES
from coachwork.testing.stateful.oracle import Session


def talk(memory: Memory, lacks: Sequence[Capability] = ()) -> tuple[Commands, Looking]:
    """Return a run in which there was some talk, and who looks at it."""
    run = Commands(lambda: nullcontext(memory), Settings(), lacks=lacks)
    who, words = run.both.users[0], Words()
    for _ in range(2):
        given = (who, VALUES, CONTEXTS["Ada"], None)
        run.both.do(run.start(*given, take_over=False, waits=True, words=words))
    session = run.both.oracle.sessions[-1]
    for waits in (True, True, False):
        run.both.do(run.send(who, session, "hello", None, waits=waits, words=words))
    return run, Looking(run.both)


def look(run: Commands, looking: Looking) -> None:
    """Look at everything."""
    run.both.do(looking.look_at(*run.both.users))
    run.both.do(looking.look_at_views(*run.both.users))


def test_what_is_as_it_must_be_is_passed_over() -> None:
    """Nothing is wrong, however often it is looked at."""
    run, looking = talk(Memory())
    look(run, looking)
    run.both.do(run.process(run.both.oracle.sessions[-1].jobs[-1], Words()))
    look(run, looking)


def test_what_has_expired_is_looked_at_no_more() -> None:
    """Its log is not asked for, and that it is not found is what must be."""
    run, looking = talk(Memory())
    run.both.do(run.meanwhile("it expires", run.both.oracle.sessions[-1].jobs[-1]))
    look(run, looking)


Spoils = Callable[[Commands], object]

WRONG: dict[str, tuple[Spoils, bool, str]] = {
    "workers": (lambda run: run.both.oracle.dispatched.pop(), False, "what workers are told"),
    "others": (
        lambda run: run.both.oracle.events.append({"eventId": "x"}),
        False,
        "what others are told",
    ),
    "a session": (lambda run: setattr(_last(run), "turns", 7), False, "the answer"),
    "a check": (lambda run: _forget(run, "check"), False, "the answer"),
    "a log": (lambda run: _last(run).log.pop(), True, "the history"),
    "standings": (lambda run: _forget(run, "standing"), True, "the answer"),
    "a list": (lambda run: setattr(_first(run), "reason", "x"), True, "the list of sessions"),
}
"""What is spoiled, whether it is seen in views, and as what it is told."""


def _first(run: Commands) -> Session:
    return run.both.oracle.sessions[0]


def _last(run: Commands) -> Session:
    return run.both.oracle.sessions[-1]


def _forget(run: Commands, what: str) -> None:
    """Let the oracle tell nothing where it is asked for that."""
    setattr(run.both.oracle, what, lambda *_: {})


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_as_told_is_found(what: str) -> None:
    """Each of them is looked at, and told by its name."""
    run, looking = talk(Memory())
    spoil, in_views, told = WRONG[what]
    spoil(run)
    look_at = looking.look_at_views if in_views else looking.look_at
    with pytest.raises(AssertionError, match=f"{told} is not as it must be"):
        run.both.do(look_at(*run.both.users))


class Forgets(Memory):
    """A repository that begins to forget claims when it is told to."""

    forgets = False

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find no claims."""
        return [] if self.forgets and query.kind == "claim" else super().find(query)


def test_what_is_stored_is_held_against_the_invariants() -> None:
    """Where the records do not fit together, the invariant is told."""
    memory = Forgets()
    run, looking = talk(memory)
    memory.forgets = True
    with pytest.raises(AssertionError, match=r"the records that are found do not fit .*:\n1: "):
        run.both.do(looking.look_at_views(*run.both.users))


class Endless(Memory):
    """A repository whose pages never end."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Begin from the beginning each time."""
        return super().find(evolve(query, after=None))


def test_pages_that_never_end_are_left() -> None:
    """More than there is is not read."""
    run, looking = talk(Endless())
    for _ in range(2):
        given: tuple[Any, ...] = (run.both.users[0], VALUES, CONTEXTS["Ada"], None)
        run.both.do(run.start(*given, take_over=False, waits=True, words=Words()))
    with pytest.raises(AssertionError, match="the list of sessions is not as it must be"):
        run.both.do(looking.look_at_views(run.both.users[0]))


class Keeps(Memory):
    """A repository that keeps what is of a certain kind for ever."""

    def __init__(self, kind: str) -> None:
        """Begin with nothing."""
        super().__init__()
        self._kind = kind

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Delete none."""
        return super().commit(
            [op for op in ops if not (isinstance(op, Delete) and op.key.kind == self._kind)]
        )


def test_in_the_end_nothing_may_be_left() -> None:
    """What is left when all is deleted and swept is told by its key."""
    memory = Memory()
    run, looking = talk(memory)
    run.both.do(to_the_end(run, looking))
    assert memory.records() == []
    run, looking = talk(Keeps("background"))
    with pytest.raises(AssertionError, match=r"deleted and swept, and yet there: .*background"):
        run.both.do(to_the_end(run, looking))


def test_in_the_end_all_is_answered_and_told() -> None:
    """What waits for a worker, too."""
    run, looking = talk(Memory())
    jobs = {job.id for session in run.both.oracle.sessions for job in session.jobs}
    assert (len(run.both.oracle.due()), len(jobs)) == (1, 5)
    run.both.do(to_the_end(run, looking))
    assert {*run.both.props.notifier.jobs} == jobs


@pytest.mark.parametrize("what", ["standing", "exported"])
def test_all_is_looked_at_in_the_end(what: str) -> None:
    """What only shows, and what is taken out."""
    run, looking = talk(Memory())
    _forget(run, what)
    with pytest.raises(AssertionError, match="the answer is not as it must be"):
        run.both.do(to_the_end(run, looking))


class Overlooks(Memory):
    """A repository that does not see what is due in a certain status."""

    def __init__(self, status: str) -> None:
        """Begin with nothing."""
        super().__init__()
        self._status = status

    def find(self, query: Query, /) -> Sequence[Record]:
        """Overlook it."""
        found = super().find(query)
        return [one for one in found if query.due is None or one.facts.status != self._status]


@pytest.mark.parametrize(
    "status, told", [("pending", "what waits for a worker"), ("completed", "the answer")]
)
def test_workers_and_relays_come_in_the_end(status: str, told: str) -> None:
    """What they are to find is held."""
    run, looking = talk(Overlooks(status))
    with pytest.raises(AssertionError, match=f"{told} is not as it must be"):
        run.both.do(to_the_end(run, looking))


def test_without_a_relay_all_is_told_in_the_end() -> None:
    """Workers tell what others are owed."""
    run, looking = talk(Memory(), [Capability.DUE])
    jobs = {job.id for session in run.both.oracle.sessions for job in session.jobs}
    run.both.do(to_the_end(run, looking))
    assert {*run.both.props.notifier.jobs} == jobs


def test_without_a_sweep_only_marks_are_left() -> None:
    """Of deletions that nobody asks about any more; anything else is told."""
    memory = Memory()
    run, looking = talk(memory, [Capability.EXPIRED])
    run.both.do(to_the_end(run, looking))
    assert {record.key.kind for record in memory.records()} == {"account"}
    for kind in ("background", "session"):
        run, looking = talk(Keeps(kind), [Capability.EXPIRED])
        with pytest.raises(AssertionError, match=rf"deleted and swept, and yet there: .*{kind}"):
            run.both.do(to_the_end(run, looking))


class Marks(Memory):
    """A repository that lets the marks of deletions stay."""

    def __init__(self, expires: datetime | None) -> None:
        """Let them stay until then, or for ever."""
        super().__init__()
        self._expires = expires

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write marks that expire later than they should."""
        return super().commit([self._late(op) for op in ops])

    def _late(self, op: Op) -> Op:
        if not isinstance(op, Insert | Update) or op.record.key.kind != "account":
            return op
        if op.record.facts.expires is None:  # it is no mark
            return op
        facts = evolve(op.record.facts, expires=self._expires)
        return evolve(op, record=evolve(op.record, facts=facts))


@pytest.mark.parametrize("expires", [None, NOON + timedelta(days=9999)])
@pytest.mark.parametrize("lacks", [[], [Capability.EXPIRED]])
def test_a_mark_must_not_be_left_for_ever(
    expires: datetime | None, lacks: Sequence[Capability]
) -> None:
    """Whether or not a sweeper comes."""
    run, looking = talk(Marks(expires), lacks)
    with pytest.raises(AssertionError, match=r"deleted and swept, and yet there: .*account"):
        run.both.do(to_the_end(run, looking))


class KeepsMarks(Memory):
    """A repository that does not show the marks of deletions to a sweeper."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find none."""
        found = super().find(query)
        return [one for one in found if query.expires is None or one.key.kind != "account"]


def test_a_sweeper_finds_the_marks() -> None:
    """A repository that does not find them says that it lacks that."""
    run, looking = talk(KeepsMarks())
    with pytest.raises(AssertionError, match=r"deleted and swept, and yet there: .*account"):
        run.both.do(to_the_end(run, looking))


def test_where_nothing_can_be_deleted_all_is_left() -> None:
    """It is answered, told and looked at as ever."""
    run, looking = talk(Memory(), [Capability.LARGE_COMMITS])
    run.both.do(to_the_end(run, looking))
    assert len(run.both.oracle.sessions) == 2
    assert run.both.oracle.due() == run.both.oracle.owed() == []
