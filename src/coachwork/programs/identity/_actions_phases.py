"""The action that leads from one phase to another."""

from __future__ import annotations

from attrs import frozen

from coachwork.actions import Component
from coachwork.machine import Refused
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.identity._changing import done
from coachwork.programs.identity._phases import EVENT_TO, PHASES, entered
from coachwork.programs.identity._state import CoachState, Phase

Answer = Done[CoachState] | Refusal


@frozen
class TransitionPhase:
    """Go on to the next phase, once nothing is left open in this one, or back to an earlier one.

    Attributes:
        to: The phase to go to.
    """

    to: Phase


def transition_phase(state: CoachState, given: TransitionPhase, moment: Moment) -> Answer:
    """Enter the phase, with all that follows from it, and show that it is entered."""
    answer = PHASES.step(state, EVENT_TO[given.to], moment.now)
    if isinstance(answer, Refused):
        if answer.impossible:
            possible = ", ".join(row.to for row in PHASES.table[answer.state].values())
            return Refusal(f"from {answer.state} it can go to {possible}, not to {given.to}")
        return Refusal("; ".join(why for _, why in answer.reasons))
    after = entered(answer.value, answer.effects, moment.now)
    old, new = state.current_phase, given.to
    shown = Component(kind="phase", data={"from": old.value, "to": new.value})
    return done(after, moment, f"went from {old} to {new}", shown)
