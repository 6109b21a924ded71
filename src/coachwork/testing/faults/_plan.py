"""A plan: what goes wrong with which calls, as a value that can be written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from attrs import frozen

from coachwork.errors import ValidationError
from coachwork.testing.faults._fault import USUAL, Fault
from coachwork.testing.faults._rule import (
    At,
    Rule,
    Seeded,
    checked,
    mishap,
    where,
)
from coachwork.testing.faults._text import parse_rule

_NOTHING: Final = "nothing"


@frozen
class FaultPlan:
    """What goes wrong with which calls of an application's ports.

    A plan is a value: it counts nothing and remembers nothing. `Faults` plays it, and does the same
    each time that it is given the same calls: under both drivers, in every process, with every
    Python, whatever ``PYTHONHASHSEED`` is. Its text, ``str(plan)``, brings it back.

        >>> plan = FaultPlan.at(2, Fault.LOST_DONE, port="repository")
        >>> plan += FaultPlan.seeded(7, rate=0.1, faults=[Fault.DELAY], most=3)
        >>> str(plan)
        'call 2 of repository: lost done; seed 7 rate 0.1 most 3: delay 1s'
        >>> FaultPlan.parse(str(plan)) == plan
        True

    Attributes:
        rules: Its rules; where several are about one call, the first of them happens.
    """

    rules: tuple[Rule, ...] = ()

    @classmethod
    def at(
        cls,
        number: int,
        fault: Fault,
        *,
        port: str | None = None,
        method: str | None = None,
        kind: str | None = None,
        seconds: float | None = None,
    ) -> FaultPlan:
        """Return the plan in which one call goes wrong.

        Args:
            number: Which call, from 1, of those that it can happen to.
            fault: What happens.
            port: Only calls of this port, as `coachwork.ports.Ports` names it.
            method: Only calls of this method of it.
            kind: Only calls about this: a kind of record, of a commit one of several; the purpose
                of a question to the model; a template's name; a command; an event's type; a job's
                kind.
            seconds: How long, how far or how early, for a fault that takes a time.

        Raises:
            ValidationError: Such a call cannot go wrong so, or an argument is none.
        """
        return cls((checked(At(number, mishap(fault, seconds), where(port, method, kind))),))

    @classmethod
    def each(
        cls,
        fault: Fault,
        *,
        port: str | None = None,
        method: str | None = None,
        kind: str | None = None,
        seconds: float | None = None,
    ) -> FaultPlan:
        """Return the plan in which each call goes wrong that can; see `at`.

        Raises:
            ValidationError: Such a call cannot go wrong so, or an argument is none.
        """
        return cls((checked(At(None, mishap(fault, seconds), where(port, method, kind))),))

    @classmethod
    def seeded(
        cls,
        seed: int,
        *,
        rate: float = 0.1,
        faults: Iterable[Fault] = USUAL,
        seconds: Mapping[Fault, float] | None = None,
        most: int | None = None,
        port: str | None = None,
        method: str | None = None,
        kind: str | None = None,
    ) -> FaultPlan:
        """Return a plan in which calls go wrong by chance, the same ones each time.

        Whether a call goes wrong, and how, depends on the seed and on the number of the call alone
        (`coachwork.testing.faults` tells how).

        Args:
            seed: Another seed, another plan.
            rate: How often, from 0 to 1, of the calls that any of the faults can happen to.
            faults: What may happen. By default what happens on bad days although all ports keep
                their promises: it fails, the answer is lost, a spurious conflict, it is done twice,
                the process dies.
            seconds: How long, how far or how early, by fault.
            most: How often at most.
            port: Only calls of this port; see `at` for this and the following.
            method: Only calls of this method of it.
            kind: Only calls about this.

        Raises:
            ValidationError: None of those calls can go wrong so, or an argument is none.
        """
        times = dict(seconds or {})
        menu = tuple(mishap(fault, times.pop(fault, None)) for fault in faults)
        if times:
            raise ValidationError("seconds", "times of faults that may happen")
        rule = Seeded(seed=seed, rate=rate, most=most, menu=menu, where=where(port, method, kind))
        return cls((checked(rule),))

    def __add__(self, other: FaultPlan) -> FaultPlan:
        """Return both in one; where both are about one call, this one comes first."""
        return FaultPlan(self.rules + other.rules)

    def __str__(self) -> str:
        return "; ".join(map(str, self.rules)) or _NOTHING

    @classmethod
    def parse(cls, text: str) -> FaultPlan:
        """Return the plan that *text* tells, as ``str(plan)`` writes it; lines will do for ``;``.

        Raises:
            ValidationError: It tells none, or an impossible one.
        """
        rules = [rule for line in text.splitlines() for rule in line.split(";") if rule.strip()]
        if [rule.strip() for rule in rules] == [_NOTHING]:
            return cls()
        if not rules:
            raise ValidationError("plan", f"rules, or '{_NOTHING}'")
        return cls(tuple(map(parse_rule, rules)))

    @property
    def faults(self) -> frozenset[Fault]:
        """Everything that it can bring about."""
        return frozenset(fault for rule in self.rules for fault in rule.faults)
