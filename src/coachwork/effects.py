"""Everything that a workflow may ask of the outside world.

An effect is a frozen request: it holds what is asked, says with its type parameter what comes
back, and names in one line the port that answers. It does nothing by itself. The two drivers in
`coachwork.drivers` carry them out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Generic, TypeAlias, TypeVar, cast

from attrs import evolve, field, frozen

from coachwork.errors import MisuseError, ValidationError
from coachwork.events import Event
from coachwork.ids import checked_id
from coachwork.jobs import JobKind, JobRef
from coachwork.messages import Message
from coachwork.ports import (
    Admission,
    AgentAsk,
    Answer,
    Ask,
    AsyncPorts,
    CommitResult,
    Partial,
    Ports,
    Query,
    Sink,
)
from coachwork.records import Key, Op, Record, key_of
from coachwork.replies import MessageStream
from coachwork.topics import TemplateName

T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")


class Effect(Generic[T_co]):
    """A question put to the outside; ``yield from`` it to get the answer."""

    __slots__ = ()

    def perform(self, ports: Ports | AsyncPorts, /) -> T_co | Awaitable[T_co]:
        """Put the question to its port; only a driver calls this."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """What it is about, for observers: kinds and ids, never any text."""
        return ""

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids that it concerns, for observers; never an idempotency key."""
        return {}

    def __iter__(self) -> Generator[Effect[object], object, T_co]:
        """Yield the question and return its answer."""
        # The one cast of the technique: a driver answers an Effect[T] with a T.
        return cast("T_co", (yield self))


Workflow: TypeAlias = Generator[Effect[object], object, R]
"""A generator that asks by yielding effects and in the end returns an ``R``.

What is sent in is typed ``object``, so a bare ``yield`` is useless to the type checkers and the
precise ``yield from`` is the only way that compiles.
"""


@frozen
class Now(Effect[datetime]):
    """What time is it?"""

    def perform(self, ports: Ports | AsyncPorts, /) -> datetime:
        """Ask the clock.

        Raises:
            MisuseError: The clock gave something else, or an instant that UTC has not.
        """
        return _in_utc(ports.clock.now())


def _in_utc(now: object) -> datetime:
    """Return what a clock gave in UTC.

    Raises:
        MisuseError: It is no aware datetime, or one that UTC has not.
    """
    if not isinstance(now, datetime) or now.utcoffset() is None:
        raise MisuseError("the clock must give an aware datetime in UTC")
    try:
        return now if now.tzinfo is UTC else now.astimezone(UTC)
    except OverflowError:
        raise MisuseError("the clock must give a time between the years 1 and 9999") from None


@frozen
class NewId(Effect[str]):
    """An id that nobody has had."""

    def perform(self, ports: Ports | AsyncPorts, /) -> str:
        """Ask the source of ids.

        Raises:
            MisuseError: It gave something that is no id.
        """
        try:
            return checked_id(ports.ids.new_id(), "id")
        except ValidationError as fault:
            raise MisuseError(f"the source of ids must give ids: {fault.expected}") from None


@frozen
class Get(Effect[Record | None]):
    """Which record has this key?"""

    key: Key

    def perform(self, ports: Ports | AsyncPorts, /) -> Record | Awaitable[Record | None] | None:
        """Ask the repository."""
        return ports.repository.get(self.key)

    @property
    def subject(self) -> str:
        """The kind of record."""
        return self.key.kind

    @property
    def ids(self) -> Mapping[str, str]:
        """The tenant's id."""
        return {"tenant": self.key.tenant}


@frozen
class Commit(Effect[CommitResult]):
    """Write all of this, or nothing."""

    ops: tuple[Op, ...]

    def perform(self, ports: Ports | AsyncPorts, /) -> CommitResult | Awaitable[CommitResult]:
        """Ask the repository."""
        return ports.repository.commit(self.ops)

    @property
    def subject(self) -> str:
        """How many operations."""
        return f"{len(self.ops)} ops"

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of the tenant and, where the commit writes one, of the session and the job."""
        told: dict[str, str] = {}
        for op in self.ops:
            key = key_of(op)
            told["tenant"] = key.tenant
            if key.kind in {"session", "job"}:
                told[key.kind] = str(key.parts[0])
        return told


@frozen(kw_only=True)
class ReadLog(Effect[Sequence[Record]]):
    """Which messages does the session have?"""

    tenant: str
    session: str
    after: int = 0
    last: int | None = None
    limit: int

    def perform(
        self, ports: Ports | AsyncPorts, /
    ) -> Sequence[Record] | Awaitable[Sequence[Record]]:
        """Ask the repository."""
        return ports.repository.log(
            self.tenant, self.session, after=self.after, last=self.last, limit=self.limit
        )

    @property
    def subject(self) -> str:
        """How many at most."""
        return f"at most {self.limit}"

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of tenant and session."""
        return {"tenant": self.tenant, "session": self.session}


@frozen
class Find(Effect[Sequence[Record]]):
    """Which records are there of this description?"""

    query: Query

    def perform(
        self, ports: Ports | AsyncPorts, /
    ) -> Sequence[Record] | Awaitable[Sequence[Record]]:
        """Ask the repository."""
        return ports.repository.find(self.query)

    @property
    def subject(self) -> str:
        """The kind of record."""
        return self.query.kind


@frozen
class AskModel(Effect[Answer]):
    """What does the coach say?

    Attributes:
        ask: The question.
        tenant: The session's tenant.
        user: The session's user.
    """

    ask: Ask
    tenant: str
    user: str

    def perform(self, ports: Ports | AsyncPorts, /) -> Answer | Awaitable[Answer]:
        """Ask the language model; what it says meanwhile goes to the sink, where there is one."""
        if ports.sink is None or self.ask.purpose is JobKind.EXTRACTION:
            return ports.model.complete(self.ask)
        stream = _Stream(self, ports.sink)
        try:
            answer = ports.model.complete(evolve(self.ask, sink=stream.feed))
        except BaseException:
            stream.close()
            raise
        if not isawaitable(answer):
            stream.finish()
            return answer
        # The blocking driver refuses it, and closes the very coroutine that the port gave.
        return stream.until(answer) if isinstance(ports, AsyncPorts) else answer

    @property
    def subject(self) -> str:
        """The purpose."""
        return self.ask.purpose.value

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of tenant, session and job."""
        return {"tenant": self.tenant, "session": self.ask.session, "job": self.ask.job}


@frozen
class RunAgent(Effect[Answer]):
    """What does the sub-agent of a program answer?

    Attributes:
        ask: The question.
        tenant: The session's tenant.
        user: The session's user.
    """

    ask: AgentAsk
    tenant: str
    user: str

    def perform(self, ports: Ports | AsyncPorts, /) -> Answer | Awaitable[Answer]:
        """Ask the port of sub-agents.

        Raises:
            MisuseError: There is none.
        """
        if ports.sub_agents is None:
            raise MisuseError("there is no port for sub-agents: give one as sub_agents")
        return ports.sub_agents.run(self.ask)

    @property
    def subject(self) -> str:
        """The agent's name."""
        return self.ask.agent

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of tenant and session."""
        return {"tenant": self.tenant, "session": self.ask.session}


class _Stream:
    """What the model writes in one call, on its way to the sink as text of the message."""

    def __init__(self, effect: AskModel, sink: Sink) -> None:
        self._effect = effect
        self._sink = sink
        self._listening = True
        self._decoder = MessageStream()
        self._told = 0

    def feed(self, piece: str) -> None:
        """Take a piece of the answer as the model writes it."""
        if self._listening:
            self._tell(self._decoder.feed(piece))

    def finish(self) -> None:
        """Tell what was held back; the decoder takes nothing after that."""
        self._tell(self._decoder.finish())

    def close(self) -> None:
        """Listen no more: a call that was given up may go on in its thread."""
        self._listening = False

    async def until(self, answer: Awaitable[Answer]) -> Answer:
        """Wait for the answer and finish."""
        try:
            told = await answer
        except BaseException:
            self.close()
            raise
        self.finish()
        return told

    def _tell(self, text: str) -> None:
        if not text:
            return
        self._told += 1
        ask = self._effect.ask
        self._sink(
            Partial(
                tenant=self._effect.tenant,
                user=self._effect.user,
                session=ask.session,
                job=ask.job,
                attempt=ask.attempt,
                sequence=self._told,
                text=text,
            )
        )


@frozen
class GetTemplate(Effect[str | None]):
    """How does this template read?"""

    topic: str
    name: TemplateName

    def perform(self, ports: Ports | AsyncPorts, /) -> str | Awaitable[str | None] | None:
        """Ask the source of templates."""
        return ports.templates.template(self.topic, self.name)

    @property
    def subject(self) -> str:
        """The template's name."""
        return self.name.value


@frozen
class TemplateNames(Effect[frozenset[str]]):
    """Which names does this template use?"""

    template: str = field(repr=False)

    def perform(self, ports: Ports | AsyncPorts, /) -> frozenset[str]:
        """Ask the renderer."""
        return ports.renderer.names(self.template)


@frozen
class Render(Effect[str]):
    """What does this template say with these values?"""

    template: str = field(repr=False)
    values: Mapping[str, object] = field(repr=False)

    def perform(self, ports: Ports | AsyncPorts, /) -> str:
        """Ask the renderer."""
        return ports.renderer.render(self.template, self.values)


@frozen
class Summarize(Effect[str]):
    """What is the story so far?"""

    previous: str | None = field(repr=False)
    messages: tuple[Message, ...] = field(repr=False)

    def perform(self, ports: Ports | AsyncPorts, /) -> str | Awaitable[str]:
        """Ask the summarizer."""
        return ports.summarizer.summarize(self.previous, self.messages)

    @property
    def subject(self) -> str:
        """How many messages."""
        return f"{len(self.messages)} messages"


@frozen
class AskAdmission(Effect[str | None]):
    """May this be accepted?"""

    admission: Admission

    def perform(self, ports: Ports | AsyncPorts, /) -> str | Awaitable[str | None] | None:
        """Ask the application's `Admit`, where it has one."""
        return None if ports.admit is None else ports.admit(self.admission)

    @property
    def subject(self) -> str:
        """The command."""
        return self.admission.command


@frozen
class Dispatch(Effect[None]):
    """Who wakes a worker for this job?"""

    ref: JobRef

    def perform(self, ports: Ports | AsyncPorts, /) -> Awaitable[None] | None:
        """Tell the dispatcher, where there is one."""
        return None if ports.dispatcher is None else ports.dispatcher.dispatch(self.ref)

    @property
    def subject(self) -> str:
        """The kind of job."""
        return self.ref.kind.value

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of tenant and job."""
        return {"tenant": self.ref.tenant, "job": self.ref.job}


@frozen
class Notify(Effect[None]):
    """Who hears that a job has its outcome?"""

    event: Event

    def perform(self, ports: Ports | AsyncPorts, /) -> Awaitable[None] | None:
        """Tell the notifier, where there is one."""
        return None if ports.notifier is None else ports.notifier.notify(self.event)

    @property
    def subject(self) -> str:
        """The type of the event."""
        return self.event.type.value

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of tenant, session and job."""
        event = self.event
        return {"tenant": event.tenant, "session": event.session, "job": event.job}
