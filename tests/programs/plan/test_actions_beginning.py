"""Beginning, choosing an order, telling about culture and sector."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.actions import RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs.plan import MAX_CONTEXT, PlanPolicy, PlanStatus, Step
from tests.programs.plan.plans import (
    BRIEF_READY,
    COACHING_COMPLETE,
    IN_PROGRESS,
    INITIALIZED,
    after,
    applied,
    bad,
    plan,
    refused,
    section,
    with_step,
)

BOTH = [Sender.COACH, Sender.USER]


@pytest.mark.parametrize("sender", BOTH)
def test_coaching_begins_once(sender: Sender) -> None:
    """With the first step of the order."""
    state, action = applied(plan(INITIALIZED), "start_coaching", sender)
    assert (state.status, state.current_step) == (IN_PROGRESS, Step.VISION)
    assert action.summary == "began with vision"
    refused(state, "start_coaching", RefusalCode.WRONG_PHASE, sender)


# --- order -----------------------------------------------------------------------------------

OTHER: list[JSON] = ["mission", "vision", "offre", "clientele", "differentiation", "synthesis"]
FEW: list[JSON] = ["mission", "offre"]


@pytest.mark.parametrize("sender", BOTH)
@pytest.mark.parametrize("status", [INITIALIZED, IN_PROGRESS])
def test_another_order_is_taken(status: PlanStatus, sender: Sender) -> None:
    """Nothing was answered yet, so that it begins with the first one."""
    state, action = applied(plan(status), "set_order", sender, order=OTHER)
    assert [*state.coaching_plan] == OTHER == [one.step for one in state.steps]
    assert [one.order for one in state.steps] == [1, 2, 3, 4, 5, 6]
    assert state.current_step is Step.MISSION
    assert state.status is status
    assert action.summary.startswith("changed the order to mission, vision, offre")


def test_what_was_begun_is_gone_on_with() -> None:
    """A step with a draft stays the current one; complete ones stay complete."""
    state = with_step(plan(), Step.MISSION, complete=True, response="m", confidence=0.9)
    drafted = with_step(state, Step.VISION, response="draft")
    wishing = after(drafted, "ask_for_help", Sender.USER, kind="proposals")
    reordered = after(wishing, "set_order", order=OTHER)
    assert reordered.current_step is Step.VISION
    assert reordered.help_wanted == "proposals"
    assert reordered.coaching_confidence == pytest.approx(0.15)
    left = after(state, "ask_for_help", Sender.USER, kind="proposals")
    moved = after(left, "set_order", order=["offre", "vision", *OTHER[3:5], "mission", "synthesis"])
    assert moved.current_step is Step.OFFRE
    assert moved.help_wanted is None


def test_an_order_that_is_none_is_refused() -> None:
    """The reason says what is wrong with it."""
    assert refused(plan(), "set_order", order=FEW).startswith("missing: vision, clientele")
    assert (
        refused(plan(), "set_order", order=[step.value for step in Step])
        == "that is the order already"
    )
    assert "order[0]: expected one of" in bad(plan(), "set_order", order=["fly"])


def test_steps_may_be_left_out_where_the_policy_says_so() -> None:
    """Unless somebody has worked on them; they may come back."""
    state = plan(policy=PlanPolicy(subset=True))
    fewer = after(state, "set_order", order=FEW)
    assert fewer.step_completion == {Step.MISSION: False, Step.OFFRE: False}
    again = after(fewer, "set_order", order=OTHER)
    assert len(again.steps) == 6
    drafted = with_step(state, Step.VISION, response="draft")
    tried = with_step(drafted, Step.CLIENTELE, retries=1)
    assert refused(tried, "set_order", order=FEW) == (
        "cannot be left out, for it was worked on: vision, clientele"
    )


def test_leaving_out_what_was_open_may_complete_the_coaching() -> None:
    """Nothing is left to work on."""
    state = plan(policy=PlanPolicy(subset=True))
    for name in (Step.MISSION, Step.OFFRE):
        state = with_step(state, name, response="r", confidence=0.8, complete=True)
    done = after(state, "set_order", order=FEW)
    assert (done.status, done.current_step) == (COACHING_COMPLETE, Step.OFFRE)
    assert done.coaching_confidence == pytest.approx(0.8)


# --- contexts --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [INITIALIZED, IN_PROGRESS, COACHING_COMPLETE])
@pytest.mark.parametrize("sender", BOTH)
def test_what_is_learned_is_added_name_by_name(status: PlanStatus, sender: Sender) -> None:
    """It replaces what was there under the name; null removes it."""
    state = evolve(plan(status), cultural_context={"country": "Mali", "region": "Kayes"})
    state, action = applied(
        state,
        "set_context",
        sender,
        cultural={"country": "Senegal", "region": None, "customs": ["teranga"]},
        sector={"sector": "restaurant"},
    )
    assert state.cultural_context == {"country": "Senegal", "customs": ["teranga"]}
    assert state.sector_context == {"sector": "restaurant"}
    assert action.summary == 'kept what is known of "country", "region", "customs", "sector"'
    assert state.status is status


def test_what_is_known_already_is_refused() -> None:
    """Nothing is changed by it."""
    state = after(plan(), "set_context", sector={"size": 3})
    assert refused(state, "set_context", sector={"size": 3}) == "all of that is known already"
    assert refused(state, "set_context") == "all of that is known already"


def test_other_circumstances_make_sections_outdated() -> None:
    """They were written from what was known then."""
    state = plan(COACHING_COMPLETE, sections=(section("market"),))
    assert after(state, "set_context", sector={"size": 3}).sections[0].stale
    refused(plan(BRIEF_READY), "set_context", RefusalCode.WRONG_PHASE, sector={"size": 3})


def nested(depth: int) -> JSON:
    """Return lists in each other."""
    value: JSON = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "context, why",
    [
        ({"": 1}, "names of 1 to 64 characters"),
        ({"x" * 65: 1}, "names of 1 to 64 characters"),
        ({"a": nested(8)}, "at most 8 levels of nesting"),
        ({"a": {"b": nested(7)}}, "at most 8 levels of nesting"),
        ({"a": "\ud800"}, "text without lone surrogates"),
    ],
)
@pytest.mark.parametrize("which", ["cultural", "sector"])
def test_a_context_that_cannot_be_kept_is_refused(
    which: str, context: dict[str, JSON], why: str
) -> None:
    """The reason names the field."""
    told = bad(plan(), "set_context", **{which: context})
    assert told == f"set_context: {which}: expected {why}"
    deepest: dict[str, JSON] = {which: {"x" * 64: nested(7)}}
    after(plan(), "set_context", **deepest)


@pytest.mark.parametrize("which", ["cultural", "sector"])
def test_a_context_has_its_bound(which: str) -> None:
    """As it is kept, with what is there already."""
    room: dict[str, JSON] = {which: {"a": "x" * (MAX_CONTEXT - len('{"a": ""}'))}}
    full = after(plan(), "set_context", **room)
    more: dict[str, JSON] = {which: {"b": 1}}
    assert refused(full, "set_context", **more) == "there is no room for more context"
