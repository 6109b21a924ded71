"""Focus, skip, unskip: categories and identities never contradict each other."""

from __future__ import annotations

import pytest

from coachwork.actions import RefusalCode, Sender
from coachwork.programs.identity import Category, Phase
from tests.programs.identity.people import (
    ARCHIVED,
    CREATION,
    INTEGRATION,
    KNOWING,
    REFINEMENT,
    after,
    applied,
    bad,
    coach_state,
    identity,
    refused,
)


@pytest.mark.parametrize("phase", [KNOWING, CREATION])
@pytest.mark.parametrize("sender", [Sender.COACH, Sender.USER])
def test_the_focus_is_turned(phase: Phase, sender: Sender) -> None:
    """Even to a category that has an identity."""
    state = coach_state(phase, identity("Boss", category=Category.CAREER))
    state, action = applied(state, "focus_category", sender, category="CAREER")
    assert state.identity_focus is Category.CAREER
    assert action.summary == "turned to CAREER"
    assert refused(state, "focus_category", category="CAREER") == "CAREER is in focus already"


def test_a_skipped_category_is_not_in_focus() -> None:
    """It has to be taken up again first."""
    state = coach_state(skipped_identity_categories=(Category.CAREER,))
    why = refused(state, "focus_category", category="CAREER")
    assert why == "CAREER is skipped; unskip it first"


def test_a_category_is_skipped() -> None:
    """They stand in their own order, whatever was skipped first."""
    state, action = applied(coach_state(), "skip_category", Sender.USER, category="CAREER")
    assert action.summary == "skipped CAREER"
    state = after(state, "skip_category", category="VALUES")
    assert state.skipped_identity_categories == (Category.VALUES, Category.CAREER)
    assert state.identity_focus is Category.PASSIONS
    elsewhere = coach_state(identity_focus=Category.GOALS)
    assert after(elsewhere, "skip_category", category="CAREER").identity_focus is Category.GOALS
    assert refused(state, "skip_category", category="VALUES") == "VALUES is skipped already"


def test_skipping_what_is_in_focus_turns_the_focus() -> None:
    """To the first category that is open, or else to one that is left."""
    state = coach_state(CREATION, identity("Honest", category=Category.VALUES))
    state = after(state, "skip_category", category="PASSIONS")
    assert state.identity_focus is Category.STRENGTHS
    everything = tuple(one for one in Category if one not in {Category.VALUES, Category.CAREER})
    last = coach_state(
        CREATION,
        identity("Honest", category=Category.VALUES),
        identity_focus=Category.CAREER,
        skipped_identity_categories=everything,
    )
    assert after(last, "skip_category", category="CAREER").identity_focus is Category.VALUES


def test_a_category_with_an_identity_is_not_skipped() -> None:
    """Nor one whose identity lives on in another; one that was set aside is in nobody's way."""
    state = coach_state(
        CREATION,
        identity("Honest", category=Category.VALUES),
        identity("Part", ARCHIVED, Category.CAREER, nested_under="i-honest"),
        identity("Gone", ARCHIVED, Category.HEALTH),
    )
    why = refused(state, "skip_category", category="VALUES")
    assert why == 'VALUES has an identity, "Honest"; set it aside first'
    why = refused(state, "skip_category", category="CAREER")
    assert why == 'CAREER has an identity, "Honest"; set it aside first'
    after(state, "skip_category", category="HEALTH")


def test_one_category_has_to_be_left() -> None:
    """There would be nothing to talk about."""
    everything = tuple(one for one in Category if one is not Category.GOALS)
    state = coach_state(identity_focus=Category.GOALS, skipped_identity_categories=everything)
    assert refused(state, "skip_category", category="GOALS") == "one category has to be left"


def test_a_skipped_category_is_taken_up_again() -> None:
    """And only such a one."""
    state = coach_state(skipped_identity_categories=(Category.VALUES, Category.CAREER))
    state, action = applied(state, "unskip_category", category="VALUES")
    assert state.skipped_identity_categories == (Category.CAREER,)
    assert action.summary == "took VALUES up again"
    assert refused(state, "unskip_category", category="VALUES") == "VALUES is not skipped"


@pytest.mark.parametrize("name", ["focus_category", "skip_category", "unskip_category"])
def test_categories_are_chosen_before_refinement(name: str) -> None:
    """Later they are settled; and they are written in upper case."""
    for phase in (REFINEMENT, INTEGRATION):
        refused(coach_state(phase), name, code=RefusalCode.WRONG_PHASE, category="VALUES")
    assert bad(coach_state(), name, category="values").startswith(f"{name}: category: expected one")
