"""A business plan for a restaurant in Dakar, from a vision to a brief that agents write.

The coach and the agents follow a script, so the program needs no network. One answer does not tell
enough and stays on its step; one agent fails, is asked again alone, and the brief becomes another
version. Run it with ``python examples/business_plan.py``.
"""

import json

from coachwork import Coach, LLMTimeoutError, Memory, Topic
from coachwork.adapters import ScriptedAgents, ScriptedModel
from coachwork.plain import JSON
from coachwork.programs.plan import PLAN, SectionText, Step, brief_of, markdown
from coachwork.workflows import AgentsView

BUSINESS_PLAN = Topic(
    id="business_plan",
    title="Your business plan",
    system="You coach people who found a business. Ask for one thing at a time.",
    initiation="Greet {name}, and ask for the vision of the business.",
    program=PLAN,
)

ORDER = [
    Step.VISION,
    Step.MISSION,
    Step.DIFFERENTIATION,
    Step.OFFRE,
    Step.CLIENTELE,
    Step.SYNTHESIS,
]
"""The offer comes before the customers: Awa knows what she cooks, and not yet for whom."""


def says(message: str, *actions: tuple[str, dict[str, JSON]]) -> str:
    """Return a reply as a model writes it."""
    named = [{"type": name, "parameters": parameters} for name, parameters in actions]
    return json.dumps({"message": message, "is_final": False, "actions": named})


def enough(step: Step, response: str, confidence: float) -> tuple[str, dict[str, JSON]]:
    """Return the assessment of an answer that tells all that its *step* needs."""
    parameters: dict[str, JSON] = {
        "step": step.value,
        "complete": True,
        "confidence": confidence,
        "response": response,
        "feedback": "That will carry.",
    }
    return "assess_answer", parameters


TOO_LITTLE: tuple[str, dict[str, JSON]] = (
    "assess_answer",
    {
        "step": "vision",
        "complete": False,
        "confidence": 0.3,
        "response": "A good restaurant.",
        "feedback": "That could be any restaurant.",
        "clarifying_question": "What will people say of it in five years?",
        "examples": ["The place where fishermen and bankers share a table."],
    },
)

TALK = [
    "A good restaurant.",
    "The place in Dakar where people eat thieboudienne as their grandmothers cooked it.",
    "To keep the recipes alive, and to pay the women who know them.",
    "We cook with the fish of the morning, bought from the boats of Soumbedioune.",
    "Lunch for 2,500 francs, five dishes, one of them new each week.",
    "People who work downtown and come every day, and families on Sundays.",
    "Old recipes, fish of the morning, a fair price: lunch as at home, downtown.",
]
"""What Awa says."""

SCRIPT = [
    says(
        "Hello Awa. What is your vision?",
        (
            "set_context",
            {
                "cultural": {"country": "Senegal", "region": "Dakar"},
                "sector": {"sector": "restaurant", "competition": "high"},
            },
        ),
        ("set_order", {"order": [step.value for step in ORDER]}),
        ("start_coaching", {}),
    ),
    says("What will people say of it in five years?", TOO_LITTLE),
    says("I can taste it. Whom does it serve that it exists?", enough(Step.VISION, TALK[1], 0.9)),
    says("And what does nobody else do?", enough(Step.MISSION, TALK[2], 0.85)),
    says("What do you offer, and at what price?", enough(Step.DIFFERENTIATION, TALK[3], 0.8)),
    says("Who comes?", enough(Step.OFFRE, TALK[4], 0.75)),
    says("Say it all in one sentence.", enough(Step.CLIENTELE, TALK[5], 0.7)),
    says("Then let the others write.", enough(Step.SYNTHESIS, TALK[6], 0.8)),
]

SECTIONS = {
    "market": SectionText("Lunch downtown", "Some 40,000 people work within ten minutes."),
    "customers": SectionText("Who comes", "- on weekdays: clerks\n- on Sundays: families"),
    "competition": SectionText("Who else cooks", "Fast food is cheaper, and nobody's grandmother."),
    "finance": SectionText("Even after a year", "With 60 lunches a day from the eighth month on."),
    "risks": SectionText("What could go wrong", "Fish becomes dear in the rains: cook what is."),
}
"""What the agents write."""

AGENTS = ScriptedAgents(
    {
        # Finance answers at its second attempt; the risks use theirs up, and come when asked again.
        "finance": [LLMTimeoutError("took too long"), SECTIONS["finance"]],
        "risks": [LLMTimeoutError("took too long")] * 3 + [SECTIONS["risks"]],
        **{name: [SECTIONS[name]] for name in ("market", "customers", "competition")},
    }
)


def show(view: AgentsView) -> None:
    """Print how far the agents are."""
    for agent in view.agents:
        failed = f", {agent.failures} attempts failed" if agent.failures else ""
        print(f"   stage {agent.stage}  {agent.name:12} {agent.status}{failed}")
    print(f"-- {view.phase}")


def main() -> None:
    """Coach Awa, let the agents write, and print the brief."""
    with Coach(Memory(), ScriptedModel(SCRIPT), topics=[BUSINESS_PLAN], sub_agents=AGENTS) as coach:
        awa = coach.as_user("awa")
        chat = awa.start(BUSINESS_PLAN, context={"name": "Awa"})
        message = chat.greeting
        print(f"Coach: {message.text}")
        for text in TALK:
            message = chat.send(text).message
            plan = awa.program(PLAN, chat.session_id).state
            print(f"Awa:   {text}\nCoach: {message.text}")
            print(f"-- {plan.status}, {plan.current_step}, {plan.coaching_confidence:.2f}")

        chat.act("start_agents", message=message.sequence)
        show(chat.run_agents())

        chat.act("run_agent_again", {"agent": "risks"}, message=message.sequence)
        show(chat.run_agents())

        plan = awa.program(PLAN, chat.session_id).state
        chat.act("accept_brief", message=message.sequence)
        print(markdown(brief_of(plan)))


if __name__ == "__main__":
    main()
