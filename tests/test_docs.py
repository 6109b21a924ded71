"""The documents say what the code says; that their examples run, Sybil makes sure of."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from time import process_time
from typing import Final

import pytest

from docs import generated, situations

ROOT: Final = generated.ROOT
PAGES: Final = generated.pages()


def name_of(path: Path) -> str:
    """How a page is called in a report."""
    return path.relative_to(ROOT).as_posix()


# --- generated parts --------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_generated_part_is_stale(page: Path) -> None:
    """Diagrams and tables in the documents are what the code draws now."""
    text = page.read_text("utf-8")

    assert generated.renewed(text) == text, "run scripts/diagrams"


def test_every_generated_part_is_used_once() -> None:
    """No part is made for nobody, and none stands twice or is left open."""
    text = "".join(page.read_text("utf-8") for page in PAGES)

    assert sorted(re.findall(r"<!-- generated: ([\w-]+) -->", text)) == sorted(generated.PARTS)
    assert set().union(*(generated.used(page.read_text("utf-8")) for page in PAGES)) == set(
        generated.PARTS
    )


def test_a_stale_part_is_seen_and_written_anew(tmp_path: Path) -> None:
    """A part that says something else is replaced, and what is around it stays."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- generated: job-table -->\nold\n<!-- end -->\nafter\n")

    assert list(generated.write([page])) == [page]
    assert list(generated.write([page])) == []
    text = page.read_text()
    assert text.startswith("before\n<!-- generated: job-table -->\n\n| From |")
    assert text.endswith("|\n\n<!-- end -->\nafter\n")


# --- what happens when the world moves ---------------------------------------------------------


def test_the_situations_are_the_same_each_time_and_quick() -> None:
    """The page says what the code does, not what it did once; and nobody waits for it."""
    began = process_time()
    first = list(situations.rows())
    took = process_time() - began

    assert list(situations.rows()) == first
    assert took < 5  # half a second, as a rule


@pytest.mark.parametrize("reply", [text for _, text in situations.REPLIES], ids=["plain", "final"])
@pytest.mark.parametrize("situation", situations.SITUATIONS, ids=lambda situation: situation.told)
def test_whatever_happens_there_is_one_outcome_and_one_event(
    situation: situations.Situation, reply: str
) -> None:
    """A job is settled once, its event says the same, and a reply is there if it completed."""
    found = situations.find(situation, reply)

    if found.job == "gone":
        assert (found.session, found.event, found.reply) == ("gone", "none", "dropped")
    else:
        assert found.event == found.job
        assert (found.reply == "kept") is (found.job == "completed")


# --- links ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_into_the_repository_leads_somewhere(page: Path) -> None:
    """A relative link names a file, and where it names a heading, the page has that."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        if heading:
            assert heading in _anchors(file.read_text("utf-8")), target


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as readers of Markdown make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_list_of_its_folder() -> None:
    """No page is left out of the tables of contents."""
    for folder in ("tutorial", "how-to", "reference", "explanation"):
        index = (ROOT / "docs" / folder / "index.md").read_text("utf-8").splitlines()
        pages = {page.stem for page in (ROOT / "docs" / folder).glob("*.md")} - {"index"}
        assert pages == pages & set(index)


def test_the_page_on_the_design_names_every_room() -> None:
    """The table of rooms has all those that the import linter knows, and no others."""
    page = (ROOT / "docs" / "explanation" / "design.md").read_text("utf-8")
    table = page.partition("| Room |")[2].partition("\n\n")[0]
    told = re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    house = next(c for c in project["tool"]["importlinter"]["contracts"] if c["id"] == "house")

    assert sorted(told) == sorted(set(re.findall(r"\w+", " ".join(house["layers"]))) - {"__main__"})


# --- the tutorial -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["first-session", "your-own-program"])
def test_a_tutorial_can_be_typed_along(name: str, tmp_path: Path) -> None:
    """Typed line by line into an interpreter, its blocks answer with nothing but what they show."""
    page = (ROOT / "docs" / "tutorial" / f"{name}.md").read_text("utf-8")
    typed: list[str] = []
    shown: list[str] = []
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        for line in block.splitlines():
            if line.startswith(">>> ") and typed and typed[-1].startswith(" "):
                typed.append("")  # whoever types ends an indented block with an empty line
            if line.startswith((">>> ", "... ")):
                typed.append(line[4:])
            else:
                (shown if ">>> " in block and line else typed).append(line)
        typed.append("")
    done = subprocess.run(
        [sys.executable, "-i", "-q"],
        input="\n".join(typed),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == shown
    assert "Error" not in done.stderr


# --- the program ------------------------------------------------------------------------------


def options_of(*command: str) -> set[str]:
    """Return the options that the help of a command, or of an action of it, offers."""
    line = [sys.executable, "-m", "coachwork", *command, "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    usage = done.stdout.partition("\n\n")[0]
    return set(re.findall(r"--[\w-]+", usage)) - {"--help"}


@pytest.mark.parametrize(
    "command", ["demo", "chat", "worker", "jobs", "timeline", "replay", "diagram"]
)
def test_the_page_on_the_command_line_names_every_option(command: str) -> None:
    """What ``coachwork COMMAND --help`` offers stands in the section of that command."""
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")
    section = page.partition(f"## coachwork {command}\n")[2].partition("\n## ")[0]
    actions = ("list", "show", "retry") if command == "jobs" else ()
    options = options_of(command).union(*(options_of(command, action) for action in actions))
    assert set(re.findall(r"\[(--[\w-]+)[ \]]", section)) == options
