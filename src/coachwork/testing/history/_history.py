"""A history: what was called and answered, in the order of real time.

Beginnings and ends are read from one clock that never goes back (`time.monotonic_ns`), which all
processes of a machine share. So the histories of several processes can be put together; those of
several machines cannot.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from attrs import evolve

from coachwork.errors import ValidationError
from coachwork.testing.history._call import Act, Call, Method, Outcome, Part, Seen, Span

Clock = Callable[[], int]


class History:
    """What several threads, tasks and processes called, and what they were answered.

    It may be used by any number of threads and tasks at once. It holds kinds, ids, versions and
    digests of bodies, and no text of anybody.

    Args:
        path: A file to write every call to, when it begins and when it ends, so that what a process
            did is known even if it is killed. Each process needs a file of its own.
        clock: What tells when something happens: a whole number that never goes back, the same for
            all who are put together. By default nanoseconds of the machine's clock.
    """

    def __init__(
        self, path: str | os.PathLike[str] | None = None, *, clock: Clock = time.monotonic_ns
    ) -> None:
        """Begin with nothing."""
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._open: dict[int, Call] = {}
        self._made = 0
        self._file: IO[str] | None = None
        if path is not None:
            self._file = Path(path).open("w", encoding="ascii")  # noqa: SIM115 - closed by close

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls, those under way too, in the order in which they began."""
        with self._lock:
            known = [*self._calls, *self._open.values()]
        known.sort(key=lambda call: call.begin)
        return tuple(
            call if call.number == number else evolve(call, number=number)
            for number, call in enumerate(known, 1)
        )

    def begin(
        self, who: str, method: Method, parts: tuple[Part, ...] = (), span: Span | None = None
    ) -> int:
        """Note that a call begins; return the number to end it by."""
        with self._lock:
            self._made += 1
            number = self._made
            call = Call(
                number=number,
                who=who,
                method=method,
                begin=self._clock(),
                end=None,
                outcome=Outcome.UNKNOWN,
                parts=parts,
                span=span,
            )
            self._open[number] = call
            self._write("begin", call)
        return number

    def end(self, number: int, outcome: Outcome, seen: tuple[Seen, ...] = ()) -> None:
        """Note what became of a call."""
        with self._lock:
            end = self._clock()
            call = evolve(self._open.pop(number), end=end, outcome=outcome, seen=seen)
            self._calls.append(call)
            self._write("end", call)

    @classmethod
    def of(cls, calls: Iterable[Call]) -> Self:
        """Return the history of *calls* that were recorded elsewhere."""
        history = cls()
        history._calls += calls
        return history

    # --- files -------------------------------------------------------------------------------

    def _write(self, what: str, call: Call) -> None:
        """Write a line, where there is a file; the lock is held."""
        if self._file is not None:
            self._file.write(f"{json.dumps([what, *_plain(call)])}\n")
            self._file.flush()  # a process that is killed keeps nothing back

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all calls to a file, to be read by `load`."""
        lines = [json.dumps(["end", *_plain(call)]) for call in self.calls]
        Path(path).write_text("".join(f"{line}\n" for line in lines), "ascii")

    @classmethod
    def load(cls, *paths: str | os.PathLike[str]) -> Self:
        """Return the histories of several processes of one machine as one.

        A last line that was cut short, since its process was killed, is left out.

        Raises:
            ValidationError: A file is no history.
        """
        return cls.of(call for path in paths for call in _read(Path(path)))

    def close(self) -> None:
        """Close the file, where there is one."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        """Return the history itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def _plain(call: Call) -> list[Any]:
    """Return *call* as plain data."""
    span = call.span
    return [
        call.number,
        call.who,
        call.method,
        call.begin,
        call.end,
        call.outcome,
        [[part.act, part.name, part.version, part.digest] for part in call.parts],
        [[seen.name, seen.version, seen.digest, seen.number] for seen in call.seen],
        None if span is None else [span.tenant, span.session, span.after, span.last, span.limit],
    ]


def _read(path: Path) -> Iterable[Call]:
    """Return the calls of a file.

    Raises:
        ValidationError: It is no history.
    """
    calls: dict[int, Call] = {}
    *lines, _ = path.read_text("utf-8").split("\n")  # behind the last end is a part of a line
    for number, line in enumerate(lines, 1):
        try:
            _, *plain = json.loads(line)
            call = _call(plain)
        except (TypeError, ValueError):
            raise ValidationError("paths", f"histories; line {number} of one is none") from None
        calls[call.number] = call
    return calls.values()


def _call(plain: list[Any]) -> Call:
    """Return the call that `_plain` wrote.

    Raises:
        TypeError: It is none.
        ValueError: It is none.
    """
    number, who, method, begin, end, outcome, parts, seen, span = plain
    return Call(
        number=number,
        who=who,
        method=Method(method),
        begin=begin,
        end=end,
        outcome=Outcome(outcome),
        parts=tuple(Part(Act(act), *rest) for act, *rest in parts),
        seen=tuple(Seen(*one) for one in seen),
        span=None if span is None else Span(*span),
    )
