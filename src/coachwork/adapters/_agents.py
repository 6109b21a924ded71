"""Sub-agents that are nothing but questions to a language model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable

from coachwork.errors import MisuseError
from coachwork.ports import AgentAsk, Answer, Ask, AsyncLanguageModel, LanguageModel, Prompt
from coachwork.ports import PromptRole as Role
from coachwork.sessions import JobKind


class ModelAgents:
    """Runs sub-agents on a language model: each is asked what it is told, and nothing else.

    Attributes:
        model: The model.
    """

    def __init__(self, model: LanguageModel) -> None:
        """Stand before *model*; `close` closes it."""
        self.model = model

    def run(self, ask: AgentAsk, /) -> Answer:
        """See `coachwork.ports.SubAgents.run`."""
        return self.model.complete(_ask(ask))

    def close(self) -> None:
        """Close the model, where it can be closed."""
        close: Callable[[], object] | None = getattr(self.model, "close", None)
        if close is not None:
            close()

    def for_async(self) -> AsyncModelAgents:
        """Return the same on the async form of the model.

        Raises:
            MisuseError: The model has none.
        """
        form: Callable[[], AsyncLanguageModel] | None = getattr(self.model, "for_async", None)
        if form is None:
            name = type(self.model).__name__
            raise MisuseError(f"{name} is blocking: use AsyncModelAgents(in_threads({name}(...)))")
        return AsyncModelAgents(form())


class AsyncModelAgents:
    """The same as `ModelAgents`, awaited.

    Attributes:
        model: The model.
    """

    def __init__(self, model: AsyncLanguageModel) -> None:
        """Stand before *model*; `close` closes it."""
        self.model = model

    async def run(self, ask: AgentAsk, /) -> Answer:
        """See `coachwork.ports.SubAgents.run`."""
        return await self.model.complete(_ask(ask))

    async def close(self) -> None:
        """Close the model, where it can be closed."""
        close: Callable[[], Awaitable[object] | None] | None = getattr(self.model, "close", None)
        if close is not None:
            done = close()
            if isawaitable(done):
                await done


def _ask(ask: AgentAsk) -> Ask:
    """Return the question as a language model is asked: for a result, as at the end of a talk."""
    return Ask(
        messages=(Prompt(Role.INSTRUCTION, ask.prompt),),
        schema=ask.schema,
        purpose=JobKind.EXTRACTION,
        model=ask.model,
        timeout=ask.timeout,
        session=ask.session,
        job=f"{ask.session}.{ask.agent}",
        turn=0,
        attempt=ask.run,
    )
