"""Identity coaching: a coach finds with a person who they are, and who they want to be.

Five phases lead from getting to know somebody to identities that have a place in their daily life
(brief, section 7). The program is written with what `coachwork.programs` offers to everybody; read
it as an example of how to write one's own.

There is one state per user, a `CoachState`. It holds all that came of the coaching: what the person
says of themselves, the questions that were asked, and the identities, each with its notes. Two
tables say how it goes on: `PHASES` for the coaching, `IDENTITY_TABLE` for each identity.
"""

from coachwork.programs.identity._identity import IDENTITY_TABLE, IdentityEffect, IdentityEvent
from coachwork.programs.identity._phases import EVENT_TO, PHASES, PhaseEffect, PhaseEvent
from coachwork.programs.identity._program import IDENTITY
from coachwork.programs.identity._room import MAX_IDENTITIES, MAX_QUESTIONS, MAX_TRAITS
from coachwork.programs.identity._state import (
    Category,
    CoachState,
    Identity,
    IdentityStatus,
    Note,
    Phase,
    Question,
    QuestionStatus,
)

__all__ = [
    "EVENT_TO",
    "IDENTITY",
    "IDENTITY_TABLE",
    "MAX_IDENTITIES",
    "MAX_QUESTIONS",
    "MAX_TRAITS",
    "PHASES",
    "Category",
    "CoachState",
    "Identity",
    "IdentityEffect",
    "IdentityEvent",
    "IdentityStatus",
    "Note",
    "Phase",
    "PhaseEffect",
    "PhaseEvent",
    "Question",
    "QuestionStatus",
]
