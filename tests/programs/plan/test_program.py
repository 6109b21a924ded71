"""The plan program: its catalogue, what an application may choose, and a journey through it."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

import pytest
from jsonschema import Draft202012Validator

import coachwork.programs
from coachwork.actions import Sender
from coachwork.errors import ValidationError
from coachwork.plain import JSON, to_json
from coachwork.programs import (
    ActionType,
    Agent,
    Progress,
    Scope,
    action_schema,
    begun,
    carry_out,
    read_state,
    told,
)
from coachwork.programs.plan import (
    PLAN,
    AtLimit,
    CoachingPlan,
    PlanPolicy,
    PlanStatus,
    SectionText,
    Step,
    brief_of,
    markdown,
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
    RUNNING,
    plan,
)
from tests.specimens import NOON

SOURCE: Final = Path(coachwork.programs.__file__).parent / "plan"

TALK: Final = (IN_PROGRESS,)
WRITING: Final = (RUNNING, BRIEF_READY)

CATALOGUE: Final[dict[str, tuple[str, tuple[PlanStatus, ...]]]] = {
    "start_coaching": ("both", (INITIALIZED,)),
    "set_order": ("both", (INITIALIZED, IN_PROGRESS)),
    "set_context": ("both", (INITIALIZED, IN_PROGRESS, COACHING_COMPLETE)),
    "assess_answer": ("coach", TALK),
    "ask_for_help": ("user", TALK),
    "withdraw_help": ("user", TALK),
    "give_guiding_questions": ("coach", TALK),
    "give_reformulation": ("coach", TALK),
    "give_proposals": ("coach", TALK),
    "use_text": ("user", TALK),
    "edit_answer": ("both", (IN_PROGRESS, COACHING_COMPLETE, BRIEF_READY)),
    "start_agents": ("both", (COACHING_COMPLETE,)),
    "accept_brief": ("both", (BRIEF_READY,)),
    "give_up": ("user", (COACHING_COMPLETE, RUNNING)),
    "begin_agent": ("agent", WRITING),
    "finish_agent": ("agent", WRITING),
    "fail_agent": ("agent", WRITING),
    "run_agent_again": ("user", WRITING),
}
"""Who may do what, and where, copied by hand."""


def test_the_catalogue_is_as_it_should_be() -> None:
    """Who may do what, and in which phases; nothing is allowed at the ends."""
    found = {
        action.name: (
            action.by,
            tuple(status for status in PlanStatus if PLAN.is_allowed(action, plan(status))),
        )
        for action in PLAN.actions
    }
    assert found == CATALOGUE
    assert PLAN.scope is Scope.SESSION
    assert PLAN.is_finished(plan(COMPLETED))
    assert PLAN.is_finished(plan(FAILED))


@pytest.mark.parametrize("action", PLAN.actions, ids=lambda action: action.name)
def test_each_action_tells_what_it_does_and_what_its_fields_are(
    action: ActionType[CoachingPlan, Any],
) -> None:
    """A model that reads no code has to know."""
    assert action.description[0].isupper()
    for one in action.parameters.__attrs_attrs__:
        assert f" {one.name}: " in action.description


@pytest.mark.parametrize("status", PlanStatus)
def test_the_schema_of_each_phase_is_sound(status: PlanStatus) -> None:
    """A provider takes it, and the model is told of each of its actions."""
    state = plan(status)
    allowed = PLAN.allowed(state, Sender.COACH)
    cast("Any", Draft202012Validator).check_schema(action_schema(allowed))
    assert all(f"\n- {action.name}: " in told(PLAN, state) for action in allowed)


def test_it_begins_with_its_order_and_its_agents() -> None:
    """Nothing is answered or written, and everything that is to come is known."""
    state = begun(PLAN, "seed", NOON)
    assert (state.status, state.current_step) == (INITIALIZED, Step.VISION)
    assert state.coaching_plan == tuple(Step)
    assert state.step_completion == dict.fromkeys(Step, False)
    assert (state.coaching_confidence, state.retry_count, state.brief_version) == (0, 0, 0)
    assert [run.agent for run in state.runs.runs] == [*AGENTS]
    assert state.required == ("market", "customers", "competition", "finance")
    assert state.last_at == state.updated_at == NOON
    assert state.coaching_duration == timedelta(0)


def test_it_is_written_with_public_parts_alone() -> None:
    """What stands here could stand in an application: no private module of another room."""
    imported = {
        f"{path.name}: {node.module}"
        for path in SOURCE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    assert "_program.py: coachwork.programs" in imported
    private = {line for line in imported if "._" in line}
    assert all(": coachwork.programs.plan._" in line for line in private), private


# --- what an application chooses -------------------------------------------------------------


def test_an_application_chooses() -> None:
    """Id, order, policy and agents; each plan keeps the policy."""
    policy = PlanPolicy(subset=True, retries=1, at_limit=AtLimit.FAIL)
    team = section_agent("team", "Who does what?")
    program = plan_program(
        id="small", version=3, order=[Step.OFFRE, Step.VISION], policy=policy, agents=[team]
    )
    assert (program.id, program.version, program.agents) == ("small", 3, (team,))
    state = begun(program, "seed", NOON)
    assert (state.policy, state.coaching_plan) == (policy, (Step.OFFRE, Step.VISION))
    assert (state.current_step, state.required) == (Step.OFFRE, ("team",))


def test_an_older_version_is_read_as_it_is() -> None:
    """With the order and policy that it began with."""
    state = begun(PLAN, "seed", NOON)

    progress = Progress(
        tenant="acme",
        user="ada",
        program="plan",
        version=1,
        subject="s-1",
        phase=state.status,
        state=cast("dict[str, JSON]", to_json(state)),
        audits=0,
        begun="seed",
        begun_at=NOON,
        updated_at=NOON,
    )
    newer = plan_program(version=2, policy=PlanPolicy(retries=9))
    assert read_state(newer, progress) == state


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"id": ""}, "program.id: "),
        ({"id": 5}, "program.id: "),
        ({"version": 0}, "version: expected a whole number from 1 on"),
        ({"version": "1"}, "version: expected a whole number from 1 on"),
        ({"version": 2.0}, "version: expected a whole number from 1 on"),
        ({"version": True}, "version: expected a whole number from 1 on"),
        ({"policy": "x"}, "policy: expected a PlanPolicy or None"),
        ({"policy": PlanPolicy}, "policy: expected a PlanPolicy or None"),
        ({"order": None}, "order: expected Steps"),
        ({"order": 5}, "order: expected Steps"),
        ({"order": "vision"}, "order: expected Steps"),
        ({"order": [[]]}, "order: expected Steps"),
        ({"order": []}, r"order: expected an order of steps \(an order has at least one step\)"),
        ({"order": [Step.VISION]}, r"order: expected an order of steps \(missing: mission"),
        ({"order": ["fly"]}, "order: expected Steps"),
        ({"agents": [7]}, "agents: expected Agents"),
        ({"agents": None}, "agents: expected Agents"),
        ({"agents": 5}, "agents: expected Agents"),
        ({"agents": [7] * 9}, "agents: expected at most 8 agents"),
        (
            {"agents": [section_agent(f"a{number}", "Write.") for number in range(9)]},
            "agents: expected at most 8 agents",
        ),
        (
            {"agents": [Agent(name="odd", prompt=str, result=Step)]},
            "agents: expected agents that answer SectionText, as odd",
        ),
        (
            {"agents": [section_agent("vision", "Write.")]},
            "agents: expected other names than steps have, as vision",
        ),
        ({"agents": [section_agent("a", "Write.")] * 2}, "program.agents: expected agents with"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(fields: dict[str, Any], why: str) -> None:
    """The error names the field."""
    with pytest.raises(ValidationError, match=f"^{why}"):
        plan_program(**fields)


def test_as_many_agents_as_may_be() -> None:
    """Each answers a section."""
    agents = [section_agent(f"a{number}", "Write.") for number in range(8)]
    assert len(plan_program(agents=agents).agents) == 8
    assert all(agent.result is SectionText for agent in agents)


# --- a journey -------------------------------------------------------------------------------

_Turn = tuple[Sender, list[tuple[str, dict[str, JSON]]]]


def answer(step: str, confidence: float = 0.9) -> tuple[str, dict[str, JSON]]:
    """Return the assessment of an answer that will do."""
    return "assess_answer", {
        "step": step,
        "complete": True,
        "confidence": confidence,
        "response": f"About {step}.",
    }


def wrote(agent: str, run: int = 1) -> list[_Turn]:
    """Return what becomes of an agent that writes its section."""
    until = (NOON + timedelta(hours=2)).isoformat()
    result: JSON = {"title": agent.title(), "body": f"# {agent}\n\n* one"}
    return [
        (Sender.AGENT, [("begin_agent", {"agent": agent, "run": run, "until": until})]),
        (Sender.AGENT, [("finish_agent", {"agent": agent, "run": run, "result": result})]),
    ]


def test_a_whole_journey() -> None:
    """A restaurant in Dakar: another order, an answer that will not do, help, and the brief."""
    order = ["vision", "mission", "differentiation", "offre", "clientele", "synthesis"]
    weak: dict[str, JSON] = {"step": "vision", "complete": False, "confidence": 0.3}
    proposals: dict[str, JSON] = {
        "step": "vision",
        "proposals": ["The best thieboudienne of Dakar."],
    }
    failed: dict[str, JSON] = {"agent": "market", "run": 1, "code": "LLM_TIMEOUT"}
    until = (NOON + timedelta(hours=2)).isoformat()
    turns: list[_Turn] = [
        (
            Sender.COACH,
            [
                ("set_context", {"cultural": {"country": "Senegal", "region": "Dakar"}}),
                ("set_context", {"sector": {"sector": "restaurant"}}),
                ("set_order", {"order": [*order]}),
                ("start_coaching", {}),
            ],
        ),
        (
            Sender.COACH,
            [("assess_answer", {**weak, "response": "Food."})],
        ),
        (Sender.USER, [("ask_for_help", {"kind": "proposals"})]),
        (Sender.COACH, [("give_proposals", proposals)]),
        (
            Sender.USER,
            [("use_text", {"step": "vision", "text": "The best thieboudienne of Dakar."})],
        ),
        (Sender.COACH, [("assess_answer", {**weak, "complete": True, "confidence": 0.8})]),
        *[(Sender.COACH, [answer(step)]) for step in order[1:]],
        (Sender.USER, [("start_agents", {})]),
        (Sender.AGENT, [("begin_agent", {"agent": "market", "run": 1, "until": until})]),
        (Sender.AGENT, [("fail_agent", failed)]),
        *wrote("customers"),
        *wrote("market", 2),
        *wrote("competition"),
        *wrote("risks"),
        *wrote("finance"),
        (Sender.USER, [("run_agent_again", {"agent": "risks"})]),
        *wrote("risks", 2),
        (Sender.USER, [("accept_brief", {})]),
    ]
    state = begun(PLAN, "seed", NOON)
    for number, (sender, actions) in enumerate(turns, 1):
        asked: list[dict[str, JSON]] = [
            {"type": name, "parameters": parameters} for name, parameters in actions
        ]
        now = NOON + timedelta(minutes=number)
        carried = carry_out(PLAN, state, asked, sender, now, f"a-{number}", f"s-1.{number}")
        assert [action.code for action in carried.actions] == [None] * len(actions), carried.actions
        state = carried.state
    assert (state.status, state.retry_count, state.brief_version) == (COMPLETED, 1, 2)
    assert [*state.coaching_plan] == order
    assert state.coaching_confidence == pytest.approx((0.8 + 5 * 0.9) / 6)
    assert state.coaching_duration == timedelta(minutes=len(turns))
    assert state.steps[0].response == "The best thieboudienne of Dakar."
    assert state.steps[0].duration == timedelta(minutes=5)
    brief = brief_of(state)
    assert brief.completeness == 1
    document = markdown(brief)
    assert "## Vision\n\nThe best thieboudienne of Dakar.\n" in document
    assert "## Risks\n\n#### risks\n\n* one\n" in document
