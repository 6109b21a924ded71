"""The agents that write sections of the brief: what they are told, and what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from attrs import Attribute, field, frozen

from coachwork.errors import ValidationError
from coachwork.programs import Agent
from coachwork.programs.plan._room import MAX_SECTION
from coachwork.programs.plan._state import CoachingPlan
from coachwork.programs.plan._steps import GOALS
from coachwork.programs.plan._texts import MAX_TITLE
from coachwork.programs.texts import is_tellable, one_line, quoted, text_of, text_weight


def _body(_instance: object, attribute: Attribute[str], value: str) -> None:
    """Refuse a body that cannot be kept.

    Raises:
        ValidationError: It cannot.
    """
    if text_weight(value) > MAX_SECTION:
        raise ValidationError(attribute.name, f"at most {MAX_SECTION} characters as JSON text")
    if not value.strip():
        raise ValidationError(attribute.name, "text that is not blank")
    if not is_tellable(value):
        raise ValidationError(attribute.name, "text without NUL characters and lone surrogates")


@frozen
class SectionText:
    """A section of the brief, as an agent writes it.

    Attributes:
        title: Its title, in a few words.
        body: Its text in Markdown, at most 1200 words.
    """

    title: str = field(converter=one_line, validator=text_of(MAX_TITLE), repr=False)
    body: str = field(validator=_body, repr=False)


def section_agent(
    name: str,
    task: str,
    *,
    stage: int = 1,
    required: bool = True,
    timeout: float = 60.0,
    attempts: int = 3,
    losses: int = 10,
    model: str | None = None,
) -> Agent[CoachingPlan]:
    """Return an agent that writes a section of the brief.

    It is told its *task*, the answers to the steps, what is known of culture and sector, and what
    the other agents have written so far.

    Args:
        name: The agent's name, and that of its section.
        task: What it is to write, in a sentence or a few.
        stage: When it runs: stages in ascending order, the agents of one stage side by side.
        required: Whether there is no brief without its section.
        timeout: How many seconds one attempt may take.
        attempts: After how many failed attempts it has failed.
        losses: After how many runs that were lost to crashes it has failed.
        model: The name of the model that is to be asked, or None for the port's own.

    Raises:
        ValidationError: A field is not what it should be; it names the field.
    """
    return Agent(
        name=name,
        prompt=partial(_told_agent, name, task),
        result=SectionText,
        stage=stage,
        required=required,
        timeout=timeout,
        attempts=attempts,
        losses=losses,
        model=model,
        description=task,
    )


_HOW: Final = (
    "Rely on what stands here, and say where you assume something. Write in the language of the "
    "answers, in Markdown, at most 1200 words, for the person whose business it is."
)


def _told_agent(name: str, task: str, plan: CoachingPlan) -> str:
    """Return all that an agent is told; the words of people and of other agents are quoted."""
    blocks = ("\n".join(block) for block in (_answers(plan), _contexts(plan), _written(plan, name)))
    about = (
        f"You write one section of a business brief. {task}",
        _HOW,
    )
    return "\n\n".join(block for block in (*about, *blocks) if block)


def _answers(plan: CoachingPlan) -> Iterator[str]:
    answered = [step for step in plan.steps if step.response]
    if answered:
        yield "What the person says of the business:"
    for step in answered:
        yield f"- {GOALS[step.step].title}: {quoted(step.response)}"


def _contexts(plan: CoachingPlan) -> Iterator[str]:
    if plan.cultural_context:
        yield f"Culture and place: {quoted(plan.cultural_context)}"
    if plan.sector_context:
        yield f"Sector: {quoted(plan.sector_context)}"


def _written(plan: CoachingPlan, name: str) -> Iterator[str]:
    current = [one for one in plan.sections if one.name != name and not one.stale]
    if current:
        yield "What others have written for the brief:"
    for section in current:
        yield f"- {section.name}, {quoted(section.title)}: {quoted(section.body)}"


DEFAULT_AGENTS: Final[tuple[Agent[Any], ...]] = (
    section_agent("market", "Describe the market: its size, how it develops, and what moves it."),
    section_agent(
        "customers", "Describe the customers: groups, needs, habits, and how to reach them."
    ),
    section_agent(
        "competition", "Describe who else serves these customers, and how this offer stands out."
    ),
    section_agent(
        "finance",
        "Estimate start-up costs, running costs, income and the point where both are even.",
        stage=2,
    ),
    section_agent(
        "risks",
        "Name the greatest risks, and what can be done about each of them.",
        stage=2,
        required=False,
    ),
)
"""The agents of the default plan."""
