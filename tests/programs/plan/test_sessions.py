"""A plan in a session: what is said, clicked and written, as it is stored and told again."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any, Final

import pytest
from attrs import frozen

from coachwork.actions import ActionStatus, Sender
from coachwork.adapters import Memory, ScriptedAgents, ScriptedModel
from coachwork.coach import Chat, Coach
from coachwork.errors import LLMError
from coachwork.plain import JSON
from coachwork.ports import Ask
from coachwork.programs import MAX_ACTIONS, rebuild
from coachwork.programs.plan import (
    PLAN,
    PlanStatus,
    SectionText,
    Step,
    brief_of,
    markdown,
)
from coachwork.records import PROGRESS
from coachwork.testing import violations
from coachwork.topics import Topic
from coachwork.workflows import (
    Acted,
    ProgramView,
    Turn,
    act,
    program_state,
    run_agent,
    send,
    start,
    timeline,
)
from tests.faults import ADA, World
from tests.programs.plan.plans import AGENTS
from tests.programs.plan.test_invariants import malformed

TOPIC: Final = Topic(id="plan", system="Listen.", program=PLAN)
DUTIFUL: Final[dict[str, list[object]]] = {
    name: [SectionText(f"On {name}", f"# {name}")] for name in AGENTS
}


def reply(*actions: object) -> str:
    """Return a reply that asks for *actions*."""
    return json.dumps({"message": "Well.", "is_final": False, "actions": [*actions]})


def asks(name: str, /, **parameters: JSON) -> dict[str, JSON]:
    """Return an action as a reply asks for it."""
    return {"type": name, "parameters": parameters}


def enough(step: Step) -> dict[str, JSON]:
    """Return the assessment of an answer that will do."""
    return asks(
        "assess_answer", step=step.value, complete=True, confidence=0.9, response=f"My {step}."
    )


@frozen
class Told:
    """A session that works on a plan."""

    world: World
    session: str

    @classmethod
    def begun(cls, replies: Sequence[str], agents: ScriptedAgents | None = None) -> Told:
        """Begin a session; its coach says *replies*."""
        world = World([TOPIC], [*replies], sub_agents=agents)
        return cls(world, world.run(start(world.setup, ADA, TOPIC)).session.id)

    def say(self, text: str = "Hello.") -> Turn[Any]:
        """Send a message."""
        return self.world.run(send(self.world.setup, ADA, TOPIC, self.session, text))

    def click(self, action: str, message: int, **parameters: JSON) -> Acted[Any]:
        """Press a button that stood at a message."""
        setup = self.world.setup
        return self.world.run(
            act(setup, ADA, TOPIC, self.session, action, parameters, message=message)
        )

    def work(self) -> int:
        """Let agents work until none is due; return how often one was begun."""
        count = 0
        setup = self.world.setup
        while self.world.run(run_agent(setup, ADA, TOPIC, self.session)) is not None:
            count += 1
        return count

    def view(self) -> ProgramView[Any]:
        """Return how the plan is."""
        setup = self.world.setup
        return self.world.run(program_state(setup, ADA, PLAN, session_id=self.session))

    def check(self) -> None:
        """Make sure that the log leads to what is stored, and all agrees with it."""
        assert violations(self.world.records(), now=self.world.clock.time) == []
        (progress,) = self.world.stored(PROGRESS.name)
        audits = sorted(self.world.stored("audit"), key=lambda audit: audit.number)
        assert rebuild(PLAN, progress, audits) == self.view().state


def test_a_plan_is_worked_on_written_and_accepted() -> None:
    """By replies, clicks and agents; the timeline tells all of it in its order."""
    agents = ScriptedAgents({**DUTIFUL, "market": [LLMError("busy"), *DUTIFUL["market"]]})
    told = Told.begun(
        [
            reply(asks("start_coaching")),
            reply(asks("give_proposals", step="vision", proposals=["A place for all."])),
            reply(asks("assess_answer", step="vision", complete=False, confidence=0.2)),
            reply(asks("assess_answer", step="vision", complete=True, confidence=0.8)),
            reply(*map(enough, [*Step][1:])),
            reply(),
        ],
        agents,
    )
    told.say("I am ready.")
    shown = told.say("What could it be?").message
    (component,) = shown.components
    button = component.buttons[0]
    told.click(button.action, shown.sequence, **button.parameters)
    for text in ("Is that enough?", "I think it is.", "And so on."):
        told.say(text)
    view = told.view()
    assert (view.phase, view.state.retry_count) == (PlanStatus.COACHING_COMPLETE, 1)
    assert view.state.steps[0].response == "A place for all."
    assert view.state.conversation[0] == f"{told.session}.1"
    last = told.say("Write it.").message.sequence
    told.click("start_agents", last)
    assert told.work() == 6
    ready = told.view()
    assert (ready.phase, ready.state.brief_version) == (PlanStatus.BRIEF_READY, 1)
    assert "A place for all." in agents.asked[0].prompt
    told.click("accept_brief", last)
    done = told.view()
    assert done.phase == PlanStatus.COMPLETED
    assert "## On finance\n\n#### finance\n" in markdown(brief_of(done.state))
    told.check()
    setup = told.world.setup
    entries = told.world.run(timeline(setup, ADA, TOPIC, told.session)).entries
    assert entries[-1].phase == PlanStatus.COMPLETED


def test_a_section_is_written_anew_and_a_changed_answer_has_all_written_anew() -> None:
    """As often as somebody asks for it, and never else."""
    agents = ScriptedAgents({name: [*texts] * 3 for name, texts in DUTIFUL.items()})
    told = Told.begun(
        [reply(asks("start_coaching"), *map(enough, Step)), reply(enough(Step.SYNTHESIS))], agents
    )
    told.say()
    told.click("start_agents", 2)
    assert told.work() == 5
    told.click("run_agent_again", 2, agent="risks")
    assert told.work() == 1
    assert told.view().state.brief_version == 2
    told.click("edit_answer", 2, step="synthesis", response="Something else.")
    assert told.work() == 0
    told.say()
    told.click("start_agents", 2)
    assert told.work() == 5
    state = told.view().state
    assert (state.status, state.brief_version) == (PlanStatus.BRIEF_READY, 3)
    assert [run.successes for run in state.runs.runs] == [2, 2, 2, 2, 3]
    told.check()


def test_a_section_that_cannot_be_written_anew_stands() -> None:
    """What is stored agrees with the log, and the brief can be accepted."""
    failing = [LLMError("busy")] * 3
    agents = ScriptedAgents({**DUTIFUL, "market": [*DUTIFUL["market"], *failing]})
    told = Told.begun([reply(asks("start_coaching"), *map(enough, Step))], agents)
    told.say()
    told.click("start_agents", 2)
    assert told.work() == 5
    told.click("run_agent_again", 2, agent="market")
    assert told.work() == 3
    state = told.view().state
    assert (state.status, state.brief_version) == (PlanStatus.BRIEF_READY, 1)
    assert state.section("market").body == "# market"
    told.click("accept_brief", 2)
    assert told.view().phase == PlanStatus.COMPLETED
    told.check()


@pytest.mark.parametrize(
    "action, parameters, step, answer",
    [
        ("edit_answer", {"step": "vision", "response": "Better."}, Step.VISION, "Better."),
        (
            "set_order",
            {"order": ["offre", "vision", *[*Step][1:4], "synthesis"]},
            Step.OFFRE,
            "My vision.",
        ),
    ],
)
def test_a_click_while_the_coach_thinks_lets_no_answer_land_in_another_step(
    action: str, parameters: dict[str, JSON], step: Step, answer: str
) -> None:
    """The reply is judged again after the click: what it says of an answer is refused then."""

    def think(ask: Ask) -> str:
        if ask.turn == 1:
            return reply(asks("start_coaching"), enough(Step.VISION))
        chat.act(action, parameters, message=2)
        return reply(enough(Step.MISSION))

    ada = Coach(Memory(), ScriptedModel(think), topics=[TOPIC]).as_user("ada")
    chat: Chat[Any] = ada.start(TOPIC)
    chat.send("To feed Dakar.")
    chat.send("To cook each day.")
    state = ada.program(PLAN, chat.session_id).state
    assert (state.current_step, state.retry_count) == (step, 0)
    assert [one.response for one in state.steps if one.response] == [answer]


def test_malformed_actions_break_no_session() -> None:
    """Each is recorded as refused, and each reply stands; then a right one is applied."""
    chance = random.Random(1)
    told = Told.begun([reply(asks("start_coaching"))])
    told.say()
    count = 0
    for _ in range(10):
        batch: list[object] = [7, "fly", None]
        for action in (action for _ in range(4) for action in malformed(chance)):
            text = json.dumps(action)
            is_text = not any(bad in text for bad in ("\\ud800", "\\u0000", "NaN"))
            if is_text and len(batch) < MAX_ACTIONS and len(text) < 2000:
                batch.append(action)
        told.world.script.append(reply(*batch))
        assert told.say().message.text == "Well."
        count += len(batch)
    audits = [audit for audit in told.world.stored("audit") if audit.number > 1]
    actions = [action for audit in audits for action in audit.actions]
    unfit = [one for one in actions if one.status is ActionStatus.APPLIED]
    assert all(one.type == "assess_answer" for one in unfit)
    assert len(actions) == count
    assert {audit.sender for audit in audits} == {Sender.COACH}
    told.check()
    told.world.script.append(reply(enough(told.view().state.current_step)))
    before = told.view().state.current_step
    told.say()
    assert told.view().state.step_completion[before]
