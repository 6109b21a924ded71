"""What applications call: a coach of either colour, with the same words.

Every method runs one workflow of `coachwork.workflows`; what it asks, answers and raises is
told there. The handles (`UserCoach`, `Chat`) hold ids and nothing else: make them where they are
needed, keep them or not, in any thread, process or request.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from datetime import datetime
from inspect import isawaitable, iscoroutinefunction
from time import sleep
from types import TracebackType
from typing import Any, Final, Generic, Protocol, Self, TypeVar, cast, overload

from coachwork import workflows
from coachwork.actions import Button
from coachwork.adapters import (
    AsyncModelAgents,
    AsyncRingingDispatcher,
    Bell,
    BuiltinRenderer,
    ExtractiveSummarizer,
    ModelAgents,
    RingingDispatcher,
    SystemClock,
    TimeOrderedIds,
    TopicTemplates,
)
from coachwork.crew import side_by_side as _side_by_side
from coachwork.crew import side_by_side_async as _side_by_side_async
from coachwork.drivers import Observer, quiet, run, run_async
from coachwork.effects import Workflow
from coachwork.errors import MisuseError, ValidationError
from coachwork.ids import checked_id
from coachwork.jobs import JobRef
from coachwork.messages import Message
from coachwork.plain import JSON
from coachwork.policies import Settings
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
from coachwork.programs import Program
from coachwork.topics import Topic, declared
from coachwork.workflows import (
    Acted,
    ActionList,
    AgentsView,
    Caller,
    Check,
    Completed,
    Deleted,
    Export,
    History,
    JobReport,
    JobView,
    Planted,
    ProgramView,
    Purged,
    Relayed,
    Resumed,
    Scenario,
    SessionList,
    SessionView,
    Setup,
    Started,
    Timeline,
    TopicStanding,
    Turn,
)

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")
Port_co = TypeVar("Port_co", covariant=True)


class TwoColoured(Protocol[Port_co]):
    """A blocking port that knows its own async form."""

    def for_async(self) -> Port_co:
        """Return the port that an async coach is to use; it may hold this one."""
        ...


# --- blocking --------------------------------------------------------------------------------


class Coach:
    """A coach for blocking code. It may be used by several threads at once.

    Use it as a context manager, or call `close`: the ports that were given to it are closed then.

    Args:
        repository: Where everything is kept.
        model: What answers in the coach's name.
        topics: What conversations may be about.
        settings: How to decide where there is a choice.
        clock: What time it is.
        ids: Where ids come from.
        templates: Where templates come from; the topics' own by default.
        renderer: How templates become text.
        summarizer: What tells the story so far; it needs no model by default.
        admit: Asked before anything is accepted.
        notifier: Told of the outcome of every job, by a worker or by `relay`.
        dispatcher: Told of every job that is accepted for a worker.
        sink: Given the pieces of a message while a model writes that can stream.
        sub_agents: Who answers in the name of the sub-agents of programs; the model by default.
        observers: Told of every effect and its outcome.

    Raises:
        ValidationError: Two topics have one id.
        TemplateError: A topic's template is none.
        MisuseError: A port is async: use `AsyncCoach`.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each port
        self,
        repository: Repository,
        model: LanguageModel,
        *,
        topics: Iterable[Topic[object]],
        settings: Settings | None = None,
        clock: Clock | None = None,
        ids: IdSource | None = None,
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
        """Put the ports together; nothing is asked of them yet."""
        by_id = declared(topics)
        own = _own_templates(by_id, templates, renderer)
        for port, words in (
            (repository, ("get", "commit", "log", "find")),
            (model, ("complete",)),
            (templates, ("template",)),
            (summarizer, ("summarize",)),
            (admit, ("__call__",)),
            (notifier, ("notify",)),
            (dispatcher, ("dispatch",)),
            (sub_agents, ("run",)),
        ):
            _refuse_async(port, words)
        _refuse_other_ports(clock, ids, renderer)
        _refuse_async_sink(sink)
        self._setup = Setup(
            topics=by_id, settings=settings or Settings(), notifies=notifier is not None
        )
        self._bell = Bell()
        self._ports = Ports(
            repository=repository,
            model=model,
            clock=clock or SystemClock(),
            ids=ids or TimeOrderedIds(),
            templates=templates or own,
            renderer=renderer or BuiltinRenderer(),
            summarizer=summarizer or ExtractiveSummarizer(),
            admit=admit,
            notifier=notifier,
            dispatcher=RingingDispatcher(self._bell, dispatcher),
            sink=None if sink is None else quiet(sink),
            sub_agents=sub_agents or ModelAgents(model),
        )
        self._observers = tuple(observers)

    def as_user(
        self, user: str, *, tenant: str = "default", scenario: str | None = None
    ) -> UserCoach:
        """Return the coach as one user sees it; the application has made sure who it is.

        Args:
            user: The user's id.
            tenant: The tenant's id.
            scenario: The test scenario that what is made belongs to, if any.

        Raises:
            ValidationError: One of them is no id.
        """
        return UserCoach(self, Caller(tenant, user, scenario))

    def process(self, ref: JobRef) -> JobReport[object] | None:
        """Answer a job that waits for a worker. See `coachwork.workflows.process`."""
        return self.run(workflows.process(self._setup, ref))

    def relay(self, *, limit: int = 500) -> Relayed:
        """Deliver the events that are owed, of all tenants. See `coachwork.workflows.relay`."""
        return self.run(workflows.relay(self._setup, limit=limit))

    def purge_expired(self, *, limit: int = 1000) -> Purged:
        """Sweep away what has expired, of all tenants. See `coachwork.workflows.purge_expired`."""
        return self.run(workflows.purge_expired(self._setup, limit=limit))

    def run(self, workflow: Workflow[R]) -> R:
        """Run a *workflow*, an application's own too, with the ports of this coach."""
        return run(workflow, self._ports, self._observers)

    @property
    def setup(self) -> Setup:
        """The topics and settings that the workflows are given."""
        return self._setup

    @property
    def bell(self) -> Bell:
        """What wakes the workers of this coach when a job is accepted."""
        return self._bell

    def close(self) -> None:
        """Close the ports that can be closed."""
        with ExitStack() as closing:  # one that fails leaves none of the others open
            for close in _closable(self._ports):
                closing.callback(close)

    def __enter__(self) -> Self:
        """Return the coach itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


class UserCoach:
    """The coach as one user sees it."""

    def __init__(self, coach: Coach, caller: Caller) -> None:
        """Made by `Coach.as_user`."""
        self._coach = coach
        self._caller = caller

    def check(self, topic: Topic[T]) -> Check:
        """Tell what a front end needs to know before it opens *topic*."""
        return self._coach.run(workflows.check(self._coach.setup, self._caller, topic))

    def start(
        self,
        topic: Topic[T],
        *,
        context: Mapping[str, JSON] | None = None,
        take_over: bool = False,
        key: str | None = None,
        wait: bool = True,
    ) -> Chat[T]:
        """Start a new session on *topic*. See `coachwork.workflows.start`."""
        started = self._coach.run(
            workflows.start(
                self._coach.setup,
                self._caller,
                topic,
                context=context,
                take_over=take_over,
                key=key,
                wait=wait,
            )
        )
        return Chat(self._coach, self._caller, topic, started.session.id, started)

    def open(
        self,
        topic: Topic[T],
        *,
        context: Mapping[str, JSON] | None = None,
        key: str | None = None,
        wait: bool = True,
    ) -> Chat[T]:
        """Resume the live session on *topic*, else start one."""
        opened = self._coach.run(
            workflows.open_session(
                self._coach.setup, self._caller, topic, context=context, key=key, wait=wait
            )
        )
        return Chat(self._coach, self._caller, topic, opened.session.id, opened)

    @overload
    def session(self, topic: Topic[T], session_id: str) -> Chat[T]: ...
    @overload
    def session(self, topic: str, session_id: str) -> Chat[object]: ...
    def session(self, topic: Topic[T] | str, session_id: str) -> Chat[T] | Chat[object]:
        """Return the handle of a session; nothing is asked yet.

        The id of a topic will do in place of the topic: for a topic that is no longer declared,
        get, history, pause and cancel are what still works, and results are plain data.
        """
        if isinstance(topic, str):
            return Chat[object](self._coach, self._caller, topic, session_id)
        return Chat(self._coach, self._caller, topic, session_id)

    def job(self, job_id: str) -> JobReport[object]:
        """Tell what became of a job, its result as plain data. See `coachwork.workflows.job`."""
        return self._coach.run(workflows.job(self._coach.setup, self._caller, None, job_id))

    def cancel_job(self, job_id: str) -> JobReport[object]:
        """Cancel a job that has no outcome yet. See `coachwork.workflows.cancel_job`."""
        return self._coach.run(workflows.cancel_job(self._coach.setup, self._caller, None, job_id))

    def list_sessions(
        self,
        *,
        status: Collection[str] = (),
        topic: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> SessionList:
        """Return one page of the user's sessions. See `coachwork.workflows.list_sessions`."""
        return self._coach.run(
            workflows.list_sessions(
                self._coach.setup,
                self._caller,
                status=status,
                topic=topic,
                since=since,
                before=before,
                after=after,
                limit=limit,
            )
        )

    def topics(self) -> tuple[TopicStanding, ...]:
        """Return all topics with the user's standing on each."""
        return self._coach.run(workflows.topics(self._coach.setup, self._caller))

    def program(self, program: Program[S], session_id: str | None = None) -> ProgramView[S]:
        """Tell where the user stands in *program*. See `coachwork.workflows.program_state`."""
        return self._coach.run(
            workflows.program_state(self._coach.setup, self._caller, program, session_id)
        )

    def actions(  # noqa: PLR0913 - one keyword for each filter
        self,
        program: Program[Any] | None = None,
        *,
        session: str | None = None,
        message: int | None = None,
        type: str | None = None,  # noqa: A002 - it is what an action's type is called
        status: str | None = None,
        sender: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        newest_first: bool = False,
        after: str | None = None,
        limit: int = 50,
    ) -> ActionList:
        """Return one page of what was done in programs. See `coachwork.workflows.actions`."""
        return self._coach.run(
            workflows.actions(
                self._coach.setup,
                self._caller,
                program,
                session=session,
                message=message,
                type=type,
                status=status,
                sender=sender,
                since=since,
                before=before,
                newest_first=newest_first,
                after=after,
                limit=limit,
            )
        )

    def export(self) -> Export:
        """Return everything that is stored of the user. See `coachwork.workflows.export`."""
        return self._coach.run(workflows.export(self._coach.setup, self._caller))

    def delete_all(self) -> Deleted:
        """Delete everything that is stored of the user. See `coachwork.workflows.delete_all`."""
        return self._coach.run(workflows.delete_all(self._coach.setup, self._caller))

    def list_scenario(self) -> Export:
        """Return all of the user's test scenario. See `coachwork.workflows.list_scenario`."""
        return self._coach.run(workflows.list_scenario(self._coach.setup, self._caller))

    def delete_scenario(self) -> Deleted:
        """Delete all of the user's test scenario. See `coachwork.workflows.delete_scenario`."""
        return self._coach.run(workflows.delete_scenario(self._coach.setup, self._caller))

    def export_scenario(self) -> Scenario:
        """Return a document to be planted. See `coachwork.workflows.export_scenario`."""
        return self._coach.run(workflows.export_scenario(self._coach.setup, self._caller))

    def plant(self, document: Scenario | Mapping[str, JSON], *, key: str | None = None) -> Planted:
        """Plant a document in the user's test scenario. See `coachwork.workflows.plant`."""
        return self._coach.run(workflows.plant(self._coach.setup, self._caller, document, key=key))


class Chat(Generic[T]):
    """One session, as its owner talks in it.

    Attributes:
        topic: The topic, or its id where it is not declared.
        session_id: The session's id.
        opened: The answer to the call that made this handle, or None where none did.
    """

    def __init__(
        self,
        coach: Coach,
        caller: Caller,
        topic: Topic[T] | str,
        session_id: str,
        opened: Started[T] | Resumed[T] | None = None,
    ) -> None:
        """Made by `UserCoach`."""
        self._coach = coach
        self._caller = caller
        self.topic = topic
        self.session_id = checked_id(session_id, "session_id")
        self.opened = opened

    @property
    def greeting(self) -> Message:
        """What the coach said when it was opened.

        Raises:
            MisuseError: It said nothing; see `welcome`.
        """
        return _greeting(self.opened)

    @property
    def welcome(self) -> Message | None:
        """What the coach said when it was opened: the greeting or the welcome-back, if any.

        There is none where the topic lets the user speak first, where another call is still
        answering, and where this handle was made for a session that was opened elsewhere.
        """
        return _welcome(self.opened)

    @property
    def key(self) -> str | None:
        """The idempotency key under which it was opened, if this handle was."""
        return None if self.opened is None else self.opened.key

    @property
    def opening_job(self) -> JobView | None:
        """The job that greeted or welcomed back, if any."""
        return None if self.opened is None else self.opened.job

    def send(self, text: str, *, key: str | None = None) -> Turn[T]:
        """Say *text* and return the coach's reply. See `coachwork.workflows.send`."""
        topic = _live(self.topic)
        return self._coach.run(
            workflows.send(self._coach.setup, self._caller, topic, self.session_id, text, key=key)
        )

    def submit(self, text: str, *, key: str | None = None) -> JobReport[T]:
        """Say *text* and leave the reply to a worker. See `coachwork.workflows.submit`."""
        topic = _live(self.topic)
        return self._coach.run(
            workflows.submit(self._coach.setup, self._caller, topic, self.session_id, text, key=key)
        )

    def act(
        self,
        action: str | Button,
        parameters: Mapping[str, JSON] | None = None,
        *,
        message: int,
        key: str | None = None,
    ) -> Acted[T]:
        """Do something beside talking: press a button. See `coachwork.workflows.act`."""
        topic = _live(self.topic)
        type_, given = _pressed(action, parameters)
        return self._coach.run(
            workflows.act(
                self._coach.setup,
                self._caller,
                topic,
                self.session_id,
                type_,
                given,
                message=message,
                key=key,
            )
        )

    def job(self, job_id: str) -> JobReport[T]:
        """Tell what became of a job. See `coachwork.workflows.job`."""
        topic = _known(self.topic)
        return self._coach.run(workflows.job(self._coach.setup, self._caller, topic, job_id))

    def pending_job(self) -> JobReport[T] | None:
        """Return the job that the session waits for, or None."""
        topic = _known(self.topic)
        return self._coach.run(
            workflows.pending_job(self._coach.setup, self._caller, topic, self.session_id)
        )

    def retry(self, job_id: str, *, key: str | None = None, wait: bool = True) -> JobReport[T]:
        """Ask again for what a failed job was to bring. See `coachwork.workflows.retry`."""
        topic = _live(self.topic)
        return self._coach.run(
            workflows.retry(self._coach.setup, self._caller, topic, job_id, key=key, wait=wait)
        )

    def cancel_job(self, job_id: str) -> JobReport[T]:
        """Cancel a job that has no outcome yet. See `coachwork.workflows.cancel_job`."""
        topic = _known(self.topic)
        return self._coach.run(workflows.cancel_job(self._coach.setup, self._caller, topic, job_id))

    def pause(self) -> SessionView[T]:
        """Pause. See `coachwork.workflows.pause`."""
        topic = _known(self.topic)
        return self._coach.run(
            workflows.pause(self._coach.setup, self._caller, topic, self.session_id)
        )

    def resume(self, *, key: str | None = None, wait: bool = True) -> Resumed[T]:
        """Come back. See `coachwork.workflows.resume`."""
        topic = _live(self.topic)
        return self._coach.run(
            workflows.resume(
                self._coach.setup, self._caller, topic, self.session_id, key=key, wait=wait
            )
        )

    def complete(self, *, key: str | None = None) -> Completed[T]:
        """End the conversation and get its result. See `coachwork.workflows.complete`."""
        topic = _live(self.topic)
        return self._coach.run(
            workflows.complete(self._coach.setup, self._caller, topic, self.session_id, key=key)
        )

    def cancel(self) -> SessionView[T]:
        """Cancel. See `coachwork.workflows.cancel`."""
        topic = _known(self.topic)
        return self._coach.run(
            workflows.cancel(self._coach.setup, self._caller, topic, self.session_id)
        )

    def get(self) -> SessionView[T]:
        """Return the session as it is now."""
        topic = _known(self.topic)
        return self._coach.run(
            workflows.get(self._coach.setup, self._caller, topic, self.session_id)
        )

    def history(self, *, after: int = 0, last: int | None = None, limit: int = 50) -> History:
        """Return one page of the messages. See `coachwork.workflows.history`."""
        return self._coach.run(
            workflows.history(
                self._coach.setup,
                self._caller,
                self.session_id,
                after=after,
                last=last,
                limit=limit,
            )
        )

    def timeline(self) -> Timeline[T]:
        """Tell how it went, with all that was done. See `coachwork.workflows.timeline`."""
        topic = _known(self.topic)
        return self._coach.run(
            workflows.timeline(self._coach.setup, self._caller, topic, self.session_id)
        )

    def agents(self) -> AgentsView:
        """Tell how far the program's sub-agents are. See `coachwork.workflows.agents`."""
        topic = _live(self.topic)
        return self._coach.run(
            workflows.agents(self._coach.setup, self._caller, topic, self.session_id)
        )

    def run_agents(self, *, side_by_side: int = 4, wait: bool = False) -> AgentsView:
        """Run the program's sub-agents until none is due. See `coachwork.workflows.run_agent`.

        Those of one stage run side by side, each in a thread.

        Args:
            side_by_side: How many may run at once.
            wait: Whether to wait for those that another process runs, and to begin them again when
                they are taken for lost; and for those that a provider wants to be left alone by.

        Returns:
            How far they are then.

        Raises:
            ValidationError: It cannot be so many, or the topic's program has no agents.
            CoachworkError: What `coachwork.workflows.run_agent` raises.
        """
        topic = _live(self.topic)
        most = _checked_most(side_by_side)

        def step() -> bool:
            run_one = workflows.run_agent(self._coach.setup, self._caller, topic, self.session_id)
            return self._coach.run(run_one) is not None

        while True:
            _side_by_side(step, most)
            view = self.agents()
            if not (wait and view.is_pending):
                return view
            sleep(_PAUSE)


# --- async -----------------------------------------------------------------------------------


class AsyncCoach:
    """A coach for async code, on asyncio or any other event loop that its ports know.

    A port with an async form of its own (`SQLite`, `Memory`, `ScriptedModel` ...) is taken as it
    is; any other blocking port has to be wrapped by `coachwork.in_threads`.

    Use it as an async context manager, or await `close`: the ports are closed then.

    Args:
        repository: Where everything is kept.
        model: What answers in the coach's name.
        topics: What conversations may be about.
        settings: How to decide where there is a choice.
        clock: What time it is.
        ids: Where ids come from.
        templates: Where templates come from; the topics' own by default.
        renderer: How templates become text.
        summarizer: What tells the story so far; it needs no model by default.
        admit: Asked before anything is accepted.
        notifier: Told of the outcome of every job, by a worker or by `relay`.
        dispatcher: Told of every job that is accepted for a worker.
        sink: Given the pieces of a message while a model writes that can stream.
        sub_agents: Who answers in the name of the sub-agents of programs; the model by default.
        observers: Told of every effect and its outcome.

    Raises:
        ValidationError: Two topics have one id.
        TemplateError: A topic's template is none.
        MisuseError: A port is blocking and would stop the event loop.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each port
        self,
        repository: AsyncRepository | TwoColoured[AsyncRepository],
        model: AsyncLanguageModel | TwoColoured[AsyncLanguageModel],
        *,
        topics: Iterable[Topic[object]],
        settings: Settings | None = None,
        clock: Clock | None = None,
        ids: IdSource | None = None,
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
        """Put the ports together; nothing is asked of them yet."""
        by_id = declared(topics)
        own = _own_templates(by_id, None if templates is None else templates, renderer)
        self._setup = Setup(
            topics=by_id, settings=settings or Settings(), notifies=notifier is not None
        )
        _refuse_other_ports(clock, ids, renderer)
        _refuse_async_sink(sink)
        self._bell = Bell()
        then = None if dispatcher is None else _awaitable(dispatcher, ("dispatch",))
        answering = _awaitable(model, ("complete",))
        self._ports = AsyncPorts(
            repository=_awaitable(repository, ("get", "commit", "log", "find")),
            model=answering,
            clock=clock or SystemClock(),
            ids=ids or TimeOrderedIds(),
            templates=_awaitable(templates or own, ("template",)),
            renderer=renderer or BuiltinRenderer(),
            summarizer=_awaitable(summarizer or ExtractiveSummarizer(), ("summarize",)),
            admit=None if admit is None else _awaitable(admit, ("__call__",)),
            notifier=None if notifier is None else _awaitable(notifier, ("notify",)),
            dispatcher=AsyncRingingDispatcher(self._bell, then),
            sink=None if sink is None else quiet(sink),
            sub_agents=(
                AsyncModelAgents(answering)
                if sub_agents is None
                else _awaitable(sub_agents, ("run",))
            ),
        )
        self._observers = tuple(observers)

    def as_user(
        self, user: str, *, tenant: str = "default", scenario: str | None = None
    ) -> AsyncUserCoach:
        """Return the coach as one user sees it. See `Coach.as_user`."""
        return AsyncUserCoach(self, Caller(tenant, user, scenario))

    async def process(self, ref: JobRef) -> JobReport[object] | None:
        """Answer a job that waits for a worker. See `coachwork.workflows.process`."""
        return await self.run(workflows.process(self._setup, ref))

    async def relay(self, *, limit: int = 500) -> Relayed:
        """Deliver the events that are owed, of all tenants. See `coachwork.workflows.relay`."""
        return await self.run(workflows.relay(self._setup, limit=limit))

    async def purge_expired(self, *, limit: int = 1000) -> Purged:
        """Sweep away what has expired, of all tenants. See `coachwork.workflows.purge_expired`."""
        return await self.run(workflows.purge_expired(self._setup, limit=limit))

    async def run(self, workflow: Workflow[R]) -> R:
        """Run a *workflow*, an application's own too, with the ports of this coach."""
        return await run_async(workflow, self._ports, self._observers)

    @property
    def setup(self) -> Setup:
        """The topics and settings that the workflows are given."""
        return self._setup

    @property
    def bell(self) -> Bell:
        """What wakes the workers of this coach when a job is accepted."""
        return self._bell

    async def close(self) -> None:
        """Close the ports that can be closed."""
        async with AsyncExitStack() as closing:  # one that fails leaves none of the others open
            for close in _closable(self._ports):
                closing.push_async_callback(_closed, close)

    async def __aenter__(self) -> Self:
        """Return the coach itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()


class AsyncUserCoach:
    """The coach as one user sees it. The same words as `UserCoach`, awaited."""

    def __init__(self, coach: AsyncCoach, caller: Caller) -> None:
        """Made by `AsyncCoach.as_user`."""
        self._coach = coach
        self._caller = caller

    async def check(self, topic: Topic[T]) -> Check:
        """See `UserCoach.check`."""
        return await self._coach.run(workflows.check(self._coach.setup, self._caller, topic))

    async def start(
        self,
        topic: Topic[T],
        *,
        context: Mapping[str, JSON] | None = None,
        take_over: bool = False,
        key: str | None = None,
        wait: bool = True,
    ) -> AsyncChat[T]:
        """See `UserCoach.start`."""
        started = await self._coach.run(
            workflows.start(
                self._coach.setup,
                self._caller,
                topic,
                context=context,
                take_over=take_over,
                key=key,
                wait=wait,
            )
        )
        return AsyncChat(self._coach, self._caller, topic, started.session.id, started)

    async def open(
        self,
        topic: Topic[T],
        *,
        context: Mapping[str, JSON] | None = None,
        key: str | None = None,
        wait: bool = True,
    ) -> AsyncChat[T]:
        """See `UserCoach.open`."""
        opened = await self._coach.run(
            workflows.open_session(
                self._coach.setup, self._caller, topic, context=context, key=key, wait=wait
            )
        )
        return AsyncChat(self._coach, self._caller, topic, opened.session.id, opened)

    @overload
    def session(self, topic: Topic[T], session_id: str) -> AsyncChat[T]: ...
    @overload
    def session(self, topic: str, session_id: str) -> AsyncChat[object]: ...
    def session(self, topic: Topic[T] | str, session_id: str) -> AsyncChat[T] | AsyncChat[object]:
        """See `UserCoach.session`; nothing is asked, so nothing is awaited."""
        if isinstance(topic, str):
            return AsyncChat[object](self._coach, self._caller, topic, session_id)
        return AsyncChat(self._coach, self._caller, topic, session_id)

    async def job(self, job_id: str) -> JobReport[object]:
        """See `UserCoach.job`."""
        return await self._coach.run(workflows.job(self._coach.setup, self._caller, None, job_id))

    async def cancel_job(self, job_id: str) -> JobReport[object]:
        """See `UserCoach.cancel_job`."""
        return await self._coach.run(
            workflows.cancel_job(self._coach.setup, self._caller, None, job_id)
        )

    async def list_sessions(
        self,
        *,
        status: Collection[str] = (),
        topic: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> SessionList:
        """See `UserCoach.list_sessions`."""
        return await self._coach.run(
            workflows.list_sessions(
                self._coach.setup,
                self._caller,
                status=status,
                topic=topic,
                since=since,
                before=before,
                after=after,
                limit=limit,
            )
        )

    async def topics(self) -> tuple[TopicStanding, ...]:
        """See `UserCoach.topics`."""
        return await self._coach.run(workflows.topics(self._coach.setup, self._caller))

    async def program(self, program: Program[S], session_id: str | None = None) -> ProgramView[S]:
        """Tell where the user stands in *program*. See `coachwork.workflows.program_state`."""
        return await self._coach.run(
            workflows.program_state(self._coach.setup, self._caller, program, session_id)
        )

    async def actions(  # noqa: PLR0913 - one keyword for each filter
        self,
        program: Program[Any] | None = None,
        *,
        session: str | None = None,
        message: int | None = None,
        type: str | None = None,  # noqa: A002 - it is what an action's type is called
        status: str | None = None,
        sender: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        newest_first: bool = False,
        after: str | None = None,
        limit: int = 50,
    ) -> ActionList:
        """Return one page of what was done in programs. See `coachwork.workflows.actions`."""
        return await self._coach.run(
            workflows.actions(
                self._coach.setup,
                self._caller,
                program,
                session=session,
                message=message,
                type=type,
                status=status,
                sender=sender,
                since=since,
                before=before,
                newest_first=newest_first,
                after=after,
                limit=limit,
            )
        )

    async def export(self) -> Export:
        """See `UserCoach.export`."""
        return await self._coach.run(workflows.export(self._coach.setup, self._caller))

    async def delete_all(self) -> Deleted:
        """See `UserCoach.delete_all`."""
        return await self._coach.run(workflows.delete_all(self._coach.setup, self._caller))

    async def list_scenario(self) -> Export:
        """See `UserCoach.list_scenario`."""
        return await self._coach.run(workflows.list_scenario(self._coach.setup, self._caller))

    async def delete_scenario(self) -> Deleted:
        """See `UserCoach.delete_scenario`."""
        return await self._coach.run(workflows.delete_scenario(self._coach.setup, self._caller))

    async def export_scenario(self) -> Scenario:
        """See `UserCoach.export_scenario`."""
        return await self._coach.run(workflows.export_scenario(self._coach.setup, self._caller))

    async def plant(
        self, document: Scenario | Mapping[str, JSON], *, key: str | None = None
    ) -> Planted:
        """See `UserCoach.plant`."""
        return await self._coach.run(
            workflows.plant(self._coach.setup, self._caller, document, key=key)
        )


class AsyncChat(Generic[T]):
    """One session, as its owner talks in it. The same words as `Chat`, awaited.

    Attributes:
        topic: The topic, or its id where it is not declared.
        session_id: The session's id.
        opened: The answer to the call that made this handle, or None where none did.
    """

    def __init__(
        self,
        coach: AsyncCoach,
        caller: Caller,
        topic: Topic[T] | str,
        session_id: str,
        opened: Started[T] | Resumed[T] | None = None,
    ) -> None:
        """Made by `AsyncUserCoach`."""
        self._coach = coach
        self._caller = caller
        self.topic = topic
        self.session_id = checked_id(session_id, "session_id")
        self.opened = opened

    @property
    def greeting(self) -> Message:
        """See `Chat.greeting`."""
        return _greeting(self.opened)

    @property
    def welcome(self) -> Message | None:
        """See `Chat.welcome`."""
        return _welcome(self.opened)

    @property
    def key(self) -> str | None:
        """See `Chat.key`."""
        return None if self.opened is None else self.opened.key

    @property
    def opening_job(self) -> JobView | None:
        """See `Chat.opening_job`."""
        return None if self.opened is None else self.opened.job

    async def send(self, text: str, *, key: str | None = None) -> Turn[T]:
        """See `Chat.send`."""
        topic = _live(self.topic)
        return await self._coach.run(
            workflows.send(self._coach.setup, self._caller, topic, self.session_id, text, key=key)
        )

    async def submit(self, text: str, *, key: str | None = None) -> JobReport[T]:
        """See `Chat.submit`."""
        topic = _live(self.topic)
        return await self._coach.run(
            workflows.submit(self._coach.setup, self._caller, topic, self.session_id, text, key=key)
        )

    async def act(
        self,
        action: str | Button,
        parameters: Mapping[str, JSON] | None = None,
        *,
        message: int,
        key: str | None = None,
    ) -> Acted[T]:
        """Do something beside talking: press a button. See `coachwork.workflows.act`."""
        topic = _live(self.topic)
        type_, given = _pressed(action, parameters)
        return await self._coach.run(
            workflows.act(
                self._coach.setup,
                self._caller,
                topic,
                self.session_id,
                type_,
                given,
                message=message,
                key=key,
            )
        )

    async def job(self, job_id: str) -> JobReport[T]:
        """See `Chat.job`."""
        topic = _known(self.topic)
        return await self._coach.run(workflows.job(self._coach.setup, self._caller, topic, job_id))

    async def pending_job(self) -> JobReport[T] | None:
        """See `Chat.pending_job`."""
        topic = _known(self.topic)
        return await self._coach.run(
            workflows.pending_job(self._coach.setup, self._caller, topic, self.session_id)
        )

    async def retry(
        self, job_id: str, *, key: str | None = None, wait: bool = True
    ) -> JobReport[T]:
        """See `Chat.retry`."""
        topic = _live(self.topic)
        return await self._coach.run(
            workflows.retry(self._coach.setup, self._caller, topic, job_id, key=key, wait=wait)
        )

    async def cancel_job(self, job_id: str) -> JobReport[T]:
        """See `Chat.cancel_job`."""
        topic = _known(self.topic)
        return await self._coach.run(
            workflows.cancel_job(self._coach.setup, self._caller, topic, job_id)
        )

    async def pause(self) -> SessionView[T]:
        """See `Chat.pause`."""
        topic = _known(self.topic)
        return await self._coach.run(
            workflows.pause(self._coach.setup, self._caller, topic, self.session_id)
        )

    async def resume(self, *, key: str | None = None, wait: bool = True) -> Resumed[T]:
        """See `Chat.resume`."""
        topic = _live(self.topic)
        return await self._coach.run(
            workflows.resume(
                self._coach.setup, self._caller, topic, self.session_id, key=key, wait=wait
            )
        )

    async def complete(self, *, key: str | None = None) -> Completed[T]:
        """See `Chat.complete`."""
        topic = _live(self.topic)
        return await self._coach.run(
            workflows.complete(self._coach.setup, self._caller, topic, self.session_id, key=key)
        )

    async def cancel(self) -> SessionView[T]:
        """See `Chat.cancel`."""
        topic = _known(self.topic)
        return await self._coach.run(
            workflows.cancel(self._coach.setup, self._caller, topic, self.session_id)
        )

    async def get(self) -> SessionView[T]:
        """See `Chat.get`."""
        topic = _known(self.topic)
        return await self._coach.run(
            workflows.get(self._coach.setup, self._caller, topic, self.session_id)
        )

    async def history(self, *, after: int = 0, last: int | None = None, limit: int = 50) -> History:
        """See `Chat.history`."""
        return await self._coach.run(
            workflows.history(
                self._coach.setup,
                self._caller,
                self.session_id,
                after=after,
                last=last,
                limit=limit,
            )
        )

    async def timeline(self) -> Timeline[T]:
        """See `Chat.timeline`."""
        topic = _known(self.topic)
        return await self._coach.run(
            workflows.timeline(self._coach.setup, self._caller, topic, self.session_id)
        )

    async def agents(self) -> AgentsView:
        """See `Chat.agents`."""
        topic = _live(self.topic)
        return await self._coach.run(
            workflows.agents(self._coach.setup, self._caller, topic, self.session_id)
        )

    async def run_agents(self, *, side_by_side: int = 4, wait: bool = False) -> AgentsView:
        """See `Chat.run_agents`; each runs in a task on asyncio, else one after the other.

        To wait for others needs asyncio.
        """
        topic = _live(self.topic)
        most = _checked_most(side_by_side)

        async def step() -> bool:
            run_one = workflows.run_agent(self._coach.setup, self._caller, topic, self.session_id)
            return await self._coach.run(run_one) is not None

        while True:
            await _side_by_side_async(step, most)
            view = await self.agents()
            if not (wait and view.is_pending):
                return view
            from asyncio import sleep as pause  # noqa: PLC0415 - only who waits needs it

            await pause(_PAUSE)


# --- what both share -------------------------------------------------------------------------


def _own_templates(
    topics: Mapping[str, Topic[object]], source: object, renderer: object
) -> TopicTemplates:
    """Return the topics' own templates, checked where they are what will be rendered.

    Raises:
        TemplateError: One of them is no template.
    """
    own = TopicTemplates(topics)
    if source is None and renderer is None:
        own.check()
    return own


def _greeting(opened: Started[T] | Resumed[T] | None) -> Message:
    """Return what the coach said when a session was opened.

    Raises:
        MisuseError: It said nothing.
    """
    said = _welcome(opened)
    if said is None:
        raise MisuseError("the coach said nothing here: ask for `welcome`, which may be None")
    return said


def _welcome(opened: Started[T] | Resumed[T] | None) -> Message | None:
    """Return what the coach said when a session was opened, if anything."""
    if isinstance(opened, Started):
        return opened.greeting
    return None if opened is None else opened.message


def _known(topic: Topic[T] | str) -> Topic[T] | None:
    """Return the topic, or None where only its id is known."""
    return None if isinstance(topic, str) else topic


def _live(topic: Topic[T] | str) -> Topic[T]:
    """Return the topic.

    Raises:
        MisuseError: Only its id is known, so nothing can be said on it.
    """
    if isinstance(topic, str):
        raise MisuseError("this handle knows only the topic's id: make it with the topic")
    return topic


_MOST_AT_ONCE: Final = 100
"""The most sub-agents that may run at once for one call."""

_PAUSE: Final = 0.2
"""Seconds between two looks at agents that another process runs."""


def _checked_most(value: object) -> int:
    """Return *value* if so many may work side by side.

    Raises:
        ValidationError: They may not.
    """
    if type(value) is not int or not 1 <= value <= _MOST_AT_ONCE:
        raise ValidationError("side_by_side", f"a whole number from 1 to {_MOST_AT_ONCE}")
    return value


def _refuse_async(port: object, words: tuple[str, ...]) -> None:
    """Refuse an async port behind a blocking coach, and one that is no port.

    Raises:
        MisuseError: It is one.
    """
    if port is None:
        return
    _refuse_other(port, words)
    if any(_is_async(port, word) for word in words):
        raise MisuseError(f"{type(port).__name__} is async: use AsyncCoach for it")


def _pressed(
    action: str | Button, parameters: Mapping[str, JSON] | None
) -> tuple[str, Mapping[str, JSON] | None]:
    """Return type and parameters of an action: of a button its own, and what is given over it."""
    if isinstance(action, Button):
        return action.action, {**action.parameters, **(parameters or {})}
    return action, parameters


def _refuse_other(port: object, words: tuple[str, ...]) -> None:
    """Refuse what has not the methods of the port.

    Raises:
        MisuseError: One of them is missing.
    """
    for word in words:
        if not callable(getattr(port, word, None)):
            raise MisuseError(f"{_name(port)} is no such port: it has no method {word}")


def _refuse_other_ports(
    clock: Clock | None, ids: IdSource | None, renderer: TemplateRenderer | None
) -> None:
    """Refuse what is none of the ports that have one form.

    Raises:
        MisuseError: One of them is something else.
    """
    for port, words in ((clock, ("now",)), (ids, ("new_id",)), (renderer, ("names", "render"))):
        if port is not None:
            _refuse_other(port, words)


def _name(port: object) -> str:
    """Return what *port* is called, in words for a developer."""
    name: object = getattr(port, "__name__", f"{type(port).__name__}(...)")
    return str(name)


def _refuse_async_sink(sink: Sink | None) -> None:
    """Refuse a sink that would have to be awaited: it has one form, and makes nobody wait.

    Raises:
        MisuseError: It is async, or cannot be called.
    """
    if sink is None:
        return
    _refuse_other(sink, ("__call__",))
    if _is_async(sink, "__call__"):
        raise MisuseError("a sink must not be async: let it put the piece into a queue")


def _awaitable(port: R | TwoColoured[R], words: tuple[str, ...]) -> R:
    """Return *port*, or its own async form.

    Raises:
        MisuseError: It is blocking.
    """
    form: Callable[[], R] | None = getattr(port, "for_async", None)
    if form is not None:
        return form()
    _refuse_other(port, words)
    if not all(_is_async(port, word) for word in words):
        name = _name(port)
        raise MisuseError(
            f"{name} is blocking and would stop the event loop: pass in_threads({name})"
        )
    return cast("R", port)  # it has no form of its own


def _is_async(port: object, word: str) -> bool:
    """Whether that method of *port*, or *port* itself if it is a function, is async."""
    return iscoroutinefunction(getattr(port, word, None)) or (
        word == "__call__" and iscoroutinefunction(port)
    )


async def _closed(close: Callable[[], object]) -> None:
    """Close a port of either colour."""
    done = close()
    if isawaitable(done):
        await done


def _closable(ports: Ports | AsyncPorts) -> list[Callable[[], object]]:
    """Return what closes those of *ports* that can be closed; a stack closes the first one last."""
    given = (
        ports.repository,
        ports.model,
        ports.templates,
        ports.summarizer,
        ports.admit,
        ports.notifier,
        ports.dispatcher,
        None if _is_of_the_model(ports) else ports.sub_agents,
    )
    closing = (getattr(port, "close", None) for port in given)
    return [close for close in closing if close is not None]


def _is_of_the_model(ports: Ports | AsyncPorts) -> bool:
    """Whether the sub-agents run on the coach's own model, which is closed by itself."""
    agents = ports.sub_agents
    return isinstance(agents, ModelAgents | AsyncModelAgents) and agents.model is ports.model
