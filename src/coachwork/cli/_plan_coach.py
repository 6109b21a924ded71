"""The conversation of ``demo plan``: what Awa says and presses, a coach and agents with a script.

What they answer depends only on the turn and on the run, so that everything is the same each time.
"""

from __future__ import annotations

import json
import time
from typing import Final

from coachwork.cli._playing import Click, Press, Said
from coachwork.errors import LLMTimeoutError
from coachwork.plain import JSON
from coachwork.ports import AgentAsk, Ask
from coachwork.programs.plan import PLAN, SectionText, Step
from coachwork.topics import Topic

BUSINESS_PLAN: Final = Topic(
    id="business_plan",
    title="Your business plan",
    system="You are a warm, brief coach, who helps people to found a business.",
    initiation="Greet the person and ask for the vision of the business.",
    program=PLAN,
    finish_first=True,
)
"""What the demo's conversation is about."""

BEFORE: Final[tuple[Said, ...]] = (
    "A bakery.",
    "In five years every street of Thiès wakes up to bread from millet that grew around it.",
    "To make good bread of what our farmers grow, so that they can live from it.",
    "Families on their way to school, some three hundred, and two hotels.",
    Click("ask_for_help", {"kind": "proposals"}),
    "I do not know what makes us different.",
    Press("proposals", 1),
    "That one says it. Nobody else here bakes with millet.",
    "Three breads each morning from 150 francs on, and a sweet one on Fridays.",
    "Millet bread from around Thiès, fresh each morning, for families and hotels.",
    Click("start_agents"),
)
"""What Awa says and presses until the agents are to write, in order."""

AFTER: Final[tuple[Said, ...]] = ("It is as I meant it.",)
"""What she says of the brief."""

THINKING: Final = 0.3
"""Seconds that an agent takes."""

_Action = tuple[str, dict[str, JSON]]


def _enough(step: Step, confidence: float, response: str = "") -> _Action:
    """Return the assessment of an answer that tells all that its *step* needs."""
    return "assess_answer", {
        "step": step.value,
        "complete": True,
        "confidence": confidence,
        "response": response,
        "feedback": "That will carry.",
    }


_TOO_LITTLE: Final[_Action] = (
    "assess_answer",
    {
        "step": "vision",
        "complete": False,
        "confidence": 0.2,
        "response": "A bakery.",
        "feedback": "There are many bakeries.",
        "clarifying_question": "What will be different in five years because of yours?",
    },
)

_BROKEN: Final[_Action] = (
    "assess_answer",
    {"step": "clientele", "complete": True, "confidence": 3},
)

_PROPOSALS: Final[_Action] = (
    "give_proposals",
    {
        "step": "differentiation",
        "proposals": [
            "We are the cheapest bakery of the quarter.",
            "We bake with millet from the fields around Thiès, and name the farmer on each loaf.",
        ],
    },
)

_CONTEXT: Final[_Action] = (
    "set_context",
    {
        "cultural": {"country": "Senegal", "town": "Thiès"},
        "sector": {"sector": "bakery", "competition": "high"},
    },
)

_SCRIPT: Final[tuple[tuple[str, tuple[_Action, ...]], ...]] = (
    ("Hello Awa. What is your vision?", (_CONTEXT, ("start_coaching", {}))),
    ("What will be different in five years because of yours?", (_TOO_LITTLE,)),
    (
        "I can smell it. What will you do for that every day?",
        (
            _enough(
                Step.VISION,
                0.9,
                "Every street of Thiès wakes up to bread from millet that grew around it.",
            ),
        ),
    ),
    (
        "That is a reason to get up at three. Who will buy it?",
        (
            _enough(
                Step.MISSION,
                0.85,
                "Good bread of what our farmers grow, so that they can live from it.",
            ),
        ),
    ),
    (
        "And why from you, and from nobody else?",
        (
            _BROKEN,
            _enough(
                Step.CLIENTELE, 0.8, "Some three hundred families with children, and two hotels."
            ),
        ),
    ),
    ("Here are two ways to say it. Is one of them yours?", (_PROPOSALS,)),
    ("What do you sell, and at what price?", (_enough(Step.DIFFERENTIATION, 0.75),)),
    (
        "Now say all of it in one sentence.",
        (
            _enough(
                Step.OFFRE,
                0.8,
                "Three breads from 150 francs on, each morning; a sweet one on Fridays.",
            ),
        ),
    ),
    (
        "Then others will write now what a bank wants to read.",
        (
            _enough(
                Step.SYNTHESIS,
                0.9,
                "Millet bread from around Thiès, each morning, for families and hotels.",
            ),
        ),
    ),
    ("Go well, Awa, and keep me a loaf.", (("accept_brief", {}),)),
)

_SECTIONS: Final[dict[str, SectionText]] = {
    "market": SectionText("Bread in Thiès", "300,000 people, and most flour comes by ship."),
    "customers": SectionText("Who buys", "- at six: children and their mothers\n- at five: hotels"),
    "competition": SectionText("Other bakeries", "Eleven of them, none of which knows a farmer."),
    "finance": SectionText("Even in the second year", "With 900 loaves a day, at 60 francs each."),
    "risks": SectionText("A bad harvest", "Store millet for four months."),
}


def answer(ask: Ask) -> str:
    """Return what the coach answers to *ask*, with what it wants to be done."""
    message, actions = _SCRIPT[ask.turn]
    named = [{"type": name, "parameters": parameters} for name, parameters in actions]
    final = ask.turn == len(_SCRIPT) - 1
    return json.dumps({"message": message, "is_final": final, "actions": named})


def write(ask: AgentAsk) -> SectionText:
    """Return what an agent writes; who estimates the finances has no answer at first.

    Raises:
        LLMTimeoutError: It took too long.
    """
    time.sleep(THINKING)
    if ask.agent == "finance" and ask.run == 1:
        raise LLMTimeoutError("it took too long")
    return _SECTIONS[ask.agent]
