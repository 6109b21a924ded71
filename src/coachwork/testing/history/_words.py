"""What is wrong with a history, in words: calls, kinds and ids, and no text of anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coachwork.testing.history._call import Call
from coachwork.testing.history._chains import ABSENT, Read, Write
from coachwork.testing.history._graph import Edge, Why

BEFORE_ALL = 0
"""The number of what was stored before the first call."""


class Words:
    """How the calls of one history are told."""

    def __init__(self, calls: Mapping[int, Call]) -> None:
        """Take the calls by number."""
        self._calls = calls

    def call(self, number: int) -> str:
        """Return a call with who made it."""
        call = self._calls.get(number)
        if call is None:
            return "what was there before" if number == BEFORE_ALL else "what is left in the end"
        return f"call {number} ({call.who})"

    def no_order(self, name: str, writes: Sequence[Write]) -> str:
        """Say why *writes* of one record cannot have come one after the other."""
        certain = [write for write in writes if write.certain]
        left = {write.left for write in writes} | {ABSENT}
        for write in certain:
            if write.found not in left:
                return (
                    f"{name}: {self.call(write.node.number)} wrote over version {write.found}, "
                    "which nobody wrote"
                )
        gone = [write for write in writes if write.left == ABSENT]
        first: dict[int, Write] = {}
        for write in certain:
            other = first.setdefault(write.found, write)
            if other is not write and not any(_is_between(one, other, write) for one in gone):
                return self._twice(name, other, write)
        numbers = ", ".join(str(write.node.number) for write in certain)
        return f"{name}: its writes by the calls {numbers} cannot have come one after the other"

    def _twice(self, name: str, one: Write, other: Write) -> str:
        """Say that two calls changed the same version."""
        found = f"over version {one.found}" if one.found else "where nothing was"
        return (
            f"{name}: {self.call(one.node.number)} and {self.call(other.node.number)} both wrote "
            f"version {one.left} {found}"
        )

    def impossible(self, read: Read, writes: Sequence[Write]) -> str:
        """Say why *read* cannot have found that version, in the order of its *writes*."""
        told = f"{read.name}: {self.call(read.node.number)} found {_version(read.version)}"
        early = [write for write in writes if write.node.begin > read.node.end]
        for write in early:
            if write.left == read.version:
                return f"{told} before {self.call(write.node.number)} began to write it"
        late = [write for write in writes if write.node.end < read.node.begin]
        for write in reversed(late):
            if write.found == read.version:
                done = "deleted it" if write.left == ABSENT else f"wrote version {write.left}"
                return f"{told} after {self.call(write.node.number)} had {_past(done)}"
        return f"{told}, where its writes leave no room for it"

    def unwritten(self, read: Read, undone: Write | None) -> str:
        """Say that *read* found what nobody wrote, or what was told not to be written."""
        told = f"{read.name}: {self.call(read.node.number)} found {_version(read.version)}"
        if undone is None:
            return f"{told} as nobody wrote it"
        call = self._calls[undone.node.number]
        return (
            f"{told} as {self.call(call.number)} would have written it, "
            f"which was answered: {call.outcome}"
        )

    def undecided(self, name: str) -> str:
        """Say that the order of a record's writes is open in too many ways."""
        return f"undecided: {name}: its writes could have come in more orders than are tried"

    def gap(self, call: Call, name: str, shown: int) -> str:
        """Say that a log has left out a message."""
        return f"{name}: {self.call(call.number)} read the log up to {shown} without it"

    def disorder(self, call: Call) -> str:
        """Say that a log told other messages than it was asked for, or in another order."""
        span = call.span
        log = "" if span is None else f"{span.tenant}/{span.session}"
        return f"log {log}: {self.call(call.number)} read other messages than it had asked for"

    def circle(self, edges: Sequence[Edge]) -> str:
        """Tell calls that cannot have come one after the other, each before the next one."""
        lines = (
            f"  {self.call(edge.before)} comes before {self.call(edge.after)}: {_why(edge)}"
            for edge in edges
        )
        return "\n".join(["these calls cannot have come one after the other:", *lines])


def _is_between(deletion: Write, one: Write, other: Write) -> bool:
    """Whether *deletion* may have come between two writes."""
    return deletion.node.begin <= max(one.node.end, other.node.end) and deletion.node.end >= min(
        one.node.begin, other.node.begin
    )


def _version(version: int) -> str:
    return "nothing" if version == ABSENT else f"version {version}"


def _past(done: str) -> str:
    """Return a verb as it stands behind ``had``."""
    return done.replace("wrote", "written")


def _why(edge: Edge) -> str:
    """Say why one call comes before another."""
    what = "deleted" if edge.version == ABSENT else f"wrote version {edge.version} of"
    match edge.why:
        case Why.CHANGED:
            return f"it {what} {edge.name}, and the other changed that"
        case Why.READ:
            return f"it {what} {edge.name}, and the other found that"
        case Why.READ_BEFORE:
            return f"it found {_version(edge.version)} of {edge.name}, which the other changed"
        case _:
            return "it had ended before the other began"
