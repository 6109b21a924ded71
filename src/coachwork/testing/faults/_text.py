"""The text of a rule, and how it is read back."""

from __future__ import annotations

import re
from typing import Final

from coachwork.errors import ValidationError
from coachwork.testing.faults._fault import Fault
from coachwork.testing.faults._rule import At, Mishap, Rule, Seeded, checked, mishap, where

_RULE: Final = re.compile(
    r"(?:call (?P<number>\d+)|(?P<each>each call)"
    r"|seed (?P<seed>-?\d+) rate (?P<rate>[\d.e+-]+)(?: most (?P<most>\d+))?)"
    r"(?: of (?:any|(?P<port>\w+)(?:\.(?P<method>\w+))?)(?: (?P<kind>[^\s;:]+))?)?"
    r": (?P<faults>[a-z][a-z0-9 .,+-]*)"
)
_MISHAP: Final = re.compile(r"(?P<fault>[a-z]+(?: [a-z]+)*?)(?: (?P<seconds>[\d.e+-]+)s)?")
_WORDS: Final = {fault.value: fault for fault in Fault}


def parse_rule(text: str) -> Rule:
    """Return the rule that *text* tells.

    Raises:
        ValidationError: It tells none, or an impossible one.
    """
    found = _RULE.fullmatch(text.strip())
    if found is None:
        raise ValidationError("plan", f"rules such as '{_EXAMPLES[0]}' or '{_EXAMPLES[1]}'")
    place = where(found["port"], found["method"], found["kind"])
    menu = tuple(_parse_mishap(word.strip()) for word in found["faults"].split(","))
    if found["seed"] is not None:
        most = None if found["most"] is None else int(found["most"])
        seed, rate = int(found["seed"]), _number(found["rate"], "rate")
        return checked(Seeded(seed=seed, rate=rate, most=most, menu=menu, where=place))
    if len(menu) != 1:
        raise ValidationError("plan", "one fault for a call")
    number = None if found["number"] is None else int(found["number"])
    return checked(At(number, menu[0], place))


_EXAMPLES: Final = ("call 3 of repository.commit session: lost done", "seed 7 rate 0.1: delay 2s")


def _parse_mishap(text: str) -> Mishap:
    """Return the fault that *text* tells, with its seconds.

    Raises:
        ValidationError: It tells none.
    """
    found = _MISHAP.fullmatch(text)
    if found is None or found["fault"] not in _WORDS:
        raise ValidationError("fault", f"one of {', '.join(_WORDS)}")
    seconds = None if found["seconds"] is None else _number(found["seconds"], "seconds")
    return mishap(_WORDS[found["fault"]], seconds)


def _number(text: str, name: str) -> float:
    """Return the number that *text* tells.

    Raises:
        ValidationError: It tells none.
    """
    try:
        return float(text)
    except ValueError:
        raise ValidationError(name, "a number") from None
