"""The conversation of the demo: what Ada says, and a coach that knows its part.

What the coach answers depends only on what it is asked, so a new process goes on in the middle.
"""

from __future__ import annotations

import json
from typing import Final

from attrs import field, frozen

from coachwork.adapters import final
from coachwork.jobs import JobKind
from coachwork.ports import Ask, PromptRole
from coachwork.topics import Topic


@frozen
class Decision:
    """What the conversation is to yield.

    Attributes:
        decision: What was decided.
        values: What it was decided for.
        next_step: What is to be done first.
    """

    decision: str = field(repr=False)
    values: list[str] = field(repr=False)
    next_step: str = field(repr=False)


DECISION: Final = Topic(
    id="decision",
    title="A decision",
    system="You are a calm coach. You help {name} to come to a decision, and ask one question "
    "at a time.",
    initiation="Greet {name} and ask what has to be decided.",
    resume="{name} comes back. So far: {conversation_summary} Take up the thread (turn "
    "{current_turn} of {max_turns}).",
    extraction="Write down the decision, the values behind it, and the next step.",
    result=Decision,
    max_turns=12,
)
"""What the demo's conversation is about."""

BEFORE: Final = (
    "I was offered the lead of our team, and I have to answer by Friday.",
    "It is more money. But I would stop building things, and building is what I love.",
)
"""What Ada says in the first process."""

AFTER: Final = (
    "I slept on it. When I picture Monday mornings, I want to be at the workbench.",
    "Then I say no to the lead, and yes to teaching the two new colleagues.",
)
"""What Ada says in the second process."""

_REPLIES: Final = {
    1: "By Friday, then. What draws you to it, and what holds you back?",
    2: "So the offer pays you for giving up what you love. What would have to be true for you "
    "to say yes gladly?",
    3: "The workbench. And what of the new role would you miss if you stayed there?",
}


def answer(ask: Ask) -> str:
    """Return what the coach answers to *ask*."""
    match ask.purpose:
        case JobKind.GREETING:
            return "Hello Ada, good that you are here. What is it that you have to decide?"
        case JobKind.WELCOME_BACK:
            said = [part.text for part in ask.messages if part.role is PromptRole.USER]
            return (
                f"Welcome back, Ada. The last thing you told me was: “{said[-1]}” "
                "What has become clearer since?"
            )
        case JobKind.EXTRACTION:
            return json.dumps(
                {
                    "decision": "Turn down the lead of the team.",
                    "values": ["building things", "passing on what one knows"],
                    "next_step": "Offer to teach the two new colleagues.",
                }
            )
        case _:
            return _REPLIES.get(ask.turn) or final(
                message="That sounds like you. You know what to say on Friday. Go well, Ada."
            )
