"""A world for tests in which everything that can go wrong can be made to, at every single step.

`World` holds a repository, a settable clock, counted ids and a model, and drives workflows with a
driver of its own. It records every effect and every commit, and holds the state after each commit
against `coachwork.testing`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from attrs import evolve, frozen

from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    Memory,
    SQLite,
    TopicTemplates,
)
from coachwork.effects import (
    AskModel,
    Commit,
    Effect,
    GetTemplate,
    Render,
    RunAgent,
    Summarize,
    TemplateNames,
    Workflow,
)
from coachwork.errors import CoachworkError
from coachwork.plain import to_json
from coachwork.policies import Settings
from coachwork.ports import (
    Admit,
    Answer,
    Ask,
    CommitResult,
    Dispatcher,
    Notifier,
    Ports,
    Query,
    Sink,
    SubAgents,
    TemplateSource,
)
from coachwork.records import KINDS, Key, Op, Record
from coachwork.testing import (
    Audited,
    CountedIds,
    FakeClock,
    Fault,
    FaultPlan,
    Faults,
    RecordingDispatcher,
    step_violations,
    violations,
)
from coachwork.testing.faults import CrashError, InjectedError, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import Caller, Setup

R = TypeVar("R")
BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

Says = str | Answer | BaseException
Model = Callable[[Ask], Says]


CRASHES = frozenset({Fault.CRASH_BEFORE, Fault.CRASH_AFTER})
INTERRUPTS = frozenset({Fault.INTERRUPT_BEFORE, Fault.INTERRUPT_AFTER})
LIES = frozenset(
    {Fault.LOST_DONE, Fault.LOST_NOT_DONE, Fault.CONFLICT_DONE, Fault.CONFLICT_NOT_DONE}
)
"""What may be said of a commit."""
FAILS_BY_ITSELF = (AskModel, RunAgent, GetTemplate, TemplateNames, Render, Summarize)
"""What fails the job that needs it, if it fails: that is another story."""


@frozen
class Told:
    """A fault at a step: the *number*-th effect of a run, counted from 0."""

    number: int
    fault: Fault


def all_records(repository: Memory | SQLite) -> list[Record]:
    """Return everything that is stored, by looking inside."""
    if isinstance(repository, Memory):
        return repository.records()
    with repository._connection() as connection:
        keys = connection.execute("SELECT key FROM coachwork_record").fetchall()
    records = (repository.get(Key.parse(key)) for (key,) in keys)
    return [record for record in records if record is not None]


# Ids are counted and the clock stands still, so many runs go through the very same states.


@lru_cache(maxsize=10_000)
def _state(records: frozenset[Record], now: datetime) -> list[str]:
    return violations(records, now=now)


@lru_cache(maxsize=10_000)
def _step(before: frozenset[Record], after: frozenset[Record]) -> list[str]:
    return step_violations(before, after)


class Watched:
    """The repository of a world, whose commits the world itself carries out."""

    def __init__(self, world: World) -> None:
        """Stand before it."""
        self._world = world

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        return self._world.memory.get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        return self._world.commit(Commit(tuple(ops)))

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return self._world.memory.log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return self._world.memory.find(query)


class World:
    """Everything that a workflow may touch.

    Attributes:
        effects: Every effect that was asked for, in order, of all runs.
        commits: The operations of every commit that was really done.
        asked: How often the model was asked, by job and purpose.
        asks: What the model was asked.
        checks: Whether each commit is held against the invariants.
        meanwhile: Called before each effect: what others do at that moment.
    """

    def __init__(
        self,
        topics: Iterable[Topic[object]],
        model: Callable[[Ask], Says] | Sequence[Says] = (),
        *,
        repository: Memory | SQLite | None = None,
        settings: Settings | None = None,
        templates: TemplateSource | None = None,
        admit: Admit | None = None,
        notifier: Notifier | None = None,
        dispatcher: Dispatcher | None = None,
        sink: Sink | None = None,
        sub_agents: SubAgents | None = None,
    ) -> None:
        """Put it together."""
        by_id = {topic.id: topic for topic in topics}
        self.setup = Setup(
            topics=by_id, settings=settings or Settings(), notifies=notifier is not None
        )
        self.memory = Memory() if repository is None else repository
        self.clock = FakeClock(BEGIN)
        self.ids = CountedIds()
        self.script = list(model) if not callable(model) else []
        self.model: Callable[[Ask], Says] = model if callable(model) else self._next
        self.effects: list[Effect[object]] = []
        self.commits: list[tuple[Op, ...]] = []
        self.asked: Counter[tuple[str, str]] = Counter()
        self.asks: list[Ask] = []
        self.checks = True
        self.meanwhile: Callable[[Effect[object]], object] = lambda _: None
        self.ports = Ports(
            repository=Audited(Watched(self), on_violation=self._blame),
            model=self,
            clock=self.clock,
            ids=self.ids,
            templates=templates or TopicTemplates(by_id),
            renderer=BuiltinRenderer(),
            summarizer=ExtractiveSummarizer(),
            admit=admit or (lambda _: None),
            notifier=notifier,
            dispatcher=dispatcher or RecordingDispatcher(),
            sink=sink,
            sub_agents=sub_agents,
        )

    def _next(self, _ask: Ask) -> Says:
        """Return the next reply of the script."""
        return self.script.pop(0)

    def complete(self, ask: Ask, /) -> Answer:
        """Answer as the model."""
        self.asked[ask.job, ask.purpose.value] += 1
        self.asks.append(ask)
        said = self.model(ask)
        if isinstance(said, BaseException):
            raise said
        return Answer(text=said) if isinstance(said, str) else said

    def declare(self, *topics: Topic[object]) -> None:
        """Declare other topics from now on, as a new version of the application would."""
        by_id = {topic.id: topic for topic in topics}
        self.setup = evolve(self.setup, topics=by_id)
        self.ports = evolve(self.ports, templates=TopicTemplates(by_id))

    # --- driving -----------------------------------------------------------------------------

    def run(self, workflow: Workflow[R], told: Told | None = None) -> R:
        """Drive *workflow*, with a fault at one of its steps if it is told so.

        Raises:
            CrashError: The process died, as it was told to.
        """
        number = 0
        try:
            effect = next(workflow)
            while True:
                self.effects.append(effect)
                fault = told.fault if told is not None and told.number == number else None
                number += 1
                try:
                    answer = self._perform(effect, fault)
                except CrashError:  # nothing of it is left to clean up
                    workflow.close()
                    raise
                except BaseException as failure:  # noqa: BLE001 - thrown in where it was asked
                    effect = workflow.throw(failure)
                else:
                    effect = workflow.send(answer)
        except StopIteration as stop:
            result: R = stop.value
            return result

    def _perform(self, effect: Effect[object], fault: Fault | None) -> object:
        """Carry out *effect*, or what *fault* makes of it."""
        meanwhile, self.meanwhile = self.meanwhile, lambda _: None
        meanwhile(effect)
        self.meanwhile = meanwhile
        if fault is None:
            return effect.perform(self.ports)
        return effect.perform(Faults(FaultPlan.at(1, fault)).ports(self.ports))

    def _blame(self, violations: tuple[str, ...]) -> None:
        """Refuse what must not be committed, if anything is held against the invariants."""
        assert not self.checks, violations

    def commit(self, effect: Commit, /) -> CommitResult:
        """Carry out a commit, and look at what it did."""
        before = self.records() if self.checks else []
        result = self.memory.commit(effect.ops)
        if result is CommitResult.DONE:
            self.commits.append(effect.ops)
        if self.checks:
            after = self.records()
            assert _step(frozenset(before), frozenset(after)) == []
            assert _state(frozenset(after), self.clock.time) == []
            if result is CommitResult.CONFLICT:
                assert before == after
        return result

    def insist(
        self,
        workflow: Callable[[], Workflow[R]],
        told: Told | None = None,
        *,
        enough: Callable[[R], bool] = lambda _: True,
    ) -> R:
        """Run what *workflow* makes, and again as often as a client would, until it answers.

        Between two calls the client waits as long as it is told to, and where the answer is not
        *enough*, as long as a lease lasts.
        """
        for _ in range(6):
            try:
                answer = self.run(workflow(), told)
                if enough(answer):
                    return answer
                self.clock.time += self.setup.settings.lease
            except (CrashError, InterruptError, InjectedError):
                pass
            except CoachworkError as error:
                if not error.retryable:
                    raise
                self.clock.advance(seconds=error.retry_after or 0)
            told = None
        raise AssertionError("it does not answer")

    # --- looking -----------------------------------------------------------------------------

    def records(self) -> list[Record]:
        """Return everything that is stored."""
        return all_records(self.memory)

    def stored(self, kind: str) -> list[Any]:
        """Return all values of one kind, in the order of their keys."""
        return [
            KINDS[kind].read(record).value
            for record in sorted(self.records(), key=lambda record: record.key.text)
            if record.key.kind == kind
        ]

    def only(self, type_: type[R]) -> R:
        """Return the one stored value of that type."""
        kind = next(kind.name for kind in KINDS.values() if kind.type is type_)
        (value,) = self.stored(kind)
        assert isinstance(value, type_)
        return value

    def state(self) -> str:
        """Return everything that is stored as text, but for ids, instants and leases."""
        order = list(KINDS)
        records = sorted(self.records(), key=lambda r: (order.index(r.key.kind), r.key.text))
        return alike("\n".join(f"{record.key.text} {record.body}" for record in records))

    def names(self, since: int = 0) -> list[str]:
        """Return the names of the effects from one on."""
        return [type(effect).__name__ for effect in self.effects[since:]]

    def most_asks(self) -> bool:
        """Whether the model was asked at most once per step, and once per lease without outcome."""
        attempts = {
            record.key.parts[0]: KINDS["job"].read(record).value.attempts
            for record in self.records()
            if record.key.kind == "job"
        }
        return all(number <= attempts.get(job, 1) for (job, _), number in self.asked.items())


def alike(text: str) -> str:
    """Return *text* with ids in the order in which they come, without times and leases."""
    met: dict[str, str] = {}
    text = re.sub(r"id-\d+", lambda found: met.setdefault(found[0], f"<{len(met)}>"), text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)", "<then>", text)
    text = re.sub(r'"attempts": ?\d+', '"attempts": 0', text)
    text = re.sub(r'"(waiting|processing)_time": ?\d+', r'"\1_time": 0', text)
    return re.sub(r'"lease": ?\{[^}]*\}', '"lease": null', text)


def answer_alike(answer: object) -> str:
    """Return an answer as text that can be compared with that of another run."""
    return alike(str(to_json(answer)).replace("'", '"'))


def faults_of(effect: Effect[object]) -> list[Fault]:
    """Return what can go wrong at *effect* and leave the outcome what it would have been."""
    found = CRASHES | INTERRUPTS
    if not isinstance(effect, FAILS_BY_ITSELF):
        found |= {Fault.FAIL_BEFORE}
    if isinstance(effect, Commit):
        found |= LIES
    return [fault for fault in Fault if fault in found]


ADA = Caller("acme", "ada")
BEN = Caller("acme", "ben")
