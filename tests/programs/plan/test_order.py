"""Which orders of steps are allowed."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.programs.plan import PlanPolicy, Step
from coachwork.programs.plan._order import ALL_STEPS, fault_of_order, steps_in

V, M, C, D, O, S = Step  # noqa: E741 - the steps by their first letters
PLAIN = PlanPolicy()
SUBSET = PlanPolicy(subset=True)
ANYWHERE = PlanPolicy(synthesis_anywhere=True)


@pytest.mark.parametrize(
    "order, policy, fault",
    [
        ((), SUBSET, "an order has at least one step"),
        ((V, M, C, D, O), PLAIN, "missing: synthesis"),
        ((V, M, S), PLAIN, "missing: clientele, differentiation, offre"),
        ((V, M, V, C, D, M, O, S), PLAIN, "repeated: vision, mission"),
        ((V, V), SUBSET, "repeated: vision"),
        ((S, V, M, C, D, O), PLAIN, "the synthesis comes last"),
        ((S, V), SUBSET, "the synthesis comes last"),
        ((V, M, D, O, C, S), PLAIN, None),
        ((M, V, S), SUBSET, None),
        ((M,), SUBSET, None),
        ((S, V, M, C, D, O), ANYWHERE, None),
        (ALL_STEPS, PLAIN, None),
    ],
)
def test_an_order_is_checked(
    order: tuple[Step, ...], policy: PlanPolicy, fault: str | None
) -> None:
    """Nothing repeated or left out, and the synthesis last, unless the policy says otherwise."""
    assert fault_of_order(order, policy) == fault


@settings(max_examples=50)
@given(order=st.lists(st.sampled_from(Step), max_size=8))
def test_what_is_allowed_is_an_order(order: list[Step]) -> None:
    """Whatever is asked for: what passes has each step once, and ends with the synthesis."""
    if fault_of_order(order, PLAIN) is None:
        assert sorted(order) == sorted(ALL_STEPS)
        assert order[-1] is S
    if fault_of_order(order, SUBSET) is None:
        assert 0 < len(order) == len(set(order))


def test_steps_keep_what_is_known_of_them() -> None:
    """In another order they have other places, and new ones are empty."""
    first = steps_in((V, M))
    assert [(one.step, one.order, one.response) for one in first] == [(V, 1, ""), (M, 2, "")]
    known = tuple(evolve(one, response=one.step.value) for one in first)
    again = steps_in((M, D, V), known)
    assert [(one.step, one.order, one.response) for one in again] == [
        (M, 1, "mission"), (D, 2, ""), (V, 3, "vision"),
    ]  # fmt: skip
