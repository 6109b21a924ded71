"""How long was talked, message by message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.errors import ValidationError
from coachwork.messages import Message, Role
from coachwork.programs.plan import talk_duration
from tests.specimens import NOON

HALF_AN_HOUR = timedelta(minutes=30)


def said(*minutes: float) -> list[Message]:
    """Return messages that were said so many *minutes* after noon."""
    return [
        Message(
            tenant="acme",
            user="ada",
            session="s-1",
            sequence=sequence,
            role=Role.USER,
            text="Well.",
            at=NOON + timedelta(minutes=after),
            job="j-1",
        )
        for sequence, after in enumerate(minutes, 1)
    ]


@pytest.mark.parametrize(
    "minutes, expected",
    [
        ((), 0),
        ((7,), 0),
        ((0, 5), 5),
        ((0, 5, 5, 65, 72), 5 + 0 + 30 + 7),
        ((0, 30, 60.5), 30 + 30),
        ((0, 20, 40, 60, 80), 80),
    ],
)
def test_it_is_the_sum_of_gaps_each_no_longer_than_idle(
    minutes: Sequence[float], expected: float
) -> None:
    """Whether anything came of them or not."""
    assert talk_duration(said(*minutes), HALF_AN_HOUR) == timedelta(minutes=expected)


@settings(max_examples=25)
@given(
    minutes=st.lists(st.integers(0, 600), max_size=8),
    idle=st.integers(1, 90).map(lambda minutes: timedelta(minutes=minutes)),
    chance=st.randoms(use_true_random=False),
)
def test_neither_order_nor_silence_makes_it_longer(
    minutes: list[int], idle: timedelta, chance: Random
) -> None:
    """It is bounded by the number of gaps, and by the time from first to last."""
    messages = said(*minutes)
    told = talk_duration(messages, idle)
    chance.shuffle(messages)
    assert talk_duration(iter(messages), idle) == told
    span = timedelta(minutes=max(minutes, default=0) - min(minutes, default=0))
    assert timedelta(0) <= told <= min(span, max(0, len(minutes) - 1) * idle)


@pytest.mark.parametrize("idle", [timedelta(0), -HALF_AN_HOUR, 30, None])
def test_a_gap_is_a_length_of_time(idle: object) -> None:
    """The error names the field."""
    with pytest.raises(ValidationError, match=r"^idle: expected a timedelta of more than nothing"):
        talk_duration(said(0, 5), cast("timedelta", idle))
