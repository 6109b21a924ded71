"""What is to hold: the questions that a search asks of those who judge it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from attrs import field, frozen

from coachwork.effects import AskModel, Effect, RunAgent
from coachwork.records import Key, Op, Record
from coachwork.testing.explorer._world import Call
from coachwork.workflows import Caller

Records: TypeAlias = Mapping[Key, Record]
"""All that is stored, by its keys."""


@frozen(kw_only=True)
class Step:
    """One commit that was done.

    Attributes:
        call: Whose it was.
        caller: The user who called, or None.
        ops: What it asked for.
        before: What was stored before.
        after: What was stored then.
        note: What was noted of the process.
    """

    call: Call
    caller: Caller | None
    ops: tuple[Op, ...] = field(repr=False)
    before: Records = field(repr=False)
    after: Records = field(repr=False)
    note: Hashable


@frozen(kw_only=True)
class Outcome:
    """What a call came to.

    Attributes:
        call: The call.
        caller: The user who called, or None.
        value: What it answered, where it did.
        error: What it raised, where it did.
        records: What was stored at that moment.
        now: What time it was (UTC).
        note: What was noted of the process.
    """

    call: Call
    caller: Caller | None
    value: object = None
    error: BaseException | None = None
    records: Records = field(repr=False)
    now: datetime
    note: Hashable


class Invariants:
    """What must hold, told by what does not: every question answers with violations in words.

    Override what is of interest; what is left alone finds nothing. The answers must be functions
    of the arguments: each question is asked once for equal ones.
    """

    def state(self, records: Records, now: datetime, /) -> Iterable[str]:
        """Return what does not hold of a state, at any moment."""
        del records, now
        return ()

    def step(self, step: Step, /) -> Iterable[str]:
        """Return what a commit did that it must not do."""
        del step
        return ()

    def outcome(self, outcome: Outcome, /) -> Iterable[str]:
        """Return what is not true of what a caller was told."""
        del outcome
        return ()

    def at_rest(self, records: Records, now: datetime, /) -> Iterable[str]:
        """Return what does not hold of a state in which nobody is at work."""
        del records, now
        return ()

    def begin(self, call: Call, /) -> Hashable:
        """Return what is noted of a process when it begins. Keep it small: it tells states apart.

        The note comes with every step and outcome of the process.
        """
        del call
        return None

    def note(self, note: Hashable, effect: Effect[object], answer: object, /) -> Hashable:
        """Return what is noted of a process after *effect* was answered; errors are answers too."""
        del effect, answer
        return note

    def asked(
        self, memory: Hashable, ask: AskModel | RunAgent, records: Records, /
    ) -> tuple[Hashable, Iterable[str]]:
        """Return what is remembered of all questions to the model, and what is wrong with this one.

        A question to a sub-agent is one, too.

        The memory begins as None and belongs to the whole world, crashed processes included.
        """
        del ask, records
        return memory, ()
