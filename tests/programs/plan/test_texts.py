"""How long the texts of a plan may be."""

from __future__ import annotations

from coachwork.actions import RefusalCode, Sender
from coachwork.programs.plan._texts import (
    MAX_AT_ONCE,
    MAX_FEEDBACK,
    MAX_PROPOSAL,
    MAX_QUESTION,
    MAX_RESPONSE,
    MAX_TITLE,
)
from tests.programs.plan.plans import after, bad, plan, refused


def test_the_bounds_are_as_they_are_told() -> None:
    """Numbers that applications may rely on."""
    assert (MAX_RESPONSE, MAX_FEEDBACK, MAX_QUESTION) == (4000, 2000, 500)
    assert (MAX_PROPOSAL, MAX_AT_ONCE, MAX_TITLE) == (1000, 5, 120)


def test_a_text_of_the_longest_length_is_kept() -> None:
    """And one that is longer is refused."""
    state = plan()
    longest = "x" * MAX_RESPONSE
    kept = after(state, "use_text", Sender.USER, step="vision", text=longest)
    assert kept.current.response == longest
    assert bad(state, "use_text", Sender.USER, step="vision", text=f"{longest}x").endswith(
        "at most 4000 characters"
    )


def test_no_more_is_given_at_once_than_may_be() -> None:
    """Five proposals, and no sixth."""
    texts = [str(number) for number in range(MAX_AT_ONCE)]
    after(plan(), "give_proposals", proposals=[*texts])
    why = refused(plan(), "give_proposals", RefusalCode.BAD_PARAMETERS, proposals=[*texts, "x"])
    assert why == "give_proposals: proposals: expected 1 to 5 of them"
