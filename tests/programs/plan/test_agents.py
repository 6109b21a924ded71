"""The agents that write sections: what they are told, and what they answer."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.errors import ValidationError
from coachwork.programs.plan import (
    DEFAULT_AGENTS,
    MAX_SECTION,
    SectionText,
    Step,
    section_agent,
)
from tests.programs.plan.plans import COACHING_COMPLETE, INITIALIZED, plan, section, with_step


def test_the_default_agents_write_a_brief() -> None:
    """Three side by side, then two more; risks may be missing."""
    assert [(one.name, one.stage, one.required) for one in DEFAULT_AGENTS] == [
        ("market", 1, True),
        ("customers", 1, True),
        ("competition", 1, True),
        ("finance", 2, True),
        ("risks", 2, False),
    ]
    assert all(one.result is SectionText and one.description for one in DEFAULT_AGENTS)


def test_an_agent_is_told_all_that_there_is() -> None:
    """Its task, the answers, what is known, and what the others have written."""
    agent = section_agent("finance", "Count the money.")
    state = evolve(
        with_step(plan(), Step.VISION, response='Feed "all"\nof Dakar.'),
        cultural_context={"country": "Senegal"},
        sector_context={"sector": "restaurant"},
        sections=(
            section("market"),
            section("finance", body="Old figures."),
            section("risks", stale=True, body="Old risks."),
        ),
    )
    task, how, *blocks = agent.prompt(state).split("\n\n")
    assert task == "You write one section of a business brief. Count the money."
    assert how.startswith("Rely on what stands here")
    assert blocks == [
        'What the person says of the business:\n- Vision: "Feed \\"all\\"\\nof Dakar."',
        'Culture and place: {"country": "Senegal"}\nSector: {"sector": "restaurant"}',
        'What others have written for the brief:\n- market, "Market": "About market."',
    ]


def test_where_nothing_is_known_nothing_is_told() -> None:
    """No empty headings."""
    assert len(section_agent("a", "Write.").prompt(plan(INITIALIZED)).split("\n\n")) == 2
    told = section_agent("a", "Write.").prompt(plan(COACHING_COMPLETE))
    assert [f"- {goal}: " in told for goal in ("Vision", "Offer", "Synthesis")] == [True] * 3


def test_an_agent_is_as_it_is_wanted() -> None:
    """Stage, time, attempts, losses and model are chosen."""
    agent = section_agent(
        "team", "Who?", stage=3, required=False, timeout=5, attempts=1, losses=2, model="small"
    )
    assert (agent.stage, agent.required, agent.timeout) == (3, False, 5)
    assert (agent.attempts, agent.losses, agent.model) == (1, 2, "small")
    assert (agent.name, agent.description) == ("team", "Who?")


@pytest.mark.parametrize(
    "title, body, why",
    [
        ("", "b", "title: expected text that is not blank"),
        ("t" * 121, "b", "title: expected at most 120 characters"),
        ("t", "", "body: expected text that is not blank"),
        ("t", " \n\t", "body: expected text that is not blank"),
        ("t", "a\0", "body: expected text without NUL"),
        ("t", "\udc00", "body: expected text without NUL"),
        ("t", "x" * (MAX_SECTION - 1), "body: expected at most"),
        ("t", "\u1200" * (1 + MAX_SECTION // 6), "body: expected at most"),
    ],
)
def test_a_section_that_cannot_be_kept_is_refused(title: str, body: str, why: str) -> None:
    """The error names the field; a body is measured as it is kept."""
    with pytest.raises(ValidationError, match=f"^{why}"):
        SectionText(title, body)


def test_a_section_is_kept_as_it_came() -> None:
    """But for blanks around the title."""
    longest = "x" * (MAX_SECTION - 2)
    assert SectionText(" The\n market ", longest) == SectionText("The market", longest)
    assert SectionText("t", "# A\n\n* b").body == "# A\n\n* b"
