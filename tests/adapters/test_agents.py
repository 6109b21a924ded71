"""Sub-agents that ask a language model."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

import pytest

from coachwork import in_threads
from coachwork.adapters import AsyncModelAgents, ModelAgents, ScriptedModel
from coachwork.errors import LLMTimeoutError, MisuseError
from coachwork.ports import Answer, Ask, Prompt, PromptRole
from coachwork.sessions import JobKind
from tests.specimens import AGENT_ASK

ASKED: Final = Ask(
    messages=(Prompt(PromptRole.INSTRUCTION, "Look at the market."),),
    schema={"type": "object"},
    purpose=JobKind.EXTRACTION,
    model="large",
    timeout=20.0,
    session="s-1",
    job="s-1.market",
    turn=0,
    attempt=3,
)


class Closable:
    """A blocking model that has no async form, and notes that it was closed."""

    def __init__(self) -> None:
        """Be open."""
        self.closed = 0

    def complete(self, _ask: Ask, /) -> Answer:
        """Answer."""
        return Answer(data={})

    def close(self) -> None:
        """Note it."""
        self.closed += 1


def test_the_model_is_asked_what_the_agent_is_told() -> None:
    """Nothing else: one instruction, for a result, with the agent's own model and time."""
    model = ScriptedModel(['{"a": 1}'])
    assert ModelAgents(model).run(AGENT_ASK) == Answer(text='{"a": 1}')
    assert model.asked == [ASKED]


def test_the_same_is_awaited() -> None:
    """On the model's own async form, or on an async model."""
    model = ScriptedModel(["one", "two"])

    async def main() -> None:
        assert (await ModelAgents(model).for_async().run(AGENT_ASK)).text == "one"
        assert (await AsyncModelAgents(model.for_async()).run(AGENT_ASK)).text == "two"

    asyncio.run(main())
    assert model.asked == [ASKED, ASKED]


def test_the_errors_are_those_of_the_model() -> None:
    """They go through as they are."""
    error = LLMTimeoutError()
    with pytest.raises(LLMTimeoutError) as caught:
        ModelAgents(ScriptedModel([error])).run(AGENT_ASK)
    assert caught.value is error


def test_a_model_without_an_async_form_is_told() -> None:
    """With what to do instead."""
    with pytest.raises(MisuseError, match=r"AsyncModelAgents\(in_threads\(Closable"):
        ModelAgents(Closable()).for_async()


def test_closing_closes_the_model() -> None:
    """Where it can be closed, in whichever way."""
    model = Closable()
    ModelAgents(model).close()
    ModelAgents(ScriptedModel([])).close()
    assert model.closed == 1

    async def main() -> None:
        threaded = AsyncModelAgents(in_threads(model))
        assert (await threaded.run(AGENT_ASK)).data == {}
        await threaded.close()
        assert model.closed == 2
        await AsyncModelAgents(cast("Any", model)).close()
        await AsyncModelAgents(ScriptedModel([]).for_async()).close()

    asyncio.run(main())
    assert model.closed == 3
