"""What a plan may decide for itself: when an answer will do, and what happens when none does."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from math import isfinite
from typing import Final

from attrs import Attribute, field, frozen

from coachwork.errors import ValidationError

MAX_RETRIES: Final = 100
"""The most failed assessments of a step that may be allowed before the policy decides."""


class AtLimit(StrEnum):
    """What happens to a step when its retries are used up."""

    ACCEPT = "accept"
    """The answer is accepted as it is, with a confidence that is no higher than the threshold."""
    ASK_DIFFERENTLY = "ask_differently"
    """The coach is told to ask in another way, and retries are counted anew."""
    FAIL = "fail"
    """The plan has failed."""


def share(_instance: object, attribute: Attribute[float], value: float) -> None:
    """Refuse what is no number from 0 to 1; NaN is none.

    Raises:
        ValidationError: It is none.
    """
    is_number = type(value) in {int, float} and isfinite(value)
    if not is_number or not 0 <= value <= 1:
        raise ValidationError(attribute.name, "a number from 0 to 1")


def _retries(_instance: object, attribute: Attribute[int], value: int) -> None:
    if type(value) is not int or not 1 <= value <= MAX_RETRIES:
        raise ValidationError(attribute.name, f"a whole number from 1 to {MAX_RETRIES}")


def _limit(value: str) -> AtLimit:
    try:
        return AtLimit(value)
    except ValueError:
        raise ValidationError("at_limit", "'accept', 'ask_differently' or 'fail'") from None


def _gap(_instance: object, attribute: Attribute[timedelta], value: object) -> None:
    if not isinstance(value, timedelta) or not timedelta(0) < value <= timedelta(days=1):
        raise ValidationError(attribute.name, "a timedelta of more than nothing, up to a day")


def _flag(_instance: object, attribute: Attribute[bool], value: object) -> None:
    if not isinstance(value, bool):
        raise ValidationError(attribute.name, "True or False")


@frozen(kw_only=True)
class PlanPolicy:
    """What decides where plans may differ; each plan keeps the one that it began with.

    Attributes:
        threshold: The least confidence with which a complete answer completes its step (0 to 1).
        retries: After how many failed assessments of a step `at_limit` decides.
        at_limit: What happens then: ``accept`` takes the answer, with the confidence that was
            given or with `threshold`, whichever is less; ``ask_differently`` has the coach ask in
            another way; ``fail`` lets the plan fail. Where there is no answer to accept, or the
            last assessment could not be read, it is asked differently instead of accepted.
        idle: The longest gap between two moments of the talk that counts as time spent on it.
        subset: Whether an order may leave steps out.
        synthesis_anywhere: Whether the synthesis may stand elsewhere than at the end.
        wait_for_agents: Whether a plan waits for somebody to run a required agent again whose
            attempts are used up; otherwise it has failed once no other agent is running.

    Raises:
        ValidationError: A field is not what it should be; it names the field.
    """

    threshold: float = field(default=0.7, validator=share)
    retries: int = field(default=3, validator=_retries)
    at_limit: AtLimit = field(default=AtLimit.ASK_DIFFERENTLY, converter=_limit)
    idle: timedelta = field(default=timedelta(minutes=30), validator=_gap)
    subset: bool = field(default=False, validator=_flag)
    synthesis_anywhere: bool = field(default=False, validator=_flag)
    wait_for_agents: bool = field(default=False, validator=_flag)
