"""What a plan may decide for itself."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from coachwork.errors import ValidationError
from coachwork.plain import from_plain, to_json
from coachwork.programs.plan import AtLimit, PlanPolicy


def test_there_are_defaults() -> None:
    """Who decides nothing gets these."""
    policy = PlanPolicy()
    assert (policy.threshold, policy.retries, policy.at_limit) == (0.7, 3, AtLimit.ASK_DIFFERENTLY)
    assert policy.idle == timedelta(minutes=30)
    assert not any((policy.subset, policy.synthesis_anywhere, policy.wait_for_agents))


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("threshold", math.nan, "a number from 0 to 1"),
        ("threshold", -0.1, "a number from 0 to 1"),
        ("threshold", 1.1, "a number from 0 to 1"),
        ("threshold", True, "a number from 0 to 1"),
        ("threshold", "0.5", "a number from 0 to 1"),
        ("retries", 0, "a whole number from 1 to 100"),
        ("retries", 101, "a whole number from 1 to 100"),
        ("retries", 2.0, "a whole number from 1 to 100"),
        ("at_limit", "explode", "'accept', 'ask_differently' or 'fail'"),
        ("idle", timedelta(0), "a timedelta"),
        ("idle", timedelta(days=2), "a timedelta"),
        ("idle", 60, "a timedelta"),
        ("subset", 1, "True or False"),
        ("synthesis_anywhere", None, "True or False"),
        ("wait_for_agents", "no", "True or False"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(name: str, value: object, expected: str) -> None:
    """The error names the field, and says what was expected."""
    wrong: dict[str, Any] = {name: value}
    with pytest.raises(ValidationError, match=rf"^{name}: expected {expected}"):
        PlanPolicy(**wrong)


@pytest.mark.parametrize("threshold", [0, 1, 0.5])
def test_a_policy_is_kept_with_its_plan(threshold: float) -> None:
    """It has a plain form, and both ends of the range may be chosen."""
    policy = PlanPolicy(threshold=threshold, retries=1, at_limit=AtLimit.FAIL)
    assert from_plain(to_json(policy), PlanPolicy) == policy
