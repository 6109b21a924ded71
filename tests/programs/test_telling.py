"""What the model is told of a program: its words, its actions, and the schema of exactly these."""

from __future__ import annotations

from typing import Any, Final, cast

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from coachwork.actions import RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs import ActionType, Program, action_schema, told
from tests.programs.habits import (
    HABITS,
    PHASES,
    Begin,
    Habit,
    Habits,
    Phase,
    asked,
    begin,
    carry,
    only,
)


def schema_of(state: Habits, sender: Sender = Sender.COACH) -> dict[str, JSON]:
    """Return the schema of the actions that are allowed in *state*."""
    return action_schema(HABITS.allowed(state, sender))


def accepts(schema: dict[str, JSON], *actions: JSON) -> bool:
    """Whether the schema takes a list of actions."""
    validator: Any = Draft202012Validator(schema)
    valid: bool = validator.is_valid(list(actions))
    return valid


# --- words -----------------------------------------------------------------------------------


def test_phase_words_and_actions_are_told() -> None:
    """First where it is, then what the program says, then what may be done now."""
    text = told(HABITS, Habits(habits=(Habit("h-1", "read", None),)))
    first, words, catalogue = text.split("\n\n", 2)
    assert first == "Phase: START"
    assert words == "There are 1 habits."
    lines = catalogue.splitlines()
    assert lines[0].startswith("Actions that you may use now")
    assert lines[1] == (
        "- add_habit: Add a habit. name: What it is called. often: How often a week. Parameters: "
        '{"type":"object","properties":{"name":{"type":"string"},"often":{"type":"integer"}},'
        '"required":["name"],"additionalProperties":false}'
    )


@pytest.mark.parametrize("phase", Phase)
def test_exactly_the_coachs_actions_are_told(phase: Phase) -> None:
    """What only the user may do, and what another phase allows, is not spoken of."""
    state = Habits(phase)
    text = told(HABITS, state)
    for action in HABITS.actions:
        is_allowed = action in HABITS.allowed(state, Sender.COACH)
        assert (f"\n- {action.name}" in text) == is_allowed


def test_where_nothing_is_allowed_that_is_told() -> None:
    """And a program that has nothing to say leaves no gap."""
    silent = Program(id="silent", state=Habits, phases=PHASES, prompt=lambda _state: "", actions=[])
    assert told(silent, Habits()) == ("Phase: START\n\nThere is no action that you may use now.")


def test_an_action_without_a_description_is_told_by_its_form() -> None:
    """Its name and parameters stand alone."""
    bare = Program(
        id="bare",
        state=Habits,
        phases=PHASES,
        prompt=lambda _state: "",
        actions=[ActionType(Begin, begin, description="")],
    )
    assert told(bare, Habits()).endswith(
        '- begin Parameters: {"type":"object","properties":{},"required":[],'
        '"additionalProperties":false}'
    )


# --- schema ----------------------------------------------------------------------------------


def test_where_nothing_is_allowed_only_an_empty_list_fits() -> None:
    """The schema of no action is that of no actions."""
    schema = action_schema([])
    assert schema == {"type": "array", "maxItems": 0}
    assert accepts(schema)
    assert not accepts(schema, asked("begin"))


def test_a_single_action_is_described_plainly() -> None:
    """Without a choice of one, and without definitions that there are none of."""
    assert action_schema([ActionType(Begin, begin)]) == {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "type": {"const": "begin"},
                "parameters": {
                    "type": "object",
                    "description": "Begin to do it.",
                    "properties": {},
                    "required": [],
                    "additionalProperties": False,
                },
            },
            "required": ["type", "parameters"],
            "additionalProperties": False,
            "description": "Begin to do it.",
        },
    }


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("sender", Sender)
def test_the_schema_takes_exactly_the_allowed_actions(phase: Phase, sender: Sender) -> None:
    """Right parameters fit where the action is allowed, and nowhere else."""
    right = {
        "add_habit": asked("add_habit", name="read", often=2),
        "begin": asked("begin"),
        "praise": asked("praise"),
        "show": asked("show", text="x"),
        "thank": asked("thank"),
        "jump": asked("jump", to="DONE"),
        "keep": asked("keep", what=[1, None]),
        "misbehave": asked("misbehave", how="raise"),
        "fragile": asked("fragile", name="x"),
        "unreadable": asked("unreadable"),
    }
    assert right.keys() == HABITS.by_name.keys()
    state = Habits(phase)
    schema = schema_of(state, sender)
    cast("Any", Draft202012Validator).check_schema(schema)
    allowed = {action.name for action in HABITS.allowed(state, sender)}
    for name, action in right.items():
        assert accepts(schema, action) == (name in allowed), name
        told = only(carry(action, state=state, sender=sender).actions)
        judged = told.code not in {RefusalCode.WRONG_PHASE, RefusalCode.WRONG_SENDER}
        assert judged == (name in allowed), name


@pytest.mark.parametrize(
    "action",
    [
        {},
        5,
        {"type": "begin"},
        {"type": "begin", "parameters": {}, "more": 1},
        {"type": "begin", "parameters": {"more": 1}},
        {"type": "add_habit", "parameters": {}},
        {"type": "add_habit", "parameters": {"name": 1}},
        {"type": "jump", "parameters": {"to": "LATER"}},
        {"type": "fly", "parameters": {}},
    ],
    ids=str,
)
def test_the_schema_takes_no_wrong_parameters(action: JSON) -> None:
    """What would be refused for its form does not fit."""
    assert not accepts(schema_of(Habits()), action)


def test_each_action_says_what_it_does() -> None:
    """The description stands where a provider shows it to the model."""
    schema = schema_of(Habits())
    kinds = cast("dict[str, Any]", schema["items"])["anyOf"]
    assert kinds[1]["description"] == "Begin to do it."
    (undescribed,) = [action_schema([ActionType(Begin, begin, description="")])["items"]]
    assert "description" not in cast("dict[str, JSON]", undescribed)


def _local(name: str, of: object) -> type[Any]:
    """Return parameters that hold a class called Part."""
    part: Any = frozen(type("Part", (), {"__annotations__": {"x": of}}))
    return frozen(type(name, (), {"__annotations__": {"part": part | None, "parts": list[part]}}))


def test_classes_of_one_name_are_kept_apart() -> None:
    """Two actions may know different things by one name; references stay right."""
    actions: list[ActionType[Habits, Any]] = [
        ActionType(_local("One", int), cast("Any", begin)),
        ActionType(_local("Two", str), cast("Any", begin)),
    ]
    schema = action_schema(actions)
    cast("Any", Draft202012Validator).check_schema(schema)
    assert set(cast("dict[str, JSON]", schema["$defs"])) == {"one.Part", "two.Part"}
    number: dict[str, JSON] = {"part": {"x": 1}, "parts": [{"x": 1}]}
    text: dict[str, JSON] = {"part": {"x": "a"}, "parts": [{"x": "a"}]}
    assert accepts(schema, {"type": "one", "parameters": number})
    assert accepts(schema, {"type": "two", "parameters": text})
    assert not accepts(schema, {"type": "one", "parameters": text})
    assert not accepts(schema, {"type": "two", "parameters": number})


_FORMS: Final = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["add_habit", "begin", "jump", "praise", "thank", "fly"]),
            "parameters": st.dictionaries(
                st.sampled_from(["name", "often", "to"]),
                st.sampled_from(["read", "START", 1, None, True]),
                max_size=2,
            ),
        }
    )
)


@given(action=_FORMS, phase=st.sampled_from(Phase), sender=st.sampled_from(Sender))
def test_schema_and_judgement_agree(action: dict[str, Any], phase: Phase, sender: Sender) -> None:
    """What fits the schema is never refused for its form; what does not fit, always is."""
    state = Habits(phase)
    told = only(carry(action, state=state, sender=sender).actions)
    for_its_form = told.code in {
        RefusalCode.UNKNOWN_ACTION,
        RefusalCode.BAD_PARAMETERS,
        RefusalCode.WRONG_SENDER,
        RefusalCode.WRONG_PHASE,
    }
    assert accepts(schema_of(state, sender), action) == (not for_its_form)
