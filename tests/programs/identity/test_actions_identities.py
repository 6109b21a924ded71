"""Actions on one identity, and the reasons why they may not be."""

from __future__ import annotations

import pytest

from coachwork.actions import Component, RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs.identity import MAX_IDENTITIES, Category, IdentityStatus, Note, Phase
from coachwork.programs.identity._room import MAX_WEIGHT, weight
from tests.programs.identity.people import (
    ACCEPTED,
    ARCHIVED,
    CREATION,
    INTEGRATED,
    INTEGRATION,
    KNOWING,
    LATER,
    PROPOSED,
    REFINED,
    REFINEMENT,
    after,
    applied,
    bad,
    by_name,
    carry,
    coach_state,
    identity,
    note,
    refused,
)

# --- creating --------------------------------------------------------------------------------


def test_an_identity_is_created_in_focus() -> None:
    """It is proposed, in the category in focus, and being proposed where nothing else is."""
    state, action = applied(
        coach_state(identity_focus=Category.VALUES), "create_identity", name="  Honest  Abe "
    )
    (new,) = state.identities
    assert new == identity(
        "Honest Abe", category=Category.VALUES, id="a.1.1", created_at=LATER, updated_at=LATER
    )
    assert state.proposed_identity == "a.1.1"
    assert action.summary == 'proposed "Honest Abe" in VALUES'


def test_an_identity_is_created_with_all_that_is_known() -> None:
    """Category, statement and a first note."""
    state = after(
        coach_state(CREATION, identity("Old"), proposed_identity="i-old"),
        "create_identity",
        name="Runner",
        category="HEALTH",
        statement="I run",
        note="every morning",
    )
    new = by_name(state, "Runner")
    assert (new.category, new.statement) == (Category.HEALTH, "I run")
    assert new.notes == (Note(text="every morning", at=LATER, origin="a.1.1"),)
    assert state.proposed_identity == "i-old"
    assert [one.name for one in state.identities] == ["Old", "Runner"]


@pytest.mark.parametrize("name", ["Runner", "RUNNER", "  runner"])
def test_a_name_is_taken_whatever_its_case(name: str) -> None:
    """Until its owner is archived."""
    state = coach_state(CREATION, identity("Runner", ACCEPTED))
    assert "already" in refused(state, "create_identity", name=name)
    gone = coach_state(CREATION, identity("Runner", ARCHIVED))
    assert len(after(gone, "create_identity", name=name).identities) == 2


def test_a_skipped_category_takes_no_identity() -> None:
    """It has to be taken up again first."""
    state = coach_state(skipped_identity_categories=(Category.HEALTH,))
    why = refused(state, "create_identity", name="Runner", category="HEALTH")
    assert why == "HEALTH is skipped; unskip it first"


def test_there_are_only_so_many_identities() -> None:
    """Archived ones among them, since they are kept."""
    many = tuple(identity(f"No {number}", ARCHIVED) for number in range(MAX_IDENTITIES - 1))
    state = after(coach_state(CREATION, *many), "create_identity", name="Last")
    why = refused(state, "create_identity", name="One more")
    assert why == f"there are {MAX_IDENTITIES} identities already"


@pytest.mark.parametrize(
    "parameters, field",
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "x", "category": "passions"}, "category"),
        ({"name": "x", "statement": "x" * 1001}, "statement"),
        ({"name": "x", "note": "x" * 1001}, "note"),
        ({"name": "x", "more": 1}, "parameters"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_parameters_of_creating_are_bounded(parameters: dict[str, JSON], field: str) -> None:
    """The reason names action and field."""
    assert bad(coach_state(), "create_identity", **parameters).startswith(
        f"create_identity: {field}: expected"
    )


def test_several_identities_are_created_at_once() -> None:
    """In order; the first of them is being proposed."""
    identities: list[JSON] = [
        {"name": "Runner", "category": "HEALTH"},
        {"name": "Singer"},
    ]
    state, action = applied(coach_state(), "create_identities", identities=identities)
    assert [(one.name, one.category, one.id) for one in state.identities] == [
        ("Runner", Category.HEALTH, "a.1.1"),
        ("Singer", Category.PASSIONS, "a.1.2"),
    ]
    assert state.proposed_identity == "a.1.1"
    assert action.summary == 'proposed "Runner" in HEALTH, "Singer" in PASSIONS'


def test_of_several_identities_all_are_created_or_none() -> None:
    """One that cannot be spoils the others, for they were meant together."""
    identities: list[JSON] = [{"name": "Runner"}, {"name": "runner"}]
    why = refused(coach_state(), "create_identities", identities=identities)
    assert why == 'there is an identity "runner" already'


@pytest.mark.parametrize("count", [0, 21])
def test_at_once_means_one_to_twenty(count: int) -> None:
    """Neither none nor too many."""
    identities: list[JSON] = [{"name": f"No {number}"} for number in range(count)]
    why = bad(coach_state(), "create_identities", identities=identities)
    assert why == "create_identities: identities: expected 1 to 20 of them"


def test_identities_are_created_only_in_creation() -> None:
    """And by both."""
    for phase in set(Phase) - {CREATION}:
        state = coach_state(phase)
        refused(state, "create_identity", code=RefusalCode.WRONG_PHASE, name="Runner")
    applied(coach_state(), "create_identity", sender=Sender.USER, name="Runner")


# --- choosing --------------------------------------------------------------------------------


def test_a_proposed_identity_is_put_before_the_person() -> None:
    """With all that there is to see, and buttons that carry what the person may say to it."""
    one, two = identity("One"), identity("Two", statement="I am two")
    state, action = applied(
        coach_state(CREATION, one, two, proposed_identity="i-one"),
        "propose_identity",
        identity="Two",
    )
    assert state.proposed_identity == "i-two"
    component = action.component
    assert isinstance(component, Component)
    assert component.kind == "identity_proposal"
    assert component.data == {
        "id": "i-two",
        "name": "Two",
        "category": "PASSIONS",
        "statement": "I am two",
    }
    accept, archive = component.buttons
    pressed = applied(state, accept.action, Sender.USER, **accept.parameters)[0]
    assert by_name(pressed, "Two").status is ACCEPTED
    assert pressed.proposed_identity == "i-one"
    pressed = applied(state, archive.action, Sender.USER, **archive.parameters)[0]
    assert by_name(pressed, "Two").status is ARCHIVED


def test_only_the_coach_proposes_and_only_what_is_proposed() -> None:
    """An identity that is accepted needs no proposal."""
    state = coach_state(CREATION, identity("Runner", ACCEPTED))
    assert refused(state, "propose_identity", identity="Runner") == '"Runner" is accepted'
    assert "no identity" in refused(state, "propose_identity", identity="Swimmer")
    refused(
        state,
        "propose_identity",
        code=RefusalCode.WRONG_SENDER,
        sender=Sender.USER,
        identity="Runner",
    )


@pytest.mark.parametrize("phase, status", [(REFINEMENT, ACCEPTED), (INTEGRATION, REFINED)])
def test_another_identity_can_be_worked_on(phase: Phase, status: IdentityStatus) -> None:
    """One that is still pending; afterwards it goes on with the oldest one."""
    one, two, three = (identity(name, status) for name in ("One", "Two", "Three"))
    state = coach_state(phase, one, two, three, current_identity="i-one")
    state = after(state, "select_identity", identity="Two")
    assert state.current_identity == "i-two"
    step: tuple[str, dict[str, JSON]] = (
        ("refine_identity", {"identity": "Two", "statement": "I am two"})
        if phase is REFINEMENT
        else ("integrate_identity", {"identity": "Two"})
    )
    assert carry(state, step).state.current_identity == "i-one"


def test_what_is_done_is_not_worked_on() -> None:
    """It has to be pending in the phase."""
    state = coach_state(REFINEMENT, identity("Done", REFINED), identity("Gone", ARCHIVED))
    assert "nothing left" in refused(state, "select_identity", identity="Done")
    assert "nothing left" in refused(state, "select_identity", identity="i-gone")
    assert "no identity" in refused(state, "select_identity", identity="Gone")
    refused(coach_state(), "select_identity", code=RefusalCode.WRONG_PHASE, identity="x")


# --- changing --------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [CREATION, REFINEMENT, INTEGRATION])
def test_an_identity_is_renamed(phase: Phase) -> None:
    """Into another case of its own name, too."""
    runner = identity("Runner", INTEGRATED)
    state, action = applied(
        coach_state(phase, runner), "rename_identity", identity="runner", name=" RUNNER "
    )
    (renamed,) = state.identities
    assert (renamed.name, renamed.id, renamed.updated_at) == ("RUNNER", "i-runner", LATER)
    assert renamed.status is INTEGRATED
    assert action.summary == 'renamed "Runner" to "RUNNER"'


def test_a_name_that_is_taken_is_not_given() -> None:
    """Nor to what is not there or archived."""
    state = coach_state(
        CREATION, identity("One"), identity("Two"), identity("Gone", ARCHIVED), identity("More")
    )
    why = refused(state, "rename_identity", identity="One", name="TWO")
    assert why == 'there is an identity "Two" already'
    assert "archived" in refused(state, "rename_identity", identity="i-gone", name="New")
    assert by_name(after(state, "rename_identity", identity="One", name="Gone"), "More")


def test_a_note_is_added() -> None:
    """With the instant and the identity that it was written for."""
    state = coach_state(CREATION, identity("Runner", notes=(note("old", "i-other"),)))
    state, action = applied(state, "note_identity", identity="Runner", text="faster")
    assert state.identities[0].notes == (
        note("old", "i-other"),
        Note(text="faster", at=LATER, origin="i-runner"),
    )
    assert state.identities[0].updated_at == LATER
    assert action.summary == 'noted something about "Runner"'
    assert "no identity" in refused(state, "note_identity", identity="x", text="y")


def test_a_note_needs_room() -> None:
    """A full state takes no more text, and everything else goes on."""
    runner = identity("Runner", ACCEPTED)
    room = MAX_WEIGHT - weight(coach_state(REFINEMENT, runner, who_you_are=("",)))
    full = coach_state(REFINEMENT, runner, who_you_are=("x" * room,), current_identity="i-runner")
    assert "no room" in refused(full, "note_identity", identity="Runner", text="faster")
    assert "no room" in refused(full, "refine_identity", identity="Runner", statement="I run")
    assert "no room" in refused(full, "rename_identity", identity="Runner", name="Runners")
    assert after(full, "rename_identity", identity="Runner", name="Run").identities[0].name == "Run"
    assert after(full, "archive_identity", identity="Runner").living == ()


# --- stepping --------------------------------------------------------------------------------


def test_an_identity_is_accepted() -> None:
    """The oldest one that is still proposed is next."""
    state = coach_state(CREATION, identity("One"), identity("Two"), proposed_identity="i-two")
    state, action = applied(state, "accept_identity", Sender.USER, identity="Two")
    assert [one.status for one in state.identities] == [PROPOSED, ACCEPTED]
    assert state.proposed_identity == "i-one"
    assert action.summary == 'accepted "Two"'
    assert "possible is" in refused(state, "accept_identity", identity="Two")
    assert "no identity" in refused(state, "accept_identity", identity="Three")
    assert after(state, "accept_identity", identity="One").proposed_identity is None


@pytest.mark.parametrize("status", [ACCEPTED, REFINED, INTEGRATED])
def test_an_identity_is_refined(status: IdentityStatus) -> None:
    """Once or more; what it means takes the place of what it meant."""
    runner = identity("Runner", status, statement="I jog")
    state = coach_state(REFINEMENT, runner, current_identity=None)
    state, action = applied(state, "refine_identity", identity="Runner", statement="I run")
    (refined,) = state.identities
    assert (refined.status, refined.statement) == (REFINED, "I run")
    assert state.current_identity is None
    assert action.summary == 'refined "Runner"'


def test_what_was_not_accepted_is_not_refined() -> None:
    """Nor what is archived, or not there; nor in another phase."""
    state = coach_state(REFINEMENT, identity("New"), identity("Gone", ARCHIVED))
    assert "proposed" in refused(state, "refine_identity", identity="New", statement="x")
    assert "archived" in refused(state, "refine_identity", identity="i-gone", statement="x")
    assert "no identity" in refused(state, "refine_identity", identity="Gone", statement="x")
    assert bad(state, "refine_identity", identity="New", statement="").endswith("not blank")
    refused(
        coach_state(),
        "refine_identity",
        code=RefusalCode.WRONG_PHASE,
        identity="New",
        statement="x",
    )


def test_an_identity_is_integrated() -> None:
    """What the person does from now on becomes a note; the oldest refined one is next."""
    one, two = identity("One", REFINED), identity("Two", REFINED)
    state = coach_state(INTEGRATION, one, two, current_identity="i-one")
    state, action = applied(
        state, "integrate_identity", identity="One", practice="a walk every morning"
    )
    assert state.identities[0].status is INTEGRATED
    assert state.identities[0].notes == (
        Note(text="a walk every morning", at=LATER, origin="i-one"),
    )
    assert state.current_identity == "i-two"
    assert action.summary == 'integrated "One"'
    state = after(state, "integrate_identity", identity="Two")
    assert state.identities[1].notes == ()
    assert state.current_identity is None
    assert "integrated" in refused(state, "integrate_identity", identity="Two")
    assert "no identity" in refused(state, "integrate_identity", identity="Three")


@pytest.mark.parametrize("phase", [CREATION, REFINEMENT, INTEGRATION])
@pytest.mark.parametrize("status", [PROPOSED, ACCEPTED, REFINED, INTEGRATED])
def test_an_identity_is_set_aside(phase: Phase, status: IdentityStatus) -> None:
    """It stays with all that is known of it, and is worked on no more."""
    runner = identity("Runner", status, statement="I run", notes=(note("often", "i-runner"),))
    state = coach_state(phase, runner, current_identity="i-runner", proposed_identity="i-runner")
    state, action = applied(state, "archive_identity", identity="Runner")
    (gone,) = state.identities
    assert gone.status is ARCHIVED
    assert (gone.statement, gone.notes) == ("I run", runner.notes)
    assert (state.current_identity, state.proposed_identity) == (None, None)
    assert action.summary == 'archived "Runner"'
    assert "nothing any more" in refused(state, "archive_identity", identity="i-runner")
    assert "no identity" in refused(state, "archive_identity", identity="Runner")


@pytest.mark.parametrize(
    "name",
    ["rename_identity", "note_identity", "archive_identity", "accept_identity"],
)
def test_before_creation_there_is_nothing_to_change(name: str) -> None:
    """Getting to know somebody is not about identities."""
    refused(coach_state(KNOWING), name, code=RefusalCode.WRONG_PHASE)
