"""Business plans that can come to be."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given

from coachwork.programs.plan import (
    AtLimit,
    BusinessBrief,
    CoachingPlan,
    PlanPolicy,
    PlanStatus,
    SectionSource,
    SectionText,
    Step,
    brief_of,
)
from coachwork.testing import strategies as st
from tests.drawn import few, reaches
from tests.programs.plan.invariants import broken_by


@few
@given(plan=st.coaching_plans())
def test_what_must_hold_of_a_plan_holds(plan: CoachingPlan) -> None:
    """It was played from its beginning."""
    assert not broken_by(plan)
    assert brief_of(plan).status is plan.status


def forms(plan: CoachingPlan) -> Iterator[str]:
    """Yield what there is to see of a plan."""
    yield plan.status
    if plan.coaching_plan != tuple(Step):
        yield "an order of its own"
    if plan.help_wanted is not None:
        yield "help is wanted"
    if plan.cultural_context:
        yield "a context"
    if plan.retry_count:
        yield "a retry"
    if any(section.stale for section in plan.sections):
        yield "an outdated section"


def test_plans_reach_every_form() -> None:
    """All statuses, orders of their own, wishes, contexts, retries and outdated sections."""
    missing = {
        *PlanStatus,
        "an order of its own",
        "help is wanted",
        "a context",
        "a retry",
        "an outdated section",
    }

    def all_seen(plan: CoachingPlan) -> bool:
        missing.difference_update(forms(plan))
        return not missing

    reaches(st.coaching_plans(), [True], all_seen)


def test_briefs_and_policies_reach_every_form() -> None:
    """Sections of both kinds, whole briefs and others; every choice at the limit."""
    found = st.business_briefs().filter(lambda brief: bool(brief.sections))
    reaches(found, SectionSource, lambda brief: brief.sections[-1].source)
    reaches(st.business_briefs(), told=lambda brief: brief.completeness == 1)
    reaches(st.plan_policies(), AtLimit, lambda policy: policy.at_limit)
    reaches(st.of(PlanPolicy), told=lambda policy: policy.subset)


@few
@given(brief=st.of(BusinessBrief), text=st.of(SectionText))
def test_parts_are_drawn_by_their_class(brief: BusinessBrief, text: SectionText) -> None:
    """A section that an agent writes could be one of the brief."""
    assert text.title
    assert all(section.title for section in brief.sections)
