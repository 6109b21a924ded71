"""Pictures of a machine, drawn from its table: Mermaid, DOT and a Markdown table.

A picture that is drawn from the table cannot say anything else than the table. All three are pure
functions from a `Machine` to text, so documentation can be generated and compared (brief,
section 1). An arrow is labelled as in UML: ``event [guard, guard] / effect, effect``. Events and
states may be any text: what a format would read as syntax is escaped.

A *path*, the edges that one value took, can be shown in the first two: as colour where the format
has it, and as a check mark, with the number of times where it was more than once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import groupby
from typing import Final, TypeVar

from coachwork.errors import MachineError
from coachwork.machine import Edge, Machine

V = TypeVar("V")
S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)
G = TypeVar("G")
F = TypeVar("F", bound=StrEnum)

CHECK_MARK: Final = "\N{CHECK MARK}"

# Mermaid reads these words, and sometimes what begins with them, as syntax of its own.
_MERMAID_WORDS: Final = (
    "acc|as|choice|class|click|default|direction|end|fork|hide|href|join|note|root|scale|state|"
    "style|title"
)
# A state with such a value is called by it; others get a number, and numbers are not for values.
_SAFE_ID: Final = re.compile(rf"(?!(?i:{_MERMAID_WORDS}|s[0-9]))[A-Za-z][A-Za-z0-9_]*", re.ASCII)
# Everything else is written as a numbered entity, which Mermaid decodes after parsing.
_NOT_PLAIN_MERMAID: Final = re.compile(r"[^\w .,'()/!?+=*@-]")
_BREAKS: Final = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


def mermaid(machine: Machine[V, S, E, G, F], path: Iterable[Edge[S, E]] = ()) -> str:
    """Draw *machine* as a Mermaid ``stateDiagram-v2``.

    Events between the same two states share an arrow, one line each, since Mermaid draws such
    arrows over each other. It cannot colour single arrows, so only check marks show the path there.

    Args:
        machine: What to draw.
        path: The edges taken, in any order; their states get the class ``taken``.

    Returns:
        The diagram, with a newline at the end.

    Raises:
        MachineError: When *path* holds an edge that is none of the machine's.
    """
    taken = _taken(machine, path)
    ids = _ids(machine.states)
    lines = ["stateDiagram-v2"]
    lines += [
        f'    state "{_mermaid_text(state)}" as {ids[state]}'
        for state in machine.states
        if ids[state] != state
    ]
    lines += [f"    [*] --> {ids[state]}" for state in machine.initial]
    for (start, to), edges in groupby(sorted(machine.edges, key=_by_ends(machine)), _ends):
        told = "<br/>".join(
            _marked(edge, taken) + _label(machine, edge, _mermaid_text) for edge in edges
        )
        lines.append(f"    {ids[start]} --> {ids[to]} : {told}")
    lines += [f"    {ids[state]} --> [*]" for state in machine.ends]
    if taken:
        lines.append("    classDef taken fill:palegreen,stroke:darkgreen,color:black")
        lines += [f"    class {ids[state]} taken" for state in _visited(machine, taken)]
    return "\n".join(lines) + "\n"


def dot(machine: Machine[V, S, E, G, F], path: Iterable[Edge[S, E]] = ()) -> str:
    """Draw *machine* in the language of Graphviz, one arrow an event.

    Args:
        machine: What to draw.
        path: The edges taken, in any order; they and their states are coloured.

    Returns:
        The diagram, with a newline at the end.

    Raises:
        MachineError: When *path* holds an edge that is none of the machine's.
    """
    taken = _taken(machine, path)
    ids = _ids(machine.states)
    visited = _visited(machine, taken)
    lines = [
        f"digraph {_dot_text(machine.name)} {{",
        "    rankdir=LR;",
        "    node [shape=box, style=rounded];",
        '    "[*]" [shape=point, label=""];',
    ]
    for state in machine.states:
        look = ", peripheries=2" if state in machine.ends else ""
        if state in visited:
            look += ', style="rounded,filled", color=darkgreen, fillcolor=palegreen'
        lines.append(f'    "{ids[state]}" [label={_dot_text(state)}{look}];')
    lines += [f'    "[*]" -> "{ids[state]}";' for state in machine.initial]
    for edge in machine.edges:
        told = _dot_text(_marked(edge, taken) + _label(machine, edge, str))
        look = ", color=darkgreen, fontcolor=darkgreen, penwidth=2" if edge in taken else ""
        lines.append(f'    "{ids[edge[0]]}" -> "{ids[edge[2]]}" [label={told}{look}];')
    lines.append("}")
    return "\n".join(lines) + "\n"


def markdown(machine: Machine[V, S, E, G, F]) -> str:
    """Tell *machine* as a Markdown table: from, event, to, guards, effects.

    Returns:
        The table, with a line for each beginning and each end, and a newline at the end.
    """
    cells = [("From", "Event", "To", "Guards", "Effects"), ("---",) * 5]
    cells += [("*begin*", "", _code(state), "", "") for state in machine.initial]
    for start, event, to in machine.edges:
        row = machine.table[start][event]
        guards = ", ".join(_code(guard.name) for guard in row.guards)
        effects = ", ".join(_code(effect) for effect in row.effects)
        cells.append((_code(start), _code(event), _code(to), guards, effects))
    cells += [(_code(state), "", "*end*", "", "") for state in machine.ends]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


# --- what the formats share -------------------------------------------------------------------


def _taken(machine: Machine[V, S, E, G, F], path: Iterable[Edge[S, E]]) -> Counter[Edge[S, E]]:
    """How often each edge was taken; an edge of another machine is an error."""
    taken = Counter(path)
    for start, event, to in taken.keys() - set(machine.edges):
        sentence = f"machine {machine.name!r}: no edge leads from {start} by {event} to {to}"
        raise MachineError(sentence)
    return taken


def _visited(machine: Machine[V, S, E, G, F], taken: Iterable[Edge[S, E]]) -> list[S]:
    """The states that the edges *taken* touch, in the order of the enum."""
    touched = {state for start, _, to in taken for state in (start, to)}
    return [state for state in machine.states if state in touched]


def _marked(edge: Edge[S, E], taken: Counter[Edge[S, E]]) -> str:
    """What stands before the label of an edge: nothing where it was not taken."""
    times = taken[edge]
    if not times:
        return ""
    return f"{CHECK_MARK} " if times == 1 else f"{CHECK_MARK} {times}x "


def _label(machine: Machine[V, S, E, G, F], edge: Edge[S, E], text: Callable[[str], str]) -> str:
    """Say ``event [guards] / effects``, each name passed through *text*."""
    start, event, _ = edge
    row = machine.table[start][event]
    guards = ", ".join(text(guard.name) for guard in row.guards)
    effects = ", ".join(text(effect) for effect in row.effects)
    return text(event) + (f" [{guards}]" if guards else "") + (f" / {effects}" if effects else "")


def _ends(edge: Edge[S, E]) -> tuple[S, S]:
    """From where, and to where."""
    return edge[0], edge[2]


def _by_ends(machine: Machine[V, S, E, G, F]) -> Callable[[Edge[S, E]], int]:
    """Sort edges so that those between the same states stand together, else in table order."""
    first: dict[tuple[S, S], int] = {}
    for place, edge in enumerate(machine.edges):
        first.setdefault(_ends(edge), place)
    return lambda edge: first[_ends(edge)]


def _ids(states: Iterable[S]) -> dict[S, str]:
    """A name for each state that both languages read as one: its value where that is safe."""
    return {
        state: str(state) if _SAFE_ID.fullmatch(state) else f"s{place}"
        for place, state in enumerate(states)
    }


def _mermaid_text(text: str) -> str:
    """*text* so that Mermaid shows it and reads none of it."""
    return _NOT_PLAIN_MERMAID.sub(lambda found: f"#{ord(found[0])};", _BREAKS.sub(" ", text))


def _dot_text(text: str) -> str:
    """*text* as a quoted string of DOT."""
    plain = _BREAKS.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _code(text: str) -> str:
    """*text* as code in a cell of a Markdown table."""
    plain = _BREAKS.sub(" ", text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
