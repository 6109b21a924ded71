"""What front ends are to show."""

from __future__ import annotations

from hypothesis import given

from coachwork.actions import Component
from coachwork.plain import from_plain, to_json
from coachwork.testing import strategies as st
from tests.drawn import few, reaches


@few
@given(component=st.components())
def test_a_component_has_a_plain_form(component: Component) -> None:
    """It goes out and comes back."""
    assert from_plain(to_json(component), Component) == component


def test_components_and_buttons_reach_every_form() -> None:
    """With buttons and without; with parameters and without."""
    reaches(st.components(), told=lambda component: bool(component.buttons))
    reaches(st.buttons(), told=lambda button: bool(button.parameters))
