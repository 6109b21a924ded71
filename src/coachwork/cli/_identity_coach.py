"""The conversation of ``demo identity``: what Ada says and presses, and a coach with a script.

What the coach answers depends only on the turn, so that everything is the same each time.
"""

from __future__ import annotations

import json
from typing import Final

from coachwork.cli._playing import Press, Said
from coachwork.plain import JSON
from coachwork.ports import Ask
from coachwork.programs.identity import IDENTITY, Category
from coachwork.topics import Topic

WHO_YOU_ARE: Final = Topic(
    id="who_you_are",
    title="Who you are",
    system="You are a warm, brief coach, who helps people to find out who they are.",
    initiation="Greet the person and ask your first questions.",
    program=IDENTITY,
    finish_first=True,
)
"""What the demo's conversation is about."""


STEPS: Final[tuple[Said, ...]] = (
    Press("question"),
    "I build things: shelves, toys, a boat once. And I teach two new colleagues.",
    Press("identity_proposal"),
    "They say that I never give up on them. I listen until I know what they miss.",
    "A maker is who I am when nobody looks. A teacher is who I am for others.",
    "Saturdays belong to the workbench. And on Mondays they ask, and I answer.",
)
"""What Ada says and presses, in order."""

_Action = tuple[str, dict[str, JSON]]

_CHOSEN: Final = {Category.PASSIONS, Category.CAREER, Category.STRENGTHS}


def _skipped() -> list[_Action]:
    """Return the actions that leave out all categories but the chosen ones."""
    left = (category for category in Category if category not in _CHOSEN)
    return [("skip_category", {"category": category.value}) for category in left]


_WHAT_YOU_DO: Final = "What do you do when nobody asks anything of you?"

_SCRIPT: Final[tuple[tuple[str, tuple[_Action, ...]], ...]] = (
    (
        f"Hello Ada. {_WHAT_YOU_DO} You need not answer everything that I ask.",
        (
            ("ask_question", {"text": "What are you ashamed of?"}),
            ("ask_question", {"text": _WHAT_YOU_DO}),
        ),
    ),
    (
        "You build, and you teach. Shall we call the first of them the maker?",
        (
            ("create_identity", {"name": "Maker"}),
            ("answer_question", {"question": _WHAT_YOU_DO, "answer": "builds things, and teaches"}),
            ("add_who_you_are", {"texts": ["somebody who builds things"]}),
            ("add_who_you_want_to_be", {"texts": ["somebody who passes on what she knows"]}),
            ("transition_phase", {"to": "IDENTITY_CREATION"}),
            ("create_identity", {"name": "Maker", "note": "a boat once"}),
            ("propose_identity", {"identity": "Maker"}),
        ),
    ),
    (
        "Two more, then: one is a part of the other. The rest we leave for another time.",
        (
            (
                "create_identities",
                {
                    "identities": [
                        {"name": "Patient teacher", "category": "CAREER"},
                        {"name": "Listener", "category": "STRENGTHS"},
                        {"name": "maker", "category": "CREATIVITY"},
                    ]
                },
            ),
            (
                "create_identities",
                {
                    "identities": [
                        {"name": "Patient teacher", "category": "CAREER"},
                        {"name": "Listener", "category": "STRENGTHS"},
                    ]
                },
            ),
            *_skipped(),
            ("nest_identity", {"identity": "Listener", "under": "Patient teacher"}),
            ("transition_phase", {"to": "IDENTITY_REFINEMENT"}),
        ),
    ),
    (
        "That is well said. I keep it in your words. What will you do about them?",
        (
            (
                "refine_identity",
                {"identity": "Maker", "statement": "I make things, also when nobody looks."},
            ),
            (
                "refine_identity",
                {
                    "identity": "Patient teacher",
                    "statement": "I listen until I know what somebody misses.",
                },
            ),
            ("transition_phase", {"to": "INTEGRATION"}),
        ),
    ),
    (
        "Then they have their place. Go well, Ada.",
        (
            ("integrate_identity", {"identity": "Maker", "practice": "Saturdays at the workbench"}),
            ("integrate_identity", {"identity": "Patient teacher", "practice": "Mondays: ask me"}),
            ("transition_phase", {"to": "COMPLETED"}),
        ),
    ),
)


def answer(ask: Ask) -> str:
    """Return what the coach answers to *ask*, with what it wants to be done."""
    message, actions = _SCRIPT[ask.turn]
    named = [{"type": name, "parameters": parameters} for name, parameters in actions]
    final = ask.turn == len(_SCRIPT) - 1
    return json.dumps({"message": message, "is_final": final, "actions": named})
