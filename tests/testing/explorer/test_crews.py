"""What always holds of sub-agents, where a log that breaks it is told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from attrs import evolve
from typing_extensions import override

from coachwork.actions import Action, ActionStatus, Audit, Sender
from coachwork.adapters import ScriptedAgents
from coachwork.effects import RunAgent
from coachwork.plain import JSON
from coachwork.ports import AgentAsk
from coachwork.programs import Agent, AgentRuns, AgentStatus
from coachwork.records import Key, Record
from coachwork.testing.explorer import Promises
from coachwork.testing.explorer._crews import crew_faults, run_faults
from coachwork.workflows import act, delete_all, run_agent, start
from tests.explorations import ADA, RELAY, Relay, Scope
from tests.faults import World
from tests.programs.habits import HABITS, NOON, Habits

LATER: Final = NOON + timedelta(minutes=2)
SCOPE: Final = Scope(names=("run_agent",), agents=True)
USERS: Final = "users"

Deed = tuple[str, str, int]


def begin(run: int, agent: str = "first") -> Deed:
    """Tell that a run was begun."""
    return "begin_agent", agent, run


def finish(run: int, agent: str = "first") -> Deed:
    """Tell that an answer was taken."""
    return "finish_agent", agent, run


def fail(run: int, agent: str = "first") -> Deed:
    """Tell that a run has failed."""
    return "fail_agent", agent, run


AGAIN: Final[Deed] = ("again", USERS, 0)


def audits(*deeds: Deed, at: int = 0) -> list[Audit]:
    """Return a log of what was applied, *at* so many minutes from one to the next."""
    found: list[Audit] = []
    for number, (type_, agent, run) in enumerate(deeds, 1):
        given: dict[str, JSON] = {"agent": agent, "run": run, "until": LATER.isoformat()}
        if type_ != "begin_agent":
            del given["until"]
        action = Action(
            id=f"a-{number}.1",
            type=type_,
            parameters={} if agent == USERS else given,
            status=ActionStatus.APPLIED,
            summary="",
        )
        users = agent == USERS
        found.append(
            Audit(
                id=f"a-{number}",
                tenant="acme",
                user="ada",
                session="s",
                topic="talk",
                program="relay",
                program_version=1,
                subject=None,
                number=number,
                sender=Sender.USER if users else Sender.AGENT,
                message=1 if users else None,
                at=NOON + timedelta(minutes=at * number),
                actions=(action,),
                phase="OPEN",
            )
        )
    return found


def faults(log: list[Audit], lost: int = 0, **counts: tuple[int, int]) -> list[str]:
    """Return what does not hold where the state has these counts of runs and successes."""
    runs = AgentRuns()
    for name, (run, successes) in counts.items():
        one = evolve(runs.again(name).of(name), run=run, successes=successes, lost=lost)
        runs = AgentRuns((*runs.runs, one))
    return list(crew_faults(RELAY, Relay(runs=runs), log))


def test_a_log_that_is_well_has_no_faults() -> None:
    """Failures, successes, and a run that was lost and begun again."""
    assert faults([]) == []
    log = audits(begin(1), fail(1), begin(2), finish(2), AGAIN, begin(3), finish(3))
    assert faults(log, first=(3, 2)) == []
    assert faults(audits(begin(1), begin(2), finish(2), at=2), 1, first=(2, 1)) == []
    assert list(crew_faults(HABITS, Habits(), audits(begin(1)))) == []


def test_runs_that_were_lost_are_counted() -> None:
    """Since the agent was last asked for, which the log does not tell in so many words."""
    wanted = "6: agent first: counted otherwise than the log tells"
    lost = audits(begin(1), begin(2), at=2)
    assert faults(lost, 0, first=(2, 0)) == [wanted]
    assert faults(lost, 2, first=(2, 0)) == [wanted]
    anew = audits(begin(1), begin(2), finish(2), AGAIN, begin(3), at=2)
    assert faults(anew, 0, first=(3, 1)) == faults(anew, 1, first=(3, 1)) == []
    assert faults(anew, 2, first=(3, 1)) == [wanted]
    given_up = evolve(lost[1].actions[0], type="fail_agent")
    given: Any = {"agent": "first", "run": 1, "code": "LOST"}
    log = [lost[0], evolve(lost[1], actions=(evolve(given_up, parameters=given),))]
    assert faults(log, 1, first=(1, 0)) == []
    assert faults(log, 0, first=(1, 0)) == [wanted]


def test_who_runs_on_after_too_many_losses_is_told() -> None:
    """It would do so without end."""
    log = audits(*(begin(run) for run in range(1, 12)), at=2)
    wanted = "6: agent first: run on although too many runs were lost"
    assert faults(log, 10, first=(11, 0)) == [wanted]
    log = audits(*(begin(run) for run in range(1, 11)), at=2)
    assert faults(log, 9, first=(10, 0)) == []


def test_what_was_refused_does_not_count() -> None:
    """It has changed nothing; nor has what a program's agents may do besides."""
    assert faults(audits(("note", "nobody", 1))) == []
    late = evolve(audits(finish(1))[0].actions[0], status=ActionStatus.REFUSED)
    log = audits(begin(1), finish(1))
    assert faults([*log, evolve(log[1], actions=(late,))], first=(1, 1)) == []


@pytest.mark.parametrize(
    "log, counts, wanted",
    [
        ([begin(1), finish(1), begin(2)], (2, 1), "6: agent first: begun again after its success"),
        ([begin(1), begin(2)], (2, 0), "6: agent first: begun while it is running"),
        ([finish(1)], (0, 1), "6: agent first: heard of for a run that is not under way"),
        ([begin(1), fail(2)], (1, 0), "6: agent first: heard of for a run that is not under way"),
        (
            [begin(1), finish(1), finish(1)],
            (1, 2),
            "6: agent first: heard of for a run that is not under way",
        ),
        ([begin(1)], (2, 0), "6: agent first: counted otherwise than the log tells"),
        ([begin(1), finish(1)], (1, 0), "6: agent first: counted otherwise than the log tells"),
    ],
    ids=["again", "two at once", "never begun", "another run", "twice", "runs", "successes"],
)
def test_a_log_that_is_not_well_is_told(
    log: list[Deed], counts: tuple[int, int], wanted: str
) -> None:
    """By the agent's name, and what is wrong."""
    assert wanted in faults(audits(*log), first=counts)


def test_agents_that_wait_for_ever_are_told() -> None:
    """Neither due nor running, and nobody has failed who is required."""

    class Never(AgentRuns):
        @override
        def due(self, agents: Sequence[Agent[Any]], now: datetime) -> tuple[str, ...]:
            return ()

    program = evolve(RELAY, runs=lambda _: Never())
    wanted = "10: agents of relay: not finished, and none will ever be due"
    assert list(crew_faults(program, Relay(), [])) == [wanted]
    lost = AgentRuns().begun("first", LATER)
    assert wanted not in list(crew_faults(RELAY, Relay(runs=lost), []))
    failed = AgentRuns((evolve(lost.runs[0], status=AgentStatus.FAILED, until=None, run=0),))
    assert list(crew_faults(RELAY, Relay(runs=failed), [])) == []


# --- questions -------------------------------------------------------------------------------


def running() -> tuple[World, dict[Key, Record], RunAgent]:
    """Return a world in which an agent runs, what is stored meanwhile, and what it is asked."""
    seen: list[tuple[dict[Key, Record], AgentAsk]] = []

    def answer(ask: AgentAsk) -> object:
        seen.append(({record.key: record for record in world.records()}, ask))
        return {}

    setup = SCOPE.world().setup
    topic = setup.topics["talk"]
    world = World([topic], lambda _: "Go on.", sub_agents=ScriptedAgents(answer))
    session = world.run(start(world.setup, ADA, topic)).session.id
    world.run(run_agent(world.setup, ADA, topic, session))
    ((records, ask),) = seen
    return world, records, RunAgent(ask, "acme", "ada")


def test_a_question_for_a_run_that_was_begun_is_well() -> None:
    """Once; it is remembered."""
    _, records, ask = running()
    promises = Promises(SCOPE.world())
    memory, wrong = promises.asked(None, ask, records)
    assert list(wrong) == []
    again, wrong = promises.asked(memory, ask, records)
    assert (again, list(wrong)) == (memory, ["6: agent first: asked twice for run 1"])


def test_a_question_for_a_run_that_was_not_begun_is_told() -> None:
    """Whatever the agent or the number."""
    _, records, ask = running()
    for other in (evolve(ask.ask, run=2), evolve(ask.ask, agent="second")):
        (told,) = run_faults(evolve(ask, ask=other), records, again=False)
        assert told == f"6: agent {other.agent}: asked for run {other.run}, which was not begun"


def test_of_who_is_gone_nothing_is_said() -> None:
    """The log of the agent's runs goes first, the account last."""
    world, _, ask = running()
    world.run(delete_all(world.setup, ADA))
    left = {record.key: record for record in world.records()}
    assert list(run_faults(ask, left, again=False)) == []
    assert list(run_faults(ask, {}, again=False)) == []


def test_what_the_workflows_store_is_well() -> None:
    """All that is promised of states holds before, while and after an agent runs."""
    world, records, _ = running()
    promises = Promises(SCOPE.world())
    assert list(promises.state(records, world.clock.time)) == []
    topic = world.setup.topics["talk"]
    session = world.stored("session")[0].about.id
    click: Any = act(world.setup, ADA, topic, session, "again", message=1)
    world.run(click)
    world.run(run_agent(world.setup, ADA, topic, session))
    after = {record.key: record for record in world.records()}
    assert list(promises.state(after, world.clock.time)) == []
