"""How much a coach state may hold, so that it can always be kept.

A state is one record, and records are bounded (`coachwork.programs.MAX_STATE`). What adds text is
refused below that bound: there is always room left to accept, archive, answer, skip and go on.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii
from typing import Final

from coachwork.plain import JSON
from coachwork.programs.identity._state import CoachState, Identity

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
_IDENTITY: Final = 350
_NOTE: Final = 124
_QUESTION: Final = 232
_TEXT: Final = 3


def weight(state: CoachState) -> int:
    """Return how many characters *state* may come to take as ASCII JSON text, at most.

    Statuses, instants and references are weighed as if they were as long as can be, so that nothing
    but new texts makes a state heavier. (Ids of more than 64 characters are beyond this.)
    """
    traits = (*state.who_you_are, *state.who_you_want_to_be)
    return (
        _STATE
        + _plain(state.metadata)
        + sum(_TEXT + _text(trait) for trait in traits)
        + sum(_QUESTION + _text(q.text) + _text(q.answer) for q in state.asked_questions)
        + sum(map(_weight_of, state.identities))
    )


def _weight_of(identity: Identity) -> int:
    notes = sum(_NOTE + _text(note.text) for note in identity.notes)
    return _IDENTITY + _text(identity.name) + _text(identity.statement) + notes


def _text(value: str) -> int:
    """Return how many characters a text takes as ASCII JSON text; it is asked all the time."""
    return len(encode_basestring_ascii(value))


def _plain(value: JSON) -> int:
    """Return how many characters plain data takes as ASCII JSON text."""
    return len(json.dumps(value))


def is_full(state: CoachState) -> bool:
    """Whether *state* holds more than can be kept for sure."""
    return weight(state) > MAX_WEIGHT
