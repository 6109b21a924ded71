"""Components: what there is to show, as a value."""

from __future__ import annotations

from coachwork.actions import Button, Component
from coachwork.plain import from_plain, to_json


def test_a_component_has_a_plain_form() -> None:
    """Kind, data and buttons come back as they were."""
    component = Component(
        kind="star",
        data={"points": [1, None, {"a": "b"}]},
        buttons=(Button(label="Thanks", action="thank", parameters={"for": "it"}),),
    )
    assert to_json(component) == {
        "kind": "star",
        "data": {"points": [1, None, {"a": "b"}]},
        "buttons": [{"label": "Thanks", "action": "thank", "parameters": {"for": "it"}}],
    }
    assert from_plain(to_json(component), Component) == component


def test_a_component_needs_no_more_than_its_kind() -> None:
    """Data and buttons may be left out, and are never shared."""
    one, two = Component(kind="line"), Component(kind="line")
    assert one == two
    assert one.data is not two.data
    assert one.buttons == ()
    assert Button(label="Go", action="go").parameters == {}


def test_words_of_people_stay_out_of_logs() -> None:
    """Neither data, labels nor parameters are told by `repr`."""
    component = Component(
        kind="card",
        data={"text": "secret"},
        buttons=(Button(label="secret", action="go", parameters={"text": "secret"}),),
    )
    assert "secret" not in repr(component)
