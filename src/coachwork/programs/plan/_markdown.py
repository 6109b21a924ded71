"""The brief as a Markdown document whose structure no text of it can break.

The structure is one title, and one heading of the second level for each section. What people said
is text and nothing else: whatever Markdown reads as syntax is escaped. What agents wrote is
Markdown, held inside its section:

* headings are moved down, to levels 4 to 6, and underlined ones become text;
* fenced code stands in a fence of our own, which is always closed;
* ``<`` is escaped, so that there is no HTML, and so is what would define a link for the document.

Beyond that, lists, tables, quotes and emphasis are the agent's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from coachwork.programs.plan._brief import BusinessBrief
from coachwork.programs.plan._state import BriefSection, PlanStatus, SectionSource

_HEADING_DOWN: Final = 3
"""By how many levels headings of agents are moved down: they stand below ours."""

_LOWEST: Final = 6
"""The lowest level of a heading that Markdown knows."""

_BREAKS: Final = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_INLINE: Final = re.compile(r"([\\`*_\[\]<>&~|#])")
_AT_START: Final = re.compile(r"^(\d{0,9})([-+=.)])")
# What may stand before a block on its line: blanks, quotes and the marks of lists.
_BEFORE: Final = r"(?P<before>(?:\s|>|[-+*](?=\s)|\d{1,9}[.)](?=\s))*)"
_ATX: Final = re.compile(_BEFORE + r"(?P<marks>#{1,6})(?P<rest>(?:\s.*)?)$")
_UNDERLINE: Final = re.compile(_BEFORE + r"(?P<line>=+|-+)\s*$")
_FENCE: Final = re.compile(r"^ {0,3}(?P<marks>`{3,}|~{3,})(?P<info>.*)$")
_FENCE_INSIDE: Final = re.compile(_BEFORE + r"(?P<marks>`{3,}|~{3,})")


def markdown(brief: BusinessBrief, title: str = "Business brief") -> str:
    """Return *brief* as a Markdown document (CommonMark), with a newline at its end.

    Below the title it says which version it is, or that it is being changed and is none; outdated
    sections say so below their headings.

    Args:
        brief: The brief.
        title: What the document is called.
    """
    blocks = [f"# {_line(title)}", _figures(brief)]
    for section in brief.sections:
        mark = "*Outdated.*" if section.stale else ""
        blocks += [f"## {_line(section.title)}", mark, _body(section)]
    if brief.missing:
        blocks.append(f"*Not there yet: {', '.join(map(_line, brief.missing))}.*")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _figures(brief: BusinessBrief) -> str:
    return (
        f"*{_standing(brief)}, complete to {brief.completeness:.0%}, "
        f"confidence {brief.confidence:.0%}.*"
    )


def _standing(brief: BusinessBrief) -> str:
    """Return which version it is, or what becomes of it while it is none."""
    version = f"Version {brief.version}"
    if brief.is_ready:
        return version
    if brief.status is PlanStatus.FAILED:
        return (
            f"{version}, whose changes were never finished" if brief.version else "Never finished"
        )
    return f"{version}, which is being changed" if brief.version else "Not ready yet"


def _body(section: BriefSection) -> str:
    """Return the text of a section as Markdown that stays inside it."""
    lines = _BREAKS.split(section.body)
    if section.source is SectionSource.STEP:
        return "\n".join(map(_line, lines)).strip()
    return "\n".join(_held(lines)).strip("\n")


def _line(text: str) -> str:
    """Return one line of plain text as Markdown that shows just that."""
    text = " ".join(text.split())
    return _AT_START.sub(r"\1\\\2", _INLINE.sub(r"\\\1", text))


def _held(lines: list[str]) -> Iterator[str]:
    """Yield the lines of an agent's Markdown, held inside a section."""
    waiting = iter(lines)
    for line in waiting:
        fence = _FENCE.match(line)
        if fence and not (fence["marks"][0] == "`" and "`" in fence["info"]):
            yield from _fenced(fence["marks"], waiting)
        else:
            yield _held_line(line)


def _fenced(marks: str, waiting: Iterator[str]) -> Iterator[str]:
    """Yield the code up to the end of its fence, or of the text, in a fence that is closed.

    Args:
        marks: What the fence begins with.
        waiting: The lines behind that; those that are yielded are taken from it.
    """
    closing = re.compile(rf"^ {{0,3}}{re.escape(marks)}{marks[0]}*\s*$")
    code: list[str] = []
    for line in waiting:
        if closing.match(line):
            break
        code.append(line)
    longest = max((len(run) for line in code for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    # The blank lines end whatever would hold the fence, such as a list or a quote.
    yield from ("", fence, *code, fence, "")


def _held_line(line: str) -> str:
    """Return a line outside of code, so that it can neither end nor outgrow its section."""
    line = line.replace("<", "&lt;").replace("]:", "]\\:")
    if heading := _ATX.match(line):
        level = min(_LOWEST, len(heading["marks"]) + _HEADING_DOWN)
        return f"{heading['before']}{'#' * level}{heading['rest']}"
    if underline := _UNDERLINE.match(line):
        mark = "\\=" if underline["line"][0] == "=" else "* * *"
        return f"{underline['before']}{mark}"
    if inside := _FENCE_INSIDE.match(line):
        at = inside.start("marks")
        return f"{line[:at]}\\{line[at:]}"
    return line
