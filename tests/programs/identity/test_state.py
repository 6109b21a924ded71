"""The coach state: what it can be asked, and its plain form."""

from __future__ import annotations

from coachwork.plain import from_plain, to_json
from coachwork.programs.identity import (
    Category,
    CoachState,
    Identity,
    IdentityStatus,
    Phase,
    QuestionStatus,
)
from coachwork.programs.identity._state import alive, is_living, key_of, pending
from tests.programs.identity.people import (
    ACCEPTED,
    ARCHIVED,
    COMPLETED,
    CREATION,
    INTEGRATED,
    INTEGRATION,
    KNOWING,
    PROPOSED,
    REFINED,
    REFINEMENT,
    coach_state,
    identity,
    note,
    question,
)
from tests.specimens import NOON


def test_phases_and_categories_are_those_of_the_brief() -> None:
    """They are stored in upper case, in this order."""
    assert [*Phase] == [
        "GET_TO_KNOW_YOU",
        "IDENTITY_CREATION",
        "IDENTITY_REFINEMENT",
        "INTEGRATION",
        "COMPLETED",
    ]
    assert [*Category] == [
        "PASSIONS",
        "VALUES",
        "STRENGTHS",
        "GOALS",
        "RELATIONSHIPS",
        "CAREER",
        "HEALTH",
        "FINANCE",
        "SPIRITUALITY",
        "CREATIVITY",
    ]
    assert [*IdentityStatus] == ["proposed", "accepted", "refined", "integrated", "archived"]


def test_a_coach_state_begins_empty() -> None:
    """Getting to know somebody comes first, and passions are in focus."""
    state = CoachState(id="c-1", updated_at=NOON)
    assert state == CoachState(
        id="c-1",
        current_phase=Phase.GET_TO_KNOW_YOU,
        current_identity=None,
        proposed_identity=None,
        identity_focus=Category.PASSIONS,
        skipped_identity_categories=(),
        who_you_are=(),
        who_you_want_to_be=(),
        asked_questions=(),
        identities=(),
        metadata={},
        updated_at=NOON,
    )
    assert state.metadata is not CoachState(id="c-2", updated_at=NOON).metadata


def test_a_coach_state_has_a_plain_form() -> None:
    """All that it holds comes back as it was."""
    state = coach_state(
        CREATION,
        identity("Runner", REFINED, statement="I run", notes=(note("often", "i-runner"),)),
        identity("Gone", ARCHIVED, nested_under="i-runner"),
        identity("Lost", ARCHIVED, combined_into="i-runner"),
        current_identity="i-runner",
        proposed_identity="i-runner",
        identity_focus=Category.HEALTH,
        skipped_identity_categories=(Category.FINANCE,),
        who_you_are=("kind",),
        who_you_want_to_be=("brave",),
        asked_questions=(question("Who?", QuestionStatus.ANSWERED, answer="me", message="s-1.2"),),
        metadata={"a": [1, None, {"b": "c"}]},
    )
    plain = to_json(state)
    assert isinstance(plain, dict)
    assert plain["current_phase"] == "IDENTITY_CREATION"
    assert plain["identity_focus"] == "HEALTH"
    assert plain["skipped_identity_categories"] == ["FINANCE"]
    assert from_plain(plain, CoachState) == state


def test_words_of_people_stay_out_of_logs() -> None:
    """Names, statements, notes, traits, questions, answers and metadata are not told by `repr`."""
    state = coach_state(
        CREATION,
        identity("secret", statement="secret", notes=(note("secret", "i-1"),), id="i-1"),
        who_you_are=("secret",),
        who_you_want_to_be=("secret",),
        asked_questions=(question("secret", id="q-1", answer="secret"),),
        metadata={"secret": "secret"},
    )
    assert "secret" not in repr(state)


def test_archived_identities_do_not_live() -> None:
    """The others do, in the order in which they were created."""
    one, two = identity("One", INTEGRATED), identity("Two")
    state = coach_state(CREATION, one, identity("Gone", ARCHIVED), two)
    assert state.living == (one, two)
    assert is_living(one)
    assert not is_living(state.identities[1])


def test_an_identity_lives_on_in_what_it_went_to() -> None:
    """Through as many steps as it takes; what was set aside, and all that is in it, does not."""
    whole = identity("Whole")
    nested = identity("Nested", ARCHIVED, nested_under="i-combined")
    combined = identity("Combined", ARCHIVED, combined_into="i-whole")
    aside = identity("Aside", ARCHIVED)
    inside = identity("Inside", ARCHIVED, combined_into="i-aside")
    state = coach_state(CREATION, nested, inside, combined, aside, whole)
    assert list(alive(state)) == [(nested, whole), (combined, whole), (whole, whole)]


def test_damaged_links_lead_nowhere() -> None:
    """In circles or to what is not there, which no action makes, but a document may hold."""
    round_ = identity("Round", ARCHIVED, nested_under="i-about")
    about = identity("About", ARCHIVED, combined_into="i-round")
    lost = identity("Lost", ARCHIVED, nested_under="i-nowhere")
    assert not list(alive(coach_state(CREATION, round_, about, lost)))


def test_a_category_is_open_until_it_has_an_identity_or_is_skipped() -> None:
    """One that lives on in another counts; one that was set aside does not."""
    state = coach_state(
        CREATION,
        identity("Whole", category=Category.VALUES),
        identity("Part", ARCHIVED, Category.GOALS, nested_under="i-whole"),
        identity("Gone", ARCHIVED, Category.CAREER),
        skipped_identity_categories=(Category.FINANCE,),
    )
    taken = {Category.VALUES, Category.GOALS, Category.FINANCE}
    assert state.open_categories == tuple(one for one in Category if one not in taken)


def test_questions_are_open_until_they_are_answered_or_declined() -> None:
    """Only what is neither is open."""
    asked = tuple(question(status, status) for status in QuestionStatus)
    assert coach_state(asked_questions=asked).open_questions == asked[:1]


def test_what_is_pending_depends_on_the_phase() -> None:
    """Proposed ones in creation, accepted ones in refinement, refined ones in integration."""
    wanted: dict[Phase, list[Identity]] = {
        KNOWING: [],
        CREATION: [identity("Proposed", PROPOSED), identity("Too", PROPOSED)],
        REFINEMENT: [identity("Accepted", ACCEPTED)],
        INTEGRATION: [identity("Refined", REFINED)],
        COMPLETED: [],
    }
    others = [identity("Integrated", INTEGRATED), identity("Archived", ARCHIVED)]
    everything = [*others, *(one for some in wanted.values() for one in some)]
    for phase, some in wanted.items():
        assert list(pending(coach_state(phase, *everything))) == some


def test_texts_are_the_same_whatever_their_case() -> None:
    """Case folding is that of all scripts, and it does not matter how an accent is written."""
    assert key_of("STRASSE") == key_of("Straße")
    assert key_of("É") == key_of("e\N{COMBINING ACUTE ACCENT}")
    assert key_of("a") != key_of("b")
