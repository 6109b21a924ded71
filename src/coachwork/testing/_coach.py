"""A coach for an application's own tests, in one line: real, but for what it stands on.

The workflows, the records and the errors are those of the library. The model follows a script, the
clock stands still until it is moved, ids are counted, and everything is kept in memory, where a
test may look at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from coachwork.adapters import Memory, Scripted, ScriptedModel
from coachwork.coach import AsyncCoach, Coach, TwoColoured
from coachwork.drivers import Observer
from coachwork.effects import Dispatch, Effect, Notify, Workflow
from coachwork.events import Event
from coachwork.jobs import JobRef
from coachwork.policies import Settings
from coachwork.ports import (
    Admit,
    Ask,
    AsyncAdmit,
    AsyncDispatcher,
    AsyncNotifier,
    AsyncSubAgents,
    AsyncSummarizer,
    AsyncTemplateSource,
    Dispatcher,
    Notifier,
    Partial,
    Sink,
    SubAgents,
    Summarizer,
    TemplateRenderer,
    TemplateSource,
)
from coachwork.records import Record
from coachwork.testing._fakes import CountedIds, FakeClock, RecordingNotifier
from coachwork.testing._invariants import violations
from coachwork.topics import Topic
from coachwork.workflows import JobReport, Setup, due_jobs, process, relay

R = TypeVar("R")


class Stage:
    """What a scripted coach of either colour stands on, for a test to look at and to change.

    Attributes:
        clock: What time it is; advance it.
        model: What answers; add replies to its script.
        ids: Where ids come from.
        memory: Where everything is kept.
        effects: Every effect that was asked for, in order, whatever came of it.
        events: Every event that was delivered, in order, repeats too.
        dispatched: Every job that was left to a worker, in order, repeats too.
        partials: Every piece of a message that was streamed, in order, unless the coach was given
            a sink.
    """

    def __init__(
        self,
        replies: Iterable[Scripted] | Callable[[Ask], Scripted],
        clock: FakeClock | None,
        beside: Stage | None,
    ) -> None:
        """Made by a coach."""
        self.clock: FakeClock = clock or (FakeClock() if beside is None else beside.clock)
        self.model = ScriptedModel(replies)
        self.ids: CountedIds = CountedIds() if beside is None else beside.ids
        self.memory: Memory = Memory() if beside is None else beside.memory
        self.effects: list[Effect[object]] = []
        self.events: list[Event] = []
        self.dispatched: list[JobRef] = []
        self.partials: list[Partial] = []

    @property
    def asks(self) -> list[Ask]:
        """Everything that the model was asked, in order."""
        return self.model.asked

    def records(self) -> list[Record]:
        """Return everything that is stored, whoever's it is, in the order of the keys' texts."""
        return self.memory.records()

    def violations(self) -> list[str]:
        """Return what is wrong with what is stored; see `coachwork.testing.violations`."""
        return violations(self.records(), now=self.clock.time)

    def _seen(self, workflow: Workflow[R]) -> Workflow[R]:
        """Pass on what *workflow* asks, and note what came of it."""
        try:
            effect = next(workflow)
            while True:
                self.effects.append(effect)
                try:
                    answer = yield effect
                except BaseException as failure:  # noqa: BLE001 - thrown in where it was asked
                    effect = workflow.throw(failure)
                else:
                    self._note(effect)
                    effect = workflow.send(answer)
        except StopIteration as stop:
            result: R = stop.value
            return result

    def _note(self, effect: Effect[object]) -> None:
        """Note what was told to others."""
        if isinstance(effect, Notify):
            self.events.append(effect.event)
        elif isinstance(effect, Dispatch):
            self.dispatched.append(effect.ref)


class ScriptedCoach(Stage, Coach):
    """A coach for an application's own tests; `coachwork.testing.coach` for short.

    It is a `Coach` wherever one is wanted. What it stands on is told by `Stage`.

    Args:
        topics: What conversations may be about.
        replies: What the model says, in order, or a function of what it is asked; an error is
            raised by the model. When they are used up, the model fails.
        settings: How to decide where there is a choice.
        clock: What time it is; one that stands still by default.
        beside: Another coach, of either colour, whose records, ids and clock this one shares, as
            another process of the same application would.
        templates: Where templates come from; the topics' own by default.
        renderer: How templates become text.
        summarizer: What tells the story so far.
        admit: Asked before anything is accepted.
        notifier: Told of the outcome of every job by `relay` and `work`; `events` tells what was
            delivered, with or without one.
        dispatcher: Told of every job that is accepted for a worker; `dispatched` tells them, with
            or without one.
        sink: Given the pieces of a message in the place of `partials`.
        sub_agents: Who answers in the name of the sub-agents of programs; the script by default.
        observers: Told of every effect and its outcome.

    Raises:
        CoachworkError: What `Coach` raises.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each port
        self,
        *,
        topics: Iterable[Topic[object]],
        replies: Iterable[Scripted] | Callable[[Ask], Scripted] = (),
        settings: Settings | None = None,
        clock: FakeClock | None = None,
        beside: Stage | None = None,
        templates: TemplateSource | None = None,
        renderer: TemplateRenderer | None = None,
        summarizer: Summarizer | None = None,
        admit: Admit | None = None,
        notifier: Notifier | None = None,
        dispatcher: Dispatcher | None = None,
        sink: Sink | None = None,
        sub_agents: SubAgents | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        """Put it together; nothing is asked yet."""
        Stage.__init__(self, replies, clock, beside)
        Coach.__init__(
            self,
            self.memory,
            self.model,
            topics=topics,
            settings=settings,
            clock=self.clock,
            ids=self.ids,
            templates=templates,
            renderer=renderer,
            summarizer=summarizer,
            admit=admit,
            notifier=RecordingNotifier() if notifier is None else notifier,
            dispatcher=dispatcher,
            sink=self.partials.append if sink is None else sink,
            sub_agents=sub_agents,
            observers=observers,
        )

    def run(self, workflow: Workflow[R]) -> R:
        """Run a *workflow*, an application's own too, with the ports of this coach."""
        return super().run(self._seen(workflow))

    def work(self) -> list[JobReport[object]]:
        """Do all that a worker would do now: answer what is due, and deliver what is owed.

        Returns:
            What became of the jobs, in the order in which they were due. One that failed is no
            exception, as for any worker.

        Raises:
            CoachworkError: What `coachwork.workflows.process` raises.
        """
        return self.run(_working(self.setup))


class AsyncScriptedCoach(Stage, AsyncCoach):
    """The same words as `ScriptedCoach`, awaited; `coachwork.testing.async_coach` for short.

    It is an `AsyncCoach` wherever one is wanted.

    Args:
        topics: See `ScriptedCoach`, here and below.
        replies: What the model says.
        settings: How to decide where there is a choice.
        clock: What time it is.
        beside: Another coach, of either colour.
        templates: Where templates come from.
        renderer: How templates become text.
        summarizer: What tells the story so far.
        admit: Asked before anything is accepted.
        notifier: Told of the outcome of every job.
        dispatcher: Told of every job that is accepted for a worker.
        sink: Given the pieces of a message.
        sub_agents: Who answers in the name of the sub-agents of programs.
        observers: Told of every effect and its outcome.

    Raises:
        CoachworkError: What `AsyncCoach` raises.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each port
        self,
        *,
        topics: Iterable[Topic[object]],
        replies: Iterable[Scripted] | Callable[[Ask], Scripted] = (),
        settings: Settings | None = None,
        clock: FakeClock | None = None,
        beside: Stage | None = None,
        templates: AsyncTemplateSource | TwoColoured[AsyncTemplateSource] | None = None,
        renderer: TemplateRenderer | None = None,
        summarizer: AsyncSummarizer | TwoColoured[AsyncSummarizer] | None = None,
        admit: AsyncAdmit | None = None,
        notifier: AsyncNotifier | TwoColoured[AsyncNotifier] | None = None,
        dispatcher: AsyncDispatcher | TwoColoured[AsyncDispatcher] | None = None,
        sink: Sink | None = None,
        sub_agents: AsyncSubAgents | TwoColoured[AsyncSubAgents] | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        """Put it together; nothing is asked yet."""
        Stage.__init__(self, replies, clock, beside)
        AsyncCoach.__init__(
            self,
            self.memory,
            self.model,
            topics=topics,
            settings=settings,
            clock=self.clock,
            ids=self.ids,
            templates=templates,
            renderer=renderer,
            summarizer=summarizer,
            admit=admit,
            notifier=RecordingNotifier() if notifier is None else notifier,
            dispatcher=dispatcher,
            sink=self.partials.append if sink is None else sink,
            sub_agents=sub_agents,
            observers=observers,
        )

    async def run(self, workflow: Workflow[R]) -> R:
        """Run a *workflow*, an application's own too, with the ports of this coach."""
        return await super().run(self._seen(workflow))

    async def work(self) -> list[JobReport[object]]:
        """See `ScriptedCoach.work`."""
        return await self.run(_working(self.setup))


coach: Final = ScriptedCoach
"""A coach for an application's own tests, in one line."""

async_coach: Final = AsyncScriptedCoach
"""The same, awaited."""


def _working(setup: Setup) -> Workflow[list[JobReport[object]]]:
    """Answer every job that is due, and deliver the events that are owed."""
    done: list[JobReport[object]] = []
    while due := (yield from due_jobs(setup)):
        for ref in due:
            report = yield from process(setup, ref)
            if report is not None:
                done.append(report)
    while True:
        relayed = yield from relay(setup)
        if not (relayed.more and relayed.delivered):
            return done
