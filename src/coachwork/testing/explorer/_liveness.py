"""Which local variables of suspended code can still be read: the others need not be compared.

The usual backward analysis over bytecode. Whatever it does not know, such as an instruction of a
newer interpreter or code that may look at its own variables by name, makes it answer None: then
all variables count. That is never wrong, it only keeps more states apart.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator
from functools import cache
from types import CodeType
from typing import Final, cast

_NO_FALL_THROUGH: Final = frozenset(
    {
        "RETURN_VALUE",
        "RETURN_CONST",
        "RAISE_VARARGS",
        "RERAISE",
        "JUMP_FORWARD",
        "JUMP_BACKWARD",
        "JUMP_BACKWARD_NO_INTERRUPT",
    }
)
_READS: Final = frozenset({"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_AND_CLEAR", "DELETE_FAST"})
_LOOKS: Final = frozenset({"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe"})
"""Names with which code may read variables that no instruction of its own loads."""

Live = frozenset[str]


@cache
def live_locals(code: CodeType) -> dict[int, Live] | None:
    """Return per offset of an instruction the variables that may be read from there on.

    None where that cannot be told: then all are.
    """
    if not _LOOKS.isdisjoint(code.co_names):
        return None
    instructions = list(dis.get_instructions(code))
    uses: list[tuple[frozenset[str], frozenset[str]]] = []
    for instruction in instructions:
        use = _use(instruction.opname, instruction.argval)
        if use is None:
            return None
        uses.append(use)
    next_ones = list(_successors(code, instructions))
    live: list[Live] = [frozenset()] * len(instructions)
    changed = True
    while changed:
        changed = False
        for at in range(len(instructions) - 1, -1, -1):
            reads, writes = uses[at]
            after, handlers = next_ones[at]
            # An exception may come before the instruction has written anything.
            new = (_union(live, after) - writes) | reads | _union(live, handlers)
            if new != live[at]:
                live[at] = new
                changed = True
    return {found.offset: live[at] for at, found in enumerate(instructions)}


def _union(live: list[Live], places: Iterable[int]) -> Live:
    """Return what is live at any of these places."""
    return frozenset[str]().union(*(live[place] for place in places))


def _use(name: str, argument: object) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return what an instruction reads and what it overwrites first; None if it is not known."""
    if "FAST" not in name:
        return frozenset(), frozenset()
    names = cast("tuple[object, ...]", argument if isinstance(argument, tuple) else (argument,))
    told = [str(found) for found in names]
    if name in _READS or name == "LOAD_FAST_LOAD_FAST":
        return frozenset(told), frozenset()
    if name in {"STORE_FAST", "STORE_FAST_STORE_FAST"}:
        return frozenset(), frozenset(told)
    if name == "STORE_FAST_LOAD_FAST":
        stored, loaded = told
        return frozenset({loaded} - {stored}), frozenset({stored})
    return None


def _successors(
    code: CodeType, instructions: list[dis.Instruction]
) -> Iterator[tuple[list[int], list[int]]]:
    """Return for each instruction what may come next, and which handlers an exception reaches."""
    place = {found.offset: at for at, found in enumerate(instructions)}
    jumps = {*dis.hasjrel, *dis.hasjabs}
    handlers: list[tuple[int, int, int]] = list(_handlers(code))
    for at, found in enumerate(instructions):
        after: list[int] = []
        if found.opname not in _NO_FALL_THROUGH and at + 1 < len(instructions):
            after.append(at + 1)
        if found.opcode in jumps:
            after.append(place[found.argval])
        reached = [place[target] for start, end, target in handlers if start <= found.offset < end]
        yield after, reached


def _handlers(code: CodeType) -> Iterator[tuple[int, int, int]]:
    """Return the ranges of offsets that have a handler: start, end, and where the handler is.

    The form of the table is told in CPython's ``Objects/exception_handling_notes.txt``.
    """
    table = iter(code.co_exceptiontable)
    while True:
        try:
            start = _number(table) * 2
        except StopIteration:
            return
        length = _number(table) * 2
        target = _number(table) * 2
        _number(table)  # how deep the stack is there
        yield start, start + length, target


def _number(table: Iterator[int]) -> int:
    """Return the next number of six bits a byte."""
    byte = next(table)
    value = byte & 63
    while byte & 64:
        byte = next(table)
        value = value << 6 | byte & 63
    return value
