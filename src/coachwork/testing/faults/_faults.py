"""One run of a plan, and the ports of an application as they are in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from inspect import isawaitable, iscoroutine
from typing import Any, Final, TypeVar, cast, overload

from attrs import evolve

from coachwork.adapters import SystemClock
from coachwork.courses import is_async
from coachwork.errors import MisuseError, ValidationError
from coachwork.ports import (
    Admit,
    AsyncAdmit,
    AsyncDispatcher,
    AsyncLanguageModel,
    AsyncNotifier,
    AsyncPorts,
    AsyncRepository,
    AsyncSubAgents,
    AsyncSummarizer,
    AsyncTemplateSource,
    Clock,
    Dispatcher,
    IdSource,
    LanguageModel,
    Notifier,
    Ports,
    Repository,
    Sink,
    SubAgents,
    Summarizer,
    TemplateRenderer,
    TemplateSource,
)
from coachwork.testing.faults._past import Past
from coachwork.testing.faults._plan import FaultPlan
from coachwork.testing.faults._playing import Injected, Player, Sleep
from coachwork.testing.faults._ports import (
    AsyncFaultyAdmit,
    AsyncFaultyDispatcher,
    AsyncFaultyModel,
    AsyncFaultyNotifier,
    AsyncFaultySubAgents,
    AsyncFaultySummarizer,
    AsyncFaultyTemplates,
    FaultyAdmit,
    FaultyClock,
    FaultyDispatcher,
    FaultyIds,
    FaultyModel,
    FaultyNotifier,
    FaultyRenderer,
    FaultySubAgents,
    FaultySummarizer,
    FaultyTemplates,
    Stage,
    faulty_sink,
)
from coachwork.testing.faults._repository import (
    AsyncFaultyRepository,
    FaultyRepository,
    FaultyStore,
)

A = TypeVar("A")
B = TypeVar("B")


class Faults:
    """One run of a plan: what stands before the ports, counts their calls, and lets them go wrong.

    All ports that are given to it are counted together, in the order in which they are called. Two
    runs of one plan do the same as long as the calls are the same; what several threads or tasks
    call at once comes in the order of their race.

    A blocking port gives a blocking one, an async port an async one, and a blocking one that has
    an async form (``for_async``) keeps it, so all fit `coachwork.Coach` and `coachwork.AsyncCoach`.

    After a `CrashError` the process counts as dead, and every call raises it again, until
    `restart`.

    Args:
        plan: What goes wrong.
        clock: The clock of the engine, by which a time to live deletes; the application's own in
            `ports`, else the system's. The plan's faults of a clock are no affair of it.
        sleep: What makes a caller wait so many seconds, for a delay: `time.sleep`, and
            `asyncio.sleep` in async code, unless it is given. What it returns is awaited in async
            code. A test may let it move a fake clock: ``lambda s: clock.advance(seconds=s)``.
    """

    def __init__(
        self, plan: FaultPlan, *, clock: Clock | None = None, sleep: Sleep | None = None
    ) -> None:
        """Begin with the first call."""
        if type(plan) is not FaultPlan:
            raise ValidationError("plan", "a FaultPlan")
        self._player = Player(plan)
        self._clock = clock
        self._blocking = Stage(self._player, _waiting(sleep))
        self._async = Stage(self._player, sleep or _sleeping)

    @property
    def plan(self) -> FaultPlan:
        """What goes wrong."""
        return self._player.plan

    @property
    def calls(self) -> int:
        """How many calls there were so far."""
        return self._player.calls

    @property
    def injected(self) -> tuple[Injected, ...]:
        """What went wrong so far, in order. In words it is ``str``: one line, without any id."""
        return tuple(self._player.injected)

    @property
    def replay(self) -> FaultPlan:
        """The plan, call by call, in which the same goes wrong as did so far.

        A seeded plan that found something is best kept so: rules that are of no account can be
        taken out one by one.
        """
        plan = FaultPlan()
        for one in self._player.injected:
            call = one.call
            plan += FaultPlan.at(
                call.nth, one.fault, port=call.port, method=call.method, seconds=one.seconds
            )
        return plan

    @property
    def dead(self) -> bool:
        """Whether the process has died, and was not started again."""
        return self._player.dead

    def restart(self) -> None:
        """Start the process again after a crash: from now on its calls are carried out."""
        self._player.dead = False

    # --- ports -------------------------------------------------------------------------------

    @overload
    def ports(self, ports: Ports) -> Ports: ...
    @overload
    def ports(self, ports: AsyncPorts) -> AsyncPorts: ...
    def ports(self, ports: Ports | AsyncPorts) -> Ports | AsyncPorts:
        """Return all *ports*, going wrong as planned."""
        engine = self._clock or ports.clock
        changed: dict[str, Any] = {"repository": self._repository(ports.repository, engine)}
        for name in _OTHERS:
            port = getattr(ports, name)
            if port is not None:
                changed[name] = getattr(self, name)(port)
        return evolve(ports, **changed)

    @overload
    def repository(self, port: Repository) -> FaultyRepository: ...
    @overload
    def repository(self, port: AsyncRepository) -> AsyncFaultyRepository: ...
    def repository(
        self, port: Repository | AsyncRepository
    ) -> FaultyRepository | AsyncFaultyRepository:
        """Return a repository that goes wrong as planned.

        What it knows of the past is what passed through it. A stale read of a record that it did
        not see change is a read like any other, and is not told of.
        """
        return self._repository(port, self._clock or SystemClock())

    def _repository(
        self, port: Repository | AsyncRepository, clock: Clock
    ) -> FaultyRepository | AsyncFaultyRepository:
        """Return a repository that goes wrong as planned, whose engine has that *clock*."""
        past = Past()

        def awaited(port: AsyncRepository) -> AsyncFaultyRepository:
            return AsyncFaultyRepository(
                FaultyStore(port, self._player, clock, self._async.wait, past)
            )

        if is_async(port, "commit"):
            return awaited(cast("AsyncRepository", port))
        store = FaultyStore(port, self._player, clock, self._blocking.wait, past)
        return FaultyRepository(store, lambda: awaited(_async_form(port)))

    @overload
    def model(self, port: LanguageModel) -> FaultyModel: ...
    @overload
    def model(self, port: AsyncLanguageModel) -> AsyncFaultyModel: ...
    def model(self, port: LanguageModel | AsyncLanguageModel) -> FaultyModel | AsyncFaultyModel:
        """Return a language model that goes wrong as planned."""
        return self._two(port, "complete", FaultyModel, AsyncFaultyModel)

    def clock(self, port: Clock) -> FaultyClock:
        """Return a clock that goes wrong as planned."""
        return FaultyClock(port, self._blocking)

    def ids(self, port: IdSource) -> FaultyIds:
        """Return a source of ids that goes wrong as planned."""
        return FaultyIds(port, self._blocking)

    @overload
    def templates(self, port: TemplateSource) -> FaultyTemplates: ...
    @overload
    def templates(self, port: AsyncTemplateSource) -> AsyncFaultyTemplates: ...
    def templates(
        self, port: TemplateSource | AsyncTemplateSource
    ) -> FaultyTemplates | AsyncFaultyTemplates:
        """Return a source of templates that goes wrong as planned."""
        return self._two(port, "template", FaultyTemplates, AsyncFaultyTemplates)

    def renderer(self, port: TemplateRenderer) -> FaultyRenderer:
        """Return a renderer that goes wrong as planned."""
        return FaultyRenderer(port, self._blocking)

    @overload
    def summarizer(self, port: Summarizer) -> FaultySummarizer: ...
    @overload
    def summarizer(self, port: AsyncSummarizer) -> AsyncFaultySummarizer: ...
    def summarizer(
        self, port: Summarizer | AsyncSummarizer
    ) -> FaultySummarizer | AsyncFaultySummarizer:
        """Return a summarizer that goes wrong as planned."""
        return self._two(port, "summarize", FaultySummarizer, AsyncFaultySummarizer)

    @overload
    def admit(self, port: Admit) -> FaultyAdmit: ...
    @overload
    def admit(self, port: AsyncAdmit) -> AsyncFaultyAdmit: ...
    def admit(self, port: Admit | AsyncAdmit) -> FaultyAdmit | AsyncFaultyAdmit:
        """Return an admission that goes wrong as planned."""
        return self._two(port, "__call__", FaultyAdmit, AsyncFaultyAdmit)

    @overload
    def notifier(self, port: Notifier) -> FaultyNotifier: ...
    @overload
    def notifier(self, port: AsyncNotifier) -> AsyncFaultyNotifier: ...
    def notifier(self, port: Notifier | AsyncNotifier) -> FaultyNotifier | AsyncFaultyNotifier:
        """Return a notifier that goes wrong as planned."""
        return self._two(port, "notify", FaultyNotifier, AsyncFaultyNotifier)

    @overload
    def dispatcher(self, port: Dispatcher) -> FaultyDispatcher: ...
    @overload
    def dispatcher(self, port: AsyncDispatcher) -> AsyncFaultyDispatcher: ...
    def dispatcher(
        self, port: Dispatcher | AsyncDispatcher
    ) -> FaultyDispatcher | AsyncFaultyDispatcher:
        """Return a dispatcher that goes wrong as planned."""
        return self._two(port, "dispatch", FaultyDispatcher, AsyncFaultyDispatcher)

    @overload
    def sub_agents(self, port: SubAgents) -> FaultySubAgents: ...
    @overload
    def sub_agents(self, port: AsyncSubAgents) -> AsyncFaultySubAgents: ...
    def sub_agents(
        self, port: SubAgents | AsyncSubAgents
    ) -> FaultySubAgents | AsyncFaultySubAgents:
        """Return sub-agents that go wrong as planned."""
        return self._two(port, "run", FaultySubAgents, AsyncFaultySubAgents)

    def sink(self, port: Sink) -> Sink:
        """Return a sink that goes wrong as planned."""
        return faulty_sink(port, self._blocking)

    def _two(
        self,
        port: Any,  # noqa: ANN401 - of whatever kind, it is handed on
        word: str,
        blocking: Callable[[Any, Stage, Callable[[], Any]], B],
        awaited: Callable[[Any, Stage], A],
    ) -> A | B:
        """Return what stands before a *port* of two forms, in its colour."""
        if is_async(port, word):
            return awaited(port, self._async)
        return blocking(port, self._blocking, lambda: awaited(_async_form(port), self._async))


_OTHERS: Final = (
    "model",
    "clock",
    "ids",
    "templates",
    "renderer",
    "summarizer",
    "admit",
    "notifier",
    "dispatcher",
    "sink",
    "sub_agents",
)
"""The ports besides the repository, as `Ports` names them and `Faults` has a method for each."""


def _async_form(port: Any) -> Any:  # noqa: ANN401 - of whatever kind, it is handed on
    """Return the async form of a blocking *port*.

    Raises:
        MisuseError: It has none.
    """
    form: Callable[[], Any] | None = getattr(port, "for_async", None)
    if form is None:
        name = type(port).__name__
        raise MisuseError(f"{name} has no async form: put the faults before in_threads({name})")
    return form()


def _waiting(sleep: Sleep | None) -> Sleep:
    """Return what makes a caller in blocking code wait."""

    def wait(seconds: float) -> None:
        answer = (sleep or time.sleep)(seconds)
        if isawaitable(answer):
            if iscoroutine(answer):
                answer.close()
            raise MisuseError("sleep: it is awaited, and so is no sleep for blocking ports")

    return wait


def _sleeping(seconds: float) -> object:
    """Make a caller in async code wait."""
    import asyncio  # noqa: PLC0415 - only who awaits needs it

    return asyncio.sleep(seconds)
