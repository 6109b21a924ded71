"""The small worlds in which a cached repository is explored.

The store of a world is both sides at once: the fast one is a tenant that nobody else has. A course
of the cache is a workflow then, each call of either side an effect, so that everything that may
happen between two effects may happen between two calls of the cache.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from itertools import pairwise
from typing import Any, Final, TypeVar, cast

from attrs import evolve, frozen

from coachwork.adapters._cache import Cache
from coachwork.adapters._caching import Caching, name_of
from coachwork.courses import Course
from coachwork.effects import (
    AskModel,
    Commit,
    Effect,
    Find,
    Get,
    NewId,
    ReadLog,
    RunAgent,
    Workflow,
)
from coachwork.errors import StoreError
from coachwork.messages import Message
from coachwork.ports import AsyncRepository, CommitResult, Query
from coachwork.records import (
    MESSAGE,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    Update,
    key_of,
    message_key,
)
from coachwork.testing.explorer import (
    PROMISED,
    Bounds,
    Call,
    Command,
    Exploration,
    Fault,
    Invariants,
    Outcome,
    Promises,
    Records,
    Step,
    World,
    commands_of,
    explore,
)
from coachwork.workflows import History, history
from tests.cached_lives import said
from tests.explorations import EVERYTHING, PAST_BOTH, Scope

R = TypeVar("R")

FRONT: Final = "front of "
"""What precedes a tenant's id in the fast side."""

ELSEWHERE: Final = "front of elsewhere "
"""The same in another fast side."""


# --- both sides as effects -------------------------------------------------------------------


class Behind:
    """The durable side: each call is the effect that it is."""

    def get(self, key: Key, /) -> Effect[Record | None]:
        """Ask for a record."""
        return Get(key)

    def commit(self, ops: Sequence[Op], /) -> Effect[CommitResult] | Workflow[CommitResult]:
        """Ask for a commit."""
        return Commit(tuple(ops))

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Effect[Sequence[Record]]:
        """Ask for a log."""
        return ReadLog(tenant=tenant, session=session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Effect[Sequence[Record]]:
        """Ask for a view."""
        return Find(query)


class InFront:
    """A fast side: the same, for another tenant."""

    def __init__(self, front: str) -> None:
        self._front = front

    def commit(self, ops: Sequence[Op], /) -> Effect[CommitResult]:
        """Ask for a commit."""
        return Commit(tuple([self._moved(op) for op in ops]))

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Workflow[Sequence[Record]]:
        """Ask for a log."""
        found = yield from ReadLog(
            tenant=self._front + tenant, session=session, after=after, last=last, limit=limit
        )
        return [evolve(record, key=evolve(record.key, tenant=tenant)) for record in found]

    def _moved(self, op: Op) -> Op:
        """Return the same operation on the other tenant's record."""
        key = evolve(key_of(op), tenant=self._front + key_of(op).tenant)
        return Insert(evolve(op.record, key=key)) if isinstance(op, Insert) else Delete(key, 1)


class Bare(Cache):
    """A cache that can be compared with another: it has no lock, and counts nothing."""

    def __init__(self, sessions: int = 1) -> None:
        super().__init__(sessions)
        self._lock: Any = nullcontext()

    def count(self, *, hit: bool) -> None:
        """Count nothing."""

    def count_failure(self) -> None:
        """Count nothing."""


def caching(front: str = FRONT, *, knows: bool = False) -> Caching:
    """Return what a process does that has just begun, or has *known* a log from its beginning."""
    cache = Bare()
    if knows:
        cache.know(("acme", "s"), _old(), cache.losses)
    behind, before = Behind(), InFront(front)
    return Caching(cast("AsyncRepository", behind), cast("AsyncRepository", before), cache)


def asked(course: Course[R]) -> Workflow[R]:
    """Ask for what *course* calls for."""
    try:
        call: Callable[[], Any] = next(course)
        while True:
            try:
                answer = yield from call()
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was called
                call = course.throw(failure)
            else:
                call = course.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result


def cached(workflow: Workflow[R]) -> Workflow[R]:
    """Do what *workflow* does, on a cached repository, in a process that has just begun."""
    here = caching()
    try:
        effect = next(workflow)
        while True:
            try:
                answer = yield from _through(here, effect)
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was asked
                effect = workflow.throw(failure)
            else:
                effect = workflow.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result


def _through(here: Caching, effect: Effect[object]) -> Workflow[object]:
    """Ask what a workflow asks, by way of the cache."""
    match effect:
        case Commit(ops):
            return (yield from asked(here.commit(ops)))
        case ReadLog():
            course = here.log(
                effect.tenant,
                effect.session,
                after=effect.after,
                last=effect.last,
                limit=effect.limit,
            )
            return (yield from asked(course))
        case _:
            return (yield from effect)


# --- the shipped workflows -------------------------------------------------------------------


class Unseen(Invariants):
    """The promises of section 10 of what is stored behind; what a history tells is stored too."""

    def __init__(self, promises: Promises) -> None:
        """Judge by *promises*, and see nothing of the fast side."""
        self._promises = promises

    def state(self, records: Records, now: Any, /) -> Iterable[str]:  # noqa: ANN401 - a datetime
        """See `Promises`."""
        return self._promises.state(_behind(records), now)

    def step(self, step: Step, /) -> Iterable[str]:
        """See `Promises`."""
        if any(key_of(op).tenant.startswith(FRONT) for op in step.ops):
            return ()
        seen = evolve(step, before=_behind(step.before), after=_behind(step.after))
        return self._promises.step(seen)

    def outcome(self, outcome: Outcome, /) -> Iterator[str]:
        """See `Promises`; and no message of a history is another than the one that is stored."""
        yield from self._promises.outcome(evolve(outcome, records=_behind(outcome.records)))
        if isinstance(outcome.value, History):
            yield from _told(outcome.value.messages, outcome.records)

    def at_rest(self, records: Records, now: Any, /) -> Iterable[str]:  # noqa: ANN401 - as above
        """See `Promises`."""
        return self._promises.at_rest(_behind(records), now)

    def begin(self, call: Call, /) -> Hashable:
        """See `Promises`."""
        return self._promises.begin(call)

    def note(self, note: Hashable, effect: Effect[object], answer: object, /) -> Hashable:
        """See `Promises`."""
        return self._promises.note(note, effect, answer)

    def asked(
        self, memory: Hashable, ask: AskModel | RunAgent, records: Records, /
    ) -> tuple[Hashable, Iterable[str]]:
        """See `Promises`."""
        return self._promises.asked(memory, ask, _behind(records))


def _behind(records: Records) -> Records:
    """Return what the durable side has."""
    return {key: one for key, one in records.items() if not key.tenant.startswith(FRONT)}


def _told(messages: Sequence[Message], records: Records) -> Iterator[str]:
    """Return what is not true of the messages of a history."""
    for message in messages:
        stored = records.get(message_key(message.tenant, message.session, message.sequence))
        if stored is not None and MESSAGE.read(stored).value != message:
            yield f"3: message {message.id}: told otherwise than it is stored"


@frozen(kw_only=True)
class CachedScope(Scope):
    """A small world of the shipped workflows on a cached repository.

    Each call is a process of its own, which has just begun; all have one fast side. Besides the
    commands of the scope there is ``read``, the last two messages of a history.
    """

    def explore(self, *, merges: bool = True, reduces: bool = True) -> Exploration:
        """Explore it."""
        world = evolve(self.world(), alike=())
        (aimed,) = commands_of(world, self.callers, "pause")
        read = evolve(aimed, name="read", workflow=partial(_history, world))
        commands = [*commands_of(world, self.callers, *self.names), read]
        return explore(
            world,
            [evolve(command, workflow=_cached(command.workflow)) for command in commands],
            Bounds(
                commands=self.commands,
                at_once=self.at_once,
                faults=self.faults,
                kinds=self.kinds,
                states=self.states,
            ),
            Unseen(Promises(world)),
            merges=merges,
            reduces=reduces,
        )


def _history(world: World, call: Call) -> Workflow[object]:
    """Read the last messages of the session that a call is aimed at."""
    caller, _, session = cast("tuple[Any, ...]", call.target)
    return history(world.setup, caller, session, last=2)


def _cached(make: Callable[[Call], Workflow[object]]) -> Callable[[Call], Workflow[object]]:
    """Return what makes the same workflow on a cached repository."""
    return lambda call: cached(make(call))


# --- the life of one log ---------------------------------------------------------------------

GATE: Final = Key("thing", "acme", ("gate",))
"""What lets messages in, and counts them, as a session does."""


@frozen
class Gate:
    """What the record of the gate holds.

    Attributes:
        version: Its version.
        number: How many messages there are.
        log: Which log it is, of those that there have been.
        is_open: Whether another may come; not while the log is being deleted.
    """

    version: int
    number: int
    log: int = 1
    is_open: bool = True

    def record(self) -> Record:
        """Return it as it is stored."""
        told = {"number": self.number, "log": self.log, "is_open": self.is_open}
        return Record(GATE, self.version, Facts(), json.dumps(told))


def _gate() -> Workflow[Gate]:
    """Read the gate."""
    record = yield from Get(GATE)
    assert record is not None
    return Gate(record.version, **json.loads(record.body))


@frozen
class Question:
    """What is asked of the log."""

    after: int = 0
    last: int | None = None
    limit: int = 9


QUESTIONS: Final = (Question(), Question(last=1), Question(after=1, limit=1))


def _old() -> str:
    """Return the name of the log that there is at the beginning."""
    return name_of(said(1, "1 old"))


@frozen
class Read:
    """What somebody was told who asked for the log.

    Attributes:
        before: The gate, and what the durable side told, just before.
        answer: What was told by way of the cache.
        after: What the durable side told just after, and the gate.
    """

    before: tuple[Gate, tuple[Record, ...]]
    answer: tuple[Record, ...]
    after: tuple[Gate, tuple[Record, ...]]


def _read(here: Caching, question: Question) -> Workflow[Read]:
    """Ask the durable side, the cache, and the durable side again."""
    after, last, limit = question.after, question.last, question.limit
    alone = ReadLog(tenant="acme", session="s", after=after, last=last, limit=limit)
    first = yield from _gate()
    before = yield from alone
    answer = yield from asked(here.log("acme", "s", after=after, last=last, limit=limit))
    behind = yield from alone
    return Read((first, tuple(before)), tuple(answer), ((yield from _gate()), tuple(behind)))


def _say(here: Caching) -> Workflow[None]:
    """Say something that nobody has said before."""
    gate = yield from _gate()
    if gate.is_open:
        text = yield from NewId()
        more = evolve(gate, version=gate.version + 1, number=gate.number + 1)
        new = said(more.number, f"{gate.log} {text}")
        yield from asked(here.commit([Update(more.record()), Insert(new)]))


def _delete(here: Caching, *, last_first: bool) -> Workflow[None]:
    """Delete the log, message by message; when it is gone another one may begin."""
    gate = yield from _gate()
    if gate.is_open:
        gate = evolve(gate, version=gate.version + 1, is_open=False)
        if (yield from Commit((Update(gate.record()),))) is not CommitResult.DONE:
            return
    numbers = range(1, gate.number + 1)
    for number in reversed(numbers) if last_first else numbers:
        key = message_key("acme", "s", number)
        if (yield from Get(key)) is not None:
            ops: list[Op] = [Check(GATE, gate.version), Delete(key, 1)]
            if (yield from asked(here.commit(ops))) is not CommitResult.DONE:
                return
    yield from Commit((Update(Gate(gate.version + 1, 0, gate.log + 1).record()),))


@frozen
class Left:
    """What a process has left in its fast side of the message that it has deleted.

    Attributes:
        records: What lay there when the message was gone, and lies there still.
    """

    records: tuple[Record, ...]


class Looking(Behind):
    """The durable side, and a look at the fast one when messages are gone."""

    def __init__(self) -> None:
        """Begin with nothing that was seen."""
        self.seen: tuple[Record, ...] = ()

    def commit(self, ops: Sequence[Op], /) -> Workflow[CommitResult]:
        """Ask for a commit; where its answer is lost, look too."""
        try:
            result = yield from Commit(tuple(ops))
        except StoreError:
            self.seen = yield from _front()
            raise
        self.seen = yield from _front()
        return result


class Noting(Bare):
    """A cache that notes whether anything has failed."""

    failed: bool = False

    def count_failure(self) -> None:
        """Note it."""
        self.failed = True


def _front() -> Workflow[tuple[Record, ...]]:
    """Look at what lies in the fast side."""
    found = yield from ReadLog(tenant=f"{FRONT}acme", session=_old(), limit=9)
    return tuple(found)


def _delete_and_look() -> Workflow[Left]:
    """Delete the last message, and look whether it is left in the fast side."""
    gate = yield from _gate()
    behind = Looking()
    cache, before = Noting(), InFront(FRONT)
    here = Caching(cast("AsyncRepository", behind), cast("AsyncRepository", before), cache)
    last = message_key("acme", "s", gate.number)
    ops: list[Op] = [Check(GATE, gate.version), Delete(last, 1)]
    with suppress(StoreError):
        yield from asked(here.commit(ops))
    now = yield from _front()
    left = [one for one in behind.seen if one in now and one.key.parts[-1] == last.parts[-1]]
    return Left(() if cache.failed else tuple(left))


def _renew(here: Caching, *, last_first: bool) -> Workflow[None]:
    """Delete the log, and begin another one."""
    yield from _delete(here, last_first=last_first)
    for _ in range(2):
        yield from _say(here)


def _talk(here: Caching, question: Question) -> Workflow[Read]:
    """Say something, and read, in one process."""
    yield from _say(here)
    return (yield from _read(here, question))


def _question(call: Call) -> Question:
    return cast("Question", call.target)


def _questions(_records: Sequence[Record]) -> Iterable[Hashable]:
    return QUESTIONS


def _ends(_records: Sequence[Record]) -> Iterable[Hashable]:
    return (True, False)


COMMANDS: Final = [
    Command(
        name="say",
        workflow=lambda _: _say(caching(knows=True)),
        makes_ids=True,
    ),
    Command(
        name="say elsewhere",
        workflow=lambda _: _say(caching(ELSEWHERE)),
        makes_ids=True,
    ),
    Command(
        name="read",
        workflow=lambda call: _read(caching(), _question(call)),
        targets=_questions,
    ),
    Command(
        name="read knowingly",
        workflow=lambda call: _read(caching(knows=True), _question(call)),
        targets=_questions,
    ),
    Command(
        name="talk",
        workflow=lambda call: _talk(caching(knows=True), _question(call)),
        targets=_questions,
        makes_ids=True,
    ),
    Command(
        name="delete",
        workflow=lambda call: _delete(caching(), last_first=bool(call.target)),
        targets=_ends,
    ),
    Command(
        name="delete elsewhere",
        workflow=lambda call: _delete(caching(ELSEWHERE), last_first=bool(call.target)),
        targets=_ends,
    ),
    Command(name="delete and look", workflow=lambda _: _delete_and_look()),
    Command(
        name="renew elsewhere",
        workflow=lambda call: _renew(caching(ELSEWHERE), last_first=bool(call.target)),
        targets=_ends,
        makes_ids=True,
    ),
]
"""What processes do; *elsewhere* is one with another fast side."""

ALL: Final = tuple(command.name for command in COMMANDS)


class AsAlone(Invariants):
    """What was told by way of the cache is what the durable side would have told.

    And what was deleted has left the fast side of the one that deleted it.
    """

    def outcome(self, outcome: Outcome, /) -> Iterator[str]:
        """Judge what was read."""
        if isinstance(outcome.value, Read):
            yield from _judged(outcome.value)
        if isinstance(outcome.value, Left) and outcome.value.records:
            yield "what was deleted has not left the fast side"


def _judged(read: Read) -> Iterator[str]:
    """Return what is wrong with an answer.

    Where the gate and the log were before as they were after, nothing was said or deleted in
    between. Whatever was, an answer has messages of one log, one after another.
    """
    if read.before == read.after and read.answer != read.before[1]:
        yield "the cache told otherwise than the durable side alone"
    numbers = [int(record.key.parts[-1]) for record in read.answer]
    if any(later != number + 1 for number, later in pairwise(numbers)):
        yield "the cache told a log with a gap"
    if len({record.body.split()[0] for record in read.answer}) > 1:
        yield "the cache told messages of two logs"


def _log(number: int) -> tuple[Record, ...]:
    """Return a log of so many messages, on both sides."""
    log = [said(one, "1 old") for one in range(1, number + 1)]
    gate = Gate(1, number).record()
    name = _old()
    front = [
        Record(message_key(f"{FRONT}acme", name, one), 1, Facts(session=name), record.body)
        for one, record in enumerate(log, 1)
    ]
    return gate, *log, *front


@frozen(kw_only=True)
class Life:
    """A small world in which one log is written, read and deleted.

    Attributes:
        names: The commands that may come.
        begun: How many messages there are at the beginning, on both sides.
        commands: How many calls may come, two of them at once.
        faults: How much may go wrong.
        kinds: What may go wrong.
    """

    names: tuple[str, ...]
    begun: int = 0
    commands: int = 3
    faults: int = 0
    kinds: frozenset[Fault] = PROMISED - {Fault.STALE_VIEW}

    def explore(self) -> Exploration:
        """Explore it."""
        return explore(
            World(records=_log(self.begun)),
            [command for command in COMMANDS if command.name in self.names],
            Bounds(commands=self.commands, faults=self.faults, kinds=self.kinds),
            AsAlone(),
        )


# --- the worlds ------------------------------------------------------------------------------

LIVES: Final[dict[str, Life]] = {
    "read while it is deleted": Life(
        names=("read", "read knowingly", "delete elsewhere"), begun=2, commands=2, faults=1
    ),
    "said here and elsewhere": Life(names=("say", "say elsewhere", "talk"), begun=2),
    "answers that are lost": Life(
        names=("say", "talk"),
        begun=1,
        faults=1,
        kinds=frozenset({Fault.LOST_NOT_DONE}),
    ),
    "read while it is deleted, and looked at": Life(
        names=("read", "read knowingly", "delete and look"), begun=2, commands=2
    ),
    "deleted by a commit whose answer is lost": Life(
        names=("read", "delete and look"),
        begun=2,
        commands=2,
        faults=1,
        kinds=frozenset({Fault.LOST_DONE}),
    ),
    "begun anew elsewhere": Life(names=("talk", "renew elsewhere"), begun=2, commands=2),
    "said, read and deleted": Life(names=("read", "say", "delete"), begun=2),
}
"""The worlds of one log that are explored with every run of the tests."""

SMALL: Final[dict[str, CachedScope]] = {
    "a session that is swept": CachedScope(names=("start", "send", "cancel", "purge"), commands=3),
    "a turn, one fault": CachedScope(names=("start", "send", "cancel"), faults=1),
}
"""The worlds of sessions that are explored with every run of the tests."""

LARGE: Final[dict[str, CachedScope | Life]] = {
    "a cached repository, 3 commands, 1 fault": CachedScope(
        names=EVERYTHING, commands=3, faults=1, instants=PAST_BOTH
    ),
    "a cached log, 3 commands, no fault": Life(names=ALL, begun=2),
    "a cached log, 2 commands, 1 fault": Life(names=ALL, begun=2, commands=2, faults=1),
}
"""The worlds of ``scripts/explore``."""
