"""Sub-agents: begun, asked and heard of, each commit by itself, whatever happens in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, cast

import pytest
from attrs import evolve, frozen

from coachwork import Settings
from coachwork.actions import ActionStatus, RefusalCode, Sender
from coachwork.adapters import ScriptedAgents
from coachwork.effects import Commit, Effect, RunAgent
from coachwork.errors import (
    ActionRefusedError,
    CoachworkError,
    LLMError,
    LLMTimeoutError,
    MisuseError,
    OutcomeUnknownError,
    SessionAccessDeniedError,
    SessionNotFoundError,
    TopicNotFoundError,
    ValidationError,
    VersionConflictError,
)
from coachwork.messages import Usage
from coachwork.plain import JSON, to_json
from coachwork.ports import AgentAsk, Answer, CommitResult
from coachwork.programs import (
    MAX_STATE,
    AgentRun,
    AgentStatus,
    Program,
    agent_actions,
    read_state,
    rebuild,
)
from coachwork.records import AUDIT, Delete
from coachwork.testing import Fault, violations
from coachwork.testing.faults import CrashError, InjectedError, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    AgentsView,
    act,
    actions,
    agents,
    cancel,
    delete_all,
    export_scenario,
    get,
    pause,
    plant,
    program_state,
    run_agent,
    send,
    start,
    timeline,
    timeline_text,
)
from coachwork.workflows._agents import LEAST_TRIES
from coachwork.workflows._answering import MAX_RESULT
from tests.faults import ADA, BEN, Told, World, faults_of
from tests.programs.essays import AGENTS, ESSAY, Essay, Part, Phase, Section
from tests.programs.habits import HABITS

ESSAYS: Final = Topic(id="essays", system="Listen.", initiation="Begin.", program=ESSAY)
TALK: Final = Topic(id="talk", system="Listen.")
DAILY: Final = Topic(id="daily", system="Listen.", program=HABITS)

FACTS: Final = Section("busy")
GOOD: Final[dict[str, list[object]]] = {
    "facts": [FACTS],
    "style": [Section("plain")],
    "text": [Section("Bees are busy.")],
}


def writing(
    script: dict[str, list[object]] | Callable[[AgentAsk], object] | None = None,
    **given: Any,  # noqa: ANN401 - as a world takes it
) -> tuple[World, str, ScriptedAgents]:
    """Return a world in which an essay is to be written, the session's id, and the agents."""
    port = ScriptedAgents(GOOD if script is None else script)
    world = World([ESSAYS, TALK, DAILY], lambda _: "Go on.", sub_agents=port, **given)
    session = world.run(start(world.setup, ADA, ESSAYS)).session.id
    asked = act(world.setup, ADA, ESSAYS, session, "write", {"subject": "bees"}, message=1)
    world.run(asked)
    return world, session, port


def step(world: World, session: str, told: Told | None = None) -> AgentsView | None:
    """Run the first agent that is due."""
    return world.run(run_agent(world.setup, ADA, ESSAYS, session), told)


def finish(world: World, session: str) -> AgentsView:
    """Run agents until none is due; those that are lost, when their time is over."""
    for _ in range(20):
        if step(world, session) is None:
            view = world.run(agents(world.setup, ADA, ESSAYS, session))
            if not view.running:
                return view
            world.clock.advance(minutes=2)
    raise AssertionError("it does not end")


def state(world: World, session: str) -> Essay:
    """Return the essay."""
    return world.run(program_state(world.setup, ADA, ESSAY, session)).state


def check_log(world: World) -> None:
    """Make sure that the log leads to the state, and that each success stands there once."""
    for progress in world.stored("progress"):
        audits = sorted(world.stored("audit"), key=lambda audit: audit.number)
        kept = read_state(ESSAY, progress)
        assert rebuild(ESSAY, progress, audits) == kept
        done = [
            action.parameters["agent"]
            for audit in audits
            for action in audit.actions
            if (action.type, action.status) == ("finish_agent", ActionStatus.APPLIED)
        ]
        assert sorted(done) == sorted(
            name for run in kept.runs.runs for name in [run.agent] * run.successes
        )
        assert len(done) == kept.version


# --- the way -----------------------------------------------------------------------------------


def test_the_first_agent_that_is_due_is_run() -> None:
    """One commit begins it, one writes what it answered; no lock is held while it is asked."""
    world, session, port = writing()
    before, since = len(world.commits), len(world.effects)
    view = step(world, session)
    assert view is not None
    assert len(world.commits) == before + 2
    assert world.names(since) == [
        "Get", "Now", "Get", "Get", "NewId", "Commit",
        "RunAgent",
        "Get", "Now", "Get", "NewId", "Commit",
    ]  # fmt: skip
    assert [one.status for one in view.agents] == ["succeeded", "waiting", "waiting"]
    assert state(world, session).parts == (Part("facts", "busy", 1),)
    (ask,) = port.asked
    assert (ask.agent, ask.program, ask.session, ask.run) == ("facts", "essay", session, 1)
    assert (ask.prompt, ask.model, ask.timeout) == ("Write about bees.", None, 20)
    assert cast("dict[str, Any]", ask.schema)["properties"]["text"] == {"type": "string"}
    check_log(world)


def test_agents_run_stage_by_stage_until_none_is_due() -> None:
    """Each is told what is known by then."""
    world, session, port = writing()
    view = finish(world, session)
    assert view.is_finished
    assert [ask.agent for ask in port.asked] == ["facts", "style", "text"]
    assert port.asked[2].prompt == "Write about bees. facts: busy style: plain"
    assert port.asked[2].model == "large"
    assert state(world, session).phase is Phase.READY
    assert step(world, session) is None
    check_log(world)


def test_how_far_they_are_can_be_asked_at_any_time() -> None:
    """Also while one runs, and before anything was done."""
    world, session, _ = writing()
    seen: list[AgentsView] = []

    def look(effect: Effect[object]) -> None:
        if isinstance(effect, RunAgent):
            seen.append(world.run(agents(world.setup, ADA, ESSAYS, session)))

    world.meanwhile = look
    step(world, session)
    world.meanwhile = lambda _: None
    (view,) = seen
    assert (view.program, view.session, view.phase) == ("essay", session, "WRITING")
    assert (view.waiting, view.running, view.succeeded, view.failed) == (2, 1, 0, 0)
    assert (view.due, view.is_finished) == (("style",), False)
    facts, style, text = view.agents
    # 20 seconds, and what a lease has beyond the model's time.
    assert facts.until == world.clock.time + timedelta(seconds=50)
    assert (facts.name, facts.stage, facts.required, facts.attempts) == ("facts", 1, True, 2)
    assert (facts.run, facts.failures, facts.error, facts.successes) == (1, 0, None, 0)
    assert (style.required, text.stage, text.until) == (False, 2, None)
    fresh = world.run(start(world.setup, BEN, ESSAYS)).session.id
    view = world.run(agents(world.setup, BEN, ESSAYS, fresh))
    assert (view.phase, view.due, view.waiting) == ("TALK", (), 3)
    assert world.run(run_agent(world.setup, BEN, ESSAYS, fresh)) is None


def test_what_they_do_is_told_with_the_rest() -> None:
    """In the list of actions, in the timeline, and in its text; as done by agents."""
    world, session, _ = writing({**GOOD, "style": [LLMError()]})
    world.clock.advance(seconds=1)
    step(world, session)
    world.clock.advance(seconds=1)
    world.run(send(world.setup, ADA, ESSAYS, session, "How is it going?"))
    world.clock.advance(seconds=1)
    step(world, session)
    page = world.run(actions(world.setup, ADA, ESSAY, session=session, sender="agent"))
    assert [one.type for one in page.actions] == [
        "begin_agent", "finish_agent", "begin_agent", "fail_agent",
    ]  # fmt: skip
    assert {(one.sender, one.message) for one in page.actions} == {(Sender.AGENT, None)}
    assert len(world.run(actions(world.setup, ADA, ESSAY, session=session)).actions) == 5
    told = world.run(timeline(world.setup, ADA, ESSAYS, session))
    assert [entry.message and entry.message.text for entry in told.entries] == [
        "Go on.", None, None, None, "How is it going?", "Go on.", None, None,
    ]  # fmt: skip
    assert told.entries[-1].state == state(world, session)
    text = timeline_text(told)
    assert "   agent\n  + begin_agent: began facts\n" in text
    assert "   agent\n  + fail_agent: style failed (LLM_ERROR)\n" in text
    bare = world.run(timeline(world.setup, ADA, None, session))
    assert [len(entry.actions) for entry in bare.entries] == [
        len(entry.actions) for entry in told.entries
    ]


@pytest.mark.parametrize(
    "agent, phase, due", [("facts", "FAILED", ()), ("style", "WRITING", ("text",))]
)
def test_an_agent_that_takes_its_process_with_it_is_given_up(
    agent: str, phase: str, due: tuple[str, ...]
) -> None:
    """After so many lost runs as it may have; then it goes the way of any final failure."""

    def answer(ask: AgentAsk) -> object:
        if ask.agent == agent:
            raise CrashError
        return Section(ask.agent)

    world, session, port = writing(answer)
    losses = 3 if agent == "facts" else 10
    lost: list[int] = []
    for _ in range(losses):
        with pytest.raises(CrashError):
            finish(world, session)
        told = world.run(agents(world.setup, ADA, ESSAYS, session))
        lost += [one.lost for one in told.agents if one.name == agent]
        world.clock.advance(minutes=2)
    assert lost == [*range(losses)]
    asked = len(port.asked)
    view = step(world, session)
    assert view is not None
    assert (view.phase, view.due) == (phase, due)
    (one,) = (one for one in view.agents if one.name == agent)
    assert (one.status, one.error, one.lost, one.run) == ("failed", "LOST", losses, losses)
    assert len(port.asked) == asked
    assert one.attempts > one.failures or agent == "style"
    check_log(world)
    assert violations(world.records()) == []
    page = world.run(actions(world.setup, ADA, ESSAY, session=session, sender="agent"))
    assert f"{agent} failed (LOST)" in [action.summary for action in page.actions]


# --- what goes wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said, code",
    [
        (LLMError(), "LLM_ERROR"),
        (LLMError(reason="CONTENT_FILTER"), "CONTENT_FILTER"),
        (LLMTimeoutError(), "LLM_TIMEOUT"),
        (TimeoutError(), "LLM_TIMEOUT"),
        (ZeroDivisionError(), "LLM_ERROR"),
        (Answer(text="{"), "BAD_REPLY"),
        (Answer(text=""), "EMPTY_REPLY"),
        (Answer(text='{"text": "x"}', finish="length"), "LENGTH"),
        (Answer(data={"text": 5}), "BAD_REPLY"),
        (Answer(data={"text": ""}), "BAD_REPLY"),
        (Answer(data=cast("JSON", float("nan"))), "BAD_REPLY"),
        (Answer(text=cast("str", 5)), "LLM_ERROR"),
        ({"text": "x", "more": 1}, "BAD_REPLY"),
    ],
)
def test_a_failure_is_counted_and_raises_nothing(said: object, code: str) -> None:
    """Whatever was said that is no answer; the agent is due again."""
    world, session, _ = writing({**GOOD, "facts": [said, FACTS]})
    view = step(world, session)
    assert view is not None
    facts = view.agents[0]
    assert (facts.status, facts.failures, facts.error) == ("waiting", 1, code)
    assert view.due == ("facts", "style")
    assert finish(world, session).is_finished
    assert state(world, session).runs.of("facts").run == 2
    check_log(world)


@pytest.mark.parametrize(
    "wish, seconds", [(7.0, 7), (0.0, 0), (1e9, 3600), (float("nan"), None), (None, None)]
)
def test_a_provider_is_left_alone_for_as_long_as_it_asks(
    wish: float | None, seconds: int | None
) -> None:
    """An hour at the most; then the agent is due again."""
    world, session, _ = writing({**GOOD, "facts": [LLMError(retry_after=wish), FACTS]})
    view = step(world, session)
    assert view is not None
    until = None if seconds is None else world.clock.time + timedelta(seconds=seconds)
    assert view.agents[0].until == until
    assert (view.due[0] == "facts") is not bool(seconds)
    world.clock.advance(seconds=seconds or 0)
    assert world.run(agents(world.setup, ADA, ESSAYS, session)).due == ("facts", "style")
    assert finish(world, session).is_finished


@frozen
class Fragile:
    """What cannot be made."""

    text: str

    def __attrs_post_init__(self) -> None:
        """Fail."""
        raise ZeroDivisionError


def test_a_class_that_cannot_be_made_is_a_failure() -> None:
    """Whatever its own code raises."""
    world, session, _ = writing()
    program = evolve(ESSAY, agents=[evolve(AGENTS[0], result=Fragile), *AGENTS[1:]])
    world.declare(evolve(ESSAYS, program=program))
    topic = cast("Topic[Any]", world.setup.topics["essays"])
    view = world.run(run_agent(world.setup, ADA, topic, session))
    assert view is not None
    assert view.agents[0].error == "BAD_REPLY"


def test_what_is_no_answer_of_a_port_is_a_failure() -> None:
    """As with a language model."""

    class Silent(ScriptedAgents):
        def run(self, _ask: AgentAsk, /) -> Answer:
            return cast("Answer", None)

    world, session, _ = writing()
    world.ports = evolve(world.ports, sub_agents=Silent({}))
    view = step(world, session)
    assert view is not None
    assert view.agents[0].error == "LLM_ERROR"


def test_without_a_port_it_is_told() -> None:
    """The run counts as failed, for what is missing cannot answer."""
    world, _, _ = writing()
    world.ports = evolve(world.ports, sub_agents=None)
    with pytest.raises(MisuseError, match="sub_agents"):
        RunAgent(cast("AgentAsk", None), "t", "u").perform(world.ports)


def test_a_required_agent_without_attempts_left_is_the_programs_to_judge() -> None:
    """This one fails with it, and nothing is due any more."""
    world, session, _ = writing({"facts": [LLMError(), LLMError()], "style": []})
    view = finish(world, session)
    assert (view.phase, view.failed, view.is_finished) == ("FAILED", 1, False)
    check_log(world)


def test_what_it_cost_is_kept() -> None:
    """Of failures too, and of what is heard too late."""
    costly = Usage(10, 5, 1)
    said = [Answer(text="{", usage=costly), Answer(data={"text": "x"}, usage=Usage(1, -1, 0))]
    world, session, _ = writing({**GOOD, "facts": list[object](said)})
    step(world, session)
    view = step(world, session)
    assert view is not None
    assert view.agents[0].usage == Usage(11, 5, 1)


@frozen
class Padded:
    """What is long by itself."""

    text: str
    more: str = "x" * MAX_RESULT


def test_an_answer_that_is_too_long_is_a_failure() -> None:
    """As a result of a conversation is, and as a reply."""
    world, session, _ = writing({**GOOD, "facts": [{"text": "x" * 40_000}, {"text": "x"}]})
    view = step(world, session)
    assert view is not None
    assert view.agents[0].error == "BAD_REPLY"
    program = evolve(ESSAY, agents=[evolve(AGENTS[0], result=Padded), *AGENTS[1:]])
    world.declare(evolve(ESSAYS, program=program))
    topic = cast("Topic[Any]", world.setup.topics["essays"])
    view = world.run(run_agent(world.setup, ADA, topic, session))
    assert view is not None
    assert (view.agents[0].failures, view.agents[0].error) == (2, "BAD_REPLY")


def with_taken(taken: Callable[..., Essay]) -> Program[Essay]:
    """Return the program with other code that takes answers."""
    other = agent_actions(
        AGENTS,
        lambda state: state.runs,
        lambda state, runs: evolve(state, runs=runs),
        taken,
        phases=[Phase.WRITING, Phase.READY],
    )
    return evolve(ESSAY, actions=[*ESSAY.actions[:2], *other])


def _large(state: Essay, *_: object) -> Essay:
    return evolve(state, subject="x" * MAX_STATE)


def _broken(_state: Essay, *_: object) -> Essay:
    raise ZeroDivisionError


@pytest.mark.parametrize("taken, code", [(_large, "TOO_LARGE"), (_broken, "PROGRAM_ERROR")])
def test_an_answer_that_the_program_does_not_take_is_a_failure(
    taken: Callable[..., Essay], code: str
) -> None:
    """Both stand in the log, in one audit, and the run does not seem to go on."""
    world, session, _ = writing()
    world.declare(evolve(ESSAYS, program=with_taken(taken)))
    topic = cast("Topic[Any]", world.setup.topics["essays"])
    view = world.run(run_agent(world.setup, ADA, topic, session))
    assert view is not None
    assert (view.agents[0].status, view.agents[0].error) == ("waiting", code)
    audit = max(world.stored("audit"), key=lambda one: one.number)
    assert [(one.type, one.code) for one in audit.actions] == [
        ("finish_agent", RefusalCode(code)),
        ("fail_agent", None),
    ]


def test_a_prompt_that_cannot_be_made_is_a_failure() -> None:
    """No model is asked."""
    agent = evolve(AGENTS[0], prompt=lambda state: str(1 // state.version))
    world, session, port = writing()
    program = evolve(ESSAY, agents=[agent, *AGENTS[1:]])
    world.declare(evolve(ESSAYS, program=program))
    view = world.run(
        run_agent(world.setup, ADA, cast("Any", world.setup.topics["essays"]), session)
    )
    assert view is not None
    assert (view.agents[0].error, port.asked) == ("LLM_ERROR", [])


def test_a_program_that_lets_none_begin_is_told() -> None:
    """It would be asked again and again otherwise; nothing is written."""
    world, session, _ = writing()
    world.declare(evolve(ESSAYS, program=evolve(ESSAY, agents=[evolve(AGENTS[0], name="other")])))
    before = world.records()
    topic = cast("Topic[Any]", world.setup.topics["essays"])
    with pytest.raises(ActionRefusedError, match="other is not to be begun now"):
        world.run(run_agent(world.setup, ADA, topic, session))
    assert world.records() == before


# --- who else is there -----------------------------------------------------------------------


def test_whoever_was_faster_is_met_with_another_look() -> None:
    """Two processes never begin one run, and no answer is thrown away for a conflict."""
    world, session, port = writing()

    def other(effect: Effect[object]) -> None:
        if isinstance(effect, Commit):
            world.meanwhile = lambda _: None
            step(world, session)

    for _ in range(3):
        world.meanwhile = other
        step(world, session)
    assert sorted(ask.agent for ask in port.asked) == ["facts", "style", "text"]
    assert state(world, session).phase is Phase.READY
    check_log(world)


def test_an_answer_is_written_however_often_others_are_faster() -> None:
    """It is judged anew each time, and never asked for again."""
    world, session, port = writing(settings=Settings(commit_tries=1))
    left = 10

    def talk(effect: Effect[object]) -> None:
        nonlocal left
        if isinstance(effect, Commit) and left and port.asked:
            left -= 1
            click = act(
                world.setup, ADA, ESSAYS, session, "run_agent_again", {"agent": "style"}, message=1
            )
            with pytest.raises(ActionRefusedError):
                world.run(click)

    world.meanwhile = talk
    view = step(world, session)
    assert view is not None
    assert (view.succeeded, left, len(port.asked)) == (1, 0, 1)
    check_log(world)


def test_at_some_time_it_gives_up() -> None:
    """Where no commit ever goes through, the caller gets to know."""
    world, session, _ = writing()
    tried = 0

    def never(_effect: Commit) -> CommitResult:
        nonlocal tried
        tried += 1
        return CommitResult.CONFLICT

    world.commit = never  # type: ignore[method-assign]
    with pytest.raises(VersionConflictError):
        step(world, session)
    assert tried == LEAST_TRIES == 100


def test_a_late_answer_is_refused_and_recorded() -> None:
    """Another run was begun meanwhile; its own answer counts."""
    world, session, port = writing({**GOOD, "facts": [Section("late"), Section("right")]})

    def lose(effect: Effect[object]) -> None:
        if isinstance(effect, RunAgent):
            world.meanwhile = lambda _: None
            # It has been taken from the script when the other one asks.
            world.clock.advance(seconds=51)
            port.run(effect.ask)
            step(world, session)

    world.meanwhile = lose
    step(world, session)
    facts = state(world, session).runs.of("facts")
    assert (facts.run, facts.successes, facts.failures) == (2, 1, 0)
    assert state(world, session).parts[0].text == "right"
    last = max(world.stored("audit"), key=lambda one: one.number)
    (late,) = last.actions
    assert (late.type, late.code) == ("fail_agent", RefusalCode.NOT_POSSIBLE)
    check_log(world)


def test_a_late_answer_that_is_good_is_refused_as_it_is() -> None:
    """It is no failure besides: the run that is awaited goes on."""
    world, session, _ = writing(lambda ask: Section(f"{ask.agent} {ask.run}"))

    def lose(effect: Effect[object]) -> None:
        if isinstance(effect, RunAgent):
            world.meanwhile = lambda _: None
            world.clock.advance(seconds=51)
            step(world, session)

    world.meanwhile = lose
    step(world, session)
    last = max(world.stored("audit"), key=lambda one: one.number)
    assert [(one.type, one.code) for one in last.actions] == [
        ("finish_agent", RefusalCode.NOT_POSSIBLE)
    ]
    assert state(world, session).parts == (Part("facts", "facts 2", 1),)
    check_log(world)


def test_a_session_that_has_ended_is_no_obstacle() -> None:
    """Paused, cancelled or completed: agents run all the same."""
    world, session, _ = writing()
    world.run(pause(world.setup, ADA, ESSAYS, session))
    step(world, session)
    world.run(cancel(world.setup, ADA, ESSAYS, session))
    before = world.run(get(world.setup, ADA, ESSAYS, session))
    assert finish(world, session).is_finished
    assert world.run(get(world.setup, ADA, ESSAYS, session)) == before


def test_agents_are_their_owners_alone() -> None:
    """Another user's, another tenant's and another topic's session are refused as elsewhere."""
    world, session, _ = writing()
    for make in (agents, run_agent):
        make = cast("Any", make)
        with pytest.raises(SessionAccessDeniedError):
            world.run(make(world.setup, BEN, ESSAYS, session))
        with pytest.raises(SessionNotFoundError):
            world.run(make(world.setup, evolve(ADA, tenant="other"), ESSAYS, session))
        with pytest.raises(SessionNotFoundError):
            world.run(make(world.setup, ADA, ESSAYS, "nobody"))
        with pytest.raises(ValidationError, match="session_id"):
            world.run(make(world.setup, ADA, ESSAYS, ""))
        for topic in (TALK, DAILY):
            with pytest.raises(ValidationError, match="topic"):
                world.run(make(world.setup, ADA, topic, session))
        with pytest.raises(TopicNotFoundError):
            world.run(make(world.setup, ADA, evolve(ESSAYS, id="gone"), session))
    other = world.run(start(world.setup, ADA, TALK)).session.id
    for make in (agents, run_agent):
        with pytest.raises(SessionNotFoundError):
            world.run(cast("Any", make)(world.setup, ADA, ESSAYS, other))


def test_who_is_deleted_meanwhile_leaves_nothing_behind() -> None:
    """What the agent answers is not written: neither a state nor an audit comes back."""
    world, session, _ = writing()

    def delete(effect: Effect[object]) -> None:
        if isinstance(effect, RunAgent):
            world.run(delete_all(world.setup, ADA))

    world.meanwhile = delete
    with pytest.raises(SessionNotFoundError):
        step(world, session)
    assert world.stored("progress") == world.stored("audit") == []


def test_a_state_that_is_gone_does_not_come_back() -> None:
    """Also where the account is there, as when a test scenario is deleted."""
    world, session, _ = writing()

    def delete(effect: Effect[object]) -> None:
        if isinstance(effect, RunAgent):
            gone = [
                Delete(record.key, record.version)
                for record in world.records()
                if record.key.kind in {"progress", "audit"}
            ]
            assert world.memory.commit(gone) is CommitResult.DONE

    world.meanwhile = delete
    with pytest.raises(SessionNotFoundError):
        step(world, session)
    assert world.stored("progress") == []


def test_the_first_action_of_all_may_be_an_agents() -> None:
    """Then the session must be there when the state comes to be."""
    world, _, _ = writing()
    world.declare(evolve(ESSAYS, program=evolve(ESSAY, actions=_from_the_beginning())))
    topic = cast("Topic[Any]", world.setup.topics["essays"])
    session = world.run(start(world.setup, BEN, topic)).session.id

    def end(effect: Effect[object]) -> None:
        if isinstance(effect, Commit):
            world.meanwhile = lambda _: None
            world.run(cancel(world.setup, BEN, topic, session))

    world.meanwhile = end
    view = world.run(run_agent(world.setup, BEN, topic, session))
    assert view is not None
    assert (view.phase, view.succeeded) == ("TALK", 1)
    kept = [one for one in world.stored("audit") if one.user == "ben"]
    assert [one.number for one in kept] == [1, 2]


def _from_the_beginning() -> tuple[Any, ...]:
    """Return actions of agents that may begin from the beginning on."""
    own = agent_actions(
        AGENTS,
        lambda state: state.runs,
        lambda state, runs: evolve(state, runs=runs),
        lambda state, agent, result, _moment: evolve(state, subject=f"{agent.name} {result.text}"),
        phases=[Phase.TALK],
    )
    return (*ESSAY.actions[:2], *own)


def test_nothing_comes_to_be_in_a_session_that_is_gone() -> None:
    """The first action of all looks for the session in its own commit."""
    world, _, _ = writing()
    world.declare(evolve(ESSAYS, program=evolve(ESSAY, actions=_from_the_beginning())))
    topic = cast("Topic[Any]", world.setup.topics["essays"])
    session = world.run(start(world.setup, BEN, topic)).session.id
    before = len(world.stored("progress"))

    def sweep(effect: Effect[object]) -> None:
        if isinstance(effect, Commit):
            world.meanwhile = lambda _: None
            gone = [
                Delete(record.key, record.version)
                for record in world.records()
                if record.key.kind == "session" and record.facts.session == session
            ]
            assert world.memory.commit(gone) is CommitResult.DONE

    world.checks = False
    world.meanwhile = sweep
    with pytest.raises(SessionNotFoundError):
        world.run(run_agent(world.setup, BEN, topic, session))
    assert len(world.stored("progress")) == before


def test_a_clock_that_goes_back_loses_nobody() -> None:
    """How long a run is waited for is counted from the last instant that was noted."""
    world, session, _ = writing()
    noted = world.clock.time
    world.clock.advance(hours=-5)
    seen: list[AgentsView] = []

    def look(effect: Effect[object]) -> None:
        if isinstance(effect, RunAgent):
            seen.append(world.run(agents(world.setup, ADA, ESSAYS, session)))

    world.meanwhile = look
    step(world, session)
    (view,) = seen
    assert view.agents[0].until == noted + timedelta(seconds=50)
    assert view.due == ("style",)


# --- a fault at every step -------------------------------------------------------------------


def _steps() -> list[Told]:
    """Return every fault at every step of running one agent."""
    world, session, _ = writing()
    since = len(world.effects)
    step(world, session)
    return [
        Told(number, fault)
        for number, effect in enumerate(world.effects[since:])
        for fault in (faults_of(effect) if not isinstance(effect, RunAgent) else ())
    ] + [
        Told(6, fault)
        for fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.FAIL_BEFORE, Fault.LOST_DONE)
    ]


@pytest.mark.parametrize("told", _steps(), ids=str)
def test_whatever_goes_wrong_it_ends_as_without(told: Told) -> None:
    """At most the attempt under way is lost; each success counts once, and the log agrees."""
    good = {name: [*answers, *answers, *answers] for name, answers in GOOD.items()}
    world, session, _ = writing(good)
    with suppress(CrashError, InterruptError, InjectedError, CoachworkError):
        step(world, session, told)
    view = finish(world, session)
    assert view.is_finished
    essay = state(world, session)
    assert essay.phase is Phase.READY
    assert [run.successes for run in essay.runs.runs] == [1, 1, 1]
    assert sorted(part.text for part in essay.parts) == ["Bees are busy.", "busy", "plain"]
    assert all(run.failures <= 1 for run in essay.runs.runs)
    assert violations(world.records(), now=world.clock.time) == []
    check_log(world)


def test_a_lost_answer_of_the_commit_that_begins_is_no_second_run() -> None:
    """The log tells that it was begun, and the port is asked once."""
    world, session, port = writing()
    step(world, session, Told(5, Fault.LOST_DONE))
    assert [(ask.agent, ask.run) for ask in port.asked] == [("facts", 1)]
    assert state(world, session).runs.of("facts") == AgentRun(
        "facts", AgentStatus.SUCCEEDED, run=1, successes=1
    )


def test_a_lost_answer_of_the_commit_that_ends_is_found_in_the_log() -> None:
    """Nothing is refused for having been done before."""
    world, session, _ = writing()
    view = step(world, session, Told(11, Fault.LOST_DONE))
    assert view is not None
    assert view.succeeded == 1
    assert len(world.stored("audit")) == 3


def test_an_unknown_outcome_is_told_in_the_end() -> None:
    """When all tries are used up."""
    world, session, _ = writing()

    def never(_effect: Commit) -> CommitResult:
        raise OutcomeUnknownError

    world.commit = never  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknownError):
        step(world, session)


def test_the_record_of_an_agent_names_no_message() -> None:
    """It is stored as such, and found by its kind of sender."""
    world, session, _ = writing()
    step(world, session)
    begun = world.memory.get(AUDIT.key(world.stored("audit")[1]))
    assert begun is not None
    assert begun.facts.status == "agent"
    assert json.loads(begun.body)["message"] is None


# --- test scenarios --------------------------------------------------------------------------


def test_a_scenario_holds_what_agents_did() -> None:
    """Taken out and planted elsewhere it is the same essay, and the agents go on from there."""
    world, _, _ = writing({name: [*said, *said] for name, said in GOOD.items()})
    trial, other = evolve(ADA, scenario="trial"), evolve(BEN, scenario="other")
    session = world.run(start(world.setup, trial, ESSAYS)).session.id
    click = act(world.setup, trial, ESSAYS, session, "write", {"subject": "bees"}, message=1)
    world.run(click)
    world.run(run_agent(world.setup, trial, ESSAYS, session))
    document = to_json(world.run(export_scenario(world.setup, trial)))
    planted = world.run(plant(world.setup, other, document))
    (there,) = planted.sessions.values()
    view = world.run(run_agent(world.setup, other, ESSAYS, there))
    assert view is not None
    assert (view.succeeded, view.due) == (2, ("text",))
    told = world.run(timeline(world.setup, other, ESSAYS, there))
    assert [len(entry.actions) for entry in told.entries] == [0, 1, 1, 1, 1, 1]
    wrong = cast("dict[str, Any]", json.loads(json.dumps(document)))
    for audit, message in ((0, None), (1, 1)):
        broken = json.loads(json.dumps(wrong))
        broken["programs"][0]["audits"][audit]["message"] = message
        with pytest.raises(ValidationError) as caught:
            world.run(plant(world.setup, evolve(other, scenario="third"), broken))
        assert caught.value.field == f"programs[0].audits[{audit}].message"
