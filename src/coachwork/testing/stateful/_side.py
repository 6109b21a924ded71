"""A coach of either colour over a repository that is made for a run, driven by the same courses."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
)
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast

from attrs import field, frozen

from coachwork.coach import AsyncCoach, Coach
from coachwork.courses import Course, at_once, awaited, is_async
from coachwork.errors import MisuseError
from coachwork.messages import Message
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask, AsyncRepository, Repository
from coachwork.testing._fakes import (
    CountedIds,
    FakeClock,
    RecordingDispatcher,
    RecordingNotifier,
)
from coachwork.testing.conformance._promise import Make
from coachwork.topics import Topic

if TYPE_CHECKING:
    import asyncio

R = TypeVar("R")


@frozen(kw_only=True)
class Props:
    """What a coach is given beside the repository, alike in both colours.

    Attributes:
        topics: What conversations may be about.
        settings: How to decide where there is a choice.
        answer: Answers as the model.
        clock: What time it is; it stands still.
        ids: Where ids come from.
        notifier: Keeps what it is told.
        dispatcher: The same.
    """

    topics: Sequence[Topic[Any]]
    settings: Settings
    answer: Callable[[Ask], Course[Answer]]
    clock: FakeClock = field(factory=FakeClock)
    ids: CountedIds = field(factory=CountedIds)
    notifier: RecordingNotifier = field(factory=RecordingNotifier)
    dispatcher: RecordingDispatcher = field(factory=RecordingDispatcher)

    def coach(self, kind: Callable[..., R], repository: object) -> R:
        """Return a coach of that colour."""
        return kind(
            repository,
            _Model(self.answer),
            topics=self.topics,
            settings=self.settings,
            clock=self.clock,
            ids=self.ids,
            summarizer=_Summarizer(),
            notifier=self.notifier,
            dispatcher=self.dispatcher,
        )


class BlockingSide:
    """A coach for blocking code.

    Attributes:
        coach: The coach.
    """

    def __init__(self, props: Props, repository: Repository, closing: ExitStack) -> None:
        """Put the coach together."""
        self.coach = props.coach(Coach, repository)
        self._closing = closing

    def run(self, course: Course[R]) -> R:
        """Make the calls of *course* one after the other."""
        return at_once(course)

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def close(self) -> None:
        """End the repository."""
        self._closing.close()


class AsyncSide:
    """A coach for async code, on an event loop of its own.

    Attributes:
        coach: The coach.
    """

    def __init__(
        self,
        props: Props,
        repository: AsyncRepository,
        runner: asyncio.Runner,
        closing: AsyncExitStack,
    ) -> None:
        """Put the coach together."""
        self.coach = props.coach(AsyncCoach, repository)
        self._runner = runner
        self._closing = closing

    def run(self, course: Course[R]) -> R:
        """Make the calls of *course* one after the other, and await their answers."""
        return self._runner.run(awaited(course))

    async def sleep(self, seconds: float) -> None:
        """Sleep, while the loop goes on."""
        import asyncio  # noqa: PLC0415 - only who awaits needs it

        await asyncio.sleep(seconds)

    def close(self) -> None:
        """End the repository, and then the loop."""
        with self._runner:
            self._runner.run(self._closing.aclose())


Side: TypeAlias = BlockingSide | AsyncSide


def side_of(make: Make, props: Props) -> Side:
    """Return a coach over what *make* makes, of the colour of the repository.

    Raises:
        MisuseError: It makes no context manager.
    """
    made = make()
    if isinstance(made, AbstractContextManager):
        with ExitStack() as entering:
            repository: object = entering.enter_context(made)
            if not is_async(repository, "get"):
                return BlockingSide(props, cast("Repository", repository), entering.pop_all())
        made = make()  # it is to be made where it is used: in the loop
    import asyncio  # noqa: PLC0415 - only who awaits needs it

    runner = asyncio.Runner()
    try:
        repository, closing = runner.run(_entered(made))
    except BaseException:
        runner.close()
        raise
    return AsyncSide(props, cast("AsyncRepository", repository), runner, closing)


async def _entered(
    made: AbstractContextManager[Any] | AbstractAsyncContextManager[Any],
) -> tuple[object, AsyncExitStack]:
    """Enter a context manager of either colour; return what it gives, and what leaves it.

    Raises:
        MisuseError: It is none.
    """
    async with AsyncExitStack() as entering:
        if isinstance(made, AbstractAsyncContextManager):
            return await entering.enter_async_context(made), entering.pop_all()
        if _is_manager(made):
            return entering.enter_context(made), entering.pop_all()
    raise MisuseError(_NO_MANAGER)


def _is_manager(made: object) -> bool:
    """Whether it is a context manager; what a function gives may be anything."""
    return isinstance(made, AbstractContextManager)


_NO_MANAGER: Final = (
    "make must return a context manager of the repository: see contextlib.closing, nullcontext"
)


class _Model:
    """A model that answers by a course, in the colour of its coach."""

    def __init__(self, answer: Callable[[Ask], Course[Answer]]) -> None:
        self._answer = answer

    def complete(self, ask: Ask, /) -> Answer:
        return at_once(self._answer(ask))

    def for_async(self) -> _AsyncModel:
        return _AsyncModel(self._answer)


class _AsyncModel:
    """The same, awaited."""

    def __init__(self, answer: Callable[[Ask], Course[Answer]]) -> None:
        self._answer = answer

    async def complete(self, ask: Ask, /) -> Answer:
        return await awaited(self._answer(ask))


class _Summarizer:
    """A summary that tells which messages it was made from."""

    def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        return f"{previous or ''}[{messages[0].sequence}-{messages[-1].sequence}]"

    def for_async(self) -> _AsyncSummarizer:
        return _AsyncSummarizer()


class _AsyncSummarizer:
    """The same, awaited."""

    async def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        return _Summarizer().summarize(previous, messages)
