"""Plans of faults come in all their forms."""

from __future__ import annotations

from hypothesis import given

from coachwork.testing import strategies as st
from coachwork.testing.faults import Fault, FaultPlan
from tests.drawn import some


@given(plan=st.fault_plans())
def test_the_text_of_a_plan_brings_it_back(plan: FaultPlan) -> None:
    """Whatever its rules are."""
    assert FaultPlan.parse(str(plan)) == plan


def test_all_faults_come() -> None:
    """By their numbers and by seeds, alone and together, and none at all."""
    plans = some(st.fault_plans(), 200)
    assert {fault for plan in plans for fault in plan.faults} == {*Fault}
    assert {len(plan.rules) for plan in plans} >= {0, 1, 2}
    assert any("seed" in str(plan) for plan in plans)
    assert any("call" in str(plan) for plan in plans)
