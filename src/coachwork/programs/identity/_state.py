"""What is known of a person: the coach state and the identities in it, as frozen values."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from attrs import field, frozen

from coachwork.plain import JSON
from coachwork.programs.texts import text_weight


class Phase(StrEnum):
    """How far the coaching is."""

    GET_TO_KNOW_YOU = "GET_TO_KNOW_YOU"
    IDENTITY_CREATION = "IDENTITY_CREATION"
    IDENTITY_REFINEMENT = "IDENTITY_REFINEMENT"
    INTEGRATION = "INTEGRATION"
    COMPLETED = "COMPLETED"


class Category(StrEnum):
    """What part of a life an identity is about."""

    PASSIONS = "PASSIONS"
    VALUES = "VALUES"
    STRENGTHS = "STRENGTHS"
    GOALS = "GOALS"
    RELATIONSHIPS = "RELATIONSHIPS"
    CAREER = "CAREER"
    HEALTH = "HEALTH"
    FINANCE = "FINANCE"
    SPIRITUALITY = "SPIRITUALITY"
    CREATIVITY = "CREATIVITY"


class IdentityStatus(StrEnum):
    """How far an identity is."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFINED = "refined"
    INTEGRATED = "integrated"
    ARCHIVED = "archived"


class QuestionStatus(StrEnum):
    """What became of a question."""

    OPEN = "open"
    ANSWERED = "answered"
    DECLINED = "declined"


@frozen(kw_only=True)
class Note:
    """Something worth keeping about an identity.

    Attributes:
        text: What it says.
        at: When it was written (UTC).
        origin: The id of the identity that it was written for, wherever it stands now.
    """

    text: str = field(repr=False)
    at: datetime
    origin: str


@frozen(kw_only=True)
class Identity:
    """A name for something that a person is, or wants to be. It is never deleted.

    Attributes:
        id: Its id.
        name: What it is called; no two that are not archived have one name, whatever the case.
        category: What part of a life it is about.
        status: How far it is.
        statement: What it means to the person, in a sentence or a few; empty until it is known.
        notes: Its notes, and those of what was combined with it or nested under it, by age.
        combined_into: The id of the identity that it became one with, or None.
        nested_under: The id of the identity that it became a part of, or None.
        created_at: When it was created (UTC).
        updated_at: When it last changed (UTC).
    """

    id: str
    name: str = field(repr=False)
    category: Category
    status: IdentityStatus = IdentityStatus.PROPOSED
    statement: str = field(default="", repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)
    combined_into: str | None = None
    nested_under: str | None = None
    created_at: datetime
    updated_at: datetime

    # Both are asked of all identities with every action, and most of them do not change.

    @cached_property
    def key(self) -> str:
        """What its name has in common with the same name in another case."""
        return key_of(self.name)

    @cached_property
    def weight(self) -> int:
        """What it adds to the weight of its state; see `coachwork.programs.identity._room`."""
        notes = sum(_NOTE + text_weight(note.text) for note in self.notes)
        return _IDENTITY + text_weight(self.name) + text_weight(self.statement) + notes


_IDENTITY: Final = 350
_NOTE: Final = 124


@frozen(kw_only=True)
class Question:
    """A question that the coach asked to get to know the person.

    Attributes:
        id: Its id.
        text: The question.
        status: Whether it is open, answered or declined.
        asked_at: When it was asked (UTC).
        answer: What was answered, in short; may be empty, for the message holds all of it.
        message: The id of the message that answered or declined it, where that is known.
    """

    id: str
    text: str = field(repr=False)
    status: QuestionStatus = QuestionStatus.OPEN
    asked_at: datetime
    answer: str = field(default="", repr=False)
    message: str | None = None


@frozen(kw_only=True)
class CoachState:
    """How far the coaching of one person is, and all that came of it.

    Whose it is, and the test scenario that it may belong to, stand in the `Progress` around it.

    Attributes:
        id: Its id.
        current_phase: The phase.
        current_identity: The id of the identity that is being refined or integrated, or None.
        proposed_identity: The id of the identity that is being proposed, or None.
        identity_focus: The category that is being talked about; it is never a skipped one.
        skipped_identity_categories: The categories that the person leaves out.
        who_you_are: What the person says they are, in their words.
        who_you_want_to_be: What the person says they want to be, in their words.
        asked_questions: The questions that were asked to get to know them, by age.
        identities: All identities that there ever were, by age; each stands here for ever.
        metadata: What else is to be kept, as plain data.
        updated_at: When it last changed (UTC).
    """

    id: str
    current_phase: Phase = Phase.GET_TO_KNOW_YOU
    current_identity: str | None = None
    proposed_identity: str | None = None
    identity_focus: Category = Category.PASSIONS
    skipped_identity_categories: tuple[Category, ...] = ()
    who_you_are: tuple[str, ...] = field(default=(), repr=False)
    who_you_want_to_be: tuple[str, ...] = field(default=(), repr=False)
    asked_questions: tuple[Question, ...] = ()
    identities: tuple[Identity, ...] = ()
    metadata: dict[str, JSON] = field(factory=dict[str, JSON], repr=False)
    updated_at: datetime

    @property
    def living(self) -> tuple[Identity, ...]:
        """The identities that are not archived, by age."""
        return tuple(identity for identity in self.identities if is_living(identity))

    @property
    def open_categories(self) -> tuple[Category, ...]:
        """The categories that have no identity and are not skipped, in their order."""
        taken = {part.category for part, _ in alive(self)}
        return tuple(
            category
            for category in Category
            if category not in taken and category not in self.skipped_identity_categories
        )

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """The questions that are neither answered nor declined, by age."""
        return tuple(
            question for question in self.asked_questions if question.status is QuestionStatus.OPEN
        )


def is_living(identity: Identity) -> bool:
    """Whether *identity* is not archived."""
    return identity.status is not IdentityStatus.ARCHIVED


def alive(state: CoachState) -> Iterator[tuple[Identity, Identity]]:
    """Yield each identity that is not given up, by age, with the one in which it lives on.

    One that is not archived is itself that one; one that was combined or nested lives on as long as
    the one that it went to.
    """
    by_id = {identity.id: identity for identity in state.identities}
    for identity in state.identities:
        whole: Identity | None = identity
        for _ in by_id:
            if whole is None or is_living(whole):
                break
            whole = by_id.get(whole.combined_into or whole.nested_under or "")
        if whole is not None and is_living(whole):
            yield identity, whole


PENDING: Final = {
    Phase.IDENTITY_CREATION: IdentityStatus.PROPOSED,
    Phase.IDENTITY_REFINEMENT: IdentityStatus.ACCEPTED,
    Phase.INTEGRATION: IdentityStatus.REFINED,
}
"""In which status an identity has yet to be worked on, per phase that works on identities."""


def pending(state: CoachState) -> tuple[Identity, ...]:
    """Return the identities that the phase of *state* has yet to work on, by age."""
    status = PENDING.get(state.current_phase)
    return tuple(identity for identity in state.identities if identity.status is status)


def key_of(text: str) -> str:
    """Return what two texts have in common that are the same without regard to case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
