"""Making one identity of two: what stays, what goes, and that nothing is lost."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.actions import RefusalCode
from coachwork.programs.identity import Category, IdentityStatus, Phase
from coachwork.programs.identity._room import MAX_WEIGHT, weight
from tests.programs.identity.people import (
    ACCEPTED,
    ARCHIVED,
    CREATION,
    INTEGRATION,
    KNOWING,
    LATER,
    PROPOSED,
    REFINED,
    REFINEMENT,
    after,
    applied,
    bad,
    coach_state,
    identity,
    note,
    refused,
)

ONE = identity("One", REFINED, Category.VALUES, notes=(note("b", "i-one", 2),))
TWO = identity(
    "Two",
    ACCEPTED,
    Category.HEALTH,
    statement="I am two",
    notes=(note("a", "i-two", 1), note("c", "i-zero", 3)),
)
STATE = coach_state(REFINEMENT, ONE, TWO, current_identity="i-two")


def test_two_identities_are_combined() -> None:
    """The other's notes come along by age, with their origin; the other is archived."""
    state, action = applied(
        STATE, "combine_identities", identity="One", other="Two", name="Both", statement="We"
    )
    one, two = state.identities
    assert one == evolve(
        ONE,
        name="Both",
        statement="We",
        notes=(note("a", "i-two", 1), note("b", "i-one", 2), note("c", "i-zero", 3)),
        updated_at=LATER,
    )
    assert two == evolve(TWO, status=ARCHIVED, notes=(), combined_into="i-one", updated_at=LATER)
    assert state.current_identity is None
    assert action.summary == 'combined "One" and "Two" into "Both"'


def test_what_is_not_given_stays() -> None:
    """The name of the one that stays, and the statement that there is: its own first."""
    one, _ = after(STATE, "combine_identities", identity="One", other="Two").identities
    assert (one.name, one.statement) == ("One", "I am two")
    _, two = after(STATE, "combine_identities", identity="Two", other="One").identities
    assert (two.name, two.statement, two.category) == ("Two", "I am two", Category.HEALTH)
    assert two.status is ACCEPTED


@pytest.mark.parametrize("name", ["TWO", "one", "Three"])
def test_the_name_of_either_is_free(name: str) -> None:
    """So is one that nobody has."""
    one, two = after(STATE, "combine_identities", identity="One", other="Two", name=name).identities
    assert (one.name, two.name) == (name, "Two")


def test_what_cannot_be_combined() -> None:
    """With itself, with what is archived or not there, or under the name of a third."""
    state = coach_state(
        REFINEMENT, ONE, TWO, identity("Three", ACCEPTED), identity("Gone", ARCHIVED)
    )

    def why(identity: str, other: str, name: str = "") -> str:
        return refused(state, "combine_identities", identity=identity, other=other, name=name)

    assert why("One", "i-one") == '"One" cannot be combined with itself'
    assert why("One", "Two", "three") == 'there is an identity "Three" already'
    assert why("One", "i-gone") == '"Gone" is archived; possible is nothing any more'
    assert why("i-gone", "One") == '"Gone" is archived'
    assert why("One", "Four") == 'there is no identity "Four"'
    assert why("Four", "One") == 'there is no identity "Four"'
    assert bad(state, "combine_identities", identity="One").startswith(
        "combine_identities: other: expected"
    )


def test_combining_needs_room_for_what_it_adds() -> None:
    """A statement that is taken over is kept twice."""
    room = MAX_WEIGHT - weight(evolve(STATE, who_you_are=("",)))
    full = evolve(STATE, who_you_are=("x" * room,))
    assert "no room" in refused(full, "combine_identities", identity="One", other="Two")
    assert after(full, "combine_identities", identity="Two", other="One").living[0].name == "Two"


def test_an_identity_is_nested_under_another() -> None:
    """Its notes go to the whole; it is archived, and keeps what it meant."""
    state, action = applied(STATE, "nest_identity", identity="Two", under="One")
    one, two = state.identities
    assert one == evolve(
        ONE,
        notes=(note("a", "i-two", 1), note("b", "i-one", 2), note("c", "i-zero", 3)),
        updated_at=LATER,
    )
    assert two == evolve(TWO, status=ARCHIVED, notes=(), nested_under="i-one", updated_at=LATER)
    assert action.summary == 'nested "Two" under "One"'
    assert Category.HEALTH not in state.open_categories


def test_what_cannot_be_nested() -> None:
    """Under itself, under what is archived or not there, nor what is so itself."""
    state = coach_state(REFINEMENT, ONE, TWO, identity("Gone", ARCHIVED))

    def why(identity: str, under: str) -> str:
        return refused(state, "nest_identity", identity=identity, under=under)

    assert why("One", "one") == '"One" cannot be nested under itself'
    assert why("i-gone", "One") == '"Gone" is archived; possible is nothing any more'
    assert why("One", "i-gone") == '"Gone" is archived'
    assert why("Four", "One") == 'there is no identity "Four"'
    assert why("One", "Four") == 'there is no identity "Four"'


@pytest.mark.parametrize("name", ["combine_identities", "nest_identity"])
def test_identities_are_joined_in_creation_and_refinement(name: str) -> None:
    """Before, there are none; after, each has its place."""
    for phase in (KNOWING, INTEGRATION):
        refused(coach_state(phase, ONE, TWO), name, code=RefusalCode.WRONG_PHASE)
    bad(coach_state(CREATION), name)


@pytest.mark.parametrize("phase", [CREATION, REFINEMENT])
@pytest.mark.parametrize("status", [PROPOSED, ACCEPTED, REFINED])
def test_what_is_being_worked_on_goes_on(phase: Phase, status: IdentityStatus) -> None:
    """Where the one that goes was it, another one is."""
    one, two = identity("One", status), identity("Two", status)
    state = coach_state(phase, one, two, current_identity="i-one", proposed_identity="i-one")
    state = after(state, "nest_identity", identity="One", under="Two")
    assert state.current_identity in {None, "i-two"}
    assert state.proposed_identity in {None, "i-two"}
