"""Sub-agents that answer what they were told to."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from attrs import evolve, frozen

from coachwork.adapters import ScriptedAgents
from coachwork.errors import LLMError, MisuseError
from coachwork.ports import Answer
from tests.specimens import AGENT_ASK as ASK


@frozen
class Found:
    """What an agent is to answer."""

    words: list[str]


def test_each_agent_follows_its_own_list() -> None:
    """Values and plain data become data, a text stays a text, an answer is given as it is."""
    whole = Answer(text="{}", finish="length")
    agents = ScriptedAgents({"market": [Found(["a"]), {"words": ["b"]}, "text", whole], "team": []})
    assert agents.run(ASK) == Answer(data={"words": ["a"]})
    assert agents.run(ASK) == Answer(data={"words": ["b"]})
    assert agents.run(ASK) == Answer(text="text")
    assert agents.run(ASK) is whole
    assert agents.asked == [ASK] * 4


def test_a_function_is_asked() -> None:
    """It sees what was asked, and answers what it wants."""
    agents = ScriptedAgents(lambda ask: Found([f"{ask.agent} {ask.run}"]))
    assert agents.run(ASK).data == {"words": ["market 3"]}


@pytest.mark.parametrize("error", [LLMError("no"), KeyboardInterrupt()])
def test_an_error_in_the_script_is_raised(error: BaseException) -> None:
    """Whatever it is, and as often as it stands there."""
    agents = ScriptedAgents({"market": [error, error]})
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            agents.run(ASK)
        assert caught.value is error


def test_a_script_that_is_used_up_is_a_failure() -> None:
    """Each time anew, and for whoever has none."""
    agents = ScriptedAgents({"market": []})
    raised = []
    for ask in (ASK, ASK, evolve(ASK, agent="nobody")):
        with pytest.raises(LLMError, match="used up") as caught:
            agents.run(ask)
        raised.append(caught.value)
    assert raised[0] is not raised[1]


def test_a_list_is_wanted() -> None:
    """One text would be said letter by letter."""
    with pytest.raises(MisuseError, match="a list of answers"):
        ScriptedAgents({"market": "text"})


def test_the_same_script_is_awaited() -> None:
    """The two forms share it."""
    agents = ScriptedAgents({"market": ["one", "two"]})
    assert asyncio.run(cast("Any", agents.for_async().run(ASK))) == Answer(text="one")
    assert agents.run(ASK) == Answer(text="two")


def test_no_answer_is_given_twice() -> None:
    """Several threads may ask at once."""
    agents = ScriptedAgents({"market": map(str, range(500))})
    with ThreadPoolExecutor(8) as pool:
        said = [answer.text for answer in pool.map(lambda _: agents.run(ASK), range(500))]
    assert sorted(map(int, map(str, said))) == list(range(500))
    assert len(agents.asked) == 500
