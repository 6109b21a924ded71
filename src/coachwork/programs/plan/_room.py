"""How much a plan may hold, so that it can always be kept.

A plan is one record, and records are bounded (`coachwork.programs.MAX_STATE`). What is said and
what agents write have each a share of that room: what adds to the talk is refused below its share,
so that there is always room left to complete a step, to go on, and to take what an agent wrote.
"""

from __future__ import annotations

import json
from typing import Final

from coachwork.plain import JSON
from coachwork.programs.plan._state import CoachingPlan, CoachingStep
from coachwork.programs.texts import text_weight

MAX_TALK: Final = 76 * 1024
"""The most that all answers, remarks and contexts may weigh: characters of ASCII JSON text."""

MAX_CONVERSATION: Final = 6 * 1024
"""The most that the ids of messages may weigh."""

MAX_AGENTS: Final = 8
"""The most agents of a plan."""

MAX_SECTION: Final = 11 * 1024
"""The most that the body of one section may weigh."""

MAX_CONTEXT: Final = 4 * 1024
"""The most that the cultural context may weigh, and as much the one of the sector."""


def weight(plan: CoachingPlan) -> int:
    """Return how many characters of ASCII JSON text the talk takes: texts and contexts.

    What has a bound of its own (sections, agents, ids, numbers) weighs nothing here.
    """
    return (
        sum(map(_step_weight, plan.steps))
        + plain_weight(plan.cultural_context)
        + plain_weight(plan.sector_context)
    )


def _step_weight(step: CoachingStep) -> int:
    texts = (step.response, step.coach_message, step.clarifying_question, step.reformulation)
    return sum(map(text_weight, (*texts, *step.examples, step.message or "")))


def plain_weight(value: JSON) -> int:
    """Return how many characters plain data takes as ASCII JSON text."""
    return len(json.dumps(value))


def newest(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the last ones of *ids*: as many as may be kept."""
    left = MAX_CONVERSATION
    for count, id_ in enumerate(reversed(ids)):
        left -= text_weight(id_) + 1
        if left < 0:
            return ids[len(ids) - count :]
    return ids
