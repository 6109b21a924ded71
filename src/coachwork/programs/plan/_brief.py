"""The business brief: assembled from the answers and from what agents wrote, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from attrs import evolve, field, frozen

from coachwork.plain import JSON
from coachwork.programs.plan._state import (
    BriefSection,
    CoachingPlan,
    CoachingStep,
    PlanStatus,
    SectionSource,
)
from coachwork.programs.plan._steps import GOALS


@frozen(kw_only=True)
class BusinessBrief:
    """The brief of one plan at one moment.

    Attributes:
        version: How often it has become another one since it was ready first, plus one; 0 before.
        status: How far the plan is.
        sections: Its sections: the answers in the order of the steps, then what agents wrote.
        missing: The names of the sections that are not there yet.
        outdated: The names of the sections that were made from other answers than there are now;
            they are there all the same.
        completeness: The share of sections that are there and not outdated, 0 to 1: 1 means that
            there is nothing left to write.
        confidence: The overall confidence in the answers, 0 to 1.
        cultural_context: What is known of the culture and the place, as plain data.
        sector_context: What is known of the sector, as plain data.
        updated_at: When the plan last changed (UTC).
    """

    version: int
    status: PlanStatus
    sections: tuple[BriefSection, ...]
    missing: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    completeness: float
    confidence: float
    cultural_context: dict[str, JSON] = field(factory=dict[str, JSON], repr=False)
    sector_context: dict[str, JSON] = field(factory=dict[str, JSON], repr=False)
    updated_at: datetime

    @property
    def is_ready(self) -> bool:
        """Whether it is that `version`; else it is not ready yet, or is being changed."""
        return self.status in {PlanStatus.BRIEF_READY, PlanStatus.COMPLETED}


def brief_of(plan: CoachingPlan, titles: Mapping[str, str] | None = None) -> BusinessBrief:
    """Assemble the brief of *plan* as far as it is.

    An answer is a section once its step is complete; the section of an agent once it was written.

    Args:
        plan: The plan, in any status.
        titles: Other titles of sections, by the names of steps and agents; in another language,
            perhaps.

    Returns:
        The brief; `coachwork.to_json` makes plain data of it, `markdown` a document.
    """
    written = {
        **{section.name: section for section in _answers(plan)},
        **{section.name: section for section in plan.sections},
    }
    wanted = [step.step.value for step in plan.steps] + [run.agent for run in plan.runs.runs]
    there = [name for name in wanted if name in written]
    outdated = tuple(name for name in there if written[name].stale)
    return BusinessBrief(
        version=plan.brief_version,
        status=plan.status,
        sections=tuple(_titled(written[name], titles or {}) for name in there),
        missing=tuple(name for name in wanted if name not in written),
        outdated=outdated,
        completeness=(len(there) - len(outdated)) / len(wanted),
        confidence=plan.coaching_confidence,
        cultural_context=plan.cultural_context,
        sector_context=plan.sector_context,
        updated_at=plan.updated_at,
    )


def _answers(plan: CoachingPlan) -> Iterator[BriefSection]:
    return (_section(step) for step in plan.steps if step.complete)


def _section(step: CoachingStep) -> BriefSection:
    return BriefSection(
        name=step.step.value,
        source=SectionSource.STEP,
        title=GOALS[step.step].title,
        body=step.response,
        confidence=step.confidence,
    )


def _titled(section: BriefSection, titles: Mapping[str, str]) -> BriefSection:
    return evolve(section, title=titles.get(section.name, section.title))
