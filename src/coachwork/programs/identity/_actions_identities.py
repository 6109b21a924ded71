"""Actions on one identity: create, propose, rename, note, accept, refine, integrate, archive."""

from __future__ import annotations

from attrs import evolve, field, frozen

from coachwork.actions import Button, Component
from coachwork.plain import JSON
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.identity._changing import (
    added,
    done,
    found,
    living,
    named,
    replaced,
    stepped,
)
from coachwork.programs.identity._identity import IdentityEvent
from coachwork.programs.identity._phases import move_on
from coachwork.programs.identity._room import MAX_IDENTITIES
from coachwork.programs.identity._state import (
    Category,
    CoachState,
    Identity,
    IdentityStatus,
    Note,
    pending,
)
from coachwork.programs.identity._texts import (
    MAX_AT_ONCE,
    MAX_NAME,
    MAX_NOTE,
    MAX_REFERENCE,
    MAX_STATEMENT,
)
from coachwork.programs.texts import one_line, optional_text_of, quoted, some_of, text_of

Answer = Done[CoachState] | Refusal

# --- creating --------------------------------------------------------------------------------


@frozen
class CreateIdentity:
    """Propose a new identity: a name for something that the person is or wants to be.

    Attributes:
        name: What it is called, in a few words; no other identity may have the name.
        category: What part of a life it is about; left out, the category in focus.
        statement: What it means to the person, in a sentence or a few, where that is known.
        note: Something worth keeping about it.
    """

    name: str = field(converter=one_line, validator=text_of(MAX_NAME), repr=False)
    category: Category | None = None
    statement: str = field(default="", validator=optional_text_of(MAX_STATEMENT), repr=False)
    note: str = field(default="", validator=optional_text_of(MAX_NOTE), repr=False)


def create_identity(state: CoachState, given: CreateIdentity, moment: Moment) -> Answer:
    """Add an identity; where none is being proposed, this one is from now on."""
    after = _with_new(state, given, moment)
    if isinstance(after, Refusal):
        return after
    new = after.identities[-1]
    return added(after, moment, f"proposed {quoted(new.name)} in {new.category}")


@frozen
class CreateIdentities:
    """Propose several new identities at once: all of them, or none where one of them cannot be.

    Attributes:
        identities: The identities, at least one.
    """

    identities: tuple[CreateIdentity, ...] = field(validator=some_of(MAX_AT_ONCE))


def create_identities(state: CoachState, given: CreateIdentities, moment: Moment) -> Answer:
    """Add identities, all or none."""
    count = len(given.identities)
    for one in given.identities:
        after = _with_new(state, one, moment)
        if isinstance(after, Refusal):
            return after
        state = after
    told = ", ".join(f"{quoted(new.name)} in {new.category}" for new in state.identities[-count:])
    return added(state, moment, f"proposed {told}")


def _with_new(state: CoachState, given: CreateIdentity, moment: Moment) -> CoachState | Refusal:
    category = given.category or state.identity_focus
    if category in state.skipped_identity_categories:
        return Refusal(f"{category} is skipped; unskip it first")
    if named(state, given.name) is not None:
        return Refusal(f"there is an identity {quoted(given.name)} already")
    if len(state.identities) >= MAX_IDENTITIES:
        return Refusal(f"there are {MAX_IDENTITIES} identities already")
    id_ = moment.new_id()
    notes = (Note(text=given.note, at=moment.now, origin=id_),) if given.note else ()
    new = Identity(
        id=id_,
        name=given.name,
        category=category,
        statement=given.statement,
        notes=notes,
        created_at=moment.now,
        updated_at=moment.now,
    )
    return move_on(evolve(state, identities=(*state.identities, new)), moment.now)


# --- choosing --------------------------------------------------------------------------------


@frozen
class ProposeIdentity:
    """Put a proposed identity before the person, with buttons to accept it or to set it aside.

    Attributes:
        identity: Its name or id.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)


def propose_identity(state: CoachState, given: ProposeIdentity, moment: Moment) -> Answer:
    """Make it the proposed identity, and show it."""
    identity = found(state, given.identity)
    if isinstance(identity, Refusal):
        return identity
    if identity.status is not IdentityStatus.PROPOSED:
        return Refusal(f"{quoted(identity.name)} is {identity.status}")
    shown = Component(
        kind="identity_proposal",
        data={
            "id": identity.id,
            "name": identity.name,
            "category": identity.category.value,
            "statement": identity.statement,
        },
        buttons=(
            Button(label="This is me", action="accept_identity", parameters=_this(identity)),
            Button(label="Not for me", action="archive_identity", parameters=_this(identity)),
        ),
    )
    after = evolve(state, proposed_identity=identity.id)
    return done(after, moment, f"put {quoted(identity.name)} before the person", shown)


def _this(identity: Identity) -> dict[str, JSON]:
    return {"identity": identity.id}


@frozen
class SelectIdentity:
    """Work on this identity next; afterwards it goes on with the oldest one that is still pending.

    Attributes:
        identity: Its name or id.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)


def select_identity(state: CoachState, given: SelectIdentity, moment: Moment) -> Answer:
    """Make it the current identity."""
    identity = found(state, given.identity)
    if isinstance(identity, Refusal):
        return identity
    if identity not in pending(state):
        return Refusal(
            f"{quoted(identity.name)} is {identity.status}: there is nothing left to do here"
        )
    return done(
        evolve(state, current_identity=identity.id), moment, f"turned to {quoted(identity.name)}"
    )


# --- changing --------------------------------------------------------------------------------


@frozen
class RenameIdentity:
    """Give an identity another name.

    Attributes:
        identity: Its name or id.
        name: What it is called from now on; no other identity may have the name.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)
    name: str = field(converter=one_line, validator=text_of(MAX_NAME), repr=False)


def rename_identity(state: CoachState, given: RenameIdentity, moment: Moment) -> Answer:
    """Change its name."""
    identity = living(state, given.identity)
    if isinstance(identity, Refusal):
        return identity
    other = named(state, given.name)
    if other is not None and other.id != identity.id:
        return Refusal(f"there is an identity {quoted(other.name)} already")
    after = replaced(state, evolve(identity, name=given.name, updated_at=moment.now))
    return added(after, moment, f"renamed {quoted(identity.name)} to {quoted(given.name)}")


@frozen
class NoteIdentity:
    """Keep a note about an identity: what the person said of it, examples, doubts.

    Attributes:
        identity: Its name or id.
        text: The note.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)
    text: str = field(validator=text_of(MAX_NOTE), repr=False)


def note_identity(state: CoachState, given: NoteIdentity, moment: Moment) -> Answer:
    """Add a note."""
    identity = living(state, given.identity)
    if isinstance(identity, Refusal):
        return identity
    after = replaced(state, _noted(identity, given.text, moment))
    return added(after, moment, f"noted something about {quoted(identity.name)}")


def _noted(identity: Identity, text: str, moment: Moment) -> Identity:
    note = Note(text=text, at=moment.now, origin=identity.id)
    return evolve(identity, notes=(*identity.notes, note), updated_at=moment.now)


# --- stepping along the table ----------------------------------------------------------------


@frozen
class AcceptIdentity:
    """The person wants a proposed identity to be theirs.

    Attributes:
        identity: Its name or id.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)


def accept_identity(state: CoachState, given: AcceptIdentity, moment: Moment) -> Answer:
    """Accept it; the oldest one that is still proposed is next."""
    identity = found(state, given.identity)
    if isinstance(identity, Refusal):
        return identity
    after = stepped(state, identity, IdentityEvent.ACCEPT, moment.now)
    if isinstance(after, Refusal):
        return after
    return done(after, moment, f"accepted {quoted(identity.name)}")


@frozen
class RefineIdentity:
    """Say what an identity means to the person, as it came out of the talk.

    Attributes:
        identity: Its name or id.
        statement: What it means, in a sentence or a few, in the person's own voice.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)
    statement: str = field(validator=text_of(MAX_STATEMENT), repr=False)


def refine_identity(state: CoachState, given: RefineIdentity, moment: Moment) -> Answer:
    """Refine it; the oldest one that is not yet refined is next."""
    identity = found(state, given.identity)
    if isinstance(identity, Refusal):
        return identity
    said = evolve(identity, statement=given.statement)
    after = stepped(state, said, IdentityEvent.REFINE, moment.now)
    if isinstance(after, Refusal):
        return after
    return added(after, moment, f"refined {quoted(identity.name)}")


@frozen
class IntegrateIdentity:
    """An identity has found its place in the person's daily life.

    Attributes:
        identity: Its name or id.
        practice: What the person does from now on, kept as a note.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)
    practice: str = field(default="", validator=optional_text_of(MAX_NOTE), repr=False)


def integrate_identity(state: CoachState, given: IntegrateIdentity, moment: Moment) -> Answer:
    """Integrate it; the oldest one that is not yet integrated is next."""
    identity = found(state, given.identity)
    if isinstance(identity, Refusal):
        return identity
    said = _noted(identity, given.practice, moment) if given.practice else identity
    after = stepped(state, said, IdentityEvent.INTEGRATE, moment.now)
    if isinstance(after, Refusal):
        return after
    return added(after, moment, f"integrated {quoted(identity.name)}")


@frozen
class ArchiveIdentity:
    """Set an identity aside, because it is not for the person. It cannot be brought back.

    Attributes:
        identity: Its name or id.
    """

    identity: str = field(validator=text_of(MAX_REFERENCE), repr=False)


def archive_identity(state: CoachState, given: ArchiveIdentity, moment: Moment) -> Answer:
    """Archive it; it stays where it is, with all that is known of it."""
    identity = found(state, given.identity)
    if isinstance(identity, Refusal):
        return identity
    after = stepped(state, identity, IdentityEvent.ARCHIVE, moment.now)
    if isinstance(after, Refusal):
        return after
    return done(after, moment, f"archived {quoted(identity.name)}")
