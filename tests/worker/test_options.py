"""How a worker works: what may be said."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from coachwork.errors import ValidationError
from coachwork.worker import WorkerOptions
from coachwork.worker._options import MOST


def test_the_usual() -> None:
    """Everything has a default, and nothing changes later."""
    options = WorkerOptions()
    assert (options.concurrency, options.poll) == (8, 1.0)
    changing: Any = options
    with pytest.raises(FrozenInstanceError):
        changing.poll = 2.0


@pytest.mark.parametrize("name", ["poll", "backoff", "longest_backoff", "relay_after", "grace"])
@pytest.mark.parametrize(
    "wrong", [-1, True, "1", None, float("nan"), float("inf"), MOST + 1, Fraction(1, 2), 1j]
)
def test_a_duration_is_a_number_of_seconds(name: str, wrong: object) -> None:
    """What is none, or is beyond all bounds, is refused by name."""
    given: dict[str, Any] = {name: wrong}
    with pytest.raises(ValidationError, match=rf"worker\.{name}"):
        WorkerOptions(**given)


@pytest.mark.parametrize("name", ["poll", "backoff", "longest_backoff"])
def test_what_guards_against_spinning_is_above_zero(name: str) -> None:
    """A worker never looks again at once, whatever is said."""
    with pytest.raises(ValidationError, match=rf"worker\.{name}"):
        WorkerOptions(**{name: 0})


def test_the_bounds_are_allowed() -> None:
    """The least and the most of each, as whole numbers too."""
    least = WorkerOptions(
        concurrency=1, poll=0.001, backoff=0.001, longest_backoff=0.001, relay_after=0, grace=0
    )
    assert least.grace == 0
    most = WorkerOptions(
        concurrency=MOST,
        poll=MOST,
        backoff=MOST,
        longest_backoff=MOST,
        relay_after=MOST,
        grace=MOST,
    )
    assert most.poll == MOST


@pytest.mark.parametrize("wrong", [0, -1, MOST + 1, 1.0, True, "8", None])
def test_concurrency_is_a_whole_number(wrong: Any) -> None:  # noqa: ANN401 - past the checkers
    """It is counted in jobs."""
    with pytest.raises(ValidationError, match=r"worker\.concurrency"):
        WorkerOptions(concurrency=wrong)
