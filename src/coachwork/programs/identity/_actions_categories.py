"""Actions on the categories of identities: focus, skip, unskip."""

from __future__ import annotations

from attrs import evolve, frozen

from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.identity._changing import done
from coachwork.programs.identity._state import Category, CoachState, alive
from coachwork.programs.texts import quoted

Answer = Done[CoachState] | Refusal


@frozen
class FocusCategory:
    """Turn the talk to another category.

    Attributes:
        category: The category; it must not be skipped.
    """

    category: Category


def focus_category(state: CoachState, given: FocusCategory, moment: Moment) -> Answer:
    """Make it the focus."""
    if given.category in state.skipped_identity_categories:
        return Refusal(f"{given.category} is skipped; unskip it first")
    if given.category is state.identity_focus:
        return Refusal(f"{given.category} is in focus already")
    return done(evolve(state, identity_focus=given.category), moment, f"turned to {given.category}")


@frozen
class SkipCategory:
    """Leave a category out, because the person does not want to talk about it.

    Attributes:
        category: The category; it must have no identity, and one category has to be left.
    """

    category: Category


def skip_category(state: CoachState, given: SkipCategory, moment: Moment) -> Answer:
    """Skip it; where it was in focus, the focus goes to another one."""
    category = given.category
    if category in state.skipped_identity_categories:
        return Refusal(f"{category} is skipped already")
    for part, whole in alive(state):
        if part.category is category:
            return Refusal(f"{category} has an identity, {quoted(whole.name)}; set it aside first")
    skipped = {*state.skipped_identity_categories, category}
    left = [one for one in Category if one not in skipped]
    if not left:
        return Refusal("one category has to be left")
    focus = state.identity_focus
    if focus is category:
        focus = next((one for one in state.open_categories if one in left), left[0])
    after = evolve(
        state,
        skipped_identity_categories=tuple(one for one in Category if one in skipped),
        identity_focus=focus,
    )
    return done(after, moment, f"skipped {category}")


@frozen
class UnskipCategory:
    """Take a category up again that was skipped.

    Attributes:
        category: The category.
    """

    category: Category


def unskip_category(state: CoachState, given: UnskipCategory, moment: Moment) -> Answer:
    """Take it up again."""
    if given.category not in state.skipped_identity_categories:
        return Refusal(f"{given.category} is not skipped")
    left = tuple(one for one in state.skipped_identity_categories if one is not given.category)
    after = evolve(state, skipped_identity_categories=left)
    return done(after, moment, f"took {given.category} up again")
