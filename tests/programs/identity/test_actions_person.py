"""What a person says of themselves, and what else is kept of them."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from coachwork.actions import RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs.identity import MAX_TRAITS, Phase
from coachwork.programs.identity._room import MAX_METADATA
from tests.programs.identity.people import (
    COMPLETED,
    KNOWING,
    after,
    applied,
    bad,
    coach_state,
    refused,
)

KINDS: Final = [
    ("who_you_are", "the person is"),
    ("who_you_want_to_be", "the person wants to be"),
]


@pytest.mark.parametrize("kind, told", KINDS)
def test_what_a_person_says_is_kept_and_removed(kind: str, told: str) -> None:
    """In their own words and order; the case makes no other thing of it."""
    state = coach_state(KNOWING, **{kind: ("Kind",)})
    state, action = applied(
        state, f"add_{kind}", Sender.USER, texts=["KIND", "brave", "Brave", "a  reader"]
    )
    assert getattr(state, kind) == ("Kind", "brave", "a  reader")
    assert action.summary == f"kept 2 things that {told}"
    assert refused(state, f"add_{kind}", texts=["brave"]) == "all of that is known already"
    state, action = applied(state, f"remove_{kind}", text="BRAVE")
    assert getattr(state, kind) == ("Kind", "a  reader")
    assert action.summary == f"removed something that {told}"
    assert refused(state, f"remove_{kind}", text="brave") == "there is no such thing"
    _, action = applied(state, f"add_{kind}", Sender.USER, texts=["bold"])
    assert action.summary == f"kept one thing that {told}"


@pytest.mark.parametrize("kind", [kind for kind, *_ in KINDS])
def test_only_so_much_is_kept(kind: str) -> None:
    """The bound is on each list."""
    state = coach_state(KNOWING, **{kind: tuple(map(str, range(MAX_TRAITS - 1)))})
    why = refused(state, f"add_{kind}", texts=["a", "b"])
    assert why == f"there are {MAX_TRAITS - 1} already, and there may be {MAX_TRAITS}"
    assert len(getattr(after(state, f"add_{kind}", texts=["a"]), kind)) == MAX_TRAITS


@pytest.mark.parametrize("kind", [kind for kind, *_ in KINDS])
@pytest.mark.parametrize("texts", [[], [""], ["x" * 201], [1], "kind"], ids=str)
def test_texts_are_bounded(kind: str, texts: JSON) -> None:
    """The reason names action and field."""
    why = bad(coach_state(KNOWING), f"add_{kind}", texts=texts)
    assert why.startswith(f"add_{kind}: texts")


@pytest.mark.parametrize("phase", Phase)
def test_a_person_speaks_of_themselves_at_any_time(phase: Phase) -> None:
    """Until it is completed."""
    for kind, *_ in KINDS:
        if phase is COMPLETED:
            refused(coach_state(phase), f"add_{kind}", code=RefusalCode.WRONG_PHASE, texts=["a"])
        else:
            applied(coach_state(phase), f"add_{kind}", texts=["a"])


# --- metadata --------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, False, "", "x", [], {"a": [1, {"b": None}]}], ids=str)
def test_metadata_is_kept_and_replaced_and_removed(value: JSON) -> None:
    """Any plain data, under its name; null removes it."""
    before = coach_state(KNOWING, metadata={"other": 1, "name": "old"})
    state, action = applied(before, "set_metadata", name="name", value=value)
    assert state.metadata == {"other": 1, "name": value}
    assert before.metadata == {"other": 1, "name": "old"}
    assert action.summary == 'kept "name"'
    state, action = applied(state, "set_metadata", name="name", value=None)
    assert state.metadata == {"other": 1}
    assert action.summary == 'removed "name"'
    why = refused(state, "set_metadata", name="name", value=None)
    assert why == 'there is no metadata "name"'


def test_metadata_is_bounded() -> None:
    """All of it together, so that it cannot fill the state."""
    room = MAX_METADATA - len(json.dumps({"a": ""}))
    state = after(coach_state(KNOWING), "set_metadata", name="a", value="x" * room)
    assert refused(state, "set_metadata", name="b", value=1) == "there is no room for more metadata"
    assert after(state, "set_metadata", name="a", value=1).metadata == {"a": 1}


def nested(levels: int) -> JSON:
    """Return lists in lists, so many of them."""
    value: JSON = 1
    for _ in range(levels):
        value = [{"x": value}] if levels > 20 else [value]
    return value


@pytest.mark.parametrize(
    "parameters, why",
    [
        ({"value": 1}, "name: expected a value"),
        ({"name": "a"}, "value: expected a value"),
        ({"name": "", "value": 1}, "name: expected text that is not blank"),
        ({"name": "x" * 65, "value": 1}, "name: expected at most 64"),
        ({"name": "a", "value": nested(8)}, "value: expected at most 8 levels"),
        ({"name": "a", "value": nested(100)}, "value: expected at most 8 levels"),
        ({"name": "a", "value": {"x": "\ud800"}}, "value: expected text without lone"),
        ({"name": "a", "value": {"\ud800": 1}}, "value: expected text without lone"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_metadata_that_could_not_be_kept_is_refused(parameters: dict[str, Any], why: str) -> None:
    """The reason names action and field."""
    assert bad(coach_state(KNOWING), "set_metadata", **parameters).startswith(
        f"set_metadata: {why}"
    )


def test_metadata_may_be_deep_to_a_degree() -> None:
    """Seven levels in the one that holds all."""
    applied(coach_state(KNOWING), "set_metadata", name="a", value=nested(7))
