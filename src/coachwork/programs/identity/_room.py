"""How much a coach state may hold, so that it can always be kept.

A state is one record, and records are bounded (`coachwork.programs.MAX_STATE`). What adds text is
refused below that bound: there is always room left to accept, archive, answer, skip and go on.
"""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Final

from coachwork.plain import JSON
from coachwork.programs.identity._state import CoachState
from coachwork.programs.texts import text_weight

MAX_IDENTITIES: Final = 300
"""The most identities, archived ones among them."""

MAX_QUESTIONS: Final = 100
"""The most questions."""

MAX_TRAITS: Final = 50
"""The most things that a person says they are; as many that they say they want to be."""

MAX_METADATA: Final = 4 * 1024
"""The most characters of all metadata as ASCII JSON text."""

MAX_WEIGHT: Final = 184 * 1024
"""The most that a state may weigh: characters of ASCII JSON text, as `weight` sees them."""

_STATE: Final = 640
_QUESTION: Final = 232
_TEXT: Final = 3


def weight(state: CoachState) -> int:
    """Return how many characters *state* may come to take as ASCII JSON text, at most.

    Statuses, instants and references are weighed as if they were as long as can be, so that nothing
    but new texts makes a state heavier. (Ids of more than 64 characters are beyond this.)
    """
    traits = (*state.who_you_are, *state.who_you_want_to_be)
    asked = state.asked_questions
    identities: int = sum(map(attrgetter("weight"), state.identities))
    return (
        _STATE
        + _plain(state.metadata)
        + sum(_TEXT + text_weight(trait) for trait in traits)
        + sum(_QUESTION + text_weight(q.text) + text_weight(q.answer) for q in asked)
        + identities
    )


def _plain(value: JSON) -> int:
    """Return how many characters plain data takes as ASCII JSON text."""
    return len(json.dumps(value))


def is_full(state: CoachState) -> bool:
    """Whether *state* holds more than can be kept for sure."""
    return weight(state) > MAX_WEIGHT
