"""Plans of faults."""

from __future__ import annotations

from functools import cache
from typing import Final

from hypothesis import strategies as st

from coachwork.testing.faults import Fault, FaultPlan

_MOST_RULES: Final = 4
_SEEDS: Final = st.integers(0, 2**32 - 1)
_SECONDS: Final = st.integers(0, 100_000).map(float)


@cache
def fault_plans() -> st.SearchStrategy[FaultPlan]:
    """Return a strategy of plans of faults, of any port: of few faults, so that a run ends."""
    rules = st.one_of(
        st.builds(FaultPlan.at, st.integers(1, 200), st.sampled_from(Fault)),
        st.builds(_timed, st.integers(1, 200), st.sampled_from(_TIMED), _SECONDS),
        st.builds(
            FaultPlan.seeded,
            _SEEDS,
            rate=st.sampled_from([0.01, 0.1, 0.5, 1.0]),
            faults=st.lists(st.sampled_from(Fault), min_size=1, unique=True),
            most=st.integers(1, 12),
        ),
    )
    return st.lists(rules, max_size=_MOST_RULES).map(lambda plans: sum(plans, FaultPlan()))


_TIMED: Final = [fault for fault in Fault if fault.seconds is not None]


def _timed(number: int, fault: Fault, seconds: float) -> FaultPlan:
    """Return the plan of a fault that takes so long."""
    return FaultPlan.at(number, fault, seconds=seconds)
