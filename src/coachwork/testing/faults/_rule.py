"""One rule of a plan: which calls it is about, what goes wrong with them, and how it is written.

A rule counts only calls that its fault can happen to, so *the third call* means the third at which
it is possible.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Final, TypeAlias

from attrs import frozen

from coachwork.errors import ValidationError
from coachwork.testing.faults._dice import thrown
from coachwork.testing.faults._fault import POSSIBLE, Call, Fault

KIND: Final = re.compile(r"[^\s;:]+")
"""How the word for what a call is about may look."""


@frozen
class Mishap:
    """A fault, and how many seconds it is about, where it is about any."""

    fault: Fault
    seconds: float | None = None

    def __str__(self) -> str:
        time = "" if self.seconds is None else f" {_plain(self.seconds)}s"
        return f"{self.fault.value}{time}"

    @property
    def sentence(self) -> str:
        """What happens, in words."""
        time = "" if self.seconds is None else f": {_plain(self.seconds)} s"
        return f"{self.fault.sentence}{time}"


def _plain(number: float) -> str:
    """Return *number* as text that is read as the very same number."""
    return repr(float(number)).removesuffix(".0")


def mishap(fault: Fault, seconds: float | None = None) -> Mishap:
    """Return *fault* with its own number of seconds, or the usual one.

    Raises:
        ValidationError: It is no fault, or takes no seconds, or not so many.
    """
    if type(fault) is not Fault:
        raise ValidationError("fault", "a Fault")
    if seconds is None:
        return Mishap(fault, fault.seconds)
    if fault.seconds is None:
        raise ValidationError("seconds", f"none: '{fault.value}' takes no time")
    if type(seconds) not in {int, float} or not isfinite(seconds) or seconds < 0:
        raise ValidationError("seconds", "a number from 0")
    return Mishap(fault, float(seconds))


@frozen(kw_only=True)
class Where:
    """Which calls a rule is about; what is None is of no account.

    Attributes:
        port: The port.
        method: Its method.
        kind: What the call is about (see `Call.kinds`).
    """

    port: str | None = None
    method: str | None = None
    kind: str | None = None

    def __str__(self) -> str:
        if self.port is None:
            return "" if self.kind is None else f" of any {self.kind}"
        method = "" if self.method is None else f".{self.method}"
        kind = "" if self.kind is None else f" {self.kind}"
        return f" of {self.port}{method}{kind}"

    def matches(self, call: Call) -> bool:
        """Whether *call* is one of them."""
        return (
            self.port in {None, call.port}
            and self.method in {None, call.method}
            and (self.kind is None or self.kind in call.kinds)
        )

    def methods(self) -> dict[str, frozenset[Fault]]:
        """Return what can go wrong with the methods that are meant, by port and method."""
        return {
            f"{port}.{method}": faults
            for port, methods in POSSIBLE.items()
            for method, faults in methods.items()
            if self.port in {None, port} and self.method in {None, method}
        }


def where(port: str | None, method: str | None, kind: str | None) -> Where:
    """Return which calls are meant.

    Raises:
        ValidationError: There is no such port or method, or that is no kind of anything.
    """
    if port is not None and port not in POSSIBLE:
        raise ValidationError("port", f"one of {', '.join(POSSIBLE)}")
    if method is not None:
        if port is None:
            raise ValidationError("port", "the port that the method is of")
        if method not in POSSIBLE[port]:
            raise ValidationError("method", f"one of {', '.join(POSSIBLE[port])}")
    if kind is not None and not KIND.fullmatch(kind):
        raise ValidationError("kind", "a word without spaces, ';' and ':'")
    return Where(port=port, method=method, kind=kind)


@frozen
class At:
    """One call goes wrong, or each.

    Attributes:
        number: Which of the calls that it can happen to, from 1, or None for each of them.
        mishap: What happens.
        where: Which calls count.
    """

    number: int | None
    mishap: Mishap
    where: Where

    def __str__(self) -> str:
        which = "each call" if self.number is None else f"call {self.number}"
        return f"{which}{self.where}: {self.mishap}"

    @property
    def faults(self) -> frozenset[Fault]:
        """What it can bring about."""
        return frozenset({self.mishap.fault})

    def meets(self, call: Call, counts: Counts) -> Mishap | None:
        """Return what happens to *call*, the next one of a run."""
        if self.mishap.fault not in call.possible or not self.where.matches(call):
            return None
        counts.calls += 1
        return self.mishap if self.number in {None, counts.calls} else None


@frozen(kw_only=True)
class Seeded:
    """Calls go wrong by chance, the same ones each time.

    Attributes:
        seed: Which dice.
        rate: How often, of the calls that count.
        most: How often at most, or None.
        menu: What may happen.
        where: Which calls count.
    """

    seed: int
    rate: float
    most: int | None
    menu: tuple[Mishap, ...]
    where: Where

    def __str__(self) -> str:
        most = "" if self.most is None else f" most {self.most}"
        menu = ", ".join(map(str, self.menu))
        return f"seed {self.seed} rate {_plain(self.rate)}{most}{self.where}: {menu}"

    @property
    def faults(self) -> frozenset[Fault]:
        """What it can bring about."""
        return frozenset(one.fault for one in self.menu)

    def meets(self, call: Call, counts: Counts) -> Mishap | None:
        """Return what happens to *call*, the next one of a run."""
        among = [one for one in self.menu if one.fault in call.possible]
        if not among or not self.where.matches(call):
            return None
        counts.calls += 1
        if self.most is not None and counts.met >= self.most:
            return None
        chosen = thrown(self.seed, counts.calls, self.rate, among)
        counts.met += chosen is not None
        return chosen


Rule: TypeAlias = At | Seeded


class Counts:
    """What a rule has met in a run.

    Attributes:
        calls: How many calls that counted.
        met: How many of them went wrong.
    """

    __slots__ = ("calls", "met")

    def __init__(self) -> None:
        """Begin with none."""
        self.calls = 0
        self.met = 0


def checked(rule: Rule) -> Rule:
    """Return *rule* if it can happen at all.

    Raises:
        ValidationError: It names what cannot go wrong there, or a number that is none.
    """
    if isinstance(rule, At):
        if rule.number is not None and (type(rule.number) is not int or rule.number < 1):
            raise ValidationError("number", "a whole number from 1")
    else:
        if type(rule.seed) is not int:
            raise ValidationError("seed", "a whole number")
        if type(rule.rate) not in {int, float} or not 0 <= rule.rate <= 1:
            raise ValidationError("rate", "a number from 0 to 1")
        if rule.most is not None and (type(rule.most) is not int or rule.most < 0):
            raise ValidationError("most", "a whole number from 0, or None")
        if not rule.menu:
            raise ValidationError("faults", "at least one fault")
    methods = rule.where.methods()
    for fault in sorted(rule.faults):
        if not any(fault in possible for possible in methods.values()):
            where_not = str(rule.where).removeprefix(" of ")
            could = sorted({one.value for possible in methods.values() for one in possible})
            raise ValidationError(
                "fault",
                f"one that can happen to {where_not}, not '{fault.value}': {', '.join(could)}",
            )
    return rule
