"""What the actions have in common: how they find, change and refuse things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from attrs import evolve

from coachwork.actions import Component
from coachwork.machine import Refused
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.identity._identity import IDENTITY_TABLE, IdentityEffect, IdentityEvent
from coachwork.programs.identity._phases import move_on
from coachwork.programs.identity._room import is_full
from coachwork.programs.identity._state import CoachState, Identity, is_living, key_of
from coachwork.programs.texts import one_line, quoted

_EFFECTS: Final[Mapping[IdentityEffect, Callable[[CoachState, datetime], CoachState]]] = {
    IdentityEffect.MOVE_ON: move_on,
}


def done(
    state: CoachState, moment: Moment, summary: str, component: Component | None = None
) -> Done[CoachState]:
    """Return that an action was applied: *state*, changed at that moment."""
    at = max(state.updated_at, moment.now)
    return Done(evolve(state, updated_at=at), summary, component)


def added(
    state: CoachState, moment: Moment, summary: str, component: Component | None = None
) -> Done[CoachState] | Refusal:
    """Return the same for an action that added something, if there is room for it."""
    if is_full(state):
        return Refusal("there is no room for more text: say it in fewer words")
    return done(state, moment, summary, component)


def found(state: CoachState, reference: str) -> Identity | Refusal:
    """Return the identity with that id, or else the one with that name that is not archived."""
    for identity in state.identities:
        if identity.id == reference:
            return identity
    return named(state, reference) or Refusal(f"there is no identity {quoted(reference)}")


def named(state: CoachState, name: str) -> Identity | None:
    """Return the identity of that *name* that is not archived, whatever the case."""
    key = key_of(one_line(name))
    for identity in state.identities:
        if identity.key == key and is_living(identity):
            return identity
    return None


def living(state: CoachState, reference: str) -> Identity | Refusal:
    """Return the same, if it is not archived."""
    identity = found(state, reference)
    if isinstance(identity, Refusal) or is_living(identity):
        return identity
    return Refusal(f"{quoted(identity.name)} is archived")


def replaced(state: CoachState, *changed: Identity) -> CoachState:
    """Return *state* with *changed* identities in the places of those with their ids."""
    by_id = {identity.id: identity for identity in changed}
    identities = [by_id.get(identity.id, identity) for identity in state.identities]
    return evolve(state, identities=tuple(identities))


def stepped(
    state: CoachState, identity: Identity, event: IdentityEvent, now: datetime
) -> CoachState | Refusal:
    """Let *event* happen to *identity*, and what follows in *state*.

    Args:
        state: The coach state.
        identity: An identity of it, as it is or with other changes that come with the event.
        event: What happens.
        now: The instant (UTC).
    """
    answer = IDENTITY_TABLE.step(identity, event, now)
    if isinstance(answer, Refused):
        told = f"{quoted(identity.name)} is {identity.status}; possible is {_told(answer.allowed)}"
        return Refusal(told)
    state = replaced(state, answer.value)
    for effect in answer.effects:
        state = _EFFECTS[effect](state, now)
    return state


def _told(events: tuple[IdentityEvent, ...]) -> str:
    return ", ".join(events) or "nothing any more"
