"""How long was talked in a session, message by message, whatever came of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

from coachwork.errors import ValidationError
from coachwork.messages import Message


def talk_duration(messages: Iterable[Message], idle: timedelta) -> timedelta:
    """Return the sum of the gaps between *messages*, each no longer than *idle* (brief, section 7).

    It counts every message, those of the coach and those that led to nothing too.
    `CoachingPlan.coaching_duration` counts the gaps between changes of the plan alone, for a plan
    sees nothing else: where more time than `PlanPolicy.idle` passes between two of them, what was
    said meanwhile counts here and is cut off there; a click counts there and is no message here.

    Args:
        messages: The messages of one session, in any order.
        idle: The longest gap that counts as time spent on the talk, such as `PlanPolicy.idle`.

    Raises:
        ValidationError: *idle* is no timedelta of more than nothing.
    """
    if not _is_a(idle, timedelta) or idle <= timedelta(0):
        raise ValidationError("idle", "a timedelta of more than nothing")
    instants = sorted(message.at for message in messages)
    gaps = (min(later - earlier, idle) for earlier, later in pairwise(instants))
    return sum(gaps, timedelta(0))


def _is_a(value: object, kind: type) -> bool:
    """Like ``isinstance``, of something whose declared type may be wrong."""
    return isinstance(value, kind)
