"""Agents write the brief: what is begun, taken, failed, written anew and accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve

from coachwork.actions import Action, ActionStatus, RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs import AgentStatus, Program
from coachwork.programs.plan import (
    PLAN,
    CoachingPlan,
    PlanPolicy,
    PlanStatus,
    plan_program,
    section_agent,
)
from tests.programs.plan.plans import (
    AGENTS,
    BRIEF_READY,
    COACHING_COMPLETE,
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    INITIALIZED,
    LATER,
    RUNNING,
    after,
    applied,
    carry,
    plan,
    refused,
)

UNTIL: Final = (LATER + timedelta(minutes=1)).isoformat()


def act(
    state: CoachingPlan, name: str, program: Program[CoachingPlan] = PLAN, /, **parameters: JSON
) -> tuple[CoachingPlan, Action]:
    """Return the state after something becomes of an agent, and the action."""
    carried = carry(state, (name, parameters), sender=Sender.AGENT, program=program)
    return carried.state, carried.actions[0]


def begin(state: CoachingPlan, agent: str, program: Program[CoachingPlan] = PLAN) -> CoachingPlan:
    """Return the state after an agent has begun."""
    run = state.runs.of(agent).run + 1
    state, action = act(state, "begin_agent", program, agent=agent, run=run, until=UNTIL)
    assert action.status is ActionStatus.APPLIED, action.summary
    return state


def write(
    state: CoachingPlan, agent: str, body: str = "Text.", program: Program[CoachingPlan] = PLAN
) -> CoachingPlan:
    """Return the state after an agent has begun and written its section."""
    return finish(begin(state, agent, program), agent, body, program)


def finish(
    state: CoachingPlan, agent: str, body: str = "Text.", program: Program[CoachingPlan] = PLAN
) -> CoachingPlan:
    """Return the state after an agent that runs has written its section."""
    result: JSON = {"title": f"On {agent}", "body": body}
    run = state.runs.of(agent).run
    state, action = act(state, "finish_agent", program, agent=agent, run=run, result=result)
    assert action.status is ActionStatus.APPLIED, action.summary
    assert state.updated_at == LATER
    return state


def fail(
    state: CoachingPlan, agent: str, times: int = 1, program: Program[CoachingPlan] = PLAN
) -> CoachingPlan:
    """Return the state after an agent has begun and failed, so many *times*."""
    for _ in range(times):
        state = begin(state, agent, program)
        run = state.runs.of(agent).run
        state, action = act(state, "fail_agent", program, agent=agent, run=run, code="LLM_ERROR")
        assert action.status is ActionStatus.APPLIED, action.summary
        assert state.updated_at == LATER
    return state


def due(state: CoachingPlan, program: Program[CoachingPlan] = PLAN) -> Sequence[str]:
    """Return the names of the agents that may be begun."""
    return [agent.name for agent in program.due_agents(state, LATER)]


STARTED: Final = after(plan(COACHING_COMPLETE), "start_agents")
FIRST: Final = ["market", "customers", "competition"]
SECOND: Final = ["finance", "risks"]


def written(*names: str) -> CoachingPlan:
    """Return a plan whose agents run, some of which have written their sections."""
    state = STARTED
    for name in names:
        state = write(state, name)
    return state


# --- starting --------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [Sender.COACH, Sender.USER])
def test_agents_are_asked(sender: Sender) -> None:
    """Those of the first stage can be begun, side by side."""
    assert due(plan(COACHING_COMPLETE)) == []
    state, action = applied(plan(COACHING_COMPLETE), "start_agents", sender)
    assert state.status is RUNNING
    assert due(state) == FIRST
    assert action.summary == "asked the agents market, customers, competition, finance, risks"
    refused(state, "start_agents", RefusalCode.WRONG_PHASE, sender)


def test_without_agents_the_brief_is_ready_at_once() -> None:
    """It is made of the answers."""
    program = plan_program(agents=())
    state = evolve(plan(COACHING_COMPLETE), runs=evolve(STARTED.runs, runs=()), required=())
    carried = carry(state, ("start_agents", {}), program=program)
    assert carried.actions[0].summary == "there is nothing to write: the brief is ready"
    assert (carried.state.status, carried.state.brief_version) == (BRIEF_READY, 1)


def test_the_agents_are_those_of_the_program_now() -> None:
    """Another version of it may have begun the plan."""
    program = plan_program(agents=[PLAN.agents[0], section_agent("team", "Who?", required=False)])
    state = carry(plan(COACHING_COMPLETE), ("start_agents", {}), program=program).state
    assert [run.agent for run in state.runs.runs] == ["market", "team"]
    assert state.required == ("market",)
    back = evolve(plan(BRIEF_READY), status=COACHING_COMPLETE)
    changed = carry(back, ("start_agents", {}), program=program).state
    assert [one.name for one in changed.sections] == ["market"]
    assert due(changed, program) == ["team"]


def coached_again(state: CoachingPlan) -> CoachingPlan:
    """Return a plan whose synthesis was changed, and will do again."""
    state = after(state, "edit_answer", Sender.USER, step="synthesis", response="Other.")
    return after(state, "assess_answer", complete=True, confidence=0.9)


def test_an_optional_agent_that_failed_is_asked_again() -> None:
    """Also where it is the only one, and there would be a brief without its section."""
    program = plan_program(agents=[section_agent("team", "Who?", required=False, attempts=1)])
    state = carry(plan(COACHING_COMPLETE), ("start_agents", {}), program=program).state
    state = fail(state, "team", program=program)
    assert (state.status, state.sections) == (BRIEF_READY, ())
    carried = carry(coached_again(state), ("start_agents", {}), program=program)
    assert carried.actions[0].summary == "asked the agents team"
    assert (carried.state.status, due(carried.state, program)) == (RUNNING, ["team"])
    assert write(carried.state, "team", program=program).brief_version == 2


def test_an_optional_agent_whose_section_is_outdated_is_asked_again() -> None:
    """Also where it could not write another one before."""
    program = plan_program(agents=[section_agent("team", "Who?", required=False, attempts=1)])
    state = carry(plan(COACHING_COMPLETE), ("start_agents", {}), program=program).state
    state = coached_again(write(state, "team", program=program))
    state = carry(state, ("start_agents", {}), program=program).state
    state = fail(state, "team", program=program)
    assert (state.status, state.brief_version, state.sections[0].stale) == (BRIEF_READY, 2, True)
    carried = carry(coached_again(state), ("start_agents", {}), program=program)
    assert carried.actions[0].summary == "asked the agents team"


# --- writing ---------------------------------------------------------------------------------


def test_each_section_stays_as_it_comes() -> None:
    """Stage after stage; the last one makes the brief ready."""
    state = written("customers", "market")
    assert [one.name for one in state.sections] == ["customers", "market"]
    assert due(state) == ["competition"]
    state = write(state, "competition")
    assert due(state) == SECOND
    state = write(state, "risks")
    assert (state.status, state.brief_version) == (RUNNING, 0)
    state = write(state, "finance", "# Costs")
    assert (state.status, state.brief_version) == (BRIEF_READY, 1)
    section = state.section("finance")
    assert section is not None
    assert (section.title, section.body, section.version) == ("On finance", "# Costs", 1)
    assert due(state) == []
    assert [run.successes for run in state.runs.runs] == [1] * 5


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"title": "T"},
        {"title": " ", "body": "b"},
        {"title": "T", "body": " \n"},
        {"title": "T", "body": "a\0b"},
        {"title": "T", "body": "\u00e9" * 2000},
        "text",
    ],
)
def test_what_is_no_section_is_not_taken(result: JSON) -> None:
    """The run is still awaited, and can fail or be heard of again."""
    state = begin(STARTED, "market")
    after_, action = act(state, "finish_agent", agent="market", run=1, result=result)
    assert action.status is ActionStatus.REFUSED
    assert after_ is state


def test_time_that_agents_take_is_not_talk() -> None:
    """It is no message, and nothing was heard."""
    state = written("market")
    assert (state.coaching_duration, state.last_at) == (STARTED.coaching_duration, STARTED.last_at)
    assert state.conversation == STARTED.conversation


# --- failing ---------------------------------------------------------------------------------


def test_a_required_agent_whose_attempts_are_used_up_fails_the_plan() -> None:
    """Not before they are; what others wrote stays."""
    state = fail(written("customers"), "market", 2)
    assert (state.status, due(state)) == (RUNNING, ["market", "competition"])
    state = fail(state, "market")
    assert state.status is FAILED
    assert [one.name for one in state.sections] == ["customers"]


def test_a_required_agent_that_failed_leaves_those_that_run() -> None:
    """Their sections are taken as they come; the plan has failed when the last one is heard of."""
    state = begin(begin(STARTED, "customers"), "competition")
    state = fail(state, "market", 3)
    assert (state.status, state.runs.of("market").status) == (RUNNING, AgentStatus.FAILED)
    state = finish(state, "customers")
    assert state.status is RUNNING
    for last in (
        finish(state, "competition"),
        act(state, "fail_agent", agent="competition", run=1, code="LLM_ERROR")[0],
    ):
        assert last.status is FAILED
        assert last.section("customers") is not None
    assert last.runs.of("competition").status is AgentStatus.WAITING


def test_while_others_run_a_required_agent_that_failed_may_be_run_again() -> None:
    """Then nothing is lost."""
    state = fail(begin(STARTED, "customers"), "market", 3)
    state = after(state, "run_agent_again", Sender.USER, agent="market")
    state = write(finish(state, "customers"), "market")
    assert (state.status, due(state)) == (RUNNING, ["competition"])


def test_a_run_that_is_lost_keeps_the_others_waiting_until_it_is_begun_again() -> None:
    """Nobody can tell that it has died before its time is over; then it may be begun anew."""
    state = fail(begin(STARTED, "customers"), "market", 3)
    late = LATER + timedelta(minutes=2)
    assert [one.name for one in PLAN.due_agents(state, late)] == ["customers", "competition"]
    assert state.status is RUNNING


def test_a_plan_may_wait_for_an_agent_to_be_run_again() -> None:
    """Alone: the others are not begun again."""
    state = evolve(written("customers"), policy=PlanPolicy(wait_for_agents=True))
    state = fail(write(state, "competition"), "market", 3)
    assert (state.status, due(state)) == (RUNNING, [])
    state = after(state, "run_agent_again", Sender.USER, agent="market")
    assert due(state) == ["market"]
    state = write(state, "market")
    assert due(state) == SECOND
    assert [state.runs.of(name).successes for name in FIRST] == [1, 1, 1]


def test_nobody_waits_for_an_optional_agent() -> None:
    """The brief is ready without it, and it can be run again alone."""
    state = fail(written(*FIRST, "finance"), "risks", 3)
    assert (state.status, state.brief_version) == (BRIEF_READY, 1)
    assert state.section("risks") is None
    state = after(state, "run_agent_again", Sender.USER, agent="risks")
    assert due(state) == ["risks"]
    assert fail(state, "risks", 3).runs.of("risks").status is AgentStatus.FAILED
    state = write(state, "risks")
    assert (state.status, state.brief_version) == (BRIEF_READY, 2)
    earlier = fail(written(*FIRST), "risks", 3)
    assert earlier.status is RUNNING
    assert write(earlier, "finance").status is BRIEF_READY


# --- writing anew ----------------------------------------------------------------------------


def test_one_section_is_written_anew_and_the_others_stay() -> None:
    """Another version of the brief, in the same place, and no other status."""
    ready = written(*FIRST, *SECOND)
    state = after(ready, "run_agent_again", Sender.USER, agent="market")
    assert (state.status, due(state)) == (BRIEF_READY, ["market"])
    assert refused(state, "accept_brief") == "not written yet: market"
    state = write(state, "market", "Better.")
    assert (state.status, state.brief_version) == (BRIEF_READY, 2)
    changed, *others = state.sections
    assert (changed.name, changed.body, changed.version) == ("market", "Better.", 2)
    assert others == [*ready.sections[1:]]
    assert state.runs.of("market").successes == 2


def test_a_section_that_cannot_be_written_anew_stands() -> None:
    """The brief is ready as it was, and other sections can still be written anew."""
    ready = written(*FIRST, *SECOND)
    state = after(ready, "run_agent_again", Sender.USER, agent="market")
    state = fail(state, "market", 3)
    assert (state.status, state.brief_version, state.sections) == (BRIEF_READY, 1, ready.sections)
    run = state.runs.of("market")
    assert (run.status, run.error, run.successes) == (AgentStatus.SUCCEEDED, "LLM_ERROR", 1)
    state = after(state, "run_agent_again", Sender.USER, agent="finance")
    assert due(state) == ["finance"]
    again = after(state, "run_agent_again", Sender.USER, agent="market")
    assert due(again) == ["market"]


def test_an_outdated_section_that_cannot_be_written_anew_does_not_stand() -> None:
    """It is still wanted."""
    ready = written(*FIRST, *SECOND)
    sections = tuple(evolve(one, stale=one.name == "risks") for one in ready.sections)
    state = after(evolve(ready, sections=sections), "run_agent_again", Sender.USER, agent="risks")
    state = fail(state, "risks", 3)
    assert state.runs.of("risks").status is AgentStatus.FAILED
    assert state.status is BRIEF_READY


def test_a_changed_answer_has_every_section_written_anew() -> None:
    """What comes late of the work before is not taken."""
    ready = written(*FIRST, *SECOND)
    late = begin(after(ready, "run_agent_again", Sender.USER, agent="market"), "market")
    state = after(late, "edit_answer", Sender.USER, step="synthesis", response="Other.")
    result: JSON = {"title": "T", "body": "Late."}
    told = act(state, "finish_agent", agent="market", run=2, result=result)
    assert told[1].code is RefusalCode.WRONG_PHASE
    state = after(state, "assess_answer", complete=True, confidence=0.9)
    state = after(state, "start_agents")
    assert due(state) == FIRST
    told = act(state, "finish_agent", agent="market", run=2, result=result)
    assert told[1].code is RefusalCode.NOT_POSSIBLE
    for name in AGENTS:
        state = write(state, name, "New.")
    assert (state.status, state.brief_version) == (BRIEF_READY, 2)
    assert [(one.body, one.version, one.stale) for one in state.sections] == [
        ("New.", 2, False)
    ] * 5


# --- the end ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [Sender.COACH, Sender.USER])
def test_the_brief_is_accepted(sender: Sender) -> None:
    """That completes the plan."""
    state, action = applied(plan(BRIEF_READY), "accept_brief", sender)
    assert state.status is COMPLETED
    assert action.summary == "accepted version 1 of the brief"


@pytest.mark.parametrize("status", [COACHING_COMPLETE, RUNNING])
def test_a_person_may_give_up(status: PlanStatus) -> None:
    """Before agents run, and while they do; the coach may not."""
    state, action = applied(plan(status), "give_up", Sender.USER)
    assert state.status is FAILED
    assert action.summary == "gave up waiting for the brief"
    refused(plan(status), "give_up", RefusalCode.WRONG_SENDER)


@pytest.mark.parametrize("status", [INITIALIZED, IN_PROGRESS, BRIEF_READY, COMPLETED, FAILED])
def test_elsewhere_there_is_nothing_to_give_up(status: PlanStatus) -> None:
    """There is none to wait for."""
    refused(plan(status), "give_up", RefusalCode.WRONG_PHASE, Sender.USER)
    if status is not BRIEF_READY:
        refused(plan(status), "accept_brief", RefusalCode.WRONG_PHASE)
