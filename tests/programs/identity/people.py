"""Coach states and identities to test with, and short ways to do an action on one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from attrs import evolve

from coachwork.actions import Action, ActionStatus, RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs import Carried, carry_out
from coachwork.programs.identity import (
    IDENTITY,
    Category,
    CoachState,
    Identity,
    IdentityStatus,
    Note,
    Phase,
    Question,
    QuestionStatus,
)
from tests.specimens import NOON

LATER: Final = NOON + timedelta(hours=1)

KNOWING: Final = Phase.GET_TO_KNOW_YOU
CREATION: Final = Phase.IDENTITY_CREATION
REFINEMENT: Final = Phase.IDENTITY_REFINEMENT
INTEGRATION: Final = Phase.INTEGRATION
COMPLETED: Final = Phase.COMPLETED

PROPOSED: Final = IdentityStatus.PROPOSED
ACCEPTED: Final = IdentityStatus.ACCEPTED
REFINED: Final = IdentityStatus.REFINED
INTEGRATED: Final = IdentityStatus.INTEGRATED
ARCHIVED: Final = IdentityStatus.ARCHIVED


def identity(
    name: str,
    status: IdentityStatus = PROPOSED,
    category: Category = Category.PASSIONS,
    **fields: object,
) -> Identity:
    """Return an identity, whose id is its name in lower case behind ``i-``."""
    made = Identity(
        id=f"i-{name.lower()}",
        name=name,
        category=category,
        status=status,
        created_at=NOON,
        updated_at=NOON,
    )
    return evolve(made, **cast("dict[str, Any]", fields))


def note(text: str, origin: str, minutes: int = 0) -> Note:
    """Return a note, so many *minutes* after noon."""
    return Note(text=text, at=NOON + timedelta(minutes=minutes), origin=origin)


def question(text: str, status: QuestionStatus = QuestionStatus.OPEN, **fields: object) -> Question:
    """Return a question, whose id is its text behind ``q-``."""
    made = Question(id=f"q-{text}", text=text, status=status, asked_at=NOON)
    return evolve(made, **cast("dict[str, Any]", fields))


def coach_state(phase: Phase = CREATION, *identities: Identity, **fields: object) -> CoachState:
    """Return a coach state."""
    made = CoachState(id="c-1", current_phase=phase, identities=identities, updated_at=NOON)
    return evolve(made, **cast("dict[str, Any]", fields))


def carry(
    state: CoachState,
    *actions: tuple[str, dict[str, JSON]],
    sender: Sender = Sender.COACH,
    now: datetime = LATER,
) -> Carried[CoachState]:
    """Carry out actions, each a name and its parameters, led to by the message ``s-1.4``."""
    asked: list[dict[str, JSON]] = [
        {"type": name, "parameters": parameters} for name, parameters in actions
    ]
    return carry_out(IDENTITY, state, asked, sender, now, "a", "s-1.4")


def applied(
    state: CoachState, name: str, /, sender: Sender = Sender.COACH, **parameters: JSON
) -> tuple[CoachState, Action]:
    """Return the state after an action, and the action; it must not be refused."""
    carried = carry(state, (name, parameters), sender=sender)
    (action,) = carried.actions
    assert action.status is ActionStatus.APPLIED, action.summary
    assert carried.state.updated_at == LATER
    return carried.state, action


def after(state: CoachState, name: str, /, **parameters: JSON) -> CoachState:
    """Return the state after an action of the coach's, which must not be refused."""
    return applied(state, name, Sender.COACH, **parameters)[0]


def refused(
    state: CoachState,
    name: str,
    /,
    code: RefusalCode = RefusalCode.NOT_POSSIBLE,
    sender: Sender = Sender.COACH,
    **parameters: JSON,
) -> str:
    """Return why an action is refused with that *code*; nothing may change."""
    carried = carry(state, (name, parameters), sender=sender)
    (action,) = carried.actions
    assert action.code is code, action.summary
    assert carried.state is state
    return action.summary


def bad(state: CoachState, name: str, /, **parameters: JSON) -> str:
    """Return what is wrong with the parameters of an action."""
    return refused(state, name, RefusalCode.BAD_PARAMETERS, Sender.COACH, **parameters)


def by_name(state: CoachState, name: str) -> Identity:
    """Return the identity of exactly that name, archived or not."""
    (found,) = [one for one in state.identities if one.name == name]
    return found
