"""Agents and their runs: what is checked when one is declared, and who may be begun when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, cast

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from coachwork.errors import MisuseError, ValidationError
from coachwork.plain import from_plain, to_json
from coachwork.programs import LOST, MAX_AGENT, Agent, AgentRun, AgentRuns, AgentStatus
from tests.programs.essays import AGENTS, NOON, Section

FACTS, STYLE, TEXT = AGENTS
LATER: Final = NOON + timedelta(seconds=30)
NEW: Final = AgentRuns()
FIRST: Final = NEW.begun("facts", LATER).succeeded("facts").begun("style", LATER)


def agent(**changes: object) -> Agent[object]:
    """Return an agent with *changes*."""
    how: dict[str, Any] = {"name": "facts", "prompt": str, "result": Section}
    return Agent(**{**how, **changes})


# --- declaring one ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "market_2", "a" * MAX_AGENT])
def test_a_name_is_short_and_plain(name: str) -> None:
    """It stands in the log and in addresses."""
    assert agent(name=name).name == name


@pytest.mark.parametrize("name", ["", "A", "2a", "_a", "a-b", "a b", "a\n", "é", "a" * 65, 5, None])
def test_what_is_no_name_is_refused(name: object) -> None:
    """Nothing else can be a name."""
    with pytest.raises(ValidationError) as caught:
        agent(name=name)
    assert caught.value.field == "agent.name"


@pytest.mark.parametrize(
    "field, value",
    [
        ("prompt", "text"),
        ("stage", 0),
        ("stage", True),
        ("stage", 1.0),
        ("required", 1),
        ("timeout", 0),
        ("timeout", -1.0),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("timeout", True),
        ("timeout", "60"),
        ("attempts", 0),
        ("attempts", 101),
        ("attempts", True),
        ("losses", 0),
        ("losses", 101),
        ("losses", 1.0),
        ("losses", True),
        ("model", 5),
        ("description", None),
    ],
)
def test_each_field_is_checked(field: str, value: object) -> None:
    """The error names the agent and the field."""
    with pytest.raises(ValidationError) as caught:
        agent(**{field: value})
    assert caught.value.field == f"agent 'facts'.{field}"


def test_an_answer_must_have_a_plain_form() -> None:
    """Else no model could be asked for it."""
    with pytest.raises(MisuseError):
        agent(result=cast("type[Any]", complex))


# --- how far they are ------------------------------------------------------------------------


def test_in_the_beginning_all_of_the_first_stage_may_be_begun() -> None:
    """An agent that nobody has heard of waits."""
    assert NEW.of("facts") == AgentRun("facts")
    assert NEW.due(AGENTS, NOON) == ("facts", "style")
    assert not NEW.is_finished(AGENTS)


def test_no_agents_are_finished_at_once() -> None:
    """Nobody is waited for."""
    assert NEW.is_finished([])
    assert NEW.due([], NOON) == ()


def test_a_run_is_counted_and_has_its_time() -> None:
    """Nobody else begins it meanwhile."""
    runs = NEW.begun("facts", LATER)
    assert runs.of("facts") == AgentRun("facts", AgentStatus.RUNNING, run=1, until=LATER)
    assert runs.due(AGENTS, NOON) == ("style",)


def test_a_run_that_is_not_heard_of_in_time_may_be_begun_again() -> None:
    """It is the next run, and no failure; but it is counted."""
    lost = NEW.begun("facts", LATER)
    assert lost.due(AGENTS, LATER - timedelta(microseconds=1)) == ("style",)
    assert lost.due(AGENTS, LATER) == ("facts", "style")
    again = lost.begun("facts", LATER).of("facts")
    assert (again.run, again.failures, again.error, again.lost) == (2, 0, None, 1)


def test_lost_runs_are_counted_since_it_was_last_asked_for() -> None:
    """Neither a failure nor a success makes one; what was heard of was not lost."""
    runs = NEW.begun("facts", LATER).failed(FACTS, "LLM_ERROR").begun("facts", LATER)
    assert runs.of("facts").lost == 0
    runs = runs.begun("facts", LATER).begun("facts", LATER)
    assert runs.of("facts").lost == 2
    assert runs.succeeded("facts").of("facts").lost == 2
    assert runs.succeeded("facts").again("facts").of("facts").lost == 0


def test_after_the_last_run_that_may_be_lost_it_is_given_up() -> None:
    """Whatever attempts it has; asked for anew it has all of them again."""
    one = agent(losses=2)
    runs = NEW.begun("facts", LATER)
    assert not runs.is_given_up(one, LATER)
    runs = runs.begun("facts", LATER)
    assert not runs.is_given_up(one, NOON)
    assert runs.is_given_up(one, LATER)
    assert runs.due([one], LATER) == ("facts",)
    assert not runs.failed(FACTS, "LLM_ERROR").is_given_up(one, LATER)
    assert not runs.succeeded("facts").is_given_up(one, LATER)
    over = runs.given_up(one)
    assert over.of("facts") == AgentRun(
        "facts", AgentStatus.FAILED, run=2, failures=1, error=LOST, lost=2
    )
    assert over.failed_required([one]) == ("facts",)
    assert over.due([one], LATER) == ()
    assert over.again("facts").of("facts") == AgentRun("facts", run=2)


def test_the_next_stage_waits_until_the_first_is_finished() -> None:
    """Whoever is still running is waited for."""
    assert FIRST.due(AGENTS, NOON) == ()
    assert FIRST.succeeded("style").due(AGENTS, NOON) == ("text",)


def test_who_is_not_required_may_fail() -> None:
    """The others go on without it."""
    failed = FIRST.failed(STYLE, "LLM_ERROR")
    assert failed.of("style") == AgentRun(
        "style", AgentStatus.FAILED, run=1, failures=1, error="LLM_ERROR"
    )
    assert failed.failed_required(AGENTS) == ()
    assert failed.due(AGENTS, NOON) == ("text",)
    assert failed.begun("text", LATER).succeeded("text").is_finished(AGENTS)


def test_who_is_required_is_waited_for_even_when_it_has_failed() -> None:
    """After its last attempt nothing is due until it is asked for anew."""
    runs = NEW.begun("facts", LATER).failed(FACTS, "LLM_TIMEOUT")
    assert runs.of("facts").status is AgentStatus.WAITING
    assert runs.due(AGENTS, NOON) == ("facts", "style")
    runs = runs.begun("facts", LATER).failed(FACTS, "LLM_ERROR").begun("style", LATER)
    runs = runs.succeeded("style")
    assert runs.failed_required(AGENTS) == ("facts",)
    assert runs.due(AGENTS, NOON) == ()
    assert not runs.is_finished(AGENTS)
    again = runs.again("facts")
    assert again.of("facts") == AgentRun("facts", run=2)
    assert again.due(AGENTS, NOON) == ("facts",)
    assert again.failed_required(AGENTS) == ()


def test_after_a_failure_it_may_have_to_wait() -> None:
    """Until the provider wants to be asked again; what has failed for good waits for nothing."""
    runs = NEW.begun("facts", LATER).failed(FACTS, "LLM_ERROR", until=LATER)
    assert runs.of("facts") == AgentRun("facts", run=1, failures=1, until=LATER, error="LLM_ERROR")
    assert runs.due(AGENTS, NOON) == ("style",)
    assert runs.due(AGENTS, LATER) == ("facts", "style")
    assert runs.again("facts").due(AGENTS, NOON) == ("facts", "style")
    over = runs.begun("facts", LATER).failed(FACTS, "LLM_ERROR", until=LATER)
    assert over.of("facts").until is None


def test_a_success_ends_it_and_is_counted() -> None:
    """What went wrong before is of no account any more, except its count."""
    runs = NEW.begun("facts", LATER).failed(FACTS, "LLM_ERROR").begun("facts", LATER)
    assert runs.succeeded("facts").of("facts") == AgentRun(
        "facts", AgentStatus.SUCCEEDED, run=2, failures=1, successes=1
    )


def test_an_agent_asked_for_anew_keeps_its_counts_and_the_others() -> None:
    """A late answer of an earlier run is still known for what it is."""
    again = FIRST.again("facts")
    assert again.of("facts") == AgentRun("facts", run=1, successes=1)
    assert again.of("style") == FIRST.of("style")
    assert again.due(AGENTS, NOON) == ("facts",)


def test_all_can_be_asked_for_anew() -> None:
    """Each one keeps its counts."""
    waiting = FIRST.waiting(AGENTS)
    assert [run.status for run in waiting.runs] == [AgentStatus.WAITING] * 3
    assert [run.agent for run in waiting.runs] == ["facts", "style", "text"]
    assert [run.run for run in waiting.runs] == [1, 1, 0]


@frozen
class Deed:
    """Something that becomes of an agent."""

    agent: Agent[Any]
    what: str


DEEDS: Final = st.lists(
    st.builds(
        Deed,
        st.sampled_from(AGENTS),
        st.sampled_from(["begin", "lose", "succeed", "fail", "again"]),
    ),
    max_size=25,
)


def after(runs: AgentRuns, deed: Deed) -> AgentRuns:
    """Return the runs after what may become of an agent; what may not changes nothing."""
    name = deed.agent.name
    running = runs.of(name).status is AgentStatus.RUNNING
    if deed.what == "begin" and name in runs.due(AGENTS, NOON):
        return runs.begun(name, LATER)
    if deed.what == "lose" and name in runs.due(AGENTS, LATER) and running:
        given_up = runs.is_given_up(deed.agent, LATER)
        return runs.given_up(deed.agent) if given_up else runs.begun(name, LATER)
    if deed.what == "succeed" and running:
        return runs.succeeded(name)
    if deed.what == "fail" and running:
        return runs.failed(deed.agent, "LLM_ERROR")
    if deed.what == "again" and not running:
        return runs.again(name)
    return runs


@given(DEEDS)
def test_whatever_happens_the_counts_and_stages_agree(deeds: list[Deed]) -> None:
    """No stage begins before the one before it is finished, and no count goes back."""
    runs = NEW
    for deed in deeds:
        before, runs = runs, after(runs, deed)
        for declared in AGENTS:
            old, new = before.of(declared.name), runs.of(declared.name)
            assert (new.run, new.successes) >= (old.run, old.successes)
            assert new.successes <= new.run
            assert new.failures <= declared.attempts
            assert new.lost <= min(declared.losses, new.run)
            assert (new.until is not None) is (new.status is AgentStatus.RUNNING)
            if old.status is AgentStatus.SUCCEEDED:
                assert new.status in {AgentStatus.SUCCEEDED, AgentStatus.WAITING}
        due = runs.due(AGENTS, NOON)
        assert len({declared.stage for declared in AGENTS if declared.name in due}) <= 1
        if "text" in due:
            assert runs.is_finished([FACTS, STYLE])
        if runs.is_finished(AGENTS):
            assert due == ()
        elif not runs.failed_required(AGENTS):
            # Nobody can be stuck: in the end all that is not finished may be begun.
            assert runs.due(AGENTS, LATER)
        assert from_plain(to_json(runs), AgentRuns) == runs
