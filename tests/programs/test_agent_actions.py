"""What happens to agents, as actions: each judged, recorded, and played again from the log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from coachwork.actions import Action, ActionStatus, Audit, RefusalCode, Sender
from coachwork.plain import JSON, to_json
from coachwork.programs import (
    LOST,
    ActionType,
    AgentRun,
    AgentRuns,
    AgentStatus,
    BeginAgent,
    FailAgent,
    FinishAgent,
    RunAgentAgain,
    agent_actions,
    carry_again,
    carry_out,
)
from tests.programs.essays import AGENTS, ESSAY, NOON, Essay, Part, Phase, Section

LATER: Final = NOON + timedelta(seconds=30)
GHOST: Final[tuple[tuple[str, dict[str, JSON]], ...]] = (
    ("finish_agent", {"result": {}}),
    ("fail_agent", {"code": "X"}),
)
WRITING: Final = Essay(Phase.WRITING, "bees", AgentRuns().waiting(AGENTS))


def act(
    state: Essay,
    name: str,
    given: dict[str, JSON],
    sender: Sender = Sender.AGENT,
    now: datetime = NOON,
) -> tuple[Essay, Action]:
    """Carry out one action; return the state and what became of the action."""
    carried = carry_out(ESSAY, state, [{"type": name, "parameters": given}], sender, now, "a-1")
    return carried.state, carried.actions[0]


def done(state: Essay, name: str, sender: Sender = Sender.AGENT, **given: JSON) -> Essay:
    """Carry out one action that is applied."""
    after, action = act(state, name, given, sender)
    assert action.status is ActionStatus.APPLIED, action
    return after


def begin(state: Essay, agent: str, run: int = 1) -> Essay:
    """Begin an agent."""
    return done(state, "begin_agent", agent=agent, run=run, until=LATER.isoformat())


def finish(state: Essay, agent: str, run: int = 1, text: str = "x") -> Essay:
    """Take an agent's answer."""
    return done(state, "finish_agent", agent=agent, run=run, result={"text": text})


def refused(
    state: Essay, name: str, sender: Sender = Sender.AGENT, **given: JSON
) -> tuple[RefusalCode | None, str]:
    """Return why an action is refused."""
    after, action = act(state, name, given, sender)
    assert after is state
    assert action.status is ActionStatus.REFUSED
    return action.code, action.summary


def test_the_actions_are_made_of_their_parameters() -> None:
    """Three are for agents alone, one is the user's."""
    told = [(action.parameters, action.name, action.by) for action in ESSAY.actions[2:]]
    assert told == [
        (BeginAgent, "begin_agent", "agent"),
        (FinishAgent, "finish_agent", "agent"),
        (FailAgent, "fail_agent", "agent"),
        (RunAgentAgain, "run_agent_again", "user"),
    ]


def test_an_essay_is_written_stage_by_stage() -> None:
    """Each answer goes into the state; the last one moves the phase."""
    state = begin(begin(WRITING, "facts"), "style")
    state = finish(finish(state, "style", text="plain"), "facts", text="busy")
    assert state.phase is Phase.WRITING
    state = finish(begin(state, "text"), "text", text="Bees are busy.")
    assert state.phase is Phase.READY
    assert state.parts == (
        Part("style", "plain", 1),
        Part("facts", "busy", 1),
        Part("text", "Bees are busy.", 1),
    )


def test_who_is_not_due_is_not_begun() -> None:
    """Neither one of a later stage, nor one that runs or has succeeded, nor an unknown one."""
    until = LATER.isoformat()
    state = finish(begin(begin(WRITING, "facts"), "style"), "style")
    for name in ("facts", "style", "text", "nobody"):
        assert refused(state, "begin_agent", agent=name, run=2, until=until) == (
            RefusalCode.NOT_POSSIBLE,
            f"{name} is not to be begun now",
        )


def test_two_cannot_begin_the_same_run() -> None:
    """The number of the run tells who was too late."""
    until = LATER.isoformat()
    for number in (0, 2):
        assert refused(WRITING, "begin_agent", agent="facts", run=number, until=until) == (
            RefusalCode.NOT_POSSIBLE,
            f"the run {number} of facts is not the next",
        )


def test_a_lost_run_is_begun_again_and_its_late_answer_is_refused() -> None:
    """Only the run that was begun last counts."""
    lost = begin(WRITING, "facts")
    until = (LATER + timedelta(days=1)).isoformat()
    given: dict[str, JSON] = {"agent": "facts", "run": 2, "until": until}
    state, action = act(lost, "begin_agent", given, now=LATER)
    assert action.status is ActionStatus.APPLIED
    assert refused(state, "finish_agent", agent="facts", run=1, result={"text": "late"}) == (
        RefusalCode.NOT_POSSIBLE,
        "the run 1 of facts is not awaited",
    )
    assert refused(state, "fail_agent", agent="facts", run=1, code="LLM_ERROR") == (
        RefusalCode.NOT_POSSIBLE,
        "the run 1 of facts is not awaited",
    )
    assert finish(state, "facts", 2).runs.of("facts").successes == 1


def test_the_last_run_that_may_be_lost_is_not_begun_over() -> None:
    """It is given up instead: a failure that no attempt follows, for the program to judge."""
    late = (LATER + timedelta(days=1)).isoformat()
    state = WRITING
    for run in (1, 2, 3):
        begin_: dict[str, JSON] = {"agent": "facts", "run": run, "until": LATER.isoformat()}
        state, action = act(state, "begin_agent", begin_, now=LATER)
        assert action.status is ActionStatus.APPLIED
    assert finish(state, "facts", 3).runs.of("facts").successes == 1
    lost: dict[str, JSON] = {"agent": "facts", "run": 3, "code": LOST}
    assert refused(state, "fail_agent", agent="facts", run=3, code=LOST) == (
        RefusalCode.NOT_POSSIBLE,
        "the run 3 of facts is not to be given up",
    )
    given: dict[str, JSON] = {"agent": "facts", "run": 4, "until": late}
    _, action = act(state, "begin_agent", given, now=LATER)
    assert (action.status, action.summary) == (
        ActionStatus.REFUSED,
        "too many runs of facts were lost",
    )
    state, action = act(state, "fail_agent", lost, now=LATER)
    assert action.summary == "facts failed (LOST)"
    assert state.runs.of("facts") == AgentRun(
        "facts", AgentStatus.FAILED, run=3, failures=1, error=LOST, lost=3
    )
    assert (state.phase, state.failures) == (Phase.FAILED, 1)


def test_an_answer_counts_once() -> None:
    """The second time nobody waits for it."""
    state = finish(begin(WRITING, "facts"), "facts")
    code, _ = refused(state, "finish_agent", agent="facts", run=1, result={"text": "x"})
    assert code is RefusalCode.NOT_POSSIBLE


def test_an_answer_of_nobody_is_refused() -> None:
    """An agent that the program does not have cannot be heard of."""
    state = evolve(WRITING, runs=AgentRuns().begun("ghost", LATER))
    for name, rest in GHOST:
        assert (
            refused(state, name, Sender.AGENT, agent="ghost", run=1, **rest)[0]
            is RefusalCode.NOT_POSSIBLE
        )


def test_an_answer_must_fit() -> None:
    """The reason names the agent and the field, and the run goes on."""
    state = begin(WRITING, "facts")
    assert refused(state, "finish_agent", agent="facts", run=1, result={"text": ""}) == (
        RefusalCode.NOT_POSSIBLE,
        "facts: text: expected a text that is not empty",
    )
    assert state.runs.of("facts").status is AgentStatus.RUNNING


def test_failures_are_counted_until_there_are_no_attempts_left() -> None:
    """The last one is the program's to judge."""
    state = done(begin(WRITING, "facts"), "fail_agent", agent="facts", run=1, code="LLM_TIMEOUT")
    assert state.runs.of("facts") == AgentRun("facts", run=1, failures=1, error="LLM_TIMEOUT")
    given: dict[str, JSON] = {"agent": "facts", "run": 2, "code": "X", "until": LATER.isoformat()}
    late, _ = act(
        begin(evolve(state, runs=state.runs.again("facts")), "facts", 2), "fail_agent", given
    )
    assert late.runs.of("facts").until == LATER
    state = done(begin(state, "facts", 2), "fail_agent", agent="facts", run=2, code="LLM_ERROR")
    assert (state.phase, state.failures) == (Phase.FAILED, 2)


def test_who_is_not_required_leaves_the_rest() -> None:
    """The essay is written without it."""
    state = begin(begin(WRITING, "facts"), "style")
    state = done(state, "fail_agent", agent="style", run=1, code="LLM_ERROR")
    state = finish(begin(finish(state, "facts"), "text"), "text")
    assert state.phase is Phase.READY


def test_one_agent_can_be_run_again_alone() -> None:
    """The others stay as they are, and the phase, too."""
    state = finish(begin(finish(begin(WRITING, "facts"), "facts"), "style"), "style")
    state = finish(begin(state, "text"), "text")
    again = done(state, "run_agent_again", Sender.USER, agent="facts")
    assert again.phase is Phase.READY
    assert [agent.name for agent in ESSAY.due_agents(again, NOON)] == ["facts"]
    new = finish(begin(again, "facts", 2), "facts", 2, "new")
    assert new.parts[0] == Part("facts", "new", 2)
    assert new.parts[1:] == state.parts[1:]
    assert (new.version, new.phase, new.runs.of("facts").successes) == (4, Phase.READY, 2)


def test_who_is_on_its_way_is_not_asked_for_again() -> None:
    """Neither one that waits nor one that runs; nor one that there is not."""
    state = begin(WRITING, "facts")
    for name, why in (
        ("facts", "facts is on its way"),
        ("style", "style is on its way"),
        ("nobody", "there is no such agent"),
    ):
        assert refused(state, "run_agent_again", Sender.USER, agent=name) == (
            RefusalCode.NOT_POSSIBLE,
            why,
        )


def test_agents_are_heard_of_in_their_phases_alone() -> None:
    """An essay that has failed takes nothing any more."""
    state = evolve(begin(WRITING, "facts"), phase=Phase.FAILED)
    code, _ = refused(state, "begin_agent", agent="facts", run=1, until=LATER.isoformat())
    assert code is RefusalCode.WRONG_PHASE
    code, _ = refused(state, "finish_agent", agent="facts", run=1, result={"text": "x"})
    assert code is RefusalCode.WRONG_PHASE
    code, _ = refused(state, "fail_agent", agent="facts", run=1, code="X")
    assert code is RefusalCode.WRONG_PHASE


@pytest.mark.parametrize("sender", [Sender.COACH, Sender.USER])
def test_nobody_speaks_for_an_agent(sender: Sender) -> None:
    """Neither what a user sends nor what a coach says counts as an agent's answer."""
    state = begin(WRITING, "facts")
    code, _ = refused(state, "finish_agent", sender, agent="facts", run=1, result={"text": "x"})
    assert code is RefusalCode.WRONG_SENDER


@pytest.mark.parametrize(
    "name, given",
    [
        ("begin_agent", {"agent": "", "run": 1, "until": LATER.isoformat()}),
        ("begin_agent", {"agent": "a" * 65, "run": 1, "until": LATER.isoformat()}),
        ("begin_agent", {"agent": "facts", "run": 1, "until": "2026-01-01T00:00:00"}),
        ("fail_agent", {"agent": "facts", "run": 1, "code": ""}),
        ("fail_agent", {"agent": "facts", "run": 1, "code": "X" * 65}),
    ],
)
def test_the_parameters_are_bounded(name: str, given: dict[str, JSON]) -> None:
    """Nothing that is kept grows beyond measure."""
    _, action = act(begin(WRITING, "facts"), name, given)
    assert action.code is RefusalCode.BAD_PARAMETERS


def test_what_else_changes_is_the_programs_to_say() -> None:
    """Each thing that may become of an agent has a place for it, and the phases are its own."""

    def noted(word: str) -> Any:  # noqa: ANN401 - it stands for hooks of several kinds
        def hook(state: Essay, agent: object, *rest: object) -> Essay:
            told = [word, getattr(agent, "name", ""), *(part.text for part in _sections(rest))]
            return evolve(state, subject=f"{state.subject} {'-'.join(told)}".strip())

        return hook

    actions: tuple[ActionType[Essay, Any], ...] = agent_actions(
        AGENTS,
        ESSAY.runs or (lambda state: state.runs),
        lambda state, runs: evolve(state, runs=runs),
        noted("taken"),
        phases=[Phase.WRITING],
        again_phases=[Phase.READY],
        begun=noted("begun"),
        failed=noted("failed"),
        again=noted("again"),
    )
    assert [[*(action.phases or ())] for action in actions] == [[Phase.WRITING]] * 3 + [
        [Phase.READY]
    ]
    program = evolve(ESSAY, actions=actions)
    state = evolve(WRITING, subject="")
    for number, (name, sender, rest) in enumerate(
        (
            ("begin_agent", Sender.AGENT, {"run": 1, "until": LATER.isoformat()}),
            ("fail_agent", Sender.AGENT, {"run": 1, "code": "X"}),
            ("begin_agent", Sender.AGENT, {"run": 2, "until": LATER.isoformat()}),
            ("finish_agent", Sender.AGENT, {"run": 2, "result": {"text": "x"}}),
            ("run_agent_again", Sender.USER, {}),
        )
    ):
        if name == "run_agent_again":
            state = evolve(state, phase=Phase.READY)
        wish: dict[str, Any] = {"type": name, "parameters": {"agent": "facts", **rest}}
        state = carry_out(program, state, [wish], sender, NOON, f"a-{number}").state
    assert state.subject == "begun-facts failed-facts begun-facts taken-facts-x again-facts"


def _sections(rest: tuple[object, ...]) -> list[Section]:
    return [part for part in rest if isinstance(part, Section)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["begin_agent", "finish_agent", "fail_agent", "run_agent_again"]),
            st.sampled_from(["facts", "style", "text", "nobody"]),
            st.integers(0, 3),
            st.booleans(),
        ),
        max_size=20,
    )
)
def test_what_the_log_says_is_what_the_state_is(
    deeds: list[tuple[str, str, int, bool]],
) -> None:
    """Played again, the log leads to the same state; each success stands there once."""
    state, audits = WRITING, []
    for number, (name, agent, run, fits) in enumerate(deeds, 1):
        given: dict[str, JSON] = {"agent": agent}
        if name != "run_agent_again":
            given["run"] = run or state.runs.of(agent).run + (name == "begin_agent")
        rest: dict[str, dict[str, JSON]] = {
            "begin_agent": {"until": LATER.isoformat()},
            "finish_agent": {"result": {"text": "x" if fits else ""}},
            "fail_agent": {"code": "LLM_ERROR"},
        }
        wish: dict[str, JSON] = {"type": name, "parameters": {**given, **rest.get(name, {})}}
        sender = Sender.USER if name == "run_agent_again" else Sender.AGENT
        carried = carry_out(ESSAY, state, [wish], sender, NOON, f"a-{number}")
        state = carried.state
        audits.append(_audit(number, sender, carried.actions))
    again = WRITING
    for audit in audits:
        again = carry_again(ESSAY, again, audit)
    assert to_json(again) == to_json(state)
    applied = [
        to_json(action.parameters)
        for audit in audits
        for action in audit.actions
        if action.status is ActionStatus.APPLIED and action.type == "finish_agent"
    ]
    assert state.version == len(applied) == sum(run.successes for run in state.runs.runs)


def _audit(number: int, sender: Sender, actions: tuple[Action, ...]) -> Audit:
    """Return the record of *actions*."""
    return Audit(
        id=f"a-{number}",
        tenant="t",
        user="u",
        session="s",
        topic="essay",
        program="essay",
        program_version=1,
        subject="s",
        number=number,
        sender=sender,
        message=1,
        at=NOON,
        actions=actions,
        phase="WRITING",
    )
