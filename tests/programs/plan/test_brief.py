"""The brief, assembled from answers and sections."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.plain import from_plain, to_json
from coachwork.programs.plan import (
    BusinessBrief,
    PlanStatus,
    SectionSource,
    Step,
    brief_of,
)
from tests.programs.plan.plans import (
    AGENTS,
    BRIEF_READY,
    COACHING_COMPLETE,
    COMPLETED,
    IN_PROGRESS,
    SURE,
    after,
    plan,
    section,
    with_step,
)


def test_a_ready_brief_has_all_its_sections() -> None:
    """The answers in the order of the steps, then what agents wrote in the agents' order."""
    state = evolve(plan(BRIEF_READY), cultural_context={"country": "Mali"})
    sections = tuple(reversed(state.sections))
    brief = brief_of(evolve(state, sections=sections))
    assert [one.name for one in brief.sections] == [*Step, *AGENTS]
    assert [one.source for one in brief.sections] == (
        [SectionSource.STEP] * 6 + [SectionSource.AGENT] * 5
    )
    first = brief.sections[0]
    assert (first.title, first.body, first.version) == ("Vision", "my vision", 1)
    assert [one.confidence for one in brief.sections] == [SURE] * 6 + [None] * 5
    assert brief.sections[6] == section("market")
    assert (brief.missing, brief.completeness, brief.version) == ((), 1.0, 1)
    assert brief.confidence == pytest.approx(SURE)
    assert brief.status is BRIEF_READY
    assert brief.cultural_context == {"country": "Mali"}
    assert brief.updated_at == state.updated_at


def test_what_is_not_there_yet_is_missing() -> None:
    """An answer is there once its step is complete; the share of what is there is told."""
    state = with_step(plan(IN_PROGRESS), Step.MISSION, response="m", confidence=0.8, complete=True)
    state = with_step(state, Step.VISION, response="A draft.")
    brief = brief_of(state)
    assert [one.name for one in brief.sections] == ["mission"]
    assert brief.missing == (*[one for one in Step if one is not Step.MISSION], *AGENTS)
    assert brief.completeness == pytest.approx(1 / 11)
    assert brief.confidence == pytest.approx(0.8 / 6)
    assert brief_of(plan(COACHING_COMPLETE)).completeness == pytest.approx(6 / 11)


def test_an_outdated_section_is_shown_and_does_not_count() -> None:
    """It is better than none, and not what there is to be."""
    state = plan(BRIEF_READY)
    stale = tuple(evolve(one, stale=one.name in {"risks", "market"}) for one in state.sections)
    brief = brief_of(evolve(state, sections=stale))
    assert [one.name for one in brief.sections if one.stale] == ["market", "risks"]
    assert (brief.outdated, brief.missing) == (("market", "risks"), ())
    assert brief.completeness == pytest.approx(9 / 11)
    assert brief_of(state).outdated == ()


def test_a_changed_answer_is_not_the_version_that_was_ready() -> None:
    """Neither while it is judged, nor once it will do: what agents wrote is of the old one."""
    edited = after(plan(BRIEF_READY), "edit_answer", step="synthesis", response="Another.")
    for state, there in (
        (edited, 5),
        (after(edited, "assess_answer", complete=True, confidence=0.9), 6),
    ):
        brief = brief_of(state)
        assert (brief.version, brief.outdated) == (1, AGENTS)
        assert not brief.is_ready
        assert brief.completeness == pytest.approx(there / 11)


@pytest.mark.parametrize("status", PlanStatus)
def test_a_brief_is_ready_until_it_is_changed(status: PlanStatus) -> None:
    """And once it is accepted."""
    assert brief_of(plan(status)).is_ready is (status in {BRIEF_READY, COMPLETED})


def test_titles_may_be_others() -> None:
    """By the names of steps and agents."""
    brief = brief_of(plan(BRIEF_READY), {"offre": "Offre", "market": "Le marché"})
    assert [one.title for one in brief.sections[4:7]] == ["Offre", "Synthesis", "Le marché"]


@pytest.mark.parametrize("status", PlanStatus)
def test_a_brief_is_plain_data_too(status: PlanStatus) -> None:
    """In every status; it can be read again."""
    brief = brief_of(plan(status))
    assert from_plain(to_json(brief), BusinessBrief) == brief
    assert 0 <= brief.completeness <= 1
