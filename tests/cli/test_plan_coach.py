"""The conversation of ``demo plan`` (`coachwork.cli._plan_coach`)."""

from __future__ import annotations

import pytest

from coachwork.actions import ActionStatus
from coachwork.adapters import Memory, ScriptedAgents, ScriptedModel
from coachwork.cli import _plan_coach
from coachwork.cli._plan_coach import AFTER, BEFORE, BUSINESS_PLAN, answer, write
from coachwork.cli._playing import play
from coachwork.coach import Coach
from coachwork.programs.plan import PLAN


def test_the_coach_goes_all_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends when the plan is completed; an assessment that is garbage counts as a failed one."""
    monkeypatch.setattr(_plan_coach, "THINKING", 0)
    coach = Coach(
        Memory(), ScriptedModel(answer), topics=[BUSINESS_PLAN], sub_agents=ScriptedAgents(write)
    )
    awa = coach.as_user("awa")
    chat = awa.start(BUSINESS_PLAN)
    play(chat, BEFORE)
    assert awa.program(PLAN, chat.session_id).phase == "SUB_AGENTS_RUNNING"
    view = chat.run_agents()
    assert (view.phase, view.succeeded, view.failed) == ("BRIEF_READY", 5, 0)
    assert [agent.name for agent in view.agents if agent.run == 2] == ["finance"]
    assert chat.get().status == "active"
    play(chat, AFTER)
    assert chat.get().status == "completed"
    plan = awa.program(PLAN, chat.session_id).state
    assert (plan.status, plan.retry_count, plan.brief_version) == ("COMPLETED", 2, 1)
    refused = [a for a in awa.actions(PLAN).actions if a.status is ActionStatus.REFUSED]
    assert [(action.type, str(action.code)) for action in refused] == [
        ("assess_answer", "BAD_PARAMETERS")
    ]
