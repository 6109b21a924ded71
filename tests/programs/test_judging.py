"""One action: in which order it is judged, and what becomes of code that breaks its word."""

from __future__ import annotations

from typing import Final

import pytest
from attrs import evolve

from coachwork.actions import ActionStatus, RefusalCode, Sender
from coachwork.plain import JSON
from coachwork.programs import ActionType, carry_out
from coachwork.testing import NOON
from tests.programs.habits import HABITS, Habits, Phase, Praise, asked, carry, only, praise

BEGUN: Final = Habits()


def refused(
    action: dict[str, JSON], state: Habits = BEGUN, sender: Sender = Sender.COACH
) -> tuple[RefusalCode | None, str]:
    """Return why an action is refused; the state is the very same."""
    carried = carry(action, state=state, sender=sender)
    assert carried.state is state
    assert carried.plain is None
    told = only(carried.actions)
    assert told.status is ActionStatus.REFUSED
    assert told.component is None
    return told.code, told.summary


@pytest.mark.parametrize("name", ["fly", "ADD_HABIT", "Add_Habit", "add-habit", "a" * 64])
def test_what_is_not_in_the_catalogue_is_unknown(name: str) -> None:
    """A type is found as it is written, or not at all; the reason names it."""
    assert refused(asked(name)) == (RefusalCode.UNKNOWN_ACTION, f"there is no action {name}")


@pytest.mark.parametrize("name", ["", " add_habit", "a" * 65, "fly\n", "now do this:", "füge"])
def test_what_could_be_no_name_is_not_named(name: str) -> None:
    """A reason stays one plain sentence, whatever came as a type."""
    assert refused(asked(name)) == (RefusalCode.UNKNOWN_ACTION, "there is no such action")


@pytest.mark.parametrize("name", [None, 1, ["add_habit"], {"add_habit": 1}, True])
def test_a_type_that_is_no_text_is_unknown(name: JSON) -> None:
    """Whatever stands where a type should be names no action."""
    code, _ = refused({"type": name, "parameters": {}})
    assert code is RefusalCode.UNKNOWN_ACTION


def test_an_action_without_a_type_is_unknown() -> None:
    """An empty object asks for nothing."""
    assert refused({})[0] is RefusalCode.UNKNOWN_ACTION


def test_fields_beside_type_and_parameters_are_refused() -> None:
    """They are not told: their names may be anything."""
    action = {**asked("begin"), "secret": 1, "more": 2}
    assert refused(action) == (
        RefusalCode.BAD_PARAMETERS,
        "begin: expected no fields but type, parameters",
    )


@pytest.mark.parametrize("given", [None, 1, "x", [], [["name", "read"]]])
def test_parameters_are_an_object(given: JSON) -> None:
    """What is no object is refused by the action's name."""
    assert refused({"type": "begin", "parameters": given}) == (
        RefusalCode.BAD_PARAMETERS,
        "begin: parameters: expected an object",
    )


def test_parameters_may_be_left_out_where_none_are_needed() -> None:
    """An action without parameters is its type alone."""
    assert only(carry({"type": "begin"}).actions).status is ActionStatus.APPLIED


@pytest.mark.parametrize(
    "given, why",
    [
        ({}, "add_habit: name: expected a value, for it is required"),
        ({"name": 1}, "add_habit: name: expected text"),
        ({"name": ""}, "add_habit: name: expected 1 to 20 characters"),
        ({"name": "read", "often": "2"}, "add_habit: often: expected a whole number"),
        ({"name": "read", "often": True}, "add_habit: often: expected a whole number"),
        ({"name": "read", "x": 1}, "add_habit: parameters: expected no fields but name, often"),
    ],
)
def test_wrong_parameters_are_told_by_action_and_field(given: dict[str, JSON], why: str) -> None:
    """The reason says which field, and what was expected there."""
    assert refused({"type": "add_habit", "parameters": given}) == (RefusalCode.BAD_PARAMETERS, why)


def test_who_may_not_do_it_is_refused() -> None:
    """A coach's action is not the user's, nor the other way round; what is for both is for both."""
    assert refused(asked("praise"), sender=Sender.USER) == (
        RefusalCode.WRONG_SENDER,
        "praise is not for the user",
    )
    assert refused(asked("thank")) == (RefusalCode.WRONG_SENDER, "thank is not for the coach")
    for sender in (Sender.COACH, Sender.USER):
        carried = carry(asked("begin"), sender=sender)
        assert only(carried.actions).status is ActionStatus.APPLIED
    assert refused(asked("begin"), sender=Sender.AGENT) == (
        RefusalCode.WRONG_SENDER,
        "begin is not for the agent",
    )


def test_an_action_has_its_phases() -> None:
    """Elsewhere it is refused; one without phases is allowed wherever it is not over."""
    doing, done = Habits(Phase.DOING), Habits(Phase.DONE)
    assert refused(asked("add_habit", name="read"), state=doing) == (
        RefusalCode.WRONG_PHASE,
        "add_habit is not allowed in DOING",
    )
    assert only(carry(asked("praise"), state=doing).actions).status is ActionStatus.APPLIED
    assert refused(asked("praise"), state=done)[0] is RefusalCode.WRONG_PHASE


def test_sender_comes_before_phase_and_phase_before_parameters() -> None:
    """An action that may not be done at all tells nothing of what it would take."""
    state = Habits(Phase.DONE)
    assert refused(asked("thank", x=1), state=state)[0] is RefusalCode.WRONG_SENDER
    assert refused(asked("begin", x=1), state=state)[0] is RefusalCode.WRONG_PHASE


def test_an_action_that_refuses_tells_why() -> None:
    """The action's own reason is kept as it is."""
    state = carry(asked("add_habit", name="read")).state
    assert refused(asked("add_habit", name="read"), state=state) == (
        RefusalCode.NOT_POSSIBLE,
        "there is a habit read",
    )


def test_the_very_same_action_is_done_once() -> None:
    """Once it is applied it is refused; other parameters make another one."""
    read, write = asked("add_habit", name="read"), asked("add_habit", name="write")
    actions = carry(read, write, read, read).actions
    assert [action.code for action in actions] == [
        None,
        None,
        RefusalCode.DUPLICATE,
        RefusalCode.DUPLICATE,
    ]
    assert actions[-1].summary == "add_habit came before with the same parameters"


def test_what_was_refused_may_be_asked_for_again() -> None:
    """What came too early in a reply is judged anew once the actions before it made it possible."""
    begins = HABITS.by_name["begin"]
    late = ActionType(Praise, praise, phases=[Phase.DOING])
    program = evolve(HABITS, actions=[begins, late])
    asks: list[dict[str, JSON]] = [asked("praise"), asked("begin"), asked("praise")]
    actions = carry_out(program, Habits(), asks, Sender.COACH, NOON, "a-1").actions
    assert [action.code for action in actions] == [RefusalCode.WRONG_PHASE, None, None]


def test_the_order_of_parameters_makes_no_other_action() -> None:
    """Objects are the same whatever order their fields come in."""
    one: dict[str, JSON] = {"type": "add_habit", "parameters": {"name": "read", "often": 2}}
    two: dict[str, JSON] = {"type": "add_habit", "parameters": {"often": 2, "name": "read"}}
    assert [action.code for action in carry(one, two).actions] == [None, RefusalCode.DUPLICATE]


@pytest.mark.parametrize(
    "how, why",
    [
        ("raise", "failed with ZeroDivisionError"),
        ("nothing", "answered neither Done nor Refusal"),
        ("phase", "moved from START to NOWHERE, which the table does not know"),
        ("state", "answered a state of another class"),
        ("summary", "answered a summary that is no text"),
        ("component", "answered a component of another class"),
    ],
)
def test_code_that_breaks_its_word_is_a_refusal(how: str, why: str) -> None:
    """The fault is the application's, and neither the message nor the other actions suffer."""
    assert refused(asked("misbehave", how=how)) == (
        RefusalCode.PROGRAM_ERROR,
        f"misbehave {why}",
    )


def test_what_has_no_plain_form_is_a_refusal() -> None:
    """A state or component that could not be kept is refused before anything is written."""
    code, why = refused(asked("misbehave", how="unkept"))
    assert code is RefusalCode.PROGRAM_ERROR
    assert "without a plain form" in why
    code, why = refused(asked("misbehave", how="component data"))
    assert code is RefusalCode.PROGRAM_ERROR
    assert "without a plain form" in why


def test_a_reason_that_is_no_text_becomes_one() -> None:
    """A refusal stays a refusal, whatever its reason is."""
    assert refused(asked("misbehave", how="reason")) == (RefusalCode.NOT_POSSIBLE, "5")


def test_parameters_that_fail_to_be_made_are_a_refusal() -> None:
    """A class that refuses is bad parameters; one that reads itself and fails is at fault."""
    assert refused(asked("fragile", name="x")) == (
        RefusalCode.BAD_PARAMETERS,
        "fragile: value: expected what Fragile accepts",
    )
    assert refused(asked("unreadable")) == (
        RefusalCode.PROGRAM_ERROR,
        "unreadable failed to read its parameters with ZeroDivisionError",
    )


@pytest.mark.parametrize(
    "start, to, moves",
    [
        (Phase.START, Phase.START, True),
        (Phase.START, Phase.DOING, True),
        (Phase.START, Phase.DONE, False),
        (Phase.DOING, Phase.START, False),
        (Phase.DOING, Phase.DONE, True),
        (Phase.DONE, Phase.START, False),
    ],
)
def test_a_phase_moves_only_along_the_table(start: Phase, to: Phase, moves: bool) -> None:  # noqa: FBT001 - what the case expects
    """An action that moves elsewhere is refused, whatever it says itself."""
    state = Habits(start)
    carried = carry(asked("jump", to=to.value), state=state)
    told = only(carried.actions)
    if moves:
        assert HABITS.phase(carried.state) is to
        assert told.status is ActionStatus.APPLIED
    else:
        assert carried.state is state
        assert told.code is RefusalCode.PROGRAM_ERROR
        assert told.summary == f"jump moved from {start} to {to}, which the table does not know"
