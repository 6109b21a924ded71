"""Actions that make one identity of two: combine, nest. The other is archived, never deleted."""

from __future__ import annotations

from operator import attrgetter

from attrs import evolve, field, frozen

from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.identity._changing import added, found, living, named, replaced, stepped
from coachwork.programs.identity._identity import IdentityEvent
from coachwork.programs.identity._state import CoachState, Identity
from coachwork.programs.identity._texts import MAX_NAME, MAX_REFERENCE, MAX_STATEMENT
from coachwork.programs.texts import one_line, optional_text_of, quoted, text_of

Answer = Done[CoachState] | Refusal


@frozen
class CombineIdentities:
    """Make one identity of two that mean the same. The other one is archived.

    Attributes:
        identity: The name or id of the one that stays, in its category.
        other: The name or id of the other one; its notes go to the one that stays.
        name: What both are called from now on; left out, the name of the one that stays.
        statement: What both mean; left out, the statement that there is.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)
    other: str = field(validator=text_of(MAX_REFERENCE), repr=False)
    name: str = field(
        default="", converter=one_line, validator=optional_text_of(MAX_NAME), repr=False
    )
    statement: str = field(default="", validator=optional_text_of(MAX_STATEMENT), repr=False)


def combine_identities(state: CoachState, given: CombineIdentities, moment: Moment) -> Answer:
    """Combine them; the one that stays is as far as it was."""
    identity, other = living(state, given.identity), found(state, given.other)
    if isinstance(identity, Refusal):
        return identity
    if isinstance(other, Refusal):
        return other
    if identity.id == other.id:
        return Refusal(f"{quoted(identity.name)} cannot be combined with itself")
    name = given.name or identity.name
    taken = named(state, name)
    if taken is not None and taken.id not in {identity.id, other.id}:
        return Refusal(f"there is an identity {quoted(taken.name)} already")
    whole = evolve(
        identity,
        name=name,
        statement=given.statement or identity.statement or other.statement,
    )
    gone = evolve(other, combined_into=identity.id)
    after = _joined(state, whole, gone, moment)
    if isinstance(after, Refusal):
        return after
    return added(
        after,
        moment,
        f"combined {quoted(identity.name)} and {quoted(other.name)} into {quoted(name)}",
    )


@frozen
class NestIdentity:
    """Make an identity a part of another one. The part is archived, and told under the whole.

    Attributes:
        identity: The name or id of the part; its notes go to the whole.
        under: The name or id of the whole, which stays.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)
    under: str = field(validator=text_of(MAX_REFERENCE), repr=False)


def nest_identity(state: CoachState, given: NestIdentity, moment: Moment) -> Answer:
    """Nest it; the whole is as far as it was."""
    part, whole = found(state, given.identity), living(state, given.under)
    if isinstance(part, Refusal):
        return part
    if isinstance(whole, Refusal):
        return whole
    if part.id == whole.id:
        return Refusal(f"{quoted(part.name)} cannot be nested under itself")
    after = _joined(state, whole, evolve(part, nested_under=whole.id), moment)
    if isinstance(after, Refusal):
        return after
    return added(after, moment, f"nested {quoted(part.name)} under {quoted(whole.name)}")


def _joined(
    state: CoachState, whole: Identity, gone: Identity, moment: Moment
) -> CoachState | Refusal:
    """Return *state* with the notes of *gone* at *whole*, and *gone* archived without them."""
    notes = tuple(sorted((*whole.notes, *gone.notes), key=attrgetter("at")))
    state = replaced(state, evolve(whole, notes=notes, updated_at=moment.now))
    return stepped(state, evolve(gone, notes=()), IdentityEvent.ARCHIVE, moment.now)
