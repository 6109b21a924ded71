"""The machine over the repositories that there are, over slow ones, and over broken ones."""

from __future__ import annotations

import asyncio
import os
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, reproduce_failure, settings
from hypothesis.stateful import run_state_machine_as_test

from coachwork.adapters import Memory, SQLite, in_threads
from coachwork.errors import (
    CorruptRecordError,
    MisuseError,
    StoreUnavailableError,
    ValidationError,
)
from coachwork.policies import Settings
from coachwork.ports import AsyncRepository, CommitResult, Query, Repository
from coachwork.records import Delete, Insert, Key, Op, Record, Update
from coachwork.testing import Audited, Capability
from coachwork.testing.conformance.repository import REPOSITORY
from coachwork.testing.stateful import SessionMachine
from coachwork.testing.stateful._both import Words
from coachwork.testing.stateful._choices import Do
from tests.workflow_mutants import MUTANTS

EXAMPLES: Final = int(os.environ.get("COACHWORK_SESSION_EXAMPLES", "6"))
HOUSE: Final = settings(max_examples=EXAMPLES, stateful_step_count=25)


@contextmanager
def sqlite() -> Iterator[SQLite]:
    """Give a database in a folder of its own."""
    with TemporaryDirectory(prefix="coachwork-") as folder:
        store = SQLite(Path(folder) / "coach.db", synchronous="NORMAL")
        try:
            yield store
        finally:
            store.close()


@contextmanager
def threaded() -> Iterator[AsyncRepository]:
    """Give one that is awaited while threads do its work."""
    with sqlite() as store:
        yield in_threads(store)


SHARED: Final = Memory()
"""One engine for all runs."""

LAG: Final = 0.002


class Lagging(Memory):
    """A repository whose views show what was there a while ago."""

    def __init__(self, lag: float = LAG) -> None:
        """Begin with nothing."""
        super().__init__()
        self._lag = lag
        self._behind = Memory()
        self._waiting: deque[tuple[float, Sequence[Op]]] = deque()

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit now; the views get to know of it later."""
        result = super().commit(ops)
        if result is CommitResult.DONE:
            self._waiting.append((monotonic() + self._lag, ops))
        return result

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read what was there a while ago."""
        return self._view().log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find what was there a while ago."""
        return self._view().find(query)

    def _view(self) -> Memory:
        while self._waiting and self._waiting[0][0] <= monotonic():
            self._behind.commit(self._waiting.popleft()[1])
        return self._behind


class AsyncLagging:
    """An async one, whose views are brought up to date by its loop."""

    def __init__(self, lag: float = LAG) -> None:
        """Begin with nothing."""
        self._lag = lag
        self._now = Memory().for_async()
        self._behind = Memory()
        self._waiting: deque[Sequence[Op]] = deque()

    async def get(self, key: Key, /) -> Record | None:
        """Read what is there."""
        return await self._now.get(key)

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit now; the views get to know of it later."""
        result = await self._now.commit(ops)
        if result is CommitResult.DONE:
            self._waiting.append(ops)
            asyncio.get_running_loop().call_later(self._lag, self._catch_up)
        return result

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read what was there a while ago."""
        return self._behind.log(tenant, session, after=after, last=last, limit=limit)

    async def find(self, query: Query, /) -> Sequence[Record]:
        """Find what was there a while ago."""
        return self._behind.find(query)

    def _catch_up(self) -> None:
        self._behind.commit(self._waiting.popleft())


TestOnMemory = SessionMachine.over(lambda: nullcontext(Audited(Memory()))).TestCase
TestOnSQLite = SessionMachine.over(sqlite).TestCase
TestAwaited = SessionMachine.over(lambda: nullcontext(Memory().for_async())).TestCase
TestInThreads = SessionMachine.over(threaded).TestCase
TestOnASharedEngine = SessionMachine.over(lambda: nullcontext(SHARED)).TestCase
TestWithViewsThatLag = SessionMachine.over(lambda: nullcontext(Lagging()), settle=2 * LAG).TestCase
TestAwaitedWithViewsThatLag = SessionMachine.over(
    lambda: nullcontext(AsyncLagging()), settle=2 * LAG
).TestCase
TestOnMemory.settings = TestOnSQLite.settings = HOUSE
TestAwaited.settings = TestOnASharedEngine.settings = HOUSE
TestWithViewsThatLag.settings = TestAwaitedWithViewsThatLag.settings = settings(
    max_examples=max(1, EXAMPLES // 2), stateful_step_count=15
)
TestInThreads.settings = settings(max_examples=max(1, EXAMPLES // 2), stateful_step_count=15)


# --- what it finds ---------------------------------------------------------------------------


IN_ORDER: Final = settings(
    max_examples=150,
    stateful_step_count=30,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""Always the same runs."""


def found_in(
    make: Callable[[], Repository], lacks: Collection[Capability] = (), *, runs: int = 300
) -> None:
    """Let the machine look for what is wrong, always in the same order."""
    run_state_machine_as_test(
        SessionMachine.over(lambda: nullcontext(make()), lacks=lacks),
        settings=settings(IN_ORDER, max_examples=runs),
    )


class LastWriteWins(Memory):
    """An update does not look at the version."""

    def _holds(self, op: Op) -> bool:
        return isinstance(op, Update) or super()._holds(op)


class Piecemeal(Memory):
    """A commit does what it can, and then tells a conflict."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Do the operations one by one."""
        done = all(super(Piecemeal, self).commit([op]) is CommitResult.DONE for op in ops)
        return CommitResult.DONE if done else CommitResult.CONFLICT


class LosesMessages(Memory):
    """Every fourth message of a session is never written."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Leave it out."""
        return super().commit([op for op in ops if not _is_fourth_message(op)])


def _is_fourth_message(op: Op) -> bool:
    return (
        isinstance(op, Insert) and op.record.key.kind == "message" and op.record.key.parts[1] == 4
    )


class KeepsReceipts(Memory):
    """What is deleted is told to be, and some of it stays."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Delete no receipt."""
        kept = [op for op in ops if isinstance(op, Delete) and op.key.kind == "receipt"]
        return super().commit([op for op in ops if op not in kept])


class KnowsNoTenants(Memory):
    """The tenant is no part of the key."""

    def get(self, key: Key, /) -> Record | None:
        """Read what any tenant has."""
        found = super().get(evolve(key, tenant="any"))
        return None if found is None else evolve(found, key=key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Write what all tenants have."""
        return super().commit([_of_any_tenant(op) for op in ops])


def _of_any_tenant(op: Op) -> Op:
    if isinstance(op, Insert | Update):
        return evolve(op, record=evolve(op.record, key=evolve(op.record.key, tenant="any")))
    return evolve(op, key=evolve(op.key, tenant="any"))


class ShowsOthers(Memory):
    """A view shows what others own, too."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Forget whose it is to be."""
        return super().find(evolve(query, owner=None))


class OldestFirst(Memory):
    """A view is always in ascending order."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Forget the order."""
        return super().find(evolve(query, newest_first=False))


class LateByATick(Memory):
    """What is due at this very instant is not found."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Leave it out."""
        found = super().find(query)
        return [one for one in found if query.due is None or one.facts.due != query.due]


class AnyStatus(Memory):
    """A view does not look at the status."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Forget the status."""
        return super().find(evolve(query, status=()))


class ReadsTwice(Memory):
    """A page of a log begins with the last message of the page before."""

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Begin one too early."""
        return super().log(tenant, session, after=max(0, after - 1), last=last, limit=limit)


BROKEN: Final = (
    LastWriteWins,
    Piecemeal,
    LosesMessages,
    KeepsReceipts,
    KnowsNoTenants,
    ShowsOthers,
    OldestFirst,
    LateByATick,
    AnyStatus,
    ReadsTwice,
)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_repository_is_found(broken: type[Memory]) -> None:
    """Whatever promise it breaks, something is not as it must be."""
    with pytest.raises((AssertionError, CorruptRecordError)):
        found_in(broken)


WRONG: Final = (
    "no busy check",
    "status written back",
    "cancel forgets the turn",
    "no owner check",
    "late reply kept",
    "asked before it is accepted",
    "message un-pauses",
    "pause frees the topic",
    "completion keeps the topic",
    "standing not noted",
    "own receipt not looked for",
    "no receipt",
    "fingerprint not compared",
    "asked again after a conflict",
    "others' conflict ignored",
    "click applied again",
    "own click not looked for",
    "click without its audit",
    "reply without its audit",
    "reply without its state",
    "coach at the user's buttons",
)
"""Mutants of the workflows that are no races, by their names in `tests.workflow_mutants`."""


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_workflow_is_found(wrong: str) -> None:
    """Whatever decision is not kept, something is not as it must be."""
    with MUTANTS[wrong].in_force(), pytest.raises(AssertionError):
        found_in(Memory)


# --- what is lacking -------------------------------------------------------------------------


class FindsNothingDue(Memory):
    """There is no view of what is due."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find nothing there."""
        return super().find(query) if query.due is None else []


class FindsNothingExpired(Memory):
    """There is no view of what has expired."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find nothing there."""
        return super().find(query) if query.expires is None else []


class CommitsLittle(Memory):
    """A commit is of a few operations only."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Refuse what is more."""
        if len(ops) > 16:
            raise StoreUnavailableError
        return super().commit(ops)


LACKING: Final = [
    (FindsNothingDue, Capability.DUE),
    (FindsNothingExpired, Capability.EXPIRED),
]


@pytest.mark.parametrize("poor, lacking", LACKING)
def test_what_is_declared_as_lacking_is_no_fault(poor: type[Memory], lacking: Capability) -> None:
    """What needs it is left out, and only where it is declared."""
    with pytest.raises(AssertionError):
        found_in(poor)
    found_in(poor, {lacking}, runs=8)


def test_what_is_too_large_to_be_deleted_is_not_deleted() -> None:
    """Only where it is declared."""

    def talk(*lacks: Capability) -> None:
        machine = SessionMachine.over(lambda: nullcontext(CommitsLittle()), lacks=lacks)()
        machine.begin(settings=Settings(), topics=("talk", "talk", "talk"))
        for _ in range(17):
            machine.do(Do("send", place=0, words=Words(), waits=True))
        machine.teardown()

    with pytest.raises(AssertionError, match="it must not be refused, and was: StoreUnavailable"):
        talk()
    talk(Capability.LARGE_COMMITS)
    found_in(CommitsLittle, {Capability.LARGE_COMMITS}, runs=3)


@pytest.mark.parametrize("lacking", sorted(REPOSITORY.capabilities))
def test_having_it_all_the_same_is_no_fault(lacking: Capability) -> None:
    """Whatever a repository may lack can be declared."""
    found_in(Memory, [lacking], runs=3)


@pytest.mark.parametrize("broken", [KeepsReceipts, ShowsOthers, LastWriteWins])
def test_the_rest_is_held_where_views_are_lacking(broken: type[Memory]) -> None:
    """A repository that lacks something may have faults beside that."""
    with pytest.raises(AssertionError):
        found_in(broken, {Capability.DUE, Capability.EXPIRED})


# --- how it is made --------------------------------------------------------------------------


def test_it_needs_a_repository() -> None:
    """Who forgets it is told where it comes from."""
    with pytest.raises(MisuseError, match=r"needs a repository: see SessionMachine\.over"):
        SessionMachine()
    with pytest.raises(MisuseError, match="make must be a function"):
        SessionMachine.over(Memory())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValidationError, match="settle: expected seconds, 0 or more"):
        SessionMachine.over(lambda: nullcontext(Memory()), settle=-1)
    with pytest.raises(ValidationError, match=r"lacks: expected some of: .*Capability\.DUE"):
        SessionMachine.over(lambda: nullcontext(Memory()), lacks={Capability.STREAMING})


def test_what_was_found_can_be_replayed() -> None:
    """By the decorator that Hypothesis prints, on the machine: the very run, and no other."""
    over = SessionMachine.over(lambda: nullcontext(ShowsOthers()))
    seen = settings(IN_ORDER, print_blob=True)
    with pytest.raises(AssertionError) as found:
        run_state_machine_as_test(over, settings=seen)
    printed = re.search(r"@reproduce_failure\('(.*)', b'(.*)'\)", "\n".join(found.value.__notes__))
    assert printed is not None
    version, blob = printed.groups()
    replayed = reproduce_failure(version, blob.encode())(over)
    replayed.TestCase.settings = settings(IN_ORDER, max_examples=1)
    with pytest.raises(AssertionError, match="the list of sessions is not as it must be"):
        replayed.TestCase("runTest").runTest()


def test_what_was_never_begun_is_ended_at_once() -> None:
    """A machine that Hypothesis gives up before its first step asks for no repository."""
    machine = SessionMachine.over(pytest.fail)()
    machine.what_is_seen_is_as_it_must_be()
    machine.teardown()


def test_what_was_found_is_what_is_told() -> None:
    """A run in which something was found is not led to its end, but its repository is ended."""
    ended: list[bool] = []

    @contextmanager
    def make() -> Iterator[Memory]:
        yield LosesMessages()
        ended.append(True)

    def run(machine: SessionMachine) -> None:
        machine.begin(settings=Settings(), topics=("talk", "talk", "talk"))
        try:
            for _ in range(8):
                machine.do(Do("send", place=0, words=Words(), waits=True))
                machine.what_is_seen_is_as_it_must_be()
        finally:
            machine.teardown()

    with pytest.raises(AssertionError, match="the history is not as it must be"):
        run(SessionMachine.over(make)())
    assert ended == [True]


def test_what_others_do_meanwhile_waits_for_views_as_well() -> None:
    """A deletion while the model thinks finds the message that was just accepted."""
    lagging = Lagging(lag=0.05)
    machine = SessionMachine.over(lambda: nullcontext(lagging), settle=0.1)()
    machine.begin(settings=Settings(), topics=("values", "board", "council"))
    machine.do(Do("send", place=0, words=Words(meanwhile="all is deleted"), waits=True))
    machine.teardown()
    assert lagging.records() == []


def test_in_the_end_nothing_is_left() -> None:
    """A run that found nothing ends with everything answered, told, deleted and swept."""
    memory = Memory()
    machine = SessionMachine.over(lambda: nullcontext(memory))()
    machine.begin(settings=Settings(), topics=("values", "board", "council"))
    machine.do(Do("send", place=0, words=Words(), waits=False))
    assert memory.records() != []
    machine.teardown()
    assert memory.records() == []
