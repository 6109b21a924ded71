"""What an application calls to have sub-agents run, in both colours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Barrier, Event, Thread
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork import AsyncChat, Chat, LLMError, Memory, coach
from coachwork.adapters import ModelAgents, ScriptedAgents, ScriptedModel
from coachwork.coach import AsyncCoach, Coach
from coachwork.errors import MisuseError, StoreUnavailableError, ValidationError
from coachwork.plain import to_json
from coachwork.policies import Settings
from coachwork.ports import AgentAsk, Answer, SubAgents
from coachwork.testing import Fault, FaultPlan, Faults, ScriptedCoach, async_coach
from coachwork.topics import Topic
from tests.programs.essays import ESSAY, Essay, Phase, Section
from tests.programs.habits import HABITS

ESSAYS: Final = Topic(id="essays", system="Listen.", initiation="Begin.", program=ESSAY)
DAILY: Final = Topic(id="daily", system="Listen.", initiation="Begin.", program=HABITS)
SCRIPT: Final = {
    "facts": [Section("busy")],
    "style": [Section("plain")],
    "text": [Section("Bees are busy.")],
}


def writing(
    agents: Any = None,  # noqa: ANN401 - any port of sub-agents
    **given: Any,  # noqa: ANN401 - as a coach takes it
) -> tuple[ScriptedCoach, Chat[None]]:
    """Return a coach, and a session in which an essay is to be written."""
    made = ScriptedCoach(
        topics=[ESSAYS, DAILY],
        replies=lambda _: "Hi",
        sub_agents=agents or ScriptedAgents(SCRIPT),
        **given,
    )
    chat = made.as_user("ada").start(ESSAYS)
    chat.act("write", {"subject": "bees"}, message=1)
    return made, chat


def essay(made: ScriptedCoach, chat: Chat[None]) -> Essay:
    """Return what became of the essay."""
    return made.as_user("ada").program(ESSAY, chat.session_id).state


@pytest.mark.parametrize("most", [1, 2, 4, 100])
def test_all_agents_are_run_and_told(most: int) -> None:
    """However many may run at once; what is answered is how far they are then."""
    made, chat = writing()
    view = chat.run_agents(side_by_side=most)
    assert (view.succeeded, view.is_finished, view.phase) == (3, True, "READY")
    assert chat.agents() == view
    assert essay(made, chat).phase is Phase.READY
    assert made.violations() == []
    assert chat.run_agents() == view


def test_the_same_is_awaited() -> None:
    """In tasks of one event loop."""

    async def main() -> None:
        made = async_coach(topics=[ESSAYS], replies=["Hi"], sub_agents=ScriptedAgents(SCRIPT))
        chat: AsyncChat[None] = await made.as_user("ada").start(ESSAYS)
        await chat.act("write", {"subject": "bees"}, message=1)
        assert (await chat.agents()).waiting == 3
        view = await chat.run_agents(side_by_side=2, wait=True)
        assert (view.succeeded, view.phase) == (3, "READY")
        assert await chat.agents() == view
        assert made.violations() == []

    asyncio.run(main())


def test_those_of_one_stage_run_at_once_in_threads() -> None:
    """Each of the two waits here for the other; the next stage begins when both are done."""
    together = Barrier(2, timeout=60)

    def answer(ask: AgentAsk) -> object:
        if ask.agent != "text":
            together.wait()
        return Section(ask.agent)

    _, chat = writing(ScriptedAgents(answer))
    assert chat.run_agents().succeeded == 3


def test_those_of_one_stage_run_at_once_in_tasks() -> None:
    """The same on an event loop."""

    async def main() -> None:
        both = asyncio.Event()
        here: list[str] = []

        class Mine:
            async def run(self, ask: AgentAsk, /) -> Answer:
                here.append(ask.agent)
                if len(here) == 2:
                    both.set()
                await both.wait()
                return Answer(data={"text": ask.agent})

        made = async_coach(topics=[ESSAYS], replies=["Hi"], sub_agents=Mine())
        chat = await made.as_user("ada").start(ESSAYS)
        await chat.act("write", {"subject": "bees"}, message=1)
        assert (await chat.run_agents()).succeeded == 3
        assert here[2:] == ["text"]

    asyncio.run(main())


def test_an_agent_that_takes_too_long_is_given_up() -> None:
    """By the driver, where tasks can be cancelled; it counts as a failure."""
    short = [evolve(agent, timeout=0.05) for agent in ESSAY.agents if agent.name == "style"]
    agents = [agent for agent in ESSAY.agents if agent.name != "style"]
    topic = evolve(ESSAYS, program=evolve(ESSAY, agents=[*short, *agents]))

    async def main() -> None:
        class Stuck:
            async def run(self, ask: AgentAsk, /) -> Answer:
                if ask.agent == "style":
                    await asyncio.Event().wait()
                return Answer(data={"text": ask.agent})

        made = async_coach(topics=[topic], replies=["Hi"], sub_agents=Stuck())
        chat = await made.as_user("ada").start(topic)
        await chat.act("write", {"subject": "bees"}, message=1)
        view = await asyncio.wait_for(chat.run_agents(), timeout=60)
        assert (view.agents[0].error, view.is_finished) == ("LLM_TIMEOUT", True)

    asyncio.run(main())


def test_without_a_port_the_model_of_the_coach_is_asked() -> None:
    """In either colour; it is closed once."""
    replies = ["Hi", *['{"text": "x"}'] * 3]

    class Closable(ScriptedModel):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    model = Closable(replies)
    with Coach(Memory(), model, topics=[ESSAYS]) as made:
        chat = made.as_user("ada").start(ESSAYS)
        chat.act("write", {"subject": "bees"}, message=1)
        assert chat.run_agents().succeeded == 3
    assert model.closed == 1
    other = Closable([])
    Coach(Memory(), model, topics=[ESSAYS], sub_agents=ModelAgents(other)).close()
    assert (model.closed, other.closed) == (2, 1)

    async def main() -> None:
        async with AsyncCoach(Memory(), ScriptedModel(replies), topics=[ESSAYS]) as made:
            chat = await made.as_user("ada").start(ESSAYS)
            await chat.act("write", {"subject": "bees"}, message=1)
            assert (await chat.run_agents()).succeeded == 3
        agents = ModelAgents(ScriptedModel(replies[1:]))
        async with AsyncCoach(
            Memory(), ScriptedModel(["Hi"]), topics=[ESSAYS], sub_agents=agents
        ) as made:
            chat = await made.as_user("ada").start(ESSAYS)
            await chat.act("write", {"subject": "bees"}, message=1)
            assert (await chat.run_agents()).succeeded == 3

    asyncio.run(main())


def _elsewhere(made: ScriptedCoach, chat: Chat[None], agents: SubAgents) -> Chat[None]:
    """Return the same session as another process of the application sees it."""
    other = ScriptedCoach(topics=[ESSAYS], beside=made, sub_agents=agents)
    return other.as_user("ada").session(ESSAYS, chat.session_id)


def test_two_processes_do_the_work_together() -> None:
    """Each agent is run once, whoever runs it."""
    asked: list[str] = []

    def answer(ask: AgentAsk) -> object:
        asked.append(ask.agent)
        return Section(ask.agent)

    made, chat = writing(ScriptedAgents(answer))
    other = _elsewhere(made, chat, ScriptedAgents(answer))
    threads = [Thread(target=one.run_agents) for one in (chat, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chat.run_agents(wait=True)
    assert sorted(asked) == ["facts", "style", "text"]
    assert essay(made, chat).version == 3
    assert made.violations() == []


class Slow:
    """Agents, one of which takes its time.

    Attributes:
        began: Set when it has begun.
        may_end: What its first run waits for.
    """

    def __init__(self) -> None:
        """Wait."""
        self.began, self.may_end = Event(), Event()

    def run(self, ask: AgentAsk, /) -> Answer:
        """Answer at last."""
        if (ask.agent, ask.run) == ("facts", 1):
            self.began.set()
            assert self.may_end.wait(60)
        return Answer(data={"text": f"{ask.agent} {ask.run}"})


def _begun_elsewhere(**given: Any) -> tuple[ScriptedCoach, Chat[None], Slow, Thread]:  # noqa: ANN401
    """Return a session whose first agent runs in another process."""
    slow = Slow()
    made, chat = writing(slow, **given)
    thread = Thread(target=_elsewhere(made, chat, slow).run_agents)
    thread.start()
    assert slow.began.wait(60)
    return made, chat, slow, thread


def test_the_agents_of_another_process_are_not_waited_for() -> None:
    """What is told then is that they run."""
    _, chat, slow, thread = _begun_elsewhere()
    view = chat.run_agents()
    assert view.agents[0].status == "running"
    slow.may_end.set()
    thread.join()
    assert chat.run_agents().is_finished


def test_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it ends when all is finished, whoever finished it."""
    _, chat, slow, thread = _begun_elsewhere()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        slow.may_end.set()
        thread.join()

    monkeypatch.setattr(coach, "sleep", sleep)
    view = chat.run_agents(wait=True)
    assert slept == [0.2]
    assert (view.succeeded, view.is_finished) == (3, True)


def test_who_waits_begins_again_what_is_lost() -> None:
    """When the time of its run is over; the late answer is refused."""
    made, chat, slow, thread = _begun_elsewhere()
    made.clock.run(speed=10_000)
    view = chat.run_agents(wait=True)
    slow.may_end.set()
    thread.join()
    assert view.is_finished
    assert {part.text for part in essay(made, chat).parts} >= {"facts 2"}
    assert chat.agents().agents[0].successes == 1


def test_who_awaits_can_wait_for_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task of another coach runs the agent meanwhile."""
    real = asyncio.sleep

    async def main() -> None:
        began, may_end = asyncio.Event(), asyncio.Event()

        class Slow:
            async def run(self, ask: AgentAsk, /) -> Answer:
                if ask.agent == "facts":
                    began.set()
                    await may_end.wait()
                return Answer(data={"text": ask.agent})

        made = async_coach(topics=[ESSAYS], replies=["Hi"], sub_agents=Slow())
        chat = await made.as_user("ada").start(ESSAYS)
        await chat.act("write", {"subject": "bees"}, message=1)
        other = async_coach(topics=[ESSAYS], beside=made, sub_agents=Slow())
        elsewhere = asyncio.create_task(
            other.as_user("ada").session(ESSAYS, chat.session_id).run_agents()
        )
        await began.wait()

        async def sleep(_seconds: float) -> None:
            may_end.set()
            await real(0)

        monkeypatch.setattr(asyncio, "sleep", sleep)
        assert (await chat.run_agents(wait=True)).is_finished
        assert (await elsewhere).failed == 0

    asyncio.run(main())


def test_nobody_waits_for_what_nothing_can_come_of() -> None:
    """The essay has failed, so the agent that runs elsewhere is of no account any more."""
    slow = Slow()
    made, chat = writing(slow)
    failing = ScriptedAgents({"facts": [], "style": []})

    def answer(ask: AgentAsk) -> object:
        return failing.run(ask)

    thread = Thread(target=lambda: _elsewhere(made, chat, slow).run_agents(side_by_side=1))
    thread.start()
    assert slow.began.wait(60)
    made.clock.advance(minutes=2)
    view = _elsewhere(made, chat, ScriptedAgents(answer)).run_agents(wait=True)
    assert (view.phase, view.is_pending) == ("FAILED", False)
    slow.may_end.set()
    thread.join()


def test_a_pause_is_waited_for_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the call ends, and says when the agent may be begun again."""
    made, chat = writing(
        ScriptedAgents({**SCRIPT, "facts": [LLMError(retry_after=30.0), Section("busy")]})
    )
    view = chat.run_agents()
    assert (view.agents[0].status, view.is_pending) == ("waiting", True)
    monkeypatch.setattr(coach, "sleep", lambda _: made.clock.advance(seconds=31))
    assert chat.run_agents(wait=True).is_finished


@pytest.mark.parametrize("most", [0, -1, 101, 1.0, True, None, "4"])
def test_it_cannot_be_so_many(most: Any) -> None:  # noqa: ANN401 - whatever is passed
    """A whole number from 1 to 100."""
    _, chat = writing()
    with pytest.raises(ValidationError, match="side_by_side"):
        chat.run_agents(side_by_side=most)

    async def main() -> None:
        made = async_coach(topics=[ESSAYS], replies=["Hi"])
        with pytest.raises(ValidationError, match="side_by_side"):
            await (await made.as_user("ada").start(ESSAYS)).run_agents(side_by_side=most)

    asyncio.run(main())


def test_a_program_without_agents_and_a_topic_that_is_not_declared_are_told() -> None:
    """In words for who wrote it."""
    made, chat = writing()
    ada = made.as_user("ada")
    daily = ada.start(DAILY)
    call: Callable[[], object]
    for call in (daily.agents, daily.run_agents):
        with pytest.raises(ValidationError, match="one whose program has agents"):
            call()
    bare = ada.session("essays", chat.session_id)
    for call in (bare.agents, bare.run_agents):
        with pytest.raises(MisuseError, match="make it with the topic"):
            call()


def test_a_repository_that_fails_ends_it() -> None:
    """The caller gets to know; the next call goes on."""
    made, chat = writing(ScriptedAgents(lambda ask: Section(ask.agent)))
    faults = Faults(FaultPlan.at(7, Fault.FAIL_BEFORE, port="repository"))
    made._ports = faults.ports(made._ports)
    with pytest.raises(StoreUnavailableError):
        chat.run_agents()
    made.clock.advance(minutes=2)
    assert chat.run_agents().is_finished


def test_many_at_once_all_find_their_place() -> None:
    """Eight threads of two processes on one state: whoever meets another looks again."""
    made, chat = writing(
        ScriptedAgents(lambda ask: Section(ask.agent)), settings=Settings(commit_tries=1)
    )
    other = _elsewhere(made, chat, ScriptedAgents(lambda ask: Section(ask.agent)))
    for _ in range(5):
        threads = [Thread(target=one.run_agents) for one in (chat, other, chat, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert chat.run_agents(wait=True).is_finished
        for name in ("facts", "style", "text"):
            chat.act("run_agent_again", {"agent": name}, message=1)
    assert essay(made, chat).version == 15
    assert made.violations() == []


def test_what_is_answered_has_a_plain_form() -> None:
    """As every answer has."""
    _, chat = writing(ScriptedAgents({"facts": [LLMError(), LLMError()], "style": []}))
    told: Any = to_json(chat.run_agents())
    assert (told["phase"], told["agents"][0]["error"]) == ("FAILED", "LLM_ERROR")
