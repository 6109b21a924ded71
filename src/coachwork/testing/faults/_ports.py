"""The other ports, going wrong as planned: one small class for each port and colour.

The two colours differ in ``await`` alone; what happens stands in
`coachwork.testing.faults._playing`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from attrs import frozen

from coachwork.courses import Course, at_once, awaited, closing
from coachwork.errors import LLMError, LLMTimeoutError
from coachwork.events import Event
from coachwork.jobs import JobRef
from coachwork.messages import Message
from coachwork.ports import (
    Admission,
    Admit,
    AgentAsk,
    Answer,
    Ask,
    AsyncAdmit,
    AsyncDispatcher,
    AsyncLanguageModel,
    AsyncNotifier,
    AsyncSubAgents,
    AsyncSummarizer,
    AsyncTemplateSource,
    Clock,
    Dispatcher,
    IdSource,
    LanguageModel,
    Notifier,
    Partial,
    Sink,
    SubAgents,
    Summarizer,
    TemplateRenderer,
    TemplateSource,
)
from coachwork.testing.faults._fault import Fault
from coachwork.testing.faults._playing import Instead, Manner, Player, Sleep
from coachwork.testing.faults._raised import InjectedError
from coachwork.topics import TemplateName

P = TypeVar("P")
A = TypeVar("A")
T = TypeVar("T")


@frozen
class Stage:
    """Where calls are played.

    Attributes:
        player: The run of the plan.
        wait: What makes a caller of this colour wait.
    """

    player: Player
    wait: Sleep

    def play(
        self,
        port: str,
        method: str,
        kinds: tuple[str, ...],
        call: Callable[[], T | Awaitable[T]],
        instead: Mapping[Fault, Instead] | None = None,
    ) -> Course[T]:
        """Play one call of a port that has no errors of its own."""
        name = f"{port}.{method}"
        manner = Manner(
            do=partial(_do, call),
            wait=self.wait,
            failed=lambda: InjectedError(f"{name}: a fault was injected"),
            lost=lambda: TimeoutError(f"{name}: the answer is lost"),
            instead=instead or {},
        )
        return self.player.play(port, method, kinds, manner)

    def ask(self, ask: Ask, call: Callable[[], Answer | Awaitable[Answer]]) -> Course[Answer]:
        """Play one call of a language model."""
        return self.player.play("model", "complete", (ask.purpose.value,), self._answering(call))

    def run(self, ask: AgentAsk, call: Callable[[], Answer | Awaitable[Answer]]) -> Course[Answer]:
        """Play one call of sub-agents."""
        return self.player.play("sub_agents", "run", (ask.agent,), self._answering(call))

    def _answering(self, call: Callable[[], Answer | Awaitable[Answer]]) -> Manner:
        """Return how a call goes that a model answers."""
        return Manner(do=partial(_do, call), wait=self.wait, failed=LLMError, lost=LLMTimeoutError)


def _do(call: Callable[[], object]) -> Course[Any]:
    """Make the call itself."""
    return (yield call)


# --- ports of one form -----------------------------------------------------------------------


class FaultyClock:
    """A clock that goes wrong as planned, and stays as wrong as it went."""

    def __init__(self, clock: Clock, stage: Stage) -> None:
        """Stand before *clock*."""
        self._clock = clock
        self._stage = stage
        self._off = timedelta(0)

    def now(self) -> datetime:
        """See `coachwork.ports.Clock.now`."""
        instead: dict[Fault, Instead] = {
            Fault.CLOCK_FORWARD: self._jump,
            Fault.CLOCK_BACK: lambda seconds: self._jump(-seconds),
        }
        return at_once(self._stage.play("clock", "now", (), self._now, instead))

    def _now(self) -> datetime:
        return self._clock.now() + self._off

    def _jump(self, seconds: float) -> Course[tuple[datetime, bool]]:
        """Go on, or back, and tell the time."""
        self._off += timedelta(seconds=seconds)
        now: datetime = yield self._now
        return now, True


class FaultyIds:
    """A source of ids that goes wrong as planned."""

    def __init__(self, ids: IdSource, stage: Stage) -> None:
        """Stand before *ids*."""
        self._ids = ids
        self._stage = stage

    def new_id(self) -> str:
        """See `coachwork.ports.IdSource.new_id`."""
        return at_once(self._stage.play("ids", "new_id", (), self._ids.new_id))


class FaultyRenderer:
    """A renderer that goes wrong as planned."""

    def __init__(self, renderer: TemplateRenderer, stage: Stage) -> None:
        """Stand before *renderer*."""
        self._renderer = renderer
        self._stage = stage

    def names(self, template: str, /) -> frozenset[str]:
        """See `coachwork.ports.TemplateRenderer.names`."""
        call = partial(self._renderer.names, template)
        return at_once(self._stage.play("renderer", "names", (), call))

    def render(self, template: str, values: Mapping[str, object], /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        call = partial(self._renderer.render, template, values)
        return at_once(self._stage.play("renderer", "render", (), call))


def faulty_sink(sink: Sink, stage: Stage) -> Sink:
    """Return *sink*, going wrong as planned."""

    def tell(partial_: Partial, /) -> None:
        at_once(stage.play("sink", "tell", (), partial(sink, partial_)))

    return tell


# --- ports of two forms ----------------------------------------------------------------------


class _Blocking(Generic[P, A]):
    """What stands before a blocking port; it has the other colour where the port has it."""

    def __init__(self, port: P, stage: Stage, other_colour: Callable[[], A]) -> None:
        self._port = port
        self._stage = stage
        self._other_colour = other_colour

    def for_async(self) -> A:
        """Return the same for an async coach, before the port's own async form."""
        return self._other_colour()

    def close(self) -> None:
        """Close the port, where it can be closed."""
        at_once(closing(self._port))


class _Async(Generic[A]):
    """What stands before a port that is awaited."""

    def __init__(self, port: A, stage: Stage) -> None:
        self._port = port
        self._stage = stage

    async def close(self) -> None:
        """Close the port, where it can be closed."""
        await awaited(closing(self._port))


class FaultyModel(_Blocking[LanguageModel, AsyncLanguageModel]):
    """A language model that goes wrong as planned."""

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        return at_once(self._stage.ask(ask, partial(self._port.complete, ask)))


class AsyncFaultyModel(_Async[AsyncLanguageModel]):
    """The same, awaited."""

    async def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        return await awaited(self._stage.ask(ask, partial(self._port.complete, ask)))


class FaultySubAgents(_Blocking[SubAgents, AsyncSubAgents]):
    """Sub-agents that go wrong as planned."""

    def run(self, ask: AgentAsk, /) -> Answer:
        """See `coachwork.ports.SubAgents.run`."""
        return at_once(self._stage.run(ask, partial(self._port.run, ask)))


class AsyncFaultySubAgents(_Async[AsyncSubAgents]):
    """The same, awaited."""

    async def run(self, ask: AgentAsk, /) -> Answer:
        """See `coachwork.ports.SubAgents.run`."""
        return await awaited(self._stage.run(ask, partial(self._port.run, ask)))


class FaultyTemplates(_Blocking[TemplateSource, AsyncTemplateSource]):
    """A source of templates that goes wrong as planned."""

    def template(self, topic: str, name: TemplateName, /) -> str | None:
        """See `coachwork.ports.TemplateSource.template`."""
        call = partial(self._port.template, topic, name)
        return at_once(self._stage.play("templates", "template", (name.value,), call))


class AsyncFaultyTemplates(_Async[AsyncTemplateSource]):
    """The same, awaited."""

    async def template(self, topic: str, name: TemplateName, /) -> str | None:
        """See `coachwork.ports.TemplateSource.template`."""
        call = partial(self._port.template, topic, name)
        return await awaited(self._stage.play("templates", "template", (name.value,), call))


class FaultySummarizer(_Blocking[Summarizer, AsyncSummarizer]):
    """A summarizer that goes wrong as planned."""

    def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """See `coachwork.ports.Summarizer.summarize`."""
        call = partial(self._port.summarize, previous, messages)
        return at_once(self._stage.play("summarizer", "summarize", (), call))


class AsyncFaultySummarizer(_Async[AsyncSummarizer]):
    """The same, awaited."""

    async def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """See `coachwork.ports.Summarizer.summarize`."""
        call = partial(self._port.summarize, previous, messages)
        return await awaited(self._stage.play("summarizer", "summarize", (), call))


class FaultyNotifier(_Blocking[Notifier, AsyncNotifier]):
    """A notifier that goes wrong as planned."""

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        call = partial(self._port.notify, event)
        at_once(self._stage.play("notifier", "notify", (event.type.value,), call))


class AsyncFaultyNotifier(_Async[AsyncNotifier]):
    """The same, awaited."""

    async def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        call = partial(self._port.notify, event)
        told: Course[None] = self._stage.play("notifier", "notify", (event.type.value,), call)
        await awaited(told)


class FaultyDispatcher(_Blocking[Dispatcher, AsyncDispatcher]):
    """A dispatcher that goes wrong as planned."""

    def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        call = partial(self._port.dispatch, ref)
        at_once(self._stage.play("dispatcher", "dispatch", (ref.kind.value,), call))


class AsyncFaultyDispatcher(_Async[AsyncDispatcher]):
    """The same, awaited."""

    async def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        call = partial(self._port.dispatch, ref)
        told: Course[None] = self._stage.play("dispatcher", "dispatch", (ref.kind.value,), call)
        await awaited(told)


class FaultyAdmit(_Blocking[Admit, AsyncAdmit]):
    """An admission that goes wrong as planned."""

    def __call__(self, admission: Admission, /) -> str | None:
        """See `coachwork.ports.Admit`."""
        call = partial(self._port, admission)
        return at_once(self._stage.play("admit", "admit", (admission.command,), call))


class AsyncFaultyAdmit(_Async[AsyncAdmit]):
    """The same, awaited."""

    async def __call__(self, admission: Admission, /) -> str | None:
        """See `coachwork.ports.Admit`."""
        call = partial(self._port, admission)
        return await awaited(self._stage.play("admit", "admit", (admission.command,), call))
