"""Lives of a log behind caches: processes that come, go and fail, their calls interleaved.

Each call is a course, and between any two calls of a repository another course may go on. What has
happened to the log is written down, so that every answer can be judged: it must be what the durable
side alone would have answered at some moment while it was asked. And what a process deletes leaves
its fast side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypeVar

from attrs import define, field, frozen

from coachwork.adapters import Memory
from coachwork.adapters._cache import Cache
from coachwork.adapters._caching import Caching, name_of
from coachwork.courses import Course
from coachwork.errors import OutcomeUnknownError, StoreUnavailableError
from coachwork.ports import CommitResult, Query
from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Record, Update, message_key

T = TypeVar("T")

GATE: Final = Key("thing", "acme", ("gate",))
"""What lets messages in: it changes when the deletion of the log begins, and when it has ended."""

OTHER: Final = "other"
"""The session that takes the place of the first one in a cache that holds one."""

LAG: Final = 3
"""How many changes a log may lag behind that does."""

Answer = Callable[[], object]


def said(number: int, text: str = "", session: str = "s", tenant: str = "acme") -> Record:
    """Return a message; its text tells it from all others of its number."""
    key = message_key(tenant, session, number)
    return Record(key, 1, Facts(session=session), f'{{"text":"{text}"}}')


def viewed(
    log: Sequence[Record], *, after: int = 0, last: int | None = None, limit: int
) -> list[Record]:
    """Return what a repository answers that has that log and no other."""
    found = [record for record in log if int(record.key.parts[-1]) > after]
    return (found if last is None else found[max(0, len(found) - last) :])[:limit]


class Choices:
    """Numbers that decide what happens; where there are no more of them, the first of all does."""

    def __init__(self, numbers: Sequence[int]) -> None:
        """Begin with the first one."""
        self._numbers = list(reversed(numbers))

    @property
    def left(self) -> bool:
        """Whether there are more."""
        return bool(self._numbers)

    def below(self, end: int) -> int:
        """Return a number from 0 on."""
        return self._numbers.pop() % end if self._numbers else 0


class Breaking:
    """A repository whose calls go wrong by choice; it is told what each call is about to do."""

    def __init__(self, behind: Memory, choices: Choices, *, often: int, loses: bool) -> None:
        """Stand before a memory.

        Args:
            behind: The memory.
            choices: What decides.
            often: One call of so many goes wrong; 0 lets none.
            loses: Whether views may show nothing, and commits vanish that were answered.
        """
        self.behind = behind
        self.raised: list[Exception] = []
        self.broke = 0
        self._choices = choices
        self._often = often
        self._loses = loses

    def get(self, key: Key, /) -> Record | None:
        """Read, or fail."""
        return self._read(lambda: self.behind.get(key), None)

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read a log, or fail, or show nothing."""
        ask = self.behind.log
        return self._read(lambda: ask(tenant, session, after=after, last=last, limit=limit), [])

    def find(self, query: Query, /) -> Sequence[Record]:
        """Read a view."""
        return self.behind.find(query)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit, or fail, before it is done or after, or lie."""
        if not self._fails():
            return self.behind.commit(ops)
        way = self._choices.below(5 if self._loses else 3)
        if way == 0:
            raise self._failure(StoreUnavailableError("it fails"))
        if way in {1, 4}:
            self.behind.commit(ops)
        if way in {1, 2}:
            raise self._failure(OutcomeUnknownError())
        return CommitResult.DONE if way == 3 else CommitResult.CONFLICT

    def _read(self, ask: Callable[[], T], nothing: T) -> T:
        if not self._fails():
            return ask()
        if self._loses and self._choices.below(2):
            return nothing
        raise self._failure(StoreUnavailableError("it fails"))

    def _failure(self, error: Exception) -> Exception:
        """Note that *error* is this repository's own."""
        self.raised.append(error)
        return error

    def _fails(self) -> bool:
        fails = self._often > 0 and self._choices.below(self._often) == 1
        self.broke += fails
        return fails


class Lagging(Breaking):
    """A durable repository whose log lags behind by choice."""

    def __init__(
        self, behind: Memory, choices: Choices, states: Sequence[Sequence[Record]], *, often: int
    ) -> None:
        """Stand before a memory; the *states* that the log has had are written down meanwhile."""
        super().__init__(behind, choices, often=often, loses=False)
        self._states = states

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read the log as it is, or as it was, or fail."""
        shown = super().log(tenant, session, after=after, last=last, limit=limit)
        if session == OTHER or not self._choices.below(2):
            return shown
        lag = self._choices.below(min(LAG + 1, len(self._states)))
        return viewed(self._states[-1 - lag], after=after, last=last, limit=limit)


@frozen
class Question:
    """What is asked of a log."""

    after: int
    last: int | None
    limit: int


@define
class Under:
    """A call that is under way.

    Attributes:
        process: The number of its process.
        course: What it does.
        call: The call of a repository that comes next.
        question: What it asks, where it is a question.
        begun: How many states of the log there were when it began.
        failures: What has gone wrong for its process when it began.
        leaving: What lay in its fast side when it took messages away, and has not left yet.
    """

    process: int
    course: Course[Any]
    call: Answer
    question: Question | None
    begun: int
    failures: int
    leaving: set[Key] = field(factory=set[Key])


@define
class Life:
    """A durable store, two processes before it, and the calls that are under way.

    Attributes:
        choices: What decides what happens.
        shared: Whether the processes have one fast side.
        often: How often the sides fail: one call of so many.
        lags: Whether the log of the durable side may lag behind.
        answers: How many questions were answered.
    """

    choices: Choices
    shared: bool = False
    often: int = 0
    lags: bool = False
    answers: int = 0
    _memory: Memory = field(factory=Memory)
    _durable: list[Breaking] = field(factory=list[Breaking])
    _fast: list[Memory] = field(factory=list[Memory])
    _breaking: list[Breaking] = field(factory=list[Breaking])
    _processes: list[Caching] = field(factory=list[Caching])
    _caches: list[Cache] = field(factory=list[Cache])
    _states: list[tuple[Record, ...]] = field(factory=lambda: [()])
    _under: list[Under] = field(factory=list[Under])
    _gate: int = 1
    _leaving: bool = False
    _texts: int = 0
    _gone: int = 0
    _deleted: list[set[str]] = field(factory=lambda: [set[str](), set[str]()])

    def __attrs_post_init__(self) -> None:
        """Begin with an empty log."""
        self._memory.commit([Insert(Record(GATE, 1, Facts(), "{}"))])
        self._memory.commit([Insert(said(1, session=OTHER))])
        one = Memory()
        self._fast = [one, one if self.shared else Memory()]
        for number in range(2):
            self._caches.append(Cache(1))
            self._breaking.append(
                Breaking(self._fast[number], self.choices, often=self.often, loses=True)
            )
            self._processes.append(self._process(number))

    def _process(self, number: int) -> Caching:
        """Return a process that has just begun."""
        cache, often = self._caches[number], 4 * self.often
        if self.lags:
            durable: Breaking = Lagging(self._memory, self.choices, self._states, often=often)
        else:
            durable = Breaking(self._memory, self.choices, often=often, loses=False)
        self._durable.append(durable)
        return Caching(durable, self._breaking[number], cache)

    @property
    def hits(self) -> int:
        """How many questions were answered with what a fast side had."""
        return self._gone + sum(cache.figures.hits for cache in self._caches)

    # --- what happens --------------------------------------------------------------------------

    def run(self) -> None:
        """Let happen what is chosen, then let all that is under way come to its end."""
        while self.choices.left:
            if len(self._under) < 3 and self.choices.below(3) == 0:
                self._begin()
            elif self._under:
                self._step(self.choices.below(len(self._under)))
        while self._under:
            self._step(0)
        self._rest()

    def _begin(self) -> None:
        """Begin a call of some process."""
        number = self.choices.below(2)
        what = self.choices.below(20)
        if what < 9:
            self._ask(number)
        elif what < 16:
            if not self._leaving:
                self._commit(number, [Check(GATE, self._gate), *map(Insert, self._next())])
        elif what == 16:
            course = self._processes[number].log("acme", OTHER, after=0, last=None, limit=1)
            self._start(number, course, None)
        elif what == 17:
            self._die(number)
        elif self._leaving or what == 18:
            self._delete(number)

    def _ask(self, number: int) -> None:
        """Ask for a part of the log."""
        last = self.choices.below(4)
        question = Question(self.choices.below(4), last or None, 1 + self.choices.below(5))
        course = self._processes[number].log(
            "acme", "s", after=question.after, last=question.last, limit=question.limit
        )
        self._start(number, course, question)

    def _next(self) -> list[Record]:
        """Return the next messages."""
        log = self._states[-1]
        first = int(log[-1].key.parts[-1]) + 1 if log else 1
        self._texts += 1
        return [said(first + more, str(self._texts)) for more in range(1 + self.choices.below(2))]

    def _delete(self, number: int) -> None:
        """Delete some messages, from one end; when all are gone the log may begin anew."""
        if not self._leaving:
            self._gate += 1
            self._memory.commit([Update(Record(GATE, self._gate, Facts(), "{}"))])
            self._leaving = True
        log = self._states[-1]
        many = 1 + self.choices.below(4)
        some = log[:many] if self.choices.below(2) else log[-many:]
        # Who deletes looks first whether it is still this log: a message has no version but 1.
        self._commit(number, [Check(GATE, self._gate), *(Delete(one.key, 1) for one in some)])

    def _die(self, number: int) -> None:
        """Let a process die in the middle of whatever it does, and another take its place."""
        self._under = [one for one in self._under if one.process != number]
        self._gone += self._caches[number].figures.hits
        self._deleted[number] = set()
        self._caches[number] = Cache(1)
        self._processes[number] = self._process(number)

    def _commit(self, number: int, ops: Sequence[Op]) -> None:
        """Commit by way of a process."""
        self._start(number, self._processes[number].commit(ops), None)

    def _start(self, number: int, course: Course[Any], question: Question | None) -> None:
        """Begin a call, up to the first call of a repository."""
        begun, failures = len(self._states) - 1, self._failures(number)
        self._under.append(Under(number, course, next(course), question, begun, failures))

    def _step(self, number: int) -> None:
        """Let a call go on by one call of a repository."""
        under = self._under[number]
        try:
            try:
                answer = under.call()
            except (StoreUnavailableError, OutcomeUnknownError) as failure:
                self._look(under)
                under.call = under.course.throw(failure)
            else:
                self._look(under)
                under.call = under.course.send(answer)
        except StopIteration as stop:
            self._end(under)
            if under.question is not None:
                self._judge(under, under.question, stop.value)
        except (StoreUnavailableError, OutcomeUnknownError) as failure:
            self._end(under)
            own = any(failure is error for durable in self._durable for error in durable.raised)
            assert own, "a failure of the fast side reached the caller"

    def _look(self, under: Under) -> None:
        """Write down what has become of the log and of the fast side by the last call."""
        before, log = self._states[-1], tuple(self._memory.log("acme", "s", limit=1000))
        if log != before:
            self._states.append(log)
        if len(log) < len(before) and int(before[0].key.parts[-1]) == 1:
            name = name_of(before[0])
            under.leaving = set(self._kept(under.process, {name}))
            self._deleted[under.process].add(name)
            self._deleted[1 - under.process].discard(name)
        for one in self._under:
            if one.leaving:
                one.leaving &= {record.key for record in self._fast[one.process].records()}
        if self._leaving and not log:
            self._leaving = False
            self._gate += 1
            self._memory.commit([Update(Record(GATE, self._gate, Facts(), "{}"))])

    def _kept(self, number: int, names: AbstractSet[str]) -> list[Key]:
        """Return what lies in the fast side of a process by these names of logs."""
        return [one.key for one in self._fast[number].records() if one.facts.session in names]

    def _failures(self, number: int) -> int:
        """Return how often something went wrong for a process that it could do nothing about."""
        return self._breaking[number].broke + self._caches[number].figures.failures

    def _end(self, under: Under) -> None:
        """Make sure that a call that took messages away has left none of them behind.

        Raises:
            AssertionError: It has, and nothing went wrong meanwhile.
        """
        self._under.remove(under)
        if under.failures == self._failures(under.process):
            assert not under.leaving, "what was deleted has not left the fast side"

    def _rest(self) -> None:
        """Make sure that nothing of a log lies in the fast side of the one that deleted the last.

        Raises:
            AssertionError: Something does, though nothing has ever gone wrong, and nobody else puts
                anything there.
        """
        there = {name_of(log[0]) for log in self._states[-1:] if log}
        for number, names in enumerate(self._deleted):
            if not self.shared and not self._failures(number):
                left = self._kept(number, names - there)
                assert not left, "what was deleted lies in the fast side at the end"

    def _judge(self, under: Under, asked: Question, answer: Sequence[Record]) -> None:
        """Make sure that the answer is what the durable side would have answered.

        Raises:
            AssertionError: It is not.
        """
        self.answers += 1
        lag = LAG if self.lags else 0
        could = [
            viewed(log, after=asked.after, last=asked.last, limit=asked.limit)
            for log in self._states[max(0, under.begun - lag) :]
        ]
        assert [*answer] in could, (asked, answer, could)
