"""What an application must, or may, supply: small protocols, each in a blocking and an async form.

The two forms have the same words; only ``async`` differs. An application writes one of them.
`coachwork.in_threads` makes a blocking one fit `coachwork.AsyncCoach`. What is said below about
a method holds for both forms (brief, section 8).

What a port may raise: a repository the children of `coachwork.StoreError`, a language model those
of `coachwork.ModelError`. Anything else that a language model raises counts as `LLM_ERROR`;
anything else that another port raises reaches the caller as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from attrs import field, frozen

from coachwork.events import Event
from coachwork.jobs import JobRef
from coachwork.messages import NO_USAGE, Message, Usage
from coachwork.plain import JSON
from coachwork.records import Key, Op, Record
from coachwork.sessions import JobKind
from coachwork.topics import TemplateName

# --- the repository --------------------------------------------------------------------------


class CommitResult(StrEnum):
    """The two answers of a commit; the third, not knowing, is `OutcomeUnknownError`."""

    DONE = "done"
    CONFLICT = "conflict"


@frozen(kw_only=True)
class Query:
    """Which records a view is asked for; all conditions hold at once.

    Exactly one of these is always given: ``tenant`` and ``owner`` (a user's records), ``due``
    or ``expires`` (what a worker or a sweeper looks for, over all tenants).

    Attributes:
        kind: The kind of record.
        tenant: Only this tenant's.
        owner: Only records whose fact ``owner`` is this.
        session: Only records whose fact ``session`` is this.
        topic: Only records whose fact ``topic`` is this.
        status: Only records whose fact ``status`` is one of these.
        scenario: Only records whose fact ``scenario`` is this.
        since: Only records whose fact ``at`` is this instant (UTC) or later.
        before: Only records whose fact ``at`` is earlier than this instant (UTC).
        due: Only records whose fact ``due`` is this instant (UTC) or earlier, those due first
            first, and among equals by their keys' texts; ``newest_first`` is not given with it.
        after_due: With ``due`` and ``after``: only records that come after the one of that key,
            which was due at this instant (UTC).
        expires: Only records whose fact ``expires`` is this instant (UTC) or earlier.
        after: Only records whose key's text comes after this one's in the order asked for.
        newest_first: In descending order of the keys' texts, else ascending.
        limit: At most so many records.
    """

    kind: str
    tenant: str | None = None
    owner: str | None = None
    session: str | None = None
    topic: str | None = None
    status: tuple[str, ...] = ()
    scenario: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    due: datetime | None = None
    after_due: datetime | None = None
    expires: datetime | None = None
    after: Key | None = None
    newest_first: bool = False
    limit: int = 100


class Repository(Protocol):
    """Where records are kept. It holds no business rule.

    Obligations: a record comes back exactly as it was given; nothing else makes a record appear,
    change or vanish (an engine's own time to live may delete sessions that expired, if all that is
    theirs goes with them, but never claims and accounts); it may be called from several threads at
    once.
    """

    def get(self, key: Key, /) -> Record | None:
        """Return the record of *key*, or None.

        It is strongly consistent: what any commit has answered *done* to is seen. This is the
        only read on which decisions stand; it is never served from a cache or a replica.

        Raises:
            StoreUnavailableError: It cannot be read now.
        """
        ...

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Do all of *ops* or none of them.

        At most `coachwork.records.MAX_OPS` operations; no key twice; one tenant. An insert wants
        no record there; an update wants the version before; a delete and a check want the very
        version, and a check's record may not be changed by others before the commit is done.

        Returns:
            DONE, or CONFLICT: some operation found something else; certainly nothing is written.

        Raises:
            StoreUnavailableError: Certainly nothing is written.
            OutcomeUnknownError: Perhaps all is written, perhaps nothing.
        """
        ...

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Return message records of a session in ascending order of sequence.

        Args:
            tenant: The tenant.
            session: The session's id.
            after: Only messages with a greater sequence number.
            last: Only the last so many of those; none where it is 0.
            limit: At most so many, the first ones.

        It may lag behind `get`, but never misses a message between two that it returns.
        """
        ...

    def find(self, query: Query, /) -> Sequence[Record]:
        """Return the records that *query* asks for, in its order, at most its limit.

        A view: it may lag and never decides anything.
        """
        ...


class AsyncRepository(Protocol):
    """The same words as `Repository`, awaited."""

    async def get(self, key: Key, /) -> Record | None:
        """See `Repository.get`."""
        ...

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `Repository.commit`."""
        ...

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `Repository.log`."""
        ...

    async def find(self, query: Query, /) -> Sequence[Record]:
        """See `Repository.find`."""
        ...


# --- the language model ----------------------------------------------------------------------


class PromptRole(StrEnum):
    """Who speaks in a prompt; roles are structural, no text can change them.

    An instruction is the application's own (INITIATION, RESUME, EXTRACTION), not the user's; a
    provider without such a role takes it as one more message of the user.
    """

    SYSTEM = "system"
    USER = "user"
    COACH = "coach"
    INSTRUCTION = "instruction"


@frozen
class Prompt:
    """One part of what the model is shown."""

    role: PromptRole
    text: str = field(repr=False)


@frozen(kw_only=True)
class Ask:
    """What a language model is asked for.

    Attributes:
        messages: What the model is shown, in order: the system prompt, then the conversation.
        schema: JSON Schema of the answer that is wished for; an adapter passes it on where the
            provider can hold a model to it.
        purpose: Why it is asked.
        model: The name that the topic gives for this purpose, or None for the adapter's own.
        timeout: Seconds that the call may take; the adapter hands them to its client and raises
            `LLMTimeoutError` when they are over.
        session: The session's id, for tracing.
        job: The job's id, for tracing. A provider that takes idempotency keys may be given it
            together with the purpose; alone it will not do, for a job whose reply ends the session
            asks once more, for the result.
        turn: How many turns the session has had, this one included; 0 before the first.
        attempt: Which lease of the job this call is made under, from 1.
        sink: To be given what the model writes, piece by piece and as it writes it, by a provider
            that can stream; None where nobody listens. It makes nobody wait and raises nothing.
            The answer holds the whole text all the same.
    """

    messages: tuple[Prompt, ...]
    schema: Mapping[str, JSON] = field(repr=False)
    purpose: JobKind
    model: str | None
    timeout: float
    session: str
    job: str
    turn: int
    attempt: int = 1
    sink: Callable[[str], None] | None = field(default=None, repr=False, eq=False)


@frozen(kw_only=True)
class Answer:
    """What a language model answered.

    Attributes:
        text: The answer as text, or None where the provider gave data.
        data: The answer as plain data, where the provider made it by the schema.
        finish: Why the model stopped: ``stop``, ``length``, ``content_filter`` or ``error``.
        usage: What it cost.
        request_id: The provider's name for the call, for tracing.
    """

    text: str | None = field(default=None, repr=False)
    data: JSON = field(default=None, repr=False)
    finish: str = "stop"
    usage: Usage = NO_USAGE
    request_id: str | None = None


class LanguageModel(Protocol):
    """What answers in the coach's name."""

    def complete(self, ask: Ask, /) -> Answer:
        """Answer *ask*, once: without retries of its own, within ``ask.timeout`` seconds.

        Raises:
            LLMTimeoutError: It took too long.
            LLMError: It failed; with ``retry_after`` where the provider says so.
        """
        ...


class AsyncLanguageModel(Protocol):
    """The same words as `LanguageModel`, awaited; a cancelled call is really given up."""

    async def complete(self, ask: Ask, /) -> Answer:
        """See `LanguageModel.complete`."""
        ...


# --- sub-agents ------------------------------------------------------------------------------


@frozen(kw_only=True)
class AgentAsk:
    """What a sub-agent of a program is asked for.

    Attributes:
        agent: The agent's name.
        program: The id of the program that it works for.
        prompt: All that it is told.
        schema: JSON Schema of the answer that is wished for; an adapter passes it on where the
            provider can hold a model to it.
        model: The name that the program gives for this agent, or None for the adapter's own.
        timeout: Seconds that the call may take; the adapter hands them to its client and raises
            `LLMTimeoutError` when they are over.
        session: The session's id, for tracing.
        run: Which run of the agent it is, from 1, for tracing.
    """

    agent: str
    program: str
    prompt: str = field(repr=False)
    schema: Mapping[str, JSON] = field(repr=False)
    model: str | None
    timeout: float
    session: str
    run: int


class SubAgents(Protocol):
    """Who answers in the name of the sub-agents of programs: a model, tools, another service."""

    def run(self, ask: AgentAsk, /) -> Answer:
        """Answer *ask*, once: without retries of its own, within ``ask.timeout`` seconds.

        The answer is one JSON value, as text or as data. It may be called from several threads at
        once: agents of one stage run side by side.

        Raises:
            LLMTimeoutError: It took too long.
            LLMError: It failed.
        """
        ...


class AsyncSubAgents(Protocol):
    """The same words as `SubAgents`, awaited; a cancelled call is really given up."""

    async def run(self, ask: AgentAsk, /) -> Answer:
        """See `SubAgents.run`."""
        ...


# --- ports with defaults ---------------------------------------------------------------------


class Clock(Protocol):
    """What time it is. It has one form, since reading a clock makes nobody wait."""

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC; it may go back."""
        ...


class IdSource(Protocol):
    """Where ids come from. It has one form, since making an id makes nobody wait."""

    def new_id(self) -> str:
        """Return an id that nobody has had.

        Ids should sort as text by the time at which they were made, and all be of one length: a
        record's key holds the length of an id before the id, so that a shorter one sorts first.
        Where they do not, nothing is lost, but lists are in another order than that of time.
        """
        ...


class TemplateSource(Protocol):
    """Where a topic's templates come from."""

    def template(self, topic: str, name: TemplateName, /) -> str | None:
        """Return the template of that topic and name, or None where the topic has none."""
        ...


class AsyncTemplateSource(Protocol):
    """The same words as `TemplateSource`, awaited."""

    async def template(self, topic: str, name: TemplateName, /) -> str | None:
        """See `TemplateSource.template`."""
        ...


class TemplateRenderer(Protocol):
    """How a template becomes text. It has one form, since it is a pure function of its arguments.

    Obligations: safe (values are never read as templates, templates reach nothing but values by
    name) and strict (a name without a value is an error).
    """

    def names(self, template: str, /) -> frozenset[str]:
        """Return the names that *template* uses.

        Raises:
            TemplateError: It is no template.
        """
        ...

    def render(self, template: str, values: Mapping[str, object], /) -> str:
        """Return *template* with all its names filled in.

        Raises:
            TemplateError: It is no template, or names have no value; all of them are named.
        """
        ...


class Summarizer(Protocol):
    """What tells the story so far when somebody comes back."""

    def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """Return a summary that covers the *previous* one and the *messages* since then."""
        ...


class AsyncSummarizer(Protocol):
    """The same words as `Summarizer`, awaited."""

    async def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """See `Summarizer.summarize`."""
        ...


@frozen(kw_only=True)
class Partial:
    """A piece of what the coach is saying, while the model still writes.

    The pieces of one attempt, put together in the order of their sequence, are the message that
    will be kept, unless the answer turns out to be none; only what is kept counts. When
    ``attempt`` grows, the model was asked anew: what was shown before is to be taken back.

    Attributes:
        tenant: The session's tenant.
        user: The session's user.
        session: The session's id.
        job: The job's id.
        attempt: Which lease of the job the model was asked under, from 1.
        sequence: Which piece of the attempt it is, from 1.
        text: The decoded text of the message, never raw JSON.
    """

    tenant: str
    user: str
    session: str
    job: str
    attempt: int
    sequence: int
    text: str = field(repr=False)


Sink: TypeAlias = Callable[[Partial], None]
"""Given the pieces of a message as the model writes them, in the model's thread or event loop.

It must not wait. What it raises is logged and goes no further.
"""


class Notifier(Protocol):
    """Who is told of terminal events: a socket, a topic, a webhook."""

    def notify(self, event: Event, /) -> None:
        """Hand *event* on; when it returns, the event counts as delivered.

        It is called at least once for every event, and for the events of one session in order.
        What it raises puts the event off; it is told again later.
        """
        ...


class AsyncNotifier(Protocol):
    """The same words as `Notifier`, awaited."""

    async def notify(self, event: Event, /) -> None:
        """See `Notifier.notify`."""
        ...


class Dispatcher(Protocol):
    """Who is told that a job waits for a worker: a queue, a Lambda, a webhook."""

    def dispatch(self, ref: JobRef, /) -> None:
        """Wake whoever is to call `process` with *ref*.

        It is called at least once for each job that is accepted for a worker, after the commit,
        and again when the same call comes again while nobody holds the job. What it raises is of
        no account: a worker finds due jobs by itself.
        """
        ...


class AsyncDispatcher(Protocol):
    """The same words as `Dispatcher`, awaited."""

    async def dispatch(self, ref: JobRef, /) -> None:
        """See `Dispatcher.dispatch`."""
        ...


@frozen(kw_only=True)
class Admission:
    """What is about to be accepted.

    Attributes:
        command: The command, in one word: ``start``, ``resume``, ``send``, ``complete`` or
            ``retry``.
        tenant: The caller's tenant.
        user: The caller.
        topic: The topic's id.
        session: The session's id, or None at a start.
        text: The user's text for ``send``, else None.
    """

    command: str
    tenant: str
    user: str
    topic: str
    session: str | None
    text: str | None = field(default=None, repr=False)


Admit: TypeAlias = Callable[[Admission], str | None]
"""Asked before a command is accepted: quota, rate limit, moderation.

It returns None to let it pass, or another text to be taken in the user's place, or raises the
error that the caller is to get. It is not asked again for a call that was accepted before.
"""

AsyncAdmit: TypeAlias = Callable[[Admission], Awaitable[str | None]]
"""The same, awaited."""


# --- all of them -----------------------------------------------------------------------------


@frozen(kw_only=True)
class Ports:
    """What the blocking driver works with."""

    repository: Repository
    model: LanguageModel
    clock: Clock
    ids: IdSource
    templates: TemplateSource
    renderer: TemplateRenderer
    summarizer: Summarizer
    admit: Admit | None = None
    notifier: Notifier | None = None
    dispatcher: Dispatcher | None = None
    sink: Sink | None = None
    sub_agents: SubAgents | None = None


@frozen(kw_only=True)
class AsyncPorts:
    """What the async driver works with."""

    repository: AsyncRepository
    model: AsyncLanguageModel
    clock: Clock
    ids: IdSource
    templates: AsyncTemplateSource
    renderer: TemplateRenderer
    summarizer: AsyncSummarizer
    admit: AsyncAdmit | None = None
    notifier: AsyncNotifier | None = None
    dispatcher: AsyncDispatcher | None = None
    sink: Sink | None = None
    sub_agents: AsyncSubAgents | None = None


FINISHES: Final = ("stop", "length", "content_filter", "error")
"""The words for why a model stopped."""
