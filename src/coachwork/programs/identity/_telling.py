"""What the model is told about a coach state: what is known, and what is still open.

The words of people stand in quotes, as JSON has them, so that a line of theirs is never taken for
one of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from coachwork.programs.identity._phases import EVENT_TO, PHASES
from coachwork.programs.identity._state import (
    Category,
    CoachState,
    Identity,
    Phase,
    Question,
    alive,
)
from coachwork.programs.texts import quoted

_MOST_NOTES: Final = 5
"""How many notes of an identity are told: the newest."""

_TASKS: Final[Mapping[Phase, str]] = {
    Phase.GET_TO_KNOW_YOU: (
        "Get to know the person: ask questions one at a time, keep what they say they are and want "
        "to be, and respect it when they would rather not answer."
    ),
    Phase.IDENTITY_CREATION: (
        "Find identities with the person, category by category: short names for what they are or "
        "want to be. Propose them, and let the person accept them or set them aside."
    ),
    Phase.IDENTITY_REFINEMENT: (
        "Refine one identity after the other: find out what it means to the person, until they can "
        "say it in a sentence or a few. Combine identities that mean the same."
    ),
    Phase.INTEGRATION: (
        "Find a place in the person's daily life for one identity after the other: a habit, a "
        "decision, a first step."
    ),
    Phase.COMPLETED: "The coaching is completed; nothing of it changes any more.",
}
"""What the coach has to do, per phase."""


def told_state(state: CoachState) -> str:
    """Return what the model is told about *state*."""
    parts = [
        [_TASKS[state.current_phase]],
        _doors(state),
        _traits("The person says they are", state.who_you_are),
        _traits("The person says they want to be", state.who_you_want_to_be),
        _questions(state),
        _categories(state),
        _identities(state),
        _metadata(state),
    ]
    blocks = ("\n".join(part) for part in parts)
    return "\n\n".join(block for block in blocks if block)


def _doors(state: CoachState) -> Iterator[str]:
    """Tell the phases that can be entered, and what has to be done before that."""
    availability = PHASES.availability(state, state.updated_at)
    phase_of = {event: phase for phase, event in EVENT_TO.items()}
    for event, reasons in availability.refused.items():
        yield f"Still open before {phase_of[event]}: {'; '.join(why for _, why in reasons)}."
    for event in availability.events:
        yield f"It can go to {phase_of[event]} now."


def _traits(title: str, traits: tuple[str, ...]) -> Iterator[str]:
    if traits:
        yield f"{title}: {', '.join(map(quoted, traits))}."


def _questions(state: CoachState) -> Iterator[str]:
    if state.asked_questions:
        yield "Questions that were asked:"
        yield from map(_question, state.asked_questions)


def _question(question: Question) -> str:
    line = f"- {quoted(question.text)}: {question.status}"
    return f"{line}, {quoted(question.answer)}" if question.answer else line


def _categories(state: CoachState) -> Iterator[str]:
    """Tell the categories, in the phases that are about them."""
    if state.current_phase is Phase.IDENTITY_CREATION:
        yield f"Category in focus: {state.identity_focus}."
        yield from _listed("Categories without an identity", state.open_categories)
    yield from _listed("Skipped categories", state.skipped_identity_categories)


def _listed(title: str, categories: tuple[Category, ...]) -> Iterator[str]:
    if categories:
        yield f"{title}: {', '.join(categories)}."


def _identities(state: CoachState) -> Iterator[str]:
    """Tell the identities that are not archived, category by category, each with its parts."""
    parts = _parts_of(state)
    if state.living:
        yield "Identities:"
    for category in Category:
        for identity in state.living:
            if identity.category is category:
                yield _identity(state, identity)
                yield from _details(identity, parts.get(identity.id, ()))


def _identity(state: CoachState, identity: Identity) -> str:
    line = f"- {quoted(identity.name)} ({identity.category}, {identity.status})"
    if identity.id == state.proposed_identity:
        line += ", being proposed"
    if identity.id == state.current_identity:
        line += ", being worked on"
    return f"{line}: {quoted(identity.statement)}" if identity.statement else line


def _details(identity: Identity, parts: Iterable[Identity]) -> Iterator[str]:
    for part in parts:
        means = f": {quoted(part.statement)}" if part.statement else ""
        yield f"  - part of it: {quoted(part.name)}{means}"
    for note in identity.notes[-_MOST_NOTES:]:
        yield f"  - note: {quoted(note.text)}"


def _parts_of(state: CoachState) -> Mapping[str, list[Identity]]:
    """Return what is nested, by the id of the identity in which it lives on."""
    parts: dict[str, list[Identity]] = {}
    for part, whole in alive(state):
        if part.nested_under is not None:
            parts.setdefault(whole.id, []).append(part)
    return parts


def _metadata(state: CoachState) -> Iterator[str]:
    if state.metadata:
        yield f"Kept beside that: {quoted(state.metadata)}."
