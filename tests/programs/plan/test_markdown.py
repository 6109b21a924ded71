"""The brief as a document whose structure no text can break."""

from __future__ import annotations

from typing import Final

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from coachwork.programs.plan import (
    BriefSection,
    BusinessBrief,
    PlanStatus,
    SectionSource,
    brief_of,
    markdown,
)
from tests.programs.plan.plans import (
    BRIEF_READY,
    COACHING_COMPLETE,
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    RUNNING,
    plan,
)
from tests.specimens import NOON

PARSER: Final = MarkdownIt("commonmark")


def brief(*sections: BriefSection) -> BusinessBrief:
    """Return a brief with these sections."""
    made = brief_of(plan(BRIEF_READY))
    return evolve(made, sections=sections)


def section(source: SectionSource, body: str, title: str = "Title") -> BriefSection:
    """Return a section with that text."""
    return BriefSection(name="x", source=source, title=title, body=body)


def agent(body: str, title: str = "Title") -> BriefSection:
    """Return a section that an agent wrote."""
    return section(SectionSource.AGENT, body, title)


def step(body: str, title: str = "Title") -> BriefSection:
    """Return an answer of a person's."""
    return section(SectionSource.STEP, body, title)


def held(body: str) -> str:
    """Return what the text of an agent becomes in the document."""
    return markdown(brief(agent(body))).partition("## Title\n\n")[2].removesuffix("\n")


def told(body: str) -> str:
    """Return what the answer of a person becomes in the document."""
    return markdown(brief(step(body))).partition("## Title\n\n")[2].removesuffix("\n")


def test_a_brief_is_a_document() -> None:
    """Its title, its figures, a heading for each section, and what is missing."""
    state = plan(IN_PROGRESS)
    assert markdown(brief_of(state), "My *plan*").splitlines()[:3] == [
        "# My \\*plan\\*",
        "",
        "*Not ready yet, complete to 0%, confidence 0%.*",
    ]
    assert markdown(brief_of(state)).endswith(
        "*Not there yet: vision, mission, clientele, differentiation, offre, synthesis, market, "
        "customers, competition, finance, risks.*\n"
    )
    document = markdown(brief_of(plan(BRIEF_READY)))
    assert document.startswith(
        "# Business brief\n"
        "\n"
        "*Version 1, complete to 100%, confidence 90%.*\n"
        "\n"
        "## Vision\n"
        "\n"
        "my vision\n"
        "\n"
        "## Mission\n"
    )
    assert document.endswith("## Risks\n\nAbout risks.\n")


@pytest.mark.parametrize(
    "status, version, told_of",
    [
        (IN_PROGRESS, 0, "Not ready yet"),
        (RUNNING, 0, "Not ready yet"),
        (IN_PROGRESS, 2, "Version 2, which is being changed"),
        (COACHING_COMPLETE, 2, "Version 2, which is being changed"),
        (RUNNING, 2, "Version 2, which is being changed"),
        (BRIEF_READY, 2, "Version 2"),
        (COMPLETED, 2, "Version 2"),
        (FAILED, 0, "Never finished"),
        (FAILED, 2, "Version 2, whose changes were never finished"),
    ],
)
def test_the_first_line_tells_whether_it_is_ready(
    status: PlanStatus, version: int, told_of: str
) -> None:
    """It stands below the title; what is being changed is not that version."""
    made = evolve(brief(), status=status, version=version, completeness=0.5)
    line = markdown(made).splitlines()[2]
    assert line == f"*{told_of}, complete to 50%, confidence 90%.*"


def test_each_outdated_section_says_so() -> None:
    """In a line of its own below its heading, whatever stands in it."""
    stale = evolve(agent("# Costs"), stale=True)
    document = markdown(brief(stale, agent("Sales.", "Other")))
    assert "## Title\n\n*Outdated.*\n\n#### Costs\n\n## Other\n\nSales.\n" in document
    tokens = PARSER.parse(document)
    place = next(place for place, token in enumerate(tokens) if token.tag == "h2") + 3
    assert [token.type for token in tokens[place : place + 3]] == [
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]
    assert _shown(tokens[place + 1].content) == "Outdated."


@pytest.mark.parametrize(
    "body, expected",
    [
        ("# One", "#### One"),
        ("## Two", "##### Two"),
        ("### Three", "###### Three"),
        ("###### Six", "###### Six"),
        ("#", "####"),
        ("#hashtag", "#hashtag"),
        ("> # Quoted", "> #### Quoted"),
        ("- # Listed", "- #### Listed"),
        ("1. > # Both", "1. > #### Both"),
        ("  # Moved", "  #### Moved"),
        ("A\n===", "A\n\\="),
        ("A\n---", "A\n* * *"),
        ("A\n-", "A\n* * *"),
        ("> A\n> --", "> A\n> * * *"),
        ("| a |\n|---|", "| a |\n|---|"),
        ("<b>x</b> <!-- ", "&lt;b>x&lt;/b> &lt;!-- "),
        ("[a]: http://x", "[a]\\: http://x"),
        ("[a](http://x)", "[a](http://x)"),
        ("**bold**\n\n* one\n* two", "**bold**\n\n* one\n* two"),
        ("```py\n# code <b>\n```\n# after", "```\n# code <b>\n```\n\n#### after"),
        ("~~~\n```\n~~~", "````\n```\n````"),
        ("```\nnever closed", "```\nnever closed\n```"),
        ("````\n```\nx\n`````  ", "````\n```\nx\n````"),
        ("```\n~~~\n```", "```\n~~~\n```"),
        ("> ```\nx", "> \\```\nx"),
        ("    ```\nx", "    \\```\nx"),
        ("```a`b\nx", "\\```a`b\nx"),
        ("~~~a`b\nx\n~~~", "```\nx\n```"),
        ("A\r\n# B\u2028# C", "A\n#### B\n#### C"),
    ],
)
def test_what_agents_write_is_held_inside_its_section(body: str, expected: str) -> None:
    """Headings move down, fences are closed, and nothing is HTML or a definition."""
    assert held(body) == expected


@pytest.mark.parametrize(
    "body, expected",
    [
        ("Feed all of Dakar.", "Feed all of Dakar."),
        ("# not a heading", "\\# not a heading"),
        ("- not a list\n+ nor\n* this", "\\- not a list\n\\+ nor\n\\* this"),
        ("1. nor 2) this", "1\\. nor 2) this"),
        ("2) nor this", "2\\) nor this"),
        ("A\n===\n---", "A\n\\===\n\\---"),
        ("> quote", "\\> quote"),
        ("    code", "code"),
        ("```\ncode", "\\`\\`\\`\ncode"),
        ("~~~", "\\~\\~\\~"),
        ("<b> & [a](b) | _c_", "\\<b\\> \\& \\[a\\](b) \\| \\_c\\_"),
        ("\\# x", "\\\\\\# x"),
        ("One.\n\nTwo,\tthree.", "One.\n\nTwo, three."),
    ],
)
def test_what_people_say_is_text_and_nothing_else(body: str, expected: str) -> None:
    """Whatever Markdown would read as syntax is escaped."""
    assert told(body) == expected


def structure(document: str) -> list[tuple[str, str]]:
    """Return the headings of the first three levels, as a parser of Markdown sees them."""
    tokens = PARSER.parse(document)
    return [
        (token.tag, _shown(tokens[place + 1].content))
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag in {"h1", "h2", "h3"}
    ]


def _shown(inline: str) -> str:
    """Return the text that a reader sees of *inline* Markdown."""
    tokens = PARSER.parseInline(inline)[0].children or []
    return "".join(" " if token.type.endswith("break") else token.content for token in tokens)


_PIECES: Final = st.sampled_from(
    [
        "#", "##", "# ", "> ", "- ", "1. ", "* ", "===", "---", "-", "=", "```", "~~~", "````",
        "`", "\n", "\n\n", "    ", "\t", " ", "<div>", "<!--", "-->", "<script>", "</div>", "[a]:",
        "[a]", "(b)", "]:", "x", "\\", "|", "|-|", "&lt;", "!", "*", "_", "\r", "\x0b", "1)", "é",
        "<?", "<![CDATA[", ":", "'", '"',
    ]
)  # fmt: skip
_BODIES: Final = st.lists(_PIECES, min_size=1, max_size=14).map("".join)
_TITLES: Final = _BODIES.map(lambda title: " ".join(title.split()) or "x")


@settings(max_examples=80)
@given(
    title=_TITLES,
    parts=st.lists(st.tuples(st.sampled_from(SectionSource), _TITLES, _BODIES), max_size=3),
    stale=st.booleans(),
)
def test_no_text_breaks_the_structure(
    title: str, parts: list[tuple[SectionSource, str, str]], stale: object
) -> None:
    """A parser sees our headings, with our words, and no others of their levels; and no HTML."""
    sections = [
        evolve(section(source, body, title), stale=bool(stale)) for source, title, body in parts
    ]
    document = markdown(brief(*sections), title)
    assert structure(document) == [("h1", title), *(("h2", one.title) for one in sections)]
    tokens = PARSER.parse(document)
    inner = [child for token in tokens for child in token.children or []]
    assert not [token for token in (*tokens, *inner) if token.type.startswith("html")]


@settings(max_examples=60)
@given(body=_BODIES)
def test_what_people_said_is_what_a_reader_sees(body: str) -> None:
    """Word for word: no character is lost, and none has a meaning."""
    tokens = PARSER.parse(markdown(brief(step(f"x{body}"))))
    start = next(place for place, token in enumerate(tokens) if token.tag == "h2") + 3
    kinds = {token.type for token in tokens[start:]}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}
    shown = " ".join(_shown(token.content) for token in tokens[start:] if token.type == "inline")
    assert shown.split() == f"x{body}".split()


@settings(max_examples=60)
@given(bodies=st.lists(_BODIES, min_size=2, max_size=2))
def test_a_section_reads_the_same_whatever_stands_before(bodies: list[str]) -> None:
    """Nothing of a section reaches into the next one."""
    alone = PARSER.render(markdown(brief(agent(bodies[1], "Last"))))
    both = PARSER.render(markdown(brief(agent(bodies[0], "First"), agent(bodies[1], "Last"))))
    last = "<h2>Last</h2>"
    assert both.partition(last)[2] == alone.partition(last)[2]


def test_a_brief_is_a_moment() -> None:
    """It changes nothing, and can be made a document again and again."""
    made = brief_of(plan(BRIEF_READY))
    assert markdown(made) == markdown(made)
    assert made.updated_at == NOON
