"""What holds of every coach state, and of every turn that changes one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from coachwork.actions import ActionStatus, Audit
from coachwork.programs.identity import (
    IDENTITY_TABLE,
    PHASES,
    Category,
    CoachState,
    IdentityStatus,
    Note,
    Phase,
    QuestionStatus,
)
from coachwork.programs.identity._room import MAX_IDENTITIES, MAX_QUESTIONS, MAX_TRAITS, is_full
from coachwork.programs.identity._state import alive, key_of, pending


def broken_by(state: CoachState) -> list[str]:
    """Tell what of a state cannot be."""
    return [*_of_identities(state), *_of_categories(state), *_of_work(state), *_of_bounds(state)]


def _of_identities(state: CoachState) -> Iterator[str]:
    ids = {one.id for one in state.identities}
    if len(ids) != len(state.identities):
        yield "two identities have one id"
    if len({key_of(one.name) for one in state.living}) != len(state.living):
        yield "two living identities have one name"
    for one in state.identities:
        links = [link for link in (one.combined_into, one.nested_under) if link is not None]
        if len(links) > 1 or (links and one.status is not IdentityStatus.ARCHIVED):
            yield "an identity went two ways, or went and is still there"
        if not ids.issuperset(links):
            yield "an identity went to where there is none"
        if not ids.issuperset(note.origin for note in one.notes):
            yield "a note comes from nowhere"


def _of_categories(state: CoachState) -> Iterator[str]:
    skipped = state.skipped_identity_categories
    if list(skipped) != [one for one in Category if one in skipped]:
        yield "skipped categories are doubled or out of order"
    if any(part.category in skipped for part, _ in alive(state)):
        yield "a skipped category has an identity"
    if state.identity_focus in skipped:
        yield "a skipped category is in focus"


def _of_work(state: CoachState) -> Iterator[str]:
    waiting: list[str | None] = [one.id for one in pending(state)]
    worked_on, other = state.current_identity, state.proposed_identity
    if state.current_phase is Phase.IDENTITY_CREATION:
        worked_on, other = other, worked_on
    if other is not None:
        yield "an identity is worked on in the wrong phase"
    if worked_on not in (waiting or [None]):
        yield "what is worked on is not pending"
    for question in state.asked_questions:
        if (question.status is QuestionStatus.OPEN) != (question.message is None):
            yield "a question is answered by no message, or open and answered"


def _of_bounds(state: CoachState) -> Iterator[str]:
    if is_full(state):
        yield "there is too much"
    if len(state.identities) > MAX_IDENTITIES:
        yield "there are too many identities"
    if len(state.asked_questions) > MAX_QUESTIONS:
        yield "there are too many questions"
    if max(len(state.who_you_are), len(state.who_you_want_to_be)) > MAX_TRAITS:
        yield "there are too many traits"


def broken_between(before: CoachState, audit: Audit, after: CoachState) -> list[str]:
    """Tell what of a turn cannot be."""
    return [*_of_phases(before, audit, after), *_of_losses(before, after)]


def _of_phases(before: CoachState, audit: Audit, after: CoachState) -> Iterator[str]:
    applied = [one for one in audit.actions if one.status is ActionStatus.APPLIED]
    if not applied and after is not before:
        yield "the state changed without an action"
    if before.current_phase is Phase.COMPLETED and applied:
        yield "a completed coaching changed"
    phase: str = before.current_phase
    for action in applied:
        if action.type == "transition_phase" and isinstance(action.parameters, dict):
            to = str(action.parameters["to"])
            if all(row.to != to for row in PHASES.table[Phase(phase)].values()):
                yield f"{phase} led to {to}"
            phase = to
    if after.current_phase != phase:
        yield "the phase changed by itself"
    if after.updated_at < before.updated_at:
        yield "time went back"


def _of_losses(before: CoachState, after: CoachState) -> Iterator[str]:
    known = len(before.identities)
    if [one.id for one in after.identities[:known]] != [one.id for one in before.identities]:
        yield "an identity was lost, or moved"
    for old, new in zip(before.identities, after.identities, strict=False):
        if new.status not in IDENTITY_TABLE.reachable(old.status):
            yield f"{old.status} led to {new.status}"
        if old.status is IdentityStatus.ARCHIVED and new != old:
            yield "an archived identity changed"
        if (new.id, new.created_at, new.category) != (old.id, old.created_at, old.category):
            yield "an identity became another one"
    if _notes_of(before) - _notes_of(after):
        yield "a note was lost"
    asked = [(one.id, one.text, one.asked_at) for one in before.asked_questions]
    if [(one.id, one.text, one.asked_at) for one in after.asked_questions][: len(asked)] != asked:
        yield "a question was lost"


def _notes_of(state: CoachState) -> Counter[Note]:
    """Return all notes, wherever they stand."""
    return Counter(note for one in state.identities for note in one.notes)
