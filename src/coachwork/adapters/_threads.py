"""Blocking ports made to fit an async coach, by threads of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Final, ParamSpec, TypeVar, overload

from coachwork.errors import (
    CoachworkError,
    MisuseError,
    StoreUnavailableError,
    ValidationError,
)
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
    AsyncRepository,
    AsyncSubAgents,
    AsyncSummarizer,
    AsyncTemplateSource,
    CommitResult,
    Dispatcher,
    LanguageModel,
    Notifier,
    Query,
    Repository,
    SubAgents,
    Summarizer,
    TemplateSource,
)
from coachwork.records import Key, Op, Record
from coachwork.topics import TemplateName

MOST_THREADS: Final = 1000
"""The most threads that one port may have."""

P = ParamSpec("P")
R = TypeVar("R")


class _Threads:
    """Threads that one port is called in; they end with `close`, and so does the port."""

    def __init__(self, port: object, threads: int) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only who awaits needs it

        self._port = port
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="coachwork")
        self._closed = False

    async def _in_thread(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call *function* in a thread, with the caller's context variables."""
        import asyncio  # noqa: PLC0415 - only who awaits needs it

        if self._closed:
            raise self._gone()
        context = copy_context()

        def call() -> R:
            try:
                return context.run(function, *args, **kwargs)
            except StopIteration as stop:
                # No future takes one: who waits for it would wait for ever.
                raise RuntimeError("the port raised StopIteration") from stop

        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    async def close(self) -> None:
        """Wait for the calls under way, then close the port, where it can be closed."""
        import asyncio  # noqa: PLC0415 - as above

        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._end)

    def _end(self) -> None:
        """Wait for the threads, and close the port after them."""
        self._pool.shutdown()
        close = getattr(self._port, "close", None)
        if close is not None:
            close()

    def _gone(self) -> CoachworkError:
        """Return what is told to who calls after the end."""
        return MisuseError("this port is closed")


class _ThreadedRepository(_Threads):
    """A repository in threads."""

    def __init__(self, port: Repository, threads: int) -> None:
        super().__init__(port, threads)
        self._repository = port

    def _gone(self) -> CoachworkError:
        """See `coachwork.ports`: a repository raises errors of its own kind."""
        return StoreUnavailableError("it is closed")

    async def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        return await self._in_thread(self._repository.get, key)

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`.

        Who is cancelled meanwhile learns it when the commit is over: it cannot be called back, and
        what is done next, such as to give a lease up, must see what it wrote.
        """
        import asyncio  # noqa: PLC0415 - as above

        writing = asyncio.ensure_future(self._in_thread(self._repository.commit, ops))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.gather(writing, return_exceptions=True)
            raise

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return await self._in_thread(
            self._repository.log, tenant, session, after=after, last=last, limit=limit
        )

    async def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return await self._in_thread(self._repository.find, query)


class _ThreadedModel(_Threads):
    """A language model in threads."""

    def __init__(self, port: LanguageModel, threads: int) -> None:
        super().__init__(port, threads)
        self._model = port

    async def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        return await self._in_thread(self._model.complete, ask)


class _ThreadedSummarizer(_Threads):
    """A summarizer in threads."""

    def __init__(self, port: Summarizer, threads: int) -> None:
        super().__init__(port, threads)
        self._summarizer = port

    async def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """See `coachwork.ports.Summarizer.summarize`."""
        return await self._in_thread(self._summarizer.summarize, previous, messages)


class _ThreadedTemplates(_Threads):
    """A source of templates in threads."""

    def __init__(self, port: TemplateSource, threads: int) -> None:
        super().__init__(port, threads)
        self._templates = port

    async def template(self, topic: str, name: TemplateName, /) -> str | None:
        """See `coachwork.ports.TemplateSource.template`."""
        return await self._in_thread(self._templates.template, topic, name)


class _ThreadedAdmit(_Threads):
    """An admission in threads."""

    def __init__(self, port: Admit, threads: int) -> None:
        super().__init__(port, threads)
        self._admit = port

    async def __call__(self, admission: Admission, /) -> str | None:
        """See `coachwork.ports.Admit`."""
        return await self._in_thread(self._admit, admission)


class _ThreadedNotifier(_Threads):
    """A notifier in threads."""

    def __init__(self, port: Notifier, threads: int) -> None:
        super().__init__(port, threads)
        self._notifier = port

    async def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        await self._in_thread(self._notifier.notify, event)


class _ThreadedDispatcher(_Threads):
    """A dispatcher in threads."""

    def __init__(self, port: Dispatcher, threads: int) -> None:
        super().__init__(port, threads)
        self._dispatcher = port

    async def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        await self._in_thread(self._dispatcher.dispatch, ref)


class _ThreadedSubAgents(_Threads):
    """Sub-agents in threads."""

    def __init__(self, port: SubAgents, threads: int) -> None:
        super().__init__(port, threads)
        self._agents = port

    async def run(self, ask: AgentAsk, /) -> Answer:
        """See `coachwork.ports.SubAgents.run`."""
        return await self._in_thread(self._agents.run, ask)


@overload
def in_threads(port: Repository, *, threads: int = ...) -> AsyncRepository: ...
@overload
def in_threads(port: LanguageModel, *, threads: int = ...) -> AsyncLanguageModel: ...
@overload
def in_threads(port: SubAgents, *, threads: int = ...) -> AsyncSubAgents: ...
@overload
def in_threads(port: Summarizer, *, threads: int = ...) -> AsyncSummarizer: ...
@overload
def in_threads(port: TemplateSource, *, threads: int = ...) -> AsyncTemplateSource: ...
@overload
def in_threads(port: Notifier, *, threads: int = ...) -> AsyncNotifier: ...
@overload
def in_threads(port: Dispatcher, *, threads: int = ...) -> AsyncDispatcher: ...
@overload
def in_threads(port: Admit, *, threads: int = ...) -> AsyncAdmit: ...
def in_threads(port: object, *, threads: int = 8) -> object:
    """Return a blocking *port* as an async one: each call runs in one of its own threads.

    A call whose task is cancelled goes on in its thread to its end; what it wrote is found again
    through the idempotency key, as after any lost answer.

    Args:
        port: A blocking repository, language model, summarizer, source of templates, notifier,
            dispatcher, admission or port of sub-agents; it must be safe to be called from several
            threads.
        threads: How many calls may run at once; more wait. A model that takes minutes wants as
            many as there are sessions talking at the same time.

    Raises:
        MisuseError: It is none of these, or its methods are async already.
        ValidationError: There cannot be so many threads.
    """
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise ValidationError("threads", f"a whole number from 1 to {MOST_THREADS}")
    if isinstance(port, type):
        raise MisuseError(f"in_threads wants a port, not its class: {port.__name__}(...)")
    for word, made in _FORMS.items():
        method = port if word == "__call__" and callable(port) else getattr(port, word, None)
        if method is not None and not _is_async(method):
            return made(port, threads)
    raise MisuseError("in_threads wants a blocking port")


def _is_async(method: object) -> bool:
    """Whether calling it gives something to be awaited."""
    from inspect import iscoroutinefunction  # noqa: PLC0415 - only who awaits needs it

    return iscoroutinefunction(method) or iscoroutinefunction(getattr(method, "__call__", None))  # noqa: B004


_FORMS: dict[str, Callable[..., object]] = {
    "commit": _ThreadedRepository,
    "complete": _ThreadedModel,
    "summarize": _ThreadedSummarizer,
    "template": _ThreadedTemplates,
    "notify": _ThreadedNotifier,
    "dispatch": _ThreadedDispatcher,
    "run": _ThreadedSubAgents,
    "__call__": _ThreadedAdmit,
}
