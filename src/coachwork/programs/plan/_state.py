"""How far the coaching of a business plan is, and all that came of it, as frozen values."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from attrs import field, frozen

from coachwork.plain import JSON
from coachwork.programs import AgentRuns
from coachwork.programs.plan._policy import PlanPolicy
from coachwork.programs.plan._steps import Criterion, Step


class PlanStatus(StrEnum):
    """How far a plan is."""

    INITIALIZED = "INITIALIZED"
    IN_PROGRESS = "IN_PROGRESS"
    COACHING_COMPLETE = "COACHING_COMPLETE"
    SUB_AGENTS_RUNNING = "SUB_AGENTS_RUNNING"
    BRIEF_READY = "BRIEF_READY"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class HelpKind(StrEnum):
    """What a person may wish for who does not know what to answer."""

    GUIDING_QUESTIONS = "guiding_questions"
    REFORMULATION = "reformulation"
    PROPOSALS = "proposals"


class SectionSource(StrEnum):
    """Who wrote a section of the brief."""

    STEP = "step"
    AGENT = "agent"


@frozen(kw_only=True)
class CoachingStep:
    """One step of a plan, and the answer to it.

    Attributes:
        step: Which step it is.
        order: Its place in the plan, from 1 on.
        response: The person's answer in their own words; a draft while the step is not complete.
        coach_message: What the coach said of the answer last.
        clarifying_question: What the coach asked about it last, or empty.
        examples: Examples that the coach gave last.
        reformulation: Other words for the answer that the coach gave last, or empty.
        criteria: What the answer tells of that which it should, as assessed last.
        confidence: How sure the coach was of the answer when it was assessed last, 0 to 1; of one
            that was accepted at the limit, `PlanPolicy.threshold` at most.
        complete: Whether it is complete.
        duration: How long the talk was about it.
        retries: How many assessments failed in all, where those of one message count as one.
        attempts: How many of them since they were counted anew.
        ask_differently: Whether the coach is to ask in another way, for the retries are used up.
        message: The id of the message that led to the answer, or None.
    """

    step: Step
    order: int
    response: str = field(default="", repr=False)
    coach_message: str = field(default="", repr=False)
    clarifying_question: str = field(default="", repr=False)
    examples: tuple[str, ...] = field(default=(), repr=False)
    reformulation: str = field(default="", repr=False)
    criteria: tuple[Criterion, ...] = ()
    confidence: float = 0.0
    complete: bool = False
    duration: timedelta = timedelta(0)
    retries: int = 0
    attempts: int = 0
    ask_differently: bool = False
    message: str | None = None


@frozen(kw_only=True)
class BriefSection:
    """One section of the brief.

    Attributes:
        name: Its name: the step's, or the agent's that wrote it.
        source: Whether it is an answer of the person's, or was written by an agent.
        title: Its title.
        body: Its text: a person's own words, or the Markdown of an agent.
        version: How often it was written; 1 for an answer.
        confidence: How sure the coach was of an answer, 0 to 1; None for what an agent wrote.
        stale: Whether an answer was changed since that it was made from.
    """

    name: str
    source: SectionSource = SectionSource.AGENT
    title: str = field(repr=False)
    body: str = field(repr=False)
    version: int = 1
    confidence: float | None = None
    stale: bool = False


@frozen(kw_only=True)
class CoachingPlan:
    """How far the coaching of one business plan is, and all that came of it.

    Whose it is and the session that it belongs to stand in the `Progress` around it. What can be
    counted from the steps is counted with each change, so that it always agrees with them.

    Attributes:
        status: How far it is.
        policy: What decides where plans may differ.
        coaching_plan: The steps in their order.
        current_step: The step that is being worked on; the last one once all are complete.
        steps: The steps with their answers, in their order.
        step_completion: Whether each step is complete.
        coaching_confidence: The mean confidence of all steps, where an open one counts 0.
        retry_count: How many assessments of answers have failed, of all steps: one a message.
        failed_message: The id of the message that led to the assessment that was counted last as
            one that failed, or None; what else fails in replies to it does not count.
        cultural_context: What is known of the culture and the place, as plain data.
        sector_context: What is known of the sector, as plain data.
        help_wanted: What help the person wished for and has not got yet, or None.
        conversation: The ids of the messages that led to changes, the newest last; where they
            become too many, the oldest are left out (the log of actions has all of them).
        coaching_duration: How long was talked: the sum of the gaps between moments at which
            something came of the talk, each no longer than `PlanPolicy.idle`. What was said and led
            to nothing is not seen there; `talk_duration` counts it.
        required: The names of the agents without whose sections there is no brief.
        runs: How far the agents are.
        sections: What the agents wrote, in the order in which it first came.
        brief_version: How often the brief has become another one since it was ready first, plus
            one; 0 before.
        last_at: When something came of the talk last (UTC).
        updated_at: When it last changed (UTC).
    """

    status: PlanStatus = PlanStatus.INITIALIZED
    policy: PlanPolicy = field(factory=PlanPolicy)
    coaching_plan: tuple[Step, ...]
    current_step: Step
    steps: tuple[CoachingStep, ...]
    step_completion: dict[Step, bool]
    coaching_confidence: float = 0.0
    retry_count: int = 0
    failed_message: str | None = None
    cultural_context: dict[str, JSON] = field(factory=dict[str, JSON], repr=False)
    sector_context: dict[str, JSON] = field(factory=dict[str, JSON], repr=False)
    help_wanted: HelpKind | None = None
    conversation: tuple[str, ...] = ()
    coaching_duration: timedelta = timedelta(0)
    required: tuple[str, ...] = ()
    runs: AgentRuns = field(factory=AgentRuns)
    sections: tuple[BriefSection, ...] = ()
    brief_version: int = 0
    last_at: datetime
    updated_at: datetime

    @property
    def current(self) -> CoachingStep:
        """The step that is being worked on, with its answer."""
        return next(step for step in self.steps if step.step is self.current_step)

    @property
    def open_steps(self) -> tuple[CoachingStep, ...]:
        """The steps that are not complete, in their order."""
        return tuple(step for step in self.steps if not step.complete)

    def step(self, name: Step) -> CoachingStep | None:
        """Return the step of that *name*, or None where the plan leaves it out."""
        return next((step for step in self.steps if step.step is name), None)

    def section(self, agent: str) -> BriefSection | None:
        """Return the section that the agent of that name wrote, or None."""
        return next((section for section in self.sections if section.name == agent), None)
