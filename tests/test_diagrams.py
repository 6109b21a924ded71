"""The three pictures of a machine, and what no name in it can do to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.diagrams import dot, markdown, mermaid
from coachwork.errors import MachineError
from coachwork.machine import Edge, Guard, Machine, Row


class Status(StrEnum):
    """States."""

    OPEN = "open"
    SHUT = "shut"
    END = "end of it"


class Event(StrEnum):
    """Events."""

    SHUT = "shut"
    SLAM = "slam"
    KNOCK = "knock"
    REMOVE = "remove"


class Effect(StrEnum):
    """Effects."""

    BANG = "bang"
    ECHO = "echo"


def become(_state: StrEnum, to: StrEnum, _now: datetime, _given: None) -> StrEnum:
    """The value is its state."""
    return to


def turn(_state: Status, to: Status, _now: datetime, _given: None) -> Status:
    """The value is its state."""
    return to


def yes(_state: object, _now: datetime) -> str | None:
    """Always."""
    return None


DOOR: Final[Machine[Status, Status, Event, None, Effect]] = Machine(
    name="door",
    states=Status,
    events=Event,
    initial=(Status.OPEN,),
    ends=(Status.END,),
    state=lambda value: value,
    table={
        Status.OPEN: {
            Event.SHUT: Row(Status.SHUT, turn, (Guard("free", yes), Guard("oiled", yes))),
            Event.REMOVE: Row(Status.END, turn),
            Event.SLAM: Row(Status.SHUT, turn, (), (Effect.BANG, Effect.ECHO)),
        },
        Status.SHUT: {
            Event.KNOCK: Row(Status.SHUT, turn, (Guard("free", yes),), (Effect.ECHO,)),
            Event.REMOVE: Row(Status.END, turn),
        },
        Status.END: {},
    },
)
SHUT: Final = (Status.OPEN, Event.SHUT, Status.SHUT)
SLAM: Final = (Status.OPEN, Event.SLAM, Status.SHUT)
KNOCK: Final = (Status.SHUT, Event.KNOCK, Status.SHUT)
PATH: Final = (SLAM, KNOCK, KNOCK)


def test_mermaid_draws_the_table() -> None:
    """Events between the same states share an arrow; unsafe states get an id."""
    assert mermaid(DOOR) == (
        "stateDiagram-v2\n"
        '    state "end of it" as s2\n'
        "    [*] --> open\n"
        "    open --> shut : shut [free, oiled]<br/>slam / bang, echo\n"
        "    open --> s2 : remove\n"
        "    shut --> shut : knock [free] / echo\n"
        "    shut --> s2 : remove\n"
        "    s2 --> [*]\n"
    )


def test_mermaid_marks_the_path() -> None:
    """States of the path have a class, events of it a check mark, with their number."""
    assert mermaid(DOOR, PATH) == (
        "stateDiagram-v2\n"
        '    state "end of it" as s2\n'
        "    [*] --> open\n"
        "    open --> shut : shut [free, oiled]<br/>✓ slam / bang, echo\n"
        "    open --> s2 : remove\n"
        "    shut --> shut : ✓ 2x knock [free] / echo\n"
        "    shut --> s2 : remove\n"
        "    s2 --> [*]\n"
        "    classDef taken fill:palegreen,stroke:darkgreen,color:black\n"
        "    class open taken\n"
        "    class shut taken\n"
    )


def test_dot_draws_the_table() -> None:
    """Each event has its own arrow; ends have a double line."""
    assert dot(DOOR) == (
        'digraph "door" {\n'
        "    rankdir=LR;\n"
        "    node [shape=box, style=rounded];\n"
        '    "[*]" [shape=point, label=""];\n'
        '    "open" [label="open"];\n'
        '    "shut" [label="shut"];\n'
        '    "s2" [label="end of it", peripheries=2];\n'
        '    "[*]" -> "open";\n'
        '    "open" -> "shut" [label="shut [free, oiled]"];\n'
        '    "open" -> "s2" [label="remove"];\n'
        '    "open" -> "shut" [label="slam / bang, echo"];\n'
        '    "shut" -> "shut" [label="knock [free] / echo"];\n'
        '    "shut" -> "s2" [label="remove"];\n'
        "}\n"
    )


def test_dot_colours_the_path() -> None:
    """Arrows and states of the path, and no others, are green."""
    green = [line for line in dot(DOOR, PATH).splitlines() if "green" in line]
    look = "color=darkgreen, fontcolor=darkgreen, penwidth=2"
    assert green == [
        '    "open" [label="open", style="rounded,filled", color=darkgreen, fillcolor=palegreen];',
        '    "shut" [label="shut", style="rounded,filled", color=darkgreen, fillcolor=palegreen];',
        f'    "open" -> "shut" [label="✓ slam / bang, echo", {look}];',
        f'    "shut" -> "shut" [label="✓ 2x knock [free] / echo", {look}];',
    ]


def test_markdown_tells_the_table() -> None:
    """One line a row, in table order, between the beginnings and the ends."""
    assert markdown(DOOR) == (
        "| From | Event | To | Guards | Effects |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| *begin* |  | `open` |  |  |\n"
        "| `open` | `shut` | `shut` | `free`, `oiled` |  |\n"
        "| `open` | `remove` | `end of it` |  |  |\n"
        "| `open` | `slam` | `shut` |  | `bang`, `echo` |\n"
        "| `shut` | `knock` | `shut` | `free` | `echo` |\n"
        "| `shut` | `remove` | `end of it` |  |  |\n"
        "| `end of it` |  | *end* |  |  |\n"
    )


@pytest.mark.parametrize("draw", [mermaid, dot])
def test_a_path_must_be_of_the_machine(
    draw: Callable[[object, tuple[Edge[Status, Event], ...]], str],
) -> None:
    """An edge that the table does not have is an error, not a picture without it."""
    with pytest.raises(MachineError, match="'door': no edge leads from open by knock to shut"):
        draw(DOOR, ((Status.OPEN, Event.KNOCK, Status.SHUT),))


# --- hostile names --------------------------------------------------------------------------------

AnyMachine: TypeAlias = Machine[StrEnum, StrEnum, StrEnum, None, StrEnum]
NASTY: Final = (
    'say "hi"',
    "a --> b : c",
    "semi;colon #59; #quot;",
    "%% no comment",
    "<b>bold</b> & co",
    "back\\slash \\n",
    "two\nlines\r\nthree\u2028four",
    "pi|pe",
    "`tick` ``two``",
    "[*]",
    "{curly}",
    "ünïcode é",
    "\x00\x1b\ud800",
)


def named(names: list[str]) -> AnyMachine:
    """A machine in which every name of every kind is one of *names*; they lead on in a row."""
    make = cast("Callable[[str, dict[str, str]], type[StrEnum]]", StrEnum)
    enum = make("names", {f"N{place}": name for place, name in enumerate(names)})
    members = list(enum)
    rows: dict[StrEnum, dict[StrEnum, Row[StrEnum, StrEnum, None, StrEnum]]] = {
        state: {event: Row(after, become, (Guard(str(event), yes),), (event,)) for event in members}
        for state, after in pairwise(members)
    }
    return Machine(
        name=names[0],
        states=enum,
        events=enum,
        initial=(members[0],),
        ends=(members[-1],),
        state=lambda value: value,
        table={**rows, members[-1]: {}},
    )


def mermaid_sees(text: str) -> str:
    """What Mermaid shows for *text*: entities decoded."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


def one_line(text: str) -> str:
    """What is shown of a name that has line breaks."""
    return re.sub(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+", " ", text)


NAMES: Final = st.lists(
    st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=8)),
    min_size=2,
    max_size=4,
    unique=True,
)


@given(names=NAMES)
def test_no_name_breaks_mermaid(names: list[str]) -> None:
    """Every line keeps its shape, and what it shows is the name."""
    machine = named(names)
    ids = r"[A-Za-z][A-Za-z0-9_]*"
    safe = r"[^\n:;#%<>\"\\{}`|]|#\d+;"
    shape = re.compile(
        rf'    (state "(?:{safe})*" as {ids}'
        rf"|(\[\*\]|{ids}) --> (\[\*\]|{ids})( : ((?:{safe})+|<br/>)+)?)"
    )
    first, *lines = mermaid(machine).removesuffix("\n").split("\n")
    assert first == "stateDiagram-v2"
    for line in lines:
        assert shape.fullmatch(line)
    arrows = [line.partition(" : ")[2] for line in lines if " : " in line]
    assert len(arrows) == len(names) - 1
    for told in arrows:
        assert [mermaid_sees(part) for part in told.split("<br/>")] == [
            f"{name} [{name}] / {name}" for name in map(one_line, names)
        ]


@given(names=NAMES)
def test_no_name_breaks_dot(names: list[str]) -> None:
    """Strings end where they should, and read back as the name."""
    told = dot(named(names))
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', told)
    assert re.sub(r'"((?:[^"\\]|\\.)*)"', "", told).count('"') == 0
    assert len(told.split("\n")) == 4 + 1 + len(names) + 1 + len(named(names).edges) + 2 - 1
    seen = [re.sub(r"\\(.)", r"\1", string) for string in strings]
    for name in map(one_line, names):
        assert name in seen
        assert f"{name} [{name}] / {name}" in seen


@given(names=NAMES)
def test_no_name_breaks_the_markdown_table(names: list[str]) -> None:
    """Every line has five cells, whatever the names hold."""
    machine = named(names)
    lines = markdown(machine).removesuffix("\n").split("\n")
    assert len(lines) == 2 + 1 + len(machine.edges) + 1
    for line in lines:
        assert len(re.findall(r"(?<!\\)\|", line)) == 6


@pytest.mark.parametrize(
    "name",
    ["end", "state", "note", "class", "root", "ended", "Default", "s7", "9lives", "ünder", "a b"],
)
def test_a_state_that_could_be_read_as_syntax_is_numbered(name: str) -> None:
    """Ids are the values where these are safe; others are numbered and shown by a label."""
    machine = named(["open", name])
    assert f'    state "{name}" as s1\n' in mermaid(machine)
    assert "    open --> s1 : " in mermaid(machine)
    assert f'    "s1" [label="{name}", peripheries=2];\n' in dot(machine)


def test_code_with_ticks_is_fenced_by_more() -> None:
    """Backticks in a name do not end the code."""
    assert "| *begin* |  | ``` a``b` ``` |  |  |" in markdown(named(["a``b`", "c"]))


def test_the_pictures_are_of_real_machines() -> None:
    """What is drawn moves."""
    at = datetime(2024, 5, 1, tzinfo=UTC)
    assert DOOR.move(Status.OPEN, Event.SHUT, at).value is Status.SHUT
    machine = named(["a", "b"])
    assert machine.available(machine.initial[0], at) == tuple(machine.events)
