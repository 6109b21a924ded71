"""The transition table of the phases (brief, section 7).

Theory
------

The coaching goes on by one phase at a time, and each phase asks at its door whether the one before
it has done its work. The guards stand here with their reasons, which are told to the model and to
people alike, so that they name what is still open.

It may go back to any earlier phase, without conditions, until it is *completed*: that is the end.

Entering a phase has effects, named in its row and carried out by `entered`:

* identity creation turns the *focus* to an open category;
* identity refinement *accepts* what is proposed: who goes on has agreed to it;
* each phase *moves on*: the identity that is worked on becomes the oldest one that is pending in
  the new phase, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final

from attrs import evolve

from coachwork.machine import Guard, Machine, Row
from coachwork.programs.identity._identity import IDENTITY_TABLE, IdentityEvent
from coachwork.programs.identity._state import (
    CoachState,
    Identity,
    IdentityStatus,
    Phase,
    pending,
)
from coachwork.programs.texts import quoted


class PhaseEvent(StrEnum):
    """What can happen to the coaching: it begins to work on something."""

    GET_TO_KNOW = "get to know you"
    CREATE = "create identities"
    REFINE = "refine identities"
    INTEGRATE = "integrate identities"
    COMPLETE = "complete"


class PhaseEffect(StrEnum):
    """What follows in the coach state when a phase is entered."""

    ACCEPT_PROPOSED = "accept what is proposed"
    FOCUS = "focus on an open category"
    MOVE_ON = "move on"


EVENT_TO: Final[Mapping[Phase, PhaseEvent]] = {
    Phase.GET_TO_KNOW_YOU: PhaseEvent.GET_TO_KNOW,
    Phase.IDENTITY_CREATION: PhaseEvent.CREATE,
    Phase.IDENTITY_REFINEMENT: PhaseEvent.REFINE,
    Phase.INTEGRATION: PhaseEvent.INTEGRATE,
    Phase.COMPLETED: PhaseEvent.COMPLETE,
}
"""The event that leads to each phase."""


# --- guards ----------------------------------------------------------------------------------


def _asked(state: CoachState, _now: datetime) -> str | None:
    return None if state.asked_questions else "no question was asked yet"


def _settled(state: CoachState, _now: datetime) -> str | None:
    count = len(state.open_questions)
    return f"questions neither answered nor declined: {count}" if count else None


def _covered(state: CoachState, _now: datetime) -> str | None:
    missing = ", ".join(state.open_categories)
    return f"neither an identity nor skipped: {missing}" if missing else None


def _some(state: CoachState, _now: datetime) -> str | None:
    return None if state.living else "there is no identity"


def _refined(state: CoachState, _now: datetime) -> str | None:
    return _others(state, IdentityStatus.REFINED, IdentityStatus.INTEGRATED)


def _integrated(state: CoachState, _now: datetime) -> str | None:
    return _others(state, IdentityStatus.INTEGRATED)


def _others(state: CoachState, *wanted: IdentityStatus) -> str | None:
    """Return why not all identities are in one of the *wanted* statuses, or None."""
    missing = [quoted(identity.name) for identity in state.living if identity.status not in wanted]
    named = ", ".join(missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return f"not yet {wanted[0]}: {named}{more}" if missing else None


_NAMED: Final = 5
"""How many identities a reason names."""

QUESTION_ASKED: Final = Guard("a question was asked", _asked)
QUESTIONS_SETTLED: Final = Guard("every question is answered or declined", _settled)
CATEGORIES_COVERED: Final = Guard("every category has an identity or is skipped", _covered)
AN_IDENTITY: Final = Guard("there is an identity", _some)
ALL_REFINED: Final = Guard("every identity is refined", _refined)
ALL_INTEGRATED: Final = Guard("every identity is integrated", _integrated)


# --- effects ---------------------------------------------------------------------------------


def move_on(state: CoachState, _now: datetime) -> CoachState:
    """Return *state* with the identity that is worked on: the same while it is pending.

    Else the oldest one that is pending. What is pending in identity creation is being proposed; in
    the phases after it, it is the current one.
    """
    waiting = [identity.id for identity in pending(state)]
    creating = state.current_phase is Phase.IDENTITY_CREATION
    old = state.proposed_identity if creating else state.current_identity
    new = old if old in waiting else next(iter(waiting), None)
    return evolve(
        state,
        proposed_identity=new if creating else None,
        current_identity=None if creating else new,
    )


def _accept_proposed(state: CoachState, now: datetime) -> CoachState:
    def accepted(identity: Identity) -> Identity:
        # What is not proposed is refused, and stays as it is.
        return IDENTITY_TABLE.step(identity, IdentityEvent.ACCEPT, now).value

    return evolve(state, identities=tuple(map(accepted, state.identities)))


def _focus(state: CoachState, _now: datetime) -> CoachState:
    waiting = state.open_categories
    if not waiting or state.identity_focus in waiting:
        return state
    return evolve(state, identity_focus=waiting[0])


_EFFECTS: Final[Mapping[PhaseEffect, Callable[[CoachState, datetime], CoachState]]] = {
    PhaseEffect.ACCEPT_PROPOSED: _accept_proposed,
    PhaseEffect.FOCUS: _focus,
    PhaseEffect.MOVE_ON: move_on,
}


def entered(state: CoachState, effects: tuple[PhaseEffect, ...], now: datetime) -> CoachState:
    """Return *state* after the *effects* of having entered its phase."""
    for effect in effects:
        state = _EFFECTS[effect](state, now)
    return state


# --- THE TABLE -------------------------------------------------------------------------------


def _became(old: CoachState, to: Phase, _now: datetime, _given: None) -> CoachState:
    return evolve(old, current_phase=to)


_S = Phase
_E = PhaseEvent
_F = PhaseEffect
_Row = Row[CoachState, Phase, None, PhaseEffect]

_BACK_TO_KNOW: Final[_Row] = Row(_S.GET_TO_KNOW_YOU, _became, effects=(_F.MOVE_ON,))
_BACK_TO_CREATE: Final[_Row] = Row(_S.IDENTITY_CREATION, _became, effects=(_F.FOCUS, _F.MOVE_ON))
_BACK_TO_REFINE: Final[_Row] = Row(_S.IDENTITY_REFINEMENT, _became, effects=(_F.MOVE_ON,))

PHASES: Final = Machine[CoachState, Phase, PhaseEvent, None, PhaseEffect](
    name="identity coaching",
    states=Phase,
    events=PhaseEvent,
    initial=(_S.GET_TO_KNOW_YOU,),
    ends=(_S.COMPLETED,),
    state=attrgetter("current_phase"),
    table={
        _S.GET_TO_KNOW_YOU: {
            _E.CREATE: Row(
                _S.IDENTITY_CREATION,
                _became,
                guards=(QUESTION_ASKED, QUESTIONS_SETTLED),
                effects=(_F.FOCUS, _F.MOVE_ON),
            ),
        },
        _S.IDENTITY_CREATION: {
            _E.REFINE: Row(
                _S.IDENTITY_REFINEMENT,
                _became,
                guards=(CATEGORIES_COVERED,),
                effects=(_F.ACCEPT_PROPOSED, _F.MOVE_ON),
            ),
            _E.GET_TO_KNOW: _BACK_TO_KNOW,
        },
        _S.IDENTITY_REFINEMENT: {
            _E.INTEGRATE: Row(
                _S.INTEGRATION,
                _became,
                guards=(AN_IDENTITY, ALL_REFINED),
                effects=(_F.MOVE_ON,),
            ),
            _E.CREATE: _BACK_TO_CREATE,
            _E.GET_TO_KNOW: _BACK_TO_KNOW,
        },
        _S.INTEGRATION: {
            _E.COMPLETE: Row(
                _S.COMPLETED,
                _became,
                guards=(AN_IDENTITY, ALL_INTEGRATED),
                effects=(_F.MOVE_ON,),
            ),
            _E.REFINE: _BACK_TO_REFINE,
            _E.CREATE: _BACK_TO_CREATE,
            _E.GET_TO_KNOW: _BACK_TO_KNOW,
        },
        _S.COMPLETED: {},
    },
)
"""The machine of the phases."""
